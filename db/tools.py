"""Tools: what assistants call. The table, and what is asked of it."""

from collections.abc import Sequence
from typing import Any, Final, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Field

from db import reads
from db.filters import Where, tool_where
from db.listings import Listing, page_of
from db.paging import Order, Page, Row, Slice
from db.record import KEY_LENGTH, Revised, json_field, partial_index, sorted_text, text_field, word_field
from db.viewer import Viewer
from db.words import ToolKind


class Tool(Revised, table=True):
    """A function, retrieval, script or MCP server that assistants may call."""

    __tablename__ = "tools"
    __table_args__ = (
        sa.Index("ix_tools_name", "workspace_id", "name", "id"),
        partial_index(
            "uq_tools_external_id", "workspace_id", "external_id", where="external_id IS NOT NULL", unique=True
        ),
    )

    name: str = Field(sa_type=cast("Any", sorted_text(KEY_LENGTH)), nullable=False)
    name_made: bool = Field(default=False)
    """The name was made from the original id, and is never exported."""
    kind: ToolKind = word_field(ToolKind, ToolKind.FUNCTION)
    description: str | None = text_field()
    parameters: Any = json_field()
    external_id: str | None = Field(default=None, max_length=KEY_LENGTH)


_BY_NAME: Final = (Order("NAME", "name"),)


async def by_ids(connection: AsyncConnection, ids: Sequence[UUID], *, viewer: Viewer) -> dict[UUID, Row]:
    """Those of the ids that exist."""
    return await reads.by_ids(connection, reads.table("tools"), ids, viewer=viewer)


async def page(connection: AsyncConnection, page: Page, *, where: Where | None = None, viewer: Viewer) -> Slice:
    """A page of the tools that meet the filter, by name."""
    rows = reads.table("tools")
    here = rows.c.workspace_id == viewer.workspace_id
    return await page_of(connection, Listing.of("tools", rows, _BY_NAME, here, tool_where(where)), page)


async def count(connection: AsyncConnection, *, where: Where | None = None, viewer: Viewer) -> int:
    """How many tools meet the filter."""
    return await reads.count(connection, reads.table("tools"), tool_where(where), viewer=viewer)


async def of_assistants(connection: AsyncConnection, ids: Sequence[UUID], *, viewer: Viewer) -> dict[UUID, list[Row]]:
    """The tools that each assistant may use, in its order."""
    return await _of(connection, reads.table("assistant_tools"), "assistant_id", ids, viewer)


async def of_conversations(
    connection: AsyncConnection, ids: Sequence[UUID], *, viewer: Viewer
) -> dict[UUID, list[Row]]:
    """The tools that were used in each conversation, in its order."""
    return await _of(connection, reads.table("conversation_tools"), "conversation_id", ids, viewer)


async def _of(
    connection: AsyncConnection, links: sa.Table, key: str, ids: Sequence[UUID], viewer: Viewer
) -> dict[UUID, list[Row]]:
    rows = reads.table("tools")
    source = links.join(rows, rows.c.id == links.c.tool_id)
    return await reads.lists_of(
        connection, rows, links.c[key], ids, links.c.position, rows.c.id, source=source, viewer=viewer
    )
