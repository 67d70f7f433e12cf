"""Raw reads: the driver's own rows say what rows of SQLAlchemy say, for every verb and on both databases."""

import inspect
import itertools
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import assistants, conversations, messages, prepared, references, sources, statements, tags, tools
from db.columns import Columns, Kind
from db.database import Database
from db.errors import InvalidInput
from db.paging import Page, Slice
from db.record import new_id
from db.tables import metadata
from db.verbs import Verb
from db.viewer import DEFAULT_VIEWER as ME
from db.viewer import PROGRAM, Viewer
from db.words import Entity, OriginSystem, Rating
from tests.conftest import fresh_database, recorded
from tests.db.builders import START, World, at
from tests.db.everything import Everything, verbs

AnyVerb = Verb[..., Any]

VERBS: dict[str, AnyVerb] = {
    f"{room.__name__.removeprefix('db.')}.{name}": verb for room, name, verb in verbs() if isinstance(verb, Verb)
}
OF_ROWS = {name: verb for name, verb in VERBS.items() if verb.columns}
PAGED = {
    "conversations.of_assistants",
    "conversations.of_tools",
    "branches.of_conversations",
    "branches.branch_page",
    "references.of_conversations",
    "references.of_sources",
    "feedback.of_conversations",
    *(f"{room}.page" for room in ("assistants", "conversations", "feedback", "messages", "sources", "tools")),
}
ALIKE = {"branches.openai_branch"}
"""Verbs that share their statement with another one: the first messages are a page without cursors."""

IN_ONE_DATABASE = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


class Crowd(Everything):
    """More of everything, with nulls, JSON, the last moment that there is, and branches."""

    async def build(self, world: World) -> None:
        await super().build(world)
        self.untitled = await world.source(title=None, metadata={"z": 1, "a": [1.50, None]})
        last = datetime.max.replace(tzinfo=UTC)
        self.messages = [self.message]
        for sequence in range(1, 6):
            self.messages.append(
                await world.message(
                    self.talk,
                    sequence,
                    parent_id=self.messages[-1],
                    timestamp=(None, at(sequence), last)[sequence % 3],
                    visible=sequence % 2 == 0,
                    metadata={"é": sequence},
                    user_credits=sequence,
                    processing_time_ms=sequence / 3,
                )
            )
        other = await world.message(self.talk, 6, parent_id=self.message, branch_position=None)
        self.other = await world.conversation(assistant_id=self.assistant, archived_at=at(1), temperature=0.1)
        self.root = await world.message(self.other, 0)
        for position in range(3):
            await world.reference(self.talk, other, position, source_id=self.source, pages=[position])
            await world.reference(self.talk, None, position, relevance_score=position / 7)
            await world.feedback(self.talk, rating=Rating.POSITIVE, created_at=at(position))
            await world.feedback(self.talk, self.message, follow_up_questions_helpful=position == 1)
        await world.insert("conversation_tools", conversation_id=self.other, tool_id=self.tool, position=0)
        await world.assistant(temperature=1.5)
        await world.tool(description="looks things up")
        await world.origin(self.other, "e", entity=Entity.CONVERSATION, system=OriginSystem.INKEEP)
        self.ids = [self.talk, self.other, *self.messages, self.root, self.assistant, self.tool, self.source]
        self.ids += [self.untitled, self.reference, self.feedback, self.verdict, self.call, self.attachment, new_id()]

    def keys(self) -> dict[str, Any]:
        """The same questions, for all ids that there are."""
        return {
            name: (self.ids, *asked[1:]) if asked and isinstance(asked[0], list) and self._are_ids(asked[0]) else asked
            for name, asked in super().keys().items()
        }

    @staticmethod
    def _are_ids(keys: list[Any]) -> bool:
        return all(isinstance(key, UUID) for key in keys)


@pytest.fixture
async def crowd(database: Database) -> Crowd:
    built = Crowd()
    async with database.write(viewer=PROGRAM) as connection:
        await built.build(World(connection))
    return built


def plain(key: Any) -> Any:
    """The digits of a uuid, however it is written; any other key as it is."""
    try:
        return key.hex if isinstance(key, UUID) else UUID(key).hex
    except ValueError:
        return key


def shown(answer: Any, told: Callable[[Any], Any]) -> Any:
    """An answer with its rows as told, its keys as text, and without what is empty."""
    if isinstance(answer, Slice):
        return [told(row) for row in answer.rows], answer.has_next, answer.has_previous
    if isinstance(answer, Mapping):
        found = {plain(key): shown(value, told) for key, value in answer.items()}
        return {key: value for key, value in found.items() if value not in ([], ([], False, False))}
    return [told(row) for row in answer] if type(answer) is list else told(answer)


def named(columns: tuple[str, ...]) -> Callable[[Any], Any]:
    """What tells a row of SQLAlchemy."""
    return lambda row: [row._mapping[name] for name in columns]


def converted(verb: AnyVerb, columns: tuple[str, ...], dialect: str) -> Callable[[Any], Any]:
    """What tells a raw row."""
    converters = [verb.columns[name].converter(dialect) for name in columns]

    def told(row: Any) -> Any:
        values = tuple(row)[1:]
        assert len(values) == len(columns)
        return [
            value if value is None or convert is None else convert(value)
            for convert, value in zip(converters, values, strict=True)
        ]

    return told


def all_of(name: str) -> tuple[str, ...]:
    return tuple(OF_ROWS[name].columns)


async def look(database: Database, verb: AnyVerb, *asked: Any, viewer: Viewer = ME, **options: Any) -> Any:
    """What a verb answers on a bare connection."""
    return await database.look(lambda connection: verb(connection, *asked, viewer=viewer, **options), viewer=viewer)


async def ask(database: Database, verb: AnyVerb, *asked: Any, **options: Any) -> Any:
    """What a verb answers in rows of SQLAlchemy."""
    return await database.ask(lambda connection: verb(connection, *asked, viewer=ME, **options), viewer=ME)


async def same(database: Database, name: str, asked: tuple[Any, ...], columns: tuple[str, ...], **options: Any) -> Any:
    """Check that both forms say the same, and give the answer in rows of SQLAlchemy."""
    verb = OF_ROWS[name]
    rows = await ask(database, verb, *asked, **options)
    raw = await look(database, verb, *asked, columns=columns, **options)
    told = converted(verb, columns, database.dialect)
    assert shown(raw, told) == shown(rows, named(columns)), name
    return rows


async def test_raw_rows_of_all_columns_are_the_rows(database: Database, crowd: Crowd) -> None:
    for name, asked in crowd.keys().items():
        if name in OF_ROWS:
            rows = await same(database, name, asked, all_of(name))
            assert shown(rows, lambda row: row), f"{name} finds nothing to compare"


@IN_ONE_DATABASE
@given(st.data())
async def test_raw_rows_of_some_columns_are_those_of_the_rows_in_that_order(
    database: Database, crowd: Crowd, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(OF_ROWS)))
    columns = data.draw(st.lists(st.sampled_from(all_of(name)), max_size=5))
    await same(database, name, crowd.keys()[name], tuple(columns))


@pytest.mark.parametrize("name", sorted(PAGED))
async def test_raw_pages_and_their_cursors_are_those_of_the_rows(database: Database, crowd: Crowd, name: str) -> None:
    verb, (*keys, _) = OF_ROWS[name], crowd.keys()[name]
    orders: list[dict[str, Any]] = [{}]
    if "order" in inspect.signature(verb).parameters:
        known = getattr(__import__(f"db.{name.split('.')[0]}", fromlist=["ORDERS"]), "ORDERS")  # noqa: B009
        orders = [{"order": [each.directed(descending=way)]} for each in known.values() for way in (False, True)]
    paged = 0
    for options in orders:
        first = await one(database, verb, keys, Page.of(first=1), options)
        whole = await one(database, verb, keys, Page.of(first=100), options)
        for key, slice_ in first.items():
            start, end = slice_.cursor(slice_.rows[0]), whole[key].cursor(whole[key].rows[-1])
            middle = whole[key].cursor(whole[key].rows[len(whole[key].rows) // 2])
            for page in (
                Page.of(first=2, after=start),
                Page.of(last=2, before=end),
                Page.of(last=1),
                Page.of(first=1, after=end),
                Page.of(last=1, before=start),
                Page.of(first=3, after=start, before=end),
                Page.of(first=1, after=middle),
            ):
                paged += 1
                await one(database, verb, keys, page, options)
    assert paged


async def one(
    database: Database, verb: AnyVerb, keys: list[Any], page: Page, options: dict[str, Any]
) -> dict[Any, Slice]:
    """The pages that have rows, by parent, checked in both forms with their cursors."""
    columns = ("id", "created_at")
    rows = await ask(database, verb, *keys, page, **options)
    raw = await look(database, verb, *keys, page, columns=columns, cursors=True, **options)
    plain = await look(database, verb, *keys, page, columns=columns, **options)
    told, tell = named(columns), converted(verb, columns, database.dialect)
    assert shown(plain, tell) == shown(rows, told)
    rows, raw = (each if isinstance(each, dict) else {ME.workspace_id: each} for each in (rows, raw))
    raw = {UUID(key) if isinstance(key, str) else key: given for key, given in raw.items()}
    for key, slice_ in rows.items():
        given = raw.get(key) or replace(slice_, rows=[])
        assert (given.has_next, given.has_previous) == (slice_.has_next, slice_.has_previous)
        assert [tell(row[:3]) for row in given.rows] == [told(row) for row in slice_.rows]
        assert [given.cursor(row) for row in given.rows] == [slice_.cursor(row) for row in slice_.rows]
    return {key: slice_ for key, slice_ in rows.items() if slice_.rows}


async def test_a_branch_through_or_around_a_message_is_raw_as_it_is_in_rows(database: Database, crowd: Crowd) -> None:
    columns = ("id", "content")
    for options in (
        {"through": crowd.messages[2]},
        {"around": crowd.messages[3]},
        {"around": crowd.messages[3], "through": crowd.messages[5]},
        {"around": crowd.messages[1], "all_branches": True},
        {"around": crowd.messages[1], "where": {"visible": {"eq": True}}},
    ):
        for page in (Page.of(first=3), Page.of(last=2)):
            given = await same(database, "branches.branch_page", (crowd.talk, page), columns, **options)
            assert given.rows
        raw = await look(
            database, OF_ROWS["branches.branch_page"], crowd.talk, page, columns=columns, cursors=True, **options
        )
        assert [raw.cursor(row) for row in raw.rows] == [given.cursor(row) for row in given.rows]
    with pytest.raises(InvalidInput, match="through is no message"):
        await look(database, messages.branch_page, crowd.other, Page.of(), columns=columns, through=crowd.message)


async def test_numbers_are_the_same_on_a_bare_connection_and_for_keys_as_they_are_given(
    database: Database, crowd: Crowd
) -> None:
    counted = {name: asked for name, asked in crowd.keys().items() if name in VERBS and not VERBS[name].columns}
    assert counted
    for name, asked in counted.items():
        verb = VERBS[name]
        numbers = await ask(database, verb, *asked)
        given: Any = asked
        if database.dialect == "sqlite" and isinstance(numbers, dict):
            given = ([key.hex for key in asked[0]], *asked[1:])
        forms: tuple[dict[str, Any], ...] = ({}, {"columns": ()})
        for form in forms:
            raw = await look(database, verb, *given, **form)
            if isinstance(numbers, int):
                assert raw == numbers > 0
            else:
                assert numbers.keys() == set(asked[0])
                assert {UUID(str(key)): number for key, number in raw.items()} == numbers
                assert any(numbers.values())


async def test_keys_go_in_as_they_came_out(database: Database, crowd: Crowd) -> None:
    async def work(connection: Any) -> tuple[Any, Any, Any]:
        talks = await conversations.page(connection, Page.of(), viewer=ME, columns=("assistant_id",))
        ids = [row[0] for row in talks.rows]
        said = await messages.of_conversations(connection, ids, Page.of(), viewer=ME, columns=("role",))
        helpers = [row[1] for row in talks.rows if row[1] is not None]
        found = await assistants.by_ids(connection, helpers, viewer=ME, columns=("name",))
        return ids, said, found

    ids, said, found = await database.look(work, viewer=PROGRAM)
    assert said.keys() == set(ids)
    assert len(found) == 1
    assert all(isinstance(key, str) for key in (*ids, *said, *found))


async def test_a_filter_holds_in_both_forms_and_drives_out_no_other_statement(database: Database, crowd: Crowd) -> None:
    before = statements.how_many()
    for name, asked, where in (
        ("branches.of_conversations", ([crowd.talk], Page.of()), {"visible": {"eq": True}}),
        ("messages.page", (Page.of(first=2),), {"id": {"in": crowd.messages[1:4]}}),
        ("conversations.page", (Page.of(),), {"tags": {"has_any": ["tag"]}}),
        ("references.of_conversations", ([crowd.talk], Page.of()), {"relevance_score": {"gt": 0.1}}),
        ("sources.page", (Page.of(),), {"title": {"is_null": True}}),
    ):
        rows = await same(database, name, asked, ("id",), where=where)
        assert shown(rows, lambda row: row)
    assert statements.how_many() == before


async def test_an_empty_filter_is_none(database: Database, crowd: Crowd) -> None:
    given = await same(database, "branches.of_conversations", ([crowd.talk], Page.of()), ("id",), where={})
    assert len(given[crowd.talk].rows) == 6


async def test_a_statement_is_made_once_for_all_viewers_keys_and_pages(
    database: Database, crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = 0
    compiled = getattr(prepared, "_compiled")  # noqa: B009 - the one place that texts are made in

    def counted(*arguments: Any) -> Any:
        nonlocal made
        made += 1
        return compiled(*arguments)

    monkeypatch.setattr(prepared, "_compiled", counted)
    getattr(statements, "_kept").cache_clear()  # noqa: B009 - what other tests have left
    stranger = Viewer(new_id(), "someone")

    async def everything(viewer: Viewer, size: int) -> None:
        for name, asked in crowd.keys().items():
            if name in VERBS:
                verb, columns = VERBS[name], all_of(name)[:3] if name in OF_ROWS else ()
                given = [Page.of(first=size) if isinstance(each, Page) else each for each in asked]
                await look(database, verb, *given, viewer=viewer, columns=columns)

    await everything(ME, 1)
    assert made == len(VERBS) - len(ALIKE)
    kept, made = statements.how_many(), 0
    with recorded(database) as texts:
        crowd.ids = crowd.ids[:3]
        await everything(stranger, 50)
    assert (made, statements.how_many()) == (0, kept)
    assert len(texts) >= len(VERBS)
    for text in texts:
        for viewer in (ME, stranger):
            assert viewer.workspace_id.hex not in text.replace("-", "")


async def test_a_statement_that_is_kept_gives_each_viewer_what_is_theirs(database: Database) -> None:
    theirs = Viewer(new_id())
    async with database.write(viewer=PROGRAM) as connection:
        values = {"id": theirs.workspace_id, "name": "another", "created_at": START}
        await connection.execute(sa.insert(metadata.tables["workspaces"]).values(values))
        ids = {viewer: await World(connection, viewer).conversation() for viewer in (ME, theirs)}
    for _ in range(2):
        for viewer, id_ in ids.items():
            given = await look(database, conversations.page, Page.of(), viewer=viewer, columns=("id",))
            assert [UUID(str(row[1])) for row in given.rows] == [id_]
            found = await look(database, conversations.by_ids, list(ids.values()), viewer=viewer, columns=("title",))
            assert [UUID(str(key)) for key in found] == [id_]


async def test_only_so_many_statements_are_kept(tmp_path: Any) -> None:
    async with fresh_database("sqlite", tmp_path) as database:
        ways = itertools.islice(itertools.permutations(tools.by_ids.columns, 6), statements.MAX_KEPT + 50)

        async def work(connection: Any) -> None:
            for columns in ways:
                await tools.by_ids(connection, [], viewer=ME, columns=columns)

        await database.look(work, viewer=PROGRAM)
    assert statements.how_many() == statements.MAX_KEPT


async def test_a_column_that_there_is_not_is_refused_by_name(database: Database) -> None:
    refused: tuple[tuple[AnyVerb, tuple[Any, ...]], ...] = (
        (sources.by_ids, ([],)),
        (sources.page, (Page.of(),)),
        (references.of_sources, ([], Page.of())),
        (sources.count, ()),
    )
    for verb, asked in refused:
        with pytest.raises(LookupError, match="metadata_copy"):
            await look(database, verb, *asked, columns=("metadata_copy",))


async def test_rows_read_without_cursors_have_none(database: Database, crowd: Crowd) -> None:
    given = await look(database, tools.page, Page.of(), columns=("id",))
    with pytest.raises(LookupError, match="cursors=True"):
        given.cursor(given.rows[0])


def test_a_verb_says_which_columns_it_has_and_of_what_kind() -> None:
    known: Columns = conversations.by_ids.columns
    assert (known["id"].kind, known["id"].nullable) == (Kind.UUID, False)
    assert (known["type"].kind, known["archived_at"].kind, known["matrix_mode"].kind) == (
        Kind.WORD,
        Kind.MOMENT,
        Kind.BOOLEAN,
    )
    assert (known["config"].kind, known["temperature"].kind, known["message_count"].kind) == (
        Kind.JSON,
        Kind.FLOAT,
        Kind.INTEGER,
    )
    assert "properties_copy" not in known
    assert tags.tags_of.columns["tag"].kind is Kind.TEXT
    places = messages.siblings_of.columns
    assert {name: (column.kind, column.nullable) for name, column in places.items()} == {
        "id": (Kind.UUID, False),
        "index": (Kind.INTEGER, False),
        "count": (Kind.INTEGER, False),
        "previous_id": (Kind.UUID, True),
        "next_id": (Kind.UUID, True),
    }
