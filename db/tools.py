"""Tools: what assistants call. The table, and what is asked of it."""

from collections.abc import Sequence
from typing import Any, Final, cast
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from db import reads
from db.filters import Where, tool_where
from db.listings import Listing
from db.pages import Listed
from db.paging import Order, Page
from db.record import KEY_LENGTH, Revised, json_field, partial_index, sorted_text, text_field, word_field
from db.verbs import Count, Found, Many, Numbers, One, verb
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


@verb("tools")
def by_ids(ids: Sequence[UUID], *, viewer: Viewer) -> One[UUID]:
    """Those of the ids that exist."""
    return One(_by_ids, (), ids, viewer)


def _by_ids() -> Found:
    rows = reads.table("tools")
    return Found.by(rows.c.id, rows)


@verb("tools")
def page(page: Page, *, where: Where | None = None, viewer: Viewer) -> Listed:
    """A page of the tools that meet the filter, by name."""
    return Listed(_page, (where or None,), page, viewer, keep=not where)


def _page(where: Where | None) -> Listing:
    rows = reads.table("tools")
    return Listing.of("tools", rows, _BY_NAME, reads.here(rows, narrow=False), tool_where(where))


@verb()
def count(*, where: Where | None = None, viewer: Viewer) -> Count:
    """How many tools meet the filter."""
    return Count(_count, (where or None,), viewer, keep=not where)


def _count(where: Where | None) -> Numbers:
    return Numbers.of(reads.table("tools"), tool_where(where))


@verb("tools")
def of_assistants(ids: Sequence[UUID], *, viewer: Viewer) -> Many:
    """The tools that each assistant may use, in its order."""
    return Many(_linked, ("assistant_tools", "assistant_id"), ids, viewer)


@verb("tools")
def of_conversations(ids: Sequence[UUID], *, viewer: Viewer) -> Many:
    """The tools that were used in each conversation, in its order."""
    return Many(_linked, ("conversation_tools", "conversation_id"), ids, viewer)


def _linked(table: str, key: str) -> Found:
    rows, links = reads.table("tools"), reads.table(table)
    source = links.join(rows, rows.c.id == links.c.tool_id)
    return Found.by(links.c[key], rows, source=source, order=(links.c.position, rows.c.id))
