"""Finds where records begin and end in a stream of JSON, whatever its chunks, and holds no more than one of them.

Strings and brackets are followed by regular expressions that skip all else at C speed; whether a record is JSON is left
to the parser. So a broken record costs no other, as long as its brackets and quotes are paired or it has its own line.
"""

import json
import re
from collections.abc import Callable, Container, Iterator
from typing import Final

from db.interchange.cut import ENVELOPE, Cut, Sink
from db.interchange.source import Source

_MAX_KEY_BYTES: Final = 1_000  # no key that holds records is longer

_blanks: Final = re.compile(rb"[ \t\r\n]*+").match
# These search a chunk whose escaped characters are masked: there, every quote opens or closes a string.
_element_mark: Final = re.compile(rb'[,"\[\]{]').search
_member_mark: Final = re.compile(rb'[,:"\[{}]').search
# The group is greedy, where possessive would find the same: possessive groups are broken before Python 3.11.5.
_brackets: Final = re.compile(rb'[^"\[\]{}]*+(?:"[^"]*+"[^"\[\]{}]*+)*(?:([\[{])|([\]}])|(")|\Z)').finditer
_OPENING, _CLOSING, _QUOTE = 1, 2, 3  # its groups; without one, the chunk ends


class BreaksOff(Exception):
    """The stream ends within what began on `line`."""

    def __init__(self, inside: str, line: int, path: str) -> None:
        super().__init__(inside)
        self.inside = inside
        self.line = line
        self.path = path


class _Ended(Exception):
    """There are no more chunks."""


class Cutter:
    """Cuts one source; `lines`, `array` and `values` are the ways to do it, of which one is used, once.

    All of them raise `BreaksOff` where the stream ends too early.
    """

    def __init__(
        self, source: Source, max_record_bytes: int, max_object_bytes: int, array_keys: Container[str] = ()
    ) -> None:
        self.index = 0
        """Position of the next record."""
        self._source = source
        self._chunks = source.chunks()
        self._max_record_bytes = max_record_bytes
        self._max_object_bytes = max_object_bytes
        self._array_keys = array_keys
        self._chunk = self._mask = b""
        self._held_back = b""  # a backslash at the end of a chunk, whose second half is in the next one
        self._at = 0  # everything before is understood
        self._sink: Sink | None = None
        self._sunk = 0  # everything before is in the sink, if there is one
        self._line = 1  # of the place `_counted`
        self._counted = 0
        self._ended = 0  # line on which the last object ended

    def line(self) -> int:
        """The line that the cutter has come to."""
        self._line += self._chunk.count(b"\n", self._counted, self._at)
        self._counted = self._at
        return self._line

    def lines(self) -> Iterator[Cut]:
        """Every line that is not blank. The last one may lack its line feed."""
        while self._skip_blanks():
            yield self._rest_of_line()

    def array(self) -> Iterator[Cut]:
        """The elements of the array that the stream is."""
        self._skip_blanks()
        self._at += 1
        yield from self._elements("")
        if self._skip_blanks():
            line = self.line()
            yield Cut(self.index, line, None, "something follows the end of the array; from here on nothing was read")

    def values(self) -> Iterator[Cut]:
        """Values one after the other, the elements of objects' known arrays apart."""
        first, limit = True, self._max_object_bytes
        while mark := self._skip_blanks():
            began = self.line()
            if mark == b"{":
                yield from self._object(limit)
            elif mark == b"[":
                yield self._whole_array()
            else:
                yield self._rest_of_line()
            if first and self._ended == began and self._skip_blanks() and self.line() > began:
                # These are lines, the first of them too long to tell by it.
                yield from self.lines()
            first, limit = False, self._max_record_bytes

    def _rest_of_line(self) -> Cut:
        line, sink = self.line(), Sink(self._max_record_bytes)
        self._into(sink)
        while (end := self._chunk.find(b"\n", self._at)) < 0:
            if not self._next_chunk():
                if self._source.problem:
                    raise BreaksOff("line", line, "")
                break
        else:
            self._at = end
        self._into(None)
        return self._numbered(sink.cut(self.index, line, ""))

    def _whole_array(self) -> Cut:
        line, sink = self.line(), Sink(self._max_record_bytes)
        self._into(sink)
        self._at += 1
        try:
            self._skip_box()
        except _Ended:
            raise BreaksOff("array", line, "") from None
        self._into(None)
        return self._numbered(sink.cut(self.index, line, ""))

    def _elements(self, path: str) -> Iterator[Cut]:
        """The elements of the array whose bracket was just opened, up to and with its end."""
        opened = self.line()
        after_comma = False
        while mark := self._skip_blanks():
            if mark == b"," or (mark == b"]" and after_comma):
                yield self._numbered(Cut(self.index, self.line(), None, "a value is missing beside this comma", path))
            elif mark != b"]":
                yield self._element(path)
                if not (mark := self._skip_blanks()):
                    break
            self._at += 1
            if mark == b"]":
                return
            after_comma = True
        raise BreaksOff("array", opened, path)

    def _element(self, path: str) -> Cut:
        """What stands before the next comma or the end of the array; a box may be the last of the stream."""
        line, sink = self.line(), Sink(self._max_record_bytes)
        self._into(sink)
        try:
            while (mark := self._next_mark(_element_mark)) not in (b",", b"]"):
                if mark == b'"':
                    self._skip_string()
                else:
                    self._skip_box()
                    if not self._skip_blanks():
                        break
            else:
                self._at -= 1
        except _Ended:
            raise BreaksOff("record", line, path) from None
        self._into(None)
        return self._numbered(sink.cut(self.index, line, path))

    def _object(self, limit: int) -> Iterator[Cut]:
        """The object that begins here: a record, or an envelope of records."""
        line, sink = self.line(), Sink(limit)
        self._into(sink)
        self._at += 1
        key: str | None = None
        key_is_due, is_envelope = True, False
        try:
            while (mark := self._next_mark(_member_mark)) != b"}":
                if mark == b'"':
                    text = self._skip_string(keep=_MAX_KEY_BYTES if key_is_due else 0)
                    key = _key(text) if key_is_due else None
                elif mark == b",":
                    key, key_is_due = None, True
                elif mark == b":":
                    key_is_due = False
                elif mark == b"[" and key in self._array_keys and key is not None and not key_is_due:
                    self._into(None)
                    yield from self._elements(key)
                    sink.add(b"]")
                    self._into(sink)
                    key, is_envelope = None, True
                else:
                    self._skip_box()
        except _Ended:
            raise BreaksOff("object", line, "") from None
        self._into(None)
        self._ended = self.line()
        if is_envelope:
            yield sink.cut(self.index, line, ENVELOPE)
            return
        # Only a file that is one object may be that large; with something behind it, it is a record among others.
        if sink.size > self._max_record_bytes and self._skip_blanks():
            sink.limit = min(limit, self._max_record_bytes)
        yield self._numbered(sink.cut(self.index, line, ""))

    def _numbered(self, cut: Cut) -> Cut:
        self.index += 1
        return cut

    def _into(self, sink: Sink | None) -> None:
        """Let the bytes from here on go into `sink`, or nowhere; those before go into the sink so far."""
        if self._sink:
            self._sink.add(self._chunk[self._sunk : self._at])
        self._sink = sink
        self._sunk = self._at

    def _next_chunk(self) -> bool:
        """Come to the next chunk, taking all of this one as understood; False at the end of the stream."""
        self._at = len(self._chunk)
        self.line()
        self._into(self._sink)
        self._at = self._sunk = self._counted = 0
        self._chunk = b""
        while not self._chunk:
            chunk = next(self._chunks, b"")
            if not chunk:
                self._chunk, self._held_back = self._held_back, b""
                break
            chunk = self._held_back + chunk
            whole = len(chunk) - (len(chunk) - len(chunk.rstrip(b"\\"))) % 2
            self._chunk, self._held_back = chunk[:whole], chunk[whole:]
        self._mask = self._chunk
        if b"\\" in self._chunk:
            self._mask = self._chunk.replace(b"\\\\", b"__").replace(b'\\"', b"__")
        return bool(self._chunk)

    def _next_mark(self, search: Callable[[bytes, int], re.Match[bytes] | None]) -> bytes:
        while not (found := search(self._mask, self._at)):
            if not self._next_chunk():
                raise _Ended
        self._at = found.end()
        return found.group()

    def _skip_blanks(self) -> bytes:
        """Come to the next byte that is not blank and give it; nothing at the end."""
        while True:
            blanks = _blanks(self._chunk, self._at)
            self._at = blanks.end() if blanks else self._at
            if self._at < len(self._chunk):
                return self._chunk[self._at : self._at + 1]
            if not self._next_chunk():
                return b""

    def _skip_string(self, *, keep: int = 0) -> bytes:
        """Come to the end of the string that was just opened, and give its first `keep` bytes and perhaps more."""
        text = b""
        while (end := self._mask.find(b'"', self._at)) < 0:
            if len(text) < keep:
                text += self._chunk[self._at :]
            if not self._next_chunk():
                raise _Ended
        if len(text) < keep:
            text += self._chunk[self._at : end]
        self._at = end + 1
        return text

    def _skip_box(self) -> None:
        """Come to the end of the array or object whose bracket was just opened."""
        depth = 1
        while True:
            kind = 0
            for found in _brackets(self._mask, self._at):
                self._at = found.end()
                kind = found.lastindex or 0
                if kind == _OPENING:
                    depth += 1
                elif kind == _CLOSING:
                    depth -= 1
                    if not depth:
                        return
                else:
                    break
            if kind == _QUOTE:
                self._skip_string()
            elif not self._next_chunk():
                raise _Ended


def _key(text: bytes) -> str | None:
    try:
        key = json.loads(b'"' + text + b'"') if len(text) <= _MAX_KEY_BYTES else None
    except ValueError:
        return None
    return key if isinstance(key, str) else None
