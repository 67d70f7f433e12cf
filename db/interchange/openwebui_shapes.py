"""Open WebUI's chats and messages as shapes."""

from __future__ import annotations

from typing import Any, Final

from db.interchange import converters as c
from db.interchange import times
from db.interchange.content import Content, Parts
from db.interchange.openwebui_sources import Sources
from db.interchange.shape import REFUSED, Forms, Items, Key, Nested, Shape
from db.jsons import clean_text
from db.words import PartType, Rating

_SECONDS: Final = c.time(times.UNIX)


def _tags() -> Key:
    return Key("tags", "tags", c.TAGS, default=[])


def _chat(*more: Key, id: Key, title: Key) -> Shape:
    return Shape(
        "chat",
        [
            id,
            title,
            Key("models", "models", given=True),
            Key("params", "config", c.OBJECT, default={}),
            Key("history", "history", c.JSON, always=True),
            Key("messages", "messages", c.JSON),
            *more,
        ],
    )


def _owner() -> Key:
    return Key("userId", "owner_id", c.ID, aliases=())


def _dated() -> list[Key]:
    return [
        Key("created_at", "created_at", _SECONDS, aliases=(), made=True),
        Key("updated_at", "updated_at", _SECONDS, aliases=(), made=True),
        Nested("meta", Shape("meta", [_tags()])),
    ]


def _own() -> dict[str, Key]:
    return {
        "id": Key("id", "record_id", c.RECORD_ID, made=True),
        "title": Key("title", "title", c.TITLE, made=True),
    }


CHAT: Final = Forms(
    _chat(_tags(), Key("timestamp", "created_at", c.time(times.UNIX_MS), made=True, always=False), _owner(), **_own()),
    {"dated": _chat(*_dated(), _owner(), **_own())},
    form_of=lambda chat: "dated" if "created_at" in chat or "meta" in chat else "",
)
"""A chat by itself."""

WRAPPED: Final = _chat(
    id=Key("id", "outer_id", given=True, always=False), title=Key("title", "outer_title", given=True)
)
"""A chat within what its server exports, which says more exactly when it was."""

WRAPPER: Final = Shape(
    "exported chat",
    [
        Key("id", "record_id", c.RECORD_ID, made=True),
        Key("user_id", "owner_id", c.ID),
        Key("title", "title", c.TITLE, made=True),
        Key("chat", "chat", c.JSON, always=True),
        Key("updated_at", "updated_at", _SECONDS, made=True),
        Key("created_at", "created_at", _SECONDS, made=True),
        Key("share_id", "properties.share_id", always=True),
        Key("archived", "archived", c.BOOL, always=True, default=False),
        Key("pinned", "properties.pinned", c.BOOL, always=True),
        Nested("meta", Shape("meta", [_tags()])),
        Key("folder_id", "properties.folder_id", always=True),
    ],
)
HISTORY: Final = Shape(
    "history", [Key("messages", "messages", c.JSON, always=True), Key("currentId", "current", always=True)]
)

_FILE: Final = Shape(
    "file",
    [
        Key("id", "external_id", c.ID),
        Key("name", "name"),
        Key("url", "url"),
        Key("size", "size", c.INTEGER),
        Key("content_type", "media_type"),
    ],
)

_URL: Final = Shape("url", [Key("url", "url", always=True), Key("detail", "detail")])
_PARTS: Final = Parts(
    {
        "text": (PartType.TEXT, Shape("text", [Key("type", fixed="text"), Key("text", "text", always=True)])),
        "image_url": (
            PartType.IMAGE,
            Shape("image_url", [Key("type", fixed="image_url"), Nested("image_url", _URL, always=True)]),
        ),
    }
)

_USAGE: Final = Shape(
    "usage",
    [
        Key("prompt_tokens", "input_tokens", c.INTEGER),
        Key("completion_tokens", "output_tokens", c.INTEGER),
        Key("total_tokens", "total_tokens", c.INTEGER),
        Nested("prompt_tokens_details", Shape("prompt", [Key("cached_tokens", "cached_input_tokens", c.INTEGER)])),
        Nested(
            "completion_tokens_details", Shape("completion", [Key("reasoning_tokens", "reasoning_tokens", c.INTEGER)])
        ),
    ],
)


def _cleaned(raw: Any) -> Any:
    return [clean_text(text) for text in raw] if c.STRINGS.load(raw) is not REFUSED else REFUSED


_QUESTIONS: Final = c.Converter(_cleaned, c.STRINGS.dump)


def _message(*more: Key) -> Shape:
    return Shape(
        "message",
        [
            Key("id", "key", given=True),
            Key("parentId", "above", given=True),
            Key("childrenIds", "below", given=True),
            Key("role", "role_name", c.KEY, always=True),
            Content("content", _PARTS),
            Items("files", "attachments", _FILE),
            Key("timestamp", "timestamp", _SECONDS, always=True),
            *more,
        ],
    )


OTHER_MESSAGE: Final = _message()
"""A question, or whatever is no answer."""

ANSWER: Final = _message(
    Key("model", "model", c.KEY),
    Sources("sources", "references"),
    Nested("usage", _USAGE),
    Nested("error", Shape("error", [Key("content", "fail_reason")])),
    Key("followUps", "questions", _QUESTIONS, default=[]),
    Key("annotation", "annotation", c.OBJECT),
    Key("done", "done", given=True),
)


def _rating(raw: Any) -> Any:
    return {1: Rating.POSITIVE, -1: Rating.NEGATIVE}.get(raw, REFUSED) if type(raw) is int else REFUSED


ANNOTATION: Final = Shape(
    "annotation",
    [
        Key(
            "rating",
            "rating",
            c.Converter(_rating, lambda rating: 1 if rating == Rating.POSITIVE else -1),
            always=True,
        ),
        Key("reason", "reason", c.KEY),
        Key("comment", "comment"),
    ],
)
"""What a person said of an answer."""
