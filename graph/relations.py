"""Relations: a nested field is a key on its parent and a batch read of `db`, declared once.

`Relation` is the declaration. It hangs on the field as `metadata["relation"]`, where an engine that executes level by
level finds it; field by field it is served by the loaders of the operation (`graph.loading`).
"""

from dataclasses import dataclass
from typing import Any

import strawberry

from db.errors import NotFound
from graph.context import Info, loaders_of
from graph.loading import Read


@dataclass(frozen=True, eq=False, slots=True)
class Relation:
    """What a nested field shows: for each parent what `read` has for its `key`."""

    read: Read
    key: str = "id"
    """The parent's attribute with the key; where that is null nothing is read, and the field is `missing`."""
    missing: object = None
    """What the field is for a key that the read has nothing for."""
    required: bool = False
    """Whether the field is never null: where the read has nothing, what stands here was deleted at this very moment, or
    since the first answer of a mutation that is repeated. That is told as an error, since nobody made a mistake."""
    count: Read | None = None
    """Of a relation that is read in pages: the verb that counts its rows for many keys."""


def related(relation: Relation, description: str) -> Any:
    """The field of a relation that needs no arguments."""

    def resolve(root: Any, info: Info) -> Any:
        key = getattr(root, relation.key)
        if key is None:
            return relation.missing
        return loaders_of(info).batch(relation.read, missing=relation.missing)(key)

    async def resolve_required(root: Any, info: Info) -> Any:
        return there(await loaders_of(info).batch(relation.read)(getattr(root, relation.key)))

    resolver: Any = resolve_required if relation.required else resolve
    return strawberry.field(resolver=resolver, description=description, metadata={"relation": relation})


def there(row: Any) -> Any:
    """The row of a field that is never null. Raises NotFound where there is none any more."""
    if row is None:
        raise NotFound("What stands here was deleted meanwhile.")
    return row


def to_one(read: Read, key: str, description: str) -> Any:
    """A field that is the row with the parent's `key`, null where that is null or nothing has it."""
    return related(Relation(read, key), description)


def to_the_one(read: Read, key: str, description: str) -> Any:
    """A field that is the row with the parent's `key`, which is never null."""
    return related(Relation(read, key, required=True), description)


def to_many(read: Read, description: str, key: str = "id") -> Any:
    """A field that is all the rows that belong to the parent, in the verb's order."""
    return related(Relation(read, key, missing=()), description)
