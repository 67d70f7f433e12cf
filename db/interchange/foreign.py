"""Conversations in the records of a format that they did not come in.

What the format can hold arrives, and what it can't is counted: the records are read again, and what is missing then is
a loss. So no list of what each format holds has to be kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from db.interchange.base import ConversationDraft, DetachedFeedbackDraft
from db.interchange.formats import FORMATS
from db.interchange.losses import losses
from db.interchange.neutral import Copy, Target, neutral
from db.interchange.other_targets import OTHER_TARGETS
from db.interchange.settling import settle
from db.interchange.vendor_targets import VENDOR_TARGETS

TARGETS: Final[Mapping[str, Target]] = {**VENDOR_TARGETS, **OTHER_TARGETS}
"""The formats that a conversation can be converted to, by name."""

UNTELLABLE: Final = "conversations without messages"
"""Conversations that a format cannot tell from something else, since nothing is said in them."""


@dataclass(frozen=True, slots=True)
class Converted:
    """A conversation in another format."""

    documents: list[Any]
    """The record of the conversation, then those of feedback that stands apart; none where the format has no such."""
    losses: Counter[str] = field(default_factory=Counter)
    """How often what is missing, by its name in the API: {"messages.citations.excerpt": 12}."""


def converted(draft: ConversationDraft, target: str) -> Converted:
    """The records of a conversation, whatever its origin, in the format of that name; the draft stays as it is.

    Raises KeyError for a name that is none of TARGETS.
    """
    form = TARGETS[target]
    if not (draft.messages or form.empty):
        return Converted([], Counter({UNTELLABLE: 1}))
    copy, document = _written(draft, target, form)
    if form.open and not _is_only(document, target):
        # A property has the name of a key by which another format is known.
        values = {name: value for name, value in draft.values.items() if name != "properties"}
        copy, document = _written(replace(draft, values=values), target, form)
    beside = list(form.beside(copy.draft))
    back, detached = _read(target, document, beside)
    return Converted([document, *beside], losses(draft, copy, back, detached))


def _written(draft: ConversationDraft, target: str, form: Target) -> tuple[Copy, Any]:
    """The copy of a draft that fits the format, and its record."""
    copy = neutral(draft, form)
    form.adapt(copy.draft)
    (document,) = FORMATS[target].write(copy.draft)
    return copy, document


def _is_only(document: object, target: str) -> bool:
    """Whether the format, and no other, takes the document for its own."""
    return all(each.fits(document) == (name == target) for name, each in FORMATS.items())


def _read(target: str, document: Any, beside: list[Any]) -> tuple[ConversationDraft, list[DetachedFeedbackDraft]]:
    """What an import would make of the documents."""
    conversation: ConversationDraft | None = None
    detached: list[DetachedFeedbackDraft] = []
    for each in (document, *beside):
        for drafted in FORMATS[target].read(each):
            settle(drafted, "")
            if isinstance(drafted, DetachedFeedbackDraft):
                detached.append(drafted)
            elif isinstance(drafted, ConversationDraft):
                conversation = drafted
    assert conversation is not None, "a record of a conversation is read as one"
    return conversation, detached
