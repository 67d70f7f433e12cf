"""Statements with filters are kept for all values of their filters, and find what those made anew find.

Longer than other files by its table of filters of one shape each, which belongs to the test beside it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings

from db import conversations, feedback, filter_shapes, messages, prepared, references, statements
from db.database import Database
from db.errors import InvalidInput
from db.paging import Page
from db.record import new_id
from db.tables import metadata
from db.verbs import Verb
from db.viewer import DEFAULT_VIEWER as ME
from db.viewer import PROGRAM, Viewer
from db.words import MessageRole
from tests.conftest import fresh_database, recorded
from tests.db import generated
from tests.db.builders import START, World, at
from tests.db.filter_model import conversation_holds, feedback_holds, message_holds
from tests.db.nasty import Records, build

Where = dict[str, Any]

EXAMPLES = int(os.environ.get("COLLOQUY_TEST_EXAMPLES", "50"))
"""Filters that each test makes up; more are a matter of patience."""

IN_ONE_DATABASE = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

MODELS = {conversations: conversation_holds, messages: message_holds, feedback: feedback_holds}


@pytest.fixture
async def records(database: Database) -> Records:
    """The nasty records, in the database and as the model has them."""
    async with database.write(viewer=PROGRAM) as connection:
        return await build(World(connection))


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    """Forget what other tests have left."""
    getattr(statements, "_kept_with_filters").cache_clear()  # noqa: B009 - where they are kept


async def look(database: Database, verb: Verb[..., Any], *asked: Any, viewer: Viewer = ME, **options: Any) -> Any:
    """What a verb answers on a bare connection."""
    return await database.look(lambda connection: verb(connection, *asked, viewer=viewer, **options), viewer=viewer)


async def answers(database: Database, room: Any, where: Where, viewer: Viewer = ME) -> tuple[list[str], bool, int]:
    """The ids on the first page as hexadecimal text, whether there are more, and how many rows there are."""
    page = await look(database, room.page, Page.of(first=100), where=where, viewer=viewer, columns=("id",))
    number = await look(database, room.count, where=where, viewer=viewer, columns=())
    return [str(row[1]).replace("-", "") for row in page.rows], page.has_next, number


@contextmanager
def made() -> Iterator[list[str]]:
    """A list that fills with the texts that are made."""
    texts: list[str] = []
    compiled = getattr(prepared, "_compiled")  # noqa: B009 - the one place that texts are made in

    def noted(*arguments: Any) -> Any:
        text = compiled(*arguments)
        texts.append(text.text)
        return text

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prepared, "_compiled", noted)
        yield texts


@contextmanager
def all_made_anew() -> Iterator[None]:
    """No filter is small enough for its statement to be kept."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(filter_shapes, "MAX_KEPT_CONDITIONS", -1)
        yield


async def same_as_made_anew(database: Database, room: Any, where: Where) -> None:
    found = await answers(database, room, where)
    before = statements.how_many_with_filters()
    with all_made_anew():
        assert await answers(database, room, where) == found
    assert statements.how_many_with_filters() == before


@IN_ONE_DATABASE
@given(generated.talks)
async def test_a_kept_statement_finds_the_conversations_that_one_made_anew_finds(
    database: Database, records: Records, where: Where
) -> None:
    await same_as_made_anew(database, conversations, where)


@IN_ONE_DATABASE
@given(generated.messages)
async def test_a_kept_statement_finds_the_messages_that_one_made_anew_finds(
    database: Database, records: Records, where: Where
) -> None:
    await same_as_made_anew(database, messages, where)


@IN_ONE_DATABASE
@given(generated.feedback)
async def test_a_kept_statement_finds_the_feedback_that_one_made_anew_finds(
    database: Database, records: Records, where: Where
) -> None:
    await same_as_made_anew(database, feedback, where)


A_PATH = {"path": ["a"]}

VALUES: list[Any] = [1, 0.5, True, [], {"b": 1}]

ALIKE: list[tuple[Any, list[Where]]] = [
    (conversations, [{"title": {"eq": text}} for text in ("a", "é", "", "İ")]),
    (conversations, [{"title": {"starts_with": text}} for text in ("a", "éa", "", "Σ", "nobody's")]),
    (conversations, [{"title": {"contains": text}} for text in ("a", "É", "%", "\0")]),
    (conversations, [{"tags": {"has": text}} for text in ("a", "é", "%")]),
    (conversations, [{"tags": {"has_any": texts}} for texts in (["a", "b", "c"], ["a", "é", "%", "_"], list("aaAb"))]),
    (conversations, [{"tags": {"has_all": texts}} for texts in (["a", "é"], ["A", "b"], ["%", "_"])]),
    (conversations, [{"owner_id": {"not_in": texts}} for texts in (["a", "b", "c"], ["é", "É", "ß", "a"])]),
    (conversations, [{"message_count": {"gt": number}} for number in (-1, 0, 1, 5)]),
    (conversations, [{"created_at": {"gte": moment}} for moment in (at(0), at(1), at(2), at(3))]),
    (conversations, [{"not": {"record_id": {"eq": text}}} for text in ("1", "a", "é")]),
    (messages, [{"role": {"in": [word, MessageRole.USER]}} for word in MessageRole]),
    (messages, [{"references": {"relevance_score": {"lt": number}}} for number in (0.25, 0.5, 2.0, -1.0)]),
    (messages, [{"references": {"relevance_score": {"lt": number}}} for number in (0, 1, -5)]),
    (messages, [{"references": {"relevance_score": {"lt": number}}} for number in (1 << 40, -(1 << 40))]),
    (
        feedback,
        [{"score": {"name": name, "gte": bound}} for name, bound in (("stars", 0.5), ("tone", 0.0), ("x", 1.0))],
    ),
    (conversations, [{"properties": [{**A_PATH, "eq": value}]} for value in VALUES]),
    (conversations, [{"properties": [{"path": path, "exists": True}]} for path in (["a"], ["b"], ["key"])]),
    (conversations, [{"properties": [{"path": path, "eq": 1}]} for path in (["a", "0"], ["b", "1"], ["c", "00"])]),
    (conversations, [{"properties": [{"path": path, "ne": 1}]} for path in (["-1"], ["-2"], ["-0"])]),
    (
        conversations,
        [{"properties": [{**A_PATH, "in": values}]} for values in ([1, "a", []], ["b", 2, 0, 0.5])],
    ),
    (conversations, [{"properties": [{**A_PATH, "lt": value}]} for value in ("a", "é", "")]),
    (conversations, [{"properties": [{**A_PATH, "gte": value}]} for value in (0, 1.5, -3)]),
    (conversations, [{"properties": [{**A_PATH, "has": value}]} for value in ([], {"b": 1}, [1])]),
    (conversations, [{"properties": [{**A_PATH, "contains": value}]} for value in ("a", "É", "")]),
]
"""Filters of one shape each, with different values."""


async def test_for_other_values_nothing_is_made_anew_and_the_rows_are_theirs(
    database: Database, records: Records
) -> None:
    wrong: list[tuple[Where, Any]] = []
    for room, alike in ALIKE:
        rows = getattr(records, room.__name__.removeprefix("db."))
        await answers(database, room, alike[0])
        for where in alike:
            with made() as texts:
                found, _, number = await answers(database, room, where)
            expected = {record["id"].hex for record in rows if MODELS[room](record, where)}
            if (set(found), number, texts) != (expected, len(expected), []):
                wrong.append((where, (found, number, expected, texts)))
    assert wrong == []


async def test_lists_of_many_lengths_share_a_statement(database: Database, records: Records) -> None:
    ids = [record["id"] for record in records.conversations]

    async def found(length: int) -> int:
        return (await answers(database, conversations, {"id": {"in": ids[:length]}}))[2]

    assert await found(5) == 5
    with made() as texts:
        assert [await found(length) for length in (6, 7, 8)] == [6, 7, 8]
    assert texts == []


async def test_numbers_of_other_kinds_and_other_paths_are_other_statements(database: Database) -> None:
    cases: list[Where] = [{"references": {"relevance_score": {"lt": number}}} for number in (1, 1.0, 1 << 40)]
    cases += [{"properties": [{"path": path, "eq": 1}]} for path in (["a"], ["a", "b"], ["a", "0"], ["a", "-1"])]
    cases += [{"properties": [{"path": ["a"], name: True}]} for name in ("exists", "is_null")]
    cases += [{"properties": [{"path": ["a"], "lt": value}]} for value in ("1", 1)]
    cases += [{"visible": visible} for visible in (True, False)]
    for where in cases:
        with made() as texts:
            await answers(database, messages, where)
        assert len(texts) == 2, where


async def test_each_viewer_is_given_what_is_theirs_by_the_same_statement(database: Database) -> None:
    theirs = Viewer(new_id())
    async with database.write(viewer=PROGRAM) as connection:
        values = {"id": theirs.workspace_id, "name": "another", "created_at": START}
        await connection.execute(sa.insert(metadata.tables["workspaces"]).values(values))
        ids = {viewer: await World(connection, viewer).conversation(owner_id="o") for viewer in (ME, theirs)}
    where = {"owner_id": {"eq": "o"}}
    for viewer, row_id in ids.items():
        assert await answers(database, conversations, where, viewer) == ([row_id.hex], False, 1)
    assert statements.how_many_with_filters() == 3  # the list, its page and its count


async def test_pages_that_are_read_on_are_made_once_for_all_values(database: Database, records: Records) -> None:
    async def pages(where: Where) -> list[Any]:
        found: list[Any] = []
        after: str | None = None
        while True:
            page = Page.of(first=7, after=after)
            part = await look(database, messages.page, page, where=where, columns=("id",), cursors=True)
            found += [row[1] for row in part.rows]
            if not part.has_next:
                return found
            after = part.cursor(part.rows[-1])

    await pages({"role": {"eq": MessageRole.USER}})
    with made() as texts:
        found = await pages({"role": {"eq": MessageRole.ASSISTANT}})
    assert texts == []
    expected = {record["id"].hex for record in records.messages if record["role"] is MessageRole.ASSISTANT}
    assert len(found) == len(expected) > 7
    assert {str(row_id).replace("-", "") for row_id in found} == expected


async def test_references_of_a_conversation_are_read_on_by_kept_statements(database: Database) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        talk = await world.conversation()
        listed = [await world.reference(talk, None, position) for position in range(3)]
        cited = []
        for sequence in range(3):
            message = await world.message(talk, sequence)
            cited += [await world.reference(talk, message, position) for position in range(2)]

    async def walked(size: int, *, back: bool) -> list[str]:
        found: list[str] = []
        cursor: str | None = None
        while True:
            page = Page.of(last=size, before=cursor) if back else Page.of(first=size, after=cursor)
            given = await look(database, references.of_conversations, [talk], page, columns=("id",), cursors=True)
            (part,) = given.values()
            ids = [str(row[1]).replace("-", "") for row in part.rows]
            found = ids + found if back else found + ids
            if not (part.has_previous if back else part.has_next):
                return found
            cursor = part.cursor(part.rows[0 if back else -1])

    expected = [row_id.hex for row_id in (*listed, *cited)]
    assert await walked(1, back=False) == await walked(1, back=True) == expected
    before = statements.how_many()
    with made() as texts:
        assert await walked(2, back=False) == await walked(2, back=True) == expected
    assert (texts, statements.how_many()) == ([], before)


EVERYTHING: Where = {
    "id": {"in": [new_id(), new_id()]},
    "title": {"eq": "secret", "ne": "secret", "contains": "SECRET", "starts_with": "secret", "not_in": ["secret"] * 3},
    "assistant_id": {"ne": new_id()},
    "created_at": {"lt": at(2), "gte": at(1)},
    "message_count": {"gt": 777_777},
    "record_id": {"eq": "secret"},
    "tags": {"has": "secret", "has_any": ["secret", "secret2"], "has_all": ["secret"] * 2},
    "properties": [
        {"path": ["secret", "7"], "eq": {"secret": 777_777}, "lt": "secret", "has": ["secret"]},
        {
            "path": ["-1", "secret"],
            "in": ["secret"],
            "not_in": [777_777],
            "contains": "secret",
            "starts_with": "secret",
        },
    ],
    "or": [{"feedback": {"score": {"name": "secret", "gte": 777_777.5}}}, {"not": {"owner_id": {"eq": "secret"}}}],
}
SECRETS = ["secret", "777777", "'7'", *(row_id.hex for row_id in EVERYTHING["id"]["in"])]
SECRETS += [EVERYTHING["assistant_id"]["ne"].hex, "datetime.datetime("]


async def test_no_value_of_a_filter_is_in_a_text_or_a_key_that_is_kept(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys: list[str] = []
    kept = getattr(statements, "_kept_with_filters")  # noqa: B009 - where they are kept

    def noted(make: Any, *arguments: Any) -> Any:
        keys.append(repr(arguments))
        return kept(make, *arguments)

    monkeypatch.setattr(statements, "_kept_with_filters", noted)
    with recorded(database) as texts:
        await answers(database, conversations, EVERYTHING)
    assert len(keys) >= 3
    assert len(texts) == 2
    for said in (*keys, *texts):
        assert not [secret for secret in SECRETS if secret in said.lower().replace("-", "")]


async def test_filters_drive_out_no_other_statements_and_only_so_many_are_kept(tmp_path: Any) -> None:
    async with fresh_database("sqlite", tmp_path) as database:
        await look(database, conversations.page, Page.of(), columns=("id",))
        others = statements.how_many()
        names = ("title", "owner_id", "model", "project_id", "external_id", "record_id", "integration_id", "origin")
        several = [{name: {"is_null": bool(bits >> n & 1)} for n, name in enumerate(names)} for bits in range(256)]
        for where in several[: statements.MAX_KEPT_WITH_FILTERS // 2 + 10]:
            await look(database, conversations.page, Page.of(), where=where, columns=("id",))
        assert statements.how_many_with_filters() == statements.MAX_KEPT_WITH_FILTERS
        assert statements.how_many() == others


@pytest.mark.parametrize(
    "where",
    [
        {
            "or": [{"title": {"eq": f"x{number}"}} for number in range(filter_shapes.MAX_KEPT_CONDITIONS)]
            + [{"title": {"eq": "x"}}]
        },
        {"title": {"in": ["x", *map(str, range(filter_shapes.MAX_KEPT_VALUES))]}},
    ],
    ids=["conditions", "values"],
)
async def test_the_statement_of_a_very_large_filter_is_not_kept(database: Database, where: Where) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        talk = await World(connection).conversation(title="x")
        await World(connection).conversation(title="y")
    assert await answers(database, conversations, where) == ([talk.hex], False, 1)
    assert statements.how_many_with_filters() == 0


@pytest.mark.parametrize(
    "where",
    [
        {"titel": {"eq": "a"}},
        {"title": {"eq": None}},
        {"title": {"in": ["a", None]}},
        {"tags": {"has_any": ["a", None]}},
        {"archived": "yes"},
        {"title": {"is_null": "yes"}},
        {"properties": [{"path": ["a"], "contains": 1}]},
        {"properties": [{"path": ["a"], "eq": float("nan")}]},
        {"or": [{"title": {"eq": "a"}}] * 201},
    ],
)
async def test_a_filter_that_means_nothing_is_refused_each_time(database: Database, where: Where) -> None:
    for verb, asked in ((conversations.page, [Page.of()]), (conversations.count, [])):
        for _ in range(2):
            with pytest.raises(InvalidInput):
                await look(database, verb, *asked, where=where, columns=())
    assert statements.how_many_with_filters() == 0
