"""Audit: who read, exported, deleted or changed what, when and with which key; rows that nobody edits.

A change and its row are one transaction. Reads are noted in memory and written once a second, so that no read waits
for it. The database itself refuses to change or remove a row (`db.audit_guard`); only the deletion of a workspace takes
its rows along, since nothing of a workspace may be left behind. That deletion is noted in the workspace of whoever did
it, or, where that is the deleted one, in the server's log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Field

from db import audit_guard, reads
from db.database import Database
from db.errors import DatabaseInUse, DatabaseUnfit, Forbidden
from db.filter_fields import Filter, all_of, columns
from db.filter_shapes import Where, shape_of
from db.listings import Listing
from db.pages import Listed
from db.paging import Order, Page
from db.prepared import Prepared
from db.record import Owned, json_field, moment_field, new_id, now, partial_index, table_of, text_field
from db.verbs import Count, Found, Numbers, One, verb
from db.viewer import Viewer
from db.words import Role

ACTION_LENGTH: Final = 100
"""Characters of an action."""

READ: Final = "read"
"""The action of an operation that read."""

UNNOTED: Final = "readsNotNoted"
"""The action that says how many reads could not be noted, since more came than could be written."""


class AuditEntry(Owned, table=True):
    """Something that somebody did."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        sa.Index("ix_audit_entries_at", "workspace_id", "at", "id"),
        partial_index("ix_audit_entries_node_id", "workspace_id", "node_id", where="node_id IS NOT NULL"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    at: datetime = moment_field(nullable=False)
    action: str = Field(max_length=ACTION_LENGTH)
    """The mutation's name in the API, or read, export, import."""
    user_id: str | None = text_field()
    """The end user, where one acted."""
    key_id: UUID | None = Field(default=None, nullable=True)
    """The key that was shown, or that made the token that was; no foreign key, since nothing may change a row."""
    node_id: UUID | None = Field(default=None, nullable=True)
    type_name: str | None = Field(default=None, max_length=ACTION_LENGTH)
    """The type of what it was done to, as the API names it."""
    details: Any = json_field()
    """What else there is to say; never content."""


_entries = table_of(AuditEntry)
audit_guard.attach(_entries)

_NAMES: Final = ("workspace_id", "id", "at", "action", "user_id", "key_id", "node_id", "type_name", "details")
_INSERT: Final = Prepared(
    sa.insert(_entries).values({name: sa.bindparam(name, type_=_entries.c[name].type) for name in _NAMES})
)


def entry(
    viewer: Viewer,
    action: str,
    *,
    node_id: UUID | None = None,
    type_name: str | None = None,
    details: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> dict[str, Any]:
    """The row of something that the viewer did."""
    at = at or now()
    return {
        "workspace_id": viewer.workspace_id,
        "id": new_id(at),
        "at": at,
        "action": action,
        "user_id": viewer.user_id,
        "key_id": viewer.key_id,
        "node_id": node_id,
        "type_name": type_name,
        "details": cast("Any", details or None),
    }


async def note(
    connection: AsyncConnection,
    action: str,
    *,
    node_id: UUID | None = None,
    type_name: str | None = None,
    details: Mapping[str, Any] | None = None,
    at: datetime | None = None,
    viewer: Viewer,
) -> None:
    """Note what the viewer does, in the transaction in which it is done."""
    row = entry(viewer, action, node_id=node_id, type_name=type_name, details=details, at=at)
    await _INSERT.execute(connection, **row)


async def record(
    database: Database,
    action: str,
    *,
    node_id: UUID | None = None,
    type_name: str | None = None,
    details: Mapping[str, Any] | None = None,
    viewer: Viewer,
) -> None:
    """Note what the viewer does and what changes nothing, or more than a transaction does: exports and imports."""
    row = entry(viewer, action, node_id=node_id, type_name=type_name, details=details)
    await database.transact(lambda connection: _INSERT.execute(connection, **row), viewer=viewer)


async def record_beside(database: Database, action: str, *, details: Mapping[str, Any], viewer: Viewer) -> bool:
    """Note what was done with a database that may be open for reading only; gives whether it could be noted.

    A SQLite file is then written for a moment, which only its one writer may do: while a server runs it can't be.
    """
    if not database.reads_only:
        await record(database, action, details=details, viewer=viewer)
        return True
    try:
        opened = Database.open(database.url, purpose=f"the audit of {action}")
    except (DatabaseInUse, DatabaseUnfit, OSError):
        return False
    try:
        await record(opened, action, details=details, viewer=viewer)
    finally:
        await opened.close()
    return True


# ---------------------------------------------------------------- what is asked of it

_NEWEST: Final = (Order("AT", "at", descending=True),)

_FILTER: Final = Filter(columns("action", "user_id", "node_id", "at"), nests=False)


@verb("audit_entries")
def by_ids(ids: Sequence[UUID], *, viewer: Viewer) -> One[UUID]:
    """Those of the ids that exist; the log is for admins to see."""
    return One(_by_ids, (), ids if viewer.role is Role.ADMIN else (), viewer)


def _by_ids() -> Found:
    rows = reads.table("audit_entries")
    return Found.by(rows.c.id, rows)


@verb("audit_entries")
def page(page: Page, *, where: Where | None = None, viewer: Viewer) -> Listed:
    """A page of what was done in the viewer's workspace and meets the filter, the latest first.

    Raises Forbidden for who is no admin.
    """
    _check(viewer)
    return Listed(_page, (where or None,), page, viewer, keep=not where)


def _page(where: Where | None) -> Listing:
    rows = reads.table("audit_entries")
    return Listing.of("audit", rows, _NEWEST, reads.here(rows, narrow=False), _condition(where, rows))


@verb()
def count(*, where: Where | None = None, viewer: Viewer) -> Count:
    """How many of these there are. Raises Forbidden."""
    _check(viewer)
    return Count(_count, (where or None,), viewer, keep=not where)


def _count(where: Where | None) -> Numbers:
    rows = reads.table("audit_entries")
    return Numbers.of(rows, _condition(where, rows))


def _check(viewer: Viewer) -> None:
    if viewer.role is not Role.ADMIN:
        raise Forbidden("The audit log is for the role ADMIN to see.")


def _condition(where: Where | None, rows: sa.FromClause) -> reads.Condition:
    """The condition of an AuditWhere. Raises InvalidInput."""
    return all_of(_FILTER, shape_of(where), rows) if where else sa.true()
