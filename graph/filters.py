"""From the conditions of the API to those of `db`: plain dicts in snake_case.

What the API says in its own form is settled here: operators that were left out are dropped, null is refused, ids are
decoded and must be of the type that the field is about. What conditions mean, and how many there may be, is settled in
`db.filters`.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any

from strawberry import UNSET
from strawberry.types.base import get_object_definition
from strawberry.types.field import StrawberryField
from strawberry.utils.str_converters import to_camel_case

from graph import ids
from graph.errors import bad_user_input


def where_of(given: object | None, field: str = "where") -> Mapping[str, Any]:
    """The conditions of an argument as `db.filters` takes them; an argument that is left out or null has none.

    Raises:
        GraphQLError: BAD_USER_INPUT for null as an operand, and for an id that is none or of another type;
            `extensions.field` names the place, such as where.messages.role.eq.
    """
    return {} if given is None or given is UNSET else _conditions(given, field, None)


def _conditions(given: object, place: str, node: str | None) -> dict[str, Any]:
    """The dict of an input object; `node` is the type of the ids below it, where those are ids."""
    converted: dict[str, Any] = {}
    fields = get_object_definition(given, strict=True).fields
    for field in fields:
        name = field.python_name
        value = getattr(given, name)
        if value is UNSET:
            continue
        below = f"{place}.{field.graphql_name or to_camel_case(name)}"
        if value is None:
            raise _null(fields, below)
        converted[name.rstrip("_")] = _value(value, below, field.metadata.get("node", node))
    return converted


def _value(value: Any, place: str, node: str | None) -> Any:
    if isinstance(value, list):
        return [_value(item, f"{place}.{index}", node) for index, item in enumerate(value)]
    if isinstance(value, str):
        return value if node is None or isinstance(value, Enum) else ids.decode(value, node, place)
    return value if get_object_definition(value) is None else _conditions(value, place, node)


def _null(fields: list[StrawberryField], place: str) -> Exception:
    has_is_null = any(field.python_name == "is_null" for field in fields)
    advice = "use isNull for values that are absent" if has_is_null else "leave it out where it is no condition"
    return bad_user_input(f"`{place}` is null; {advice}.", place)
