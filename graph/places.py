"""Places of an operation: a field where it is selected."""

from __future__ import annotations

from typing import Any, NamedTuple

import graphql
from graphql.execution.collect_fields import FieldDetailsList
from strawberry.types.field import StrawberryField

from graph.declared import PLANNED


class Place(NamedTuple):
    """A field where it stands in an operation: what is known of it, and what errors tell of it."""

    key: str
    parent: str
    name: str
    details: FieldDetailsList
    definition: graphql.GraphQLField
    field: StrawberryField | None
    """None of `__typename`."""

    @property
    def type(self) -> graphql.GraphQLOutputType:
        """Its type, as the schema has it."""
        return self.definition.type

    @property
    def nodes(self) -> list[graphql.FieldNode]:
        """All nodes of the document that select it here."""
        return [detail.node for detail in self.details]

    @property
    def planned(self) -> Any:
        """What it says of itself (`graph.declared`); of `__typename` the name."""
        return self.parent if self.field is None else self.field.metadata.get(PLANNED)

    @property
    def required(self) -> bool:
        """Whether it is never null."""
        return graphql.is_non_null_type(self.type)

    @property
    def bare(self) -> Any:
        """Its type without the mark that it is never null."""
        return self.type.of_type if graphql.is_non_null_type(self.type) else self.type

    @property
    def named(self) -> Any:
        """Its type without marks and lists."""
        return graphql.get_named_type(self.type)
