"""The code of plans: how its expressions are written, and what was compiled once.

Operations that differ in values, names or blanks only have plans of the same code.
"""

from collections.abc import Callable
from types import CodeType
from typing import Any, Final

from graph.kept import LastUsed

KEPT_CODES: Final = 64
"""Codes that are kept, the last used ones. To compile one takes as long as to plan it."""

KEPT_SOURCE: Final = 200_000
"""Characters of the sources of all that are kept; with their codes some 2 MB."""

KEPT_LENGTH: Final = 20_000
"""Characters of the longest source whose code is kept."""

_KEPT: LastUsed[str, CodeType] = LastUsed(KEPT_CODES, KEPT_SOURCE, KEPT_LENGTH)


class Code:
    """An expression that is being written: names for Python's objects, and how a column of the row is written."""

    def __init__(
        self, known: dict[str, Any], raw: Callable[[int], str], row: str = "", rows: str = "", wired: bool = False
    ):
        self.known, self.raw, self.row, self.wired = known, raw, row, wired
        self.rows = rows  # how a comprehension goes through all rows that come by, as `r`
        self.heads: list[str] = []  # statements in front of the expression
        self.checks: list[str] = []  # what must hold for the row

    def next_of(self, all_of: Callable[[Any], Any], at: int) -> str:
        """An expression that takes, row by row, what a function makes of a column of all rows at once."""
        column = self.of(all_of)
        self.heads.append(f"n{column} = iter({column}([r[{at}] for {self.rows}])).__next__")
        return f"n{column}()"

    def of(self, value: Any) -> str:
        """A name for the value."""
        name = f"v{len(self.known)}"
        self.known[name] = value
        return name


def compiled(source: str) -> CodeType:
    """The code of a module."""
    code = _KEPT.get(source)
    if code is None:
        code = compile(source, "<plan>", "exec")
        _KEPT.keep(source, code, len(source))
    return code


def how_many() -> tuple[int, int]:
    """How many codes are kept, and the characters of their sources."""
    return len(_KEPT), _KEPT.weight
