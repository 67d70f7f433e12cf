"""What a field is to the survey of a document, known from the schema alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from graphql import (
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_enum_type,
    is_input_object_type,
    is_interface_type,
    is_list_type,
    is_object_type,
)

from graph.access.cost import LISTED, WEIGHTS
from graph.access.roles import metadata_of
from graph.declared import PLANNED, Paged, PagePart, Part


class Kind:
    """What a field of a type is to the pass."""

    __slots__ = ("below", "field", "fixed", "introspective", "is_leaf", "itself", "takes_ids")

    def __init__(self, schema: GraphQLSchema, parent: GraphQLNamedType, name: str, field: GraphQLField) -> None:
        self.field = field
        self.below = get_named_type(field.type)
        self.is_leaf = not is_composite_type(self.below)
        self.introspective = name in ("__schema", "__type")
        """Whether all below it is of the schema's own."""
        planned = metadata_of(field).get(PLANNED)
        listed = is_list_type(get_nullable_type(field.type))
        is_frame = planned in (PagePart.EDGES, PagePart.PAGE_INFO) or isinstance(planned, Paged | Part)
        self.itself = 0 if is_frame or self.is_leaf else 1
        """How many nodes it is for each of its size."""
        self.fixed = 1
        """Its size, unless its arguments give it one."""
        if parent.name.startswith("__"):
            self.fixed = _schema_sizes(schema).get((parent.name, name), LISTED if listed else 1)
        elif (weight := WEIGHTS.get((parent.name, name))) is not None:
            self.itself, self.is_leaf = weight, False
        elif listed and not isinstance(planned, PagePart):
            self.fixed = LISTED
        self.takes_ids = [
            each for each, argument in field.args.items() if str(argument.type).replace("!", "") == "[ID]"
        ]
        """Its arguments that are lists of ids."""


def _schema_sizes(schema: GraphQLSchema) -> Mapping[tuple[str, str], int]:
    """How many there are of the schema's own parts: of those below a type or a field, on average of all of these."""
    types = list(schema.type_map.values())
    with_fields = [each for each in types if is_object_type(each) or is_interface_type(each)]
    fields = [field for each in with_fields for field in each.fields.values()]
    inputs = [each for each in types if is_input_object_type(each)]
    return {
        ("__Schema", "types"): len(types),
        ("__Schema", "directives"): len(schema.directives),
        ("__Type", "fields"): _average(len(fields), types),
        ("__Type", "interfaces"): _average(sum(len(each.interfaces) for each in with_fields), types),
        ("__Type", "possibleTypes"): _average(sum(len(each.interfaces) for each in with_fields), types),
        ("__Type", "enumValues"): _average(sum(len(each.values) for each in types if is_enum_type(each)), types),
        ("__Type", "inputFields"): _average(sum(len(each.fields) for each in inputs), types),
        ("__Field", "args"): _average(sum(len(each.args) for each in fields), fields),
        ("__Directive", "args"): _average(sum(len(each.args) for each in schema.directives), schema.directives),
    }


def _average(number: int, of: Sequence[object]) -> int:
    return max(1, -(-number // max(1, len(of))))
