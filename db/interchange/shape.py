"""A declarative two-way codec for JSON objects: a `Shape` reads a document into columns and writes it again, unchanged.

Reading gives three things. `values` are the columns. `extra` holds what has no column: unknown keys, and values that
their column cannot hold. `presence` says how the document differs from the canonical rendering of its columns:

    order    the names in the document, where they stand otherwise than in the shape with unknown ones last
    absent   keys that the canonical rendering has and the document lacks
    present  the other way round, for keys whose column may have a value that was made here
    raw      values that the column does not give back: null where the key is left out, 7.0, RUNNING, another date
    spelled  keys in another spelling, such as message_type for messageType
    refused  keys whose value is in `extra`, since the column cannot hold it
    form     which of several `Forms` the document has
    within   the same for nested objects, by the key that holds them and, in lists, by their index

A document in canonical form leaves `extra` and `presence` None. Writing is the inverse: what presence keeps is given
back as long as the column has the value that was read, so that a change made since then shows, and nothing else does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from db.interchange.converters import REFUSED
from db.interchange.keys import Codec, Columns, Document, Documents, Key, Notes, Reading, identical, spellings
from db.interchange.nested import Items, Nested

__all__ = [
    "REFUSED",
    "Codec",
    "Columns",
    "Document",
    "Documents",
    "Forms",
    "Items",
    "Key",
    "Nested",
    "Reading",
    "Shape",
    "identical",
    "spellings",
]

_BEYOND: Final = 1 << 30
_NOTHING: Final[Mapping[str, Any]] = {}


class Shape:
    """The keys of a document, in their canonical order.

    `rest`: the JSON column that takes unknown keys, which then are no `extra`.
    """

    def __init__(self, name: str, keys: Sequence[Key], *, rest: str = "") -> None:
        self.name = name
        self.keys = tuple(keys)
        self.rest = rest
        self._known: dict[str, Key] = {}
        for index, key in enumerate(self.keys):
            key.index = index
            for spelling in key.aliases:
                self._known.setdefault(spelling, key)
        self._known |= {key.wire: key for key in self.keys}
        self._always = sum(key.always for key in self.keys)
        self._members = frozenset(key.tail for key in self.keys if key.head and key.head == rest)

    def read(self, document: Document, given: Mapping[str, Any] | None = None) -> Reading:
        """Columns, extra and presence of a document; `given`: the values of its given keys, by column.

        A value that is refused is not lost but in `extra`; nothing is raised.
        """
        values: Columns = {}
        notes = Notes()
        find = self._known.get
        furthest = -1
        missing = self._always
        ordered = True
        for name, raw in document.items():
            key = find(name)
            if key is None:
                furthest = _BEYOND
                if self.rest and name not in self._members:
                    values.setdefault(self.rest, {})[name] = raw
                else:
                    notes.extra[name] = raw
                continue
            if key.index <= furthest:
                ordered = False
                if self._is_second(key, name, document):
                    notes.extra[name] = raw
                    continue
            if key.index > furthest:
                furthest = key.index
            missing -= key.always
            if name != key.wire:
                notes.spelled[key.wire] = name
            if key.straight and raw is not None and key.load(raw) is raw:
                values[key.tail] = raw
            elif raw is not None:
                key.read(name, raw, values, notes, given or _NOTHING)
            elif not key.null_is_canonical:
                notes.raw[key.wire] = None
        presence: Document = {}
        if not ordered:
            presence["order"] = list(document)
        if missing:
            there = {found.index for found in map(find, document) if found is not None}
            presence["absent"] = [key.wire for key in self.keys if key.always and key.index not in there]
        if notes.present:
            presence["present"] = notes.present
        if notes.raw:
            presence["raw"] = notes.raw
        if notes.spelled:
            presence["spelled"] = notes.spelled
        if notes.refused:
            presence["refused"] = notes.refused
        if notes.within:
            presence["within"] = notes.within
        return Reading(values, notes.extra or None, presence or None)

    def write(self, values: Columns, extra: Document | None = None, presence: Document | None = None) -> Document:
        """The document of these columns, given ones among them: the inverse of `read`."""
        extra = extra or {}
        presence = presence or {}
        spelled = presence.get("spelled", _NOTHING)
        refused = presence.get("refused", ())
        document: Document = {}
        done: set[str] = set()
        for key in self.keys:
            name = spelled.get(key.wire, key.wire)
            key.write(name, document, values, extra, presence)
            if isinstance(key, (Nested, Items)) or key.wire in refused:
                done.add(name)
        if self.rest:
            rest = values.get(self.rest) or {}
            # A member that came otherwise, named as a key is, must not take that key's place.
            taken = self._members | self._known.keys()
            document |= {name: raw for name, raw in rest.items() if name not in taken}
        document |= {name: raw for name, raw in extra.items() if name not in done}
        order = presence.get("order")
        if order is None:
            return document
        return {name: document[name] for name in order if name in document} | document

    def is_blank(self, values: Columns) -> bool:
        """Whether no column has a value other than its default."""
        return all(key.is_blank(values) for key in self.keys) and not (self.rest and values.get(self.rest))

    def _is_second(self, key: Key, name: str, document: Document) -> bool:
        """Whether the key stands in the document before, in another spelling: then that one is the key."""
        for other in document:
            if other == name:
                return False
            if self._known.get(other) is key:
                return True
        return False


class Forms:
    """Several shapes of one kind of object, such as two generations of it.

    `form_of` tells the form of a document, "" being the main one. `guess` tells it from the columns; the form is noted
    in `presence` only where the guess is wrong.
    """

    def __init__(
        self,
        main: Shape,
        others: Mapping[str, Shape],
        *,
        form_of: Callable[[Document], str],
        guess: Callable[[Columns], str] = lambda _values: "",
    ) -> None:
        self._forms = {"": main, **others}
        self._form_of = form_of
        self._guess = guess

    def read(self, document: Document, given: Mapping[str, Any] | None = None) -> Reading:
        """Columns, extra and presence of a document, read by the shape that it has."""
        form = self._form_of(document)
        values, extra, presence = self._forms[form].read(document, given)
        if form != self._guess(values):
            presence = {"form": form, **(presence or {})}
        return Reading(values, extra, presence)

    def write(self, values: Columns, extra: Document | None = None, presence: Document | None = None) -> Document:
        """The document again, in the form that it had."""
        form = (presence or {}).get("form")
        return self._forms[self._guess(values) if form is None else form].write(values, extra, presence)

    def is_blank(self, values: Columns) -> bool:
        """Whether no column of any form has a value other than its default."""
        return all(shape.is_blank(values) for shape in self._forms.values())
