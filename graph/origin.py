"""The Origin of imported records, which all rooms show."""

from datetime import datetime
from typing import Any

import strawberry
from strawberry.scalars import JSON

from db import origins
from graph.enums import OriginSystem
from graph.relations import to_one


@strawberry.type(description="Where an imported record came from: its export gives the original back by it.")
class Origin:
    """A value of its record, hence without an id."""

    system: OriginSystem = strawberry.field(description="The system.")
    account: str = strawberry.field(
        description=(
            "A label given at import, empty by default: two accounts of one system may both have a record 812."
        )
    )
    kind: str = strawberry.field(description="The source's word for such a record: chat, message, node.")
    record_id: str = strawberry.field(
        description="The record's id in its system; where it has none, made from its place in the file."
    )
    extra: JSON | None = strawberry.field(
        description=(
            "Keys of the record without a field here, and the original words of those that were mapped. "
            "Null where nothing is left over."
        )
    )
    imported_at: datetime = strawberry.field(description="When it was imported, last if more than once.")


def origin() -> Any:
    """The `origin` field of a record."""
    return to_one(
        origins.of_entities,
        "id",
        "Where the record was imported from. Null for what was written here, and where it is not known.",
    )
