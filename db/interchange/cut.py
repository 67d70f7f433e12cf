"""A record as it was cut out of a file."""

from dataclasses import dataclass
from typing import Final

from db import jsons

ENVELOPE: Final = "$envelope"
"""The `path` of what a top-level object holds besides its records."""

_BLANKS: Final = b" \t\r\n"


@dataclass(frozen=True, slots=True)
class Cut:
    """A record as it stands in the file, or what is wrong in its place."""

    index: int
    """Position among the records of the file, from 0; broken ones count."""
    line: int
    """Line on which it begins, from 1."""
    data: bytes | None
    """Its bytes, which may still turn out not to be JSON; None where there is a problem."""
    problem: str | None = None
    path: str = ""
    """The key of the top-level object in whose array it stands, or `ENVELOPE`; empty for any other record."""

    def parse(self) -> object:
        """The record as a value; raises `jsons.Malformed`, naming the line of the file, where it is none."""
        if self.data is None:
            raise jsons.Malformed(self.problem or "there is no data")
        return jsons.parse(self.data, line=self.line)


class Sink:
    """Gathers the pieces of a record, and lets go of them once they are too many."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.size = 0
        self._pieces: list[bytes] = []

    def add(self, piece: bytes) -> None:
        """Take the next piece, while there is room for it."""
        self.size += len(piece)
        if self.size <= self.limit:
            self._pieces.append(piece)
        else:
            self._pieces.clear()

    def cut(self, index: int, line: int, path: str) -> Cut:
        """The record that the pieces make, or that they are too many."""
        if self.size > self.limit:
            return Cut(
                index, line, None, f"larger than allowed: {self.size:,} bytes, the limit is {self.limit:,}", path
            )
        return Cut(index, line, b"".join(self._pieces).rstrip(_BLANKS), None, path)
