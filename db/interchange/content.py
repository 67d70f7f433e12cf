"""Contents that are a text or a list of parts, and lists of which only some objects are rows: keys for shapes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count
from typing import Any, Final

from db.interchange.keys import Notes
from db.interchange.shape import REFUSED, Codec, Columns, Document, Items, Reading
from db.jsons import clean_text
from db.words import PartType

_BARE: Final = "bare"
"""The form of a text part that is no object but the text itself."""


class Parts:
    """Reads and writes parts of contents, each by the shape that belongs to the word in its `type`.

    `forms`: by that word the type of the part and its shape; of several words for a type the first is canonical. A part
    of any other kind is kept whole, as OTHER. `bare`: canonically a text is no object but the text itself.
    """

    def __init__(self, forms: Mapping[str, tuple[PartType, Codec]], *, word: str = "type", bare: bool = False) -> None:
        self._forms = forms
        self._word = word
        self._canonical: dict[PartType, str] = {PartType.TEXT: _BARE} if bare else {}
        for name, (kind, _) in forms.items():
            self._canonical.setdefault(kind, name)

    def read(self, document: Any, given: Mapping[str, Any] | None = None) -> Reading:  # noqa: ARG002 - a codec's
        """Columns, extra and presence of a part; `references`, if any, are the citations in it."""
        if isinstance(document, str):
            text = clean_text(document)
            presence: Document = {} if self._canonical.get(PartType.TEXT) == _BARE else {"form": _BARE}
            if text != document:
                presence["raw"] = {"text": document}
            return Reading({"type": PartType.TEXT, "text": text}, None, presence or None)
        word = document.get(self._word) if isinstance(document, dict) else None
        form = self._forms.get(word) if isinstance(word, str) else None
        if form is None:
            other = {"type": PartType.OTHER, "other_type": word if isinstance(word, str) else "", "payload": document}
            return Reading(other, None, None)
        kind, shape = form
        values, extra, noted = shape.read(document)
        values["type"] = kind
        if word != self._canonical[kind]:
            noted = {"form": word, **(noted or {})}
        return Reading(values, extra, noted)

    def write(self, row: Columns, extra: Document | None = None, presence: Document | None = None) -> Any:
        """The part again; a type that the format lacks is written as it is called here."""
        kind = row["type"]
        if kind == PartType.OTHER:
            return row.get("payload")
        word: str | None = (presence or {}).get("form") or self._canonical.get(kind)
        if word == _BARE and kind == PartType.TEXT:
            text = row.get("text") or ""
            raw = ((presence or {}).get("raw") or {}).get("text")
            return raw if raw is not None and clean_text(raw) == text else text
        if word is None or word not in self._forms or self._forms[word][0] != kind:
            word = self._canonical.get(kind)
        if word is None:
            return {self._word: str(kind).lower(), "text": row.get("text") or row.get("url") or ""}
        if word == _BARE:
            return row.get("text") or ""
        return self._forms[word][1].write(row, extra, presence)

    def is_blank(self, values: Columns) -> bool:
        """A part is something, whatever is in it."""
        return not values


class Content(Items):
    """A message's content: a text, a list of parts, or null.

    `listed`: canonically even a single text is a list, of one part. `cited`: the parts hold the message's citations.
    """

    def __init__(
        self,
        wire: str,
        parts: Parts,
        *,
        aliases: Iterable[str] = (),
        listed: bool = False,
        cited: bool = False,
        always: bool = True,
    ) -> None:
        super().__init__(wire, "parts", parts, aliases=aliases, always=always)
        self.parts = parts
        self.listed = listed
        self.cited = cited

    def is_blank(self, values: Columns) -> bool:
        """Whether there is neither a text nor a part."""
        return not (values.get("content") or values.get("parts"))

    def read(self, name: str, raw: Any, values: Columns, notes: Notes, given: Mapping[str, Any]) -> None:  # noqa: ARG002 - a key's
        """Take the text, and the rows of the parts if it isn't simply that."""
        if isinstance(raw, str):
            text = clean_text(raw)
            if self.listed or text != raw or (text == "" and not self.always):
                notes.raw[self.wire] = raw
            values["content"] = text
        elif isinstance(raw, list):
            self._read_list(name, raw, values, notes)
        else:
            notes.refuse(self, name, raw)

    def _read_list(self, name: str, raw: list[Any], values: Columns, notes: Notes) -> None:
        rows: list[Columns] = []
        extras: Document = {}
        presences: Document = {}
        texts: list[str] = []
        references: list[Columns] = []
        places: list[int] = []
        for index, item in enumerate(raw):
            row, extra, presence = self.parts.read(item)
            for reference in row.pop("references", ()):
                references.append(_shifted(reference, sum(len(text) + 1 for text in texts)))
                places.append(index)
            if row["type"] is PartType.TEXT:
                texts.append(row.get("text") or "")
            rows.append(row)
            if extra is not None:
                extras[str(index)] = extra
            if presence is not None:
                presences[str(index)] = presence
        values["content"] = "\n".join(texts)
        if not rows:
            notes.raw[self.wire] = raw
        elif not (self.listed and len(rows) == 1 and rows[0].keys() == {"type", "text"} and texts):
            values["parts"] = rows
        if references:
            values["references"] = references
            if any(place != _first_text(rows) for place in places):
                presences["cites"] = places
        notes.nest(self, name, extras, presences)

    def write(self, name: str, document: Document, values: Columns, extra: Document, presence: Document) -> None:
        """Put the content into the document: the parts where it has some, else the text."""
        wire = self.wire
        content = values.get("content") or ""
        refused = wire in presence.get("refused", ())
        rows: Sequence[Columns] = values.get("parts") or ()
        references: Sequence[Columns] = (values.get("references") or ()) if self.cited else ()
        if not rows and not references:
            if refused and not content:
                document[name] = extra[name]
                return
            if wire in presence.get("absent", ()) and not content:
                return
            if wire in presence.get("raw", ()):
                raw = presence["raw"][wire]
                if content == (clean_text(raw) if isinstance(raw, str) else ""):
                    document[name] = raw
                    return
            if not self.listed:
                if content or self.always:
                    document[name] = content
                return
        rows = rows or [{"type": PartType.TEXT, "text": content}]
        extras = {} if refused else extra.get(name) or {}
        within = presence.get("within", {}).get(wire) or {}
        by_part = self._by_part(rows, references, within.get("cites"))
        document[name] = [
            self.parts.write({**row, "references": by_part[index]}, extras.get(place), within.get(place))
            for index, (row, place) in enumerate((row, str(row.get("position", i))) for i, row in enumerate(rows))
        ]

    @staticmethod
    def _by_part(
        rows: Sequence[Columns], references: Sequence[Columns], cites: Sequence[int] | None
    ) -> list[list[Columns]]:
        """The citations of each part, their places within the text counted from its beginning."""
        first = _first_text(rows)
        by_part: list[list[Columns]] = [[] for _ in rows]
        for index, reference in enumerate(references):
            position = reference.get("position", index)
            known = cites is not None and position < len(cites) and cites[position] < len(rows)
            place = cites[position] if known and cites is not None else first
            offset = sum(len(row.get("text") or "") + 1 for row in rows[:place] if row["type"] == PartType.TEXT)
            before = cites[:position].count(place) if known and cites is not None else position
            by_part[place].append({**_shifted(reference, -offset), "position": before})
        return by_part


class Some(Items):
    """A list of objects of which those that `takes` takes are rows; the others stay in extra, by their index."""

    def __init__(
        self, wire: str, column: str, shape: Codec, *, takes: Callable[[Document], bool], always: bool = False
    ) -> None:
        super().__init__(wire, column, shape, aliases=(), always=always)
        self.takes = takes

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
        left: list[int] = []
        for index, item in enumerate(raw):
            if not self.takes(item):
                left.append(index)
                extras[str(index)] = item
                continue
            row, extra, presence = self.shape.read(item, given)
            rows.append(row)
            if extra is not None:
                extras[str(index)] = extra
            if presence is not None:
                presences[str(index)] = presence
        if left:
            presences["left"] = left
        if rows:
            self.store(values, rows)
        notes.nest(self, name, extras, presences)

    def write(self, name: str, document: Document, values: Columns, extra: Document, presence: Document) -> None:
        """Put the list into the document, what was left out of the rows in its old place."""
        within = presence.get("within", {}).get(self.wire) or {}
        left: list[int] = within.get("left", [])
        rows = self.value(values)
        if not rows and not left:
            super().write(name, document, values, extra, presence)
            return
        extras = {} if self.wire in presence.get("refused", ()) else extra.get(name) or {}
        kept = set(left)
        items = {index: extras[str(index)] for index in left}
        free = (index for index in count() if index not in kept)
        places = [
            next(free) for _ in range(1 + max((row.get("position", i) for i, row in enumerate(rows)), default=-1))
        ]
        for index, row in enumerate(rows):
            place = places[row.get("position", index)]
            items[place] = self.shape.write(row, extras.get(str(place)), within.get(str(place)))
        document[name] = [items[index] for index in sorted(items)]


def _first_text(rows: Sequence[Columns]) -> int:
    return next((index for index, row in enumerate(rows) if row["type"] == PartType.TEXT), 0)


def _shifted(reference: Columns, by: int) -> Columns:
    if not by:
        return reference
    places = {name: reference[name] + by for name in ("start_index", "end_index") if reference.get(name) is not None}
    return {**reference, **places}
