"""Turns settled drafts of conversations into the rows of a batch: new ones, and new versions in the place of old ones.

A conversation that is there keeps its id, and so do its messages, citations and pieces of feedback as far as the new
version still has them: what was said about them here stays.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from db.interchange import trees
from db.interchange.arrival import Arrival
from db.interchange.base import ConversationDraft
from db.interchange.below import Below
from db.interchange.claims import Claims, keep_external_id
from db.interchange.entries import Entry
from db.interchange.fitting import PARENT_KEY, WITHIN_KEY
from db.interchange.known import Key
from db.interchange.merging import Old, Stored
from db.interchange.opinions import About, Opinions
from db.interchange.shared import Shared
from db.interchange.sorting import tell_apart
from db.interchange.trees import Node, Tree
from db.interchange.writes import (
    CITATIONS,
    CONVERSATION_TAGS,
    CONVERSATION_TOOLS,
    CONVERSATIONS,
    MESSAGES,
    ORIGINS,
    VERSIONS,
    Writes,
    completed,
    same_row,
)
from db.record import new_id
from db.titles import OPENING_LENGTH, made_title, preview
from db.words import Entity, MessageRole


class Storing:
    """Stores the conversations of one batch; what it needs to know of the database was asked before."""

    def __init__(
        self,
        writes: Writes,
        arrival: Arrival,
        shared: Shared,
        stored: Stored,
        taken: Iterable[Key],
        owners: dict[str, UUID],
    ) -> None:
        self._writes = writes
        self._arrival = arrival
        self._shared = shared
        self._stored = stored
        self._claims = Claims(taken)
        self._owners = owners
        """Whose external ids are whose."""
        self._below = Below(writes, shared, stored)
        self._opinions = Opinions(writes, arrival, stored, self._claims)

    def conversation(self, entry: Entry, row_id: UUID | None) -> None:
        """Store a conversation; with an id, in the place of the one that is there."""
        draft = entry.draft
        old = None if row_id is None else self._stored.conversations[row_id]
        keys = self._claims.message_keys(draft, () if old is None else old.record_ids)
        current = None if old is None else old.row["current_message_id"]
        tree = trees.grow(draft, () if old is None else old.messages, current, keys)
        if not (draft.whole or draft.loose):
            trees.keep_order(draft, tree, self._arrival.import_id)
        if draft.loose and old is not None:
            tell_apart(draft, old.row)
        values, times = draft.values, _times(draft, old)
        told = [*times[:1], *([] if old is None else [old.row["created_at"]])]
        created: datetime = values.get("created_at") or min(told, default=self._arrival.at)
        row_id = new_id(created) if row_id is None else row_id
        row = self._row(entry, row_id, created, times)
        names = self._tools(draft)
        messages = self._messages(entry, row_id, tree, created)
        self._below.calls(tree, old, names)
        self._store_row(entry, row, self._summary(draft, old, tree, values), old)
        self._lists(draft, row_id, old)
        citations = self._below.references(
            draft.references,
            self._stored.own_citations.get(row_id, ()),
            conversation_id=row_id,
            message_id=None,
            at=created,
            whole=draft.whole,
        )
        own = not (entry.stale or draft.loose)
        opinions = [About(draft.feedback, None, citations, created), *messages] if own else messages
        self._opinions.nested(draft, row_id, {} if old is None else old.feedback, opinions, own=own)
        if old is not None:
            self._forget(entry, old, tree)
        if not entry.stale:
            position = None if draft.loose else entry.position
            self._writes.inserts[ORIGINS].append(
                self._arrival.origin(row_id, Entity.CONVERSATION, draft, position=position)
            )
        self.versions(row_id, entry.digests)

    def versions(self, row_id: UUID, digests: Iterable[str]) -> None:
        """Note that these versions of a record were seen."""
        self._writes.inserts[VERSIONS] += [
            {"entity_id": row_id, "digest": digest, "seen_at": self._arrival.at} for digest in dict.fromkeys(digests)
        ]

    def _row(self, entry: Entry, row_id: UUID, created: datetime, times: Sequence[datetime]) -> dict[str, Any]:
        draft, values = entry.draft, entry.draft.values
        updated = values.get("updated_at") or draft.updated_at
        if updated is None:
            updated = max(times[-1], created) if times else created
        row = {**values, "id": row_id, "created_at": created, "updated_at": updated}
        row["last_activity_at"] = values.get("last_activity_at") or (times[-1] if times else updated)
        if draft.assistant is not None:
            row["assistant_id"] = self._shared.assistant(draft.assistant)
        external_id = values.get("external_id")
        if external_id is not None and self._owners.setdefault(external_id, row_id) != row_id:
            keep_external_id(draft)
            draft.notes.append(
                f"{draft.kind} {draft.record_id}: the external id {external_id!r} is another's, left out"
            )
            row["external_id"] = None
        return row

    def _tools(self, draft: ConversationDraft) -> dict[str, UUID]:
        """The ids of the tools that the draft names, by name."""
        tools = [*draft.tools, *(draft.assistant.tools if draft.assistant is not None else ())]
        return {str(tool.values["name"]): self._shared.tool(tool) for tool in tools if tool.values.get("name")}

    def _summary(
        self, draft: ConversationDraft, old: Old | None, tree: Tree, values: Mapping[str, Any]
    ) -> dict[str, Any]:
        """What the row says of the messages."""
        opening = next((text for node in tree.nodes if (text := _said_by_user(node))), None)
        summary = {
            "message_count": len(tree.nodes),
            "last_message_id": tree.nodes[-1].id if tree.nodes else None,
            "current_message_id": tree.leaf.id if tree.leaf is not None else None,
            "preview": preview(opening),
        }
        titled = bool(values.get("title"))
        if not titled and not draft.whole and old is not None and not old.row["title_made"]:
            return summary
        if not titled:
            summary["title"] = made_title(opening)
        return {**summary, "title_made": not titled}

    def _store_row(self, entry: Entry, row: dict[str, Any], summary: dict[str, Any], old: Old | None) -> None:
        draft, writes = entry.draft, self._writes
        if old is None:
            writes.inserts[CONVERSATIONS].append(row | summary)
            return
        # What the source doesn't know of stays: a deletion or a fork made here.
        kept = dict(old.row) if not draft.whole else {name: old.row[name] for name in ("deleted_at", "forked_from_id")}
        times = {} if entry.stale else {"updated_at": row["updated_at"]}
        if not draft.values.get("updated_at") and not draft.updated_at:
            times["updated_at"] = max(old.row["updated_at"], self._arrival.at if draft.whole else row["updated_at"])
        if not draft.whole:
            times["last_activity_at"] = max(old.row["last_activity_at"], row["last_activity_at"])
        target = completed(CONVERSATIONS, {**kept, **({} if entry.stale else row), **summary, **times})
        target["version"] = old.row["version"]
        if not same_row(CONVERSATIONS, old.row, target, draft.values):
            target["version"] += 1
            writes.updates[CONVERSATIONS].append(target)

    def _lists(self, draft: ConversationDraft, row_id: UUID, old: Old | None) -> None:
        """Tags and tools of the conversation."""
        tags = list(dict.fromkeys(draft.tags))
        tools = list(dict.fromkeys(self._shared.tool(tool) for tool in draft.tools))
        for table, name, values, stored in (
            (CONVERSATION_TAGS, "tag", tags, self._stored.tags),
            (CONVERSATION_TOOLS, "tool_id", tools, self._stored.tools),
        ):
            before = [row[name] for row in stored.get(row_id, ())]
            if old is not None and not draft.whole:
                values = list(dict.fromkeys([*before, *values]))
            if values == before:
                continue
            if before:
                self._writes.deletes[table.c.conversation_id].add(row_id)
            self._writes.inserts[table] += [
                {"conversation_id": row_id, name: value, "position": position} for position, value in enumerate(values)
            ]

    def _messages(self, entry: Entry, conversation_id: UUID, tree: Tree, fallback: datetime) -> list[About]:
        """Store the messages; what is given back is the feedback on them."""
        draft, writes = entry.draft, self._writes
        insert, origin = writes.inserts[MESSAGES].append, writes.inserts[ORIGINS].append
        positions = {id(message): place for message, place in zip(draft.messages, entry.positions, strict=False)}
        external_ids: set[str] = set()
        opinions: list[About] = []
        for node in tree.nodes:
            message, parent_id = node.draft, node.parent.id if node.parent is not None else None
            place = {"sequence": node.sequence, "parent_id": parent_id, "branch_position": node.branch_position}
            if message is None:
                node.id = node.old.id
                external_ids.add(node.old.external_id)
                if any(getattr(node.old, name) != value for name, value in place.items()):
                    writes.moves.append({"id": node.id, **place})
                continue
            if message.parent is not None and parent_id is None:
                message.presence = {PARENT_KEY: message.parent, **(message.presence or {})}
            if positions and _came_within(node.old):
                message.presence = {WITHIN_KEY: str(node.old.import_id), **(message.presence or {})}
            values = message.values
            created = values.get("created_at") or values.get("timestamp") or fallback
            node.id = row_id = new_id(created) if node.old is None else node.old.id
            row = {
                **values,
                **place,
                "id": row_id,
                "conversation_id": conversation_id,
                "has_parts": message.parts is not None,
                "created_at": created,
                "updated_at": values.get("updated_at") or created,
            }
            external_id = values.get("external_id")
            if external_id is not None:
                if external_id in external_ids:
                    keep_external_id(message)
                    draft.notes.append(f"message {message.record_id}: the external id {external_id!r} is there twice")
                    row["external_id"] = None
                external_ids.add(external_id)
            if node.old is None:
                insert(row)
            else:
                self._replace_message(row, values, node)
            origin(
                self._arrival.origin(
                    row_id,
                    Entity.MESSAGE,
                    message,
                    key=node.key,
                    position=positions.get(_identity(message)),
                    updated_at=message.updated_at or draft.updated_at,
                )
            )
            citations = self._below.message(message, row_id, conversation_id, created, node.old is not None)
            if message.feedback:
                opinions.append(About(message.feedback, row_id, citations, created))
        return opinions

    def _replace_message(self, row: dict[str, Any], values: Mapping[str, Any], node: Node) -> None:
        (old,) = self._stored.messages[node.old.id]
        if same_row(MESSAGES, old, row, values):
            self._writes.tally.note("messages", "unchanged")
            return
        if not values.get("updated_at"):
            row["updated_at"] = max(old["updated_at"], self._arrival.at)
        self._writes.updates[MESSAGES].append(completed(MESSAGES, {**row, "version": old["version"] + 1}))

    def _forget(self, entry: Entry, old: Old, tree: Tree) -> None:
        """Make room for the new origins, and let go of messages that are gone, with all that is below them."""
        if not entry.stale:
            self._writes.deletes[ORIGINS.c.entity_id].add(old.row["id"])
        self._writes.deletes[ORIGINS.c.entity_id] |= {node.old.id for node in tree.nodes if node.draft and node.old}
        for row in tree.gone:
            self._writes.deletes[MESSAGES.c.id].add(row.id)
            self._writes.deletes[ORIGINS.c.entity_id].add(row.id)
            for citation in self._stored.citations.get(row.id, ()):
                self._writes.deletes[CITATIONS.c.id].add(citation["id"])
                self._below.release(citation["source_id"])


def _came_within(old: Any) -> bool:
    """Whether a message that is there came as a part of its conversation's record."""
    return old is not None and old.import_id is not None and old.position is None


def _identity(message: object) -> int:
    return id(message)


def _times(draft: ConversationDraft, old: Old | None) -> list[datetime]:
    """The first and the last time that messages say."""
    values = (message.values for message in draft.messages)
    times = [time for each in values if (time := each.get("timestamp") or each.get("created_at")) is not None]
    if old is not None:
        times += [row.timestamp or row.created_at for row in old.messages if row.record_id is None or not draft.whole]
    return [min(times), max(times)] if times else []


def _said_by_user(node: Node) -> str | None:
    if node.draft is None:
        return node.old.opening if node.old.role is MessageRole.USER else None
    values = node.draft.values
    said: str | None = values.get("content") if values.get("role") == MessageRole.USER else None
    return said[:OPENING_LENGTH] if said else None
