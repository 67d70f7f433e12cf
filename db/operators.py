"""Operators on the values of columns, as SQL that means the same on both databases."""

import operator as compare
from collections.abc import Callable, Mapping
from typing import Any, Final

import sqlalchemy as sa

from db.errors import InvalidInput
from db.json_filters import PerDatabase
from db.jsons import clean_text
from db.texts import fold

Condition = sa.ColumnElement[bool]

_COMPARED: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "eq": compare.eq,
    "ne": compare.ne,
    "lt": compare.lt,
    "lte": compare.le,
    "gt": compare.gt,
    "gte": compare.ge,
}


def value_meets(column: sa.ColumnElement[Any], operators: Mapping[str, Any], name: str) -> Condition:
    """All operators hold for the column's value; on null only is_null can."""
    return sa.and_(sa.true(), *(_met(column, operator, operand, name) for operator, operand in operators.items()))


def _met(column: sa.ColumnElement[Any], operator: str, operand: Any, name: str) -> Condition:
    if operand is None or (isinstance(operand, (list, tuple)) and None in operand):
        raise InvalidInput(f"{operator} of {name} is null: ask with isNull", field=name)
    if type(operand) is str:
        operand = clean_text(operand)
    match operator:
        case "eq" | "ne" | "lt" | "lte" | "gt" | "gte":
            return sa.and_(_COMPARED[operator](column, operand))
        case "in":
            return column.in_(operands(operand)) if operand else sa.false()
        case "not_in":
            return column.not_in(operands(operand)) if operand else column.is_not(None)
        case "is_null":
            return column.is_(None) if operand else column.is_not(None)
        case "contains":
            folded = fold(operand)
            return PerDatabase(
                sa.func.instr(sa.func.colloquy_fold(column), folded) > 0,
                sa.func.strpos(_lower(column), folded) > 0,
            )
        case "starts_with":
            return starting_with(column, operand)
    raise InvalidInput(f"{name} has no operator {operator}", field=name)


def starting_with(column: sa.ColumnElement[Any], prefix: str) -> Condition:
    """The text of the column begins with the prefix, whatever the case."""
    folded = fold(clean_text(prefix))
    return PerDatabase(
        sa.func.substr(sa.func.colloquy_fold(column), 1, len(folded)) == folded,
        sa.func.starts_with(_lower(column), folded),
    )


def operands(values: Any) -> list[Any]:
    """The values of a list as columns hold them."""
    return [clean_text(value) if type(value) is str else value for value in values]


def _lower(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """The folded text on PostgreSQL; some columns have the collation C, whose lower() knows ASCII only."""
    return sa.func.lower(sa.collate(column, "default"))
