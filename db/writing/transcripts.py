"""A transcript that comes in again and again: its messages are found, changed where they differ, or added.

Messages with ids are found by these. Without any they are found by their places on the branch in play, and where the
transcript leaves that, on the other branches; of chat messages as they go over the wire, what is equal then stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from db import bulk, messages, reads
from db.words import MessageRole, ProblemCode
from db.writing.adding import Adding
from db.writing.aligning import Alignment, Print, align, print_of
from db.writing.composing import BY_ROLE, Composed, Values
from db.writing.details import Details
from db.writing.known import Known, known_messages
from db.writing.merging import merge
from db.writing.openings import opening_left
from db.writing.outcome import Counts, Row, row_of
from db.writing.performing import Work
from db.writing.playing import play
from db.writing.problems import Place
from db.writing.rows import changed, measured

_LISTS: Final = {
    "content_parts": "parts",
    "citations": "citations",
    "follow_up_questions": "follow_ups",
    "attachments": "attachments",
    "tool_calls": "calls",
}
"""The tables below messages, and what a composed message calls its rows."""

_MERGED: Final[Mapping[str, Place]] = {
    "properties": ("properties",),
    "user_properties": ("user_properties",),
    "metadata": ("metadata", "extra"),
}
"""Columns into which what comes is merged, and the places of their inputs."""

_FIXED: Final = frozenset({"id", "workspace_id", "conversation_id", "created_at"})


class Transcript:
    """The messages of one log. Call `look_up`, then settle the work, then `write`."""

    def __init__(self, work: Work, conversation: Mapping[str, Any], *, fresh: bool, wire: bool) -> None:
        """`wire`: these are chat messages as they go over the wire."""
        self._work = work
        self._conversation = conversation
        self._fresh = fresh
        self._wire = wire
        self._adding = Adding(work, conversation, fresh=fresh)
        self._details = Details(work, self._adding.citing)
        self._composed: Sequence[Composed] = ()
        self._by_place = wire
        self._below: UUID | None = conversation["current_message_id"]
        """Below which message the first new one goes."""
        self._matched: dict[int, Row] = {}
        """By index the message that is there."""
        self._given: dict[int, Values] = {}
        """By index what the row of a message that is there is to say."""
        self._odd: set[int] = set()
        """Those whose ids contradict what is there."""
        self._made: dict[int, Row] = {}
        self._updated: set[int] = set()

    @property
    def touched(self) -> bool:
        """Whether a message was added or changed."""
        return bool(self._made or self._updated)

    async def look_up(self, composed: Sequence[Composed]) -> None:
        """Find the messages that are there, and note what is wrong with the others."""
        work = self._work
        self._composed = composed
        self._by_place = self._wire or not any(
            each.uuid or each.external_id is not None or each.names_parent for each in composed
        )
        await self._adding.look_up(composed)
        known = await known_messages(work, None if self._fresh else self._conversation, composed)
        equal: set[int] = set()
        if not self._by_place:
            await self._find(known)
        elif not self._fresh:
            refused = work.problems.elements(work.elements)
            equal = await self._align([each for each in composed if each.index not in refused])
        left = [each for each in composed if each.index not in self._odd]
        there = {place: self._matched[each.index].id for place, each in enumerate(left) if each.index in self._matched}
        await self._adding.find_places(left, known, there)
        changing = [each for each in composed if each.index in self._matched and each.index not in equal]
        for table, name in _LISTS.items():
            await self._details.load(table, [self._matched[each.index].id for each in changing if _gives(each, name)])
        for each in composed:
            row = self._matched.get(each.index)
            if row is None:
                each.row |= self._merged(each, None)
            elif each.index not in equal:
                role = each.row["role"]
                follows = BY_ROLE[role] if role is not row.role else {}
                self._given[each.index] = {**follows, **each.row, **self._merged(each, row)}

    def _merged(self, each: Composed, row: Row | None) -> Values:
        """What comes of the objects that are merged into what is there."""
        if self._wire:
            return {}
        return {
            name: measured(self._work, merge(None if row is None else row._mapping[name], each.row[name]), each.at + at)
            for name, at in _MERGED.items()
            if name in each.row
        }

    async def _find(self, known: Known) -> None:
        """Find messages by their uuids and external ids."""
        found: dict[UUID, Composed] = {}
        for each in self._composed:
            own = None if each.uuid is None else known.by_id.get(each.uuid)
            named = None if each.external_id is None else known.by_external_id.get(each.external_id)
            if own is not None and own.conversation_id != self._conversation["id"]:
                message = "The uuid is that of a message of another conversation."
                self._wrong(each, "uuid", message, ProblemCode.WRONG_CONVERSATION)
            elif own is not None and named is not None and own.id != named.id:
                message = "The external id is another message's of this conversation."
                self._wrong(each, "external_id", message, ProblemCode.TAKEN)
            elif own is None and named is not None and each.uuid is not None:
                self._wrong(each, "uuid", "The message with this external id has another uuid.", ProblemCode.TAKEN)
            elif (there := own if own is not None else named) is None:
                continue
            elif found.setdefault(there.id, each) is not each:
                field = "uuid" if each.uuid is not None else "external_id"
                self._wrong(each, field, "The message is there twice.", ProblemCode.TAKEN)
            else:
                self._check_parent(each, there, known)
        rows = await messages.by_ids(self._work.connection, list(found), viewer=self._work.viewer) if found else {}
        self._matched = {each.index: rows[row_id] for row_id, each in found.items()}

    def _wrong(self, each: Composed, field: str, message: str, code: ProblemCode) -> None:
        self._odd.add(each.index)
        self._work.wrong((*each.at, field), message, code)

    def _check_parent(self, each: Composed, row: Row, known: Known) -> None:
        """A message that is there keeps its place in the tree."""
        if each.names_parent:
            named = known.by_external_id.get(each.parent_external_id or "")
            above = each.parent_id or (None if named is None else named.id)
            if above is None or above != row.parent_id:
                field = "parent_id" if each.parent_id is not None else "parent_external_id"
                message = "The message is there already, below another parent: a message keeps its place."
                self._work.wrong((*each.at, field), message)

    async def _align(self, composed: Sequence[Composed]) -> set[int]:
        """Find messages by their places, and give those of which nothing can differ."""
        branch = await self._rows(in_play=True)
        prints = await self._prints(branch)
        own = [print_of(each.complete(), each.parts, each.calls or ()) for each in composed]
        roles = [each.row["role"] for each in composed]
        found = align(prints, [row.role for row in branch], own, roles)
        rows = [None if place is None else branch[place] for place in found.matches]
        self._below = branch[found.after].id if found.after >= 0 else None
        if None in rows and found.after < len(branch) - 1:
            await self._go_down(found, own, rows)
        self._matched = {each.index: row for each, row in zip(composed, rows, strict=True) if row is not None}
        if not self._wire:
            return set()
        return {each.index for place, each in enumerate(composed) if place not in found.changed}

    async def _go_down(self, found: Alignment, own: Sequence[Print], rows: list[Row | None]) -> None:
        """Go on along branches that are not in play, as far as these say the same."""
        tree = await self._rows(in_play=False)
        prints = dict(zip([row.id for row in tree], await self._prints(tree), strict=True))
        below: dict[UUID | None, list[Row]] = {}
        for row in tree:
            below.setdefault(row.parent_id, []).append(row)
        for place in range(found.matches.index(None), len(own)):
            siblings = below.get(self._below, [])
            same = next((row for row in reversed(siblings) if prints[row.id] == own[place]), None)
            if same is None:
                return
            rows[place], self._below = same, same.id

    async def _rows(self, *, in_play: bool) -> Sequence[Row]:
        """The messages of the conversation, or those of its branch in play, whole and in order."""
        rows = reads.table("messages")
        order = rows.c.branch_position if in_play else rows.c.sequence
        statement = sa.select(*reads.columns_of(rows)).where(
            rows.c.conversation_id == self._conversation["id"],
            reads.in_workspace(rows, self._work.viewer.workspace_id),
            order.is_not(None),
        )
        return list(await self._work.connection.execute(statement.order_by(order)))

    async def _prints(self, rows: Sequence[Row]) -> list[Print]:
        connection, viewer = self._work.connection, self._work.viewer
        with_parts = [row.id for row in rows if row.has_parts]
        parts = await messages.parts_of(connection, with_parts, viewer=viewer) if with_parts else {}
        calls = await messages.tool_calls_of(connection, [row.id for row in rows], viewer=viewer) if rows else {}
        return [
            print_of(
                row._mapping,
                [dict(part._mapping) for part in parts.get(row.id, ())],
                [dict(call._mapping) for call in calls.get(row.id, ())],
            )
            for row in rows
        ]

    async def write(self, changes: Mapping[str, Any]) -> Values:
        """Write what is new and what changed; gives what changes of the conversation's row."""
        work = self._work
        refused = work.problems.elements(work.elements)
        self._matched = {index: row for index, row in self._matched.items() if index not in refused}
        written, reopened = self._changes()
        await self._details.write()
        columns = [column.name for column in reads.table("messages").columns if column.computed is None]
        columns = [name for name in columns if name not in _FIXED]
        await bulk.update(work.connection, reads.table("messages"), written, columns=columns, viewer=work.viewer)
        given, self._made = await self._adding.write(below=self._below, changes=changes)
        await self._adding.connect_calls(self._details.new_calls, ())
        if reopened:
            given |= await opening_left(work, {**self._conversation, **given})
        return given | await self._play(refused)

    async def _play(self, refused: set[int]) -> Values:
        """The branch of the transcript's last message is in play, once something came or another branch was told."""
        last = next((each.index for each in reversed(self._composed) if each.index not in refused), None)
        end = None if last is None else self._matched.get(last)
        if end is None or not (self._made or (self._by_place and end.branch_position is None)):
            return {}
        return {"current_message_id": (await play(self._work, self._conversation["id"], end.id))[-1]}

    def _changes(self) -> tuple[list[Values], bool]:
        """The rows of the messages that change, whole, and whether the conversation may open otherwise now."""
        written = []
        reopened = False
        for each in self._composed:
            if each.index not in self._given or each.index not in self._matched:
                continue
            row = dict(self._matched[each.index]._mapping)
            changes = changed("messages", row, self._given[each.index])
            if self._replace_lists(each, row) or changes:
                reopened |= MessageRole.USER in (row["role"], changes.get("role")) and bool(
                    changes.keys() & {"content", "role"}
                )
                row |= changes | {"version": row["version"] + 1, "updated_at": self._work.at}
                written.append(row)
                self._updated.add(each.index)
                self._matched[each.index] = row_of("messages", row)
        return written, reopened

    def _replace_lists(self, each: Composed, row: Mapping[str, Any]) -> bool:
        below = self._adding.rows_below(each, row)
        given = [table for table, name in _LISTS.items() if _gives(each, name)]
        replaced = [self._details.replace(table, row["id"], below[table]) for table in given]
        return any(replaced)

    def rows(self, size: int) -> list[Row | None]:
        """The messages in the order of the input; None: refused."""
        return [self._made.get(index) or self._matched.get(index) for index in range(size)]

    def counts(self, size: int) -> Counts:
        """What became of the messages."""
        inserted, updated, there = len(self._made), len(self._updated), len(self._matched)
        return Counts(inserted, updated, there - updated, size - inserted - there)


def _gives(each: Composed, name: str) -> bool:
    """Whether an input gives the list of that name; the parts come with the content."""
    return "content" in each.row if name == "parts" else getattr(each, name) is not None
