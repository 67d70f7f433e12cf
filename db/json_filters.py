"""Conditions on values inside JSON columns: PropertyFilter as SQL, with one meaning on both databases.

On PostgreSQL they are jsonb's own operators, which compare numbers exactly; strings are compared by code point. On
SQLite a registered function reads the text (`db.json_values`), since SQLite's own round numbers and don't decode keys.
"""

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from db.json_shapes import Operand, Path, Sought, path_shape
from db.json_shapes import path_of as path_of
from db.json_values import render
from db.parameters import Parameter, Parameters

Condition = sa.ColumnElement[bool]

_NULL: Final = sa.literal_column("'null'::jsonb", JSONB)


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


class _Rendered(sa.types.TypeDecorator[Any]):
    """A JSON value as its one text."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str:  # noqa: ARG002 - SQLAlchemy's signature
        """The text of the value."""
        return render(value)


def property_condition(column: sa.ColumnElement[Any], given: Sought) -> Condition:
    """The condition of one PropertyFilter on a JsonCopy column."""
    sqlite: Condition = sa.func.colloquy_json(column, given.whole.of(_Rendered()), type_=sa.Boolean) == sa.true()
    sqlite = sa.and_(*(sa.func.instr(column, text.of(sa.String())) > 0 for text in given.quoted), sqlite)
    found = _at(column, given.path)
    postgresql = sa.and_(sa.true(), *(_met(column, found, name, operand) for name, operand in given.operators))
    return PerDatabase(sqlite, postgresql)


def value_at(column: sa.ColumnElement[Any], path: Sequence[str]) -> sa.ColumnElement[Any]:
    """What lies at the path of a jsonb column; NULL where nothing does."""
    return _at(column, path_shape(path, Parameters(named=False)))


def _at(column: sa.ColumnElement[Any], path: Path) -> sa.ColumnElement[Any]:
    if path.whole is not None:
        return column.op("#>", return_type=JSONB())(path.whole.of(ARRAY(sa.Text())))
    for step, index in path.steps:
        if index:
            column = column.op("#>", return_type=JSONB())(step.of(ARRAY(sa.Text())))
        else:
            column = column.op("->", return_type=JSONB())(step.of(sa.Text()))
    return column


def text_of(found: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """The text of a jsonb string."""
    return found.op("#>>", return_type=sa.Text())(sa.literal_column("'{}'::text[]", ARRAY(sa.Text())))


def path_text(path: Sequence[str]) -> str:
    """A path as the functions on SQLite take it."""
    return render(list(path))


def _json(operand: Parameter) -> sa.ColumnElement[Any]:
    return sa.cast(operand.of(_Rendered()), JSONB)


def _met(column: sa.ColumnElement[Any], found: sa.ColumnElement[Any], name: str, operand: Any) -> Condition:
    """Whether the value that was found meets one condition, on PostgreSQL."""
    kind = sa.func.jsonb_typeof(found)
    match name:
        case "exists":
            return found.is_not(None) if operand else found.is_(None)
        case "is_null":
            null = sa.func.coalesce(found == _NULL, sa.true())
            return null if operand else sa.not_(null)
        case "eq":
            return sa.and_(_indexed(column, operand), found == _json(operand.value))
        case "in":
            return sa.or_(sa.false(), *(_met(column, found, "eq", each) for each in operand))
        case "ne" | "not_in":
            unequal = operand if name == "not_in" else [operand]
            return sa.and_(found != _NULL, *(found != _json(each.value) for each in unequal))
        case "lt" | "lte" | "gt" | "gte":
            if operand.text:
                text = operand.value.of(sa.Text())
                return sa.and_(kind == "string", _compared(sa.collate(text_of(found), "C"), name, text))
            return sa.and_(kind == "number", _compared(found, name, _json(operand.value)))
        case "contains":
            return sa.and_(kind == "string", sa.func.strpos(_folded(found), operand.value.of(sa.String())) > 0)
        case "starts_with":
            return sa.and_(kind == "string", sa.func.starts_with(_folded(found), operand.value.of(sa.String())))
        case _:
            return sa.and_(_indexed(column, operand), kind == "array", _has(found, kind, operand))


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


def _has(found: sa.ColumnElement[Any], kind: sa.ColumnElement[Any], operand: Operand) -> Condition:
    if not operand.nested:
        return found.op("@>", return_type=sa.Boolean())(_json(operand.value))
    # Containment of an object or an array is not equality.
    array = sa.case((kind == "array", found), else_=sa.literal_column("'[]'::jsonb", JSONB))
    items = sa.func.jsonb_array_elements(array).table_valued(sa.column("value", JSONB())).render_derived(name="items")
    equal = items.c.value == _json(operand.value)
    return sa.exists(sa.select(sa.literal_column("1")).select_from(items).where(equal))


def _indexed(column: sa.ColumnElement[Any], operand: Operand) -> Condition:
    if operand.within is None:
        return sa.true()
    return column.op("@>", return_type=sa.Boolean())(_json(operand.within))
