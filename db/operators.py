"""Operators on the values of columns, as SQL that means the same on both databases."""

import operator as compare
from collections.abc import Callable, Mapping
from typing import Any, Final

import sqlalchemy as sa

from db.errors import InvalidInput
from db.json_filters import PerDatabase
from db.jsons import clean_text
from db.parameters import Parameter, one_of
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
    """All operators, with operands as shapes have them, hold for the column's value; on null only is_null can."""
    return sa.and_(sa.true(), *(_met(column, operator, operand, name) for operator, operand in operators.items()))


def _met(column: sa.ColumnElement[Any], operator: str, operand: Any, name: str) -> Condition:
    if operand is None or (type(operand) is tuple and None in operand):
        raise InvalidInput(f"{operator} of {name} is null: ask with isNull", field=name)
    match operator:
        case "eq" | "ne" | "lt" | "lte" | "gt" | "gte":
            compared = _COMPARED[operator]
            value = operand.against(column, compared) if isinstance(operand, Parameter) else operand
            return sa.and_(compared(column, value))
        case "in":
            return one_of(column, operand) if operand else sa.false()
        case "not_in":
            return sa.not_(one_of(column, operand)) if operand else column.is_not(None)
        case "is_null":
            return column.is_(None) if truth(operand, name) else column.is_not(None)
        case "contains":
            folded = operand.of(sa.String())
            return PerDatabase(
                sa.func.instr(sa.func.colloquy_fold(column), folded) > 0,
                sa.func.strpos(_lower(column), folded) > 0,
            )
        case "starts_with":
            return _starting_with(column, operand.text.of(sa.String()), operand.length.of(sa.Integer()))
    raise InvalidInput(f"{name} has no operator {operator}", field=name)


def truth(operand: Any, name: str) -> bool:
    """Whether true or false was asked for. Raises InvalidInput where it was neither."""
    if isinstance(operand, Parameter):
        raise InvalidInput(f"{name} takes true or false here", field=name)
    return bool(operand)


def starting_with(column: sa.ColumnElement[Any], prefix: str) -> Condition:
    """The text of the column begins with the prefix, whatever the case."""
    folded = fold(clean_text(prefix))
    return _starting_with(column, sa.literal(folded, sa.String()), sa.literal(len(folded), sa.Integer()))


def _starting_with(column: sa.ColumnElement[Any], folded: Any, length: Any) -> Condition:
    return PerDatabase(
        sa.func.substr(sa.func.colloquy_fold(column), 1, length) == folded,
        sa.func.starts_with(_lower(column), folded),
    )


def _lower(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """The folded text on PostgreSQL; some columns have the collation C, whose lower() knows ASCII only."""
    return sa.func.lower(sa.collate(column, "default"))
