"""Keys that hold objects: one that is part of the row, or a list of them that are rows of their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from db.interchange.converters import DOCUMENTS, REFUSED
from db.interchange.keys import Codec, Columns, Document, Key, Notes


class Nested(Key):
    """An object whose keys are columns of the same row."""

    def __init__(self, wire: str, shape: Codec, *, aliases: Iterable[str] | None = None, always: bool = False) -> None:
        super().__init__(wire, aliases=aliases, always=always)
        self.shape = shape
        self.null_is_canonical = False

    def is_blank(self, values: Columns) -> bool:
        """Whether all columns of the object have their defaults."""
        return self.shape.is_blank(values)

    def read(self, name: str, raw: Any, values: Columns, notes: Notes, given: Mapping[str, Any]) -> None:
        """Take the columns of the object."""
        if not isinstance(raw, dict):
            notes.refuse(self, name, raw)
            return
        inner, extra, presence = self.shape.read(raw, given)
        if not (self.always or inner or extra or presence):
            notes.raw[self.wire] = raw
        for column, value in inner.items():
            # The object and what holds it may both have members of the same JSON column.
            if isinstance(value, dict) and isinstance(values.get(column), dict):
                values[column].update(value)
            else:
                values[column] = value
        notes.nest(self, name, extra, presence)

    def write(self, name: str, document: Document, values: Columns, extra: Document, presence: Document) -> None:
        """Put the object into the document, unless it is to be left out."""
        wire = self.wire
        refused = wire in presence.get("refused", ())
        inner = None if refused else extra.get(name)
        within = presence.get("within", {}).get(wire)
        if self.shape.is_blank(values):
            if refused:
                document[name] = extra[name]
                return
            if wire in presence.get("raw", ()):
                document[name] = presence["raw"][wire]
                return
            if wire in presence.get("absent", ()) or not (self.always or inner or within):
                return
        document[name] = self.shape.write(values, inner, within)


class Items(Key):
    """A list of objects that are rows without origins; the column's value is the list of their columns."""

    def __init__(
        self, wire: str, column: str, shape: Codec, *, aliases: Iterable[str] | None = None, always: bool = False
    ) -> None:
        super().__init__(wire, column, DOCUMENTS, aliases=aliases, always=always, default=[])
        self.shape = shape

    def read(self, name: str, raw: Any, values: Columns, notes: Notes, given: Mapping[str, Any]) -> None:
        """Take the rows of the list."""
        if self.load(raw) is REFUSED:
            notes.refuse(self, name, raw)
            return
        if not (raw or self.always):
            notes.raw[self.wire] = raw
        rows: list[Columns] = []
        extras: Document = {}
        presences: Document = {}
        for index, item in enumerate(raw):
            row, extra, presence = self.shape.read(item, given)
            rows.append(row)
            if extra is not None:
                extras[str(index)] = extra
            if presence is not None:
                presences[str(index)] = presence
        self.store(values, rows)
        notes.nest(self, name, extras, presences)

    def write(self, name: str, document: Document, values: Columns, extra: Document, presence: Document) -> None:
        """Put the list into the document; a row's `position`, if it has one, is its place in the list that was read."""
        rows = self.value(values)
        if not rows:
            super().write(name, document, values, extra, presence)
            return
        extras = {} if self.wire in presence.get("refused", ()) else extra.get(name) or {}
        presences = presence.get("within", {}).get(self.wire) or {}
        places = [str(row.get("position", index)) for index, row in enumerate(rows)]
        document[name] = [
            self.shape.write(row, extras.get(place), presences.get(place))
            for row, place in zip(rows, places, strict=True)
        ]
