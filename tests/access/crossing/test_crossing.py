"""Nobody crosses: what anybody is given, told or counted is what they may see, and what they write is theirs."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
import pytest_asyncio

from graph import ids
from graph.context import Context
from graph.schema import schema
from tests.access.crossing import controls, directed
from tests.access.crossing.counting import ASKED, counts_of, unordered
from tests.access.crossing.equivalent import EQUIVALENT
from tests.access.crossing.marks import marks_of, moment, word
from tests.access.crossing.people import Sight, people
from tests.access.crossing.runs import KINDS, Run, run_of
from tests.access.crossing.world import World, uuid

OPERATIONS: Final = 50
"""Of each kind of database."""

FOUND_OUT_AT_ONCE: Final = ("db.tags",)
"""A condition that is taken away here; all the others are in the long run, and all rules go at once above."""


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=KINDS)
async def run(request: pytest.FixtureRequest) -> AsyncIterator[Run]:
    async with run_of([request.param], seed=7, strays=False) as made:
        yield made


@pytest.mark.asyncio(loop_scope="module")
async def test_no_answer_error_or_count_holds_what_is_of_others(run: Run) -> None:
    (legs,) = run.legs
    await directed.bare(run, legs)
    await run.go(OPERATIONS)
    counted = run.judge.counted
    assert counted["owners given their own"] / counted["operations"] >= 0.6
    if legs.name == "sqlite":
        await directed.go(run, legs)
        assert directed.missing(run) == [], "every field, argument and input of the schema is used"
    assert not run.judge.leaks, "\n\n".join(map(str, run.judge.leaks[:5]))
    assert counted["rows changed by others"] > 0, "mutations of others are done as well"


@pytest.mark.asyncio(loop_scope="module")
async def test_counts_are_those_of_what_is_seen(run: Run) -> None:
    (legs,) = run.legs
    for person in run.people:
        if person.sees_all or person.ends:
            context = Context(legs.whole.database, person.viewer)
            answer = await schema.execute(ASKED, context_value=context)
            assert answer.errors is None
            expected = counts_of(run.judge.sights[person.name], ids.encode)
            assert unordered(answer.data) == unordered(expected), person.name


@pytest.mark.asyncio(loop_scope="module")
async def test_the_policies_hold_without_the_first_wall_and_nothing_else_does(run: Run) -> None:
    (legs,) = run.legs
    run.judge.leaks.clear()
    with directed.without_the_first_wall():
        await directed.bare(run, legs, counts=False)
    has_policies = legs.name == KINDS[2]
    assert bool(run.judge.leaks) is not has_policies, "\n\n".join(map(str, run.judge.leaks[:5]))


def test_a_removed_condition_is_found_out(tmp_path: Path) -> None:
    chosen = [site for site in controls.sites() if f"{site.name} {site.shown}".startswith(FOUND_OUT_AT_ONCE)]
    assert len(chosen) == len(FOUND_OUT_AT_ONCE)
    found = dict(controls.find(controls.ROOT, tmp_path, chosen, strays=False))
    assert [site.name for site, what in found.items() if not what] == []


def test_each_removal_is_of_one_condition() -> None:
    found = controls.sites()
    assert len({(site.name, site.shown) for site in found}) == len(found)
    assert {site.module for site in found} >= {"db.verbs", "db.writing.rows", "db.messages", "rule"}
    named = [site.key for site in found]
    assert {name: named.count(name) for name in EQUIVALENT} == dict.fromkeys(EQUIVALENT, 1)


def test_marks_are_found_wherever_they_stand() -> None:
    key, node = uuid(77), ids.encode("Message", uuid(77))
    text = f'{{"a": "x {word(5)} y", "{word(6)}": 7000123, "at": "{moment(9).isoformat()}", "n": [0.412347]}}'
    assert marks_of(text.encode()) == {word(5), word(6), "7000123", "2026-03-01 00:09:00.000010", "0.412347"}
    assert marks_of(node.encode()) == marks_of(key.hex.encode()) == marks_of(str(key).encode()) == {str(key)}
    assert marks_of(f'{{"id":"{node}","url":"https://{word(8)}.example"}}'.encode()) == {str(key), word(8)}


def test_nobody_sees_a_mark_of_the_other_workspace() -> None:
    world = World()
    sights = [Sight(world, person) for person in people(world)]
    for sight in sights:
        for other in sights:
            if other.person.at != sight.person.at:
                # Of fractions there are too few for each to have its own.
                shared = [mark for mark in sight.marks & other.marks if not mark.startswith("0.4")]
                assert shared == [], (sight.person.name, other.person.name)
