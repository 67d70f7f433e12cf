"""The objects of Inkeep's analytics API, by the names of its wire; those of its clients are taken too."""

from __future__ import annotations

from typing import Final

from db.interchange import converters as c
from db.interchange import times
from db.interchange.content import Content, Parts
from db.interchange.shape import Documents, Forms, Items, Key, Nested, Shape
from db.words import ConversationType, PartType, Rating, Verdict, Visibility

_TIME: Final = c.time(times.UNIX_MS_TEXT)
"""As its documentation prints it; ISO times are taken too."""

TYPES: Final = {
    "openai": ConversationType.OPENAI,
    "support_ticket": ConversationType.SUPPORT_TICKET,
    "support_copilot": ConversationType.SUPPORT_COPILOT,
}
_VISIBILITY: Final = c.words({"private": Visibility.PRIVATE, "public": Visibility.PUBLIC})
_RATING: Final = c.words({"positive": Rating.POSITIVE, "negative": Rating.NEGATIVE})
_VERDICT: Final = c.words({"positive": Verdict.POSITIVE, "negative": Verdict.NEGATIVE, "new": Verdict.MISSING})

LINK: Final = Shape(
    "Links",
    [
        Key("label"),
        Key("url", always=True),
        Key("title"),
        Key("description"),
        Key("type", "kind", c.KEY),
        Key("breadcrumbs", "breadcrumbs", c.STRINGS),
    ],
)
_IMAGE: Final = Shape("image_url", [Key("url"), Key("detail")])
PARTS: Final = Parts(
    {
        "text": (PartType.TEXT, Shape("text", [Key("type", fixed="text"), Key("text")])),
        "image_url": (PartType.IMAGE, Shape("image", [Key("type", fixed="image_url"), Nested("image_url", _IMAGE)])),
    }
)
TOOL_CALL: Final = Shape(
    "OpenAIToolCall",
    [
        Key("id", "call_id", c.KEY, always=True),
        Key("type", fixed="function"),
        Nested(
            "function",
            Shape(
                "function",
                [Key("name", "name", c.KEY, always=True, default=""), Key("arguments", "arguments_text", always=True)],
            ),
            always=True,
        ),
    ],
)
MESSAGE: Final = Shape(
    "OpenAIExtendedMessage",
    [
        Key("id", "record_id", c.RECORD_ID, made=True),
        Key("type", given=True),
        Key("externalId", "external_id", c.KEY, always=True),
        Key("externalUrl", "external_url", always=True),
        Key("conversationId", given=True),
        Key("createdAt", "created_at", _TIME, made=True),
        Key("updatedAt", "updated_at", _TIME, made=True),
        Key("role", "role_name", c.KEY, always=True, default=""),
        Content("content", PARTS),
        Key("name", "author_name"),
        Items("links", "references", LINK),
        Key("properties", "properties", c.OBJECT),
        Key("userProperties", "user_properties", c.OBJECT),
        Items("tool_calls", "tool_calls", TOOL_CALL),
    ],
)


def _conversation_keys(*, openai: bool) -> list[Key]:
    return [
        Key("id", "record_id", c.RECORD_ID, made=True),
        Key("externalId", "external_id", c.KEY, always=True),
        Key("externalUrl", "external_url", always=True),
        Key("type", "type", c.words(TYPES), always=True),
        Key("supportTicketConversationId", "support_ticket_conversation_id", c.KEY, always=True),
        Key("createdAt", "created_at", _TIME, made=True),
        Key("updatedAt", "updated_at", _TIME, made=True),
        Key("projectId", "project_id", c.KEY, always=True),
        Key("integrationId", "integration_id", c.KEY, always=True),
        Key("properties", "properties", c.OBJECT),
        Key("userProperties", "user_properties", c.OBJECT),
        Key("tags", "tags", c.TAGS, default=[]),
        Key("visibility", "visibility", _VISIBILITY, always=True, default=Visibility.PRIVATE),
        Documents("messages", always=True),
        Key("messagesOpenAIFormat", "projection", given=True, always=openai, aliases=("messages_open_ai_format",)),
    ]


CONVERSATION: Final = Forms(
    Shape("OpenAIConversation", _conversation_keys(openai=True)),
    {"support": Shape("SupportTicketConversation", _conversation_keys(openai=False))},
    form_of=lambda document: "" if document.get("type") == "openai" else "support",
    guess=lambda values: "" if values.get("type") == ConversationType.OPENAI else "support",
)

REASON: Final = Shape("reason", [Key("label", "label", c.KEY, always=True, default=""), Key("details")])
SOURCE: Final = Shape("source", [Key("type", "verdict", _VERDICT, always=True), Key("title"), Key("url")])
FEEDBACK: Final = Shape(
    "Feedback",
    [
        Key("id", "record_id", c.RECORD_ID, made=True),
        Key("type", "rating", _RATING, always=True),
        Key("messageId", "message_id", c.RECORD_ID, always=True),
        Key("createdAt", "created_at", _TIME, made=True),
        Key("updatedAt", "updated_at", _TIME, made=True, always=False),
        Items("reasons", "reasons", REASON),
        Key("details", "comment"),
        Items("sources", "verdicts", SOURCE),
        Key("properties", "properties", c.OBJECT),
        Key("userProperties", "user_properties", c.OBJECT),
        Key("conversation", given=True, always=False),
        Key("message", given=True, always=False),
    ],
)
