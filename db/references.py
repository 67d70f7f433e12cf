"""References: the uses of sources, in answers and in conversations. The table, and what is asked of it."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from db import reads
from db.filters import Where, reference_where
from db.listings import Listing, Run
from db.pages import Pages
from db.paging import Keyset, Page, Term
from db.record import KEY_LENGTH, Record, json_field, key_to, optional_key_to, partial_index, text_field
from db.verbs import Counts, Found, Many, Numbers, One, verb
from db.viewer import Viewer


class Reference(Record, table=True):
    """One use of a source: a citation of a message, or a line in a conversation's own list (no message).

    The table is called citations, since REFERENCES is a reserved word of SQL.
    """

    __tablename__ = "citations"
    __table_args__ = (
        sa.Index("ix_citations_conversation_id", "conversation_id", "position", "id"),
        partial_index("ix_citations_listed", "conversation_id", "position", "id", where="message_id IS NULL"),
        partial_index("ix_citations_message_id", "message_id", "position", "id", where="message_id IS NOT NULL"),
        partial_index("ix_citations_source_id", "source_id", "id", where="source_id IS NOT NULL"),
        sa.Index("ix_citations_url", "url", postgresql_using="hash"),
    )

    conversation_id: UUID = key_to("conversations.id")
    message_id: UUID | None = optional_key_to("messages.id", on_delete="CASCADE")
    position: int
    """The place in the list of the message, or of the conversation, from 0."""
    number: int
    shown_number: int | None = None
    label: str | None = text_field()
    source_id: UUID | None = optional_key_to("sources.id")
    title: str | None = text_field()
    url: str | None = text_field()
    excerpt: str | None = text_field()
    context: str | None = text_field()
    description: str | None = text_field()
    relevance_score: float | None = None
    kind: str | None = Field(default=None, max_length=KEY_LENGTH)
    breadcrumbs: Any = json_field()
    pages: Any = json_field()
    start_index: int | None = None
    end_index: int | None = None
    external_id: str | None = Field(default=None, max_length=KEY_LENGTH)
    metadata_: Any = json_field("metadata")


_OF_CONVERSATION: Final = Keyset(
    "conversation.references",
    (Term("message_sequence", sa.Integer()), Term("position", sa.Integer()), Term("id", sa.Uuid())),
)
_OF_SOURCE: Final = Keyset("source.references", (Term("id", sa.Uuid(), descending=True),))

_OWN_LIST: Final = -1
"""Where the references stand that a conversation lists itself: before its first message (sequence 0 or more)."""


@verb("citations")
def by_ids(ids: Sequence[UUID], *, viewer: Viewer) -> One[UUID]:
    """Those of the ids that exist, and not in a deleted conversation."""
    return One(_by_ids, (), ids, viewer)


def _by_ids() -> Found:
    rows = reads.table("citations")
    return Found.by(rows.c.id, rows, reads.alive(rows.c.conversation_id))


@verb("citations")
def of_messages(ids: Sequence[UUID], *, viewer: Viewer) -> Many:
    """The citations of each message, in its order."""
    return Many(_of_messages, (), ids, viewer)


def _of_messages() -> Found:
    rows = reads.table("citations")
    return Found.by(rows.c.message_id, rows, order=(rows.c.position, rows.c.id))


@verb("citations")
def of_conversations(ids: Sequence[UUID], page: Page, *, where: Where | None = None, viewer: Viewer) -> Pages:
    """A page of each conversation's references: those that it lists itself, then those of its messages in order."""
    return Pages(_of_conversations, (where or None,), "conversations", ids, page, viewer, keep=not where)


def _of_conversations(parent: sa.FromClause, where: Where | None) -> Listing:
    rows, messages = reads.table("citations"), reads.table("messages")
    condition = reference_where(where)
    listed = Run(
        rows,
        (rows.c.conversation_id == parent.c.id, rows.c.message_id.is_(None), condition),
        (sa.literal_column(str(_OWN_LIST), sa.Integer()), rows.c.position, rows.c.id),
        fixed=_OWN_LIST,
    )
    cited = Run(
        messages.join(rows, rows.c.message_id == messages.c.id),
        (messages.c.conversation_id == parent.c.id, condition),
        (messages.c.sequence, rows.c.position, rows.c.id),
    )

    def sequence(page: sa.FromClause) -> Sequence[sa.ColumnElement[Any]]:
        of_message = sa.select(messages.c.sequence).where(messages.c.id == page.c.message_id).correlate(page)
        return [sa.func.coalesce(of_message.scalar_subquery(), _OWN_LIST).label("message_sequence")]

    return Listing(rows, _OF_CONVERSATION, (listed, cited), sequence)


@verb()
def count_of_conversations(ids: Sequence[UUID], *, where: Where | None = None, viewer: Viewer) -> Counts:
    """How many references each conversation has that meet the filter, its messages' among them."""
    return Counts(_count_of_conversations, (where or None,), ids, viewer, keep=not where)


def _count_of_conversations(where: Where | None) -> Numbers:
    rows = reads.table("citations")
    return Numbers.by(rows.c.conversation_id, rows, reads.alive(rows.c.conversation_id), reference_where(where))


@verb("citations")
def of_sources(ids: Sequence[UUID], page: Page, *, viewer: Viewer) -> Pages:
    """A page of the references to each source, the newest first."""
    return Pages(_of_sources, (), "sources", ids, page, viewer)


def _of_sources(parent: sa.FromClause) -> Listing:
    rows = reads.table("citations")
    conditions = (rows.c.source_id == parent.c.id, reads.alive(rows.c.conversation_id))
    return Listing(rows, _OF_SOURCE, (Run(rows, conditions, (rows.c.id,)),))


@verb()
def count_of_sources(ids: Sequence[UUID], *, viewer: Viewer) -> Counts:
    """How many references each source has."""
    return Counts(_count_of_sources, (), ids, viewer)


def _count_of_sources() -> Numbers:
    rows = reads.table("citations")
    return Numbers.by(rows.c.source_id, rows, reads.alive(rows.c.conversation_id))
