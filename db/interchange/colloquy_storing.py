"""Stores conversations of the native format: each whole, in one transaction: new, in a later state, or not at all."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db import bulk
from db.interchange import colloquy_known, known
from db.interchange.base import BadRecord
from db.interchange.colloquy_checks import citations_of, with_ids
from db.interchange.colloquy_kinds import CITATION, CONVERSATION, FEEDBACK_KIND, IMPORTS, MESSAGE, Kind, Node
from db.interchange.colloquy_known import IN_CONVERSATIONS, OriginKey, Owner
from db.interchange.colloquy_merging import merged_conversation, origin_key, told
from db.interchange.colloquy_outcome import Line, Outcome
from db.interchange.colloquy_rows import CHUNK_MESSAGES, conversations_of
from db.interchange.colloquy_writes import add_conversation, clear_conversation, settle_branch
from db.interchange.writes import ASSISTANTS, CONVERSATIONS, MESSAGES, SOURCES, TOOLS, Writes
from db.viewer import Viewer

_WHAT = {ASSISTANTS: "assistant", TOOLS: "tool", SOURCES: "source", IMPORTS: "import"}


async def store_conversations(
    connection: AsyncConnection, lines: Sequence[Line], outcome: Outcome, *, viewer: Viewer
) -> None:
    """Store conversations, no two of which have the same id. Raises bulk.RowsRefused."""
    if not lines:
        return
    for line in lines:
        _map(line.node, outcome.mapped)
    claims = await _Claims.of(connection, lines, viewer=viewer)
    accepted: dict[UUID, Line] = {}
    for line in lines:
        try:
            claims.check(line.node)
        except BadRecord as error:
            outcome.refuse(line, error)
        else:
            claims.add(line.node)
            accepted[line.id] = line
    writes = Writes()
    known_here = [own for own in accepted if own in claims.conversations]
    if known_here:
        await colloquy_known.lock(connection, known_here, viewer=viewer)
    async for here in conversations_of(connection, known_here, viewer=viewer):
        merged = _weigh(here, accepted.pop(here.values["id"]).node, outcome)
        if merged is None:
            continue
        clear_conversation(here, writes)
        add_conversation(merged, writes, there=True)
        if len(writes.inserts[MESSAGES]) > CHUNK_MESSAGES:
            await _write(connection, writes, viewer=viewer)
            writes = Writes()
    for line in accepted.values():
        _count(outcome, "new", line.node)
        add_conversation(line.node, writes, there=False)
    await _write(connection, writes, viewer=viewer)


async def _write(connection: AsyncConnection, writes: Writes, *, viewer: Viewer) -> None:
    """Write the conversations: of those that are there, all that is below them goes and comes again, with its ids."""
    for column in list(writes.deletes):
        await bulk.delete(connection, column, writes.deletes.pop(column), viewer=viewer)
    await writes.execute(connection, viewer=viewer)


def _weigh(here: Node, coming: Node, outcome: Outcome) -> Node | None:
    """The conversation as it is to be; None where it is so already."""
    settle_branch(coming)
    before = told(CONVERSATION, here)
    says = told(CONVERSATION, coming)
    messages = len(here.below("messages"))
    if says == before:
        outcome.tally.note("conversations", "unchanged")
        outcome.tally.note("messages", "unchanged", messages)
        return None
    old = {key: _told(kind, nodes) for key, kind, nodes in _counted(here)}
    merged = merged_conversation(here, coming)
    settle_branch(merged)
    if told(CONVERSATION, merged) == before:
        outcome.tally.note("conversations", "older")
        outcome.tally.note("messages", "unchanged", messages)
        return None
    outcome.tally.note("conversations", "updated")
    for key, kind, nodes in _counted(merged):
        new, was = _told(kind, nodes), old[key]
        outcome.tally.note(key, "new", len(new.keys() - was.keys()))
        outcome.tally.note(key, "removed", len(was.keys() - new.keys()))
        kept = [own for own in new if own in was]
        changed = sum(new[own] != was[own] for own in kept)
        outcome.tally.note(key, "updated", changed)
        if key == "messages":
            outcome.tally.note(key, "unchanged", len(kept) - changed)
    return merged


def _count(outcome: Outcome, what: str, node: Node) -> None:
    outcome.tally.note("conversations", what)
    for key, _, below in _counted(node):
        outcome.tally.note(key, what, len(below))


def _counted(node: Node) -> list[tuple[str, Kind, list[Node]]]:
    return [
        ("messages", MESSAGE, node.below("messages")),
        ("citations", CITATION, [*citations_of(node)]),
        ("feedback", FEEDBACK_KIND, node.below("feedback")),
    ]


def _told(kind: Kind, nodes: Iterable[Node]) -> dict[UUID, str]:
    return {node.values["id"]: told(kind, node) for node in nodes}


def _map(node: Node, mapped: Mapping[UUID, UUID]) -> None:
    """Let a conversation refer to the rows that are here for those of the file."""
    if not mapped:
        return
    _set(node, "assistant_id", mapped)
    node.lists["toolIds"] = list(dict.fromkeys(mapped.get(own, own) for own in node.lists.get("toolIds", ())))
    for message in node.below("messages"):
        for call in message.below("toolCalls"):
            _set(call, "tool_id", mapped)
    for citation in citations_of(node):
        _set(citation, "source_id", mapped)
    for feedback in node.below("feedback"):
        _set(feedback, "seen_assistant_id", mapped)


def _set(node: Node, column: str, mapped: Mapping[UUID, UUID]) -> None:
    node.values[column] = mapped.get(node.values[column], node.values[column])


def _targets(node: Node) -> Iterator[tuple[str, sa.Table, UUID]]:
    """What a conversation refers to beyond itself: where it says so, the table, and the id."""
    if node.values["assistant_id"] is not None:
        yield "conversation.assistantId", ASSISTANTS, node.values["assistant_id"]
    for index, own in enumerate(node.lists.get("toolIds", ())):
        yield f"conversation.toolIds[{index}]", TOOLS, own
    for path, each in _traced(node):
        for key, column, table in (("toolId", "tool_id", TOOLS), ("sourceId", "source_id", SOURCES)):
            if each.values.get(column) is not None:
                yield f"{path}.{key}", table, each.values[column]
        if each.origin is not None and each.origin.values["import_id"] is not None:
            yield f"{path}.origin.importId", IMPORTS, each.origin.values["import_id"]


class _Claims:
    """What is unique in the whole database or in the workspace, and whose it is."""

    def __init__(self) -> None:
        self.conversations: dict[UUID, Owner] = {}
        """Those of the conversations that are there."""
        self._ids: dict[tuple[sa.Table, UUID], UUID | None] = {}
        """Whose ids of rows are, by the conversations that they are in."""
        self._origins: dict[OriginKey, UUID | None] = {}
        self._external_ids: dict[str, UUID] = {}
        self._targets: set[tuple[sa.Table, UUID]] = set()

    @classmethod
    async def of(cls, connection: AsyncConnection, lines: Sequence[Line], *, viewer: Viewer) -> "_Claims":
        """What the database knows of these conversations."""
        claims = cls()
        nodes = [line.node for line in lines]
        claims.conversations = await colloquy_known.owners(
            connection, CONVERSATIONS, [line.id for line in lines], viewer=viewer
        )
        ids: dict[sa.Table, set[UUID]] = {table: set() for table in IN_CONVERSATIONS}
        origins: set[OriginKey] = set()
        targets: dict[sa.Table, set[UUID]] = {table: set() for table in _WHAT}
        for node in nodes:
            for _, table, each in with_ids(node):
                ids[table].add(each.values["id"])
            origins |= {key for _, key in _origins(node)}
            for _, table, own in _targets(node):
                targets[table].add(own)
        for table, wanted in ids.items():
            found = await colloquy_known.owners(connection, table, wanted, viewer=viewer)
            claims._ids |= {(table, own): owner.conversation_id for own, owner in found.items()}
        entities = {
            key: row.entity_id
            for key, row in (await colloquy_known.origins(connection, origins, viewer=viewer)).items()
        }
        holders = (
            await colloquy_known.conversations_of(connection, entities.values(), viewer=viewer) if entities else {}
        )
        claims._origins = {key: holders.get(own) for key, own in entities.items()}
        external = {node.values["external_id"] for node in nodes} - {None}
        claims._external_ids = await known.external_ids(connection, CONVERSATIONS, external, viewer=viewer)
        for table, wanted in targets.items():
            found_here = await colloquy_known.there(connection, table, wanted, viewer=viewer)
            claims._targets |= {(table, own) for own in found_here}
        return claims

    def check(self, node: Node) -> None:
        """Raise BadRecord where the conversation claims what is another's, or refers to what is not there."""
        own = node.values["id"]
        if own in self.conversations and not self.conversations[own].mine:
            raise BadRecord(f"conversation.id: {own} is taken, by a row of another workspace")
        for path, table, each in with_ids(node):
            key = table, each.values["id"]
            if self._ids.get(key, own) != own:
                raise BadRecord(f"{path}.id: {key[1]} is taken, by a row of another conversation")
        external_id = node.values["external_id"]
        if (other := self._external_ids.get(external_id, own)) != own:
            raise BadRecord(f"conversation.externalId: {external_id!r} is that of conversation {other} here")
        for path, origin in _origins(node):
            if (holder := self._origins.get(origin, own)) != own:
                of = f"in conversation {holder}" if holder else "of another kind"
                raise BadRecord(f"{path}.origin: {' '.join(origin)} is that of a row {of} here")
        for path, table, target in _targets(node):
            if (table, target) not in self._targets:
                raise BadRecord(f"{path}: there is no {_WHAT[table]} {target}: its line must come before")

    def add(self, node: Node) -> None:
        """Note what a conversation claims that is going to be stored."""
        own = node.values["id"]
        self._ids |= {(table, each.values["id"]): own for _, table, each in with_ids(node)}
        self._origins |= {key: own for _, key in _origins(node)}
        if node.values["external_id"] is not None:
            self._external_ids[node.values["external_id"]] = own


def _traced(node: Node) -> Iterator[tuple[str, Node]]:
    yield "conversation", node
    for path, _, each in with_ids(node):
        yield path, each


def _origins(node: Node) -> Iterator[tuple[str, OriginKey]]:
    for path, each in _traced(node):
        if each.origin is not None:
            yield path, origin_key(each.origin)
