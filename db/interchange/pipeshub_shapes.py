"""The objects of PipesHub, by the names of its wire; those of its Python client are taken too.

What is marked as server's stands in answers of the server and not in the published model.
"""

from __future__ import annotations

from typing import Final

from db.interchange import converters as c
from db.interchange import times
from db.interchange.shape import Documents, Forms, Items, Key, Nested, Shape
from db.words import ContentFormat, ExecutionStatus, FeedbackAuthor, MessageType

_ISO: Final = c.time(times.ISO_MILLISECONDS)
_FORMATS: Final = c.words({word.value: word for word in ContentFormat})
_TYPES: Final = c.words(
    {
        "user_query": MessageType.USER_QUERY,
        "bot_response": MessageType.BOT_RESPONSE,
        "error": MessageType.ERROR,
        "feedback": MessageType.FEEDBACK,
        "system": MessageType.SYSTEM,
    },
    MessageType.OTHER,
)
_STATUS: Final = c.words(
    {
        "COMPLETED": ExecutionStatus.AVAILABLE,
        "INPROGRESS": ExecutionStatus.PROCESSING,
        "FAILED": ExecutionStatus.ERROR,
        "Complete": ExecutionStatus.AVAILABLE,
        "None": ExecutionStatus.AVAILABLE,
        "Inprogress": ExecutionStatus.PROCESSING,
        "Failed": ExecutionStatus.ERROR,
    }
)
_AUTHORS: Final = c.words(
    {
        "user": FeedbackAuthor.END_USER,
        "system": FeedbackAuthor.SYSTEM,
        "admin": FeedbackAuthor.STAFF,
        "auto": FeedbackAuthor.SYSTEM,
    }
)
_ACCESS: Final = c.lower_words(("READ", "WRITE"))


def _members(column: str, *names: str) -> list[Key]:
    return [Key(name, f"{column}.{name}", c.JSON) for name in names]


_RECORD: Final = Shape(
    "Citation.metadata",  # server's
    [
        *_members("metadata", "recordId"),
        Key("recordName", "title"),
        *_members("metadata", "recordVersion", "recordType", "connector", "origin", "orgId", "mimeType", "extension"),
        Key("webUrl", "url"),
        *_members("metadata", "previewRenderable", "blockNum"),
        Key("pageNum", "pages", c.PAGES),
        *_members("metadata", "sheetNum", "sheetName", "blockType", "blockText", "bounding_box", "topics", "languages"),
        *_members("metadata", "departments", "categories", "subcategoryLevel1", "subcategoryLevel2"),
        *_members("metadata", "subcategoryLevel3", "score"),
    ],
)
_CITATION: Final = Shape(
    "Citation",  # server's
    [
        *_members("metadata", "_id"),
        Key("content", "description"),
        *_members("metadata", "chunkIndex"),
        Key("citationType", "kind", c.KEY),
        *_members("metadata", "createdAt", "updatedAt"),
        Nested("metadata", _RECORD),
    ],
)
REFERENCE: Final = Shape(
    "CitationReference",
    [
        Key("citationId", "external_id", c.ID, always=True),
        Nested("citationData", _CITATION),
        Key("relevanceScore", "relevance_score", c.NUMBER),
        Key("excerpt"),
        Key("context"),
    ],
)

FOLLOW_UP: Final = Shape(
    "FollowUpQuestion", [Key("question", always=True, default=""), Key("confidence"), Key("reasoning")]
)

VERDICT: Final = Shape(
    "citationFeedback",
    [
        Key("citationId", "citation_id", c.ID, always=True),
        Key("isRelevant", "verdict", c.VERDICT),
        Key("relevanceScore", "score", c.NUMBER),
        Key("comment"),
    ],
)
FEEDBACK: Final = Shape(
    "MessageFeedback",
    [
        Key("_id", "record_id", c.RECORD_ID),
        Key("isHelpful", "rating", c.RATING),
        Key("ratings", "scores", c.SCORES, default=[]),
        Key("categories", "reasons", c.LABELS, always=True, default=[]),
        Nested(
            "comments",
            Shape(
                "comments",
                [
                    Key("positive", "positive_comment"),
                    Key("negative", "negative_comment"),
                    Key("suggestions", "suggestion"),
                ],
            ),
        ),
        Items("citationFeedback", "verdicts", VERDICT),
        Key("followUpQuestionsHelpful", "follow_up_questions_helpful", c.BOOL),
        *_members("properties", "unusedFollowUpQuestions"),
        Key("source", "author_kind", _AUTHORS, default=FeedbackAuthor.END_USER),
        Key("feedbackProvider", "author_id", c.ID),
        Key("timestamp", "created_at", c.time(times.UNIX_MS), made=True, always=False),
        *_members("properties", "revisions", "metrics"),
    ],
)

ATTACHMENT: Final = Shape(
    "attachment",  # server's
    [Key("recordId", "external_id", c.ID), Key("recordName", "name"), Key("mimeType", "media_type")],
)

METADATA: Final = Shape(
    "MessageMetadata",
    [
        Key("processingTimeMs", "processing_time_ms", c.NUMBER),
        Key("modelVersion", "model_version"),
        Key("aiTransactionId", "ai_transaction_id"),
        Key("reason"),
    ],
)
MESSAGE: Final = Shape(
    "Message",
    [
        Key("_id", "record_id", c.RECORD_ID, made=True),
        Key("messageType", "message_type", _TYPES, always=True, default=MessageType.OTHER),
        Key("content", always=True, default=""),
        Key("contentFormat", "content_format", _FORMATS, always=True, default=ContentFormat.MARKDOWN),
        Items("citations", "references", REFERENCE),
        Key("confidence", "confidence", c.KEY),
        Items("followUpQuestions", "follow_ups", FOLLOW_UP),
        Documents("feedback"),
        Nested("metadata", METADATA),
        *_members("properties", "modelInfo", "appliedFilters"),
        Items("attachments", "attachments", ATTACHMENT),
        *_members("properties", "referenceData", "streamTrace"),
        Key("createdAt", "created_at", _ISO, made=True),
        Key("updatedAt", "updated_at", _ISO, made=True),
    ],
)

SHARE: Final = Shape(
    "share",
    [
        Key("userId", "userId", c.ID, always=True, default=""),
        Key("accessLevel", "access", _ACCESS, always=True, default="READ"),
    ],
)
_MODEL: Final = Shape(
    "modelInfo",
    [
        *_members("config", "modelKey"),
        Key("modelName", "model", c.KEY),
        *_members("config", "modelProvider", "chatMode", "modelFriendlyName"),
    ],
)


def _conversation_keys(*, agent: bool) -> list[Key]:
    plain = not agent
    return [
        Key("_id", "record_id", c.RECORD_ID, made=True),
        *([Key("agentKey", "assistant", c.RECORD_ID, always=True)] if agent else []),
        Key("userId", "owner_id", c.ID, always=True),
        Key("orgId", "properties.orgId", c.JSON, always=True),
        Key("title", "title", c.TITLE, always=True),
        Key("initiator", "properties.initiator", c.JSON, always=plain),
        Key("status", "execution_status", _STATUS, always=True, default=ExecutionStatus.AVAILABLE),
        Key("failReason", "fail_reason"),
        Nested("modelInfo", _MODEL),
        Key("isShared", given=True),
        Key("shareLink", "share_url"),
        Items("sharedWith", "shared_with", SHARE, always=True),
        Key("isArchived", given=True, always=plain),
        *_members("properties", "archivedBy", "isDeleted", "deletedBy", "conversationErrors", "metadata"),
        Key("tags", "tags", c.TAGS, default=[]),
        *_members("properties", "conversationSource"),
        Key("lastActivityAt", "last_activity_at", c.time(times.UNIX_MS), made=True),
        Key("createdAt", "created_at", _ISO, made=True),
        Key("updatedAt", "updated_at", _ISO, made=True),
        Documents("messages", always=True),
    ]


CONVERSATION: Final = Forms(
    Shape("Conversation", _conversation_keys(agent=False)),
    {"agent": Shape("AgentConversation", _conversation_keys(agent=True))},
    form_of=lambda document: "agent" if "agentKey" in document or "agent_key" in document else "",
    guess=lambda values: "agent" if values.get("assistant") else "",
)

AGENT: Final = Shape(
    "Agent",
    [
        Key("agentKey", "record_id", c.RECORD_ID, made=True),
        Key("name", "name", c.KEY, always=True),
        Key("description"),
        Key("systemPrompt", "system_prompt"),
        Key("tools", "tools", c.IDS, default=[]),
        *_members("config", "knowledgeBases", "llmConfig", "isPublic", "createdBy", "orgId"),
        Key("createdAt", "created_at", _ISO, made=True),
        Key("updatedAt", "updated_at", _ISO, made=True),
    ],
)
