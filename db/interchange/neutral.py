"""Conversations freed of the format they came in: copies that say what the rows say, fit for another format to write.

A copy has no `extra`, `presence` or kinds of its old format. Its ids are texts, the original ones wherever there are
such; its speakers have the new format's words; what only a column's default says, and what was made up here in place of
what a record lacks, is left out. Lists that the new format reads by itself are the business of its Target.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final

from db.interchange import writes
from db.interchange.base import (
    AssistantDraft,
    ConversationDraft,
    FeedbackDraft,
    MessageDraft,
    ReferenceDraft,
    SourceDraft,
    ToolDraft,
)
from db.interchange.keys import Columns, Document
from db.interchange.places import places
from db.interchange.speakers import role_of
from db.interchange.told import MADE, own_id, times_of, told
from db.titles import UNTITLED, made_title
from db.words import MessageRole, MessageStatus, PartType

_OBJECTS: Final = ("properties", "user_properties", "config", "metadata")


def _nothing(_draft: ConversationDraft) -> None:
    """Formats that need no more than a neutral copy."""


def _none(_draft: ConversationDraft) -> Iterable[Document]:
    return ()


@dataclass(frozen=True, kw_only=True)
class Target:
    """What a copy must be like so that a format can write it."""

    kind: str
    """That of a conversation."""
    words: Mapping[MessageRole, str]
    """For speakers; who has none of these roles keeps a word of their own."""
    message: str = "message"
    """The kind of a message."""
    tree: bool = False
    """Whether the format has branches; else it gets the one in play."""
    one_root: bool = False
    """Whether a tree has a single first message."""
    parts: frozenset[PartType] = frozenset()
    """The parts of contents that the format has beside texts; without TEXT it has no parts at all."""
    any_metadata: bool = False
    """Whether a message's metadata may be something other than an object."""
    empty: bool = True
    """Whether a conversation without messages can be told from something else."""
    open: bool = False
    """Whether properties stand among the keys of the record, where they can make it look like another format's."""
    adapt: Callable[[ConversationDraft], None] = _nothing
    """Brings a copy into the form that the format's `write` takes."""
    beside: Callable[[ConversationDraft], Iterable[Document]] = _none
    """Records of an adapted copy that go with the conversation's own, such as feedback that stands apart."""


@dataclass(frozen=True)
class Copy:
    """A neutral copy, and which messages it has."""

    draft: ConversationDraft
    originals: list[MessageDraft] = field(default_factory=list)
    """Those that the messages of the copy are of, in the same order."""


def neutral(draft: ConversationDraft, target: Target) -> Copy:
    """The copy for a target; the draft stays as it is."""
    there = places(draft)
    parents = there.parents
    kept = set(parents if target.tree else there.branch)
    if target.one_root:
        kept = _below(there.branch[:1], parents)
    originals = [message for key, message in zip(parents, draft.messages, strict=True) if key in kept]
    copy = ConversationDraft(
        kind=target.kind,
        record_id=own_id(draft),
        values=_conversation(draft),
        linear=not target.tree,
        current=there.leaf if target.tree else None,
        references=[_reference(reference) for reference in draft.references],
        feedback=[_feedback(feedback) for feedback in draft.feedback],
        assistant=_assistant(draft.assistant),
        tools=[_tool(tool) for tool in draft.tools if tool.record_id],
        tags=list(draft.tags),
    )
    copy.messages = [
        _message(message, draft, target, key, parents[key] if target.tree else None)
        for key, message in zip(parents, draft.messages, strict=True)
        if key in kept
    ]
    return Copy(copy, originals)


def chain(draft: ConversationDraft) -> bool:
    """Whether every message of a copy answers the one before it."""
    if not draft.messages or draft.linear:
        return True
    pairs = pairwise(draft.messages)
    return draft.messages[0].parent is None and all(below.parent == above.record_id for above, below in pairs)


def _below(keys: Iterable[str], parents: Mapping[str, str | None]) -> set[str]:
    """These and all below them; parents stand before their children."""
    found = set(keys)
    for key, parent in parents.items():
        if parent in found:
            found.add(key)
    return found


def _conversation(draft: ConversationDraft) -> Columns:
    values = _objects(told(draft.values, writes.CONVERSATIONS))
    values |= {name: draft.values[name] for name in MADE if draft.values.get(name) is not None}
    if draft.values.get("title_made"):
        values.pop("title", None)
    if not values.get("title"):
        said = (each.values for each in draft.messages if each.values.get("role") == MessageRole.USER)
        title = made_title(next((text for each in said if (text := each.get("content"))), None))
        values |= {} if title == UNTITLED else {"title": title}
    shares = values.get("shared_with")
    if shares is not None and not (isinstance(shares, list) and all(map(_is_share, shares))):
        del values["shared_with"]
    return values


def _is_share(share: object) -> bool:
    return isinstance(share, dict) and isinstance(share.get("access"), str)


def _objects(values: Columns, *, any_metadata: bool = False) -> Columns:
    """The columns without those that most formats want to be objects, and are something else."""
    for name in _OBJECTS:
        if name in values and not isinstance(values[name], dict) and not (any_metadata and name == "metadata"):
            del values[name]
    return values


def _message(
    message: MessageDraft, draft: ConversationDraft, target: Target, key: str, parent: str | None
) -> MessageDraft:
    values = _objects(told(message.values, writes.MESSAGES), any_metadata=target.any_metadata)
    values |= times_of(message, draft)
    role = MessageRole(values["role"])
    values["role_name"] = target.words.get(role) or _own_word(values.get("role_name", ""))
    if values.get("status") == MessageStatus.STREAMING:
        values["status"] = MessageStatus.STOPPED
    values["content"], parts = _content(message, target.parts)
    return MessageDraft(
        kind=target.message,
        record_id=key,
        parent=parent,
        values=values,
        parts=parts,
        references=[_reference(reference) for reference in message.references],
        tool_calls=[told(row, writes.TOOL_CALLS) for row in message.tool_calls],
        attachments=[told(row, writes.ATTACHMENTS) for row in message.attachments],
        follow_ups=[told(row, writes.FOLLOW_UPS) for row in message.follow_ups],
        feedback=[_feedback(feedback) for feedback in message.feedback],
    )


def _own_word(word: str) -> str:
    return word if word and role_of(word) is MessageRole.OTHER else "other"


def _content(message: MessageDraft, types: frozenset[PartType]) -> tuple[str, list[Columns] | None]:
    """The text and the parts: what the target has no parts for is a line of text at the end, where that says something.

    At the end, since citations may say where they stand in the text.
    """
    content: str = message.values.get("content") or ""
    if message.parts is None:
        return content, None
    rows: list[Columns] = []
    lines: list[str] = []
    for part in message.parts:
        kind = PartType(part["type"])
        if kind in types or kind is PartType.TEXT:
            rows.append({**told(part, writes.CONTENT_PARTS), "type": kind})
        elif line := _line(kind, part):
            lines.append(line)
    texts = [row.get("text", "") for row in rows if row["type"] is PartType.TEXT]
    if content and not texts:
        texts = [content]
        rows.insert(0, {"type": PartType.TEXT, "text": content})
    rows += [{"type": PartType.TEXT, "text": line} for line in lines]
    plain = PartType.TEXT not in types or (len(rows) < 2 and all(row["type"] is PartType.TEXT for row in rows))
    return "\n".join([*texts, *lines]), None if plain else rows


def _line(kind: PartType, part: Columns) -> str:
    """What can be said in words of an image or a file."""
    if kind not in (PartType.IMAGE, PartType.FILE):
        return ""
    url = part.get("url") or ""
    # An address that holds the picture itself is no text for readers.
    said = (part.get("name") or "", "" if url.startswith("data:") else url)
    return " ".join(each for each in said if each)


def _reference(reference: ReferenceDraft) -> ReferenceDraft:
    """The citation, which says itself what else its source would say of it."""
    values = _objects(told(reference.values, writes.CITATIONS))
    source = reference.source
    if source is None:
        return ReferenceDraft(values=values)
    there = told(source.values, writes.SOURCES)
    lent = ("title", "url", "kind", "external_id")
    values = {name: there[name] for name in lent if name in there} | values
    return ReferenceDraft(values=values, source=SourceDraft(values=_objects(there), kind="source"))


def _feedback(feedback: FeedbackDraft) -> FeedbackDraft:
    times = {name: feedback.values[name] for name in MADE if feedback.values.get(name) is not None}
    values = _objects(told(feedback.values, writes.FEEDBACK)) | times
    if feedback.values.get("is_owners"):
        values["is_owners"] = True
    return FeedbackDraft(
        kind="feedback",
        record_id=own_id(feedback),
        values=values,
        reference=feedback.reference,
        reasons=[told(row, writes.REASONS) for row in feedback.reasons],
        scores=[told(row, writes.SCORES) for row in feedback.scores],
        verdicts=[replace(each, values=told(each.values, writes.VERDICTS)) for each in feedback.verdicts],
    )


def _assistant(assistant: AssistantDraft | None) -> AssistantDraft | None:
    if assistant is None or not assistant.record_id:
        return None
    return AssistantDraft(
        kind="assistant", record_id=own_id(assistant), values=_objects(told(assistant.values, writes.ASSISTANTS))
    )


def _tool(tool: ToolDraft) -> ToolDraft:
    return ToolDraft(kind="tool", record_id=own_id(tool), values=_objects(told(tool.values, writes.TOOLS)))


def rated(draft: MessageDraft) -> FeedbackDraft | None:
    """The feedback on a message, for formats that have one piece: one with a rating, else one with a comment."""
    found = [each for each in draft.feedback if each.reference is None]
    for name in ("rating", "comment"):
        for each in found:
            if each.values.get(name) is not None:
                return each
    return None
