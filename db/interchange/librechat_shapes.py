"""LibreChat's conversations and messages as shapes."""

from __future__ import annotations

from typing import Final

from db.interchange import converters as c
from db.interchange import times
from db.interchange.content import Content, Parts
from db.interchange.shape import Items, Key, Nested, Shape
from db.words import PartType, Rating

ROOT: Final = "00000000-0000-0000-0000-000000000000"
"""What the first messages name as the message above them."""
_TIME: Final = c.time(times.ISO_MILLISECONDS)

CONVERSATION: Final = Shape(
    "conversation",
    [
        Key("conversationId", "record_id", c.RECORD_ID, made=True),
        Key("endpoint", "properties.endpoint"),
        Key("title", "title", c.TITLE, made=True),
        Key("exportAt", "properties.exportAt"),
        Key("branches", "properties.branches", c.BOOL),
        Key("recursive", "properties.recursive", c.BOOL),
        Nested(
            "options",
            Shape(
                "options",
                [
                    Key("model", "model", c.KEY),
                    Key("promptPrefix", "system_prompt"),
                    Key("temperature", "temperature", c.NUMBER),
                ],
                rest="config",
            ),
        ),
        Key("messages", "messages", c.JSON, always=True),
    ],
)

_FILE: Final = Shape(
    "file",
    [
        Key("file_id", "external_id", c.ID),
        Key("filename", "name"),
        Key("type", "media_type"),
        Key("filepath", "url"),
        Key("bytes", "size", c.INTEGER),
    ],
)

FEEDBACK: Final = Shape(
    "feedback",
    [
        Key("rating", "rating", c.words({"thumbsUp": Rating.POSITIVE, "thumbsDown": Rating.NEGATIVE}), always=True),
        Key("tag", "tag", c.KEY),
        Key("text", "comment"),
    ],
)

_PARTS: Final = Parts(
    {
        "text": (PartType.TEXT, Shape("text", [Key("type", fixed="text"), Key("text", "text", always=True)])),
        "think": (PartType.REASONING, Shape("think", [Key("type", fixed="think"), Key("think", "text", always=True)])),
    }
)


def _message(*said: Key, tokens: str) -> Shape:
    return Shape(
        "message",
        [
            Key("messageId", "record_id", c.RECORD_ID, made=True),
            Key("conversationId", "conversation", given=True),
            Key("createdAt", "timestamp", _TIME),
            Key("endpoint", "endpoint", given=True, always=False),
            Key("error", "error", given=True, always=False),
            Key("isCreatedByUser", "by_user", given=True),
            Key("model", "model", c.KEY),
            Key("parentMessageId", "above", given=True),
            Key("sender", "author_name", always=True),
            *said,
            Key("tokenCount", tokens, c.INTEGER),
            Key("unfinished", "unfinished", given=True, always=False),
            Key("updatedAt", "updated_at", _TIME, made=True, always=False),
            Key("finish_reason", "finish_reason"),
            Items("files", "attachments", _FILE),
            Key("feedback", "feedback", c.OBJECT),
            Key("children", "below", c.JSON),
        ],
    )


def _shapes(tokens: str) -> tuple[Shape, Shape]:
    """The shapes of a message with and without a list of parts."""
    plain = _message(Key("text", "content", always=True, default=""), tokens=tokens)
    parts = Content("content", _PARTS)
    return plain, _message(Key("text", "text", given=True, always=False), parts, tokens=tokens)


OF_USERS: Final = _shapes("input_tokens")
OF_MODELS: Final = _shapes("output_tokens")
