"""What filters mean, in plain Python, over plain records: written from the paragraph of the design, not from the SQL.

A condition is true or false. On what is absent or null every condition but is_null and exists is false, and `not` is
the exact complement. `and: []` is true, `or: []` and `in: []` are false. JSON values compare by JSON type, numbers
exactly; lt to gte only number with number and text with text; a step of ASCII digits is an index in an array and a key
in an object. contains and starts_with ignore case, all else is by code point. NUL and lone surrogates are U+FFFD.
"""

import json
import operator
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

Record = dict[str, Any]

NOTHING = object()

ORDERED: dict[str, Callable[[Any, Any], bool]] = {
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
}


def clean(text: str) -> str:
    return "".join("\ufffd" if letter == "\0" or "\ud800" <= letter <= "\udfff" else letter for letter in text)


def folded(text: str) -> str:
    return "".join(letter.lower()[0] for letter in clean(text))


def value_meets(value: Any, operators: Mapping[str, Any]) -> bool:
    """A column's value meets all operators."""
    return all(_value_meets(value, name, operand) for name, operand in operators.items())


def _value_meets(value: Any, name: str, operand: Any) -> bool:
    if name == "is_null":
        return (value is None) is operand
    if value is None:
        return False
    if name in ("in", "not_in"):
        among = any(value == (clean(each) if type(each) is str else each) for each in operand)
        return among is (name == "in")
    if type(operand) is str:
        operand = clean(operand)
    match name:
        case "eq":
            return bool(value == operand)
        case "ne":
            return bool(value != operand)
        case "contains":
            return folded(operand) in folded(value)
        case "starts_with":
            return folded(value).startswith(folded(operand))
    return ORDERED[name](value, operand)


def any_meets(values: list[Any], operators: Mapping[str, Any]) -> bool:
    """One of the values meets all operators; is_null asks whether there are none."""
    rest = {name: operand for name, operand in operators.items() if name != "is_null"}
    if "is_null" in operators and operators["is_null"] is bool(values):
        return False
    return not rest or any(value_meets(value, rest) for value in values)


# ---------------------------------------------------------------- JSON


def document(text: str | None) -> Any:
    """The value of stored JSON text; NOTHING where there is none, or one that PostgreSQL's jsonb cannot hold."""
    if text is None:
        return NOTHING
    try:
        return plain(json.loads(text, parse_float=number, parse_int=number))
    except (ValueError, InvalidOperation):
        return NOTHING


def number(token: str) -> Decimal:
    value = Decimal(token)
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    if value.adjusted() >= 131_072 or exponent < -16_383:
        raise ValueError(token)
    return value


def plain(value: Any) -> Any:
    """JSON by type: each value with the name of its type, so that 1 is not true and 1.0 is 1."""
    if value is None:
        return ("null",)
    if isinstance(value, bool):
        return ("boolean", value)
    if isinstance(value, str):
        return ("string", clean(value))
    if isinstance(value, (list, tuple)):
        return ("array", [plain(item) for item in value])
    if isinstance(value, dict):
        return ("object", {clean(key): plain(item) for key, item in value.items()})
    return ("number", value if isinstance(value, Decimal) else Decimal(repr(value)))


def at(value: Any, path: list[str]) -> Any:
    for step in map(clean, path):
        if value is NOTHING:
            return NOTHING
        kind, *inside = value
        if kind == "object":
            value = inside[0].get(step, NOTHING)
        elif kind == "array" and step and all(letter in "0123456789" for letter in step):
            value = inside[0][int(step)] if int(step) < len(inside[0]) else NOTHING
        else:
            return NOTHING
    return value


def property_meets(text: str | None, where: Mapping[str, Any]) -> bool:
    found = at(document(text), where["path"])
    return all(_property_meets(found, name, operand) for name, operand in where.items() if name != "path")


def _property_meets(found: Any, name: str, operand: Any) -> bool:
    if name == "exists":
        return (found is not NOTHING) is operand
    absent = found is NOTHING or found == ("null",)
    if name == "is_null":
        return absent is operand
    if absent:
        return False
    kind, value = found
    match name:
        case "eq":
            return bool(found == plain(operand))
        case "ne":
            return bool(found != plain(operand))
        case "in":
            return found in [plain(each) for each in operand]
        case "not_in":
            return found not in [plain(each) for each in operand]
        case "contains":
            return kind == "string" and folded(operand) in folded(value)
        case "starts_with":
            return kind == "string" and folded(value).startswith(folded(operand))
        case "has":
            return kind == "array" and plain(operand) in value
    other, bound = plain(operand)
    return kind == other and kind in ("number", "string") and ORDERED[name](value, bound)


# ---------------------------------------------------------------- records

Holds = Callable[[Record, Mapping[str, Any]], bool]


def nested(holds: Callable[[Record, str, Any], bool]) -> Holds:
    def filter_holds(record: Record, where: Mapping[str, Any]) -> bool:
        return all(one_holds(record, name, value) for name, value in where.items())

    def one_holds(record: Record, name: str, value: Any) -> bool:
        match name:
            case "and":
                return all(filter_holds(record, each) for each in value)
            case "or":
                return any(filter_holds(record, each) for each in value)
            case "not":
                return not filter_holds(record, value)
        return holds(record, name, value)

    return filter_holds


def _properties_hold(record: Record, name: str, value: Any) -> bool:
    return all(property_meets(record[name], each) for each in value)


def _reference(record: Record, name: str, value: Any) -> bool:
    return value_meets(record[name], value)


reference_holds = nested(_reference)


def _feedback(record: Record, name: str, value: Any) -> bool:
    match name:
        case "reason":
            return any_meets(record["reasons"], value)
        case "score":
            bounds = {key: bound for key, bound in value.items() if key != "name"}
            return any(label == value["name"] and value_meets(score, bounds) for label, score in record["scores"])
        case "properties" | "user_properties":
            return _properties_hold(record, name, value)
    return value_meets(record[name], value)


feedback_holds = nested(_feedback)


def _message(record: Record, name: str, value: Any) -> bool:
    match name:
        case "visible":
            return bool(record["visible"] is value)
        case "has_feedback":
            return any(each["reference_id"] is None for each in record["feedback"]) is value
        case "has_citations":
            return bool(record["references"]) is value
        case "properties" | "user_properties" | "metadata":
            return _properties_hold(record, name, value)
        case "references":
            return any(reference_holds(each, value) for each in record["references"])
        case "feedback":
            return any(each["reference_id"] is None and feedback_holds(each, value) for each in record["feedback"])
    return value_meets(record[name], value)


message_holds = nested(_message)


def _conversation(record: Record, name: str, value: Any) -> bool:
    tags: list[str] = record["tags"]
    match name:
        case "tags":
            return all(_tags_meet(tags, operator, operand) for operator, operand in value.items())
        case "archived":
            return (record["archived_at"] is not None) is value
        case "has_feedback":
            return bool(record["feedback"]) is value
        case "has_citations":
            return bool(record["references"]) is value
        case "properties" | "user_properties":
            return _properties_hold(record, name, value)
        case "messages":
            return any(message_holds(each, value) for each in record["messages"])
        case "references":
            return any(reference_holds(each, value) for each in record["references"])
        case "feedback":
            return any(feedback_holds(each, value) for each in record["feedback"])
    return value_meets(record[name], value)


def _tags_meet(tags: list[str], name: str, operand: Any) -> bool:
    match name:
        case "has":
            return clean(operand) in tags
        case "has_any":
            return any(clean(each) in tags for each in operand)
        case "has_all":
            return all(clean(each) in tags for each in operand)
    return (not tags) is operand


conversation_holds = nested(_conversation)
