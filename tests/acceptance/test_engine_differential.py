"""The engine and graphql-core answer generated operations over the whole schema alike, on both databases.

On data with everything, on data that no constraint has kept whole, and with reads that fail.
"""

import os
from collections.abc import Iterator

import pytest

from tests.acceptance import engine_runs
from tests.acceptance.engine_coverage import reachable
from tests.acceptance.engine_runs import Run, run_over
from tests.acceptance.engine_shrinking import shrunk
from tests.acceptance.engine_ways import SCHEMA, arranged
from tests.acceptance.worlds import KINDS, World

OPERATIONS = int(os.environ.get("COLLOQUY_OPERATIONS", "60"))
"""Operations that are drawn for each database; 10,000 take ten minutes."""

FIRST_SEED = int(os.environ.get("COLLOQUY_SEED", "0"))

pytestmark = pytest.mark.filterwarnings(
    # graphql-core forgets the coroutines of an object one of whose fields failed before it came to wait for them.
    "ignore:coroutine '(Executor|GraphQLCoreConverter):RuntimeWarning",
    "ignore:Exception ignored in. <coroutine object .*:pytest.PytestUnraisableExceptionWarning",
)


@pytest.fixture(scope="session", params=KINDS)
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Something of everything, and nulls wherever columns allow them."""
    return engine_runs.whole(request, tmp_path_factory)


@pytest.fixture(scope="session", params=KINDS)
def broken(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The same with unknown words, nulls where none may be, keys of nothing, texts that are no JSON."""
    return engine_runs.broken(request, tmp_path_factory)


@pytest.fixture(autouse=True)
def in_an_arranged_world() -> Iterator[None]:
    """Reads can be made to fail, and faults are told."""
    with arranged():
        yield


async def test_generated_operations_are_answered_alike_and_reach_every_field_and_argument(whole: World) -> None:
    async with run_over(whole, broken=False) as run:
        await _asks(run)
        for missing in run.coverage.missing():
            async for asked, difference in run.reaching(missing):
                pytest.fail(f"{missing}: {difference}\n\n{await shrunk(asked)}")
        assert run.coverage.missing() == []
        assert run.failing >= run.asked * engine_runs.FAILING / 3
        assert run.with_errors < run.asked / 2  # most are good, or little would be compared


async def test_generated_operations_over_broken_rows_are_answered_alike(broken: World) -> None:
    async with run_over(broken, broken=True) as run:
        await _asks(run)
        assert run.with_errors > run.asked / 5


async def _asks(run: Run) -> None:
    for seed in range(FIRST_SEED, FIRST_SEED + OPERATIONS):
        found = await run.differing(seed)
        if found is not None:
            pytest.fail(f"seed {seed}: {found[1]}\n\n{await shrunk(found[0], lazily=run.is_broken)}")


def test_what_can_be_reached_is_all_of_the_schema_but_what_only_mutations_give() -> None:
    types = {place[0] for place in reachable(SCHEMA)}
    objects = {name for name, each in SCHEMA.type_map.items() if hasattr(each, "fields") and not name.startswith("__")}
    others = {name for name in objects - types if not name.endswith(("Input", "Payload", "Where", "Filter", "Key"))}
    assert {"Query", "Conversation", "Message", "OtherPart", "Share", "OpenAIFunction", "ExportLoss"} <= types
    assert others <= {"Mutation", "UserError", "WriteCounts"} | {name for name in others if name.endswith("Order")}
