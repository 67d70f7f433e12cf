"""Code that was compiled once: texts that differ in values, names or blanks only have plans of the same code."""

from types import CodeType
from typing import Final

from graph.kept import LastUsed

KEPT_CODES: Final = 64
"""Codes that are kept, the last used ones. To compile one takes as long as to plan it."""

KEPT_SOURCE: Final = 200_000
"""Characters of the sources of all that are kept; with their codes some 2 MB."""

KEPT_LENGTH: Final = 20_000
"""Characters of the longest source whose code is kept."""

_KEPT: LastUsed[str, CodeType] = LastUsed(KEPT_CODES, KEPT_SOURCE, KEPT_LENGTH)


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
