"""What signing in asks beside `db.keys.find`: are there keys at all, does one still stand, which workspace is meant.

Nobody has been let in yet when it is asked, hence there is no viewer; what comes back is never shown.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.keys import ApiKey
from db.prepared import Prepared
from db.record import now, table_of
from db.workspaces import Workspace

_keys, _workspaces = table_of(ApiKey), table_of(Workspace)

_EVER: Final = Prepared(sa.select(sa.exists(sa.select(sa.literal_column("1")).select_from(_keys)).label("there")))

_VALID: Final = Prepared(
    sa.select(
        sa.exists(
            sa.select(sa.literal_column("1")).where(
                _keys.c.revoked_at.is_(None),
                sa.or_(
                    _keys.c.expires_at.is_(None), _keys.c.expires_at > sa.bindparam("at", type_=_keys.c.created_at.type)
                ),
            )
        ).label("there")
    )
)

_STANDING: Final = Prepared(
    sa.select(_keys.c.workspace_id, _keys.c.expires_at, _keys.c.revoked_at).where(
        _keys.c.id == sa.bindparam("key_id", type_=_keys.c.id.type)
    )
)

_NAMED: Final = Prepared(
    sa.select(_workspaces.c.id).where(_workspaces.c.name == sa.bindparam("name", type_=_workspaces.c.name.type))
)

_OF_ID: Final = Prepared(
    sa.select(_workspaces.c.id).where(_workspaces.c.id == sa.bindparam("workspace_id", type_=_workspaces.c.id.type))
)


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a key still lets somebody in."""

    workspace_id: UUID
    expires_at: datetime | None
    revoked_at: datetime | None

    def stands(self, at: datetime) -> bool:
        """Neither revoked nor expired at that time."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > at)


async def had_keys(connection: AsyncConnection) -> bool:
    """Whether there is any key, be it expired or revoked: a server doesn't open when its last key ends."""
    return bool((await _EVER.rows(connection))[0]["there"])


async def has_valid_keys(connection: AsyncConnection) -> bool:
    """Whether there is a key that lets somebody in now."""
    return bool((await _VALID.rows(connection, at=now()))[0]["there"])


async def standing(connection: AsyncConnection, key_id: UUID) -> Standing | None:
    """How it stands with the key of that id; None where there is none, or none any more."""
    found = await _STANDING.rows(connection, key_id=key_id)
    return Standing(**found[0]) if found else None


async def workspace(connection: AsyncConnection, word: str) -> UUID | None:
    """The workspace of that name, or of that id; None where there is none."""
    if found := await _NAMED.rows(connection, name=word):
        named: UUID = found[0]["id"]
        return named
    try:
        asked = UUID(word)
    except ValueError:
        return None
    return asked if await has_workspace(connection, asked) else None


async def has_workspace(connection: AsyncConnection, workspace_id: UUID) -> bool:
    """Whether the workspace is there."""
    return bool(await _OF_ID.rows(connection, workspace_id=workspace_id))
