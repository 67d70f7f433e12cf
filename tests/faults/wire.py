"""Writes as GraphQL: the document and the input of a deed."""

from __future__ import annotations

import json
from enum import Enum
from functools import cache
from typing import Any
from uuid import UUID

from graphql import GraphQLObjectType, GraphQLOutputType, get_named_type, is_leaf_type
from strawberry.utils.str_converters import to_camel_case

from graph import ids
from graph.schema import schema
from tests.faults.deeds import VERBS, Deed

_TYPES = {"conversations": "Conversation", "messages": "Message", "citations": "Reference"}
_ASKED = ("id", "version", "messageCount", "comment", "inserted", "updated", "field", "message", "code")
"""What is asked of the objects of a payload that have it."""


@cache
def document(verb: str) -> str:
    """The mutation of that name, which asks for all of its payload."""
    name = to_camel_case(verb)
    mutation = schema._schema.mutation_type
    assert mutation is not None
    payload = get_named_type(mutation.fields[name].type)
    assert isinstance(payload, GraphQLObjectType)
    fields = " ".join(f"{each} {_selection(field.type)}" for each, field in payload.fields.items())
    return f"mutation ($input: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $input) {{ {fields} }} }}"


def documents() -> list[str]:
    """The mutations of all deeds."""
    return [document(verb) for verb in VERBS]


def _selection(output: GraphQLOutputType) -> str:
    found = get_named_type(output)
    if not isinstance(found, GraphQLObjectType):
        return ""
    return f"{{ {' '.join(each for each in _ASKED if each in found.fields and _is_leaf(found.fields[each].type))} }}"


def _is_leaf(output: GraphQLOutputType) -> bool:
    return is_leaf_type(get_named_type(output))


def body(deed: Deed) -> bytes:
    """The request."""
    about = "Conversation" if deed.verb.endswith(("_conversation", "_conversations")) else "Message"
    return json.dumps({"query": document(deed.verb), "variables": {"input": _input(deed.values, about)}}).encode()


def _input(values: dict[str, Any], about: str) -> dict[str, Any]:
    given = {}
    for name, value in values.items():
        if name == "target":
            table, row_id = value
            given["targetId"] = ids.encode(_TYPES[table], row_id)
        elif name in ("id", "ids"):
            given[name] = _node(about, value)
        elif name in ("parent_id", "message_id"):
            given[to_camel_case(name)] = _node("Message", value)
        elif name == "conversation_id":
            given["conversationId"] = _node("Conversation", value)
        else:
            given[to_camel_case(name)] = value if name == "properties" else _plain(value, about)
    return given


def _node(type_name: str, value: Any) -> Any:
    if isinstance(value, list):
        return [_node(type_name, each) for each in value]
    return ids.encode(type_name, value)


def _plain(value: Any, about: str) -> Any:
    if isinstance(value, list):
        return [_plain(each, about) for each in value]
    if isinstance(value, dict):
        return _input(value, about)
    if isinstance(value, Enum):
        return value.name
    return str(value) if isinstance(value, UUID) else value
