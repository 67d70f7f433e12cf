"""The contents of ChatGPT's messages, by their `content_type`, and what they cite besides `citations`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from db.interchange import converters as c
from db.interchange.content import Content, Parts
from db.interchange.shape import Columns, Document, Items, Key, Reading, Shape
from db.words import PartType

_TYPE: Final = "content_type"
_TEXT: Final = "text"
_CODE: Final = "code"


def _typed(word: str, *keys: Key) -> Shape:
    return Shape(word, [Key(_TYPE, fixed=word), *keys])


_PARTS: Final = Parts(
    {
        "image_asset_pointer": (
            PartType.IMAGE,
            _typed("image_asset_pointer", Key("asset_pointer", "url", always=True)),
        ),
        "audio_transcription": (PartType.TEXT, _typed("audio_transcription", Key("text", "text", always=True))),
    },
    word=_TYPE,
    bare=True,
)


def _told(word: str, field: str, *before: Key) -> Shape:
    return _typed(word, *before, Key(field, "content", always=True, default=""))


_SHAPES: Final = {
    _TEXT: _typed(_TEXT, Content("parts", _PARTS, listed=True)),
    "multimodal_text": _typed("multimodal_text", Content("parts", _PARTS, listed=True)),
    _CODE: _told(_CODE, "text", Key("language", fixed="unknown")),
    "execution_output": _told("execution_output", "text"),
    "system_error": _told("system_error", "text"),
    "tether_quote": _told("tether_quote", "text"),
    "tether_browsing_display": _told("tether_browsing_display", "result"),
    "thoughts": _typed(
        "thoughts",
        Items(
            "thoughts",
            "parts",
            Shape("thought", [Key("summary", "name", always=True), Key("content", "text", always=True)]),
        ),
    ),
    "reasoning_recap": _typed("reasoning_recap", Key("content", "recap", always=True)),
}
"""By the type of content its shape; contents of other types are kept whole, as one part."""


def is_code(said: Document) -> bool:
    """Whether the content is a single text, such as the code that a tool is called with."""
    if said.get(_TYPE) == _CODE:
        return isinstance(said.get("text"), str)
    parts = said.get("parts")
    return said.get(_TYPE) == _TEXT and isinstance(parts, list) and len(parts) == 1 and isinstance(parts[0], str)


def read(said: Document, *, as_call: bool) -> Reading:
    """Columns of the message; `as_call`: the text is what a tool is called with, so that it is no content."""
    word = said[_TYPE]
    shape = _SHAPES.get(word)
    if shape is None:
        part = {"type": PartType.OTHER, "other_type": word, "payload": said}
        return Reading({"parts": [part]}, None, {"type": word})
    values, extra, presence = shape.read(said)
    for part in values.get("parts", ()) if word == "thoughts" else ():
        part["type"] = PartType.REASONING
    if "recap" in values:
        values["parts"] = [{"type": PartType.REASONING, "text": values.pop("recap")}]
    if as_call:
        values["arguments_text"] = values.pop("content", "")
    canonical = _CODE if as_call else _TEXT
    return Reading(values, extra, presence if word == canonical else {"type": word, **(presence or {})})


def write(values: Columns, extra: Document | None, presence: Document | None) -> Document:
    """The content again, of the message's columns."""
    calls = values.get("tool_calls")
    word = (presence or {}).get("type", _CODE if calls else _TEXT)
    parts = values.get("parts") or []
    shape = _SHAPES.get(word)
    if shape is None:
        payload: Document = parts[0]["payload"] if parts else {_TYPE: word}
        return payload
    if calls:
        values = {**values, "content": calls[0].get("arguments_text") or ""}
    if word == "reasoning_recap":
        values = {**values, "recap": parts[0].get("text") if parts else None}
    return shape.write(values, extra, presence)


def pages(references: Any) -> Iterator[Columns]:
    """The web pages that `content_references` cites; hidden ones, navigation lists and footnotes cite nothing."""
    for entry in references if isinstance(references, list) else ():
        if not isinstance(entry, dict):
            continue
        word = entry.get("type")
        found = entry.get("items") if word == "grouped_webpages" else [entry] if word in _PAGES else None
        for page in found if isinstance(found, list) else ():
            if isinstance(page, dict) and isinstance(page.get("url"), str):
                row = _PAGE.read({**page, "start_idx": entry.get("start_idx"), "end_idx": entry.get("end_idx")}).values
                yield row | {"kind": "webpage"}


_PAGES: Final = ("webpage", "webpage_extended")
_PAGE: Final = Shape(
    "page",
    [
        Key("start_idx", "start_index", c.INTEGER),
        Key("end_idx", "end_index", c.INTEGER),
        Key("title"),
        Key("url"),
        Key("snippet", "excerpt"),
    ],
)
