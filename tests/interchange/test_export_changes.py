"""What is changed in the database shows in what is written, and nothing else does: there is no copy of a document."""

import copy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from db import jsons
from db.database import Database
from db.viewer import PROGRAM
from db.words import ContentFormat, ExecutionStatus, FeedbackAuthor, MessageType, Rating, Verdict, Visibility
from tests.interchange.exported import export, import_bytes, text_of
from tests.interchange.full_documents import FULL
from tests.interchange.stored import Row, T, copied_database, rows

AT = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
HTTP, ISO = "Fri, 02 Jan 2026 03:04:05 GMT", "2026-01-02T03:04:05.678Z"
MS = 1767323045678
NEW = "another"
Path_ = tuple[str | int, ...]
Edit = tuple[str, int, str, Any, Path_, Any]
"""Table, which of its rows (in the order of the document), column, new value; where it shows, and as what."""

CHAT: Path_ = (0, "chat")
SAID: Path_ = (0, "interactions", 1)
ATHENA: list[Edit] = [
    ("conversations", 0, "title", NEW, (*CHAT, "title"), NEW),
    ("conversations", 0, "owner_id", NEW, (*CHAT, "user_id"), NEW),
    ("conversations", 0, "model", NEW, (*CHAT, "model"), NEW),
    ("conversations", 0, "model", None, (*CHAT, "model"), None),
    ("conversations", 0, "system_prompt", NEW, (*CHAT, "system_message"), NEW),
    ("conversations", 0, "temperature", 0.75, (*CHAT, "temperature"), 0.75),
    ("conversations", 0, "properties", {"a": 1}, (*CHAT, "sp_metadata"), {"a": 1}),
    ("conversations", 0, "created_at", AT, (*CHAT, "created_at"), HTTP),
    ("conversations", 0, "updated_at", AT, (*CHAT, "last_updated"), HTTP),
    ("messages", 1, "content", NEW, (*SAID, "message"), NEW),
    ("messages", 1, "role_name", "USER", (*SAID, "actor"), "USER"),
    ("messages", 1, "model", NEW, (*SAID, "model"), NEW),
    ("messages", 1, "metadata", {"a": 1.0}, (*SAID, "metadata"), {"a": 1.0}),
    ("messages", 1, "dw_data", [1], (*SAID, "dw_data"), [1]),
    ("messages", 1, "timestamp", AT, (*SAID, "timestamp"), HTTP),
    ("messages", 1, "created_at", AT, (*SAID, "created_at"), HTTP),
    ("messages", 1, "user_credits", 7, (*SAID, "user_credits"), 7),
    ("citations", 0, "external_id", NEW, (*SAID, "reference", 0, "document_id"), NEW),
    ("citations", 0, "title", NEW, (*SAID, "reference", 0, "name"), NEW),
    ("citations", 0, "kind", NEW, (*SAID, "reference", 0, "type"), NEW),
    ("citations", 0, "url", NEW, (*SAID, "reference", 0, "url"), NEW),
    ("citations", 1, "excerpt", NEW, (*SAID, "reference", 1, "content"), NEW),
    ("citations", 1, "context", NEW, (*SAID, "reference", 1, "chunk_header"), NEW),
    ("citations", 2, "metadata", {"note": NEW}, (*SAID, "reference", 2, "note"), NEW),
    ("assistants", 0, "name", NEW, (1, "title"), NEW),
    ("assistants", 0, "description", NEW, (1, "description"), NEW),
]

TOLD: Path_ = (0, "messages", 2)
COGSOL: list[Edit] = [
    ("conversations", 0, "title", NEW, (0, "title"), NEW),
    ("conversations", 0, "matrix_mode", False, (0, "matrix_mode"), False),
    ("conversations", 0, "execution_status", ExecutionStatus.PENDING, (0, "execution_status"), "PENDING"),
    ("conversations", 0, "properties", {"a": 1}, (0, "metadata"), {"a": 1}),
    ("conversations", 0, "created_at", AT, (0, "created_at"), ISO),
    ("conversations", 0, "updated_at", AT, (0, "updated_at"), ISO),
    ("conversations", 0, "config", {"max_responses": 6, "max_msg_length": 100}, (0, "max_responses"), 6),
    ("messages", 2, "content", NEW, (*TOLD, "content"), NEW),
    ("messages", 2, "role_name", "system", (*TOLD, "role"), "system"),
    ("messages", 2, "visible", False, (*TOLD, "visible"), False),
    ("messages", 2, "metadata", {"a": 1}, (*TOLD, "metadata"), {"a": 1}),
    ("messages", 2, "system_prompt", NEW, (*TOLD, "system_prompt"), NEW),
    ("messages", 2, "properties", {"functions": {"f": 1}}, (*TOLD, "functions"), {"f": 1}),
    ("messages", 1, "tool_call_id", NEW, (0, "messages", 1, "tool_call_id"), NEW),
    ("messages", 1, "tool_name", NEW, (0, "messages", 1, "function_name"), NEW),
    ("messages", 2, "created_at", AT, (*TOLD, "created_at"), ISO),
    ("messages", 2, "updated_at", AT, (*TOLD, "updated_at"), ISO),
    ("attachments", 0, "name", NEW, (0, "messages", 0, "attachments", 0, "original_file_name"), NEW),
    ("attachments", 0, "text", NEW, (0, "messages", 0, "attachments", 0, "file_content"), NEW),
    ("citations", 0, "number", 4, (0, "references", 0, "reference_num"), 4),
    ("citations", 0, "label", NEW, (0, "references", 0, "source"), NEW),
    ("citations", 1, "shown_number", 9, (0, "references", 1, "showed_num"), 9),
    ("feedback", 0, "rating", Rating.POSITIVE, (0, "like"), True),
    ("feedback", 0, "comment", NEW, (0, "comment"), NEW),
    ("feedback", 1, "rating", Rating.NEGATIVE, (*TOLD, "likes"), False),
    ("feedback", 2, "comment", NEW, (1, "comments"), NEW),
    ("feedback", 2, "updated_at", AT, (1, "updated_at"), ISO),
    ("feedback_reasons", 0, "label", NEW, (1, "reason"), NEW),
    ("assistants", 0, "description", NEW, (2, "description"), NEW),
    ("assistants", 0, "system_prompt", NEW, (2, "system_prompt"), NEW),
    ("assistants", 0, "temperature", 1.0, (2, "temperature"), 1),
    ("assistants", 0, "initial_message", NEW, (2, "initial_message"), NEW),
]

ANSWER: Path_ = (0, "messages", 1)
CITED: Path_ = (*ANSWER, "citations", 0)
OPINION: Path_ = (*ANSWER, "feedback", 0)
PIPESHUB: list[Edit] = [
    ("conversations", 0, "title", NEW, (0, "title"), NEW),
    ("conversations", 0, "owner_id", NEW, (0, "userId"), NEW),
    ("conversations", 0, "execution_status", ExecutionStatus.AVAILABLE, (0, "status"), "COMPLETED"),
    ("conversations", 0, "fail_reason", NEW, (0, "failReason"), NEW),
    ("conversations", 0, "model", NEW, (0, "modelInfo", "modelName"), NEW),
    ("conversations", 0, "share_url", NEW, (0, "shareLink"), NEW),
    (
        "conversations",
        0,
        "shared_with",
        [{"userId": "u2", "access": "READ"}],
        (0, "sharedWith", 0, "accessLevel"),
        "read",
    ),
    ("conversations", 0, "archived_at", None, (0, "isArchived"), False),
    ("conversations", 0, "last_activity_at", AT, (0, "lastActivityAt"), MS),
    ("conversations", 0, "created_at", AT, (0, "createdAt"), ISO),
    ("conversations", 0, "updated_at", AT, (0, "updatedAt"), ISO),
    ("conversation_tags", 0, "tag", NEW, (0, "tags"), [NEW]),
    ("messages", 1, "content", NEW, (*ANSWER, "content"), NEW),
    ("messages", 1, "message_type", MessageType.ERROR, (*ANSWER, "messageType"), "error"),
    ("messages", 1, "content_format", ContentFormat.JSON, (*ANSWER, "contentFormat"), "JSON"),
    ("messages", 1, "confidence", NEW, (*ANSWER, "confidence"), NEW),
    ("messages", 1, "processing_time_ms", 1.5, (*ANSWER, "metadata", "processingTimeMs"), 1.5),
    ("messages", 1, "model_version", NEW, (*ANSWER, "metadata", "modelVersion"), NEW),
    ("messages", 1, "ai_transaction_id", NEW, (*ANSWER, "metadata", "aiTransactionId"), NEW),
    ("messages", 1, "reason", NEW, (*ANSWER, "metadata", "reason"), NEW),
    ("messages", 1, "created_at", AT, (*ANSWER, "createdAt"), ISO),
    ("messages", 1, "updated_at", AT, (*ANSWER, "updatedAt"), ISO),
    ("citations", 0, "relevance_score", 0.5, (*CITED, "relevanceScore"), 0.5),
    ("citations", 0, "excerpt", NEW, (*CITED, "excerpt"), NEW),
    ("citations", 0, "context", NEW, (*CITED, "context"), NEW),
    ("citations", 0, "description", NEW, (*CITED, "citationData", "content"), NEW),
    ("citations", 0, "kind", NEW, (*CITED, "citationData", "citationType"), NEW),
    ("citations", 0, "title", NEW, (*CITED, "citationData", "metadata", "recordName"), NEW),
    ("citations", 0, "url", NEW, (*CITED, "citationData", "metadata", "webUrl"), NEW),
    ("citations", 0, "pages", [4], (*CITED, "citationData", "metadata", "pageNum"), [4]),
    ("citations", 1, "external_id", NEW, (*ANSWER, "citations", 1, "citationId"), NEW),
    ("follow_up_questions", 0, "question", NEW, (*ANSWER, "followUpQuestions", 0, "question"), NEW),
    ("follow_up_questions", 0, "confidence", NEW, (*ANSWER, "followUpQuestions", 0, "confidence"), NEW),
    ("follow_up_questions", 0, "reasoning", NEW, (*ANSWER, "followUpQuestions", 0, "reasoning"), NEW),
    ("attachments", 0, "name", NEW, (*ANSWER, "attachments", 0, "recordName"), NEW),
    ("attachments", 0, "media_type", NEW, (*ANSWER, "attachments", 0, "mimeType"), NEW),
    ("feedback", 0, "rating", Rating.NEGATIVE, (*OPINION, "isHelpful"), False),
    ("feedback", 0, "positive_comment", NEW, (*OPINION, "comments", "positive"), NEW),
    ("feedback", 0, "negative_comment", NEW, (*OPINION, "comments", "negative"), NEW),
    ("feedback", 0, "suggestion", NEW, (*OPINION, "comments", "suggestions"), NEW),
    ("feedback", 0, "follow_up_questions_helpful", True, (*OPINION, "followUpQuestionsHelpful"), True),
    ("feedback", 1, "author_kind", FeedbackAuthor.SYSTEM, (*ANSWER, "feedback", 1, "source"), "system"),
    ("feedback", 1, "author_id", NEW, (*ANSWER, "feedback", 1, "feedbackProvider"), NEW),
    ("feedback", 1, "created_at", AT, (*ANSWER, "feedback", 1, "timestamp"), MS),
    ("feedback_scores", 0, "value", 1.0, (*OPINION, "ratings", "accuracy"), 1),
    ("feedback_reasons", 0, "label", NEW, (*OPINION, "categories"), [NEW]),
    ("citation_verdicts", 0, "verdict", Verdict.POSITIVE, (*OPINION, "citationFeedback", 0, "isRelevant"), True),
    ("citation_verdicts", 0, "score", 3.0, (*OPINION, "citationFeedback", 0, "relevanceScore"), 3),
    ("citation_verdicts", 0, "comment", NEW, (*OPINION, "citationFeedback", 0, "comment"), NEW),
    ("assistants", 0, "name", NEW, (1, "name"), NEW),
    ("assistants", 0, "description", NEW, (1, "description"), NEW),
    ("assistants", 0, "system_prompt", NEW, (1, "systemPrompt"), NEW),
]

ASKED: Path_ = (0, "messages", 0)
SEEN: Path_ = (0, "messages", 1)
INKEEP: list[Edit] = [
    ("conversations", 0, "external_id", NEW, (0, "externalId"), NEW),
    ("conversations", 0, "external_url", NEW, (0, "externalUrl"), NEW),
    ("conversations", 0, "support_ticket_conversation_id", NEW, (0, "supportTicketConversationId"), NEW),
    ("conversations", 0, "project_id", NEW, (0, "projectId"), NEW),
    ("conversations", 0, "integration_id", NEW, (0, "integrationId"), NEW),
    ("conversations", 0, "properties", {"a": 1}, (0, "properties"), {"a": 1}),
    ("conversations", 0, "user_properties", {"a": 1}, (0, "userProperties"), {"a": 1}),
    ("conversations", 0, "visibility", Visibility.PRIVATE, (0, "visibility"), "private"),
    ("conversations", 0, "created_at", AT, (0, "createdAt"), str(MS)),
    ("conversations", 0, "updated_at", AT, (0, "updatedAt"), str(MS)),
    ("conversation_tags", 0, "tag", NEW, (0, "tags"), [NEW]),
    ("messages", 1, "external_id", NEW, (*SEEN, "externalId"), NEW),
    ("messages", 1, "external_url", NEW, (*SEEN, "externalUrl"), NEW),
    ("messages", 1, "properties", {"a": 1}, (*SEEN, "properties"), {"a": 1}),
    ("messages", 0, "user_properties", {"a": 1}, (*ASKED, "userProperties"), {"a": 1}),
    ("messages", 1, "created_at", AT, (*SEEN, "createdAt"), str(MS)),
    ("messages", 1, "updated_at", AT, (*SEEN, "updatedAt"), str(MS)),
    ("citations", 0, "label", NEW, (*SEEN, "links", 0, "label"), NEW),
    ("citations", 0, "url", NEW, (*SEEN, "links", 0, "url"), NEW),
    ("citations", 0, "title", NEW, (*SEEN, "links", 0, "title"), NEW),
    ("citations", 0, "description", NEW, (*SEEN, "links", 0, "description"), NEW),
    ("citations", 0, "kind", NEW, (*SEEN, "links", 0, "type"), NEW),
    ("citations", 0, "breadcrumbs", [NEW], (*SEEN, "links", 0, "breadcrumbs"), [NEW]),
    ("feedback", 0, "rating", Rating.POSITIVE, (2, "type"), "positive"),
    ("feedback", 0, "comment", NEW, (2, "details"), NEW),
    ("feedback", 0, "properties", {"a": 1}, (2, "properties"), {"a": 1}),
    ("feedback", 0, "user_properties", {"a": 1}, (2, "userProperties"), {"a": 1}),
    ("feedback", 0, "created_at", AT, (2, "createdAt"), str(MS)),
    ("feedback", 0, "updated_at", AT, (2, "updatedAt"), str(MS)),
    ("feedback_reasons", 0, "label", NEW, (2, "reasons", 0, "label"), NEW),
    ("feedback_reasons", 0, "details", NEW, (2, "reasons", 0, "details"), NEW),
    ("citation_verdicts", 0, "verdict", Verdict.POSITIVE, (2, "sources", 0, "type"), "positive"),
    ("citation_verdicts", 1, "title", NEW, (2, "sources", 1, "title"), NEW),
    ("citation_verdicts", 1, "url", NEW, (2, "sources", 1, "url"), NEW),
]
TWICE: list[tuple[str, int, str, Any, tuple[Path_, Path_], Any]] = [
    ("messages", 1, "content", NEW, ((*SEEN, "content"), (0, "messagesOpenAIFormat", 1, "content")), NEW),
    ("messages", 1, "author_name", NEW, ((*SEEN, "name"), (0, "messagesOpenAIFormat", 1, "name")), NEW),
    ("messages", 1, "role_name", NEW, ((*SEEN, "role"), (0, "messagesOpenAIFormat", 1, "role")), NEW),
    (
        *("content_parts", 0, "text", NEW),
        ((*ASKED, "content", 0, "text"), (0, "messagesOpenAIFormat", 0, "content", 0, "text")),
        NEW,
    ),
    (
        *("tool_calls", 0, "name", NEW),
        (
            (*SEEN, "tool_calls", 0, "function", "name"),
            (0, "messagesOpenAIFormat", 1, "tool_calls", 0, "function", "name"),
        ),
        NEW,
    ),
]
"""What Inkeep's documents say in two places."""

EDITS: dict[str, list[Any]] = {"athena": ATHENA, "cogsol": COGSOL, "pipeshub": PIPESHUB, "inkeep": [*INKEEP, *TWICE]}
_ORDERS = {
    "conversations": ("updated_at", "id"),
    "messages": ("conversation_id", "sequence"),
    "citations": ("position",),
    "feedback": ("position", "id"),
}


def put(value: Any, path: Path_, new: Any) -> None:
    for step in path[:-1]:
        value = value[step]
    value[path[-1]] = new


async def written(database: Database) -> list[Any]:
    files, _ = await export(database)
    (data,) = files.values()
    return [jsons.parse(line) for line in data.splitlines()]


async def set_column(database: Database, table: str, row: Row, column: str, value: Any) -> None:
    rows_ = T[table]
    same = [rows_.c[key.name] == row[key.name] for key in rows_.primary_key]
    async with database.write(viewer=PROGRAM) as connection:
        await connection.execute(sa.update(rows_).where(*same).values({column: value}))


async def ordered(database: Database, table: str) -> list[Row]:
    """The rows of a table in the order of the document."""
    found = await rows(database, table)
    if table == "conversations":
        titles = {row["entity_id"]: row["position"] for row in await rows(database, "origins")}
        return sorted(found, key=lambda row: titles[row["id"]])
    if table == "messages":
        places = [row["id"] for row in await ordered(database, "conversations")]
        return sorted(found, key=lambda row: (places.index(row["conversation_id"]), row["sequence"]))
    if table == "feedback":
        kinds = {row["entity_id"]: row["kind"] for row in await rows(database, "origins")}
        return sorted(found, key=lambda row: (kinds[row["id"]], row["position"]))
    return sorted(found, key=lambda row: row.get("position", 0))


@pytest.mark.parametrize("name", EDITS)
async def test_a_column_that_is_changed_shows_and_nothing_else_does(name: str, tmp_path: Path) -> None:
    async with copied_database(tmp_path) as database:
        await import_bytes(database, {"file.jsonl": text_of(FULL[name])}, name)
        for table, which, column, value, paths, shown in EDITS[name]:
            row = (await ordered(database, table))[which]
            assert row[column] != value, f"{table}.{column}"
            await set_column(database, table, row, column, value)
            expected = copy.deepcopy(FULL[name])
            for path in paths if isinstance(paths[0], tuple) else (paths,):
                put(expected, path, shown)
            assert jsons.dump(await written(database)) == jsons.dump(expected), f"{table}.{column}"
            again = {**row, column: value}
            await set_column(database, table, again, column, row[column])
        assert jsons.dump(await written(database)) == jsons.dump(FULL[name])
