"""Relations: a nested field is a key on its parent and a batch read of `db`, declared once.

The declaration (`graph.declared`) hangs on the field, where the engine that executes level by level finds it; field by
field it is served by the loaders of the operation (`graph.loading`).
"""

import inspect
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import strawberry

from graph.access.roles import ROLES, Roles
from graph.context import Info, loaders_of
from graph.declared import PLANNED, Derived, Found, Read, Relation, Shape, gone


def related(relation: Relation, description: str) -> Any:
    """The field of a relation that needs no arguments."""

    def resolve(root: Any, info: Info) -> Any:
        key, missing = getattr(root, relation.key), () if relation.shape is Shape.MANY else None
        return missing if key is None else loaders_of(info).batch(relation.read, missing=missing)(key)

    async def resolve_required(root: Any, info: Info) -> Any:
        key = getattr(root, relation.key)
        return there(None if key is None else await loaders_of(info).batch(relation.read)(key))

    resolver: Any = resolve_required if relation.required else resolve
    return strawberry.field(resolver=resolver, description=description, metadata={PLANNED: relation})


def there(row: Any) -> Any:
    """The row of a field that is never null. Raises NotFound where there is none any more."""
    if row is None:
        raise gone()
    return row


def to_one(read: Read, key: str, description: str) -> Any:
    """A field that is the row with the parent's `key`, null where that is null or nothing has it."""
    return related(Relation(read, key), description)


def to_the_one(read: Read, key: str, description: str) -> Any:
    """A field that is the row with the parent's `key`, which is never null."""
    return related(Relation(read, key, required=True), description)


def to_many(read: Read, description: str, key: str = "id") -> Any:
    """A field that is all the rows that belong to the parent, in the verb's order."""
    return related(Relation(read, key, Shape.MANY), description)


def derived(declared: Derived, description: str) -> Any:
    """A field that is made of what a read has for the parent."""
    many = declared.shape is Shape.MANY

    def made(root: Any, found: Any) -> Any:
        return declared.by(found, *[getattr(root, name) for name in declared.columns])

    def needed(row: Any) -> tuple[Any, ...]:
        return tuple([getattr(row, name) for name in declared.needs])

    async def read(root: Any, answer: Awaitable[Any]) -> Any:
        found = await answer
        if many:
            return made(root, [needed(row) for row in found])
        return made(root, None if found is None else needed(found))

    def resolve(root: Any, info: Info) -> Any:
        key = getattr(root, declared.key)
        if key is None or (declared.when is not None and not getattr(root, declared.when)):
            return made(root, [] if many else None)
        return read(root, loaders_of(info).batch(declared.read, missing=() if many else None)(key))

    return strawberry.field(resolver=resolve, description=description, metadata={PLANNED: declared})


def found(declared: Found, description: str, roles: Roles | None = None) -> Any:
    """A field of the root: the row that the arguments name."""

    def resolve(info: Info, **given: Any) -> Any:
        return loaders_of(info).batch(declared.read)(declared.pick(**given))

    taking(resolve, declared.pick)
    return strawberry.field(resolver=resolve, description=description, metadata={PLANNED: declared, ROLES: roles})


def taking(resolver: Callable[..., Any], arguments_of: Callable[..., Any]) -> None:
    """Let a resolver that passes its arguments on have those of another function, for strawberry to see."""
    own = [
        each
        for each in inspect.signature(resolver).parameters.values()
        if each.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    taken: Sequence[inspect.Parameter] = list(inspect.signature(arguments_of).parameters.values())
    parameters = [*own, *(each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in taken)]
    resolver.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # inspect's own way to say it
