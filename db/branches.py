"""Messages as branches of their conversation's tree: pages along a branch or over the whole tree.

The branch in play has its positions stored, so that its pages are ranges of an index. Any other branch is walked: up
from a message to the root, and down to its newest leaf, by recursion in the statement that reads the page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db import reads
from db.errors import InvalidInput
from db.filters import Where, message_where
from db.listings import LIMIT, SIZE, THERE, Listing, Run
from db.pages import Firsts, Listed, Pages, all_columns, cursor_of, flags_at, layout
from db.paging import Keyset, Page, Row, Slice, Term
from db.prepared import Connection
from db.statements import Form, Statement, kept
from db.verbs import Count, Counts, Numbers, Shape, verb
from db.viewer import Viewer

_TREE: Final = Keyset("conversation.messages", (Term("sequence", sa.Integer()),))
_IN_PLAY: Final = Keyset("conversation.branch", (Term("branch_position", sa.Integer()),))
_THROUGH: Final = Keyset("conversation.branch.through", (Term("branch_place", sa.Integer()),))


@verb("messages")
def of_conversations(
    ids: Sequence[UUID], page: Page, *, where: Where | None = None, all_branches: bool = False, viewer: Viewer
) -> Pages:
    """A page of each conversation's branch in play, or of its whole tree by sequence."""
    return Pages(_of_conversations, (all_branches, where or None), "conversations", ids, page, viewer, keep=not where)


def _of_conversations(parent: sa.FromClause, all_branches: bool, where: Where | None) -> Listing:
    rows = reads.table("messages")
    if where is not None:
        return _stored(rows, parent.c.id, all_branches, message_where(where))
    return replace(_stored(rows, parent.c.id, all_branches), key="conversation_id")


@verb()
def count_of_conversations(
    ids: Sequence[UUID], *, where: Where | None = None, all_branches: bool = False, viewer: Viewer
) -> Counts:
    """How many messages that meet the filter each conversation has on its branch in play, or on all."""
    return Counts(_count_of_conversations, (all_branches, where or None), ids, viewer, keep=not where)


def _count_of_conversations(all_branches: bool, where: Where | None) -> Numbers:
    rows = reads.table("messages")
    on_branch = sa.true() if all_branches else rows.c.branch_position.is_not(None)
    alive = reads.alive(rows.c.conversation_id)
    return Numbers.by(rows.c.conversation_id, rows, alive, on_branch, message_where(where))


@verb("messages")
def openai_branch(conversation_ids: Sequence[UUID], limit: int = 1000, *, viewer: Viewer) -> Firsts:
    """The first messages of each conversation's branch in play, at most `limit` each."""
    page = Page(first=limit)
    return Firsts(Pages(_of_conversations, (False, None), "conversations", conversation_ids, page, viewer))


def _stored(
    rows: sa.Table, conversation_id: sa.ColumnElement[UUID], all_branches: bool, *conditions: reads.Condition
) -> Listing:
    """The branch in play or the whole tree: in the order of an index."""
    inside = (rows.c.conversation_id == conversation_id, *conditions)
    if all_branches:
        return Listing(rows, _TREE, (Run(rows, inside, (rows.c.sequence,)),))
    position = rows.c.branch_position
    return Listing(rows, _IN_PLAY, (Run(rows, (*inside, position.is_not(None)), (position,)),))


_CONVERSATION: Final = sa.bindparam("conversation_id", type_=sa.Uuid())
_THROUGH_ID: Final = sa.bindparam("through", type_=sa.Uuid())
_AROUND_ID: Final = sa.bindparam("around", type_=sa.Uuid())


def _branch() -> sa.CTE:
    """The ids and places of the branch that passes through a message and ends at its newest leaf."""
    start, above, below, newest = (reads.alias("messages", name) for name in ("start", "above", "below", "newest"))
    itself = (start.c.id == _THROUGH_ID, start.c.conversation_id == _CONVERSATION, reads.here(start))
    steps = sa.literal_column("0", sa.Integer()).label("steps")
    up = sa.select(start.c.id, start.c.parent_id, steps).where(*itself).cte("up", recursive=True)
    up = up.union_all(
        sa.select(above.c.id, above.c.parent_id, up.c.steps + 1).select_from(
            up.join(above, above.c.id == up.c.parent_id)
        )
    )
    down = sa.select(start.c.id, steps).where(*itself).cte("down", recursive=True)
    child = (
        sa.select(newest.c.id)
        .where(newest.c.parent_id == down.c.id)
        .order_by(newest.c.sequence.desc())
        .limit(1)
        .correlate(down)
        .scalar_subquery()
    )
    down = down.union_all(sa.select(below.c.id, down.c.steps + 1).select_from(down.join(below, below.c.id == child)))
    depth = sa.select(sa.func.max(up.c.steps)).scalar_subquery()
    return sa.union_all(
        sa.select(up.c.id, (depth - up.c.steps).label("place")),
        sa.select(down.c.id, (depth + down.c.steps).label("place")).where(down.c.steps > 0),
    ).cte("branch")


async def branch_through(
    connection: AsyncConnection, conversation_id: UUID, through: UUID, *, viewer: Viewer
) -> list[Row]:
    """The branch that passes through a message, down to its newest leaf: ids, with the positions that are stored.

    Empty where that is no message of this conversation.
    """
    values = {"conversation_id": conversation_id, "through": through, "workspace_id": viewer.workspace_id}
    return list(await connection.execute(kept(_branch_through), values))


def _branch_through() -> sa.Select[Any]:
    rows, branch = reads.table("messages"), _branch()
    joined = branch.join(rows, rows.c.id == branch.c.id)
    return sa.select(rows.c.id, rows.c.branch_position).select_from(joined).order_by(branch.c.place)


@verb("messages")
def branch_page(
    conversation_id: UUID,
    page: Page,
    *,
    where: Where | None = None,
    through: UUID | None = None,
    around: UUID | None = None,
    all_branches: bool = False,
    viewer: Viewer,
) -> Listed | Around:
    """A page of one conversation's messages.

    `through` takes the branch that passes through that message, down to its newest leaf, in place of the one in play.
    `around` gives the page that has that message (or, where the filter leaves it out, its place) in its middle, or
    nearer to an end where there is no more.

    Raises InvalidInput where one of the two is no message of this conversation or not on the branch, and for `through`
    with `all_branches`, or `around` with a cursor.
    """
    _check_one_branch(through, all_branches)
    shape = (through is not None, all_branches, where or None)
    values = {"conversation_id": conversation_id, "through": through}
    if around is None:
        return Listed(_branch_page, shape, page, viewer, keep=not where, absent=_elsewhere(), **values)
    if page.after is not None or page.before is not None:
        raise InvalidInput("around begins a page anew: give it without after and before", field="around")
    return Around(_branch_page, shape, page, viewer, not where, around=around, **values)


def _check_one_branch(through: UUID | None, all_branches: bool) -> None:
    if through is not None and all_branches:
        raise InvalidInput("through names one branch and allBranches takes them all: give one", field="through")


def _elsewhere() -> InvalidInput:
    return InvalidInput("through is no message of this conversation", field="through")


def _branch_page(through: bool, all_branches: bool, where: Where | None) -> Listing:
    rows = reads.table("messages")
    conditions = (reads.here(rows), reads.alive(rows.c.conversation_id), message_where(where))
    if not through:
        return _stored(rows, _CONVERSATION, all_branches, *conditions)
    branch = _branch()
    source = branch.join(rows, rows.c.id == branch.c.id)
    there = sa.exists(sa.select(sa.literal_column("1")).select_from(branch))
    return Listing(rows, _THROUGH, (Run(source, conditions, (branch.c.place,)),), there=there)


class Around:
    """The page of one conversation's messages that has a certain one in its middle."""

    __slots__ = ("_keep", "_make", "_page", "_shape", "_values")

    def __init__(
        self, make: Callable[..., Listing], shape: Shape, page: Page, viewer: Viewer, keep: bool, **values: Any
    ) -> None:
        self._make = make
        self._shape = shape
        self._page = page
        self._keep = keep
        self._values = {SIZE: page.size + 1, "workspace_id": viewer.workspace_id, **values}

    async def answer(self, connection: Connection, form: Form) -> Slice:
        """The page. Raises InvalidInput where the message is not on the branch."""
        page, keyset = self._page, _THROUGH if self._shape[0] else _TREE if self._shape[1] else _IN_PLAY
        statement = kept(_around, self._make, self._shape, form, keep=self._keep)
        given = await statement.fetch(connection, form, self._values)
        flags = statement.flags
        if THERE in flags and not given[0][flags[THERE]]:
            raise _elsewhere()
        middle, place = given[0][flags[_MIDDLE]], flags[_PLACE]
        if middle is None:
            raise InvalidInput(
                "around is no message of this conversation, or not on this branch: name its branch by through",
                field="around",
            )
        found = [row for row in given if row[place] is not None]
        before = [row for row in found if row[place] < middle]
        after = found[len(before) :]
        wanted = min(len(before), page.size // 2)
        taken = min(len(after), page.size - wanted)
        wanted = min(len(before), page.size - taken)
        shown = [*before[len(before) - wanted :], *after[:taken]]
        if form.columns is not None:
            shown = [statement.cut(row) for row in shown]
        return Slice(shown, len(after) > taken, len(before) > wanted, cursor_of(keyset, form))


_MIDDLE: Final = "page_middle"
"""The place of the message that a page is around."""

_PLACE: Final = "page_place"
"""The place of each message."""


def _around(make: Callable[..., Listing], shape: Shape, form: Form) -> Statement:
    """The rows in front of the middle and behind it, each as many as the whole page, of which the page is cut."""
    listing = make(*shape)
    (run,) = listing.runs
    (place,) = run.columns
    names = layout(listing, form)
    if form.columns is not None:
        names = ("id", *names)
    columns = all_columns(listing, run)
    inner = [columns[name].label(name) for name in dict.fromkeys(names)]
    middle = _middle(run, place)
    inside = sa.select(*inner, place.label(_PLACE)).select_from(run.source).where(*run.conditions).limit(LIMIT)
    front = inside.where(place < middle).order_by(place.desc()).subquery()
    back = inside.where(place >= middle).order_by(place).subquery()
    rows = sa.union_all(sa.select(front), sa.select(back)).subquery("found")
    there = [] if listing.there is None else [listing.there.label(THERE)]
    one = sa.select(middle.label(_MIDDLE), *there).subquery("one")
    ends = [rows.c[_PLACE], *one.c]
    statement = (
        sa.select(*(rows.c[name] for name in names), *ends)
        .select_from(one.outerjoin(rows, sa.true()))
        .order_by(rows.c[_PLACE])
    )
    return Statement(statement, flags=flags_at(ends))


def _middle(run: Run, place: sa.ColumnElement[int]) -> sa.ScalarSelect[int]:
    """The place of the message that the page is around, null where it is not on the branch."""
    if isinstance(run.source, sa.Join):
        branch = run.source.left
        return sa.select(place).select_from(branch).where(branch.c.id == _AROUND_ID).scalar_subquery()
    other = reads.alias("messages", "middle")
    itself = (other.c.id == _AROUND_ID, other.c.conversation_id == _CONVERSATION, reads.here(other))
    return sa.select(other.c[str(place.key)]).where(*itself).scalar_subquery()


@verb()
def branch_count(
    conversation_id: UUID,
    *,
    where: Where | None = None,
    through: UUID | None = None,
    all_branches: bool = False,
    viewer: Viewer,
) -> Count:
    """How many messages that meet the filter are on the branch in play, on the one through a message, or on all.

    Raises InvalidInput where `through` is no message of this conversation.
    """
    _check_one_branch(through, all_branches)
    shape = (through is not None, all_branches, where or None)
    values = {"conversation_id": conversation_id, "through": through}
    return Count(_branch_count, shape, viewer, keep=not where, absent=_elsewhere(), **values)


def _branch_count(through: bool, all_branches: bool, where: Where | None) -> Numbers:
    listing = _branch_page(through, all_branches, where)
    (run,) = listing.runs
    return Numbers(sa.select().select_from(run.source).where(*run.conditions), there=listing.there)
