"""Writes the records of a file in the layout that it had: lines, an array, objects, or the arrays of an object."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Protocol

from db.interchange.cut import ENVELOPE
from db.jsons import dump

_ALL: Final = 1 << 62


class Stream(Protocol):
    """What a file is written to."""

    def write(self, data: bytes, /) -> object:
        """Take the next bytes."""
        ...


class LaidOut:
    """A file to which records are written in their order; `finish` writes what comes behind them.

    `arrays`: how many records follow each other in which array, as db.interchange.contents has it; None where the
    layout tells. `envelopes`: the objects without their records.
    """

    def __init__(
        self, stream: Stream, layout: str, envelopes: Sequence[dict[str, Any]], arrays: Sequence[Sequence[Any]] | None
    ) -> None:
        self._stream = stream
        self._in_array = layout == "array"
        self._by_line = layout != "object"
        self._begun = False
        self._envelopes = list(envelopes)
        if arrays is None:
            plain = layout in ("lines", "array", "object", "empty") and not envelopes
            arrays = [["", _ALL]] if plain else [[layout, _ALL], [ENVELOPE, 0]]
        self._runs = [(path, number) for path, number in arrays]
        self._run = 0
        self._end = self._runs[0][1] if self._runs else _ALL
        """The first place behind the run."""
        self._members: list[tuple[str, Any]] | None = None
        """What the open object still has to be given; None where none is open."""
        self._key: str | None = None
        """The key of the open array."""

    def write(self, position: int, record: Any) -> None:
        """Write the record of that place, which is behind those before."""
        while position >= self._end and self._run + 1 < len(self._runs):
            self._run += 1
            path, number = self._runs[self._run]
            self._end += number
            if path == ENVELOPE:
                self._close()
        path = self._runs[self._run][0] if self._runs else ""
        text = dump(record)
        if path:
            self._put(self._opening(path) + text)
        elif self._in_array:
            self._put((",\n" if self._begun else "[") + text)
        else:
            # Values one after the other are told from lines by their own having several.
            self._put(text + "\n" if self._by_line else f"{text[:1]}\n{text[1:]}\n")
        self._begun = True

    def finish(self) -> None:
        """Write what comes behind the last record."""
        for path, _ in self._runs[self._run :]:
            if path == ENVELOPE:
                self._close()
        if self._in_array:
            self._put("]\n" if self._begun else "[]\n")

    def _opening(self, key: str) -> str:
        """What comes before the next record of an array."""
        if self._key == key:
            return ",\n"
        pieces = ["]" if self._key is not None else ""]
        if self._members is None:
            self._members = list(self._envelopes.pop(0).items()) if self._envelopes else []
            pieces.append("{\n")
            first = True
        else:
            first = False
        while self._members and any(name == key for name, _ in self._members):
            name, value = self._members.pop(0)
            if name == key:
                break
            pieces.append(f"{'' if first else ','}{dump(name)}:{dump(value)}")
            first = False
        self._key = key
        return "".join([*pieces, "" if first else ",", dump(key), ":["])

    def _close(self) -> None:
        """Write the rest of the open object, or the whole of one that had no records that could be written."""
        pieces = ["]" if self._key is not None else ""]
        first = self._members is None
        if self._members is None:
            if not self._envelopes:
                return
            self._members = list(self._envelopes.pop(0).items())
            pieces.append("{\n")
        for name, value in self._members:
            pieces.append(f"{'' if first else ','}{dump(name)}:{dump(value)}")
            first = False
        self._put("".join([*pieces, "}\n"]))
        self._members = self._key = None

    def _put(self, text: str) -> None:
        self._stream.write(text.encode("ascii"))
