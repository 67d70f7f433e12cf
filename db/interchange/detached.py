"""Stores what comes apart from conversations: feedback that names what it is about, sources, assistants."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from db.interchange import known
from db.interchange.arrival import Arrival
from db.interchange.base import (
    DetachedAssistantDraft,
    DetachedFeedbackDraft,
    DetachedSourceDraft,
)
from db.interchange.contents import Again
from db.interchange.entries import Detached, Outcome, key_of
from db.interchange.fitting import record_key
from db.interchange.known import Key
from db.interchange.merging import Stored
from db.interchange.opinions import store_feedback
from db.interchange.shared import Memory, Shared
from db.interchange.writes import CITATIONS, FEEDBACK, ORIGINS, REASONS, SCORES, VERDICTS, VERSIONS, Writes
from db.viewer import Viewer
from db.words import Entity

_ENTITIES: Mapping[type, tuple[Entity, str]] = {
    DetachedFeedbackDraft: (Entity.FEEDBACK, "feedback"),
    DetachedSourceDraft: (Entity.SOURCE, "sources"),
    DetachedAssistantDraft: (Entity.ASSISTANT, "assistants"),
}


async def store_detached(
    connection: AsyncConnection,
    items: Sequence[Detached],
    arrival: Arrival,
    memory: Memory,
    begin: Callable[[], Awaitable[None]],
    *,
    viewer: Viewer,
) -> Outcome:
    """Store what is new or newer than what is known; feedback on what is not there is given back as missing.

    Raises bulk.RowsRefused where the database does not take it.
    """
    outcome, writes = Outcome(), Writes()
    keys = {key_of(item) for item in items}
    origins = await known.origins(connection, keys, arrival.place, viewer=viewer)
    seen: set[tuple[UUID, str]] = set()
    if origins:
        ids = [row.entity_id for row in origins.values()]
        seen = await known.seen(connection, ids, [digest for item in items for digest in item.digests], viewer=viewer)
    coming = _coming(items, origins, seen, writes, arrival, outcome)
    shared = Shared(memory, writes, arrival)
    feedback = [item for item in coming if isinstance(item.drafted, DetachedFeedbackDraft)]
    if len(feedback) < len(coming):
        sources = [item.drafted.source for item in coming if isinstance(item.drafted, DetachedSourceDraft)]
        assistants = [item.drafted.assistant for item in coming if isinstance(item.drafted, DetachedAssistantDraft)]
        await shared.look_up(connection, (), sources, assistants, (), viewer=viewer)
        for item in coming:
            _store_shared(item, origins.get(key_of(item)), shared, writes, arrival)
    if feedback:
        await _store_feedback(connection, feedback, origins, writes, arrival, outcome, viewer=viewer)
    if writes:
        await begin()
        await writes.execute(connection, viewer=viewer)
    await shared.write_lessons(connection, viewer=viewer)
    outcome.tally.update(writes.count())
    outcome.notes += shared.notes
    return outcome


def _coming(
    items: Sequence[Detached],
    origins: Mapping[Key, Any],
    seen: set[tuple[UUID, str]],
    writes: Writes,
    arrival: Arrival,
    outcome: Outcome,
) -> list[Detached]:
    """What is to be stored: of each record the latest version, unless it or a later one is known."""
    latest: dict[Key, Detached] = {}
    for item in items:
        key, draft = key_of(item), item.draft
        what = _ENTITIES[type(item.drafted)][1]
        origin, other = origins.get(key), latest.get(key)
        if origin is not None and all((origin.entity_id, digest) in seen for digest in item.digests):
            outcome.tally.note(what, "unchanged")
            if origin.import_id is not None and origin.position is not None:
                outcome.again.append(Again(item.position, origin.entity, origin.import_id, origin.position))
        elif origin is not None and _is_older(draft.updated_at, origin.source_updated_at):
            outcome.tally.note(what, "older")
            writes.inserts[VERSIONS] += _versions(origin.entity_id, item, arrival)
        elif other is None:
            latest[key] = item
        elif item.digests == other.digests:
            outcome.tally.note(what, "unchanged")
            entity = _ENTITIES[type(item.drafted)][0]
            outcome.again.append(Again(item.position, entity, arrival.import_id, other.position))
        else:
            outcome.notes.append(f"{item.place}: two versions of {key[0]} {key[1]}, the later is kept")
            outcome.tally.note(what, "older")
            kept = other if _is_older(draft.updated_at, other.draft.updated_at) else item
            latest[key] = replace(kept, digests=(*other.digests, *item.digests))
    return list(latest.values())


def _is_older(updated_at: datetime | None, than: datetime | None) -> bool:
    return updated_at is not None and than is not None and updated_at < than


def _versions(row_id: UUID, item: Detached, arrival: Arrival) -> list[dict[str, Any]]:
    return [{"entity_id": row_id, "digest": digest, "seen_at": arrival.at} for digest in dict.fromkeys(item.digests)]


def _store_shared(item: Detached, origin: Any | None, shared: Shared, writes: Writes, arrival: Arrival) -> None:
    drafted, draft = item.drafted, item.draft
    if isinstance(drafted, DetachedAssistantDraft):
        row_id = shared.assistant(drafted.assistant, newer=True)
        entity = Entity.ASSISTANT
    elif isinstance(drafted, DetachedSourceDraft):
        if origin is not None:
            row_id = origin.entity_id
            shared.teach(row_id, drafted.source.values)
        else:
            found = shared.source(drafted.source, arrival.at)
            assert found is not None, "a source by itself is stored even where nothing identifies it"
            row_id = found
        entity = Entity.SOURCE
    else:
        return
    writes.inserts[ORIGINS] = [row for row in writes.inserts[ORIGINS] if row["entity_id"] != row_id]
    writes.deletes[ORIGINS.c.entity_id].add(row_id)
    writes.inserts[ORIGINS].append(arrival.origin(row_id, entity, draft, position=item.position))
    writes.inserts[VERSIONS] += _versions(row_id, item, arrival)


async def _store_feedback(
    connection: AsyncConnection,
    items: Sequence[Detached],
    origins: Mapping[Key, Any],
    writes: Writes,
    arrival: Arrival,
    outcome: Outcome,
    *,
    viewer: Viewer,
) -> None:
    targets = await _targets(connection, items, arrival, viewer=viewer)
    cited = {
        targets[item].id
        for item in items
        if item in targets and isinstance(item.drafted, DetachedFeedbackDraft) and _cites(item.drafted)
    } - {None}
    order = [CITATIONS.c.position]
    citations = await known.rows(connection, CITATIONS.c.message_id, cited, viewer=viewer, order_by=order)
    ids = {row.entity_id for row in origins.values() if row.entity is Entity.FEEDBACK}
    stored = Stored()
    before: Mapping[UUID, Any] = {}
    if ids:
        before = {
            row_id: row for row_id, (row,) in (await known.rows(connection, FEEDBACK.c.id, ids, viewer=viewer)).items()
        }
        stored.reasons, stored.scores, stored.verdicts = [
            await known.rows(connection, table.c.feedback_id, ids, viewer=viewer, order_by=[table.c.position])
            for table in (REASONS, SCORES, VERDICTS)
        ]
    for item in items:
        draft, target, origin = item.draft, targets.get(item), origins.get(key_of(item))
        assert isinstance(item.drafted, DetachedFeedbackDraft)
        if target is None:
            outcome.missing.append(item)
            continue
        row_id = store_feedback(
            writes,
            item.drafted.feedback,
            None if origin is None else before.get(origin.entity_id),
            stored,
            conversation_id=target.conversation_id,
            message_id=target.id,
            citations=[row["id"] for row in citations.get(target.id, ())],
            position=0,
            at=target.created_at,
        )
        if origin is not None:
            writes.deletes[ORIGINS.c.entity_id].add(origin.entity_id)
        writes.inserts[ORIGINS].append(arrival.origin(row_id, Entity.FEEDBACK, draft, position=item.position))
        writes.inserts[VERSIONS] += _versions(row_id, item, arrival)


def _cites(drafted: DetachedFeedbackDraft) -> bool:
    feedback = drafted.feedback
    return feedback.reference is not None or any(verdict.reference is not None for verdict in feedback.verdicts)


async def _targets(
    connection: AsyncConnection, items: Sequence[Detached], arrival: Arrival, *, viewer: Viewer
) -> dict[Detached, Any]:
    """The message or conversation that each of these is about, where it is there."""
    messages: defaultdict[str, list[tuple[Detached, str | None]]] = defaultdict(list)
    conversations: defaultdict[str, list[Detached]] = defaultdict(list)
    for item in items:
        assert isinstance(item.drafted, DetachedFeedbackDraft)
        message_id, conversation_id = item.drafted.message_id, item.drafted.conversation_id
        if not message_id:
            conversations[conversation_id or ""].append(item)
            continue
        messages[message_id].append((item, conversation_id))
        if conversation_id is not None:
            # An id that two conversations have is kept by the first; the second's is named by its conversation too.
            messages[record_key(f"{conversation_id}#{message_id}")].append((item, conversation_id))
    found: dict[Detached, Any] = {}
    if conversations:
        rows = await known.conversations_of(connection, conversations, arrival.place, viewer=viewer)
        found |= {item: rows[record_id][0] for record_id in rows for item in conversations[record_id]}
    if messages:
        rows = await known.messages_of(connection, messages, arrival.place, viewer=viewer)
        for record_id, asking in messages.items():
            for item, conversation_id in asking:
                for row in rows.get(record_id, ()):
                    if conversation_id is None or row.conversation == conversation_id:
                        found.setdefault(item, row)
    return found
