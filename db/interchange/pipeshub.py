"""PipesHub: conversations with people and with agents, pages of them, single messages, agents.

A page of a conversation has `pagination`; its messages may stand newest first. `isArchived` does not say since when:
the time of the last activity stands in for that, and is not written. Whom a conversation is shared with is kept, and
grants nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from db.interchange import filling
from db.interchange.apart import Detached
from db.interchange.base import (
    AssistantDraft,
    BadRecord,
    ConversationDraft,
    DetachedAssistantDraft,
    Drafted,
    FeedbackDraft,
    Format,
    MessageDraft,
    PassedOver,
    ToolDraft,
    VerdictDraft,
)
from db.interchange.pipeshub_shapes import AGENT, CONVERSATION, FEEDBACK, MESSAGE
from db.interchange.shape import Document
from db.interchange.speakers import speaker
from db.words import Actor, ConversationType, MessageRole, MessageType, OriginSystem, ToolKind

_MARKS: Final = frozenset(
    (
        *("initiator", "orgId", "org_id", "lastActivityAt", "last_activity_at", "conversationErrors"),
        *("isShared", "is_shared", "sharedWith", "shared_with", "shareLink", "share_link", "failReason", "fail_reason"),
        *("modelInfo", "model_info", "agentKey", "agent_key"),
    )
)
_MESSAGE_MARKS: Final = frozenset(("contentFormat", "content_format", "followUpQuestions", "follow_up_questions"))
_WORDS: Final = frozenset(("user_query", "bot_response", "error", "feedback", "system"))
_CONFIGURATIONS: Final[dict[str, tuple[frozenset[str], ...]]] = {
    "PipesHub searches": (frozenset(("searchId", "query")), frozenset(("search_id", "query"))),
    "PipesHub search results": (
        frozenset(("content", "citationType", "metadata")),
        frozenset(("content", "citation_type", "metadata")),
    ),
    "PipesHub agent templates": (
        frozenset(("templateId", "recommendedTools")),
        frozenset(("template_id", "recommended_tools")),
    ),
    "PipesHub records": (frozenset(("recordName", "indexingStatus")), frozenset(("record_name", "indexing_status"))),
}
_NEWEST_FIRST: Final = "newest_first"


class PipesHub:
    """The format of PipesHub."""

    name = "pipeshub"
    system = OriginSystem.PIPESHUB
    title = "PipesHub"
    array_keys: Sequence[str] = ("conversations", "sharedWithMeConversations", "shared_with_me_conversations")
    whole_file = False

    def fits(self, record: object) -> bool:
        """Whether the record is a conversation, a message, an agent, or an answer with a list of conversations."""
        if not isinstance(record, dict):
            return False
        if _is_message(record) or _is_conversation(record) or _is_agent(record) or _configuration(record) is not None:
            return True
        return any(_is_conversation(filling.first_object(record.get(key)) or {}) for key in self.array_keys)

    def read(self, record: object) -> Iterator[Drafted]:
        """The drafts of a record. Raises BadRecord where it is none of PipesHub's."""
        document = filling.record_object(record)
        if _is_message(document):
            yield filling.loose(_message(document))
        elif _is_conversation(document):
            yield _conversation(document)
        elif _is_agent(document):
            yield DetachedAssistantDraft(assistant=_agent(document))
        elif what := _configuration(document):
            yield PassedOver(what=what)
        else:
            raise BadRecord(
                "neither a conversation (messages, lastActivityAt, orgId) nor a message (messageType, content)"
            )

    def write(self, draft: ConversationDraft) -> list[Document]:
        """The records of a conversation: itself, or the single message that it was made for."""
        messages = [_written(message) for message in draft.messages]
        if draft.loose:
            return messages
        if filling.noted(draft, _NEWEST_FIRST):
            messages.reverse()
        values = filling.columns(draft)
        values |= {
            "messages": messages,
            "assistant": filling.id_of(draft.assistant),
            "tags": draft.tags,
            "isShared": bool(values.get("shared_with") or values.get("share_url")),
            "isArchived": values.get("archived_at") is not None,
        }
        return [CONVERSATION.write(values, draft.extra, draft.presence)]

    def write_apart(self, drafted: Detached, embedded: Any) -> Document:  # noqa: ARG002 - nothing embeds here
        """The agent that an assistant is. Raises LookupError for anything else."""
        if not isinstance(drafted, DetachedAssistantDraft):
            raise LookupError("PipesHub has records of agents alone")
        agent = drafted.assistant
        values = filling.columns(agent) | {"tools": [filling.id_of(tool) for tool in agent.tools]}
        return AGENT.write(values, agent.extra, agent.presence)


def _is_message(record: Document) -> bool:
    if "messages" in record:
        return False
    word = record.get("messageType", record.get("message_type"))
    if isinstance(word, str):
        return "content" in record or word in _WORDS
    # Its model has no key that must be there.
    return "content" in record and not _MESSAGE_MARKS.isdisjoint(record)


def _is_conversation(record: Document) -> bool:
    marks = _MARKS & record.keys()
    if "name" in record or _is_message(record):
        return False
    first = filling.first_object(record.get("messages"))
    if first is not None:
        return _is_message(first) and (bool(marks) or "title" in record or "status" in record)
    return len(marks) > 1 and ("title" in record or "messages" in record)


def _is_agent(record: Document) -> bool:
    return ("agentKey" in record or "agent_key" in record) and "name" in record


def _configuration(record: Document) -> str | None:
    names = record.keys()
    return next((what for what, marks in _CONFIGURATIONS.items() if any(names >= each for each in marks)), None)


def _conversation(document: Document) -> ConversationDraft:
    messages = filling.objects(document, "messages")
    archived = _either(document, "isArchived", "is_archived") is True
    reading = CONVERSATION.read(document, {"isShared": _is_shared(document), "isArchived": archived})
    draft = filling.fill(ConversationDraft(kind="conversation", linear=True), reading, "_id")
    values = draft.values
    values.pop("messages", None)
    draft.tags = values.pop("tags", [])
    draft.assistant = filling.assistant(values.pop("assistant", None), "agent")
    if draft.assistant is not None:
        values["type"] = ConversationType.AGENT
    for share in values.get("shared_with", ()):
        share.setdefault("userId", "")
        share.setdefault("access", "READ")
    if archived:
        values["archived_at"] = _last_time(draft)
    draft.messages = [_message(message) for message in messages]
    # A list of conversations leaves their messages out, which does not mean that they have none.
    draft.whole = "pagination" not in document and isinstance(document.get("messages"), list)
    if not draft.whole and _newest_first(draft.messages):
        draft.messages.reverse()
        filling.note(draft, _NEWEST_FIRST, True)
    return draft


def _either(document: Document, *names: str) -> Any:
    """The value of the key that is spelled in one of these ways: of several the first in the document."""
    return next((value for name, value in document.items() if name in names), None)


def _is_shared(document: Document) -> bool:
    """What isShared should say, as far as it can be told from with whom and how."""
    people, link = _either(document, "sharedWith", "shared_with"), _either(document, "shareLink", "share_link")
    listed = isinstance(people, list) and bool(people) and all(isinstance(each, dict) for each in people)
    return listed or (isinstance(link, str) and link != "")


def _last_time(draft: ConversationDraft) -> datetime:
    values = draft.values
    times = (values.get(name) for name in ("last_activity_at", "updated_at", "created_at"))
    return next((time for time in times if time is not None), datetime(1970, 1, 1, tzinfo=UTC))


def _newest_first(messages: Sequence[MessageDraft]) -> bool:
    times = [message.values["created_at"] for message in messages if "created_at" in message.values]
    return len(times) > 1 and times == sorted(times, reverse=True) and times[0] > times[-1]


def _message(document: Document) -> MessageDraft:
    draft = filling.fill_message(MessageDraft(kind="message"), MESSAGE.read(document), "_id")
    filling.happened(draft)
    values = draft.values
    word = _either(document, "messageType", "message_type")
    word = word if isinstance(word, str) else ""
    values |= {"role_name": word[:512], **_speaker(word)}
    model = values.get("properties", {}).get("modelInfo")
    if isinstance(model, dict) and isinstance(name := _either(model, "modelName", "model_name"), str):
        values["model"] = name
    for reference in draft.references:
        row = reference.values
        record = row.get("metadata", {})
        reference.source = filling.source(
            external_id=_text(record.get("recordId")),
            connector=_text(record.get("connector")),
            title=row.get("title"),
            url=row.get("url"),
            kind=_text(record.get("recordType")) or row.get("kind"),
        )
    cited = [reference.values.get("external_id") for reference in draft.references]
    draft.feedback = [_feedback(given, cited) for given in values.pop("feedback", ())]
    return draft


def _speaker(word: str) -> dict[str, Any]:
    word = word.lower()
    if word == "error":
        return {"role": MessageRole.OTHER, "message_type": MessageType.ERROR, "actor": Actor.SYSTEM}
    if word == "feedback":
        return {"role": MessageRole.OTHER, "message_type": MessageType.FEEDBACK, "actor": Actor.USER}
    told = speaker(word)
    kind = told["message_type"] if word in _WORDS else MessageType.OTHER
    return {"role": told["role"], "message_type": kind, "actor": told["actor"]}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _written(draft: MessageDraft) -> Document:
    cited = [reference.values.get("external_id") for reference in draft.references]
    values = filling.message_columns(draft) | {
        "feedback": [_written_feedback(given, cited) for given in draft.feedback]
    }
    return MESSAGE.write(values, draft.extra, draft.presence)


def _feedback(document: Document, cited: Sequence[str | None]) -> FeedbackDraft:
    draft = filling.fill(FeedbackDraft(kind="feedback"), FEEDBACK.read(document), "_id")
    draft.updated_at = draft.values.get("created_at")
    filling.take_for_granted(draft, "timestamp")
    values = draft.values
    draft.scores = values.pop("scores", [])
    draft.reasons = values.pop("reasons", [])
    for index, row in enumerate(values.pop("verdicts", ())):
        citation_id = row.pop("citation_id", None)
        verdict = VerdictDraft(values=row)
        if citation_id in cited and citation_id is not None:
            verdict.reference = cited.index(citation_id)
        elif citation_id is not None:
            # It cites nothing that the message still has.
            filling.note(draft, "uncited", {**(filling.noted(draft, "uncited") or {}), str(index): citation_id})
        draft.verdicts.append(verdict)
    return draft


def _written_feedback(draft: FeedbackDraft, cited: Sequence[str | None]) -> Document:
    uncited = filling.noted(draft, "uncited") or {}
    verdicts = []
    for index, verdict in enumerate(draft.verdicts):
        index = verdict.values.get("position", index)
        known = verdict.reference is not None and 0 <= verdict.reference < len(cited)
        citation_id = cited[verdict.reference] if known and verdict.reference is not None else uncited.get(str(index))
        verdicts.append({**verdict.values, "citation_id": citation_id})
    values = filling.columns(draft) | {"scores": draft.scores, "reasons": draft.reasons, "verdicts": verdicts}
    return FEEDBACK.write(values, draft.extra, filling.granted(draft, "timestamp"))


def _agent(document: Document) -> AssistantDraft:
    draft = filling.fill(AssistantDraft(kind="agent"), AGENT.read(document), "agentKey")
    for key in draft.values.pop("tools", ()):
        draft.tools.append(ToolDraft(record_id=key, kind="tool", values={"name": key, "kind": ToolKind.OTHER}))
    return draft


FORMAT: Final[Format] = PipesHub()
