"""Where and when records arrive, and what each row keeps of that: its origin."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from db.interchange.base import Draft
from db.interchange.fitting import ID_KEY
from db.words import Entity, IdType, OriginSystem


@dataclass(frozen=True, slots=True)
class Place:
    """Where records come from: within it, a record's kind and id are its key."""

    system: OriginSystem
    account: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """The import of one file."""

    place: Place
    import_id: UUID
    at: datetime
    """The time that stands in for those that records lack."""

    def origin(
        self,
        row_id: UUID,
        entity: Entity,
        draft: Draft,
        *,
        key: str | None = None,
        position: int | None = None,
        updated_at: datetime | None = None,
    ) -> dict[str, Any]:
        """The origin of a row; `key` where it is not the record's own id, which then stays in the presence."""
        presence = draft.presence
        if key is None:
            key = draft.record_id
        elif key != draft.record_id and draft.id_type is not IdType.PLACE:
            presence = {ID_KEY: draft.record_id, **(presence or {})}
        return {
            "entity_id": row_id,
            "entity": entity,
            "system": self.place.system,
            "account": self.place.account,
            "kind": draft.kind,
            "record_id": key,
            "id_type": draft.id_type,
            "extra": draft.extra,
            "presence": presence,
            "import_id": self.import_id,
            "position": position,
            "source_updated_at": updated_at or draft.updated_at,
            "imported_at": self.at,
        }
