"""The records of an imported file by their places in it, each made again of the rows that came of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db import reads
from db.database import Database
from db.interchange import rebuilding
from db.interchange.apart import EMBEDS, Detached, WritesApart, WritesTogether
from db.interchange.base import (
    ConversationDraft,
    DetachedAssistantDraft,
    DetachedFeedbackDraft,
    DetachedSourceDraft,
    FeedbackDraft,
    Format,
    MessageDraft,
)
from db.interchange.fitting import ORDER_KEY, WITHIN_KEY
from db.interchange.formats import FORMATS
from db.interchange.own import in_record_order, is_tree
from db.interchange.rebuilding import Rebuilt
from db.interchange.rebuilding_drafts import own_id
from db.interchange.rebuilding_rows import Values
from db.interchange.streaming import Size, packed, sizes_of, snapshot
from db.interchange.writers import documents
from db.interchange.writes import CONVERSATIONS, FEEDBACK, MESSAGES, ORIGINS
from db.jsons import canonical_hash
from db.paging import Row
from db.viewer import Viewer
from db.words import Entity

CHUNK: Final = 200
"""Places that are looked at together."""

_RANKED: Final = (Entity.FEEDBACK, Entity.CONVERSATION, Entity.MESSAGE, Entity.ASSISTANT, Entity.SOURCE)
"""What a record is of, where several rows came of it: feedback may embed a conversation, and a message is one's."""


class Written(NamedTuple):
    """A record that is written again."""

    position: int
    document: Any
    embeds_another: bool = False
    """It embeds a conversation or message that says something else today."""


@dataclass(frozen=True, slots=True)
class _Record:
    position: int
    entity: Entity
    rows: tuple[Row, ...]

    @property
    def ids(self) -> list[UUID]:
        return [row.entity_id for row in self.rows]


async def records_of(database: Database, row: Row, positions: range, *, viewer: Viewer) -> AsyncIterator[list[Written]]:
    """The records of these places of an import's file, in their order; those that cannot be written are left out.

    What is given at a time is of one moment, and small enough to be held.
    """
    async with database.read(viewer=viewer) as connection:
        records = await _records(connection, row, positions, viewer=viewer)
        held = {row_id for record in records for row_id in _conversations(record)}
        sizes = await sizes_of(connection, list(held), viewer=viewer)
    for part in packed((record, _size(record, sizes)) for record in records):
        async with snapshot(database, viewer=viewer) as connection:
            written = await _Writing(connection, row.format, viewer).write(part)
        yield written


def _conversations(record: _Record) -> list[UUID]:
    """The conversations that are held whole to write the record."""
    if record.entity is Entity.CONVERSATION:
        return record.ids
    return [row.conversation_id for row in record.rows] if record.entity is Entity.FEEDBACK else []


def _size(record: _Record, sizes: Mapping[UUID, Size]) -> Size:
    found = [sizes[row_id] for row_id in _conversations(record) if row_id in sizes]
    return Size(1 + sum(size.messages for size in found), sum(size.characters for size in found))


async def _records(connection: AsyncConnection, row: Row, positions: range, *, viewer: Viewer) -> list[_Record]:
    """What stands in these places: what came of their records, or of the same records elsewhere."""
    found = await _standing(connection, row.id, positions, viewer=viewer)
    for start, number, word, source, other in (row.counts or {}).get("again", ()):
        run = range(max(start, positions.start), min(start + number, positions.stop))
        if not run:
            continue
        there = range(run.start - start + other, run.stop - start + other)
        kind = Entity(word)
        for position, rows in (await _standing(connection, UUID(source), there, viewer=viewer)).items():
            same = [each for each in rows if each.entity is kind]
            if same:
                found.setdefault(position - other + start, same)
    records = []
    for position, rows in sorted(found.items()):
        entity = next((each for each in _RANKED if any(row.entity is each for row in rows)), None)
        if entity is not None:
            records.append(_Record(position, entity, tuple(row for row in rows if row.entity is entity)))
    return records


async def _standing(
    connection: AsyncConnection, import_id: UUID, positions: range, *, viewer: Viewer
) -> dict[int, list[Row]]:
    statement = (
        sa.select(
            ORIGINS.c.position,
            ORIGINS.c.entity,
            ORIGINS.c.entity_id,
            sa.func.coalesce(FEEDBACK.c.conversation_id, MESSAGES.c.conversation_id).label("conversation_id"),
            FEEDBACK.c.message_id,
        )
        .outerjoin(FEEDBACK, sa.and_(FEEDBACK.c.id == ORIGINS.c.entity_id, ORIGINS.c.entity == Entity.FEEDBACK))
        .outerjoin(MESSAGES, sa.and_(MESSAGES.c.id == ORIGINS.c.entity_id, ORIGINS.c.entity == Entity.MESSAGE))
        .where(
            ORIGINS.c.import_id == import_id,
            ORIGINS.c.position >= positions.start,
            ORIGINS.c.position < positions.stop,
            reads.in_workspace(ORIGINS, viewer.workspace_id),
        )
    )
    found: defaultdict[int, list[Row]] = defaultdict(list)
    for row in (await connection.execute(statement)).all():
        found[row.position].append(cast("Row", row))
    return dict(found)


class _Writing:
    """Writes some records, in a number of statements that does not depend on how many these are."""

    def __init__(self, connection: AsyncConnection, name: str, viewer: Viewer) -> None:
        self._connection = connection
        self._name = name
        self._format: Format = FORMATS[name]
        self._viewer = viewer
        self._conversations: dict[UUID, Rebuilt] = {}
        self._messages: dict[UUID, Rebuilt] = {}
        self._feedback: Mapping[UUID, tuple[Values, FeedbackDraft]] = {}
        self._targets: dict[UUID, str] = {}
        self._apart: dict[UUID, Detached] = {}

    async def write(self, records: Sequence[_Record]) -> list[Written]:
        """The records, in their order."""
        await self._load(records)
        written: list[Written | None] = []
        for record in records:
            if record.entity is Entity.CONVERSATION:
                written.append(self._write_conversation(record))
            elif record.entity is Entity.MESSAGE:
                written.append(self._write_message(record))
            elif record.entity is Entity.FEEDBACK:
                written.append(self._write_feedback(record))
            else:
                written.append(self._write_apart(record.position, self._apart.get(record.ids[0]), None))
        return [each for each in written if each is not None]

    async def _load(self, records: Sequence[_Record]) -> None:
        connection, viewer = self._connection, self._viewer
        of: defaultdict[Entity, list[Row]] = defaultdict(list)
        for record in records:
            of[record.entity] += record.rows
        ids = {entity: [row.entity_id for row in rows] for entity, rows in of.items()}
        self._feedback = await rebuilding.rebuild_feedback(connection, ids.get(Entity.FEEDBACK, ()), viewer=viewer)
        await self._find_targets(values for values, _ in self._feedback.values())
        conversations = [*ids.get(Entity.CONVERSATION, ())]
        messages = {row.entity_id: row.conversation_id for row in of[Entity.MESSAGE]}
        for values, draft in self._feedback.values():
            match (draft.presence or {}).get(EMBEDS):
                case ["conversation", _]:
                    conversations.append(values["conversation_id"])
                case ["message", _] if values["message_id"] is not None:
                    messages[values["message_id"]] = values["conversation_id"]
        rebuilt = await rebuilding.rebuild(connection, conversations, viewer=viewer)
        self._conversations = {each.row.id: each for each in rebuilt}
        self._messages = await rebuilding.rebuild_messages(connection, messages, viewer=viewer)
        assistants = await rebuilding.rebuild_assistants(connection, ids.get(Entity.ASSISTANT, ()), viewer=viewer)
        sources = await rebuilding.rebuild_sources(connection, ids.get(Entity.SOURCE, ()), viewer=viewer)
        self._apart = {row_id: DetachedAssistantDraft(assistant=draft) for row_id, draft in assistants.items()}
        self._apart |= {row_id: DetachedSourceDraft(source=draft) for row_id, draft in sources.items()}

    def _write_conversation(self, record: _Record) -> Written | None:
        drafts = [
            as_record(self._conversations[each], self._name) for each in record.ids if each in self._conversations
        ]
        if len(drafts) > 1 and isinstance(self._format, WritesTogether):
            return Written(record.position, self._format.write_together(drafts))
        return Written(record.position, documents(self._name, drafts[0])[0]) if drafts else None

    def _write_message(self, record: _Record) -> Written | None:
        rebuilt = self._messages.get(record.ids[0])
        return None if rebuilt is None else Written(record.position, documents(self._name, rebuilt.draft)[0])

    def _write_feedback(self, record: _Record) -> Written | None:
        values, draft = self._feedback[record.ids[0]]
        about = self._targets.get(values["conversation_id"])
        if about is None:
            return None
        document, differs = None, False
        if (embeds := (draft.presence or {}).get(EMBEDS)) is not None:
            what, digest = embeds
            document = self._embedded(what, values)
            differs = document is None or canonical_hash(document) != digest
        message_id = "" if values["message_id"] is None else self._targets[values["message_id"]]
        drafted = DetachedFeedbackDraft(message_id=message_id, conversation_id=about, feedback=draft)
        return self._write_apart(record.position, drafted, document, embeds_another=differs)

    def _embedded(self, what: str, values: Values) -> Any:
        if what == "conversation":
            rebuilt = self._conversations.get(values["conversation_id"])
            draft = None if rebuilt is None else as_record(rebuilt, self._name)
        else:
            alone = self._messages.get(values["message_id"])
            draft = None if alone is None else alone.draft
        return None if draft is None else documents(self._name, draft)[0]

    def _write_apart(
        self, position: int, drafted: Detached | None, embedded: Any, *, embeds_another: bool = False
    ) -> Written | None:
        if drafted is None or not isinstance(self._format, WritesApart):
            return None
        try:
            return Written(position, self._format.write_apart(drafted, embedded), embeds_another)
        except LookupError:
            return None

    async def _find_targets(self, feedback: Iterable[Values]) -> None:
        """Find the original ids of what feedback is about, but nothing of deleted conversations."""
        conversations: set[UUID] = set()
        messages: set[UUID] = set()
        for values in feedback:
            conversations.add(values["conversation_id"])
            if values["message_id"] is not None:
                messages.add(values["message_id"])
        for table, ids in ((CONVERSATIONS, conversations), (MESSAGES, messages)):
            if not ids:
                continue
            statement = (
                sa.select(table.c.id, ORIGINS.c.record_id, ORIGINS.c.id_type, ORIGINS.c.presence)
                .outerjoin(ORIGINS, ORIGINS.c.entity_id == table.c.id)
                .where(reads.one_of(table.c.id, ids), reads.in_workspace(table, self._viewer.workspace_id))
            )
            if table is CONVERSATIONS:
                statement = statement.where(CONVERSATIONS.c.deleted_at.is_(None))
            for row in await self._connection.execute(statement):
                self._targets[row.id] = str(row.id) if row.record_id is None else own_id(*row[1:])


def as_record(rebuilt: Rebuilt, name: str) -> ConversationDraft:
    """What the conversation's own record says: no more than it said, apart from what was written here since.

    Other records of the conversation's, such as single messages, pages in other files and reports, have files or places
    of their own. Of a format without branches it is the branch in play.
    """
    draft = rebuilt.draft
    tree = is_tree(draft, name)
    listed: list[str] | None = (draft.presence or {}).get(ORDER_KEY)
    messages = [
        message
        for message, in_play in zip(draft.messages, rebuilt.in_play, strict=True)
        if (tree or in_play) and _is_of(message, rebuilt.import_id, listed)
    ]
    return replace(
        draft,
        messages=in_record_order(messages, draft),
        feedback=[each for each in draft.feedback if each.stood is None or each.stood.position is None],
    )


def _is_of(message: MessageDraft, import_id: UUID | None, listed: Sequence[str] | None) -> bool:
    """Whether a message is a part of the record of its conversation that was imported there, or was written here."""
    if message.stood is None:
        return True
    if listed is not None and message.record_id not in listed:
        return False
    if message.stood.import_id == import_id and message.stood.position is None:
        return True
    return import_id is not None and (message.presence or {}).get(WITHIN_KEY) == str(import_id)
