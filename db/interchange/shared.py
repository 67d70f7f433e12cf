"""What conversations share: sources, assistants and tools. Each is one row, however often it is drafted."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from db import bulk
from db.interchange import known
from db.interchange.arrival import Arrival
from db.interchange.base import AssistantDraft, ConversationDraft, Draft, ReferenceDraft, SourceDraft, ToolDraft
from db.interchange.known import Key
from db.interchange.writes import ASSISTANT_TOOLS, ASSISTANTS, ORIGINS, SOURCES, TOOLS, Writes, completed, same_row
from db.record import KEY_LENGTH, new_id
from db.sources import identity_of
from db.viewer import Viewer
from db.words import Entity

_REMEMBERED: Final = 50_000
"""Sources, assistants, tools and conversations that are remembered from batch to batch."""

_LEARNED: Final = ("title", "url", "kind", "text", "metadata")
"""What a source that is there already may still learn."""


def references_of(draft: ConversationDraft) -> Iterator[ReferenceDraft]:
    """All references of a conversation and its messages."""
    yield from draft.references
    for message in draft.messages:
        yield from message.references


class Memory:
    """What was found or written for earlier batches, so that it is not asked for again."""

    def __init__(self) -> None:
        self.sources: dict[str, tuple[UUID, set[str]]] = {}
        """By identity the id, and what the source still lacks."""
        self.makers: dict[Key, dict[str, Any]] = {}
        """Assistants and tools, whole, by kind and record id."""
        self.paged: set[UUID] = set()
        """Conversations of which this file brought pages, and which were counted for that."""

    def clear(self) -> None:
        """Forget all, since what was written may have been rolled back."""
        self.sources.clear()
        self.makers.clear()
        self.paged.clear()


class Shared:
    """The shared rows of one batch: known ones are asked for together, new ones are written once."""

    def __init__(self, memory: Memory, writes: Writes, arrival: Arrival) -> None:
        self._memory = memory
        self._writes = writes
        self._arrival = arrival
        self._new_sources: dict[str, dict[str, Any]] = {}
        self._lessons: defaultdict[UUID, dict[str, Any]] = defaultdict(dict)
        self._taken: set[Key] = set()
        self._owners: dict[tuple[Entity, str], UUID] = {}
        self.notes: list[str] = []

    async def look_up(
        self,
        connection: AsyncConnection,
        references: Iterable[ReferenceDraft],
        sources: Iterable[SourceDraft],
        assistants: Collection[AssistantDraft],
        tools: Iterable[ToolDraft],
        *,
        viewer: Viewer,
    ) -> None:
        """Ask for all that these drafts share, with one statement at most for each kind of row and of record."""
        memory = self._memory
        if len(memory.sources) + len(memory.makers) + len(memory.paged) > _REMEMBERED:
            memory.clear()
        identities: set[str] = set()
        keys: set[Key] = set()
        for source in (*(each.source for each in references if each.source is not None), *sources):
            identity = identity_of(source.values)
            if identity is None or identity not in memory.sources:
                identities.update([identity] if identity else [])
                keys.update([_key(source)] if source.record_id is not None else [])
        if identities:
            for identity, row in (await known.sources(connection, identities, viewer=viewer)).items():
                memory.sources[identity] = row.id, {name for name in _LEARNED if getattr(row, name)}
        makers: list[tuple[Entity, Draft]] = [(Entity.ASSISTANT, assistant) for assistant in assistants]
        makers += [(Entity.TOOL, tool) for assistant in assistants for tool in assistant.tools]
        makers += [(Entity.TOOL, tool) for tool in tools]
        wanted = {_key(draft) for _, draft in makers} - memory.makers.keys()
        origins = await known.origins(connection, keys | wanted, self._arrival.place, viewer=viewer)
        self._taken.update(origins)
        for entity, table in ((Entity.ASSISTANT, ASSISTANTS), (Entity.TOOL, TOOLS)):
            ids = {origins[key].entity_id: key for key in wanted & origins.keys() if origins[key].entity is entity}
            if ids:
                rows = await known.rows(connection, table.c.id, ids, viewer=viewer)
                memory.makers |= {ids[row_id]: dict(row) for row_id, (row,) in rows.items()}
            external = {str(draft.values["external_id"]) for of, draft in makers if _claims(draft) and of is entity}
            if external:
                owners = await known.external_ids(connection, table, external, viewer=viewer)
                self._owners |= {(entity, external_id): row_id for external_id, row_id in owners.items()}

    def source(self, draft: SourceDraft, at: datetime, *, shared_only: bool = False) -> UUID | None:
        """The id of a source, which is written if it is not there.

        One that nothing identifies is always new; with `shared_only` there is none for it.
        """
        identity = identity_of(draft.values)
        if identity is None and shared_only:
            return None
        remembered = None if identity is None else self._memory.sources.get(identity)
        if identity is None or remembered is None:
            return self._new_source(draft, identity, at)
        row_id, lacking = remembered
        if lacking and (learned := lacking & {name for name, value in draft.values.items() if value is not None}):
            lacking -= learned
            row = self._new_sources.get(identity)
            row = self._lessons[row_id] if row is None else row
            row |= {name: draft.values[name] for name in learned}
        return row_id

    def count_citation(self, source_id: UUID, by: int = 1) -> None:
        """Note that a source is cited once more, or once less."""
        self._writes.citations[source_id] += by

    def _new_source(self, draft: SourceDraft, identity: str | None, at: datetime) -> UUID:
        created = draft.values.get("created_at") or at
        row_id = new_id(created)
        row = {
            **draft.values,
            "id": row_id,
            "identity": identity,
            "created_at": created,
            "updated_at": draft.values.get("updated_at") or created,
        }
        self._writes.inserts[SOURCES].append(row)
        if identity is not None:
            self._new_sources[identity] = row
            self._memory.sources[identity] = row_id, {name for name in _LEARNED if draft.values.get(name) is None}
        if draft.record_id is not None and _key(draft) not in self._taken:
            self._taken.add(_key(draft))
            self._writes.inserts[ORIGINS].append(self._arrival.origin(row_id, Entity.SOURCE, draft))
        return row_id

    def teach(self, row_id: UUID, values: dict[str, Any]) -> None:
        """Give a source that is there the values of a newer record."""
        self._lessons[row_id].update(values)

    def assistant(self, draft: AssistantDraft, *, newer: bool = False) -> UUID:
        """The id of an assistant, which is written if it is not there; `newer`: the draft replaces what is known."""
        before = len(self._writes.inserts[ASSISTANTS])
        row_id = self._maker(draft, Entity.ASSISTANT, newer=newer)
        if newer or len(self._writes.inserts[ASSISTANTS]) > before:
            if newer:
                self._writes.deletes[ASSISTANT_TOOLS.c.assistant_id].add(row_id)
            tools = dict.fromkeys(self.tool(tool) for tool in draft.tools)
            self._writes.inserts[ASSISTANT_TOOLS] += [
                {"assistant_id": row_id, "tool_id": tool_id, "position": position}
                for position, tool_id in enumerate(tools)
            ]
        return row_id

    def tool(self, draft: ToolDraft) -> UUID:
        """The id of a tool, which is written if it is not there."""
        return self._maker(draft, Entity.TOOL)

    def _maker(self, draft: Draft, entity: Entity, *, newer: bool = False) -> UUID:
        table = ASSISTANTS if entity is Entity.ASSISTANT else TOOLS
        old = self._memory.makers.get(_key(draft))
        created = draft.values.get("created_at") or (old or {}).get("created_at") or self._arrival.at
        row_id: UUID = old["id"] if old is not None else new_id(created)
        values = self._unclaimed(draft, entity, row_id)
        if old is None:
            row = {"name": _made_name(draft), "name_made": "name" not in values, **values, "id": row_id}
            row |= {"created_at": created, "updated_at": values.get("updated_at") or created}
            self._writes.inserts[table].append(row)
            self._writes.inserts[ORIGINS].append(self._arrival.origin(row_id, entity, draft))
            self._memory.makers[_key(draft)] = completed(table, row)
            return row_id
        if newer:
            learned = {"name": _made_name(draft), "name_made": "name" not in values, **values}
        else:
            # Whoever only mentions it knows less than its own record, but may know more than an earlier mention.
            learned = {name: value for name, value in values.items() if value is not None and old.get(name) is None}
            if old["name_made"] and values.get("name") is not None:
                learned |= {"name": values["name"], "name_made": False}
        if newer or learned:
            row = completed(table, learned) if newer else {**old, **learned}
            row |= {"id": row_id, "created_at": created, "version": old["version"]}
            row["updated_at"] = values.get("updated_at") or self._arrival.at
            if not same_row(table, old, row):
                row["version"] += 1
                written = (*self._writes.inserts[table], *self._writes.updates[table])
                pending = next((each for each in written if each["id"] == row_id), None)
                if pending is None:
                    self._writes.updates[table].append(row)
                else:
                    pending.update(row)
                self._memory.makers[_key(draft)] = row
        return row_id

    def _unclaimed(self, draft: Draft, entity: Entity, row_id: UUID) -> dict[str, Any]:
        """The draft's values, without an external id that another row has."""
        if not _claims(draft):
            return draft.values
        external_id = str(draft.values["external_id"])
        if self._owners.setdefault((entity, external_id), row_id) == row_id:
            return draft.values
        self.notes.append(f"{entity.lower()} {draft.record_id}: the external id {external_id!r} is another's, left out")
        return {name: value for name, value in draft.values.items() if name != "external_id"}

    async def write_lessons(self, connection: AsyncConnection, *, viewer: Viewer) -> None:
        """Write what sources learned; a statement for each set of columns."""
        by_columns: defaultdict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
        for row_id, values in self._lessons.items():
            by_columns[tuple(sorted(values))].append({**values, "id": row_id})
        for columns, rows in by_columns.items():
            await bulk.update(connection, SOURCES, rows, columns=columns, viewer=viewer)


def _claims(draft: Draft) -> bool:
    return draft.values.get("external_id") is not None


def _made_name(draft: Draft) -> str:
    return f"{draft.kind.replace('_', ' ').capitalize()} {draft.record_id}"[:KEY_LENGTH]


def _key(draft: Draft) -> Key:
    return draft.kind, draft.record_id or ""
