"""What must hold for the schema as a whole, whatever rooms it is made of."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import (
    DefinitionNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InputObjectTypeDefinitionNode,
    InputValueDefinitionNode,
    InterfaceTypeDefinitionNode,
    NamedTypeNode,
    ObjectTypeDefinitionNode,
    TypeDefinitionNode,
    TypeNode,
    Undefined,
    UnionTypeDefinitionNode,
    build_schema,
    get_nullable_type,
    is_list_type,
    is_non_null_type,
    parse,
    print_ast,
)
from strawberry.types.field import StrawberryField
from strawberry.utils.str_converters import to_snake_case

from db import writing
from db.writing.performing import Verb
from graph.declared import PLANNED
from graph.refetch import READS
from graph.schema import schema, sdl

ROOT = Path(__file__).parents[2]
DESIGN = ROOT.parent / "shared" / "design" / "api.graphql"

ROOTS = {"Query", "Mutation"}
LATER_TYPES = {"Subscription"}
LATER_MUTATIONS = {
    *("startMessage", "appendDelta", "finishMessage", "failMessage", "stopMessage", "askDemo"),
}
MORE_VALUES = {"UserErrorCode": {"FORBIDDEN"}}
"""Words that the design leaves room for: more may come."""
LATER_FIELDS = {
    ("Query", "messageDeltas"),
    ("Query", "changes"),
    *(("Mutation", name) for name in LATER_MUTATIONS),
}


def built() -> GraphQLSchema:
    return schema._schema


def own_types() -> list[GraphQLNamedType]:
    standard = {"String", "Int", "Float", "Boolean", "ID"}
    return [type_ for name, type_ in built().type_map.items() if not name.startswith("__") and name not in standard]


def elements() -> Iterator[tuple[str, str | None]]:
    """Every named thing of the schema with its description."""
    for type_ in own_types():
        yield type_.name, type_.description
        if isinstance(type_, GraphQLEnumType):
            yield from ((f"{type_.name}.{name}", value.description) for name, value in type_.values.items())
        elif isinstance(type_, GraphQLInputObjectType):
            yield from ((f"{type_.name}.{name}", field.description) for name, field in type_.fields.items())
        elif isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            for name, field in type_.fields.items():
                yield f"{type_.name}.{name}", field.description
                for argument, details in field.args.items():
                    yield f"{type_.name}.{name}({argument}:)", details.description


def test_every_element_is_described_in_sentences() -> None:
    described = dict(elements())
    assert len(described) > 1100
    wanting = {
        element: description
        for element, description in described.items()
        if not description or len(description) < 8 or description[-1] not in ".)" or description != description.strip()
    }
    assert wanting == {}


def test_the_sdl_is_a_valid_schema_of_its_own() -> None:
    assert set(build_schema(sdl()).type_map) == set(built().type_map)
    assert sdl().endswith("}\n")


def test_the_committed_schema_is_the_one_that_the_code_prints() -> None:
    assert (ROOT / "schema.graphql").read_text() == sdl()


def test_every_node_type_can_be_read_again_by_its_id() -> None:
    node = built().type_map["Node"]
    assert isinstance(node, GraphQLInterfaceType)
    assert {type_.name for type_ in built().get_possible_types(node)} == set(READS)


def test_only_nodes_have_a_field_named_id() -> None:
    with_id = {type_.name for type_ in own_types() if isinstance(type_, GraphQLObjectType) and "id" in type_.fields}
    assert with_id == set(READS)


def test_every_connection_pages_in_both_directions() -> None:
    connections = {
        f"{type_.name}.{name}": field
        for type_ in own_types()
        if isinstance(type_, GraphQLObjectType)
        for name, field in type_.fields.items()
        if str(field.type).endswith("Connection!")
    }
    assert len(connections) == 13
    for place, field in connections.items():
        assert {name: str(argument.type) for name, argument in list(field.args.items())[:4]} == {
            "first": "Int",
            "after": "String",
            "last": "Int",
            "before": "String",
        }, place


def test_every_connection_has_edges_nodes_page_info_and_total_count() -> None:
    for type_ in own_types():
        if type_.name.endswith("Connection") and isinstance(type_, GraphQLObjectType):
            node = type_.name.removesuffix("Connection")
            assert {name: str(field.type) for name, field in type_.fields.items()} == {
                "edges": f"[{node}Edge!]!",
                "nodes": f"[{node}!]!",
                "pageInfo": "PageInfo!",
                "totalCount": "Int!",
            }


def test_no_two_content_parts_give_one_name_two_types() -> None:
    union = built().type_map["ContentPart"]
    assert isinstance(union, GraphQLUnionType)
    seen: dict[str, str] = {}
    for member in union.types:
        for name, field in member.fields.items():
            assert seen.setdefault(name, str(field.type)) == str(field.type), f"{member.name}.{name}"


def test_every_list_of_rows_below_a_row_is_a_declared_relation() -> None:
    """An engine that executes level by level finds all nested reads by their declarations."""
    undeclared = set()
    for type_ in own_types():
        if (
            not isinstance(type_, GraphQLObjectType)
            or type_.name in {"Query", "Mutation"}
            or "Connection" in type_.name
        ):
            continue
        for name, field in type_.fields.items():
            definition = field.extensions.get("strawberry-definition")
            assert isinstance(definition, StrawberryField)
            if definition.base_resolver is not None and PLANNED not in definition.metadata:
                undeclared.add(f"{type_.name}.{name}")
    assert undeclared == {
        "Conversation.export",
        "Conversation.messagesOpenAIFormat",
        # Of payloads, of which there is one.
        "DeleteAssistantPayload.assistant",
        "DeleteToolPayload.tool",
        "WithdrawFeedbackPayload.target",
    }


def mutations() -> Iterator[tuple[str, GraphQLInputObjectType, GraphQLObjectType]]:
    """Each mutation with its input and its payload."""
    mutation = built().mutation_type
    assert mutation is not None
    for name, field in mutation.fields.items():
        assert list(field.args) == ["input"], name
        given, payload = get_nullable_type(field.args["input"].type), get_nullable_type(field.type)
        assert isinstance(given, GraphQLInputObjectType)
        assert isinstance(payload, GraphQLObjectType)
        yield name, given, payload


def test_every_mutation_takes_one_input_of_its_own_and_answers_with_a_payload_of_its_own() -> None:
    for name, given, payload in mutations():
        title = name[0].upper() + name[1:]
        assert (given.name, payload.name) == (f"{title}Input", f"{title}Payload")
        assert str(payload.fields["userErrors"].type) == "[UserError!]!"
        whole = {field for field, details in payload.fields.items() if is_non_null_type(details.type)}
        lists = {field for field in whole if is_list_type(get_nullable_type(payload.fields[field].type))}
        assert whole - lists <= {"counts", "claimedCount"}, "where nothing was written there is no object"


def test_every_mutation_may_be_repeated_with_a_key_but_those_that_tell_a_secret_once() -> None:
    keys = {name: given.fields.get("idempotencyKey") for name, given, _ in mutations()}
    assert {name for name, key in keys.items() if key is None} == {"createApiKey", "createUserToken"}
    assert {str(key.type) for key in keys.values() if key is not None} == {"String"}


def test_every_mutation_is_a_verb_of_the_data_side() -> None:
    names = {to_snake_case(name) for name, _, _ in mutations()}
    assert names == {name for name, verb in vars(writing).items() if isinstance(verb, Verb)}


def test_a_nullable_variable_fits_every_input_field_that_has_a_default() -> None:
    """Some client generators refuse one for a non-null input field, default or not."""
    with_default = {
        f"{type_.name}.{name}": str(field.type)
        for type_ in own_types()
        if isinstance(type_, GraphQLInputObjectType)
        for name, field in type_.fields.items()
        if field.default_value is not Undefined
    }
    assert len(with_default) > 8
    assert {place for place, type_ in with_default.items() if type_.endswith("!")} == set()


# ---------------------------------------------------------------- the schema and its design


def designed() -> DocumentNode:
    if not DESIGN.exists():
        pytest.skip(f"the design of the API is not beside this checkout ({DESIGN.name})")
    return parse(DESIGN.read_text())


def inner(type_: TypeNode) -> str:
    while not isinstance(type_, NamedTypeNode):
        assert hasattr(type_, "type")
        type_ = type_.type
    return type_.name.value


def in_scope(document: DocumentNode) -> dict[str, TypeDefinitionNode]:
    """The designed types that can be reached from the queries and mutations of this schema."""
    all_types = {node.name.value: node for node in document.definitions if isinstance(node, TypeDefinitionNode)}
    reached: dict[str, TypeDefinitionNode] = {}
    waiting = [*sorted(ROOTS), *(name for name, node in all_types.items() if "Node" in interfaces(node))]
    while waiting:
        name = waiting.pop()
        node = all_types.get(name)
        if node is None or name in reached or name in LATER_TYPES:
            continue
        reached[name] = node
        if isinstance(node, UnionTypeDefinitionNode):
            waiting.extend(member.name.value for member in node.types or ())
        for field in fields(node):
            waiting.append(inner(field.type))
            if isinstance(field, FieldDefinitionNode):
                waiting.extend(inner(argument.type) for argument in field.arguments or ())
    return reached


def interfaces(node: DefinitionNode) -> list[str]:
    return [named.name.value for named in getattr(node, "interfaces", None) or ()]


def fields(node: TypeDefinitionNode) -> list[FieldDefinitionNode | InputValueDefinitionNode]:
    if not isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode | InputObjectTypeDefinitionNode):
        return []
    return [field for field in node.fields or () if (node.name.value, field.name.value) not in LATER_FIELDS]


def signatures(node: TypeDefinitionNode) -> dict[str, str]:
    """Each member of a type as text: its type, its arguments and their defaults."""
    if isinstance(node, EnumTypeDefinitionNode):
        return {value.name.value: "" for value in node.values or ()}
    if isinstance(node, UnionTypeDefinitionNode):
        return {member.name.value: "" for member in node.types or ()}
    return {field.name.value: signature(field) for field in fields(node)}


def signature(field: FieldDefinitionNode | InputValueDefinitionNode) -> str:
    arguments = [
        f"{argument.name.value}: {print_ast(argument.type)}{default(argument)}"
        for argument in (field.arguments or () if isinstance(field, FieldDefinitionNode) else ())
    ]
    own = default(field) if isinstance(field, InputValueDefinitionNode) else ""
    return f"({', '.join(sorted(arguments))}): {print_ast(field.type)}{own}"


def default(value: InputValueDefinitionNode) -> str:
    return "" if value.default_value is None else f" = {print_ast(value.default_value)}"


def test_the_schema_is_the_designed_one_name_by_name() -> None:
    design = {name: (type(node), interfaces(node), signatures(node)) for name, node in in_scope(designed()).items()}
    ours = {
        node.name.value: (type(node), interfaces(node), signatures(node))
        for node in parse(sdl()).definitions
        if isinstance(node, TypeDefinitionNode)
    }
    assert ours.keys() == design.keys()
    for name, more in MORE_VALUES.items():
        for value in more:
            assert ours[name][2].pop(value) == ""
    for name, expected in design.items():
        assert ours[name] == expected, name
