"""The objects of Athena Copilot, in the order in which its server writes their keys."""

from __future__ import annotations

from typing import Final

from db.interchange import converters as c
from db.interchange import times
from db.interchange.shape import Columns, Document, Documents, Forms, Items, Key, Nested, Shape

_HTTP: Final = c.time(times.HTTP_DATE)
_UNIX: Final = c.time(times.UNIX)
_OLD_MARKS: Final = (
    "supp_id",
    "knowledge_base_id",
    "file_name",
    "file_extension",
    "link_to_source",
    "vectorization_status",
    "total_chunks",
    "created_on",
)


def _members(column: str, *names: str, always: bool = False) -> list[Key]:
    return [Key(name, f"{column}.{name}", c.JSON, always=always) for name in names]


def _target_form(document: Document) -> str:
    if "document_id" in document or {"brain_id", "name"} <= document.keys():
        return ""
    return "v1" if any(name in document for name in (*_OLD_MARKS, "document_type", "chunk_header")) else "object"


def _guess_target_form(values: Columns) -> str:
    metadata = values.get("metadata") or {}
    if any(values.get(name) is not None for name in ("excerpt", "context", "description")) or any(
        name in metadata for name in _OLD_MARKS
    ):
        return "v1"
    named = any(values.get(name) is not None for name in ("external_id", "title", "url", "kind"))
    return "" if named or "brain_id" in metadata else "object"


DOCUMENT: Final = Shape(
    "Document",
    [
        Key("id", "metadata.id", c.JSON, always=True),
        Key("document_id", "external_id", c.ID, always=True),
        Key("brain_id", "metadata.brain_id", c.JSON, always=True),
        Key("name", "title", always=True),
        Key("type", "kind", c.KEY, always=True),
        Key("status", "metadata.status", c.JSON, always=True),
        Key("url", always=True),
        *_members("metadata", "created_at", "metadata", always=True),
    ],
)
OLD_DOCUMENT: Final = Shape(
    "Document of 2024-05",
    [
        Key("id", "external_id", c.ID),
        *_members("metadata", "supp_id", "knowledge_base_id"),
        Key("title"),
        Key("description"),
        Key("content", "excerpt"),
        Key("chunk_header", "context"),
        Key("document_type", "kind", c.KEY),
        *_members("metadata", "file_name", "file_extension"),
        Key("url"),
        *_members("metadata", "link_to_source", "vectorization_status", "total_chunks", "created_on"),
    ],
)
TARGET: Final = Forms(
    DOCUMENT,
    {"v1": OLD_DOCUMENT, "object": Shape("any object", [], rest="metadata")},
    form_of=_target_form,
    guess=_guess_target_form,
)
"""What a reference is: one of two generations of documents, or any other object."""


def _interaction_keys() -> dict[str, Key]:
    return {
        "id": Key("id", "record_id", c.RECORD_NUMBER, made=True),
        "actor": Key("actor", "role_name", c.KEY, always=True, default=""),
        "message": Key("message", "content", always=True, default=""),
        "model": Key("model", "model", c.KEY),
        "metadata": Key("metadata", "metadata", c.JSON),
        "dw_data": Key("dw_data", "dw_data", c.JSON),
        "reference": Items("reference", "references", TARGET, always=True),
        "thread_id": Key("thread_id", given=True),
        "timestamp": Key("timestamp", "timestamp", _HTTP, always=True),
        "created_at": Key("created_at", "created_at", _HTTP, made=True),
        "user_credits": Key("user_credits", "user_credits", c.INTEGER),
    }


def _logged_keys() -> list[Key]:
    keys = _interaction_keys()
    timestamp = keys.pop("timestamp")
    iso = c.time(times.ISO_MICROSECONDS_OFFSET)
    return [*(keys | {"created_at": Key("created_at", "created_at", iso, made=True)}).values(), timestamp]


def _interaction_form(document: Document) -> str:
    created = document.get("created_at")
    return "log" if isinstance(created, str) and created[10:11] == "T" else ""


INTERACTION: Final = Forms(
    Shape("ChatInteraction", list(_interaction_keys().values())),
    {"log": Shape("ChatMessages", _logged_keys())},
    form_of=_interaction_form,
)

PAIR: Final = Shape(
    "RecentChatHistory",
    [
        Key("id", "pair_id", c.RECORD_NUMBER, always=True),
        Nested(
            "user_input",
            Shape(
                "question",
                [Key("content", "question", always=True), Key("timestamp", "asked_at", _UNIX, always=True)],
            ),
            always=True,
        ),
        Nested(
            "model_response",
            Shape(
                "answer",
                [Key("content", "answer", always=True), Key("timestamp", "answered_at", _UNIX, always=True)],
            ),
            always=True,
        ),
    ],
)

CHAT: Final = Shape(
    "Chat",
    [
        Key("chat_id", "record_id", c.RECORD_ID, made=True),
        Key("title", "title", c.TITLE, always=True),
        Key("user_id", "owner_id", c.ID, always=True),
        Key("brain_id", "assistant", c.RECORD_ID, always=True),
        Key("model", "model", c.KEY, always=True),
        Key("system_message", "system_prompt", always=True),
        Key("temperature", "temperature", c.NUMBER, always=True),
        *_members("config", "response_length", "created_from"),
        Key("sp_metadata", "properties", c.OBJECT),
        Key("created_at", "created_at", _HTTP, made=True),
        Key("last_updated", "updated_at", _HTTP, made=True),
        *_members("config", "chat_message_type", "default_options"),
        Documents("recent_chat_history", "history"),
    ],
)
RECORD: Final = Forms(
    Shape("chat with interactions", [Nested("chat", CHAT, always=True), Documents("interactions", always=True)]),
    {"chat": CHAT},
    form_of=lambda document: "chat" if "chat_id" in document else "",
    guess=lambda values: "" if values.get("interactions") else "chat",
)
"""A chat with its interactions, or alone."""

BRAIN: Final = Shape(
    "Brain",
    [
        Key("brain_id", "record_id", c.RECORD_ID, made=True),
        Key("title", "name", c.KEY, always=True),
        Key("description", always=True),
        Key("created_on", "created_at", c.time(times.UNIX_FLOAT), made=True),
        Key("updated_on", "updated_at", c.time(times.UNIX_FLOAT), made=True),
    ],
    rest="config",
)
