"""The Node interface, and how a row says of which type it is where the schema leaves that open.

Rows are parents: a field of one object type returns the row as it came from the database, and nothing is made of it.
Only where a field's type is an interface or a union of records (`node`, `nodes`, `Feedback.target`) does graphql-core
have to be told the type of a row, which carries no mark of it. There, and nowhere else, the row is wrapped in `Typed`:
one small object for each of the few rows of such a field. SQLAlchemy's rows are all of one compiled class, so that
classes for the types would have to be set up for each statement; and to look at the columns would be to guess.
"""

import asyncio
from typing import Any

import strawberry

from graph.access.roles import ROLES, Roles
from graph.context import Info, loaders_of
from graph.declared import PLANNED, Chosen
from graph.relations import taking, there


class Typed:
    """A row with the GraphQL type that it is to be read as; its attributes are the row's.

    Its own have names that no column has: `type_name` is one of the audit log's.
    """

    __slots__ = ("_type", "row")

    def __init__(self, type_name: str, row: Any) -> None:
        self._type = type_name
        self.row = row

    def __getattr__(self, name: str) -> Any:
        return getattr(self.row, name)


@strawberry.interface(description="An object with an id of its own, which `node` and `nodes` read again.")
class Node:
    """What the types with an identity share."""

    id: strawberry.ID = strawberry.field(
        description='The opaque id, unique among all objects: base64url("Type:uuid") without padding.'
    )

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        """Whether the value may be read as this type: any row may, a `Typed` as what it says."""
        return type(value) is not Typed or value._type == cls.__name__

    @staticmethod
    def resolve_type(value: Any, _info: object, _abstract: object) -> str:
        """The name of the type of a `Typed`."""
        name: str = value._type
        return name


def chosen(declared: Chosen, description: str, roles: Roles | None = None) -> Any:
    """A field that is a row of one of several types, or a list of such; with roles one of the root."""

    async def load(info: Info, type_name: str, key: Any) -> Typed | None:
        row = await loaders_of(info).batch(declared.reads[type_name], of_type=type_name)(key)
        return None if row is None else Typed(type_name, row)

    async def resolve(root: Any, info: Info, **given: Any) -> Any:
        picked = declared.pick(*[getattr(root, name) for name in declared.columns], **given)
        if declared.many:
            return await asyncio.gather(*[load(info, *each) for each in picked])
        found = await load(info, *picked)
        return there(found) if declared.required else found

    taking(resolve, (lambda: None) if declared.columns else declared.pick)
    return strawberry.field(resolver=resolve, description=description, metadata={PLANNED: declared, ROLES: roles})
