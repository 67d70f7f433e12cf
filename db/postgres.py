"""PostgreSQL's engine.

See `db.database` for the choices.
"""

from __future__ import annotations

from sqlalchemy import event
from sqlalchemy.engine import AdaptedConnection
from sqlalchemy.engine.url import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from db.bare import BARE as BARE
from db.bare import PostgresBare
from db.pool import ConnectionPoolEntry, LendingPool
from db.sqlite import DatabaseSettings
from db.walls import build


def engine(url: URL, settings: DatabaseSettings, purpose: str) -> AsyncEngine:
    """The engine; `purpose` is the name of the application in pg_stat_activity."""
    engine = create_async_engine(
        url,
        poolclass=LendingPool,
        pool_size=settings.pool_size,
        max_overflow=0,
        pool_timeout=settings.pool_timeout,
        pool_use_lifo=True,  # the one used last was heard of last, and knows the statements of the day
        connect_args={
            "statement_cache_size": settings.statements,
            "server_settings": {
                "application_name": purpose,
                "timezone": "UTC",
                "idle_in_transaction_session_timeout": "60000",
            },
        },
    )

    build(engine.sync_engine)

    @event.listens_for(engine.sync_engine, "connect")
    def connected(connection: AdaptedConnection, entry: ConnectionPoolEntry) -> None:
        entry.info[BARE] = PostgresBare(engine.dialect, connection.driver_connection, settings.statements)

    return engine
