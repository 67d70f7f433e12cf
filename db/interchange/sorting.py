"""Tells what is new in a batch from what is known, and puts the pages of a conversation together."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from db.interchange.arrival import Arrival
from db.interchange.base import ConversationDraft
from db.interchange.contents import Again
from db.interchange.drafting import own_id
from db.interchange.entries import Entry, Outcome, key_of
from db.interchange.fitting import ORDER_KEY, OUTER_KEY
from db.interchange.known import Key
from db.interchange.merging import Stored
from db.interchange.shared import Memory
from db.interchange.writes import VERSIONS, Writes
from db.words import Entity


class Sorter:
    """Tells what is new from what is known: seen before, older than what is there, a page among others."""

    def __init__(
        self,
        origins: Mapping[Key, Any],
        seen: set[tuple[UUID, str]],
        imports: Mapping[UUID, str],
        writes: Writes,
        arrival: Arrival,
        outcome: Outcome,
        memory: Memory,
    ) -> None:
        self._memory = memory
        self._origins = origins
        self._seen = seen
        self._imports = imports
        self._writes = writes
        self._arrival = arrival
        self._outcome = outcome
        self.repeated: list[Entry] = []
        """Loose messages that say nothing new; where they are stored their own origins know."""

    def sort(self, entries: Iterable[Entry]) -> dict[Key, Entry]:
        """The conversations that are to be stored, each once, with all pages that came of it."""
        coming: dict[Key, Entry] = {}
        unchanged: set[Key] = set()
        for entry in entries:
            key = key_of(entry)
            origin = self._origins.get(key)
            if origin is not None and all((origin.entity_id, digest) in self._seen for digest in entry.digests):
                unchanged.add(key)
                self._outcome.tally.note("messages", "unchanged", len(entry.draft.messages))
                self._repeat(entry, origin)
            elif origin is not None and entry.draft.whole and self._is_older(entry, origin):
                self._leave(entry, origin)
            elif key in coming and set(entry.digests) <= set(coming[key].digests):
                self._outcome.tally.note("messages", "unchanged", len(entry.draft.messages))
                self._repeat_coming(entry, coming[key])
            elif key in coming:
                coming[key] = _together(coming[key], entry, self._outcome)
            else:
                coming[key] = entry
        self._outcome.tally.note("conversations", "unchanged", len(unchanged - coming.keys()))
        for key, entry in coming.items():
            self._count(entry, self._origins.get(key))
        return coming

    def _repeat(self, entry: Entry, origin: Any) -> None:
        """Note where a record is stored that says nothing new."""
        if entry.draft.loose:
            self.repeated.append(entry)
        elif not entry.embedded and origin.import_id is not None and origin.position is not None:
            self._outcome.again.append(Again(entry.position, Entity.CONVERSATION, origin.import_id, origin.position))

    def _repeat_coming(self, entry: Entry, other: Entry) -> None:
        """The same for one that stands in this batch twice."""
        if entry.embedded:
            return
        entity, position = Entity.CONVERSATION, other.position
        if entry.draft.loose:
            ids = [message.record_id for message in other.draft.messages]
            entity, position = Entity.MESSAGE, other.positions[ids.index(entry.draft.messages[0].record_id)]
        self._outcome.again.append(Again(entry.position, entity, self._arrival.import_id, position))

    def _count(self, entry: Entry, origin: Any | None) -> None:
        tally = self._outcome.tally
        if origin is None:
            tally.note("conversations", "new")
            return
        file = self._imports.get(origin.import_id)
        if entry.draft.whole:
            if file is not None:
                self._outcome.notes.append(
                    f"two versions of {_named(entry)}: this one is kept, that of {file} was before"
                )
            tally.note("conversations", "updated")
        elif origin.import_id != self._arrival.import_id and origin.entity_id not in self._memory.paged:
            # Of the pages of one file only the first counts.
            self._memory.paged.add(origin.entity_id)
            tally.note("conversations", "updated")

    @staticmethod
    def _is_older(entry: Entry, origin: Any) -> bool:
        updated = entry.draft.updated_at
        return updated is not None and origin.source_updated_at is not None and updated < origin.source_updated_at

    def _leave(self, entry: Entry, origin: Any) -> None:
        """Remember an older version as seen, and nothing of it."""
        self._outcome.tally.note("conversations", "older")
        if (file := self._imports.get(origin.import_id)) is not None:
            self._outcome.notes.append(f"two versions of {_named(entry)}: this one is older, that of {file} stays")
        self._writes.inserts[VERSIONS] += [
            {"entity_id": origin.entity_id, "digest": digest, "seen_at": self._arrival.at}
            for digest in dict.fromkeys(entry.digests)
        ]

    def leave_older(self, entry: Entry, origin: Any, stored: Stored) -> None:
        """Take out of a page what is known in a later version."""
        draft = entry.draft
        # A loose message says nothing of its conversation.
        entry.stale = draft.loose or self._is_older(entry, origin)
        known_times = {row.record_id: row.source_updated_at for row in stored.conversations[origin.entity_id].messages}
        kept: list[int] = []
        for index, message in enumerate(draft.messages):
            known_time = known_times.get(message.record_id)
            updated = message.updated_at or draft.updated_at
            if known_time is None or updated is None or updated >= known_time:
                kept.append(index)
        self._outcome.tally.note("messages", "older", len(draft.messages) - len(kept))
        if len(kept) < len(draft.messages):
            entry.draft = replace(draft, messages=[draft.messages[index] for index in kept])
            entry.positions = [entry.positions[index] for index in kept] if entry.positions else []


def tell_apart(draft: ConversationDraft, of: Mapping[str, Any]) -> None:
    """Let each of a loose draft's messages keep what its record says of the conversation, where its row says another.

    Such a conversation is what its first message says.
    """
    differs = {name: value for name, value in draft.values.items() if of.get(name) != value}
    for message in draft.messages if differs else ():
        message.presence = {OUTER_KEY: differs, **(message.presence or {})}


def _together(first: Entry, second: Entry, outcome: Outcome) -> Entry:
    """Two pages of a conversation, or two loose messages of a thread, as one."""
    one, other = first.draft, second.draft
    if other.loose:
        tell_apart(other, one.values)
    newer = one.updated_at is None or other.updated_at is None or other.updated_at >= one.updated_at
    base = other if newer else one
    places = {message.record_id: index for index, message in enumerate(one.messages)}
    messages, positions = list(one.messages), list(first.positions)
    for index, message in enumerate(other.messages):
        at = places.get(message.record_id)
        if at is None:
            messages.append(message)
            positions += second.positions[index : index + 1]
            continue
        same = message == messages[at]
        outcome.tally.note("messages", "unchanged" if same else "older")
        if not same:
            outcome.notes.append(f"{second.place}: two versions of message {message.record_id}, the later one is kept")
        before, after = messages[at].updated_at or one.updated_at, message.updated_at or other.updated_at
        if before is None or after is None or after >= before:
            messages[at] = message
    if not other.loose:
        listed = [own_id(message) for message in base.messages]
        base = replace(base, presence={ORDER_KEY: listed, **(base.presence or {})})
    draft = replace(
        base,
        values={**one.values, **other.values} if newer and not other.loose else {**other.values, **one.values},
        messages=messages,
        references=base.references or one.references or other.references,
        feedback=base.feedback or one.feedback or other.feedback,
        assistant=base.assistant or one.assistant or other.assistant,
        tools=[*one.tools, *other.tools],
        tags=[*one.tags, *other.tags],
        notes=[*one.notes, *other.notes],
        updated_at=base.updated_at or one.updated_at or other.updated_at,
        current=base.current or one.current or other.current,
    )
    # Of the record that gives way, the conversation keeps no more than its messages.
    position = second.position if newer else first.position
    return Entry(draft, [*first.digests, *second.digests], position, first.place, positions=positions)


def _named(entry: Entry) -> str:
    record_id = entry.draft.record_id or ""
    return f"{entry.draft.kind} {record_id if len(record_id) <= 60 else f'{record_id[:57]}...'}"
