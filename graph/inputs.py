"""From the inputs of mutations to what the verbs of `db.writing` take: plain dicts in snake_case.

A field that was left out is not there, null is None. Ids become uuids; one that is malformed, or of another type than
the field is about, is a problem of the input like those that the verbs find, so that all of them are told at once.

The dicts are made from what graphql-core gives, field by field of the input type; the classes of the inputs describe
the schema and are never instantiated: a call may bring ten thousand messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final, NamedTuple

import strawberry
from strawberry import UNSET
from strawberry.types.base import StrawberryContainer, get_object_definition
from strawberry.types.field import StrawberryField
from strawberry.utils.str_converters import to_camel_case

from db.words import ProblemCode
from db.writing.problems import Place, Problem
from db.writing.shapes import BAD, named
from graph import ids

TARGETS: Final[Mapping[str, str]] = {"Conversation": "conversations", "Message": "messages", "Reference": "citations"}
"""The types that feedback can be on, each with its table."""


def required(description: str, *, node: str | None = None) -> Any:
    """An input field that has to be given; `node` is the type whose ids it takes."""
    return strawberry.field(description=description, metadata={"node": node})


def optional(description: str, *, node: str | None = None, default: object = UNSET, name: str | None = None) -> Any:
    """An input field that may be left out; `node` is the type whose ids it takes."""
    return strawberry.field(default=default, description=description, name=name, metadata={"node": node})


def target(description: str) -> Any:
    """An input field that takes the id of any of `TARGETS`; verbs get it as `target`: a table and a uuid."""
    return strawberry.field(description=description, metadata={"node": " or ".join(TARGETS), "target": True})


def idempotency_key() -> Any:
    """The `idempotencyKey` of an input."""
    return optional(
        "Makes the call safe to repeat: a text of your choice, such as a UUID, of at most 255 characters. The same key "
        "with the same input gives the first answer again and writes nothing, for 24 hours (a setting); with another "
        "input it is refused with IDEMPOTENCY_MISMATCH. Left out: the call can't be told from another one like it."
    )


def expected_version(of: str) -> Any:
    """The `expectedVersion` of an input; `of` is what has the version."""
    return optional(
        f"The `version` of the {of} that you last saw: where it is another one by now, nothing is written, and the "
        "error STALE_VERSION has the current one. Left out: written whatever the version is."
    )


class Given(NamedTuple):
    """An input as verbs take it."""

    values: dict[str, Any]
    problems: list[Problem]
    """What is wrong with its ids; these are `BAD` in the values."""


class Entry(NamedTuple):
    """A field of an input type."""

    place: int
    """Its place among the fields."""
    shown: str
    """Its name in the API."""
    name: str
    """Its name for verbs."""
    label: str
    """Its name in words."""
    node: str | None
    """The type whose ids it takes."""
    form: Form | None
    """The input type of its value, or of its value's elements."""
    plain: bool
    """Its value stays as it is."""


class Form:
    """An input type, as the conversion looks at it."""

    def __init__(self, input_type: type) -> None:
        self.by_shown: dict[str, Entry] = {}
        self.by_name: dict[str, Entry] = {}
        for place, field in enumerate(get_object_definition(input_type, strict=True).fields):
            entry = _entry(place, field)
            self.by_shown[entry.shown] = self.by_name[entry.name] = self.by_name[entry.label] = entry

    def convert(self, given: Mapping[str, Any]) -> Given:
        """The input that graphql-core gives, as verbs take it."""
        problems: list[Problem] = []
        return Given(_object(self, given, (), problems), problems)

    def trace(self, place: Place) -> tuple[tuple[int, ...], list[str]]:
        """A verb's place in the input: where it comes in the order of the input, and how the API writes it."""
        order: list[int] = []
        shown: list[str] = []
        within: Form | None = self
        for step in place:
            entry = None if within is None else within.by_name.get(step)
            if entry is not None:
                order.append(entry.place)
                shown.append(entry.shown)
                within = entry.form
            else:  # an element of a list, or a place in JSON, whose names are the client's own
                order.append(int(step) if step.isdecimal() else 0)
                shown.append(step)
        return tuple(order), shown


@cache
def form_of(input_type: type) -> Form:
    """The form of an input type."""
    return Form(input_type)


def _entry(place: int, field: StrawberryField) -> Entry:
    type_: Any = field.type
    while isinstance(type_, StrawberryContainer):
        type_ = type_.of_type
    node = field.metadata.get("node")
    form = form_of(type_) if isinstance(type_, type) and get_object_definition(type_) is not None else None
    return Entry(
        place=place,
        shown=field.graphql_name or to_camel_case(field.python_name),
        name="target" if field.metadata.get("target") else field.python_name,
        label=field.python_name,
        node=node,
        form=form,
        plain=node is None and form is None,
    )


def _object(form: Form, given: Mapping[str, Any], at: Place, problems: list[Problem]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for shown, value in given.items():
        entry = form.by_shown[shown]
        if entry.plain or value is None:
            values[entry.name] = value
        else:
            values[entry.name] = _value(entry, value, (*at, entry.label), problems)
    return values


def _value(entry: Entry, value: Any, at: Place, problems: list[Problem]) -> Any:
    if isinstance(value, list):
        return [_value(entry, each, (*at, str(index)), problems) for index, each in enumerate(value)]
    if entry.form is not None:
        return _object(entry.form, value, at, problems)
    return _id(entry, value, at, problems)


def _id(entry: Entry, value: str, at: Place, problems: list[Problem]) -> Any:
    found = ids.read(value)
    if found is not None:
        type_name, key = found
        if entry.name == "target" and type_name in TARGETS:
            return TARGETS[type_name], key
        if type_name == entry.node:
            return key
    wanted = " or ".join(map(ids.a, TARGETS if entry.name == "target" else [entry.node or ""]))
    but = "" if found is None else f", not of {ids.a(found[0][:40])}"
    problems.append(Problem(ProblemCode.INVALID, f"{named(at)} must be the id of {wanted}{but}.", at))
    return BAD
