"""The floor on PostgreSQL: statements that each connection has prepared, on connections of its own.

asyncpg's own pool would run a query that resets a connection on release; a connection that only read is as it was.
"""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from bench import floor_json, floor_wide
from bench.floor_json import EPOCH, MICROSECOND, Driver, exact

WORKSPACE: Final = UUID("00000000-0000-7000-8000-000000000001")
CONNECTIONS: Final = 10

_INBOX: Final = (
    # The conversations, each with its assistant and its tags: nothing is read twice by joining them.
    "SELECT c.id, c.title, c.preview, c.last_activity_at, c.message_count, a.id, a.name, ARRAY("
    "SELECT tag FROM conversation_tags WHERE conversation_id = c.id ORDER BY position) "
    "FROM conversations AS c LEFT JOIN assistants AS a ON a.id = c.assistant_id "
    "WHERE c.workspace_id = $1 AND c.deleted_at IS NULL ORDER BY c.last_activity_at DESC, c.id DESC LIMIT $2",
    "SELECT m.* FROM unnest($1::uuid[]) AS k CROSS JOIN LATERAL ("
    "SELECT id, conversation_id, role, content, confidence, created_at FROM messages "
    "WHERE conversation_id = k AND branch_position IS NOT NULL ORDER BY branch_position LIMIT $2) AS m",
    "SELECT message_id, id, number, title, url, excerpt FROM citations "
    "WHERE message_id = ANY($1) ORDER BY message_id, position",
)

_SMALL: Final = ("SELECT id, title FROM conversations WHERE workspace_id = $1 AND id = $2",)

_DEEP: Final = (
    *_SMALL,
    "SELECT id, role, content FROM messages "
    "WHERE conversation_id = $1 AND branch_position IS NOT NULL ORDER BY branch_position LIMIT $2",
    "SELECT c.message_id, c.id, c.number, c.title, s.id, s.title, s.url "
    "FROM citations AS c JOIN sources AS s ON s.id = c.source_id "
    "WHERE c.message_id = ANY($1) ORDER BY c.message_id, c.position",
    "SELECT r.* FROM unnest($1::uuid[]) AS k CROSS JOIN LATERAL ("
    "SELECT c.source_id, c.id AS reference, c.number, m.id AS message, m.role, m.created_at, v.id, v.title, "
    "v.message_count FROM citations AS c JOIN conversations AS v ON v.id = c.conversation_id "
    "JOIN messages AS m ON m.id = c.message_id "
    "WHERE c.source_id = k AND v.deleted_at IS NULL ORDER BY c.id DESC LIMIT $2) AS r",
)

_WIDE: Final = (
    f"SELECT {', '.join(floor_wide.CONVERSATION)} FROM conversations "
    "WHERE workspace_id = $1 AND deleted_at IS NULL ORDER BY last_activity_at DESC, id DESC LIMIT $2",
    "SELECT m.* FROM unnest($1::uuid[]) AS k CROSS JOIN LATERAL ("
    f"SELECT conversation_id, {', '.join(floor_wide.MESSAGE)} FROM messages "
    "WHERE conversation_id = k AND branch_position IS NOT NULL ORDER BY branch_position LIMIT $2) AS m",
)


def _texts(before: str, keys: Sequence[Any], behind: str) -> bytes:
    return "".join([f"{before}{key}{behind}" for key in keys]).encode("ascii")


def _times(values: Iterable[datetime | None]) -> list[Any]:
    return [value if value is None or value.microsecond else exact(value) for value in values]


_DRIVER: Final = Driver(_texts, _times, lambda moment: (moment - EPOCH) // MICROSECOND)


class _Prepared:
    """A connection with the statements of all operations."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def prepare(self) -> None:
        """Prepare them."""
        self.inbox = [await self._connection.prepare(text) for text in _INBOX]
        self.small = [await self._connection.prepare(text) for text in _SMALL]
        self.deep = [await self._connection.prepare(text) for text in _DEEP]
        self.wide = [await self._connection.prepare(text) for text in _WIDE]


class Postgres:
    """The operations on PostgreSQL."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._idle: asyncio.LifoQueue[_Prepared] = asyncio.LifoQueue()

    async def open(self) -> None:
        """Open the connections."""
        for _ in range(CONNECTIONS):
            prepared = _Prepared(await asyncpg.connect(self._url))
            await prepared.prepare()
            self._idle.put_nowait(prepared)

    async def inbox(self, first: int, messages: int) -> bytes:
        """The newest conversations."""
        connection = await self._idle.get()
        try:
            conversations, of_conversations, of_messages = connection.inbox
            found = await conversations.fetch(WORKSPACE, first + 1)
            listed = await of_conversations.fetch([row[0] for row in found[:first]], messages + 1)
            citations = await of_messages.fetch([row[0] for row in listed])
        finally:
            self._idle.put_nowait(connection)
        return floor_json.inbox(_DRIVER, found, listed, citations, first, messages)

    async def small(self, id: str) -> bytes:
        """One conversation."""
        connection = await self._idle.get()
        try:
            row = (await connection.small[0].fetch(WORKSPACE, UUID(id)))[0]
        finally:
            self._idle.put_nowait(connection)
        return floor_json.small(_DRIVER, row)

    async def deep(self, id: str, messages: int, references: int) -> bytes:
        """One conversation and what cites the same sources."""
        key = UUID(id)
        connection = await self._idle.get()
        try:
            conversation, of_conversation, of_messages, of_sources = connection.deep
            row = (await conversation.fetch(WORKSPACE, key))[0]
            listed = await of_conversation.fetch(key, messages)
            citations = await of_messages.fetch([row[0] for row in listed])
            citing = await of_sources.fetch(list({row[4] for row in citations}), references)
        finally:
            self._idle.put_nowait(connection)
        return floor_json.deep(_DRIVER, row, listed, citations, citing)

    async def wide(self, first: int, messages: int) -> bytes:
        """Conversations and messages with all their scalar fields."""
        connection = await self._idle.get()
        try:
            conversations, of_conversations = connection.wide
            found = await conversations.fetch(WORKSPACE, first)
            listed = await of_conversations.fetch([row[0] for row in found], messages)
        finally:
            self._idle.put_nowait(connection)
        return floor_wide.wide(_DRIVER, found, listed)
