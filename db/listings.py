"""Lists of rows that are read in pages, one statement each, for one list or for those of many parents.

A page of each of many parents is had by a lateral join on PostgreSQL and by a correlated `id IN (... LIMIT n)` on
SQLite: both walk an index for each parent and stop behind the page, where a window function would number all of the
rows first.
Whether there is more is known from one row too many, and on the side of a cursor from an EXISTS in the same statement.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.paging import Keyset, Order, Page, Row, Slice, Term
from db.reads import Condition, alias, columns_of, fenced, in_workspace, one_of
from db.viewer import Viewer

_NOTHING: Final = object()


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of a list that one index gives in order; a list is one or more of them, one behind the other.

    `columns` are those of the keyset's terms. `fixed` is the value of the first term where the stretch has only one;
    `present` says that the first term is never null in it.
    """

    source: sa.FromClause
    conditions: tuple[Condition, ...]
    columns: tuple[sa.ColumnElement[Any], ...]
    fixed: Any = _NOTHING
    present: bool = False

    def place(self, keyset: Keyset, values: tuple[Any, ...], *, after: bool, inclusive: bool = False) -> Condition:
        """Where the rows lie: behind the values or in front of them, or (inclusive) right there."""
        terms, columns = keyset.terms, self.columns
        first = terms[0]
        if self.fixed is not _NOTHING:
            if self.fixed != values[0]:
                behind = self.fixed is None or (
                    values[0] is not None and (self.fixed > values[0]) is not first.descending
                )
                return sa.true() if behind is after else sa.false()
            return _place(terms[1:], columns[1:], values[1:], after=after, inclusive=inclusive)
        if self.present:
            if values[0] is None:
                return sa.false() if after else sa.true()
            terms = (Term(first.name, first.type, first.descending), *terms[1:])
        return _place(terms, columns, values, after=after, inclusive=inclusive)

    def order(self, keyset: Keyset, *, backward: bool) -> list[sa.ColumnElement[Any]]:
        """The order of the rows within the stretch."""
        terms, columns = keyset.terms, self.columns
        if self.fixed is not _NOTHING:
            terms, columns = terms[1:], columns[1:]
        elif self.present:
            terms = (Term(terms[0].name, terms[0].type, terms[0].descending), *terms[1:])
        return [_ordered(column, term, backward) for column, term in zip(columns, terms, strict=True)]


def _place(
    terms: Sequence[Term],
    columns: Sequence[sa.ColumnElement[Any]],
    values: Sequence[Any],
    *,
    after: bool,
    inclusive: bool,
) -> Condition:
    if not terms:
        return sa.true() if inclusive else sa.false()
    bound = [sa.bindparam(None, value, type_=term.type, unique=True) for value, term in zip(values, terms, strict=True)]
    first, column, value = terms[0], columns[0], values[0]
    greater = after is not first.descending
    if all(not term.nullable and term.descending is first.descending for term in terms):
        # One comparison of rows, which an index answers as a range.
        left, right = (columns[0], bound[0]) if len(terms) == 1 else (sa.tuple_(*columns), sa.tuple_(*bound))
        if inclusive:
            return left >= right if greater else left <= right
        return left > right if greater else left < right
    rest = _place(terms[1:], columns[1:], values[1:], after=after, inclusive=inclusive)
    if value is None:
        beyond: Condition = sa.false() if after else column.is_not(None)
        return sa.or_(beyond, sa.and_(column.is_(None), rest))
    beyond = column > bound[0] if greater else column < bound[0]
    if first.nullable and after:
        beyond = sa.or_(beyond, column.is_(None))
    exact = sa.or_(beyond, sa.and_(column == bound[0], rest))
    if first.nullable:
        return exact
    # Said once more as a range, for the index.
    return sa.and_(column >= bound[0] if greater else column <= bound[0], exact)


def _ordered(column: sa.ColumnElement[Any], term: Term, backward: bool) -> sa.ColumnElement[Any]:
    directed = column.asc() if term.descending is backward else column.desc()
    if not term.nullable:
        return directed
    return directed.nulls_first() if backward else directed.nulls_last()


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of a table's rows that can be read in pages.

    `extras` gives, from the rows of a page, the columns of the keyset that the table itself lacks.
    """

    rows: sa.Table
    keyset: Keyset
    runs: tuple[Run, ...]
    extras: Callable[[sa.FromClause], Sequence[sa.ColumnElement[Any]]] = lambda _: ()

    @classmethod
    def of(
        cls,
        kind: str,
        rows: sa.Table,
        orders: Sequence[Order],
        *conditions: Condition,
        source: sa.FromClause | None = None,
    ) -> Self:
        """The rows that meet the conditions, in that order; the nulls of its first column are a run of their own."""
        keyset = Keyset.of(kind, rows, orders)
        columns = tuple(rows.c[term.name] for term in keyset.terms)
        origin = rows if source is None else source
        if not keyset.terms[0].nullable:
            return cls(rows, keyset, (Run(origin, conditions, columns),))
        present = Run(origin, (*conditions, columns[0].is_not(None)), columns, present=True)
        absent = Run(origin, (*conditions, columns[0].is_(None)), columns, fixed=None)
        return cls(rows, keyset, (present, absent))

    def cursors(self, page: Page) -> tuple[tuple[Any, ...] | None, tuple[Any, ...] | None]:
        """The values of the page's cursors. Raises InvalidCursor."""
        after = None if page.after is None else self.keyset.values(page.after, "after")
        before = None if page.before is None else self.keyset.values(page.before, "before")
        return after, before

    def within(
        self,
        page: Page,
        columns: Callable[[Run], Sequence[sa.ColumnElement[Any]]],
        *correlated: sa.FromClause,
    ) -> sa.Select[Any]:
        """The rows of the page and one more, from its beginning, or from its end if it is read backward."""
        after, before = self.cursors(page)
        parts = []
        for run in self.runs:
            bounds = []
            if after is not None:
                bounds.append(run.place(self.keyset, after, after=True))
            if before is not None:
                bounds.append(run.place(self.keyset, before, after=False))
            if any(isinstance(bound, sa.sql.elements.False_) for bound in bounds):
                continue
            labelled = [column.label(f"order_{n}") for n, column in enumerate(run.columns)] if self._many else []
            parts.append(
                sa.select(*columns(run), *labelled)
                .select_from(run.source)
                .where(*run.conditions, *bounds)
                .order_by(*run.order(self.keyset, backward=page.backward))
                .limit(page.size + 1)
                .correlate(*correlated)
            )
        if not parts:
            return sa.select(*columns(self.runs[0])).select_from(self.runs[0].source).where(sa.false())
        if not self._many:
            return parts[0]
        wrapped = [sa.select(*part.subquery().c) for part in parts]
        union = (sa.union_all(*wrapped) if len(wrapped) > 1 else wrapped[0]).subquery()
        return (
            sa.select(*(column for column in union.c if not column.name.startswith("order_")))
            .order_by(
                *(_ordered(union.c[f"order_{n}"], term, page.backward) for n, term in enumerate(self.keyset.terms))
            )
            .limit(page.size + 1)
        )

    @property
    def _many(self) -> bool:
        return len(self.runs) > 1

    def flags(self, page: Page, *correlated: sa.FromClause) -> list[sa.ColumnElement[Any]]:
        """Whether rows lie at a cursor or beyond it, outside of the page; known also where the page is empty."""
        flags: list[sa.ColumnElement[Any]] = []
        for name, values, after in zip(("page_before", "page_after"), self.cursors(page), (False, True), strict=True):
            if values is None:
                continue
            found: list[Condition] = [
                sa.exists(
                    sa.select(sa.literal_column("1"))
                    .select_from(run.source)
                    .where(*run.conditions, run.place(self.keyset, values, after=after, inclusive=True))
                    .correlate(*correlated)
                )
                for run in self.runs
            ]
            flags.append(sa.or_(*found).label(name))
        return flags

    def slice(self, found: Sequence[Row], page: Page) -> Slice:
        """The page of the rows that its statement gave: one too many tells that there is more."""
        rows = [row for row in found if row.id is not None]
        flags = found[0]._mapping if found else {}
        before, after = bool(flags.get("page_before")), bool(flags.get("page_after"))
        more = len(rows) > page.size
        del rows[page.size :]
        if page.backward:
            rows.reverse()
            return Slice(rows, after, more or before, self.keyset.cursor)
        return Slice(rows, more or after, before, self.keyset.cursor)


async def page_of(connection: AsyncConnection, listing: Listing, page: Page) -> Slice:
    """A page of a list that has no parent."""
    given, _ = await page_with(connection, listing, page)
    return given


async def page_with(
    connection: AsyncConnection, listing: Listing, page: Page, *more: sa.ColumnElement[Any]
) -> tuple[Slice, Mapping[str, Any]]:
    """The same, and by their names the values of `more`, which do not depend on the page's rows."""
    flags = [*listing.flags(page), *more]
    if not flags and len(listing.runs) == 1:
        within = listing.within(page, lambda run: [*columns_of(listing.rows), *_computed(listing, run)])
        return listing.slice((await connection.execute(within)).all(), page), {}
    # A page without rows still has to tell what lies around it.
    one = sa.select(sa.literal_column("1").label("one")).subquery("one")
    ids = listing.within(page, lambda run: [listing.rows.c.id, *_computed(listing, run)]).subquery("ids")
    rows = alias(listing.rows.name, "page")
    computed = [column for column in ids.c if column.name != "id"]
    values = {**rows.c, **{column.name: column for column in computed}}
    statement = (
        sa.select(*flags, *columns_of(rows), *computed)
        .select_from(one.outerjoin(ids, sa.true()).outerjoin(rows, rows.c.id == ids.c.id))
        .order_by(*(_ordered(values[term.name], term, page.backward) for term in listing.keyset.terms))
    )
    found = (await connection.execute(statement)).all()
    return listing.slice(found, page), dict(found[0]._mapping) if more else {}


def _computed(listing: Listing, run: Run) -> list[sa.ColumnElement[Any]]:
    """The columns of the keyset that the rows lack."""
    return [
        column.label(term.name)
        for column, term in zip(run.columns, listing.keyset.terms, strict=True)
        if term.name not in listing.rows.c
    ]


async def pages_of(
    connection: AsyncConnection,
    parents: sa.Table,
    listing_of: Callable[[sa.FromClause], Listing],
    page: Page,
    *,
    ids: Sequence[UUID],
    viewer: Viewer,
) -> dict[UUID, Slice]:
    """The same page of each parent's list, in one statement; for each of the ids a slice.

    `listing_of` makes the list of a parent, of which it may use the id. A deleted parent's list is empty.
    """
    parent = alias(parents.name, "parent")
    listing = listing_of(parent)
    conditions = [one_of(parent.c.id, ids), in_workspace(parent, viewer.workspace_id)]
    if "deleted_at" in parents.c:
        conditions.append(parent.c.deleted_at.is_(None))
    if flags := listing.flags(page, parent):
        # Once for each parent, and not again for each row of its page.
        parent = fenced(sa.select(parent.c.id, *flags).where(*conditions), connection).subquery("parent")
        listing, flags, conditions = listing_of(parent), [parent.c[flag.name] for flag in flags], []
    rows = alias(listing.rows.name, "page")
    within = listing.within(page, lambda _: [listing.rows.c.id], parent)
    if connection.dialect.name == "postgresql":
        chosen = within.lateral("ids")
        joined = parent.outerjoin(chosen, sa.true()).outerjoin(rows, rows.c.id == chosen.c.id)
    else:
        joined = parent.outerjoin(rows, rows.c.id.in_(within))
    extras = {column.name: column for column in listing.extras(rows)}
    order = [
        _ordered(extras[term.name] if term.name in extras else rows.c[term.name], term, page.backward)
        for term in listing.keyset.terms
    ]
    statement = (
        sa.select(parent.c.id.label("page_key"), *flags, *columns_of(rows), *extras.values())
        .select_from(joined)
        .where(*conditions)
        .order_by(*order)
    )
    groups: dict[UUID, list[Row]] = {key: [] for key in ids}
    for row in await connection.execute(statement):
        groups[row.page_key].append(row)
    return {key: listing.slice(found, page) for key, found in groups.items()}
