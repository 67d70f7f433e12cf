"""The keys of a JSON object, each with the column that holds its value: what shapes are made of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple, Protocol

from db.interchange.converters import DOCUMENTS, REFUSED, TEXT, Converter, as_is
from db.jsons import same

Document = dict[str, Any]
"""A JSON object from outside."""
Columns = dict[str, Any]
"""Columns of a row by their names, rows that belong to it as lists."""

_HUMP: Final = re.compile(r"(?<=[a-z0-9])([A-Z])")
_UNDERSCORE: Final = re.compile(r"(?<=[a-zA-Z0-9])_([a-z0-9])")


class Reading(NamedTuple):
    """What was read of a document."""

    values: Columns
    extra: Document | None
    presence: Document | None


class Codec(Protocol):
    """What reads and writes nested objects: a shape, or several forms of one."""

    def read(self, document: Document, given: Mapping[str, Any] | None = None) -> Reading:
        """Columns, extra and presence of a document."""
        ...

    def write(self, values: Columns, extra: Document | None = None, presence: Document | None = None) -> Document:
        """The document again."""
        ...

    def is_blank(self, values: Columns) -> bool:
        """Whether no column has a value other than its default."""
        ...


class Notes:
    """What is noted down while a document is read: all but the values."""

    __slots__ = ("extra", "present", "raw", "refused", "spelled", "within")

    def __init__(self) -> None:
        self.extra: Document = {}
        self.present: list[str] = []
        self.raw: Document = {}
        self.refused: list[str] = []
        self.spelled: dict[str, str] = {}
        self.within: Document = {}

    def refuse(self, key: Key, name: str, raw: Any) -> None:
        """The column cannot hold the value."""
        self.extra[name] = raw
        self.refused.append(key.wire)

    def nest(self, key: Key, name: str, extra: Document | None, presence: Document | None) -> None:
        """What was noted down of an object, or of a list of objects, inside."""
        if extra:
            self.extra[name] = extra
        if presence:
            self.within[key.wire] = presence


def identical(a: Any, b: Any) -> bool:
    """Whether two JSON values are the same, 1, 1.0 and true being three things; quick for the very same objects."""
    try:
        return _identical(a, b)
    except RecursionError:
        return same(a, b)


def _identical(a: Any, b: Any) -> bool:
    if a is b:
        return True
    kind = type(a)
    if kind is not type(b):
        return False
    if kind is str or kind is int or kind is bool:
        return bool(a == b)
    if kind is dict:
        pairs = zip(a.items(), b.items(), strict=False)
        return len(a) == len(b) and all(key == other and _identical(x, y) for (key, x), (other, y) in pairs)
    if kind is list:
        return len(a) == len(b) and all(map(_identical, a, b))
    return same(a, b)


def spellings(wire: str) -> tuple[str, ...]:
    """The other common spellings of a key: message_type for messageType, imageUrl for image_url, id for _id."""
    bare = wire.lstrip("_")
    other = {bare, _HUMP.sub(r"_\1", bare).lower(), _UNDERSCORE.sub(lambda found: found[1].upper(), bare)}
    return tuple(sorted(other - {wire}))


class Key:
    """A key and its column; the column "config.top_p" is the member top_p of the JSON column config.

    `always`: the canonical rendering has the key even where the column has its `default`, else it leaves it out.
    `made`: the column gets a value even where the document has none (an id, a time); such a value is never written.
    `given`: the value is known from elsewhere, such as the id of the thread: it comes by `read(given=...)` and, for
    writing, among the values; a value other than that is refused. `fixed`: the same with a constant. Keys of these
    three kinds are `always` there unless it is said that they aren't.
    """

    def __init__(
        self,
        wire: str,
        column: str = "",
        convert: Converter = TEXT,
        *,
        aliases: Iterable[str] | None = None,
        always: bool | None = None,
        default: Any = None,
        made: bool = False,
        given: bool = False,
        fixed: Any = None,
    ) -> None:
        self.wire = wire
        self.head, _, self.tail = (column or wire).rpartition(".")
        self.load, self.dump, self.like = convert
        self.aliases = tuple(spellings(wire) if aliases is None else aliases)
        self.default = default
        self.fixed = fixed
        self.made = made or given or fixed is not None
        self.always = self.made if always is None else always
        self.plain = not given and fixed is None
        self.null_is_canonical = self.always and default is None and not self.made
        self.omits_default = not self.always and default is not None
        self.index = -1
        # What `load` gives back unchanged goes straight into the column: the common case, which must be quick.
        straight = self.dump is as_is and not self.head and not self.omits_default and (self.always or not self.made)
        self.straight = straight and self.plain and type(self).read is Key.read

    def value(self, values: Columns) -> Any:
        """The column's value, or its default."""
        if self.fixed is not None:
            return self.fixed
        value = ((values.get(self.head) or {}) if self.head else values).get(self.tail)
        return self.default if value is None else value

    def store(self, values: Columns, value: Any) -> None:
        """Set the column's value."""
        if self.head:
            values.setdefault(self.head, {})[self.tail] = value
        else:
            values[self.tail] = value

    def is_blank(self, values: Columns) -> bool:
        """Whether the column has its default, or a value that may be made."""
        return self.made or bool(self.value(values) == self.default)

    def read(self, name: str, raw: Any, values: Columns, notes: Notes, given: Mapping[str, Any]) -> None:
        """Take a value other than null; `name` is the key as the document spells it."""
        if not self.plain:
            if not identical(raw, given.get(self.tail) if self.fixed is None else self.fixed):
                notes.refuse(self, name, raw)
            elif not self.always:
                notes.present.append(self.wire)
            return
        value = self.load(raw)
        if value is REFUSED:
            notes.refuse(self, name, raw)
            return
        if (self.omits_default and value == self.default) or not identical(self.dump(value), raw):
            notes.raw[self.wire] = raw
        if self.made and not self.always:
            notes.present.append(self.wire)
        if value is not None:
            self.store(values, value)

    def write(self, name: str, document: Document, values: Columns, extra: Document, presence: Document) -> None:
        """Put the key into the document, unless it is to be left out."""
        wire = self.wire
        value = self.value(values)
        untouched = self.made or value == self.default
        if untouched and wire in presence.get("refused", ()):
            document[name] = extra[name]
            return
        if untouched and wire in presence.get("absent", ()):
            return
        raw = None
        if wire in presence.get("raw", ()):
            raw = presence["raw"][wire]
            before = self.default if raw is None else self.load(raw)
            if (self.made and raw is None) or value == before or self._renders_alike(value, before):
                document[name] = raw
                return
        shown = self.always or (wire in presence.get("present", ()) if self.made else value != self.default)
        if shown and value is not None:
            document[name] = self.dump(value) if raw is None or self.like is None else self.like(value, raw)
        elif self.always:
            document[name] = None

    def _renders_alike(self, value: Any, before: Any) -> bool:
        # Rows from the database have more columns than those that were read.
        return isinstance(value, list) and isinstance(before, list) and identical(self.dump(value), self.dump(before))


class Documents(Key):
    """A list of objects that the format reads and writes by itself, since they have origins of their own."""

    def __init__(
        self, wire: str, column: str = "", *, aliases: Iterable[str] | None = None, always: bool = False
    ) -> None:
        super().__init__(wire, column, DOCUMENTS, aliases=aliases, always=always, default=[])
