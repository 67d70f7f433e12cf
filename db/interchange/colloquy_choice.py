"""Which conversations are exported, and so which of the rows that conversations refer to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db import reads
from db.errors import NotFound
from db.filters import Where, conversation_where
from db.interchange.colloquy_kinds import ASSISTANT, IMPORT, IMPORTS, SOURCE, TOOL, Kind
from db.interchange.writes import (
    ASSISTANT_TOOLS,
    CITATIONS,
    CONVERSATION_TOOLS,
    CONVERSATIONS,
    FEEDBACK,
    MESSAGES,
    ORIGINS,
    TOOL_CALLS,
)
from db.reads import Condition
from db.viewer import Viewer

FEW: Final = 1_000
"""Conversations up to which they are looked up by their ids: beyond it, each row is asked whether it is referred to."""


class _Link(NamedTuple):
    """A way in which conversations refer to something."""

    key: sa.ColumnElement[Any]
    """The id of what is referred to."""
    conversation_id: sa.ColumnElement[Any]
    source: sa.FromClause


_LINKS: Final = {
    SOURCE: (_Link(CITATIONS.c.source_id, CITATIONS.c.conversation_id, CITATIONS),),
    ASSISTANT: (_Link(CONVERSATIONS.c.assistant_id, CONVERSATIONS.c.id, CONVERSATIONS),),
    TOOL: (
        _Link(CONVERSATION_TOOLS.c.tool_id, CONVERSATION_TOOLS.c.conversation_id, CONVERSATION_TOOLS),
        _Link(
            TOOL_CALLS.c.tool_id,
            MESSAGES.c.conversation_id,
            TOOL_CALLS.join(MESSAGES, MESSAGES.c.id == TOOL_CALLS.c.message_id),
        ),
        _Link(
            ASSISTANT_TOOLS.c.tool_id,
            CONVERSATIONS.c.id,
            ASSISTANT_TOOLS.join(CONVERSATIONS, CONVERSATIONS.c.assistant_id == ASSISTANT_TOOLS.c.assistant_id),
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """The conversations that meet all that is given; all of them where nothing is."""

    ids: tuple[UUID, ...] | None = None
    where: Where | None = None
    include_deleted: bool = False

    @property
    def everything(self) -> bool:
        """Whether the whole workspace is meant, and so also what no conversation refers to."""
        return self.ids is None and not self.where

    async def narrowed(self, connection: AsyncConnection, *, viewer: Viewer) -> Choice:
        """The same choice, as ids where these are few. Raises NotFound where one of its ids is not there."""
        if self.everything:
            return self
        if self.ids is not None:
            there = await reads.by_ids(connection, CONVERSATIONS, self.ids, viewer=viewer)
            for own in self.ids:
                if own not in there or (there[own].deleted_at is not None and not self.include_deleted):
                    raise NotFound(f"There is no conversation {own}.", field="ids")
        statement = sa.select(CONVERSATIONS.c.id).where(*self.conditions(CONVERSATIONS, viewer=viewer)).limit(FEW + 1)
        found = list((await connection.execute(statement)).scalars())
        return self if len(found) > FEW else Choice(tuple(sorted(found)), None, include_deleted=True)

    def conditions(self, rows: sa.FromClause, *, viewer: Viewer) -> list[Condition]:
        """Whether a row of conversations is chosen."""
        found = [reads.in_workspace(rows, viewer.workspace_id)]
        if not self.include_deleted:
            found.append(rows.c.deleted_at.is_(None))
        if self.ids is not None:
            found.append(reads.one_of(rows.c.id, self.ids))
        if self.where:
            found.append(conversation_where(self.where, rows))
        return found

    def wants(self, kind: Kind, *, viewer: Viewer) -> list[Condition]:
        """Whether a row of this kind is referred to."""
        return [] if self.everything else [self._wants(kind, viewer)]

    def _wants(self, kind: Kind, viewer: Viewer) -> Condition:
        if kind is IMPORT:
            traced = sa.or_(*self._traced(viewer))
            if self._few:
                return IMPORTS.c.id.in_(sa.select(ORIGINS.c.import_id).where(traced))
            return sa.exists().where(ORIGINS.c.import_id == IMPORTS.c.id, traced)
        return sa.or_(*(self._referred(kind.table.c.id, link, viewer) for link in _LINKS[kind]))

    @property
    def _few(self) -> bool:
        return self.ids is not None and len(self.ids) <= FEW

    def _chosen(self, conversation_id: sa.ColumnElement[UUID], viewer: Viewer) -> Condition:
        if self._few:
            return reads.one_of(conversation_id, self.ids or ())
        rows = reads.alias("conversations", "chosen")
        return sa.exists().where(rows.c.id == conversation_id, *self.conditions(rows, viewer=viewer))

    def _referred(self, own_id: sa.ColumnElement[UUID], link: _Link, viewer: Viewer) -> Condition:
        """Whether chosen conversations refer to a row.

        Few conversations tell what they refer to; of many each row asks, since to hold what they all refer to would
        take memory that grows with the data.
        """
        chosen = self._chosen(link.conversation_id, viewer)
        if self._few:
            return own_id.in_(sa.select(link.key).select_from(link.source).where(chosen))
        return sa.exists(sa.select(sa.literal_column("1")).select_from(link.source).where(link.key == own_id, chosen))

    def _traced(self, viewer: Viewer) -> Sequence[Condition]:
        """Whether an origin is that of something that is exported."""
        own_id = ORIGINS.c.entity_id
        links = [
            _Link(CONVERSATIONS.c.id, CONVERSATIONS.c.id, CONVERSATIONS),
            *(_Link(table.c.id, table.c.conversation_id, table) for table in (MESSAGES, CITATIONS, FEEDBACK)),
            *(link for kind in (SOURCE, ASSISTANT, TOOL) for link in _LINKS[kind]),
        ]
        return [self._referred(own_id, link, viewer) for link in links]
