"""Differences that generated operations have shown, each as the operation that it was found by."""

from collections.abc import Iterator
from itertools import combinations

import pytest

from graph.execution import metrics
from tests.acceptance import engine_runs
from tests.acceptance.engine_runs import run_over
from tests.acceptance.engine_ways import Asked, answer, arranged
from tests.acceptance.worlds import KINDS, World
from tests.graph.world import node

COLUMNS = ("content", "sequence", "rank", "roleName", "authorId", "visible", "toolName", "model")


@pytest.fixture(scope="session", params=KINDS)
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Something of everything."""
    return engine_runs.whole(request, tmp_path_factory)


@pytest.fixture(autouse=True)
def in_an_arranged_world() -> Iterator[None]:
    """Faults are told."""
    with arranged():
        yield


async def test_a_plan_is_enough_in_its_first_run_also_after_very_many_selections(whole: World) -> None:
    """Columns were widened behind the first read, so that its rows were too narrow for the code."""
    async with run_over(whole, broken=False) as run:
        before = metrics["careful"]
        for three in combinations(COLUMNS, 3):
            text = f"query Asked($id: ID!) {{ message(id: $id) {{ {' '.join(three)} }} }}"
            found = await answer(Asked(run.database, text, {"id": node("Message", "done")}), "fast")
            assert found is not None
            assert not found.errors
        assert metrics["careful"] == before
