"""A conversation in the records of the format that it came in, with what was changed and added here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from db.interchange.apart import EMBEDS, WritesApart
from db.interchange.base import ConversationDraft, DetachedFeedbackDraft, Draft, FeedbackDraft, Format, MessageDraft
from db.interchange.drafting import original_id
from db.interchange.fitting import ORDER_KEY
from db.interchange.foreign import Converted
from db.interchange.formats import FORMATS
from db.interchange.losses import OFF_BRANCH, losses
from db.interchange.neutral import Copy
from db.interchange.rebuilding import Rebuilt
from db.interchange.settling import settle
from db.interchange.writers import documents
from db.jsons import canonical_hash
from db.words import OriginSystem, Rating

TREES: Final = frozenset({"chatgpt", "claude", "librechat", "openwebui", "openassistant"})
"""Formats that have all branches of a conversation; the others have the one in play."""

_RATED: Final = "task"
"""The kind of a message in MTRAG's evaluations, which are trees too."""
_BY_SYSTEM: Final = {each.system: name for name, each in FORMATS.items()}


def own_format(system: OriginSystem | None) -> str | None:
    """The name of the format that a system's records are in; None for what was made here."""
    return None if system is None else _BY_SYSTEM.get(system)


def is_tree(draft: ConversationDraft, name: str) -> bool:
    """Whether the format has all branches of the conversation."""
    return name in TREES or any(message.kind == _RATED for message in draft.messages)


def in_record_order(messages: list[MessageDraft], draft: ConversationDraft) -> list[MessageDraft]:
    """Messages in the order of the conversation's record, what was written here last; unless the record is a page."""
    order: list[str] | None = (draft.presence or {}).get(ORDER_KEY)
    if order is None:
        return messages
    places = {record_id: place for place, record_id in reversed(list(enumerate(order)))}
    if any(message.stood is not None and message.record_id not in places for message in messages):
        return messages
    return sorted(messages, key=lambda message: places.get(message.record_id or "", len(places)))


def in_own_format(rebuilt: Rebuilt, name: str) -> Converted:
    """The records of a conversation in the format of that name, in which it came, as `foreign.converted` gives others.

    First its own record, or one for each message where it was only made for these; then feedback that has records of
    its own. Losses are of what was written here: branches, and feedback of kinds that the format doesn't have.
    """
    whole = rebuilt.draft
    draft = whole
    if not is_tree(whole, name):
        branch = [message for message, in_play in zip(whole.messages, rebuilt.in_play, strict=True) if in_play]
        # Messages that are records of their own stand for themselves, whatever was answered to them here.
        draft = replace(whole, messages=whole.messages if whole.loose else branch)
    found = documents(name, replace(draft, messages=in_record_order(draft.messages, draft)))
    format_ = FORMATS[name]
    if isinstance(format_, WritesApart):
        found += _apart(format_, name, draft, found)
    lost: Counter[str] = Counter()
    if not all(_is_imported(each) for each in _all_of(whole)):
        lost = _losses(format_, whole, draft, found)
    elif off := len(whole.messages) - len(draft.messages):
        lost[OFF_BRANCH] = off
    return Converted(found, lost)


def _apart(format_: WritesApart, name: str, draft: ConversationDraft, written: list[Any]) -> Iterator[Any]:
    """The records of feedback that does not stand within those of the conversation."""
    conversation_id = original_id(draft)
    for message in (None, *draft.messages):
        for feedback in draft.feedback if message is None else message.feedback:
            if not _stands_apart(name, feedback, message):
                continue
            embedded = None
            match (feedback.presence or {}).get(EMBEDS):
                case ["conversation", _] if not draft.loose:
                    embedded = written[0]
                case ["message", _] if message is not None:
                    embedded = documents(name, replace(draft, messages=[message], loose=True))[0]
            drafted = DetachedFeedbackDraft(
                message_id="" if message is None else message.record_id or "",
                conversation_id=conversation_id or draft.record_id,
                feedback=feedback,
            )
            yield format_.write_apart(drafted, embedded)


def _stands_apart(name: str, feedback: FeedbackDraft, message: MessageDraft | None) -> bool:
    if feedback.stood is not None:
        return feedback.stood.position is not None
    if name == "cogsol":
        return message is None and feedback.kind == "report"
    return name == "inkeep" and message is not None and feedback.values.get("rating") in tuple(Rating)


def _is_imported(draft: Draft) -> bool:
    return draft.stood is not None


def _all_of(draft: ConversationDraft) -> Iterator[Draft]:
    yield from draft.feedback
    for message in draft.messages:
        yield message
        yield from message.feedback


def _losses(format_: Format, whole: ConversationDraft, draft: ConversationDraft, found: list[Any]) -> Counter[str]:
    """What is missing when the records are read again."""
    back: ConversationDraft | None = None
    detached: list[DetachedFeedbackDraft] = []
    for document in found:
        for drafted in format_.read(document):
            settle(drafted, canonical_hash(document))
            if isinstance(drafted, DetachedFeedbackDraft):
                detached.append(drafted)
            elif isinstance(drafted, ConversationDraft):
                back = drafted if back is None else replace(back, messages=[*back.messages, *drafted.messages])
    if back is None:
        return Counter()
    missing = losses(whole, Copy(draft, draft.messages), back, detached)
    # What has no field here is lost in other formats alone.
    return Counter({name: count for name, count in missing.items() if not name.endswith("origin.extra")})
