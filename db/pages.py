"""Pages of lists, one statement each, of one list or of those of many parents.

A page of each of many parents is had by a lateral join on PostgreSQL and by a correlated `IN (... LIMIT n)` on SQLite,
or there, where an index is the list, by a range of it that ends at a correlated `max(... LIMIT n)`: all walk an index
for each parent and stop behind the page, where a window function would number all of the rows first.
Whether there is more is known from one row too many, and on the side of a cursor from an EXISTS in the same statement.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.sql import visitors

from db.errors import ColloquyError
from db.listings import AFTER, BEFORE, THERE, Bounds, Listing, Run, ordered
from db.paging import Keyset, Page, Row, Slice
from db.prepared import Connection
from db.reads import alias, columns_of, fenced, here, one_of_named
from db.statements import IDS, Form, Get, Statement, anew, shaped
from db.verbs import Shape, grouped
from db.viewer import Viewer

_ROW: Final = "page_row"
"""What says that there is a row."""


def all_columns(listing: Listing, run: Run) -> dict[str, sa.ColumnElement[Any]]:
    """All that a row of the list can show: the table's columns, and the keyset's that the table lacks."""
    columns: dict[str, sa.ColumnElement[Any]] = {str(column.key): column for column in columns_of(listing.rows)}
    for column, term in zip(run.columns, listing.keyset.terms, strict=True):
        columns.setdefault(term.name, column.label(term.name))
    return columns


def layout(listing: Listing, form: Form) -> tuple[str, ...]:
    """The columns of a row in that form: what is asked for, and what its cursor is made of."""
    columns = {str(column.key): column for column in columns_of(listing.rows)}
    terms = tuple(term.name for term in listing.keyset.terms)
    if form.columns is None:
        return (*columns, *(name for name in terms if name not in columns))
    return (*form.names(columns), *(terms if form.cursors else ()))


def cursor_of(keyset: Keyset, form: Form) -> Callable[[Any], str]:
    """What makes the cursor of a row in that form."""
    if form.columns is None:
        return keyset.cursor
    return partial(keyset.place, at=len(form.columns) + 1) if form.cursors else _no_cursor


def _no_cursor(_row: Any) -> str:
    raise LookupError("these rows were read without their cursors: ask with cursors=True")


def _slice(found: list[Any], page: Page, form: Form, statement: Statement, cursor: Callable[[Any], str]) -> Slice:
    """The page of the rows that its statement gave: one too many tells that there is more."""
    flags = statement.flags
    before = after = False
    if flags and found:
        before = BEFORE in flags and bool(found[0][flags[BEFORE]])
        after = AFTER in flags and bool(found[0][flags[AFTER]])
        found = [row for row in found if row[statement.there] is not None]
        if form.columns is not None:
            found = [statement.cut(row) for row in found]
    more = len(found) > page.size
    del found[page.size :]
    if page.backward:
        found.reverse()
        return Slice(found, after, more or before, cursor)
    return Slice(found, more or after, before, cursor)


def flags_at(flags: Sequence[sa.ColumnElement[Any]]) -> dict[str, int]:
    """The places of a statement's last columns, from the end."""
    return {str(flag.key): place - len(flags) for place, flag in enumerate(flags)}


class Listed:
    """A page of a list that has no parent. `absent` is raised where there is no such list."""

    __slots__ = ("_absent", "_get", "_make", "_page", "_shape", "_values")

    def __init__(
        self,
        make: Callable[..., Listing],
        shape: Shape,
        page: Page,
        viewer: Viewer,
        *,
        keep: bool = True,
        absent: ColloquyError | None = None,
        **values: Any,
    ) -> None:
        self._make = make
        self._shape, found, self._get = shaped(shape, keep=keep)
        self._page = page
        self._absent = absent
        self._values: Mapping[str, Any] = {"workspace_id": viewer.workspace_id, **values, **found}

    async def answer(self, connection: Connection, form: Form) -> Slice:
        """The page. Raises InvalidCursor."""
        listing = self._get(self._make, *self._shape)
        bounds, values = listing.asked(self._page)
        if self._get is not anew:
            statement = self._get(_page, self._get, self._make, self._shape, form, bounds)
        else:
            statement = _page_of(listing, form, bounds)
        found = await statement.fetch(connection, form, {**self._values, **values})
        if THERE in statement.flags and self._absent is not None and not found[0][statement.flags[THERE]]:
            raise self._absent
        return _slice(list(found), self._page, form, statement, cursor_of(listing.keyset, form))


def _page(get: Get, make: Callable[..., Listing], shape: Shape, form: Form, bounds: Bounds) -> Statement:
    return _page_of(get(make, *shape), form, bounds)


def _page_of(listing: Listing, form: Form, bounds: Bounds) -> Statement:
    flags = listing.flags(bounds)
    names = layout(listing, form)
    if form.columns is not None:
        names = ("id", *names)
    if not flags and len(listing.runs) == 1:
        return Statement(listing.within(bounds, lambda run: _picked(listing, run, names)))
    inner = tuple(dict.fromkeys((*names, *(term.name for term in listing.keyset.terms))))
    page = listing.within(bounds, lambda run: _picked(listing, run, inner)).subquery("found")
    # A page without rows still has to tell what lies around it.
    one = sa.select(sa.literal_column("1").label("one")).subquery("one")
    statement = (
        sa.select(*(page.c[name] for name in names), *flags)
        .select_from(one.outerjoin(page, sa.true()) if flags else page)
        .order_by(*(ordered(page.c[term.name], term, bounds.backward) for term in listing.keyset.terms))
    )
    return Statement(statement, there=names.index("id"), flags=flags_at(flags))


def _picked(listing: Listing, run: Run, names: Sequence[str]) -> list[sa.ColumnElement[Any]]:
    columns = all_columns(listing, run)
    return [columns[name] for name in names]


class Pages:
    """The same page of each parent's list; a deleted parent's is empty.

    `make` makes the list of a parent, of which it may use the id.
    """

    __slots__ = ("_get", "_ids", "_make", "_page", "_parents", "_shape", "_values")

    def __init__(
        self,
        make: Callable[..., Listing],
        shape: Shape,
        parents: str,
        ids: Iterable[Any],
        page: Page,
        viewer: Viewer,
        *,
        keep: bool = True,
        **values: Any,
    ) -> None:
        self._make = make
        self._shape, found, self._get = shaped(shape, keep=keep)
        self._parents = parents
        self._ids = ids if isinstance(ids, list) else list(ids)
        self._page = page
        self._values: Mapping[str, Any] = {IDS: self._ids, "workspace_id": viewer.workspace_id, **values, **found}

    async def answer(self, connection: Connection, form: Form) -> dict[UUID, Slice]:
        """For each of the parents a page. Raises InvalidCursor."""
        listing = self._get(_first_listing, self._make, self._shape, self._parents)
        bounds, values = listing.asked(self._page)
        statement = self._get(_pages, self._make, self._shape, self._parents, form, bounds)
        rows = await statement.fetch(connection, form, {**self._values, **values})
        groups = grouped(rows, statement.key, () if form.columns is not None else self._ids)
        cursor = cursor_of(listing.keyset, form)
        return {key: _slice(found, self._page, form, statement, cursor) for key, found in groups.items()}


class Firsts:
    """The rows of the same page of each parent's list, for lists that are read without cursors."""

    __slots__ = ("_pages",)

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    async def answer(self, connection: Connection, form: Form) -> dict[UUID, list[Row]]:
        """For each of the parents a list."""
        found = await self._pages.answer(connection, form)
        return {key: given.rows for key, given in found.items()}


def _first_listing(make: Callable[..., Listing], shape: tuple[Any, ...], parents: str) -> Listing:
    return make(alias(parents, "parent"), *shape)


def _pages(make: Callable[..., Listing], shape: tuple[Any, ...], parents: str, form: Form, bounds: Bounds) -> Statement:
    parent = alias(parents, "parent")
    listing = make(parent, *shape)
    conditions = [one_of_named(parent.c.id, IDS), here(parent)]
    if "deleted_at" in parent.c:
        conditions.append(parent.c.deleted_at.is_(None))
    flags: Sequence[sa.ColumnElement[Any]] = listing.flags(bounds, parent)
    if flags or form.dialect == "postgresql":
        # Flags once for each parent, and not again for each row of its page. And what else decides about a parent, as
        # an end user's wall does by joins, is behind the fence: such a join of the pages could turn their order round.
        parent = fenced(sa.select(*_used(listing, parent), *flags).where(*conditions), form.dialect).subquery("parent")
        listing, flags, conditions = make(parent, *shape), [parent.c[flag.name] for flag in flags], []
    names = layout(listing, form)
    if form.dialect == "postgresql":
        frame, columns, order = _laterally(listing, bounds, parent, names, outer=bool(flags))
    else:
        lying = _by_place if listing.key is None else _by_range
        frame, columns, order = lying(listing, bounds, parent, outer=bool(flags))
    # A row of SQLAlchemy says by its id whether it is there, a raw one by its own place.
    there = [columns["id"].label(_ROW)] if flags and form.columns is not None else []
    ends = [*there, *flags]
    statement = (
        sa.select(parent.c.id.label("page_key"), *(columns[name] for name in names), *ends)
        .select_from(frame)
        .where(*conditions)
        .order_by(*order)
    )
    return Statement(
        statement, there=-len(ends) if there else names.index("id") + 1 if flags else 0, flags=flags_at(ends)
    )


def _used(listing: Listing, parent: sa.FromClause) -> list[sa.ColumnElement[Any]]:
    """The columns of a parent that its list looks at, its id among them."""
    parts = [part for run in listing.runs for part in (run.source, *run.conditions, *run.columns)]
    seen: list[Any] = [each for part in parts for each in visitors.iterate(part)]
    used = {"id", *(each.key for each in seen if getattr(each, "table", None) is parent)}
    return [column for column in parent.c if column.key in used]


_Lying = tuple[sa.FromClause, Mapping[str, sa.ColumnElement[Any]], Sequence[sa.ColumnElement[Any]]]
"""A join of parents with their pages, its columns, and its order."""


def _laterally(listing: Listing, bounds: Bounds, parent: sa.FromClause, names: Sequence[str], *, outer: bool) -> _Lying:
    """On PostgreSQL. Rows need no order: each parent's come from one walk, in its order, and are told by their key."""
    inner = tuple(dict.fromkeys(("id", *names)))
    page = listing.within(bounds, lambda run: _picked(listing, run, inner), parent).lateral("page")
    return parent.join(page, sa.true(), isouter=outer), {name: page.c[name] for name in inner}, ()


def _by_place(listing: Listing, bounds: Bounds, parent: sa.FromClause, *, outer: bool) -> _Lying:
    """On SQLite, which finds a row by its place in the file faster than by its id, and has the place in every index."""
    rows = alias(listing.rows.name, "page")
    within = listing.within(bounds, lambda _: [_place(listing.rows).label("place")], parent)
    columns = {**rows.c, **{str(column.key): column for column in listing.extras(rows)}}
    terms = (ordered(columns[term.name], term, bounds.backward) for term in listing.keyset.terms)
    # Parents are walked by id, so that each page is sorted by itself.
    return parent.join(rows, _place(rows).in_(within), isouter=outer), columns, (parent.c.id, *terms)


def _by_range(listing: Listing, bounds: Bounds, parent: sa.FromClause, *, outer: bool) -> _Lying:
    """On SQLite, of a list that is an index: the last place of the page is counted out in the index alone, and then the
    rows up to it are walked; none is looked for by its place in the file, and nothing is sorted."""
    rows = alias(listing.rows.name, "page")
    (term,) = listing.keyset.terms
    place = rows.c[term.name]
    run = Run(rows, (), (place,))
    sides = [
        run.place(listing.keyset, side, values, after=after)
        for side, values, after in bounds.sides
        if values is not None
    ]
    within = listing.within(bounds, lambda run: [run.columns[0].label("place")], parent).subquery("within")
    if term.descending is bounds.backward:
        end = place <= sa.select(sa.func.max(within.c.place)).scalar_subquery()
    else:
        end = place >= sa.select(sa.func.min(within.c.place)).scalar_subquery()
    inside = sa.and_(rows.c[str(listing.key)] == parent.c.id, *sides, end)
    return parent.join(rows, inside, isouter=outer), {**rows.c}, (parent.c.id, ordered(place, term, bounds.backward))


def _place(rows: sa.FromClause) -> sa.ColumnElement[int]:
    return sa.literal_column(f"{getattr(rows, 'name')}.rowid", sa.Integer())  # noqa: B009 - tables and aliases have it
