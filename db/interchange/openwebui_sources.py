"""What Open WebUI's answers cite: entries of `sources`, each a document and the passages that were found in it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any, Final

from db.interchange import converters as c
from db.interchange.base import SourceDraft
from db.interchange.converters import REFUSED
from db.interchange.keys import Notes
from db.interchange.shape import Columns, Document, Items, Key, Shape

_CONNECTOR: Final = "open-webui"

_DOCUMENT: Final = Shape(
    "source",
    [
        Key("type", "kind", c.KEY),
        Key("id", "external_id", c.ID),
        Key("name", "title"),
        Key("url"),
    ],
)
_PASSAGES: Final = frozenset({"document", "metadata", "distances"})


class Sources(Items):
    """A list of entries {source, document: [texts], metadata: [objects], distances: [numbers]}.

    Each passage is a citation, all those of an entry with its number, which is what the text says in brackets; an entry
    of any other kind is one citation, and keeps in extra what is not its `source`.
    """

    def __init__(self, wire: str, column: str) -> None:
        super().__init__(wire, column, _DOCUMENT, aliases=())

    def read(self, name: str, raw: Any, values: Columns, notes: Notes, given: Mapping[str, Any]) -> None:
        """Take the citations."""
        if self.load(raw) is REFUSED or not all(isinstance(entry.get("source"), dict) for entry in raw):
            notes.refuse(self, name, raw)
            return
        if not raw:
            notes.raw[self.wire] = raw
        rows: list[Columns] = []
        extras: Document = {}
        presences: Document = {}
        for index, entry in enumerate(raw):
            document, extra, presence = _DOCUMENT.read(entry["source"], given)
            noted: Document = {} if presence is None else {"source": presence}
            more: Document = {} if extra is None else {"source": extra}
            passages = _passages(entry)
            if passages is None:
                passages = [{}]
                more |= {key: value for key, value in entry.items() if key != "source"}
                noted["whole"] = True
            else:
                more |= {key: value for key, value in entry.items() if key not in _PASSAGES and key != "source"}
            keys = ["source", *(key for key in ("document", "metadata", "distances") if key in entry)]
            if list(entry) != keys or ("distances" not in entry and not noted.get("whole")):
                noted["keys"] = list(entry)
            if "url" not in document and (url := _url_of(passages)):
                document["url"] = url
                noted["url"] = False
            rows += [{**document, **passage, "number": index + 1} for passage in passages]
            if more:
                extras[str(index)] = more
            if noted:
                presences[str(index)] = noted
        self.store(values, rows)
        notes.nest(self, name, extras, presences)

    def write(self, name: str, document: Document, values: Columns, extra: Document, presence: Document) -> None:
        """Put the entries into the document."""
        rows = self.value(values)
        if not rows:
            super().write(name, document, values, extra, presence)
            return
        extras = {} if self.wire in presence.get("refused", ()) else extra.get(name) or {}
        presences = presence.get("within", {}).get(self.wire) or {}
        document[name] = [
            _entry(list(group), dict(extras.get(str(number - 1)) or {}), presences.get(str(number - 1)) or {})
            for number, group in groupby(rows, key=lambda row: row.get("number") or 1)
        ]


def _passages(entry: Document) -> list[Columns] | None:
    """The passages of an entry; None where its lists don't belong together."""
    texts, metadata, distances = entry.get("document"), entry.get("metadata"), entry.get("distances")
    if not isinstance(texts, list) or not isinstance(metadata, list) or not texts or len(texts) != len(metadata):
        return None
    if not all(isinstance(text, str) and c.TEXT.load(text) == text for text in texts):
        return None
    if not all(isinstance(each, dict) for each in metadata):
        return None
    rows: list[Columns] = [{"excerpt": text, "metadata": each} for text, each in zip(texts, metadata, strict=True)]
    if "distances" in entry:
        if not isinstance(distances, list) or len(distances) != len(texts):
            return None
        if not all(type(each) is float and 0 <= each <= 1 for each in distances):
            return None
        for row, distance in zip(rows, distances, strict=True):
            row["relevance_score"] = distance
    return rows


def _url_of(passages: list[Columns]) -> str | None:
    url = (passages[0].get("metadata") or {}).get("source")
    return url if isinstance(url, str) and url.startswith(("http://", "https://")) else None


def _entry(rows: list[Columns], extra: Document, presence: Document) -> Document:
    first = rows[0] if presence.get("url", True) else {**rows[0], "url": None}
    inner = extra.pop("source", None)
    entry: Document = {"source": _DOCUMENT.write(first, inner, presence.get("source"))}
    if not presence.get("whole"):
        entry["document"] = [row.get("excerpt") or "" for row in rows]
        entry["metadata"] = [row.get("metadata") or {} for row in rows]
        entry["distances"] = [row.get("relevance_score") for row in rows]
    entry |= extra
    keys = presence.get("keys")
    return entry if keys is None else {key: entry[key] for key in keys if key in entry}


def source_of(row: Columns) -> SourceDraft | None:
    """The document that a citation cites: by its id in Open WebUI, else by its address."""
    values = {name: row[name] for name in ("title", "url", "kind", "external_id") if row.get(name) is not None}
    if "external_id" in values:
        values["connector"] = _CONNECTOR
    return SourceDraft(values=values, kind="source") if values.keys() & {"title", "url", "external_id"} else None
