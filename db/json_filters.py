"""Conditions on values inside JSON columns: PropertyFilter as SQL, with one meaning on both databases.

On PostgreSQL they are jsonb's own operators, which compare numbers exactly; strings are compared by code point. On
SQLite a registered function reads the text (`db.json_values`), since SQLite's own round numbers and don't decode keys.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from db.errors import InvalidInput
from db.json_values import FRACTION_DIGITS, INTEGER_DIGITS, render
from db.jsons import clean_text
from db.texts import fold

Condition = sa.ColumnElement[bool]

MAX_STEPS: Final = 32
"""Steps of a path at most."""

MAX_DEPTH: Final = 64
"""Levels of nesting of an operand at most."""

MAX_VALUES: Final = 1_000
"""Values of `in` and `notIn` at most."""

OPERATORS: Final = frozenset(
    ["eq", "ne", "in", "not_in", "lt", "lte", "gt", "gte", "contains", "starts_with", "has", "exists", "is_null"]
)

_NULL: Final = sa.literal_column("'null'::jsonb", JSONB)
_DIGITS: Final = re.compile(r"[0-9]+")
_SIGNED: Final = re.compile(r"[ \t\n\v\f\r]*[+-]?[0-9]+")
_PLAIN: Final = re.compile(r"[A-Za-z0-9_ .:-]*[A-Za-z_ .:-][A-Za-z0-9_ .:-]*")


class PerDatabase(FunctionElement[Any]):
    """One expression on SQLite and another on PostgreSQL, the two meaning the same."""

    inherit_cache = True

    def __init__(self, sqlite: sa.ColumnElement[Any], postgresql: sa.ColumnElement[Any]) -> None:
        super().__init__(sqlite, postgresql)
        self.type = sqlite.type

    def self_group(self, against: Any = None) -> Any:  # noqa: ARG002 - SQLAlchemy's signature
        """Itself: the parentheses are there, and `= 1` behind a condition keeps SQLite from using an index."""
        return self


@compiles(PerDatabase, "sqlite")
def _on_sqlite(element: PerDatabase, compiler: Any, **options: Any) -> str:
    return f"({compiler.process(next(iter(element.clauses)), **options)})"


@compiles(PerDatabase, "postgresql")
def _on_postgresql(element: PerDatabase, compiler: Any, **options: Any) -> str:
    return f"({compiler.process(list(element.clauses)[1], **options)})"


def property_condition(column: sa.ColumnElement[Any], given: Mapping[str, Any], field: str = "properties") -> Condition:
    """The condition of one PropertyFilter on a JsonCopy column.

    Raises InvalidInput for a path or an operand that means nothing.
    """
    operators = {name: operand for name, operand in given.items() if name != "path"}
    if unknown := sorted(operators.keys() - OPERATORS):
        raise InvalidInput(f"{field} has no operator {unknown[0]}", field=field)
    path = path_of(given.get("path"), field)
    operators = {name: _operand(name, operand, field) for name, operand in operators.items()}
    specification = render({"path": path, **operators})
    sqlite: Condition = sa.func.colloquy_json(column, specification, type_=sa.Boolean) == sa.true()
    if any(
        operand is not (name == "is_null") for name, operand in operators.items() if name in ("exists", "is_null")
    ) or (operators.keys() - {"exists", "is_null"}):
        # Where a key or a text is not even spelled, nothing need be parsed.
        quoted = [f'"{step}"' for step in path if _PLAIN.fullmatch(step)]
        quoted += [f'"{text}"' for name, text in operators.items() if name in ("eq", "has") and _is_plain(text)]
        sqlite = sa.and_(*(sa.func.instr(column, text) > 0 for text in quoted), sqlite)
    found = value_at(column, path)
    postgresql = sa.and_(sa.true(), *(_met(column, path, found, name, operand) for name, operand in operators.items()))
    return PerDatabase(sqlite, postgresql)


def _is_plain(text: Any) -> bool:
    """The text has one spelling in JSON."""
    return isinstance(text, str) and text.isascii() and text.isprintable() and not {'"', "\\"} & set(text)


def value_at(column: sa.ColumnElement[Any], path: Sequence[str]) -> sa.ColumnElement[Any]:
    """What lies at the path of a jsonb column; NULL where nothing does."""
    if not any(_SIGNED.fullmatch(step) and not _DIGITS.fullmatch(step) for step in path):
        steps = sa.bindparam(None, list(path), type_=ARRAY(sa.Text()), unique=True)
        return column.op("#>", return_type=JSONB())(steps)
    # PostgreSQL takes "-1", "+1" and " 1" for places in an array, too; with -> a text is a key and nothing else.
    for step in path:
        if _DIGITS.fullmatch(step):
            one = sa.bindparam(None, [step], type_=ARRAY(sa.Text()), unique=True)
            column = column.op("#>", return_type=JSONB())(one)
        else:
            column = column.op("->", return_type=JSONB())(sa.bindparam(None, step, type_=sa.Text(), unique=True))
    return column


def text_of(found: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """The text of a jsonb string."""
    return found.op("#>>", return_type=sa.Text())(sa.literal_column("'{}'::text[]", ARRAY(sa.Text())))


def path_text(path: Sequence[str]) -> str:
    """A path as the functions on SQLite take it."""
    return render(list(path))


def path_of(path: Any, field: str) -> list[str]:
    """The steps of a path. Raises InvalidInput where it is none, or too long."""
    if not isinstance(path, (list, tuple)) or not all(isinstance(step, str) for step in path):
        raise InvalidInput(f"{field} needs a path, a list of keys and indexes", field=field)
    if len(path) > MAX_STEPS:
        raise InvalidInput(f"the path has {len(path)} steps: at most {MAX_STEPS} are taken", field=field)
    return [clean_text(step) for step in path]


def _operand(name: str, operand: Any, field: str) -> Any:
    if operand is None:
        raise InvalidInput(f"{name} of {field} is null: ask with isNull", field=field)
    if name in ("exists", "is_null"):
        if not isinstance(operand, bool):
            raise InvalidInput(f"{name} of {field} is true or false", field=field)
    elif name in ("contains", "starts_with"):
        if not isinstance(operand, str):
            raise InvalidInput(f"{name} of {field} takes a text", field=field)
        return fold(clean_text(operand))
    elif name in ("in", "not_in"):
        if not isinstance(operand, (list, tuple)):
            raise InvalidInput(f"{name} of {field} takes a list", field=field)
        if len(operand) > MAX_VALUES:
            raise InvalidInput(f"{name} of {field} has {len(operand)} values: at most {MAX_VALUES}", field=field)
        if any(item is None for item in operand):
            raise InvalidInput(f"{name} of {field} holds null: ask with isNull", field=field)
    elif name in ("lt", "lte", "gt", "gte") and isinstance(operand, (bool, list, tuple, dict)):
        raise InvalidInput(f"{name} of {field} takes a number or a text", field=field)
    _check_depth(operand, field)
    try:
        render(operand)
    except ValueError as error:
        raise InvalidInput(
            f"{name} of {field} holds what JSON does not, or a number of more than {INTEGER_DIGITS:,} digits before "
            f"or {FRACTION_DIGITS:,} behind the point",
            field=field,
        ) from error
    return operand


def _check_depth(operand: Any, field: str) -> None:
    level = [operand]
    for _ in range(MAX_DEPTH):
        level = [
            item
            for value in level
            if isinstance(value, (list, tuple, dict))
            for item in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return
    raise InvalidInput(f"{field} is nested more than {MAX_DEPTH} levels deep", field=field)


def _json(operand: Any) -> sa.ColumnElement[Any]:
    return sa.cast(sa.bindparam(None, render(operand), type_=sa.Text(), unique=True), JSONB)


def _met(
    column: sa.ColumnElement[Any], path: Sequence[str], found: sa.ColumnElement[Any], name: str, operand: Any
) -> Condition:
    """Whether the value that was found meets one condition, on PostgreSQL."""
    kind = sa.func.jsonb_typeof(found)
    match name:
        case "exists":
            return found.is_not(None) if operand else found.is_(None)
        case "is_null":
            null = sa.func.coalesce(found == _NULL, sa.true())
            return null if operand else sa.not_(null)
        case "eq":
            return sa.and_(_indexed(column, path, operand), found == _json(operand))
        case "in":
            return sa.or_(sa.false(), *(_met(column, path, found, "eq", item) for item in operand))
        case "ne" | "not_in":
            unequal = operand if name == "not_in" else [operand]
            return sa.and_(found != _NULL, *(found != _json(item) for item in unequal))
        case "lt" | "lte" | "gt" | "gte":
            if isinstance(operand, str):
                text = sa.bindparam(None, clean_text(operand), type_=sa.Text(), unique=True)
                return sa.and_(kind == "string", _compared(sa.collate(text_of(found), "C"), name, text))
            return sa.and_(kind == "number", _compared(found, name, _json(operand)))
        case "contains":
            return sa.and_(kind == "string", sa.func.strpos(_folded(found), operand) > 0)
        case "starts_with":
            return sa.and_(kind == "string", sa.func.starts_with(_folded(found), operand))
        case _:
            return sa.and_(_indexed(column, path, [operand]), kind == "array", _has(found, kind, operand))


def _folded(found: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return sa.func.lower(sa.collate(text_of(found), "default"))


def _compared(value: sa.ColumnElement[Any], name: str, operand: sa.ColumnElement[Any]) -> Condition:
    match name:
        case "lt":
            return value < operand
        case "lte":
            return value <= operand
        case "gt":
            return value > operand
        case _:
            return value >= operand


def _has(found: sa.ColumnElement[Any], kind: sa.ColumnElement[Any], operand: Any) -> Condition:
    if not isinstance(operand, (list, tuple, dict)):
        return found.op("@>", return_type=sa.Boolean())(_json([operand]))
    # Containment of an object or an array is not equality.
    array = sa.case((kind == "array", found), else_=sa.literal_column("'[]'::jsonb", JSONB))
    items = sa.func.jsonb_array_elements(array).table_valued(sa.column("value", JSONB())).render_derived(name="items")
    return sa.exists(sa.select(sa.literal_column("1")).select_from(items).where(items.c.value == _json(operand)))


def _indexed(column: sa.ColumnElement[Any], path: Sequence[str], operand: Any) -> Condition:
    """What follows from equality and the GIN index can answer; nothing where a step may be an index or a key."""
    if not path or any(_DIGITS.fullmatch(step) for step in path):
        return sa.true()
    for step in reversed(path):
        operand = {step: operand}
    return column.op("@>", return_type=sa.Boolean())(_json(operand))
