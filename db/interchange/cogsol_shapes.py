"""The objects of CogSol's Cognitive API, in the order in which its documentation prints their keys."""

from __future__ import annotations

from typing import Final

from db.interchange import converters as c
from db.interchange import times
from db.interchange.shape import Document, Documents, Forms, Items, Key, Shape
from db.words import ExecutionStatus

_ISO: Final = c.time(times.ISO_MILLISECONDS)
_COMMENT: Final = c.or_none(c.TEXT)

_AVAILABLE: Final = {"AVAILABLE": ExecutionStatus.AVAILABLE}
_WORKING: Final = {"PROCESSING": ExecutionStatus.PROCESSING, "RUNNING": ExecutionStatus.PROCESSING}
_REST: Final = {
    "ERROR": ExecutionStatus.ERROR,
    "PENDING": ExecutionStatus.PENDING,
    "ENDED": ExecutionStatus.ENDED,
}
_STATUS: Final = c.words(_AVAILABLE | _WORKING | _REST)
_SHORT_STATUS: Final = c.words(_AVAILABLE | dict(reversed(_WORKING.items())) | _REST)

REFERENCE: Final = Shape(
    "Reference",
    [
        Key("reference_num", "number", c.INTEGER, made=True),
        Key("source", "label", always=True),
        Key("showed_num", "shown_number", c.INTEGER),
    ],
)

ATTACHMENT: Final = Shape(
    "MessageAttachment",
    [Key("original_file_name", "name", always=True), Key("file_content", "text", always=True)],
)


def _message_keys(*, full: bool) -> list[Key]:
    reader = not full
    return [
        Key("id", "record_id", c.RECORD_NUMBER, made=True),
        Key("role", "role_name", c.KEY, always=True, default=""),
        Key("content", always=True, default=""),
        Key("msg_num", given=True),
        Key("usr_msg_num", "properties.usr_msg_num", c.JSON, always=reader),
        Key("fixed", "properties.fixed", c.JSON, always=reader),
        Items("attachments", "attachments", ATTACHMENT, always=full),
        Key("tool_call_id", "tool_call_id", c.KEY, always=full),
        Key("function_name", "tool_name", c.KEY, always=full),
        Key("likes", "likes", c.BOOL, always=full),
        Key("visible", "visible", c.BOOL, always=full, default=True),
        Key("metadata", "metadata", c.JSON, always=True),
        Key("system_prompt", always=full),
        Key("functions", "properties.functions", c.JSON, always=full),
        Items("references", "references", REFERENCE, always=reader),
        Key("created_at", "created_at", _ISO, made=True),
        Key("updated_at", "updated_at", _ISO, made=True),
    ]


_READER_MARKS: Final = frozenset(("usr_msg_num", "fixed", "references"))
_FULL_MARKS: Final = frozenset(("attachments", "tool_call_id", "function_name", "likes", "visible", "functions"))


def _message_form(document: Document) -> str:
    names = document.keys()
    return "reader" if names & _READER_MARKS and not names & _FULL_MARKS else ""


MESSAGE: Final = Forms(
    Shape("FullMessage", _message_keys(full=True)),
    {"reader": Shape("Message", _message_keys(full=False))},
    form_of=_message_form,
)


FULL_CHAT: Final = Shape(
    "FullChat",
    [
        Key("id", "record_id", c.RECORD_NUMBER, made=True),
        Documents("messages", always=True),
        Items("references", "references", REFERENCE, always=True),
        Key("title", "title", c.TITLE, always=True),
        Key("like", "like", c.BOOL, always=True),
        Key("comment", "comment", _COMMENT, always=True),
        Key("created_at", "created_at", _ISO, made=True),
        Key("updated_at", "updated_at", _ISO, made=True),
        Key("matrix_mode", "matrix_mode", c.BOOL, always=True, default=False),
        Key("execution_status", "execution_status", _STATUS, always=True, default=ExecutionStatus.AVAILABLE),
        Key("assistant", "assistant", c.RECORD_NUMBER, always=True),
        Key("tools", "tools", c.NUMBER_IDS, always=True, default=[]),
        Key("metadata", "properties", c.OBJECT),
        Key("max_responses", "config.max_responses", c.JSON),
        Key("max_msg_length", "config.max_msg_length", c.JSON),
    ],
)
SHORT_CHAT: Final = Shape(
    "Chat",
    [
        Key("id", "record_id", c.RECORD_NUMBER, made=True),
        Key("title", "title", c.TITLE, always=True),
        Key("assistant", "assistant", c.RECORD_NUMBER, always=True),
        Documents("messages", always=True),
        Key("max_responses", "config.max_responses", c.JSON, always=True),
        Key("max_msg_length", "config.max_msg_length", c.JSON, always=True),
        Key("comment", "comment", _COMMENT, always=True),
        Key("like", "like", c.BOOL, always=True),
        Key("created_at", "created_at", _ISO, made=True),
        Key("updated_at", "updated_at", _ISO, made=True),
        Key("matrix_mode", "matrix_mode", c.BOOL, always=True, default=False),
        Key("execution_status", "execution_status", _SHORT_STATUS, always=True, default=ExecutionStatus.AVAILABLE),
        Items("references", "references", REFERENCE),
        Key("tools", "tools", c.NUMBER_IDS, default=[]),
        Key("metadata", "properties", c.OBJECT),
    ],
)
CHAT: Final = Forms(
    FULL_CHAT,
    {"chat": SHORT_CHAT},
    form_of=lambda document: "" if "references" in document or "tools" in document else "chat",
)
"""A chat in full, or as lists have it."""

REPORT: Final = Shape(
    "ChatReport",
    [
        Key("id", "record_id", c.RECORD_NUMBER, made=True),
        Key("chat", "chat", c.RECORD_NUMBER, always=True),
        Key("category", "properties.category", c.JSON, always=True),
        Key("reason", "reason", c.KEY, always=True),
        Key("severity", "properties.severity", c.JSON, always=True),
        Key("topic", "properties.topic", c.JSON, always=True),
        Key("comments", "comment", always=True),
        Key("status", "properties.status", c.JSON, always=True),
        Key("created_at", "created_at", _ISO, made=True),
        Key("updated_at", "updated_at", _ISO, made=True),
    ],
)


def _config(*names: str) -> list[Key]:
    return [Key(name, f"config.{name}", c.JSON) for name in names]


ASSISTANT: Final = Shape(
    "Assistant",
    [
        Key("id", "record_id", c.RECORD_NUMBER, made=True),
        Key("description", always=True),
        Key("system_prompt", always=True),
        Key("temperature", "temperature", c.NUMBER, always=True),
        *_config("generation_config", "generation_config_pretools"),
        *_config("max_responses", "max_msg_length", "max_consecutive_tool_calls"),
        Key("initial_message"),
        *_config("end_message", "add_to_user_message", "not_info_message", "strategy_to_optimize_tokens"),
        *_config("info", "logo", "colors", "matrix_mode_available", "faq_available", "fixed_available"),
        *_config("lessons_available", "realtime_available", "streaming_available"),
        *_config("retrieval_faq", "retrieval_fixed_faq", "retrieval_lessons"),
        Key("tools", "tools", c.NUMBER_IDS, always=True, default=[]),
        *_config("pretools"),
        Key("created_at", "created_at", _ISO, made=True),
        Key("updated_at", "updated_at", _ISO, made=True),
    ],
)
