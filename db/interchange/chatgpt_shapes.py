"""ChatGPT's conversations and messages as shapes."""

from __future__ import annotations

from typing import Final

from db.interchange import converters as c
from db.interchange.content import Some
from db.interchange.shape import Document, Items, Key, Nested, Shape
from db.words import MessageStatus

_SECONDS: Final = c.time("unix-float")

CONVERSATION: Final = Shape(
    "conversation",
    [
        Key("title", "title", c.TITLE, made=True),
        Key("create_time", "created_at", _SECONDS, made=True),
        Key("update_time", "updated_at", _SECONDS, made=True),
        Key("mapping", "mapping", c.JSON, always=True),
        Key("current_node", "current_node", always=True),
        Key("conversation_id", "record_id", given=True),
        Key("gizmo_id", "gizmo_id", c.RECORD_ID, always=True),
        Key("is_archived", "archived", c.BOOL, always=True, default=False),
        Key("default_model_slug", "model", c.KEY),
        Key("id", "second_id", given=True),
    ],
)


def is_citation(entry: Document) -> bool:
    """Whether an entry of `citations` cites something: placeholders have an `invalid_reason` in place of the page."""
    page = entry.get("metadata")
    return isinstance(page, dict) and "invalid_reason" not in entry and bool(page.get("url") or page.get("title"))


_CITATION: Final = Shape(
    "citation",
    [
        Key("start_ix", "start_index", c.INTEGER, always=True),
        Key("end_ix", "end_index", c.INTEGER, always=True),
        Key("citation_format_type", "metadata.citation_format_type"),
        Nested(
            "metadata",
            Shape(
                "page",
                [
                    Key("type", "kind", c.KEY, always=True),
                    Key("title", "title", always=True),
                    Key("url", "url", always=True),
                    Key("text", "excerpt", always=True),
                    Key("pub_date", "metadata.pub_date", c.JSON, always=True),
                    Key("extra", "metadata.extra", c.JSON, always=True),
                ],
            ),
            always=True,
        ),
    ],
)

_ATTACHMENT: Final = Shape(
    "attachment",
    [
        Key("id", "external_id", c.ID, always=True),
        Key("name", "name", always=True),
        Key("size", "size", c.INTEGER),
        Key("mime_type", "media_type"),
    ],
)

MESSAGE: Final = Shape(
    "message",
    [
        Key("id", "node_id", given=True),
        Nested(
            "author",
            Shape(
                "author",
                [
                    Key("role", "role_name", c.KEY, always=True),
                    Key("name", "author_name", c.KEY, always=True),
                    Key("metadata", fixed={}),
                ],
            ),
            always=True,
        ),
        Key("create_time", "timestamp", _SECONDS, always=True),
        Key("update_time", "properties.update_time", c.JSON, always=True),
        Key("content", "said", c.JSON, always=True),
        Key(
            "status",
            "status",
            c.words(
                {
                    "finished_successfully": MessageStatus.COMPLETE,
                    "in_progress": MessageStatus.STOPPED,
                    "finished_partial_completion": MessageStatus.STOPPED,
                    "error": MessageStatus.FAILED,
                }
            ),
            always=True,
            default=MessageStatus.COMPLETE,
        ),
        Key("end_turn", "properties.end_turn", c.JSON, always=True),
        Key("weight", "properties.weight", c.JSON, always=True),
        Nested(
            "metadata",
            Shape(
                "metadata",
                [
                    Nested("finish_details", Shape("finish", [Key("type", "finish_reason")])),
                    Some("citations", "references", _CITATION, takes=is_citation),
                    Items("attachments", "attachments", _ATTACHMENT),
                    Key("model_slug", "model", c.KEY),
                ],
                rest="metadata",
            ),
            always=True,
        ),
        Key("recipient", given=True),
        Key("channel", "properties.channel", c.JSON),
    ],
)
"""A node's message. `said` is its content, which chatgpt_content reads."""
