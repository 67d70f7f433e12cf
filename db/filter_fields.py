"""What the fields of filters are made of: each says what a client's value means for the rows of a table."""

import operator as compare
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from db.errors import InvalidInput
from db.filter_shapes import Every, Where
from db.json_filters import property_condition
from db.operators import truth, value_meets
from db.parameters import Parameter, one_of
from db.reads import Condition, in_workspace, table
from db.words import Rating

Field = Callable[[sa.FromClause, Any], Condition]
"""The condition of one field of a filter on the rows of a table (or of an alias of it)."""

Related = Callable[[sa.FromClause], Condition]
"""A condition on the rows of another table."""

_FEW: Final = frozenset(["id", "conversation_id", "message_id", "source_id", "url"])
"""Columns with an index of their own, without the workspace in front, in which a value has few rows."""


@dataclass(frozen=True, slots=True)
class Filter:
    """The fields that a kind of filter has; of most kinds, filters nest by and, or, not."""

    fields: Mapping[str, Field]
    nests: bool = True


def all_of(kind: Filter, where: Where, rows: sa.FromClause) -> Condition:
    """All that the filter says holds. Raises InvalidInput for what is no field of it, and for null."""
    conditions: list[Condition] = []
    for name, value in where.items():
        if value is None:
            raise InvalidInput(f"{name} is null: leave it out, or ask with isNull", field=name)
        if name == "and" and kind.nests:
            conditions += [all_of(kind, each, rows) for each in value]
        elif name == "or" and kind.nests:
            conditions.append(sa.or_(sa.false(), *(all_of(kind, each, rows) for each in value)))
        elif name == "not" and kind.nests:
            conditions.append(sa.not_(sa.func.coalesce(all_of(kind, value, rows), sa.false())))
        elif name in kind.fields:
            conditions.append(kind.fields[name](rows, value))
        else:
            raise InvalidInput(f"{name} is no field of this filter", field=name)
    return sa.and_(sa.true(), *conditions)


def is_narrow(where: Where | None) -> bool:
    """Whether the filter names the few rows that can meet it, so that an index finds them.

    SQLite has no statistics here, and has to be told: it would rather walk a list in its order to the end.
    """
    return any(
        (name in _FEW and not {"eq", "in"}.isdisjoint(value))
        or (name in ("messages", "references", "feedback") and is_narrow(value))
        or (name == "and" and any(map(is_narrow, value)))
        for name, value in (where or {}).items()
        if value
    )


def column(name: str) -> Field:
    """Operators on a column of that name."""
    return lambda rows, operators: value_meets(rows.c[name], operators, name)


def flag(name: str) -> Field:
    """A column that is true or false."""
    return lambda rows, wanted: rows.c[name].is_(sa.true()) if truth(wanted, name) else rows.c[name].is_(sa.false())


def given(name: str) -> Field:
    """Whether the column holds anything."""
    return lambda rows, wanted: rows.c[name].is_not(None) if truth(wanted, name) else rows.c[name].is_(None)


def _any(_: sa.FromClause) -> Condition:
    return sa.true()


def some(
    related: str,
    key: str,
    rows: sa.FromClause,
    condition: Related = _any,
    *,
    of: str = "id",
) -> Condition:
    """Some row of another table, in the same workspace, whose key is this row's id meets the condition."""
    others = table(related).alias()
    return sa.exists(
        sa.select(sa.literal_column("1"))
        .select_from(others)
        .where(others.c[key] == rows.c[of], in_workspace(others, rows.c.workspace_id), condition(others))
        .correlate(rows)
    )


def on_the_message(feedback: sa.FromClause) -> Condition:
    """Feedback on a citation belongs to its message and is not on it."""
    return feedback.c.reference_id.is_(None)


def related(related: str, key: str, kind: Callable[[], Filter], among: Related = _any) -> Field:
    """A filter on the rows of another table, one of which is to meet all of it."""

    def field(rows: sa.FromClause, where: Where) -> Condition:
        if not is_narrow(where):
            return some(related, key, rows, lambda others: sa.and_(among(others), all_of(kind(), where, others)))
        # Found once, and not again for each row: SQLite would look them up by the filter's index and not by the key.
        others = table(related).alias()
        return rows.c.id.in_(
            sa.select(others.c[key]).where(others.c[key].is_not(None), among(others), all_of(kind(), where, others))
        )

    return field


def existing(name: str, related: str, key: str, condition: Related = _any) -> Field:
    """Whether there are rows of another table that belong to this one."""

    def field(rows: sa.FromClause, wanted: bool) -> Condition:
        found = some(related, key, rows, condition)
        return found if truth(wanted, name) else sa.not_(found)

    return field


def single(related: str, key: str, column: str, name: str, of: str = "id") -> Field:
    """A column of the rows of another table that belong to this one; without any, it is null."""

    def field(rows: sa.FromClause, operators: Mapping[str, Any]) -> Condition:
        compared = {operator: operand for operator, operand in operators.items() if operator != "is_null"}
        conditions: list[Condition] = []
        if compared:
            conditions.append(
                some(related, key, rows, lambda others: value_meets(others.c[column], compared, name), of=of)
            )
        if "is_null" in operators:
            present = some(related, key, rows, lambda others: others.c[column].is_not(None), of=of)
            conditions.append(sa.not_(present) if truth(operators["is_null"], name) else present)
        return sa.and_(sa.true(), *conditions)

    return field


def properties(column: str) -> Field:
    """Conditions on values in a column of JSON, all of which are to hold."""
    return lambda rows, given: sa.and_(sa.true(), *(property_condition(rows.c[column], each) for each in given))


def tags(rows: sa.FromClause, operators: Mapping[str, Any]) -> Condition:
    """Conditions on the set of a conversation's tags."""
    conditions: list[Condition] = []
    for operator, operand in operators.items():
        if operand is None or (type(operand) is tuple and None in operand):
            raise InvalidInput(f"{operator} of tags is null", field="tags")
        match operator:
            case "has":
                conditions.append(_tagged(rows, [operand]))
            case "has_any":
                conditions.append(_tagged(rows, operand))
            case "has_all":
                conditions.append(_tagged_with_all(rows, operand))
            case "is_empty":
                present = some("conversation_tags", "conversation_id", rows)
                conditions.append(sa.not_(present) if truth(operand, "tags") else present)
            case _:
                raise InvalidInput(f"tags has no operator {operator}", field="tags")
    return sa.and_(sa.true(), *conditions)


def _tagged(rows: sa.FromClause, wanted: Sequence[Parameter]) -> Condition:
    return some("conversation_tags", "conversation_id", rows, lambda others: one_of(others.c.tag, wanted))


def _tagged_with_all(rows: sa.FromClause, wanted: Every) -> Condition:
    others = table("conversation_tags").alias()
    found = (
        sa.select(sa.func.count())
        .select_from(others)
        .where(others.c.conversation_id == rows.c.id, one_of(others.c.tag, wanted.values))
        .correlate(rows)
        .scalar_subquery()
    )
    number: Condition = found == wanted.number.against(found, compare.eq)
    return number


def like(rows: sa.FromClause, operators: Mapping[str, Any]) -> Condition:
    """The owner's opinion on the conversation itself: the rating of the feedback that is the owner's."""

    def rated(*ratings: Rating) -> Condition:
        return some(
            "feedback",
            "conversation_id",
            rows,
            lambda others: sa.and_(others.c.is_owners.is_(sa.true()), others.c.rating.in_(ratings)),
        )

    conditions: list[Condition] = []
    for operator, operand in operators.items():
        if operator not in ("eq", "is_null") or not isinstance(operand, bool):
            raise InvalidInput(f"like takes eq and isNull with true or false, not {operator}", field="like")
        if operator == "eq":
            conditions.append(rated(Rating.POSITIVE if operand else Rating.NEGATIVE))
        else:
            conditions.append(sa.not_(rated(*Rating)) if operand else rated(*Rating))
    return sa.and_(sa.true(), *conditions)


def score(rows: sa.FromClause, operators: Mapping[str, Any]) -> Condition:
    """Some score of that name whose value meets the bounds."""
    bounds = {operator: operand for operator, operand in operators.items() if operator != "name"}
    name = operators.get("name")
    if not isinstance(name, Parameter) or not name.is_text:
        raise InvalidInput("score needs the name of a scale", field="score")
    return some(
        "feedback_scores",
        "feedback_id",
        rows,
        lambda others: sa.and_(
            others.c.name == name.against(others.c.name, compare.eq), value_meets(others.c.value, bounds, "score")
        ),
    )


def columns(*names: str) -> dict[str, Field]:
    """Fields that are columns of the same names."""
    return {name: column(name) for name in names}
