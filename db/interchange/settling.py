"""Prepares drafts for storing, before the database is asked anything: values that fit, and a key for every record.

All that can be wrong with a record by itself shows here, so that it costs no other record anything.
"""

from typing import Final

from db.interchange.base import (
    AssistantDraft,
    BadRecord,
    ConversationDraft,
    DetachedAssistantDraft,
    DetachedFeedbackDraft,
    DetachedSourceDraft,
    Draft,
    Drafted,
    FeedbackDraft,
    MessageDraft,
    PassedOver,
    ReferenceDraft,
    SourceDraft,
    ToolDraft,
)
from db.interchange.fitting import PARENT_KEY, fit, fit_row, record_key, settle_key
from db.interchange.trees import settle_ids
from db.interchange.writes import (
    ASSISTANTS,
    ATTACHMENTS,
    CITATIONS,
    CONTENT_PARTS,
    CONVERSATION_TAGS,
    CONVERSATIONS,
    FEEDBACK,
    FOLLOW_UPS,
    MESSAGES,
    REASONS,
    SCORES,
    SOURCES,
    TOOL_CALLS,
    TOOLS,
    VERDICTS,
)

_KIND_LENGTH: Final = 32
"""Characters of a record's kind, which is a word of the format and no text from outside."""


def settle(drafted: Drafted, digest: str) -> None:
    """Make a draft ready, in place; `digest`, the record's hash, is the id of what has none.

    Raises BadRecord, naming the field, where a value cannot be stored.
    """
    if isinstance(drafted, ConversationDraft):
        _settle_conversation(drafted, digest)
    elif isinstance(drafted, DetachedFeedbackDraft):
        _settle_feedback(drafted.feedback, digest, "feedback")
        drafted.message_id = record_key(drafted.message_id)
        drafted.conversation_id = None if drafted.conversation_id is None else record_key(drafted.conversation_id)
    elif isinstance(drafted, DetachedSourceDraft):
        _settle_source(drafted.source, digest)
    elif isinstance(drafted, DetachedAssistantDraft):
        _settle_assistant(drafted.assistant, digest)
    else:
        assert isinstance(drafted, PassedOver), drafted


def _settle_conversation(draft: ConversationDraft, digest: str) -> None:
    own = _key(draft, digest, "conversation")
    fit(draft.values, CONVERSATIONS)
    draft.notes = list(draft.notes)
    if draft.tags:
        draft.tags = [_fitted_tag(tag) for tag in draft.tags]
    # A page's places say nothing: message 0 of another page is another message.
    page = own if draft.whole else digest
    for index, message in enumerate(draft.messages):
        _settle_message(message, page, index)
    settle_ids(draft, draft.notes)
    if draft.current is not None:
        draft.current = record_key(draft.current)
    _settle_references(draft.references, "")
    for index, feedback in enumerate(draft.feedback):
        _settle_feedback(feedback, f"{own}#feedback/{index}", f"feedback {index}")
    if draft.assistant is not None:
        _settle_assistant(draft.assistant, f"{own}#assistant")
    for index, tool in enumerate(draft.tools):
        _settle_tool(tool, f"{own}#tools/{index}")


def _fitted_tag(tag: str) -> str:
    values = {"tag": tag}
    fit(values, CONVERSATION_TAGS)
    return values["tag"]


def _settle_message(draft: MessageDraft, conversation: str, index: int) -> None:
    where = f"message {index}: "
    own = _key(draft, f"{conversation}#messages/{index}", "message")
    fit(draft.values, MESSAGES, where)
    if draft.parent is not None and (above := record_key(draft.parent)) != draft.parent:
        draft.presence = {**(draft.presence or {}), PARENT_KEY: draft.parent}
        draft.parent = above
    for rows, table in (
        (draft.parts, CONTENT_PARTS),
        (draft.tool_calls, TOOL_CALLS),
        (draft.attachments, ATTACHMENTS),
        (draft.follow_ups, FOLLOW_UPS),
    ):
        for row in rows or ():
            fit_row(row, table, where)
    if draft.references:
        _settle_references(draft.references, where)
    for place, feedback in enumerate(draft.feedback):
        _settle_feedback(feedback, f"{own}#feedback/{place}", f"{where}feedback {place}")


def _settle_references(drafts: list[ReferenceDraft], where: str) -> None:
    for index, draft in enumerate(drafts):
        fit(draft.values, CITATIONS, where)
        if draft.source is not None:
            _settle_source(draft.source, None, f"{where}citation {index}: ")


def _settle_source(draft: SourceDraft, place: str | None, where: str = "") -> None:
    draft.kind = draft.kind or "source"
    if draft.record_id is not None or place is not None:
        settle_key(draft, place or "")
    fit(draft.values, SOURCES, where)


def _settle_feedback(draft: FeedbackDraft, place: str, where: str) -> None:
    _key(draft, place, "feedback")
    fit(draft.values, FEEDBACK, f"{where}: ")
    for rows, table in ((draft.reasons, REASONS), (draft.scores, SCORES)):
        for row in rows:
            fit_row(row, table, f"{where}: ")
    for verdict in draft.verdicts:
        fit(verdict.values, VERDICTS, f"{where}: ")


def _settle_assistant(draft: AssistantDraft, place: str) -> None:
    own = _key(draft, place, "assistant")
    fit(draft.values, ASSISTANTS, "assistant: ")
    for index, tool in enumerate(draft.tools):
        _settle_tool(tool, f"{own}#tools/{index}")


def _settle_tool(draft: ToolDraft, place: str) -> None:
    _key(draft, place, "tool")
    fit(draft.values, TOOLS, "tool: ")


def _key(draft: Draft, place: str, kind: str) -> str:
    draft.kind = draft.kind or kind
    if len(draft.kind) > _KIND_LENGTH:
        raise BadRecord(f"the kind {draft.kind[:_KIND_LENGTH]!r}... of a record has at most {_KIND_LENGTH} characters")
    return settle_key(draft, place)
