"""Many runs at once, runs that are cancelled, and what waits for the same read."""

import asyncio

import pytest
from graphql import parse

from graph.execution import switched
from tests.execution.asking import asking, same
from tests.execution.data import PEOPLE, dawdling, world
from tests.execution.equal import Asked


@pytest.mark.parametrize("spare", [False, True])
async def test_forty_runs_of_one_plan_do_not_mix(spare: bool) -> None:
    """Each has its own variables, its own data and its own errors."""
    text = """
        query ($n: Int!, $name: Boolean!) {
          version
          nth(n: $n) { rank loudName name @include(if: $name) home { name }
            letters(first: $n) { totalCount nodes { number } } }
          people(first: $n) { nodes { rank moodWord } }
        }
        """
    document = parse(text)

    def asked(index: int) -> Asked:
        connection = dawdling()
        for record in connection.tables["people"]:
            record["name"] = f"{record['name']} of {index}"
            record["nickname"] = "feral" if index % 7 == 0 else None
        given = {"n": 1 + index % PEOPLE, "name": index % 3 > 0}
        return asking(document, given, world=connection, spare=spare)

    every = [asked(index) for index in range(40)]
    with switched("off"):
        expected = [await each.answer() for each in every]
    found = await asyncio.gather(*[each.answer() for each in every])
    assert [each.data for each in found] == [each.data for each in expected]
    assert [each.told for each in found] == [each.told for each in expected]
    assert len({each.data for each in found}) == 40


@pytest.mark.parametrize("text", ["{ nth { rank home { name } } }", "{ version nth { rank } people { totalCount } }"])
@pytest.mark.parametrize("spare", [False, True])
async def test_a_run_that_is_cancelled_in_a_read_leaves_the_next_one_fine(text: str, spare: bool) -> None:
    document, connection = parse(text), world("postgresql")
    reached, never = asyncio.Event(), asyncio.Event()

    async def pause() -> None:
        reached.set()
        await never.wait()

    connection.pause = pause
    task = asyncio.create_task(asking(document, world=connection, spare=spare).answer())
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(asyncio.all_tasks()) == 1
    connection.pause = None
    answer = await asking(document, world=connection, spare=spare).answer()
    assert answer.errors == ()
    assert answer.value["nth"]["rank"] == 1


async def test_a_read_that_is_broken_off_by_nobody_is_a_failure_of_the_run() -> None:
    """CancelledError is no error of a field."""
    connection = world("postgresql")

    async def pause() -> None:
        raise asyncio.CancelledError

    connection.pause = pause
    with pytest.raises(asyncio.CancelledError):
        await asking("{ nth { rank } }", world=connection).answer()


@pytest.mark.parametrize("fails", [True, False])
async def test_a_failed_sibling_that_is_never_null_takes_no_answer_from_another_branch(fails: bool) -> None:
    """Both branches wait for the same houses: field by field the failure of the first cancels its siblings."""
    connection = dawdling()
    if fails:
        connection.tables["people"][0]["age"] = -1
    text = "{ a: nth { home { name people { name } } loudName } b: nth(n: 4) { home { name people { name } } } }"
    answer = await same(text, world=connection)
    assert answer.value["b"] == {"home": {"name": "House 2", "people": [{"name": "Ada 1"}, {"name": "Ada 4"}]}}
    assert (answer.value["a"] is None) is fails


async def test_a_second_connection_that_is_not_free_fails_its_own_half_alone() -> None:
    """And nothing of the other half goes on when the answer is there."""
    connection = dawdling()
    answer = await same("{ nth { rank } maybePeople { nodes { rank } } }", world=connection, spare=True, free=1)
    assert answer.value == {"nth": {"rank": 1}, "maybePeople": None}
    assert answer.messages == {"maybePeople": "All connections are in use."}
    assert len(asyncio.all_tasks()) == 1
