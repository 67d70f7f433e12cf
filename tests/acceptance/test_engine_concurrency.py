"""Operations at once, and operations that are cancelled, on real databases."""

import asyncio
import contextlib
from collections.abc import Iterator
from random import Random
from time import monotonic

import pytest

from db.database import Database
from tests.acceptance import engine_runs
from tests.acceptance.engine_runs import run_over
from tests.acceptance.engine_ways import Asked, answer, arranged
from tests.acceptance.worlds import KINDS, World
from tests.execution.equal import Answer

AT_ONCE = 30
CANCELLED = 200
THREAD = """
query Asked($size: Int) {
  conversations(first: $size) {
    totalCount
    nodes {
      id title tags assistant { name }
      messages(last: 3) { edges { cursor node { content citations { title source { url } } feedback { rating } } } }
    }
  }
  feedback(first: 5) { nodes { target { __typename } } }
}
"""


@pytest.fixture(scope="session", params=KINDS)
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Something of everything."""
    return engine_runs.whole(request, tmp_path_factory)


@pytest.fixture(autouse=True)
def in_an_arranged_world() -> Iterator[None]:
    """Faults are told."""
    with arranged():
        yield


def connections_out(database: Database) -> int:
    """The connections that somebody holds."""
    out: int = database.reader.sync_engine.pool.checkedout()  # type: ignore[attr-defined]  # a pool with a size has it
    return out


async def executed(asked: Asked, index: int) -> Answer:
    """By turns by the schema and by the prepared way."""
    found = await answer(asked, "prepared" if index % 2 else "fast")
    if found is None:  # it has ordinary resolvers
        found = await answer(asked, "fast")
    assert found is not None, "the schema answers everything"
    return found


async def test_thirty_operations_at_once_give_what_each_gives_alone(whole: World) -> None:
    async with run_over(whole, broken=False) as run:
        drawn = [run.drawn(Random(f"at once {n}")) for n in range(AT_ONCE - 5)]
        asked = [*drawn, *[Asked(run.database, THREAD, {"size": size}) for size in (1, 2, 3, 20, 100)]]
        alone = [await executed(each, index) for index, each in enumerate(asked)]
        together = await asyncio.gather(*[executed(each, index) for index, each in enumerate(asked)])
        assert [each.data for each in together] == [each.data for each in alone]
        assert [each.places for each in together] == [each.places for each in alone]
        assert sum(not each.errors for each in alone) > AT_ONCE / 2
        assert connections_out(run.database) == 0


async def test_operations_that_are_cancelled_leave_no_connection_out_and_the_next_one_right(whole: World) -> None:
    random = Random(5)
    async with run_over(whole, broken=False) as run:
        asked = Asked(run.database, THREAD, {"size": 20})
        expected = await executed(asked, 0)
        assert not expected.errors
        planned = [asked]
        while len(planned) < 10:
            drawn = run.drawn(random)
            await answer(drawn, "fast")  # the prepared way is for documents that are known
            if await answer(drawn, "prepared") is not None:
                planned.append(drawn)
        assert await executed(asked, 0) == expected
        lasting = [await _seconds(each) for each in planned]
        cancelled = 0
        for index in range(CANCELLED):
            which = 0 if index % 2 else random.randrange(len(planned))
            cancelled += await _is_cancelled(planned[which], index, random.uniform(0, lasting[which]))
            assert connections_out(run.database) == 0
            if index % 20 == 0:
                assert await executed(asked, index) == expected
        assert cancelled > CANCELLED / 8
        assert await executed(asked, 0) == expected


async def _seconds(asked: Asked) -> float:
    """How long an operation takes."""
    begun = monotonic()
    for index in range(5):
        await executed(asked, index)
    return (monotonic() - begun) / 5


async def _is_cancelled(asked: Asked, index: int, after: float) -> bool:
    """Cancel an operation after so many seconds; whether it had not ended yet."""
    task = asyncio.create_task(executed(asked, index))
    await asyncio.sleep(after)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    return task.cancelled()
