"""Who has which key: an id that two records claim stays with the first, and the other keeps it in its origin."""

from collections.abc import Container, Iterable, Mapping
from typing import Any

from db.interchange.base import ConversationDraft, Draft, FeedbackDraft
from db.interchange.fitting import record_key
from db.interchange.known import Key


class Claims:
    """The keys of messages and feedback that the database has, and those of this batch.

    Some systems number messages within their conversation only: the second conversation that has message 1 names it by
    its own id too.
    """

    def __init__(self, taken: Iterable[Key]) -> None:
        self._taken = set(taken)

    def message_keys(self, draft: ConversationDraft, own: Container[str]) -> dict[str | None, str]:
        """The keys of a conversation's messages that are not their ids; `own`: the keys that are its already."""
        taken = self._taken
        keys: dict[str | None, str] = {}
        for message in draft.messages:
            record_id = message.record_id or ""
            key = (message.kind, record_id)
            if record_id in own or key not in taken:
                taken.add(key)
            else:
                keys[record_id] = record_key(f"{draft.record_id}#{record_id}")
        return keys

    def feedback_key(self, draft: ConversationDraft, feedback: FeedbackDraft, own: Mapping[Key, Any]) -> str:
        """The key of a piece of feedback; `own`: what the conversation has already."""
        record_id = feedback.record_id or ""
        key = (feedback.kind, record_id)
        if key in own or key not in self._taken:
            self._taken.add(key)
            return record_id
        return record_key(f"{draft.record_id}#{record_id}")


def keep_external_id(draft: Draft) -> None:
    """Keep in its origin the external id that a row cannot have, since another row has it."""
    presence = draft.presence or {}
    if "externalId" in presence.get("refused", ()):
        return
    name = presence.get("spelled", {}).get("externalId", "externalId")
    raw = presence.get("raw", {}).get("externalId", draft.values["external_id"])
    draft.extra = {**(draft.extra or {}), name: raw}
    draft.presence = {**presence, "refused": [*presence.get("refused", ()), "externalId"]}
