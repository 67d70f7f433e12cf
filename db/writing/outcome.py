"""What a write did, and how that is kept for those who repeat it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from db import reads
from db.record import UtcDateTime, scalar_default
from db.words import ProblemCode
from db.writing.problems import Problem

Row = Any
"""A row as verbs that read give it: its attributes are the columns."""


@dataclass(slots=True)
class Counts:
    """What became of the messages of a write."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0


@dataclass(slots=True)
class Outcome:
    """What a write did. Of a write that is repeated it is what the first one did.

    The changed row is as the write left it, even where it was changed again since; the rows of a list are kept by
    their ids, and a repetition gives them as they are now.
    """

    table: str = ""
    """The table of `row`."""
    row: Row | None = None
    """The object that was changed."""
    listed_table: str = ""
    listed: list[Row | None] = field(default_factory=list)
    """Rows in the order of the input's list; None: that element was refused."""
    deleted: list[UUID] = field(default_factory=list)
    """What was deleted."""
    until: datetime | None = None
    """Until when a deletion can be undone."""
    target: tuple[str, UUID] | None = None
    """Table and id of what feedback that was withdrawn had been about."""
    counts: Counts = field(default_factory=Counts)
    problems: tuple[Problem, ...] = ()
    """What was wrong with the elements that were refused, where the others were taken."""
    noted: Mapping[str, Any] = field(default_factory=dict)
    """What the audit log says of it besides, never content."""
    secret: str = field(default="", repr=False)
    """What is told once and kept nowhere, not even for those who repeat the write: a key's secret, a user's token."""


def row_of(table: str, values: Mapping[str, Any]) -> Row:
    """A row that was just written, as reading it again would give it."""
    return SimpleNamespace(**{name: values.get(name, default) for name, default in _defaults(table)})


@lru_cache(maxsize=32)
def _defaults(table: str) -> Sequence[tuple[str, Any]]:
    return [
        (column.name, scalar_default(column))
        for column in reads.columns_of(reads.table(table))
        if isinstance(column, sa.Column)
    ]


def kept(outcome: Outcome) -> dict[str, Any]:
    """The outcome as JSON."""
    answer: dict[str, Any] = {
        "deleted": [str(key) for key in outcome.deleted],
        "counts": [getattr(outcome.counts, name) for name in Counts.__slots__],
    }
    if outcome.row is not None:
        answer["row"] = {"table": outcome.table, "values": _row_as_json(outcome.table, outcome.row)}
    if outcome.listed_table:
        ids = [None if row is None else str(row.id) for row in outcome.listed]
        answer["listed"] = {"table": outcome.listed_table, "ids": ids}
    if outcome.until is not None:
        answer["until"] = outcome.until.isoformat()
    if outcome.target is not None:
        answer["target"] = [outcome.target[0], str(outcome.target[1])]
    if outcome.problems:
        answer["problems"] = [
            [each.code, each.message, list(each.field), each.limit, each.actual, each.current_version]
            for each in outcome.problems
        ]
    return answer


def listed_ids(answer: Mapping[str, Any]) -> tuple[str, list[UUID | None]]:
    """The table and the ids of a kept outcome's list."""
    listed = answer.get("listed")
    if listed is None:
        return "", []
    return listed["table"], [None if key is None else UUID(key) for key in listed["ids"]]


def restored(answer: Mapping[str, Any], listed: list[Row | None]) -> Outcome:
    """The outcome that was kept, with the rows of its list."""
    row, until, target = answer.get("row"), answer.get("until"), answer.get("target")
    return Outcome(
        table=row["table"] if row else "",
        row=_row_of_json(row["table"], row["values"]) if row else None,
        listed_table=(answer.get("listed") or {}).get("table", ""),
        listed=listed,
        deleted=[UUID(key) for key in answer["deleted"]],
        until=None if until is None else datetime.fromisoformat(until),
        target=None if target is None else (target[0], UUID(target[1])),
        counts=Counts(*answer["counts"]),
        problems=tuple(
            Problem(ProblemCode(code), message, tuple(place), limit, actual, version)
            for code, message, place, limit, actual, version in answer.get("problems", ())
        ),
    )


def _row_as_json(table: str, row: Row) -> dict[str, Any]:
    values = {}
    for name, _ in _defaults(table):
        value = getattr(row, name, None)
        if value is not None:
            values[name] = value.isoformat() if isinstance(value, datetime) else _plain(value)
    return values


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value


def _row_of_json(table: str, values: Mapping[str, Any]) -> Row:
    columns = reads.table(table).columns
    row: dict[str, Any] = {}
    for name, _ in _defaults(table):
        value, kind = values.get(name), columns[name].type
        if value is not None and isinstance(kind, UtcDateTime):
            value = datetime.fromisoformat(value)
        elif value is not None and isinstance(kind, sa.Uuid):
            value = UUID(value)
        elif value is not None and isinstance(kind, sa.Enum) and kind.enum_class is not None:
            value = kind.enum_class(value)
        row[name] = value
    return SimpleNamespace(**row)
