"""A world to read from: rows written through Core, each with what its table needs and what the test says."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.record import new_id
from db.tables import metadata
from db.viewer import DEFAULT_WORKSPACE_ID, Viewer
from db.words import Actor, Entity, MessageRole, MessageType, OriginSystem

START = datetime(2026, 3, 1, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """A moment, so many seconds after the start."""
    return START + timedelta(seconds=seconds)


class World:
    """Writes rows into one workspace, and gives their ids."""

    def __init__(self, connection: AsyncConnection, viewer: Viewer | None = None) -> None:
        self.connection = connection
        self.workspace_id = (viewer or Viewer(DEFAULT_WORKSPACE_ID)).workspace_id
        self._numbers = count()

    async def insert(self, table: str, **values: Any) -> UUID:
        rows = metadata.tables[table]
        if "id" in rows.c:
            values.setdefault("id", new_id())
        await self.connection.execute(sa.insert(rows).values(workspace_id=self.workspace_id, **values))
        return values.get("id") or self.workspace_id

    async def update(self, table: str, id: UUID, **values: Any) -> None:
        rows = metadata.tables[table]
        await self.connection.execute(sa.update(rows).where(rows.c.id == id).values(**values))

    async def conversation(self, **values: Any) -> UUID:
        values.setdefault("title", f"conversation {next(self._numbers)}")
        values.setdefault("created_at", START)
        values.setdefault("last_activity_at", values["created_at"])
        return await self.insert("conversations", **values)

    async def message(self, conversation: UUID, sequence: int, **values: Any) -> UUID:
        """By default a message of the user on the branch in play, at the place of its sequence."""
        values.setdefault("branch_position", sequence)
        values.setdefault("role", MessageRole.USER)
        values.setdefault("role_name", "user")
        values.setdefault("message_type", MessageType.USER_QUERY)
        values.setdefault("actor", Actor.USER)
        values.setdefault("content", f"message {sequence}")
        return await self.insert("messages", conversation_id=conversation, sequence=sequence, **values)

    async def thread(self, conversation: UUID, length: int, **values: Any) -> list[UUID]:
        """Messages one below the other."""
        ids: list[UUID] = []
        for sequence in range(length):
            parent = ids[-1] if ids else None
            ids.append(await self.message(conversation, sequence, parent_id=parent, **values))
        return ids

    async def reference(self, conversation: UUID, message: UUID | None, position: int, **values: Any) -> UUID:
        values.setdefault("number", position + 1)
        return await self.insert(
            "citations", conversation_id=conversation, message_id=message, position=position, **values
        )

    async def source(self, **values: Any) -> UUID:
        return await self.insert("sources", **values)

    async def assistant(self, **values: Any) -> UUID:
        values.setdefault("name", f"assistant {next(self._numbers)}")
        return await self.insert("assistants", **values)

    async def tool(self, **values: Any) -> UUID:
        values.setdefault("name", f"tool {next(self._numbers)}")
        return await self.insert("tools", **values)

    async def feedback(self, conversation: UUID, message: UUID | None = None, **values: Any) -> UUID:
        return await self.insert("feedback", conversation_id=conversation, message_id=message, **values)

    async def origin(self, entity_id: UUID, record_id: str, **values: Any) -> None:
        values.setdefault("system", OriginSystem.COGSOL)
        values.setdefault("entity", Entity.CONVERSATION)
        values.setdefault("kind", "chat")
        values.setdefault("imported_at", START)
        await self.insert("origins", entity_id=entity_id, record_id=record_id, **values)

    async def tag(self, conversation: UUID, *tags: str) -> None:
        for position, tag in enumerate(tags):
            await self.insert("conversation_tags", conversation_id=conversation, tag=tag, position=position)
