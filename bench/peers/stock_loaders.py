"""The stock server's DataLoaders: a statement for all keys of a batch, rows of the ORM from a session of its own."""

from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Any, Final, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import aliased
from sqlmodel import SQLModel, col, select
from strawberry.dataloader import DataLoader

from bench.peers.stock_tables import (
    AssistantRow,
    ConversationRow,
    MessageRow,
    ReferenceRow,
    SourceRow,
    TagRow,
)

WORKSPACE: Final = UUID("00000000-0000-7000-8000-000000000001")

Sessions = async_sessionmaker[AsyncSession]
Row = TypeVar("Row", bound=SQLModel)
Key = TypeVar("Key", bound=Hashable)
Page = tuple[UUID, int]
"""Whose list, and how many of it."""


class Loaders:
    """The loaders of one request."""

    def __init__(self, sessions: Sessions) -> None:
        self.assistant = DataLoader(load_fn=self._by_id(AssistantRow))
        self.conversation = DataLoader(load_fn=self._by_id(ConversationRow))
        self.message = DataLoader(load_fn=self._by_id(MessageRow))
        self.source = DataLoader(load_fn=self._by_id(SourceRow))
        self.tags = DataLoader(load_fn=self._tags)
        self.citations = DataLoader(load_fn=self._citations)
        self.messages = DataLoader(load_fn=self._messages)
        self.references = DataLoader(load_fn=self._references)
        self.sessions = sessions

    async def conversations(self, first: int) -> list[ConversationRow]:
        """The newest conversations, one more than asked for."""
        async with self.sessions() as session:
            found = await session.scalars(
                select(ConversationRow)
                .where(ConversationRow.workspace_id == WORKSPACE, col(ConversationRow.deleted_at).is_(None))
                .order_by(col(ConversationRow.last_activity_at).desc(), col(ConversationRow.id).desc())
                .limit(first + 1)
            )
            return list(found)

    def _by_id(self, table: Any) -> Callable[[list[UUID]], Awaitable[Sequence[Any]]]:
        async def load(keys: list[UUID]) -> Sequence[Any]:
            async with self.sessions() as session:
                found = await session.scalars(select(table).where(table.workspace_id == WORKSPACE, table.id.in_(keys)))
                rows = {row.id: row for row in found}
            return [rows.get(key) for key in keys]

        return load

    async def _tags(self, keys: list[UUID]) -> Sequence[list[str]]:
        async with self.sessions() as session:
            found = await session.scalars(
                select(TagRow).where(col(TagRow.conversation_id).in_(keys)).order_by(col(TagRow.position))
            )
            return [[row.tag for row in rows] for rows in _grouped(found, keys, lambda row: row.conversation_id)]

    async def _citations(self, keys: list[UUID]) -> Sequence[list[ReferenceRow]]:
        async with self.sessions() as session:
            found = await session.scalars(
                select(ReferenceRow).where(col(ReferenceRow.message_id).in_(keys)).order_by(col(ReferenceRow.position))
            )
            return _grouped(found, keys, lambda row: row.message_id)

    async def _messages(self, pages: list[Page]) -> Sequence[list[MessageRow]]:
        keys, size = _asked(pages)
        place = sa.func.row_number().over(
            partition_by=col(MessageRow.conversation_id), order_by=col(MessageRow.branch_position)
        )
        numbered = (
            select(MessageRow, place.label("place"))
            .where(col(MessageRow.conversation_id).in_(keys), col(MessageRow.branch_position).is_not(None))
            .subquery()
        )
        row = aliased(MessageRow, numbered)
        async with self.sessions() as session:
            found = await session.scalars(
                select(row).where(numbered.c.place <= size + 1).order_by(numbered.c.conversation_id, numbered.c.place)
            )
            return _grouped(found, keys, lambda row: row.conversation_id)

    async def _references(self, pages: list[Page]) -> Sequence[list[ReferenceRow]]:
        keys, size = _asked(pages)
        place = sa.func.row_number().over(
            partition_by=col(ReferenceRow.source_id), order_by=col(ReferenceRow.id).desc()
        )
        numbered = (
            select(ReferenceRow, place.label("place"))
            .join(ConversationRow, col(ConversationRow.id) == col(ReferenceRow.conversation_id))
            .where(col(ReferenceRow.source_id).in_(keys), col(ConversationRow.deleted_at).is_(None))
            .subquery()
        )
        row = aliased(ReferenceRow, numbered)
        async with self.sessions() as session:
            found = await session.scalars(
                select(row).where(numbered.c.place <= size + 1).order_by(numbered.c.source_id, numbered.c.place)
            )
            return _grouped(found, keys, lambda row: row.source_id)


def _asked(pages: list[Page]) -> tuple[list[UUID], int]:
    """The keys, and the size of page that all of a batch have: they come from one place in the document."""
    return [key for key, _ in pages], max(size for _, size in pages)


def _grouped(rows: Any, keys: list[Any], by: Callable[[Any], Any]) -> list[list[Any]]:
    groups: dict[Any, list[Any]] = {key: [] for key in keys}
    for row in rows:
        groups[by(row)].append(row)
    return [groups[key] for key in keys]
