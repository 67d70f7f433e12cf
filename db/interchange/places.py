"""Where the messages of a draft stand: the id of each, what it answers, and the branch in play."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from db.interchange.base import ConversationDraft, MessageDraft
from db.interchange.drafting import branch_to, leaf_in_play
from db.interchange.told import own_id


@dataclass(frozen=True, slots=True)
class Places:
    """The places of messages, by texts that tell them apart: their own ids wherever they have such."""

    parents: Mapping[str, str | None]
    """By id the id of the message above; in the order of the messages, each after its parent."""
    leaf: str | None
    """The last message of the branch in play."""
    branch: Sequence[str]
    """The ids of the branch in play."""


def places(draft: ConversationDraft) -> Places:
    """The places of a draft's messages; one whose parent does not stand before it is at the top."""
    parents: dict[str, str | None] = {}
    known: dict[str | None, str] = {}
    above: str | None = None
    for key, message in zip(_ids(draft), draft.messages, strict=True):
        answered = above if draft.linear else None if message.parent is None else known.get(message.parent)
        parents[key] = answered
        known.setdefault(message.record_id, key)
        above = key
    rows = [MessageDraft(record_id=key, parent=parent) for key, parent in parents.items()]
    named = None if draft.current is None else known.get(draft.current)
    leaf = leaf_in_play(ConversationDraft(messages=rows), named)
    return Places(parents, leaf, branch_to(leaf, parents))


def _ids(draft: ConversationDraft) -> list[str]:
    """A text for each message, its own id if possible, each once."""
    ids: dict[str, None] = {}
    for index, message in enumerate(draft.messages):
        key = own_id(message)
        if not key or key in ids:
            key = message.record_id
        while not key or key in ids:
            key = f"{own_id(draft) or ''}#messages/{index}"
            index += len(draft.messages)
        ids[key] = None
    return list(ids)
