"""Sources: the documents that answers cite, each once. The table, and what is asked of it."""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final, cast
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from db import reads
from db.filters import Where, is_narrow, source_where
from db.listings import Listing
from db.pages import Listed
from db.paging import Order, Page
from db.record import KEY_LENGTH, Revised, json_field, partial_index, sorted_text, text_field
from db.verbs import Count, Found, Numbers, One, verb
from db.viewer import Viewer


class Source(Revised, table=True):
    """A document, page or record, however often it is cited.

    `identity` is the hash of what makes two citations cite the same source: connector and external id, else the URL;
    null where a source has only a title, which says nothing of identity.
    """

    __tablename__ = "sources"
    __table_args__ = (
        partial_index("uq_sources_identity", "workspace_id", "identity", where="identity IS NOT NULL", unique=True),
        sa.Index("ix_sources_title", "workspace_id", "title", "id"),
        sa.Index("ix_sources_citation_count", "workspace_id", "citation_count", "id"),
        sa.Index("ix_sources_created_at", "workspace_id", "created_at", "id"),
        partial_index("ix_sources_external_id", "workspace_id", "external_id", where="external_id IS NOT NULL"),
        # A URL may be longer than a B-tree of PostgreSQL takes; a hash index holds any.
        sa.Index("ix_sources_url", "url", postgresql_using="hash"),
    )

    identity: str | None = Field(default=None, max_length=32)
    title: str | None = Field(default=None, sa_type=cast("Any", sorted_text(KEY_LENGTH)), nullable=True)
    url: str | None = text_field()
    kind: str | None = Field(default=None, max_length=KEY_LENGTH)
    connector: str | None = Field(default=None, max_length=KEY_LENGTH)
    external_id: str | None = Field(default=None, max_length=KEY_LENGTH)
    text: str | None = text_field()
    metadata_: Any = json_field("metadata")
    citation_count: int = Field(default=0)
    """References to this source: a stored counter, kept by the verbs."""


def identity_of(values: Mapping[str, Any]) -> str | None:
    """What makes two citations cite the same source: its id in its system, else its URL; None where it has neither."""
    if (external_id := values.get("external_id")) is not None:
        told = f"{values.get('connector') or ''}\n{external_id}"
    elif url := values.get("url"):
        told = f"\n\n{url}"
    else:
        return None
    return blake2b(told.encode(), digest_size=16).hexdigest()


ORDERS: Final = {
    order.field: order
    for order in (
        Order("CITATION_COUNT", "citation_count"),
        Order("TITLE", "title", nullable=True),
        Order("CREATED_AT", "created_at"),
    )
}
"""What sources can be ordered by."""

DEFAULT_ORDER: Final = (ORDERS["CITATION_COUNT"].directed(descending=True),)


@verb("sources")
def by_ids(ids: Sequence[UUID], *, viewer: Viewer) -> One[UUID]:
    """Those of the ids that exist."""
    return One(_by_ids, (), ids, viewer)


def _by_ids() -> Found:
    rows = reads.table("sources")
    return Found.by(rows.c.id, rows)


@verb("sources")
def page(page: Page, *, where: Where | None = None, order: Sequence[Order] = DEFAULT_ORDER, viewer: Viewer) -> Listed:
    """A page of the sources that meet the filter; the most cited first."""
    return Listed(_page, (tuple(order or DEFAULT_ORDER), where or None), page, viewer, keep=not where)


def _page(order: Sequence[Order], where: Where | None) -> Listing:
    rows = reads.table("sources")
    return Listing.of("sources", rows, order, reads.here(rows, narrow=is_narrow(where)), source_where(where))


@verb()
def count(*, where: Where | None = None, viewer: Viewer) -> Count:
    """How many sources meet the filter."""
    return Count(_count, (where or None,), viewer, keep=not where)


def _count(where: Where | None) -> Numbers:
    return Numbers.of(reads.table("sources"), source_where(where), narrow=is_narrow(where))
