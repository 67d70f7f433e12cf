"""Messages that come into a conversation: their places in its tree, their rows, and what the conversation says of them.

However many come, the number of statements is the same: what is known is asked for together, and the rows of a table
are written together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from db import bulk, reads
from db.record import new_id
from db.words import MessageRole
from db.writing.answering import answer
from db.writing.citing import Citing, tools_there
from db.writing.composing import Composed, Values
from db.writing.known import Known, known_messages
from db.writing.openings import opening
from db.writing.outcome import Row, row_of
from db.writing.performing import Work
from db.writing.placing import Placing, Spot
from db.writing.playing import play
from db.writing.problems import Place


class Adding:
    """New messages of one conversation, on their way in.

    Call `look_up` and `find_places`, then settle the work, then `write`.
    """

    def __init__(self, work: Work, conversation: Mapping[str, Any], *, fresh: bool = False) -> None:
        self._work = work
        self._conversation = conversation
        self._fresh = fresh
        """The conversation is being made: there is nothing in it."""
        self.citing = Citing(work)
        self._composed: Sequence[Composed] = ()

    async def look_up(self, composed: Sequence[Composed]) -> None:
        """Look up the sources and tools that these messages name, and note those that are not there."""
        asked: dict[UUID, list[Place]] = {}
        for each in composed:
            if each.citations:
                self.citing.ask(each.citations, (*each.at, "citations"))
            for index, call in enumerate(each.calls or ()):
                if (tool_id := call.get("tool_id")) is not None:
                    asked.setdefault(tool_id, []).append((*each.at, "tool_calls", str(index), "tool_id"))
        await self.citing.look_up()
        await tools_there(self._work, asked)

    async def find_places(
        self, composed: Sequence[Composed], known: Known | None = None, there: Mapping[int, UUID] | None = None
    ) -> None:
        """Find the places of the new ones of these messages in the tree, and note what is wrong with them.

        `there`: by their places in the list, the ids of those that are there already.
        """
        row = self._conversation
        if known is None:
            known = await known_messages(self._work, None if self._fresh else row, composed)
        self._composed = composed
        self._known = known
        self._placing = Placing(self._work, row["id"], composed, there or {}, known)
        self._placing.check()

    async def write(
        self, *, below: UUID | None, changes: Mapping[str, Any] | None = None
    ) -> tuple[Values, dict[int, Row]]:
        """Write the new messages that nothing is wrong with; the first goes below that one if it names no parent.

        Gives what changes of the conversation's row, `changes` among it, and the rows by index.
        """
        work, conversation = self._work, self._conversation
        current = self._known.by_id.get(conversation["current_message_id"])
        last = self._known.by_id.get(conversation["last_message_id"])
        placed = self._placing.place(below, 0 if last is None else last.sequence + 1)
        changes = dict(changes or {})
        if not placed:
            return changes, {}
        accepted = [(self._composed[place], placed[place]) for place in sorted(placed)]
        rows = self._rows(accepted, current)
        ordered = sorted(rows, key=lambda row: int(row["sequence"]))
        await bulk.insert(work.connection, reads.table("messages"), ordered, viewer=work.viewer)
        await self._write_below([(each, row) for (each, _), row in zip(accepted, rows, strict=True)])
        leaf = rows[-1]["id"]
        if rows[-1]["branch_position"] is None:
            branch = await play(work, conversation["id"], leaf)
            leaf, positions = branch[-1], {row_id: position for position, row_id in enumerate(branch)}
            for row in rows:
                row["branch_position"] = positions.get(row["id"])
        changes |= {
            "message_count": conversation["message_count"] + len(rows),
            "last_message_id": ordered[-1]["id"],
            "current_message_id": leaf,
            "last_activity_at": self._last_activity(rows),
            **self._opening(ordered, changes),
        }
        return changes, {each.index: row_of("messages", row) for (each, _), row in zip(accepted, rows, strict=True)}

    def _rows(self, accepted: Sequence[tuple[Composed, Spot]], current: Row | None) -> list[Values]:
        """The rows of the messages; where they only go on from the end of the branch in play, with their positions."""
        end = None if current is None else current.id
        first = 0 if current is None else current.branch_position + 1
        above = [end, *(spot.id for _, spot in accepted)]
        goes_on = all(spot.parent_id == parent for (_, spot), parent in zip(accepted, above, strict=False))
        rows = []
        for offset, (each, spot) in enumerate(accepted):
            at: datetime = each.row.get("timestamp") or self._work.at
            rows.append(
                {
                    **each.complete(),
                    "id": spot.id,
                    "workspace_id": self._work.viewer.workspace_id,
                    "conversation_id": self._conversation["id"],
                    "parent_id": spot.parent_id,
                    "sequence": spot.sequence,
                    "branch_position": first + offset if goes_on else None,
                    "created_at": at,
                    "updated_at": self._work.at,
                }
            )
        return rows

    async def _write_below(self, accepted: Sequence[tuple[Composed, Values]]) -> None:
        """Write what hangs on the messages."""
        work, viewer = self._work, self._work.viewer
        below: dict[str, list[Values]] = {}
        for each, row in accepted:
            for name, values in self.rows_below(each, row).items():
                below.setdefault(name, []).extend(values)
        await self.citing.write_sources()
        for name, values in below.items():
            await bulk.insert(work.connection, reads.table(name), values, viewer=viewer)
        self.citing.cite(below["citations"])
        await self.citing.write_counts()
        await self.connect_calls(below["tool_calls"], [row for _, row in accepted])

    async def connect_calls(self, calls: Sequence[Mapping[str, Any]], results: Sequence[Mapping[str, Any]]) -> None:
        """Connect new calls with their results, and new results with their calls; note which tools were used."""
        call_ids = {call.get("call_id") for call in calls} | {row.get("tool_call_id") for row in results}
        named = [call_id for call_id in call_ids if call_id is not None]
        if named:
            await answer(self._work, self._conversation["id"], named)
        await self._use_tools({call["tool_id"] for call in calls if call.get("tool_id") is not None})

    def rows_below(self, each: Composed, row: Mapping[str, Any]) -> dict[str, list[Values]]:
        """The rows below a message, by their tables; those with ids have new ones."""
        at, message_id = self._work.at, row["id"]

        def numbered(rows: Sequence[Values] | None, *, own_id: bool) -> list[Values]:
            made = [{**each, "message_id": message_id, "position": place} for place, each in enumerate(rows or ())]
            return [{**row, "id": new_id(at), "created_at": at} for row in made] if own_id else made

        citations = self.citing.rows(
            each.citations or (), conversation_id=row["conversation_id"], message_id=message_id
        )
        return {
            "content_parts": numbered(each.parts, own_id=False),
            "citations": [{**citation, "id": new_id(at)} for citation in citations],
            "follow_up_questions": numbered(each.follow_ups, own_id=False),
            "attachments": numbered(each.attachments, own_id=True),
            "tool_calls": numbered(each.calls, own_id=True),
        }

    async def _use_tools(self, tool_ids: set[UUID]) -> None:
        """Note that the conversation used these tools."""
        if not tool_ids:
            return
        links = reads.table("conversation_tools")
        found = await self._work.connection.execute(
            sa.select(links.c.tool_id, links.c.position).where(
                links.c.conversation_id == self._conversation["id"],
                reads.in_workspace(links, self._work.viewer.workspace_id),
            )
        )
        known = {row.tool_id: row.position for row in found}
        first = max(known.values(), default=-1) + 1
        rows = [
            {"conversation_id": self._conversation["id"], "tool_id": tool_id, "position": first + offset}
            for offset, tool_id in enumerate(sorted(tool_ids - known.keys()))
        ]
        await bulk.insert(self._work.connection, links, rows, viewer=self._work.viewer)

    def _last_activity(self, rows: Sequence[Values]) -> datetime:
        latest: datetime = max(row["created_at"] for row in rows)
        return latest if self._fresh else max(latest, self._conversation["last_activity_at"])

    def _opening(self, ordered: Sequence[Values], changes: Mapping[str, Any]) -> Values:
        """The preview, and the title where it is made, once a user says something."""
        row = {**self._conversation, **changes}
        if row["preview"] is not None:
            return {}
        said = next((each["content"] for each in ordered if each["role"] is MessageRole.USER and each["content"]), None)
        return {} if said is None else opening(said, title_made=row["title_made"])
