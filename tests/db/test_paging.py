"""Pages: forward and backward through any order, while rows come and go, and the cursors that hold the place."""

import base64
import functools
import json
import zlib
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from db import conversations, messages, sources
from db.database import Database
from db.errors import InvalidCursor, InvalidInput
from db.paging import Keyset, Order, Page, Slice
from db.record import new_id
from db.tables import metadata
from db.viewer import DEFAULT_VIEWER as ME
from db.viewer import PROGRAM, Viewer
from tests.db.builders import World, at

IN_ONE_DATABASE = settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)

TITLES = ["", "a", "A", "b", "é", "É", "z", "\U0001f600", "\uffee", "ab"]
titles = st.none() | st.sampled_from(TITLES)
rows = st.tuples(titles, st.integers(0, 2), st.integers(0, 2))
orders = st.lists(
    st.tuples(st.sampled_from(sorted(sources.ORDERS)), st.booleans()), min_size=1, max_size=3, unique_by=lambda o: o[0]
)
"""Fields and whether they are descending."""


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"first": 0}, "first"),
        ({"first": 101}, "first"),
        ({"first": -1}, "first"),
        ({"last": 0}, "last"),
        ({"last": 101}, "last"),
        ({"first": 1, "last": 1}, "last"),
        ({"last": 1, "after": "x"}, "after"),
        ({"first": 1, "before": "x"}, "before"),
        ({"before": "x"}, "before"),
    ],
)
def test_a_page_that_cannot_be_is_refused_by_name(arguments: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        Page.of(**arguments)
    assert raised.value.field == field


def test_a_page_without_a_size_has_twenty_rows_from_the_start() -> None:
    page = Page.of()
    assert (page.size, page.backward) == (20, False)
    between = Page.of(last=100, after="x", before="y")
    assert (between.size, between.backward) == (100, True)


def model(found: dict[UUID, tuple[Any, ...]], order: Sequence[tuple[str, bool]]) -> list[UUID]:
    """The ids in the order that the list promises."""
    place = {"TITLE": 0, "CREATED_AT": 1, "CITATION_COUNT": 2}

    def compare(one: UUID, other: UUID) -> int:
        for field, descending in order:
            left, right = found[one][place[field]], found[other][place[field]]
            if left == right:
                continue
            if left is None or right is None:
                return 1 if left is None else -1
            return (-1 if left < right else 1) * (-1 if descending else 1)
        return (-1 if one < other else 1) * (-1 if order[-1][1] else 1)

    return sorted(found, key=functools.cmp_to_key(compare))


class Shelf:
    """Sources of a workspace of their own, in the database and in the model."""

    def __init__(self, database: Database, order: Sequence[tuple[str, bool]]) -> None:
        self.database = database
        self.viewer = Viewer(new_id())
        self.order = order
        self.found: dict[UUID, tuple[Any, ...]] = {}

    async def fill(self, given: Sequence[tuple[Any, ...]], *, first: bool = False) -> None:
        table = metadata.tables["sources"]
        values = [
            {
                "id": new_id(),
                "workspace_id": self.viewer.workspace_id,
                "title": title,
                "created_at": at(second),
                "citation_count": number,
            }
            for title, second, number in given
        ]
        async with self.database.write(viewer=PROGRAM) as connection:
            if first:
                workspace = {"id": self.viewer.workspace_id, "name": str(self.viewer.workspace_id)}
                await connection.execute(sa.insert(metadata.tables["workspaces"]), [workspace])
            if values:
                await connection.execute(sa.insert(table), values)
        for value, (title, second, number) in zip(values, given, strict=True):
            self.found[value["id"]] = (title, at(second), number)

    @property
    def expected(self) -> list[UUID]:
        return model(self.found, self.order)

    async def read(self, page: Page) -> Slice:
        by = [sources.ORDERS[field].directed(descending=descending) for field, descending in self.order]
        async with self.database.read(viewer=PROGRAM) as connection:
            return await sources.page(connection, page, order=by, viewer=self.viewer)


@IN_ONE_DATABASE
@given(st.lists(rows, max_size=12), orders, st.integers(1, 5))
@example([("a", 0, 0), (None, 0, 0), (None, 1, 0)], [("TITLE", True)], 1)
@example([(None, 0, 0), (None, 1, 0)], [("TITLE", False)], 2)
async def test_pages_give_the_whole_list_in_order_with_both_booleans_right(
    database: Database, given: list[tuple[Any, ...]], order: list[tuple[str, bool]], size: int
) -> None:
    shelf = Shelf(database, order)
    await shelf.fill(given, first=True)
    expected = shelf.expected
    cursor: str | None = None
    for start in range(0, len(expected) or 1, size):
        after = None if start == 0 else cursor
        page = await shelf.read(Page.of(first=size, after=after))
        assert [row.id for row in page.rows] == expected[start : start + size]
        assert (page.has_previous, page.has_next) == (start > 0, start + size < len(expected))
        cursor = page.cursor(page.rows[-1]) if page.rows else None
    if expected:
        beyond = await shelf.read(Page.of(first=size, after=cursor))
        assert (beyond.rows, beyond.has_previous, beyond.has_next) == ([], True, False)
    for end in range(len(expected), 0, -size):
        before = None if end == len(expected) else cursor
        page = await shelf.read(Page.of(last=size, before=before))
        assert [row.id for row in page.rows] == expected[max(0, end - size) : end]
        assert (page.has_previous, page.has_next) == (end - size > 0, end < len(expected))
        cursor = page.cursor(page.rows[0])


@IN_ONE_DATABASE
@given(st.lists(rows, min_size=2, max_size=8), orders, st.data())
async def test_the_rows_between_two_cursors_are_a_list_of_their_own(
    database: Database, given: list[tuple[Any, ...]], order: list[tuple[str, bool]], data: st.DataObject
) -> None:
    shelf = Shelf(database, order)
    await shelf.fill(given, first=True)
    expected = shelf.expected
    whole = await shelf.read(Page.of(first=100))
    cursors = [whole.cursor(row) for row in whole.rows]
    low = data.draw(st.integers(0, len(expected) - 1))
    high = data.draw(st.integers(low, len(expected) - 1))
    size = data.draw(st.integers(1, 4))
    inside = expected[low + 1 : high]
    front = await shelf.read(Page.of(first=size, after=cursors[low], before=cursors[high]))
    back = await shelf.read(Page.of(last=size, after=cursors[low], before=cursors[high]))
    assert [row.id for row in front.rows] == inside[:size]
    assert [row.id for row in back.rows] == inside[len(inside) - min(size, len(inside)) :]
    assert front.has_previous
    assert front.has_next
    assert back.has_previous
    assert back.has_next


@IN_ONE_DATABASE
@given(st.lists(rows, min_size=1, max_size=8), st.lists(st.lists(rows, max_size=2), max_size=8), orders, st.booleans())
async def test_rows_that_come_meanwhile_move_no_other_row_in_or_out(
    database: Database,
    given: list[tuple[Any, ...]],
    later: list[list[tuple[Any, ...]]],
    order: list[tuple[str, bool]],
    backward: bool,
) -> None:
    shelf = Shelf(database, order)
    await shelf.fill(given, first=True)
    original = shelf.expected
    seen: list[UUID] = []
    cursor, more = None, True
    while more:
        expected = shelf.expected
        page = await shelf.read(Page.of(last=2, before=cursor) if backward else Page.of(first=2, after=cursor))
        ids = [row.id for row in page.rows]
        places = [expected.index(key) for key in ids]
        assert places == list(range(places[0], places[0] + len(ids)))
        assert page.has_previous is (places[0] > 0)
        assert page.has_next is (places[-1] < len(expected) - 1)
        seen = ids + seen if backward else seen + ids
        cursor = page.cursor(page.rows[0 if backward else -1])
        more = page.has_previous if backward else page.has_next
        await shelf.fill(later.pop() if later else [])
    assert [key for key in seen if key in original] == original
    assert len(set(seen)) == len(seen)


async def some_cursor(database: Database) -> tuple[str, str]:
    """A cursor of the conversations by title, and one of the messages of one."""
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        talk = await world.conversation(title="é")
        await world.message(talk, 0)
    async with database.read(viewer=PROGRAM) as connection:
        by_title = await conversations.page(connection, Page.of(), order=[conversations.ORDERS["TITLE"]], viewer=ME)
        branch = (await messages.of_conversations(connection, [talk], Page.of(), viewer=ME))[talk]
    return by_title.cursor(by_title.rows[0]), branch.cursor(branch.rows[0])


async def test_a_cursor_of_another_list_order_or_direction_is_refused(database: Database) -> None:
    by_title, on_branch = await some_cursor(database)
    title = conversations.ORDERS["TITLE"]
    async with database.read(viewer=PROGRAM) as connection:
        same = Page.of(first=1, after=by_title)
        assert (await conversations.page(connection, same, order=[title], viewer=ME)).has_previous
        for cursor, order in (
            (by_title, [title.directed(descending=True)]),
            (by_title, [conversations.ORDERS["CREATED_AT"]]),
            (by_title, [title, conversations.ORDERS["CREATED_AT"]]),
            (by_title, []),
            (on_branch, [title]),
        ):
            with pytest.raises(InvalidCursor) as raised:
                await conversations.page(connection, Page.of(first=1, after=cursor), order=order, viewer=ME)
            assert raised.value.field == "after"
        page = Page.of(last=1, before=on_branch)
        with pytest.raises(InvalidCursor) as raised:
            await messages.of_conversations(connection, [], page, all_branches=True, viewer=ME)
        assert raised.value.field == "before"


KEYSET = Keyset.of(
    "list", metadata.tables["sources"], [Order("TITLE", "title", nullable=True), Order("N", "citation_count")]
)


def forged(*parts: Any) -> str:
    """A cursor with a right checksum."""
    text = json.dumps(parts).encode()
    return base64.urlsafe_b64encode(zlib.crc32(text).to_bytes(4, "big") + text).rstrip(b"=").decode()


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_any_text_that_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(InvalidCursor):
        KEYSET.values(text, "after")


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda v: st.lists(v, max_size=2)
)


@given(st.lists(values, max_size=4) | values)
def test_a_forged_cursor_gives_only_what_the_columns_take(given: Any) -> None:
    try:
        title, number, key = KEYSET.values(forged(KEYSET.signature, given), "after")
    except InvalidCursor:
        return
    assert title is None or (isinstance(title, str) and "\0" not in title)
    assert type(number) is int
    assert -(2**31) <= number < 2**31
    assert isinstance(key, UUID)


async def test_a_mangled_cursor_is_refused(database: Database) -> None:
    cursor, _ = await some_cursor(database)
    title = conversations.ORDERS["TITLE"]
    mangled = [cursor[:-1], cursor[1:], cursor + "A", cursor + "=", cursor.swapcase(), "é" + cursor, "", "e30"]
    mangled += [cursor[:n] + ("A" if cursor[n] != "A" else "B") + cursor[n + 1 :] for n in range(len(cursor) - 1)]
    async with database.read(viewer=PROGRAM) as connection:
        for text in mangled:
            with pytest.raises(InvalidCursor):
                await conversations.page(connection, Page.of(first=1, after=text), order=[title], viewer=ME)


async def test_a_page_is_one_statement_with_cursors_and_without(database: Database, statements: list[str]) -> None:
    cursor, _ = await some_cursor(database)
    title = conversations.ORDERS["TITLE"]
    async with database.read(viewer=PROGRAM) as connection:
        for page in (Page.of(), Page.of(first=1, after=cursor), Page.of(last=1, after=cursor, before=cursor)):
            statements.clear()
            await conversations.page(connection, page, order=[title], viewer=ME)
            assert len(statements) == 1
