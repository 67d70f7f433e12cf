"""How conversations of other origins are brought into the forms of Athena, CogSol, PipesHub and Inkeep."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from db.interchange import cogsol, inkeep
from db.interchange.base import ConversationDraft, DetachedFeedbackDraft, FeedbackDraft, MessageDraft, VerdictDraft
from db.interchange.keys import Columns, Document
from db.interchange.neutral import Target, rated
from db.words import (
    Actor,
    ConversationType,
    ExecutionStatus,
    FeedbackAuthor,
    MessageRole,
    MessageType,
    PartType,
    Rating,
    Verdict,
)

_PLAIN: Final = {
    MessageRole.USER: "user",
    MessageRole.ASSISTANT: "assistant",
    MessageRole.SYSTEM: "system",
    MessageRole.TOOL: "tool",
}
_EXCERPT_LENGTH: Final = 200
"""Characters of a passage that stand in for the name of what is cited."""


def _happened(draft: ConversationDraft) -> None:
    """The only time that a message has is when it happened."""
    for message in draft.messages:
        values = message.values
        if (at := values.get("timestamp")) is not None:
            values["created_at"] = at


def _owned(values: Columns, key: str, owner: str) -> None:
    """Say who the user is where the format says it: in properties."""
    if (user := values.get(owner)) is not None:
        values[key] = {**(values.get(key) or {}), "user_id" if key == "properties" else "userId": user}


def _athena(draft: ConversationDraft) -> None:
    for message in draft.messages:
        forms: Document = {}
        for index, reference in enumerate(message.references):
            row = reference.values
            if any(name in row for name in ("excerpt", "context", "description")):
                # The mark of this form is a key that the citation may not have.
                forms[str(index)] = {"form": "v1"} if "kind" in row else {"form": "v1", "raw": {"document_type": None}}
            elif any(name in row for name in ("external_id", "title", "url", "kind")):
                forms[str(index)] = {"form": ""}
        if forms:
            message.presence = {"within": {"reference": forms}}


def _cogsol(draft: ConversationDraft) -> None:
    _happened(draft)
    _owned(draft.values, "properties", "owner_id")
    owner = draft.values.get("owner_id")
    owners = [each for each in draft.feedback if each.values.get("is_owners")]
    owners += [each for each in draft.feedback if _is_by(owner, each) and each not in owners]
    for each in draft.feedback:
        each.values["is_owners"] = each in owners[:1]
    for message in draft.messages:
        if (likes := rated(message)) is not None and likes.values.get("rating") is not None:
            likes.kind = "likes"
        message.feedback = [each for each in message.feedback if each.kind == "likes"]
    for reference in [*draft.references, *(each for message in draft.messages for each in message.references)]:
        row = reference.values
        if "label" not in row:
            named = [row[name] for name in ("title", "url") if name in row]
            label = " ".join(named) or row.get("excerpt", "")[:_EXCERPT_LENGTH] or row.get("external_id")
            row |= {"label": label} if label else {}


def _is_by(owner: str | None, feedback: FeedbackDraft) -> bool:
    """Whether it is what the owner says: a rating or a comment, by them or by nobody in particular."""
    values = feedback.values
    if values.get("author_kind", FeedbackAuthor.END_USER) != FeedbackAuthor.END_USER or feedback.reference is not None:
        return False
    said = values.get("rating") is not None or values.get("comment")
    return bool(said) and values.get("author_id") in (None, owner)


def _reports(draft: ConversationDraft) -> Iterator[Document]:
    """What others say of the conversation, in words."""
    for feedback in draft.feedback:
        if not feedback.values.get("is_owners") and (feedback.reasons or feedback.values.get("comment")):
            detached = DetachedFeedbackDraft(message_id="", conversation_id=draft.record_id, feedback=feedback)
            if draft.record_id is not None:
                yield cogsol.write_report(detached)


_STATES: Final = {
    ExecutionStatus.PENDING: ExecutionStatus.PROCESSING,
    ExecutionStatus.ENDED: ExecutionStatus.AVAILABLE,
}


_COMMENTS: Final[Mapping[Rating | None, str]] = {
    Rating.POSITIVE: "positive_comment",
    Rating.NEGATIVE: "negative_comment",
}


def _pipeshub(draft: ConversationDraft) -> None:
    _happened(draft)
    if (state := draft.values.get("execution_status")) in _STATES:
        draft.values["execution_status"] = _STATES[state]
    if draft.values.get("archived_at") is not None:
        draft.presence = {"present": ["isArchived"]}
    for message in draft.messages:
        _pipeshub_message(message)


def _pipeshub_message(message: MessageDraft) -> None:
    values = message.values
    kind: MessageType | None = values.get("message_type")
    word: str = values["role_name"]
    if values["role"] == MessageRole.OTHER:
        word = {MessageType.ERROR: "error", MessageType.FEEDBACK: "feedback"}.get(kind or MessageType.OTHER, word)
    values["role_name"] = word
    if word not in _TYPED:
        message.presence = {"raw": {"messageType": word}}
    values["message_type"] = _TYPED.get(word, MessageType.OTHER)
    if (model := values.get("model")) is not None:
        properties = values.get("properties") or {}
        if not isinstance(properties.get("modelInfo"), dict):
            values["properties"] = {**properties, "modelInfo": {"modelName": model}}
    for reference in message.references:
        if reference.source is None:
            continue
        source = reference.source.values
        named = {"recordId": "external_id", "connector": "connector", "recordType": "kind"}
        lent = {key: source[name] for key, name in named.items() if name in source}
        reference.values["metadata"] = lent | reference.values.get("metadata", {})
    message.feedback = [each for each in message.feedback if each.reference is None]
    for feedback in message.feedback:
        if feedback.values.get("author_kind") == FeedbackAuthor.EVALUATOR:
            feedback.values["author_kind"] = FeedbackAuthor.STAFF
        feedback.presence = {"present": ["_id", "timestamp"]}
        if (comment := feedback.values.get("comment")) is not None:
            # There are comments for what is good and for what is not, and what could be.
            column = _COMMENTS.get(feedback.values.get("rating"), "suggestion")
            feedback.values.setdefault(column, comment)
        for verdict in feedback.verdicts:
            if verdict.values.get("verdict") == Verdict.MISSING:
                del verdict.values["verdict"]


_TYPED: Final = {
    "user_query": MessageType.USER_QUERY,
    "bot_response": MessageType.BOT_RESPONSE,
    "system": MessageType.SYSTEM,
    "error": MessageType.ERROR,
    "feedback": MessageType.FEEDBACK,
}


def _inkeep(draft: ConversationDraft) -> None:
    _happened(draft)
    values = draft.values
    _owned(values, "user_properties", "owner_id")
    if draft.assistant is not None:
        values.setdefault("integration_id", draft.assistant.record_id)
    ticket = values.get("type") in (ConversationType.SUPPORT_TICKET, ConversationType.SUPPORT_COPILOT)
    for message in draft.messages:
        _owned(message.values, "user_properties", "author_id")
        if ticket and message.values["role"] == MessageRole.ASSISTANT and message.values.get("actor") == Actor.STAFF:
            message.values["role_name"] = "agent"


def _inkeep_feedback(draft: ConversationDraft) -> Iterator[Document]:
    """Feedback on messages, which has a rating; that on conversations or without a rating is not known there."""
    for message in draft.messages:
        for feedback in message.feedback:
            if feedback.reference is not None or feedback.values.get("rating") is None or message.record_id is None:
                continue
            _owned(feedback.values, "user_properties", "author_id")
            feedback.presence = {"present": ["updatedAt"]}
            for verdict in feedback.verdicts:
                verdict.values = _cited(message, verdict) | verdict.values
            detached = DetachedFeedbackDraft(message_id=message.record_id, conversation_id=None, feedback=feedback)
            yield inkeep.write_feedback(detached, None, None)


def _cited(message: MessageDraft, verdict: VerdictDraft) -> Columns:
    """The page that a verdict is on."""
    place = verdict.reference
    if place is None or not 0 <= place < len(message.references):
        return {}
    row = message.references[place].values
    return {name: row[name] for name in ("title", "url") if name in row}


VENDOR_TARGETS: Final[Mapping[str, Target]] = {
    "athena": Target(
        kind="chat",
        message="interaction",
        words={
            MessageRole.USER: "USER",
            MessageRole.ASSISTANT: "AI",
            MessageRole.SYSTEM: "SYSTEM",
            MessageRole.TOOL: "TOOL",
        },
        any_metadata=True,
        adapt=_athena,
    ),
    "cogsol": Target(kind="chat", words=_PLAIN, any_metadata=True, adapt=_cogsol, beside=_reports),
    "pipeshub": Target(
        kind="conversation",
        words={**_PLAIN, MessageRole.USER: "user_query", MessageRole.ASSISTANT: "bot_response"},
        adapt=_pipeshub,
    ),
    "inkeep": Target(
        kind="conversation",
        words=_PLAIN,
        parts=frozenset((PartType.TEXT, PartType.IMAGE)),
        adapt=_inkeep,
        beside=_inkeep_feedback,
    ),
}
"""The four systems, by the names of their formats."""
