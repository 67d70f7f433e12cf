"""Counts what one row says and another doesn't, column by column, by the names of the API."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

import sqlalchemy as sa

from db import jsons
from db.interchange.keys import Columns, identical
from db.interchange.told import told

FINER: Final = ", below a second"
"""What stands behind the name of a time of which only a fraction of a second is lost."""
_SECOND: Final = timedelta(seconds=1)
_METADATA: Final = ("processing_time_ms", "model_version", "ai_transaction_id", "reason", "finish_reason")
_USAGE: Final = ("input_tokens", "output_tokens", "total_tokens", "cached_input_tokens", "reasoning_tokens")
_OF_MESSAGES: Final = {
    **dict.fromkeys((*_METADATA, "system_prompt"), "metadata."),
    **dict.fromkeys(_USAGE, "usage."),
}


@cache
def api_name(column: str, *, of_message: bool = False) -> str:
    """The name that a column has in the API."""
    if of_message and column == "metadata":
        return "metadata.extra"
    first, *rest = column.split("_")
    name = first + "".join(word.capitalize() for word in rest)
    return f"{_OF_MESSAGES.get(column, '')}{name}" if of_message else name


class Ledger:
    """Counts losses by their names."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def lose(self, name: str, count: int = 1) -> None:
        """Count a loss."""
        self.counts[name] += count

    def columns(self, prefix: str, before: Columns, after: Mapping[str, Any]) -> None:
        """Count the columns whose values the other row lacks."""
        for name, value in before.items():
            self.column(f"{prefix}{api_name(name)}", value, after.get(name))

    def column(self, name: str, value: Any, other: Any) -> None:
        """Count a value that the other one doesn't say; of times also whether less than a second is missing."""
        if isinstance(value, datetime) and isinstance(other, datetime):
            if value != other:
                self.lose(f"{name}{FINER}" if abs(value - other) < _SECOND else name)
        elif not held(value, other):
            self.lose(name)

    def rows(self, name: str, rows: Sequence[Columns], others: Sequence[Columns], table: sa.Table) -> None:
        """Rows below a message or below feedback, by their places."""
        for index, row in enumerate(rows):
            if index >= len(others) or not others[index]:
                self.lose(name)
            else:
                self.columns(f"{name}.", told(row, table), others[index])


def held(value: Any, other: Any) -> bool:
    """Whether the other value says what this one does; objects may say more, and JSON in texts may be spaced."""
    if isinstance(value, dict):
        return isinstance(other, dict) and all(name in other and identical(value[name], other[name]) for name in value)
    if isinstance(value, list):
        return identical(value, other)
    if value == other:
        return True
    if not (isinstance(value, str) and isinstance(other, str) and value[:1] in ("{", "[")):
        return False
    try:
        return jsons.same(jsons.parse(value), jsons.parse(other))
    except jsons.Malformed:
        return False
