"""A write is done as a whole or not at all, and once however often it is repeated."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from db import bulk, reads
from db.bulk import RowsRefused
from db.database import Database, DatabaseSettings, database_url
from db.errors import DatabaseBusy
from db.record import new_id, now
from db.tables import metadata
from db.viewer import PROGRAM
from db.words import ErrorPolicy, ProblemCode, Rating
from db.writing import (
    Limits,
    create_tool,
    delete_conversation,
    give_feedback,
    tag_conversations,
    update_conversation,
    update_tool,
    withdraw_feedback,
)
from db.writing.outcome import Outcome, row_of
from db.writing.performing import Verb, Work
from db.writing.problems import Problem, Rejected
from db.writing.shapes import BAD, Shape, short
from tests import postgres
from tests.conftest import fresh_database
from tests.db.writing.scenes import (
    ME,
    STRANGER,
    refusal,
    rows,
    stored_row,
    strangers_workspace,
    talk_of,
    told,
    unknown,
    written,
)


def verb_that(run: Callable[[Work, dict[str, Any]], Awaitable[Outcome]]) -> Verb:
    """A verb of the test's own, which takes a name."""
    return Verb("test", Shape({"name": short()}, required=("name",)), run)


async def insert_tool(work: Work, name: str, row_id: UUID | None = None) -> Outcome:
    row = {"id": row_id or new_id(), "name": name, "created_at": work.at, "updated_at": work.at}
    await bulk.insert(work.connection, reads.table("tools"), [row], viewer=work.viewer)
    return Outcome(table="tools", row=row_of("tools", {**row, "workspace_id": work.viewer.workspace_id}))


# Repeated.


async def test_a_write_that_is_repeated_with_its_key_has_one_effect_and_gives_the_first_answer(
    database: Database,
) -> None:
    given = {"name": "n", "parameters": {"a": 1.0}, "idempotency_key": "k"}
    first, second = [await written(create_tool(database, given, viewer=ME)) for _ in range(2)]
    assert vars(second) == vars(first)
    assert len(await rows(database, "tools")) == 1
    without_key = {"name": "n"}
    ids = [(await written(create_tool(database, without_key, viewer=ME))).id for _ in range(2)]
    assert len(set(ids)) == 2


async def test_the_first_answer_is_given_as_it_was_though_more_has_changed_since(database: Database) -> None:
    talk = await talk_of(database, 1, temperature=0.25, properties={"n": 1})
    given = {"id": talk.id, "title": "First", "properties": {"m": None}, "idempotency_key": "k"}
    first = await written(update_conversation(database, given, viewer=ME))
    await update_conversation(database, {"id": talk.id, "title": "Later"}, viewer=ME)
    again = await written(update_conversation(database, given, viewer=ME))
    assert vars(again) == vars(first)
    assert (again.title, again.version) == ("First", 2)
    assert (await stored_row(database, "conversations", talk.id))["title"] == "Later"


async def test_the_order_of_the_fields_of_an_input_does_not_count(database: Database) -> None:
    parameters = [{"a": 1, "b": 2}, {"b": 2, "a": 1}]
    inputs: list[dict[str, Any]] = [
        {"name": "n", "parameters": parameters[0], "idempotency_key": "k"},
        {"idempotency_key": "k", "parameters": parameters[1], "name": "n"},
    ]
    ids = {(await written(create_tool(database, given, viewer=ME))).id for given in inputs}
    assert len(ids) == 1


async def test_the_same_key_with_another_input_or_for_another_write_is_refused(database: Database) -> None:
    tool = (await written(create_tool(database, {"name": "n", "idempotency_key": "k"}, viewer=ME))).id
    others = [
        create_tool(database, {"name": "m", "idempotency_key": "k"}, viewer=ME),
        create_tool(database, {"name": "n", "description": None, "idempotency_key": "k"}, viewer=ME),
        update_tool(database, {"id": tool, "name": "m", "idempotency_key": "k"}, viewer=ME),
    ]
    for other in others:
        assert told(await refusal(other)) == [("IDEMPOTENCY_MISMATCH", ("idempotency_key",))]
    assert [row["name"] for row in await rows(database, "tools")] == ["n"]


async def test_a_key_is_of_its_workspace(database: Database) -> None:
    await strangers_workspace(database)
    for viewer, name in ((ME, "mine"), (STRANGER, "theirs")):
        await create_tool(database, {"name": name, "idempotency_key": "k"}, viewer=viewer)
    assert {row["name"] for row in await rows(database, "tools")} == {"mine", "theirs"}


async def test_a_key_says_something_and_has_a_length(database: Database) -> None:
    for key, code in ((" ", "INVALID"), ("k" * 256, "TOO_LONG"), (5, "INVALID")):
        problems = await refusal(create_tool(database, {"name": "n", "idempotency_key": key}, viewer=ME))
        assert told(problems) == [(code, ("idempotency_key",))]


async def test_of_writes_with_one_key_at_the_same_moment_one_is_done_and_all_get_its_answer(
    database: Database,
) -> None:
    given = {"name": "n", "idempotency_key": "k"}
    outcomes = await asyncio.gather(*(written(create_tool(database, given, viewer=ME)) for _ in range(8)))
    assert len({row.id for row in outcomes}) == 1
    assert len(await rows(database, "tools")) == 1


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_key_is_known_after_the_database_was_closed_and_opened_again(kind: str, tmp_path: Path) -> None:
    given = {"name": "n", "idempotency_key": "k"}
    async with fresh_database(kind, tmp_path) as database:
        first = await written(create_tool(database, given, viewer=ME))
        url = database.url
        await database.close()
        opened = Database.open(url)
        try:
            again = await written(create_tool(opened, given, viewer=ME))
            assert vars(again) == vars(first)
            assert len(await rows(opened, "tools")) == 1
        finally:
            await opened.close()


async def test_a_key_is_kept_for_its_time_and_then_free(database: Database) -> None:
    async def write(name: str) -> UUID:
        found: UUID = (await written(create_tool(database, {"name": name, "idempotency_key": "k"}, viewer=ME))).id
        return found

    async def age(hours: float) -> None:
        repeats = metadata.tables["repeats"]
        async with database.write(viewer=PROGRAM) as connection:
            await connection.execute(sa.update(repeats).values(created_at=now() - timedelta(hours=hours)))

    first = await write("n")
    await age(23.9)
    assert await write("n") == first
    await age(24.1)
    second = await write("m")
    assert second != first
    assert await write("m") == second


async def test_a_write_that_was_refused_leaves_no_claim_on_its_key(database: Database) -> None:
    assert told(await refusal(create_tool(database, {"name": "", "idempotency_key": "k"}, viewer=ME))) == [
        ("INVALID", ("name",))
    ]
    assert await rows(database, "repeats") == []
    await create_tool(database, {"name": "n", "idempotency_key": "k"}, viewer=ME)


async def test_what_a_list_got_and_what_was_refused_of_it_is_told_again(database: Database) -> None:
    one, two = await talk_of(database), await talk_of(database)
    given = {
        "ids": [two.id, unknown(), one.id],
        "tags": ["a"],
        "on_error": ErrorPolicy.REJECT_BAD,
        "idempotency_key": "k",
    }
    first = await tag_conversations(database, given, viewer=ME)
    again = await tag_conversations(database, given, viewer=ME)
    assert again.problems == first.problems != ()
    assert [row and row.id for row in again.listed] == [two.id, None, one.id]
    assert (await stored_row(database, "conversations", one.id))["version"] == 2


async def test_what_was_deleted_and_until_when_is_told_again(database: Database) -> None:
    talk = await talk_of(database)
    given = {"id": talk.id, "idempotency_key": "k"}
    first = await delete_conversation(database, given, viewer=ME)
    again = await delete_conversation(database, given, viewer=ME)
    assert (again.deleted, again.until) == (first.deleted, first.until) == ([talk.id], first.until)
    other = await talk_of(database)
    opinion = {"target": ("conversations", other.id), "rating": Rating.POSITIVE}
    feedback = (await written(give_feedback(database, opinion, viewer=ME))).id
    given = {"id": feedback, "idempotency_key": "l"}
    first = await withdraw_feedback(database, given, viewer=ME)
    assert await withdraw_feedback(database, given, viewer=ME) == first


# As a whole or not at all.


async def test_a_write_that_fails_midway_leaves_nothing(database: Database) -> None:
    async def run(work: Work, given: dict[str, Any]) -> Outcome:
        await insert_tool(work, given["name"])
        raise RuntimeError("the machine is on fire")

    for key in ({}, {"idempotency_key": "k"}):
        with pytest.raises(RuntimeError):
            await verb_that(run)(database, {"name": "n", **key}, viewer=ME)
    assert await rows(database, "tools") == await rows(database, "repeats") == []


async def test_a_write_that_meets_another_is_done_anew(database: Database) -> None:
    taken = (await written(create_tool(database, {"name": "first"}, viewer=ME))).id
    attempts: list[int] = []

    async def run(work: Work, given: dict[str, Any]) -> Outcome:
        attempts.append(len(attempts))
        await insert_tool(work, f"half {len(attempts)}")
        return await insert_tool(work, given["name"], taken if len(attempts) < 3 else None)

    await verb_that(run)(database, {"name": "n", "idempotency_key": "k"}, viewer=ME)
    assert len(attempts) == 3
    assert sorted(row["name"] for row in await rows(database, "tools")) == ["first", "half 3", "n"]


async def test_a_write_that_never_gets_past_another_is_refused(database: Database) -> None:
    taken = (await written(create_tool(database, {"name": "first"}, viewer=ME))).id

    async def run(work: Work, given: dict[str, Any]) -> Outcome:
        return await insert_tool(work, given["name"], taken)

    assert told(await refusal(verb_that(run)(database, {"name": "n"}, viewer=ME))) == [("TAKEN", ())]


async def test_a_row_that_the_database_never_takes_is_tried_once(database: Database) -> None:
    attempts: list[str] = []

    async def run(work: Work, given: dict[str, Any]) -> Outcome:
        attempts.append(given["name"])
        row = {"id": new_id(), "name": None, "created_at": work.at, "updated_at": work.at}
        await bulk.insert(work.connection, reads.table("tools"), [row], viewer=work.viewer)
        raise AssertionError("a tool without a name is refused")

    with pytest.raises(RowsRefused):
        await verb_that(run)(database, {"name": "n"}, viewer=ME)
    assert attempts == ["n"]


async def test_of_writes_that_want_one_external_id_at_the_same_moment_one_gets_it(database: Database) -> None:
    async def write(number: int) -> str:
        try:
            await create_tool(database, {"name": str(number), "external_id": "e"}, viewer=ME)
        except Rejected as rejected:
            return ",".join(problem.code for problem in rejected.problems)
        return "done"

    told_each = await asyncio.gather(*map(write, range(8)))
    assert sorted(told_each) == ["TAKEN"] * 7 + ["done"]
    assert len(await rows(database, "tools")) == 1


async def test_writes_of_one_conversation_at_the_same_moment_are_one_after_the_other(database: Database) -> None:
    talk = await talk_of(database)
    await asyncio.gather(
        *(update_conversation(database, {"id": talk.id, "properties": {f"k{n}": n}}, viewer=ME) for n in range(8)),
        *(tag_conversations(database, {"ids": [talk.id], "tags": [f"t{n}"]}, viewer=ME) for n in range(8)),
        *(
            give_feedback(database, {"target": ("conversations", talk.id), "rating": Rating.POSITIVE}, viewer=ME)
            for n in range(8)
        ),
    )
    row = await stored_row(database, "conversations", talk.id)
    assert (len(row["properties"]), row["version"]) == (8, 17)
    assert sorted(each["position"] for each in await rows(database, "conversation_tags")) == [*range(8)]
    (feedback,) = await rows(database, "feedback")
    assert feedback["version"] == 8


async def test_of_stale_writes_at_the_same_moment_one_is_done(database: Database) -> None:
    talk = await talk_of(database)

    async def write(title: str) -> str:
        try:
            await update_conversation(database, {"id": talk.id, "title": title, "expected_version": 1}, viewer=ME)
        except Rejected as rejected:
            (problem,) = rejected.problems
            assert problem.current_version == 2
            return problem.code
        return "done"

    assert sorted(await asyncio.gather(*map(write, "abcd"))) == ["STALE_VERSION"] * 3 + ["done"]


# What is known to be wrong before, and what can't be had.


async def test_problems_that_were_known_before_refuse_the_write_with_all_others(database: Database) -> None:
    known = Problem(ProblemCode.INVALID, "The assistant id is no id.", ("assistant_id",))
    given = {"id": unknown(), "assistant_id": BAD, "temperature": "hot"}
    problems = await refusal(update_conversation(database, given, viewer=ME, problems=[known]))
    assert told(problems) == [
        ("INVALID", ("assistant_id",)),
        ("INVALID", ("temperature",)),
        ("NOT_FOUND", ("id",)),
    ]


async def test_limits_are_of_the_call(database: Database) -> None:
    given = {"name": "n", "description": "long"}
    (problem,) = await refusal(create_tool(database, given, viewer=ME, limits=Limits(content_bytes=3)))
    assert (problem.code, problem.limit, problem.actual) == ("TOO_LONG", 3, 4)


async def test_a_write_for_which_no_connection_comes_free_is_told_that_the_database_is_busy() -> None:
    name = await postgres.create_database()
    database = Database.open(database_url(postgres.url(name)), DatabaseSettings(pool_size=1, pool_timeout=0.05))
    try:
        async with database.write(viewer=PROGRAM):
            with pytest.raises(DatabaseBusy):
                await create_tool(database, {"name": "n"}, viewer=ME)
        await create_tool(database, {"name": "n"}, viewer=ME)
    finally:
        await database.close()
        await postgres.drop_database(name)
