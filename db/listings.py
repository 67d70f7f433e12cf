"""Lists of rows that are read in pages: which rows they have, in which order, and where a cursor lies in them.

Statements are made once for many pages (see `db.statements`), so what is told of a page here is only what its statement
depends on: its `Bounds`. The values of its cursors are parameters, `after_0`, `after_1`, ... and `before_0`, ...
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Self

import sqlalchemy as sa

from db.paging import Keyset, Order, Page, Term
from db.reads import Condition

SIZE: Final = "size"
"""The parameter that is the number of rows to read: those of a page and one more, which tells that there is more."""

LIMIT: Final = sa.bindparam(SIZE, type_=sa.Integer())
"""That number."""

_NOTHING: Final = object()
_GIVEN: Final = True
"""Stands for a cursor's value that is not null."""

Values = tuple[Any, ...]


class Bounds(NamedTuple):
    """What the statement of a page depends on: the direction, and for each cursor what of its values decides."""

    backward: bool
    after: Values | None = None
    before: Values | None = None

    @property
    def sides(self) -> tuple[tuple[str, Values | None, bool], ...]:
        """The cursors: the name of their parameters, what of their values decides, and whether the page is behind."""
        return ("after", self.after, True), ("before", self.before, False)


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of a list that one index gives in order; a list is one or more of them, one behind the other.

    `columns` are those of the keyset's terms. `fixed` is the value of the first term where the stretch has only one:
    null, or a number, which only one of a list's stretches has. `present` says that the first term is never null in it.
    """

    source: sa.FromClause
    conditions: tuple[Condition, ...]
    columns: tuple[sa.ColumnElement[Any], ...]
    fixed: Any = _NOTHING
    present: bool = False

    def place(self, keyset: Keyset, side: str, values: Values, *, after: bool, inclusive: bool = False) -> Condition:
        """Where the rows lie: behind the cursor of that side or in front of it, or (inclusive) right there."""
        terms, columns = keyset.terms, self.columns
        first = terms[0]
        names = tuple(f"{side}_{n}" for n in range(len(terms)))
        if self.fixed is not _NOTHING:
            if self.fixed != values[0]:
                behind = self.fixed is None or (
                    values[0] is not None and (self.fixed > values[0]) is not first.descending
                )
                return sa.true() if behind is after else sa.false()
            return _place(terms[1:], columns[1:], values[1:], names[1:], after=after, inclusive=inclusive)
        if self.present:
            if values[0] is None:
                return sa.false() if after else sa.true()
            terms = (Term(first.name, first.type, first.descending), *terms[1:])
        return _place(terms, columns, values, names, after=after, inclusive=inclusive)

    def order(self, keyset: Keyset, *, backward: bool) -> list[sa.ColumnElement[Any]]:
        """The order of the rows within the stretch."""
        terms, columns = keyset.terms, self.columns
        if self.fixed is not _NOTHING:
            terms, columns = terms[1:], columns[1:]
        elif self.present:
            terms = (Term(terms[0].name, terms[0].type, terms[0].descending), *terms[1:])
        return [ordered(column, term, backward) for column, term in zip(columns, terms, strict=True)]


def _place(
    terms: Sequence[Term],
    columns: Sequence[sa.ColumnElement[Any]],
    values: Sequence[Any],
    names: Sequence[str],
    *,
    after: bool,
    inclusive: bool,
) -> Condition:
    if not terms:
        return sa.true() if inclusive else sa.false()
    bound = [sa.bindparam(name, type_=term.type) for name, term in zip(names, terms, strict=True)]
    first, column, value = terms[0], columns[0], values[0]
    greater = after is not first.descending
    if all(not term.nullable and term.descending is first.descending for term in terms):
        # One comparison of rows, which an index answers as a range.
        left, right = (columns[0], bound[0]) if len(terms) == 1 else (sa.tuple_(*columns), sa.tuple_(*bound))
        if inclusive:
            return left >= right if greater else left <= right
        return left > right if greater else left < right
    rest = _place(terms[1:], columns[1:], values[1:], names[1:], after=after, inclusive=inclusive)
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


def ordered(column: sa.ColumnElement[Any], term: Term, backward: bool) -> sa.ColumnElement[Any]:
    """The column as a term of ORDER BY, of the list as it is or from its end."""
    directed = column.asc() if term.descending is backward else column.desc()
    if not term.nullable:
        return directed
    return directed.nulls_first() if backward else directed.nulls_last()


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of a table's rows that can be read in pages.

    `extras` gives, from the rows of a page, the columns of the keyset that the table itself lacks. `there` is for a
    list that there may not be at all: it says so. `key` is for a list of all of a parent's rows that have a place in
    it: an index of that column and of the keyset's only term finds them.
    """

    rows: sa.Table
    keyset: Keyset
    runs: tuple[Run, ...]
    extras: Callable[[sa.FromClause], Sequence[sa.ColumnElement[Any]]] = lambda _: ()
    there: Condition | None = None
    key: str | None = None

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

    def asked(self, page: Page) -> tuple[Bounds, dict[str, Any]]:
        """What the page's statement depends on, and its parameters. Raises InvalidCursor."""
        values: dict[str, Any] = {SIZE: page.size + 1}
        deciding: list[Values | None] = []
        for side, cursor in (("after", page.after), ("before", page.before)):
            if cursor is None:
                deciding.append(None)
                continue
            found = self.keyset.values(cursor, side)
            values.update((f"{side}_{n}", value) for n, value in enumerate(found))
            rest = (None if value is None else _GIVEN for value in found[1:])
            deciding.append((self._beside(found[0]), *rest))
        return Bounds(page.backward, *deciding), values

    def _beside(self, first: Any) -> Any:
        """What of a cursor's first value decides: whether it is null, and on which side of a run's only value it is."""
        for run in self.runs:
            if first is not None and isinstance(run.fixed, int):
                return run.fixed + (first > run.fixed) - (first < run.fixed)
        return None if first is None else _GIVEN

    def within(
        self,
        bounds: Bounds,
        columns: Callable[[Run], Sequence[sa.ColumnElement[Any]]],
        *correlated: sa.FromClause,
    ) -> sa.Select[Any]:
        """The rows of the page and one more, from its beginning, or from its end if it is read backward."""
        parts = []
        for run in self.runs:
            places = [
                run.place(self.keyset, side, values, after=after)
                for side, values, after in bounds.sides
                if values is not None
            ]
            if any(isinstance(place, sa.sql.elements.False_) for place in places):
                continue
            labelled = [column.label(f"order_{n}") for n, column in enumerate(run.columns)] if self._many else []
            parts.append(
                sa.select(*columns(run), *labelled)
                .select_from(run.source)
                .where(*run.conditions, *places)
                .order_by(*run.order(self.keyset, backward=bounds.backward))
                .limit(LIMIT)
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
                *(ordered(union.c[f"order_{n}"], term, bounds.backward) for n, term in enumerate(self.keyset.terms))
            )
            .limit(LIMIT)
        )

    @property
    def _many(self) -> bool:
        return len(self.runs) > 1

    def flags(self, bounds: Bounds, *correlated: sa.FromClause) -> list[sa.ColumnElement[Any]]:
        """Whether rows lie at a cursor or beyond it, outside of the page; known also where the page is empty."""
        flags: list[sa.ColumnElement[Any]] = []
        for side, values, after in bounds.sides:
            if values is None:
                continue
            found: list[Condition] = [
                sa.exists(
                    sa.select(sa.literal_column("1"))
                    .select_from(run.source)
                    .where(*run.conditions, run.place(self.keyset, side, values, after=not after, inclusive=True))
                    .correlate(*correlated)
                )
                for run in self.runs
            ]
            flags.append(sa.or_(*found).label(BEFORE if after else AFTER))
        if self.there is not None:
            flags.append(self.there.label(THERE))
        return flags


BEFORE: Final = "page_before"
"""The flag that rows lie before the page."""

AFTER: Final = "page_after"
"""The flag that rows lie behind the page."""

THERE: Final = "page_there"
"""The flag that there is such a list."""
