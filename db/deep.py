"""JSON read and written by loops, for nesting beyond the recursion that the standard library allows itself."""

import re
from collections.abc import Iterator
from itertools import chain
from json import JSONDecodeError
from json.encoder import encode_basestring_ascii
from typing import Final

from db.tokens import FloatToken, IntToken, NotANumber, decoder, encoder

Box = dict[str, object] | list[object]

_skip_blanks: Final = re.compile(r"[ \t\n\r]*").match


def survey(value: object, limit: int) -> tuple[int, set[type]]:
    """How many levels of objects and arrays the value has, counted up to `limit` + 1, and the types in it."""
    depth, kinds, level = 0, set[type](), [value]
    while depth <= limit:
        kinds.update(map(type, level))
        boxes = [item for item in level if isinstance(item, (dict, list, tuple))]
        if not boxes:
            break
        depth += 1
        level = list(chain.from_iterable(box.values() if isinstance(box, dict) else box for box in boxes))
    return depth, kinds


class Reader:
    """Reads one value from the beginning of `text`; what was read is there even when the text breaks off.

    Raises JSONDecodeError for what is not JSON and for nesting deeper than `max_depth`.
    """

    def __init__(self, text: str, max_depth: int) -> None:
        self.text = text
        self.max_depth = max_depth
        self.at = 0
        self.open: list[tuple[Box, str]] = []  # each with the name of the member that is due

    def whole(self) -> object:
        """The value that the whole text is."""
        value = self._value()
        self._skip_blanks()
        if self.at != len(self.text):
            raise JSONDecodeError("Extra data", self.text, self.at)
        return value

    def start(self) -> object:
        """The value as far as the text goes or is right, without a scalar at the very end, of which more may follow."""
        try:
            return self._value(more_may_follow=True)
        except JSONDecodeError:
            if not self.open:
                raise
            while len(self.open) > 1:
                self._put(self.open.pop()[0])
            return self.open[0][0]

    def _value(self, *, more_may_follow: bool = False) -> object:
        self._skip_blanks()
        while True:
            value: object
            if (opening := self.text[self.at : self.at + 1]) in ("{", "["):
                if len(self.open) == self.max_depth:
                    raise JSONDecodeError(f"Nested deeper than {self.max_depth:,} levels", self.text, self.at)
                box: Box = {} if opening == "{" else []
                self._step()
                if not self._closes(box):
                    self.open.append((box, ""))
                    self._name()
                    continue
                value = box
                self.at += 1
            else:
                value = self._scalar()
                if more_may_follow and self.at == len(self.text):
                    raise JSONDecodeError("Expecting more", self.text, self.at)
            while self.open:
                self._put(value)
                self._skip_blanks()
                box = self.open[-1][0]
                if self.text[self.at : self.at + 1] == ",":
                    self._step()
                    self._name()
                    break
                if not self._closes(box):
                    raise JSONDecodeError("Expecting ',' delimiter", self.text, self.at)
                self.at += 1
                value = self.open.pop()[0]
            else:
                return value

    def _scalar(self) -> object:
        try:
            value, self.at = decoder.raw_decode(self.text, self.at)
        except NotANumber as error:
            raise JSONDecodeError(str(error), self.text, self.at) from None
        return value

    def _name(self) -> None:
        """Read the name of the next member and its colon, if an object is open."""
        box = self.open[-1][0]
        if isinstance(box, list):
            return
        if self.text[self.at : self.at + 1] != '"':
            raise JSONDecodeError("Expecting property name enclosed in double quotes", self.text, self.at)
        name, self.at = decoder.raw_decode(self.text, self.at)
        self._skip_blanks()
        if self.text[self.at : self.at + 1] != ":":
            raise JSONDecodeError("Expecting ':' delimiter", self.text, self.at)
        self._step()
        self.open[-1] = (box, name)

    def _put(self, value: object) -> None:
        box, name = self.open[-1]
        if isinstance(box, dict):
            box[name] = value
        else:
            box.append(value)

    def _closes(self, box: Box) -> bool:
        return self.text[self.at : self.at + 1] == ("}" if isinstance(box, dict) else "]")

    def _step(self) -> None:
        self.at += 1
        self._skip_blanks()

    def _skip_blanks(self) -> None:
        if blanks := _skip_blanks(self.text, self.at):
            self.at = blanks.end()


def pieces(value: object, *, sort_keys: bool = False) -> Iterator[str]:
    """The text of a value, number tokens as they are, piece by piece."""
    open_boxes: list[tuple[Iterator[tuple[str, object]], str]] = [(iter([("", value)]), "")]
    while open_boxes:
        rest, closing = open_boxes[-1]
        for prefix, item in rest:
            yield prefix
            if isinstance(item, dict):
                yield "{"
                open_boxes.append((_members(item, sort_keys), "}"))
                break
            if isinstance(item, (list, tuple)):
                yield "["
                open_boxes.append((_elements(item), "]"))
                break
            yield item.token if isinstance(item, (FloatToken, IntToken)) else encoder.encode(item)
        else:
            yield closing
            open_boxes.pop()


def _members(box: dict[str, object], sort_keys: bool) -> Iterator[tuple[str, object]]:
    comma = ""
    for name, value in sorted(box.items()) if sort_keys else box.items():
        yield f"{comma}{encode_basestring_ascii(name)}:", value
        comma = ","


def _elements(box: list[object] | tuple[object, ...]) -> Iterator[tuple[str, object]]:
    comma = ""
    for value in box:
        yield comma, value
        comma = ","
