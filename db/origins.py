"""Origins: where imported rows came from, and what an export needs to give the originals back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from db import reads
from db.record import KEY_LENGTH, Owned, Record, json_field, moment_field, text_field, word_field
from db.verbs import Found, One, verb
from db.viewer import Viewer
from db.words import Entity, IdType, OriginSystem

ACCOUNT_LENGTH = 128
"""Characters of an account's label."""


class Import(Record, table=True):
    """A file that was imported: what it held besides its records, so that it can be written again."""

    __tablename__ = "imports"
    __table_args__ = (sa.Index("ix_imports_created_at", "workspace_id", "created_at", "id"),)

    format: str = Field(max_length=32)
    account: str = Field(default="", max_length=ACCOUNT_LENGTH)
    file_name: str = text_field(nullable=False)
    layout: str = Field(max_length=32)
    """How the file holds its records: lines, array, object, or the key of an envelope."""
    envelope: Any = json_field()
    """The file without its records, in order, an empty list in their place."""
    counts: Any = json_field()
    finished_at: datetime | None = moment_field()
    run_id: UUID | None = None
    """What the files of one import command have in common."""


class Origin(Owned, table=True):
    """Where a row came from: at most one origin a row, hence the row's id as key.

    `presence` holds only what differs from the canonical rendering of the row in its own format (absent, null, empty,
    spelling, order, number or text); `extra` the keys without a column. A document of documented keys in canonical form
    leaves both null.
    """

    __tablename__ = "origins"
    __table_args__ = (
        sa.Index("uq_origins_record_id", "workspace_id", "system", "account", "kind", "record_id", unique=True),
        sa.Index("ix_origins_record_id", "workspace_id", "record_id"),
        sa.Index("ix_origins_import_id", "import_id", "position"),
    )

    entity_id: UUID = Field(primary_key=True)
    entity: Entity = word_field(Entity)
    system: OriginSystem = word_field(OriginSystem)
    account: str = Field(default="", max_length=ACCOUNT_LENGTH)
    kind: str = Field(max_length=32)
    record_id: str = Field(max_length=KEY_LENGTH)
    id_type: IdType = word_field(IdType, IdType.STRING)
    extra: Any = json_field()
    presence: Any = json_field()
    import_id: UUID | None = Field(default=None, foreign_key="imports.id", ondelete="SET NULL", nullable=True)
    position: int | None = None
    """The record's place in its file, from 0; null for what is nested in another record."""
    source_updated_at: datetime | None = moment_field()
    """When the source says that it last changed the record: of two versions the later one wins."""
    imported_at: datetime = moment_field(nullable=False)


class RecordVersion(Owned, table=True):
    """A version of a record that an import has seen: seen again, it changes nothing."""

    __tablename__ = "record_versions"

    entity_id: UUID = Field(primary_key=True)
    digest: str = Field(primary_key=True, max_length=64)
    seen_at: datetime = moment_field(nullable=False)


@verb("origins")
def of_entities(ids: Sequence[UUID], *, viewer: Viewer) -> One[UUID]:
    """The origins of those rows that have one, whatever their table."""
    return One(_of_entities, (), ids, viewer)


def _of_entities() -> Found:
    rows = reads.table("origins")
    return Found.by(rows.c.entity_id, rows)
