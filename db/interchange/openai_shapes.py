"""The objects of OpenAI's two APIs as shapes: chat messages, and the items of responses and conversations."""

from __future__ import annotations

from typing import Any, Final

from db import jsons
from db.interchange import converters as c
from db.interchange import times
from db.interchange.content import Content, Parts, Some
from db.interchange.shape import Forms, Items, Key, Nested, Shape
from db.words import ExecutionStatus, MessageStatus, PartType


def _arguments(raw: Any) -> Any:
    return jsons.clean_text(raw) if isinstance(raw, str) else jsons.dump(raw)


ARGUMENTS: Final = c.Converter(_arguments, c.TEXT.dump)
"""The arguments of a call: JSON as text. Where the record has the JSON itself, it is written as text here."""

_CITATIONS: Final = frozenset({"url_citation", "file_citation", "container_file_citation"})


def _is_citation(annotation: dict[str, Any]) -> bool:
    word = annotation.get("type")
    return isinstance(word, str) and word in _CITATIONS


def _cited() -> list[Key]:
    return [
        Key("start_index", "start_index", c.INTEGER, aliases=()),
        Key("end_index", "end_index", c.INTEGER, aliases=()),
        Key("url", "url", aliases=()),
        Key("title", "title", aliases=()),
        Key("file_id", "external_id", c.ID, aliases=()),
        Key("filename", "label", aliases=()),
        Key("quote", "excerpt", aliases=()),
    ]


ANNOTATION: Final = Forms(
    Shape("annotation", [Key("type", "kind", c.KEY, always=True), *_cited()]),
    {
        name: Shape(
            f"annotation with {name}", [Key("type", "kind", c.KEY, always=True), Nested(name, Shape(name, _cited()))]
        )
        for name in sorted(_CITATIONS)
    },
    form_of=lambda document: kind if isinstance(document.get(kind := document.get("type", "")), dict) else "",
)
"""A citation in an answer: flat in items, within an object named for its type in chat messages."""


def _text(word: str, cited: bool) -> tuple[PartType, Shape]:
    keys = [
        Key("type", fixed=word),
        Key("text", "text", always=True),
    ]
    if cited:
        keys.append(Some("annotations", "references", ANNOTATION, takes=_is_citation))
    return PartType.TEXT, Shape(word, keys)


def _file() -> list[Key]:
    return [
        Key("filename", "name", aliases=()),
        Key("file_url", "url", aliases=()),
        Key("file_data", "payload", c.JSON, aliases=()),
    ]


def _typed(word: str, *keys: Key) -> Shape:
    return Shape(word, [Key("type", fixed=word), *keys])


def _parts(cited: bool) -> Parts:
    url = Shape("url", [Key("url", "url", always=True), Key("detail", "detail")])
    image = Nested("image_url", url, aliases=(), always=True)
    reasoning = PartType.REASONING
    return Parts(
        {
            "text": _text("text", cited),
            "input_text": _text("input_text", cited),
            "output_text": _text("output_text", cited),
            "refusal": (PartType.TEXT, _typed("refusal", Key("refusal", "text", always=True))),
            "image_url": (PartType.IMAGE, _typed("image_url", image)),
            "input_image": (PartType.IMAGE, _typed("input_image", Key("image_url", "url", aliases=()), Key("detail"))),
            "file": (PartType.FILE, _typed("file", Nested("file", Shape("file", _file()), always=True))),
            "input_file": (PartType.FILE, _typed("input_file", *_file())),
            "summary_text": (reasoning, _typed("summary_text", Key("text", "text", always=True))),
            "reasoning_text": (reasoning, _typed("reasoning_text", Key("text", "text", always=True))),
        }
    )


_CALL: Final = Shape(
    "tool_call",
    [
        Key("id", "call_id", c.ID, always=True),
        Key("type", fixed="function"),
        Nested(
            "function",
            Shape(
                "function",
                [
                    Key("name", "name", c.KEY, always=True, default=""),
                    Key("arguments", "arguments_text", ARGUMENTS, always=True),
                ],
            ),
            always=True,
        ),
    ],
)

CHAT_MESSAGE: Final = Shape(
    "message",
    [
        Key("role", "role_name", c.KEY, always=True),
        Content("content", _parts(cited=False)),
        Key("name", "author_name", aliases=()),
        Items("tool_calls", "tool_calls", _CALL),
        Some("annotations", "references", ANNOTATION, takes=_is_citation),
    ],
)
"""A message of the Chat Completions API."""

CHAT_RESULT: Final = Shape(
    "tool message",
    [
        Key("role", "role_name", c.KEY, always=True),
        Key("tool_call_id", "tool_call_id", c.ID),
        Key("name", "tool_name", c.KEY, aliases=()),
        Content("content", _parts(cited=False)),
    ],
)
"""What a tool answered, in the Chat Completions API; `name` is the tool's."""

_STATUS: Final = c.words(
    {
        "completed": MessageStatus.COMPLETE,
        "incomplete": MessageStatus.STOPPED,
        "in_progress": MessageStatus.STOPPED,
        "failed": MessageStatus.FAILED,
    }
)


def _item(word: str, *keys: Key) -> Shape:
    id_ = Key("id", "record_id", c.RECORD_ID, made=True)
    status = Key("status", "status", _STATUS, always=True, default=MessageStatus.COMPLETE)
    return Shape(word, [id_, Key("type", fixed=word), status, *keys])


ITEMS: Final = {
    "message": _item(
        "message",
        Key("role", "role_name", c.KEY, always=True),
        Content("content", _parts(cited=True), cited=True),
    ),
    "function_call": _item(
        "function_call",
        Key("call_id", "call_id", c.ID, always=True),
        Key("name", "name", c.KEY, always=True, default=""),
        Key("arguments", "arguments_text", ARGUMENTS, always=True),
    ),
    "function_call_output": _item(
        "function_call_output",
        Key("call_id", "tool_call_id", c.ID, always=True),
        Content("output", _parts(cited=False)),
    ),
    "reasoning": _item("reasoning", Content("summary", _parts(cited=False))),
}
"""Items by their type; every other type of item is kept whole."""

USAGE: Final = Shape(
    "usage",
    [
        Key("input_tokens", "input_tokens", c.INTEGER),
        Nested("input_tokens_details", Shape("input", [Key("cached_tokens", "cached_input_tokens", c.INTEGER)])),
        Key("output_tokens", "output_tokens", c.INTEGER),
        Nested("output_tokens_details", Shape("output", [Key("reasoning_tokens", "reasoning_tokens", c.INTEGER)])),
        Key("total_tokens", "total_tokens", c.INTEGER),
    ],
)
"""The tokens that a response took."""

CHAT: Final = Shape(
    "chat",
    [
        Key("id", "record_id", c.RECORD_ID, made=True, always=False),
        Key("title", "title", c.TITLE, made=True, always=False),
        Key("model", "model", c.KEY),
        Key("user", "owner_id", c.ID),
        Key("messages", "messages", c.JSON, always=True),
    ],
    rest="properties",
)
"""A record of chat messages; what else it says are properties of the conversation."""

_STATE: Final = c.words(
    {
        "completed": ExecutionStatus.AVAILABLE,
        "queued": ExecutionStatus.PENDING,
        "in_progress": ExecutionStatus.PROCESSING,
        "failed": ExecutionStatus.ERROR,
        "cancelled": ExecutionStatus.ENDED,
        "incomplete": ExecutionStatus.ENDED,
    }
)


def _object(word: str, *keys: Key) -> Shape:
    id_ = Key("id", "record_id", c.RECORD_ID, made=True)
    created = Key("created_at", "created_at", c.time(times.UNIX), made=True)
    return Shape(word, [id_, Key("object", fixed=word), created, *keys])


RECORDS: Final = {
    "conversation": _object(
        "conversation",
        Key("metadata", "properties", c.OBJECT),
        Key("items", "items", c.JSON, always=True),
    ),
    "response": _object(
        "response",
        Key("status", "execution_status", _STATE, always=True, default=ExecutionStatus.AVAILABLE),
        Key("instructions", "system_prompt"),
        Key("model", "model", c.KEY),
        Key("input", "input", c.JSON),
        Key("output", "items", c.JSON, always=True),
        Key("temperature", "temperature", c.NUMBER),
        Key("usage", "usage", c.JSON),
        Key("user", "owner_id", c.ID),
        Key("metadata", "properties", c.OBJECT),
    ),
    "list": Shape("list", [Key("object", fixed="list"), Key("data", "items", c.JSON, always=True)]),
}
"""Objects that hold items."""
