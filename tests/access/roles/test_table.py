"""The table of roles over HTTP: for each who asks and each field what is allowed is done, and nothing else."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from httpx2 import ASGITransport, AsyncClient

from db.database import Database
from graph.app import create_app
from graph.settings import Settings
from tests.access.roles import page
from tests.access.roles.operations import READS, WRITES, Given, Read, Write, in_reach
from tests.access.roles.page import NO, NULL, OPEN, OWN, RECEIPT, WORKSPACE, YES, Row
from tests.access.roles.world import ELSEWHERE, HERE, Answer, Area, Person, World
from tests.conftest import fresh_database

SOMEBODY, ANOTHER, STRANGER = "somebody", "another", "stranger"
ERRORS = "userErrors { code field message }"


@pytest.fixture
async def world(database: Database, tmp_path: Path) -> AsyncIterator[World]:
    async with World.of(database, tmp_path) as world:
        if database.dialect == "postgresql":  # who signs in how is the same on both
            world.people = list({person.column: person for person in reversed(world.people)}.values())
        yield world


def test_there_is_an_operation_for_each_field() -> None:
    fields = [field for row in page.roles() for field in row.fields]
    assert sorted([*READS, *WRITES]) == sorted(fields)


CONTROLS = {
    "read": (
        "conversations",
        {"ANONYMOUS": WORKSPACE, "END_USER": WORKSPACE, "INGEST": OWN, "VIEWER": OWN, "ADMIN": NO},
    ),
    "export": ("Conversation.export", {"END_USER": NO, "INGEST": WORKSPACE, "EDITOR": OWN, "ADMIN": NULL}),
    "read how it is made": ("Assistant.systemPrompt", {"END_USER": WORKSPACE, "VIEWER": NULL}),
    "add messages": ("addMessages", {"ANONYMOUS": NO, "END_USER": RECEIPT, "INGEST": OWN, "VIEWER": OWN}),
    "delete": ("deleteMessage", {"END_USER": WORKSPACE, "INGEST": OWN, "EDITOR": OWN, "ADMIN": NO}),
    "administer": ("revokeApiKey", {"END_USER": OWN, "EDITOR": WORKSPACE, "ADMIN": OPEN}),
}
"""For some rows a field, and words that are wrong of it."""


ON_BOTH = [row for row in page.roles() if row.to in CONTROLS]
"""Rows that are asked for on PostgreSQL as well: who may what is decided before there is a database."""


@pytest.mark.parametrize(
    ("database", "row"),
    [*(("sqlite", row) for row in page.roles()), *(("postgresql", row) for row in ON_BOTH)],
    ids=lambda value: value if isinstance(value, str) else value.to,
    indirect=["database"],
)
async def test_each_row_of_the_table_holds_over_http(world: World, row: Row) -> None:
    assert await _wrong_with(world, row) == []


@pytest.mark.parametrize("to", CONTROLS)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_word_that_is_not_so_is_found_out(world: World, to: str) -> None:
    field, words = CONTROLS[to]
    (row,) = [row for row in page.roles() if row.to == to]
    for asker, word in words.items():
        wrong = await _wrong_with(world, Row(to, (field,), {**row.may, asker: word}))
        assert wrong, f"{field} would be as well {word} for {asker}"


async def _wrong_with(world: World, row: Row) -> list[str]:
    """What is otherwise than the row says."""
    wrong: list[str] = []
    for person in world.people:
        for field in row.fields:
            word = row.may[person.column]
            if field in READS:
                problem = await _reads(world, person, field, READS[field], word)
            else:
                problem = await _writes(world, person, field, WRITES[field], word)
            if problem:
                wrong.append(f"{field} by {person.name} ({word}): {problem}")
    return wrong


async def _areas(world: World, person: Person, *, refers: bool = True) -> list[Area]:
    """What is theirs, another's of their workspace, and a stranger's of another workspace: theirs is the first."""
    owners = [(HERE, person.owns or SOMEBODY), (HERE, ANOTHER), (ELSEWHERE, STRANGER)]
    return [await world.area(*owner) for owner in (owners if refers else owners[:1])]


async def _reads(world: World, person: Person, field: str, read: Read, word: str) -> str | None:
    areas = await _areas(world, person)
    for area in areas:
        if read.before is not None:
            await read.before(world, area)
        answer = await world.ask(person.credential, read.document, read.variables(area))
        if word == NO:
            if problem := _refused(answer, field):
                return problem
            continue
        if answer.codes:
            return f"refused: {answer}"
        if word == YES:
            assert answer.body["data"]
            continue
        reached = read.mark(area) in json.dumps(answer.body["data"])
        if reached != (word != NULL and in_reach(word, area, areas[0])):
            return f"{'reaches' if reached else 'does not reach'} what is of {area.owner}: {answer}"
    return None


async def _writes(world: World, person: Person, field: str, write: Write, word: str) -> str | None:
    owners = [(area.workspace, area.owner) for area in await _areas(world, person, refers=write.refers)]
    for place, owner in enumerate(owners):
        area = await world.area(*owner)  # another one than before, if that was changed
        more: Given | None = None
        if write.before is not None and word != NO:
            more = await write.before(world, area)
            before = await world.state(area)
        else:
            before = await world.last_state(area)
        answer = await world.change(person.credential, field, {**write.given(area), **(more or {})}, ERRORS)
        after = await world.state(area)
        if write.before is not None:
            world.spend(area)
        if word in (NO, OPEN):
            if problem := _refused(answer, None if word == OPEN else field):
                return problem
            if after != before:
                return "refused, and something has changed"
            continue
        if problem := _settled(answer, field, write, place, area, word):
            return problem
        allowed = place == 0 if word == OWN else area.workspace == HERE
        changes = allowed and not write.makes
        if (after != before) != changes:
            return f"what is of {area.owner} has {'' if after != before else 'not '}changed: {answer}"
        if changes:
            world.spend(area)
    if word == RECEIPT:
        return await _no_more_than_a_receipt(world, person, field, write)
    return None


def _settled(answer: Answer, field: str, write: Write, place: int, area: Area, word: str) -> str | None:
    """What is wrong with the answer to a mutation that the role may ask for."""
    if answer.codes:
        return f"refused: {answer}"
    codes = {error["code"] for error in answer.body["data"][field]["userErrors"]}
    allowed = place == 0 if word == OWN else area.workspace == HERE
    if field == "logConversation" and area.workspace != HERE:
        return None if not codes else f"an external id of another workspace is taken: {answer}"
    if field == "createConversation" and word == OWN and area.workspace == HERE:
        allowed = True  # it names an assistant, which is for all of the workspace
    if allowed:
        return None if codes == write.done else f"not done for {area.owner}: {answer}"
    return None if codes and codes <= write.absent else f"{area.owner}'s is not as if it were not there: {answer}"


def _refused(answer: Answer, field: str | None) -> str | None:
    """What is wrong with a refusal; by role it names the field."""
    if answer.codes != ["FORBIDDEN"]:
        return f"not refused: {answer}"
    if field is None:
        return None
    extensions: dict[str, Any] = answer.body["errors"][0]["extensions"]
    named = extensions["field"] == field or "." in field or field.startswith("__")
    if answer.status != 403 or not named or "data" in answer.body:
        return f"refused otherwise than by the role: {answer}"
    return None


async def _no_more_than_a_receipt(world: World, person: Person, field: str, write: Write) -> str | None:
    area = await world.area(HERE, SOMEBODY)
    before = await world.state(area)
    for more in ("conversation { title }", "messages { content }", "counts { inserted }"):
        answer = await world.change(person.credential, field, write.given(area), f"{ERRORS} {more}")
        if answer.codes != ["FORBIDDEN"] or await world.state(area) != before:
            return f"may select {more}: {answer}"
    told = "conversation { id } messages { id sequence status }"
    answer = await world.change(person.credential, field, write.given(area), f"{ERRORS} {told}")
    world.spend(area)
    if answer.codes or not answer.body["data"][field]["messages"]:
        return f"gets no receipt: {answer}"
    return None


@pytest.mark.parametrize(("mutation", "given"), list(page.unsayable()), ids=lambda value: json.dumps(value)[:60])
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_end_users_may_not_give_what_the_page_says_and_editors_may(
    world: World, mutation: str, given: dict[str, Any]
) -> None:
    people = {person.column: person for person in world.people}
    for person in (people[column] for column in ("ANONYMOUS", "END_USER", "EDITOR")):
        area = await world.area(HERE, person.owns or SOMEBODY)
        before = await world.state(area)
        answer = await world.change(person.credential, mutation, {**WRITES[mutation].given(area), **given}, ERRORS)
        assert answer.codes == [], answer
        errors = answer.body["data"][mutation]["userErrors"]
        if person.column == "EDITOR":
            assert errors == [], answer
            world.spend(area)
        else:
            assert [error["code"] for error in errors] == ["FORBIDDEN"], (person, answer)
            assert await world.state(area) == before


async def test_an_open_server_does_what_it_alone_does(tmp_path: Path) -> None:
    fields = [field for row in page.roles() if row.may["ADMIN"] == OPEN for field in row.fields]
    async with fresh_database("sqlite", tmp_path) as database:
        app = create_app(Settings(explorer=False), database=database)
        transport = ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            AsyncClient(transport=transport, base_url="http://localhost") as http,
        ):
            world = World(database, http)
            for field in fields:
                given = WRITES[field].given(Area("default", SOMEBODY, "mark"))
                kind = field[0].upper() + field[1:]
                document = f"mutation ($input: {kind}Input!) {{ {field}(input: $input) {{ {ERRORS} }} }}"
                response = Answer(
                    await world.http.post("/graphql", json={"query": document, "variables": {"input": given}})
                )
                assert response.body == {"data": {field: {"userErrors": []}}}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_an_admin_deletes_the_workspace_of_the_key_and_is_nobody_afterwards(world: World) -> None:
    theirs = await world.area(ELSEWHERE, STRANGER)
    await world.area(HERE, SOMEBODY)
    await world.written(
        ELSEWHERE, "deleteWorkspace", {"id": theirs["workspace"], "confirmName": ELSEWHERE}, "deletedWorkspaceId"
    )

    assert (await world.ask(world.admins[ELSEWHERE], "{ viewer { role } }")).codes == ["UNAUTHENTICATED"]
    assert await world.state(await world.area(HERE, SOMEBODY))


def test_no_word_of_the_table_is_left_to_chance() -> None:
    assert {NO, YES, OWN, WORKSPACE, RECEIPT, OPEN, NULL} == page.WORDS
