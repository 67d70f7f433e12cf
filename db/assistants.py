"""Assistants: what answers in conversations. The tables, and what is asked of them."""

from collections.abc import Sequence
from typing import Any, Final, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Field

from db import reads
from db.filters import Where, assistant_where
from db.listings import Listing, page_of
from db.paging import Order, Page, Row, Slice
from db.record import KEY_LENGTH, Owned, Revised, json_field, partial_index, sorted_text, text_field
from db.viewer import Viewer


class Assistant(Revised, table=True):
    """A configured assistant: a brain, a bot, an agent, an integration."""

    __tablename__ = "assistants"
    __table_args__ = (
        sa.Index("ix_assistants_name", "workspace_id", "name", "id"),
        partial_index(
            "uq_assistants_external_id", "workspace_id", "external_id", where="external_id IS NOT NULL", unique=True
        ),
    )

    name: str = Field(sa_type=cast("Any", sorted_text(KEY_LENGTH)), nullable=False)
    name_made: bool = Field(default=False)
    """The name was made from the original id, and is never exported."""
    description: str | None = text_field()
    system_prompt: str | None = text_field()
    initial_message: str | None = text_field()
    model: str | None = Field(default=None, max_length=KEY_LENGTH)
    temperature: float | None = None
    config: Any = json_field()
    external_id: str | None = Field(default=None, max_length=KEY_LENGTH)


class AssistantTool(Owned, table=True):
    """A tool that an assistant may use."""

    __tablename__ = "assistant_tools"
    __table_args__ = (sa.Index("ix_assistant_tools_tool_id", "tool_id", "assistant_id"),)

    assistant_id: UUID = Field(foreign_key="assistants.id", ondelete="CASCADE", primary_key=True)
    tool_id: UUID = Field(foreign_key="tools.id", ondelete="CASCADE", primary_key=True)
    position: int


_BY_NAME: Final = (Order("NAME", "name"),)


async def by_ids(connection: AsyncConnection, ids: Sequence[UUID], *, viewer: Viewer) -> dict[UUID, Row]:
    """Those of the ids that exist."""
    return await reads.by_ids(connection, reads.table("assistants"), ids, viewer=viewer)


async def page(connection: AsyncConnection, page: Page, *, where: Where | None = None, viewer: Viewer) -> Slice:
    """A page of the assistants that meet the filter, by name."""
    rows = reads.table("assistants")
    here = rows.c.workspace_id == viewer.workspace_id
    return await page_of(connection, Listing.of("assistants", rows, _BY_NAME, here, assistant_where(where)), page)


async def count(connection: AsyncConnection, *, where: Where | None = None, viewer: Viewer) -> int:
    """How many assistants meet the filter."""
    return await reads.count(connection, reads.table("assistants"), assistant_where(where), viewer=viewer)


async def of_tools(connection: AsyncConnection, ids: Sequence[UUID], *, viewer: Viewer) -> dict[UUID, list[Row]]:
    """The assistants that may use each tool, by name."""
    rows, links = reads.table("assistants"), reads.table("assistant_tools")
    source = links.join(rows, rows.c.id == links.c.assistant_id)
    return await reads.lists_of(
        connection, rows, links.c.tool_id, ids, rows.c.name, rows.c.id, source=source, viewer=viewer
    )
