"""Keys: what programs show to be let in. The table, how a key is found, and what is asked of keys.

Only a hash of the secret is stored. It is unique by itself and not within a workspace: it is what tells the workspace.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Field

from db import audit, bulk, reads
from db.database import Database
from db.errors import Forbidden, InvalidInput, NotFound
from db.paging import Row
from db.prepared import Prepared
from db.record import KEY_LENGTH, Record, moment_field, new_id, now, table_of, word_field
from db.secrets import SHOWN, digest_of, new_secret
from db.verbs import Found, One, verb
from db.viewer import PROGRAM, Viewer
from db.words import KeyScope, Role

TOUCHED_EVERY: Final = timedelta(minutes=1)
"""How old the last use of a key may be told to be."""

_REMEMBERED: Final = 10_000
"""Keys whose last use is remembered in a process, so that it is not written with each request."""


class ApiKey(Record, table=True):
    """A key."""

    __tablename__ = "api_keys"
    __table_args__ = (
        sa.UniqueConstraint("digest"),
        sa.Index("ix_api_keys_workspace_id", "workspace_id", "id"),
    )

    name: str | None = Field(default=None, max_length=KEY_LENGTH)
    """What people call it."""
    prefix: str = Field(max_length=SHOWN)
    """The beginning of its secret, by which people tell keys apart."""
    digest: str = Field(max_length=64)
    """The SHA-256 of its secret."""
    scope: KeyScope = word_field(KeyScope)
    expires_at: datetime | None = moment_field()
    last_used_at: datetime | None = moment_field()
    revoked_at: datetime | None = moment_field()


_keys = table_of(ApiKey)


@dataclass(frozen=True, slots=True)
class FoundKey:
    """A key, as whoever shows its secret is let in by it."""

    key_id: UUID
    workspace_id: UUID
    scope: KeyScope
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


_FIND: Final = Prepared(
    sa.select(
        _keys.c.id.label("key_id"),
        _keys.c.workspace_id,
        _keys.c.scope,
        _keys.c.expires_at,
        _keys.c.revoked_at,
        _keys.c.last_used_at,
    ).where(_keys.c.digest == sa.bindparam("digest", type_=_keys.c.digest.type))
)

_TOUCH: Final = Prepared(
    sa.update(_keys)
    .where(
        _keys.c.id == sa.bindparam("key_id", type_=_keys.c.id.type),
        sa.or_(
            _keys.c.last_used_at.is_(None),
            _keys.c.last_used_at <= sa.bindparam("before", type_=_keys.c.created_at.type),
        ),
    )
    .values(last_used_at=sa.bindparam("at", type_=_keys.c.created_at.type))
)


async def find(connection: AsyncConnection, digest: str) -> FoundKey | None:
    """The key whose secret has that hash (`db.secrets.digest_of`), be it expired or revoked; in one statement."""
    found = await _FIND.rows(connection, digest=digest)
    return FoundKey(**found[0]) if found else None


_touched: dict[UUID, datetime] = {}


async def touch(database: Database, key: FoundKey, *, at: datetime | None = None) -> None:
    """Remember that the key was used; written once a minute at most, however many processes use it."""
    at = at or now()
    last = _touched.get(key.key_id, key.last_used_at)
    if last is not None and at - last < TOUCHED_EVERY:
        return
    if len(_touched) >= _REMEMBERED:
        _touched.clear()
    _touched[key.key_id] = at
    await database.transact(
        lambda connection: _TOUCH.execute(connection, key_id=key.key_id, at=at, before=at - TOUCHED_EVERY),
        viewer=PROGRAM,
    )


_withdrawn = 0


def withdrawn() -> int:
    """A number that rises whenever this process makes or revokes a key, or deletes a workspace.

    Who remembers whom to let in compares it, and forgets them when it has risen.
    """
    return _withdrawn


def withdraw() -> None:
    """Let the number rise: others may be let in than before. After the commit, never before."""
    global _withdrawn
    _withdrawn += 1


# ---------------------------------------------------------------- making and revoking


async def insert(
    connection: AsyncConnection,
    *,
    name: str | None,
    scope: KeyScope,
    expires_at: datetime | None,
    at: datetime,
    viewer: Viewer,
) -> tuple[dict[str, Any], str]:
    """Make a key in a transaction under way; gives its row and its secret, which nothing ever gives again."""
    secret = new_secret(scope)
    row = {
        "id": new_id(at),
        "created_at": at,
        "name": name,
        "prefix": secret[:SHOWN],
        "digest": digest_of(secret),
        "scope": scope,
        "expires_at": expires_at,
    }
    await bulk.insert(connection, _keys, [row], viewer=viewer)
    return {**row, "workspace_id": viewer.workspace_id}, secret


async def mark_revoked(connection: AsyncConnection, key_id: UUID, *, at: datetime, viewer: Viewer) -> Row | None:
    """Revoke a key in a transaction under way, and give it as it is then; None where there is none.

    One that is revoked already keeps its time. Call `withdraw` after the commit.
    """
    own = (_keys.c.id == key_id, reads.in_workspace(_keys, viewer.workspace_id))
    await connection.execute(sa.update(_keys).where(*own, _keys.c.revoked_at.is_(None)).values(revoked_at=at))
    return (await by_ids(connection, [key_id], viewer=viewer)).get(key_id)


async def create(
    database: Database,
    name: str | None,
    scope: KeyScope,
    expires_at: datetime | None = None,
    *,
    viewer: Viewer,
) -> tuple[Row, str]:
    """Make a key; gives it and its secret. Raises InvalidInput where its name or its end cannot be."""
    at = now()
    if expires_at is not None and expires_at <= at:
        raise InvalidInput("a key must expire in the future", field="expires_at")
    if name is not None and not 0 < len(name.strip()) <= len(name) <= KEY_LENGTH:
        raise InvalidInput(f"a key's name has 1 to {KEY_LENGTH} characters", field="name")

    async def work(connection: AsyncConnection) -> tuple[Row, str]:
        row, secret = await insert(connection, name=name, scope=scope, expires_at=expires_at, at=at, viewer=viewer)
        await _noted(connection, "createApiKey", row["id"], scope, viewer)
        return (await by_ids(connection, [row["id"]], viewer=viewer))[row["id"]], secret

    made = await database.transact(work, viewer=viewer)
    withdraw()
    return made


async def revoke(database: Database, key_id: UUID, *, viewer: Viewer) -> Row:
    """Revoke a key: from now on it lets nobody in. Raises NotFound where the workspace has none of that id."""

    async def work(connection: AsyncConnection) -> Row:
        row = await mark_revoked(connection, key_id, at=now(), viewer=viewer)
        if row is None:
            raise NotFound("There is no key with this id.", field="id")
        await _noted(connection, "revokeApiKey", key_id, row.scope, viewer)
        return row

    row = await database.transact(work, viewer=viewer)
    withdraw()
    return row


async def _noted(connection: AsyncConnection, action: str, key_id: UUID, scope: KeyScope, viewer: Viewer) -> None:
    """Note it as the mutation of that name is noted."""
    await audit.note(
        connection, action, node_id=key_id, type_name="ApiKey", details={"scope": scope.value}, viewer=viewer
    )


# ---------------------------------------------------------------- what is asked of them


@verb("api_keys")
def by_ids(ids: Sequence[UUID], *, viewer: Viewer) -> One[UUID]:
    """Those of the ids that exist; keys are for admins to see."""
    return One(_by_ids, (), ids if viewer.role is Role.ADMIN else (), viewer)


def _by_ids() -> Found:
    rows = reads.table("api_keys")
    return Found.by(rows.c.id, rows)


async def every(connection: AsyncConnection, *, viewer: Viewer) -> list[Row]:
    """All keys of the viewer's workspace, revoked and expired ones among them; the newest first.

    Raises Forbidden for who is no admin.
    """
    if viewer.role is not Role.ADMIN:
        raise Forbidden("Keys are for the role ADMIN to see.")
    statement = sa.select(_keys).where(_keys.c.workspace_id == viewer.workspace_id).order_by(_keys.c.id.desc())
    return list(await connection.execute(statement))
