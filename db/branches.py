"""Messages as branches of their conversation's tree: pages along a branch or over the whole tree.

The branch in play has its positions stored, so that its pages are ranges of an index. Any other branch is walked: up
from a message to the root, and down to its newest leaf, by recursion in the statement that reads the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db import reads
from db.errors import InvalidInput
from db.filters import Where, message_where
from db.listings import Listing, Run, page_with, pages_of
from db.paging import Keyset, Page, Row, Slice, Term
from db.viewer import Viewer

_TREE: Final = Keyset("conversation.messages", (Term("sequence", sa.Integer()),))
_IN_PLAY: Final = Keyset("conversation.branch", (Term("branch_position", sa.Integer()),))
_THROUGH: Final = Keyset("conversation.branch.through", (Term("branch_place", sa.Integer()),))


async def of_conversations(
    connection: AsyncConnection,
    ids: Sequence[UUID],
    page: Page,
    *,
    where: Where | None = None,
    all_branches: bool = False,
    viewer: Viewer,
) -> dict[UUID, Slice]:
    """A page of each conversation's branch in play, or of its whole tree by sequence."""
    condition = message_where(where)

    def listing(parent: sa.FromClause) -> Listing:
        return _stored(reads.table("messages"), parent.c.id, all_branches, condition)

    return await pages_of(connection, reads.table("conversations"), listing, page, ids=ids, viewer=viewer)


async def count_of_conversations(
    connection: AsyncConnection,
    ids: Sequence[UUID],
    *,
    where: Where | None = None,
    all_branches: bool = False,
    viewer: Viewer,
) -> dict[UUID, int]:
    """How many messages that meet the filter each conversation has on its branch in play, or on all."""
    rows = reads.table("messages")
    on_branch = sa.true() if all_branches else rows.c.branch_position.is_not(None)
    alive = reads.living(rows.c.conversation_id, viewer)
    return await reads.counts_of(
        connection, rows, rows.c.conversation_id, ids, alive, on_branch, message_where(where), viewer=viewer
    )


async def openai_branch(
    connection: AsyncConnection, conversation_ids: Sequence[UUID], limit: int = 1000, *, viewer: Viewer
) -> dict[UUID, list[Row]]:
    """The first messages of each conversation's branch in play, at most `limit` each."""
    found = await of_conversations(connection, conversation_ids, Page(first=limit), viewer=viewer)
    return {key: given.rows for key, given in found.items()}


def _stored(
    rows: sa.Table, conversation_id: sa.ColumnElement[UUID], all_branches: bool, *conditions: reads.Condition
) -> Listing:
    """The branch in play or the whole tree: in the order of an index."""
    inside = (rows.c.conversation_id == conversation_id, *conditions)
    if all_branches:
        return Listing(rows, _TREE, (Run(rows, inside, (rows.c.sequence,)),))
    position = rows.c.branch_position
    return Listing(rows, _IN_PLAY, (Run(rows, (*inside, position.is_not(None)), (position,)),))


def _branch(conversation_id: UUID, through: UUID, viewer: Viewer) -> sa.CTE:
    """The ids and places of the branch that passes through a message and ends at its newest leaf."""
    start, above, below, newest = (reads.alias("messages", name) for name in ("start", "above", "below", "newest"))
    itself = (
        start.c.id == through,
        start.c.conversation_id == conversation_id,
        reads.in_workspace(start, viewer.workspace_id),
    )
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
    rows, branch = reads.table("messages"), _branch(conversation_id, through, viewer)
    statement = (
        sa.select(rows.c.id, rows.c.branch_position)
        .select_from(branch.join(rows, rows.c.id == branch.c.id))
        .order_by(branch.c.place)
    )
    return list(await connection.execute(statement))


def _walked(rows: sa.Table, branch: sa.CTE, *conditions: reads.Condition) -> Listing:
    source = branch.join(rows, rows.c.id == branch.c.id)
    return Listing(rows, _THROUGH, (Run(source, conditions, (branch.c.place,)),))


async def branch_page(
    connection: AsyncConnection,
    conversation_id: UUID,
    page: Page,
    *,
    where: Where | None = None,
    through: UUID | None = None,
    around: UUID | None = None,
    all_branches: bool = False,
    viewer: Viewer,
) -> Slice:
    """A page of one conversation's messages.

    `through` takes the branch that passes through that message, down to its newest leaf, in place of the one in play.
    `around` gives the page that has that message (or, where the filter leaves it out, its place) in its middle, or
    nearer to an end where there is no more.

    Raises InvalidInput where one of the two is no message of this conversation or not on the branch, and for `through`
    with `all_branches`, or `around` with a cursor.
    """
    if around is not None and (page.after is not None or page.before is not None):
        raise InvalidInput("around begins a page anew: give it without after and before", field="around")
    rows = reads.table("messages")
    conditions = (
        reads.in_workspace(rows, viewer.workspace_id),
        reads.living(rows.c.conversation_id, viewer),
        message_where(where),
    )
    flags: list[sa.ColumnElement[Any]] = []
    if through is not None:
        branch = _through(conversation_id, through, all_branches, viewer)
        listing = _walked(rows, branch, *conditions)
        flags.append(_is_there(branch))
        middle = sa.select(branch.c.place).where(branch.c.id == around).scalar_subquery()
    else:
        listing = _stored(rows, sa.literal(conversation_id, sa.Uuid()), all_branches, *conditions)
        place, other = listing.keyset.terms[0].name, reads.alias("messages", "middle")
        middle = (
            sa.select(other.c[place])
            .where(
                other.c.id == around,
                other.c.conversation_id == conversation_id,
                reads.in_workspace(other, viewer.workspace_id),
            )
            .scalar_subquery()
        )
    if around is None:
        given, found = await page_with(connection, listing, page, *flags)
        _check_through(found)
        return given
    return await _around(connection, listing, page, middle, flags)


def _through(conversation_id: UUID, through: UUID, all_branches: bool, viewer: Viewer) -> sa.CTE:
    if all_branches:
        raise InvalidInput("through names one branch and allBranches takes them all: give one", field="through")
    return _branch(conversation_id, through, viewer)


def _is_there(branch: sa.CTE) -> sa.ColumnElement[Any]:
    return sa.exists(sa.select(sa.literal_column("1")).select_from(branch)).label("page_through")


def _check_through(found: Any) -> None:
    if not found.get("page_through", True):
        raise InvalidInput("through is no message of this conversation", field="through")


async def _around(
    connection: AsyncConnection,
    listing: Listing,
    page: Page,
    middle: sa.ScalarSelect[Any],
    flags: Sequence[sa.ColumnElement[Any]],
) -> Slice:
    """The rows in front of the middle and behind it, each as many as the whole page, of which the page is cut."""
    run, name = listing.runs[0], listing.keyset.terms[0].name
    place = run.columns[0]
    columns = [*reads.columns_of(listing.rows), place.label("page_place")]
    inside = sa.select(*columns).select_from(run.source).where(*run.conditions).limit(page.size + 1)
    front = inside.where(place < middle).order_by(place.desc()).subquery()
    back = inside.where(place >= middle).order_by(place).subquery()
    rows = sa.union_all(sa.select(front), sa.select(back)).subquery("page")
    one = sa.select(middle.label("page_middle"), *flags).subquery("one")
    statement = (
        sa.select(*one.c, *rows.c, *([] if name in rows.c else [rows.c.page_place.label(name)]))
        .select_from(one.outerjoin(rows, sa.true()))
        .order_by(rows.c.page_place)
    )
    given = (await connection.execute(statement)).all()
    _check_through(given[0]._mapping)
    if given[0].page_middle is None:
        raise InvalidInput(
            "around is no message of this conversation, or not on this branch: name its branch by through",
            field="around",
        )
    found = [row for row in given if row.id is not None]
    before = [row for row in found if row.page_place < row.page_middle]
    after = found[len(before) :]
    wanted = min(len(before), page.size // 2)
    taken = min(len(after), page.size - wanted)
    wanted = min(len(before), page.size - taken)
    shown = [*before[len(before) - wanted :], *after[:taken]]
    return Slice(shown, len(after) > taken, len(before) > wanted, listing.keyset.cursor)


async def branch_count(
    connection: AsyncConnection,
    conversation_id: UUID,
    *,
    where: Where | None = None,
    through: UUID | None = None,
    all_branches: bool = False,
    viewer: Viewer,
) -> int:
    """How many messages that meet the filter are on the branch in play, on the one through a message, or on all.

    Raises InvalidInput where `through` is no message of this conversation.
    """
    if through is None:
        found = await count_of_conversations(
            connection, [conversation_id], where=where, all_branches=all_branches, viewer=viewer
        )
        return found[conversation_id]
    rows = reads.table("messages")
    branch = _through(conversation_id, through, all_branches, viewer)
    conditions = (
        reads.in_workspace(rows, viewer.workspace_id),
        reads.living(rows.c.conversation_id, viewer),
        message_where(where),
    )
    number = (
        sa.select(sa.func.count())
        .select_from(branch.join(rows, rows.c.id == branch.c.id))
        .where(*conditions)
        .scalar_subquery()
    )
    row = (await connection.execute(sa.select(number.label("number"), _is_there(branch)))).one()
    _check_through(row._mapping)
    return int(row.number)
