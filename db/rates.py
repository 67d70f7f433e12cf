"""Points that the processes of a PostgreSQL database have taken of each viewer's limit in a minute.

A row is one viewer, by a hash of what it is counted by, with the last minute that anything was taken in.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field, SQLModel

from db.database import Database
from db.record import table_of
from db.viewer import PROGRAM

FORGOTTEN: Final = 60
"""Minutes after which a row goes."""


class RatePoints(SQLModel, table=True):
    """What has been taken of one limit."""

    __tablename__ = "rate_points"
    __table_args__ = (sa.Index("ix_rate_points_minute", "minute"),)

    asker: str = Field(max_length=64, primary_key=True)
    """SHA-256 of what the viewer is counted by."""
    minute: int = Field(sa_type=sa.BigInteger)
    """Since 1970."""
    points: int = Field(sa_type=sa.BigInteger)


_rows = table_of(RatePoints)
_INSERTS: Final[Mapping[str, Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


class Leases:
    """Takes points for one process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._swept = 0

    async def __call__(self, asker: str, minute: int, points: int) -> int:
        """Add points to those taken in a minute, and give the sum; of a minute that is over they still are taken."""

        async with self._database.write(viewer=PROGRAM) as connection:
            if minute - self._swept >= FORGOTTEN:
                await connection.execute(sa.delete(_rows).where(_rows.c.minute < minute - FORGOTTEN))
                self._swept = minute
            new = _INSERTS[connection.dialect.name](_rows).values(
                asker=sha256(asker.encode()).hexdigest(), minute=minute, points=points
            )
            sum_ = sa.case((_rows.c.minute < new.excluded.minute, 0), else_=_rows.c.points) + new.excluded.points
            latest = sa.case((_rows.c.minute < new.excluded.minute, new.excluded.minute), else_=_rows.c.minute)
            taken = new.on_conflict_do_update(index_elements=["asker"], set_={"points": sum_, "minute": latest})
            found = await connection.execute(taken.returning(_rows.c.points))
            return int(found.scalar_one())
