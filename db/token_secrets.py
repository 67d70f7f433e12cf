"""The secret that the server signs its own user tokens with: made once, and kept in the database.

So all processes of a database sign alike, and a token outlives a restart. It belongs to no workspace. Whoever reads the
database can make tokens with it, as they could read everything else; a setting takes its place where that is too near.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from secrets import token_bytes
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Field, SQLModel

from db.record import moment_field, new_id, now, table_of, text_field

BYTES: Final = 32
"""Bytes of a secret: what HMAC with SHA-256 can use."""

_USER_TOKENS: Final = "user_tokens"


class StoredSecret(SQLModel, table=True):
    """A secret."""

    __tablename__ = "token_secrets"
    __table_args__ = (sa.UniqueConstraint("name"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    name: str = Field(max_length=20)
    """What it is for."""
    secret: str = text_field(nullable=False)
    """The bytes, in base64."""
    created_at: datetime = moment_field(nullable=False)

    def __repr__(self) -> str:
        return f"StoredSecret(name={self.name!r})"

    __str__ = __repr__


_secrets = table_of(StoredSecret)
_INSERTS: Final[Mapping[str, Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


@dataclass(frozen=True, slots=True)
class TokenSecret:
    """What user tokens are signed with; its text in logs and errors has no secret."""

    id: UUID
    secret: bytes = field(repr=False)


async def token_secret(connection: AsyncConnection) -> TokenSecret:
    """The secret of user tokens, which is made where there is none yet; the connection is in a transaction.

    Two processes that make it at once come out with the same one.
    """
    made = {
        "id": new_id(),
        "name": _USER_TOKENS,
        "secret": b64encode(token_bytes(BYTES)).decode(),
        "created_at": now(),
    }
    insert = _INSERTS[connection.dialect.name](_secrets).values(made)
    found = sa.select(_secrets.c.id, _secrets.c.secret).where(_secrets.c.name == _USER_TOKENS)
    row = (await connection.execute(found)).one_or_none()
    if row is None:
        await connection.execute(insert.on_conflict_do_nothing(index_elements=["name"]))
        row = (await connection.execute(found)).one()
    return TokenSecret(row.id, b64decode(row.secret))
