"""Assistants: what answers in conversations. The tables, and what is asked of them."""

from collections.abc import Sequence
from typing import Any, Final, cast
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from db import reads
from db.filters import Where, assistant_where
from db.listings import Listing
from db.pages import Listed
from db.paging import Order, Page
from db.record import KEY_LENGTH, Owned, Revised, json_field, partial_index, sorted_text, text_field
from db.verbs import Count, Found, Many, Numbers, One, verb
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


@verb("assistants")
def by_ids(ids: Sequence[UUID], *, viewer: Viewer) -> One[UUID]:
    """Those of the ids that exist."""
    return One(_by_ids, (), ids, viewer)


def _by_ids() -> Found:
    rows = reads.table("assistants")
    return Found.by(rows.c.id, rows)


@verb("assistants")
def page(page: Page, *, where: Where | None = None, viewer: Viewer) -> Listed:
    """A page of the assistants that meet the filter, by name."""
    return Listed(_page, (where or None,), page, viewer, keep=not where)


def _page(where: Where | None) -> Listing:
    rows = reads.table("assistants")
    return Listing.of("assistants", rows, _BY_NAME, reads.here(rows, narrow=False), assistant_where(where))


@verb()
def count(*, where: Where | None = None, viewer: Viewer) -> Count:
    """How many assistants meet the filter."""
    return Count(_count, (where or None,), viewer, keep=not where)


def _count(where: Where | None) -> Numbers:
    return Numbers.of(reads.table("assistants"), assistant_where(where))


@verb("assistants")
def of_tools(ids: Sequence[UUID], *, viewer: Viewer) -> Many:
    """The assistants that may use each tool, by name."""
    return Many(_of_tools, (), ids, viewer)


def _of_tools() -> Found:
    rows, links = reads.table("assistants"), reads.table("assistant_tools")
    source = links.join(rows, rows.c.id == links.c.assistant_id)
    return Found.by(links.c.tool_id, rows, source=source, order=(rows.c.name, rows.c.id))
