"""A batch of records: gathered so that no two of them are versions of the same one, and stored in one transaction."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from db.interchange import known
from db.interchange.arrival import Arrival
from db.interchange.base import ConversationDraft
from db.interchange.contents import Again
from db.interchange.entries import Detached, Entry, Item, Outcome, key_of
from db.interchange.known import Key
from db.interchange.merging import load
from db.interchange.shared import Memory, Shared, references_of
from db.interchange.sorting import Sorter
from db.interchange.storing import Storing
from db.interchange.writes import CITATIONS, CONVERSATIONS, FEEDBACK, MESSAGES, ORIGINS, VERSIONS, Writes
from db.viewer import Viewer
from db.words import Entity


class Batch:
    """Drafts that are stored together."""

    def __init__(self, items: Iterable[Item] = ()) -> None:
        self.items: list[Item] = []
        self.weight = 0
        """Rows of conversations, messages and feedback."""
        self.size = 0
        """Bytes of the records."""
        self._whole: dict[Key, bool] = {}
        for item in items:
            self.add(item)

    @property
    def entries(self) -> list[Entry]:
        """The conversations."""
        return [item for item in self.items if isinstance(item, Entry)]

    @property
    def detached(self) -> list[Detached]:
        """All else."""
        return [item for item in self.items if isinstance(item, Detached)]

    def takes(self, item: Item) -> bool:
        """Whether it can be stored together with the rest: of one conversation, only pages can."""
        if isinstance(item, Detached):
            return True
        whole = self._whole.get(key_of(item))
        return whole is None or not (whole or item.draft.whole)

    def add(self, item: Item) -> None:
        """Take another."""
        self.items.append(item)
        self.weight += 1
        self.size += item.size
        if isinstance(item, Entry):
            self.weight += len(item.draft.messages)
            self._whole[key_of(item)] = item.draft.whole


async def store_batch(
    connection: AsyncConnection,
    batch: Batch,
    arrival: Arrival,
    memory: Memory,
    imports: Mapping[UUID, str],
    begin: Callable[[], Awaitable[None]],
    *,
    viewer: Viewer,
) -> Outcome:
    """Store the conversations of a batch.

    `begin` is awaited before the first write; `imports` are the files of this run, by the ids of their imports.
    Raises bulk.RowsRefused where the database does not take them.
    """
    outcome = Outcome()
    entries = batch.entries
    if not entries:
        return outcome
    writes = Writes()
    found = await known.origins(connection, {key_of(entry) for entry in entries}, arrival.place, viewer=viewer)
    origins = {key: row for key, row in found.items() if row.entity is Entity.CONVERSATION}
    seen: set[tuple[UUID, str]] = set()
    if origins:
        ids = [row.entity_id for row in origins.values()]
        digests = [digest for entry in entries for digest in entry.digests]
        seen = await known.seen(connection, ids, digests, viewer=viewer)
    sorter = Sorter(origins, seen, imports, writes, arrival, outcome, memory)
    coming = sorter.sort(entries)
    outcome.again += await _repeated(connection, sorter.repeated, arrival, viewer=viewer)
    if not coming:
        await writes.execute(connection, viewer=viewer)
        return outcome
    drafts = {origins[key].entity_id: entry.draft for key, entry in coming.items() if key in origins}
    stored = await load(connection, drafts, viewer=viewer)
    for key, entry in coming.items():
        if key in origins and not entry.draft.whole:
            sorter.leave_older(entry, origins[key], stored)
    shared = Shared(memory, writes, arrival)
    storing = Storing(
        writes,
        arrival,
        shared,
        stored,
        await _taken(connection, coming.values(), arrival, viewer=viewer),
        await _owners(connection, coming.values(), viewer=viewer),
    )
    await _look_up_shared(connection, shared, coming.values(), viewer=viewer)
    for key, entry in coming.items():
        storing.conversation(entry, origins[key].entity_id if key in origins else None)
    await _forget_feedback(connection, writes, viewer=viewer)
    await begin()
    await writes.execute(connection, viewer=viewer)
    await shared.write_lessons(connection, viewer=viewer)
    outcome.tally.update(writes.count())
    outcome.notes += shared.notes
    for entry in coming.values():
        outcome.notes += [f"{entry.place}: {note}" for note in dict.fromkeys(entry.draft.notes)]
    return outcome


async def _repeated(
    connection: AsyncConnection, entries: Iterable[Entry], arrival: Arrival, *, viewer: Viewer
) -> list[Again]:
    """Where loose messages that say nothing new are stored."""
    places = {
        (message.kind, message.record_id or ""): entry.position
        for entry in entries
        for message in entry.draft.messages
        if not entry.embedded
    }
    found = await known.origins(connection, places, arrival.place, viewer=viewer)
    return [
        Again(position, Entity.MESSAGE, found[key].import_id, found[key].position)
        for key, position in places.items()
        if key in found and found[key].import_id is not None and found[key].position is not None
    ]


async def _taken(
    connection: AsyncConnection, entries: Iterable[Entry], arrival: Arrival, *, viewer: Viewer
) -> Iterable[Key]:
    """Which keys of these messages and pieces of feedback the database has already."""
    keys: set[Key] = set()
    for entry in entries:
        for message in entry.draft.messages:
            keys.add((message.kind, message.record_id or ""))
            for feedback in message.feedback:
                keys.add((feedback.kind, feedback.record_id or ""))
        for feedback in entry.draft.feedback:
            keys.add((feedback.kind, feedback.record_id or ""))
    return await known.origins(connection, keys, arrival.place, viewer=viewer)


async def _owners(connection: AsyncConnection, entries: Iterable[Entry], *, viewer: Viewer) -> dict[str, UUID]:
    wanted = {str(row_id) for entry in entries if (row_id := entry.draft.values.get("external_id")) is not None}
    return await known.external_ids(connection, CONVERSATIONS, wanted, viewer=viewer) if wanted else {}


async def _look_up_shared(
    connection: AsyncConnection, shared: Shared, entries: Iterable[Entry], *, viewer: Viewer
) -> None:
    drafts: list[ConversationDraft] = [entry.draft for entry in entries]
    await shared.look_up(
        connection,
        (reference for draft in drafts for reference in references_of(draft)),
        (),
        [draft.assistant for draft in drafts if draft.assistant is not None],
        [tool for draft in drafts for tool in draft.tools],
        viewer=viewer,
    )


async def _forget_feedback(connection: AsyncConnection, writes: Writes, *, viewer: Viewer) -> None:
    """What is said of messages and citations that go goes too, and so do its origin and what was seen of it."""
    messages, citations = writes.deletes[MESSAGES.c.id], writes.deletes[CITATIONS.c.id]
    if messages or citations:
        stays = {row["id"] for row in writes.updates[FEEDBACK]}
        gone = await known.feedback_on(connection, messages, citations, viewer=viewer) - stays
        writes.deletes[ORIGINS.c.entity_id] |= gone
        writes.deletes[VERSIONS.c.entity_id] |= gone
    if nested := writes.deletes[FEEDBACK.c.id]:
        writes.deletes[VERSIONS.c.entity_id] |= nested
