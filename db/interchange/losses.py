"""What a conversation says that its written records don't: told by reading them again, column by column.

Losses are counted by the names of the API: `messages.citations.excerpt` is the number of citations whose excerpt is not
there any more, `messages.citations` that of citations which are missing altogether.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from db.interchange import writes
from db.interchange.base import (
    AssistantDraft,
    ConversationDraft,
    DetachedFeedbackDraft,
    Draft,
    FeedbackDraft,
    MessageDraft,
    ReferenceDraft,
)
from db.interchange.fitting import record_key
from db.interchange.keys import Columns
from db.interchange.ledger import Ledger, api_name, held
from db.interchange.neutral import Copy
from db.interchange.told import times_of, told
from db.words import IdType, MessageRole, PartType

OFF_BRANCH: Final = "messages off the branch in play"
"""Messages that a format without branches has no place for."""
INEXACT: Final = ", its time"
"""What stands behind the name of a state that is there without its time."""
_OF_SOURCES: Final = ("text", "metadata")
"""What a citation doesn't say of its source."""


def losses(
    draft: ConversationDraft,
    copy: Copy,
    back: ConversationDraft,
    detached: Sequence[DetachedFeedbackDraft] = (),
) -> Counter[str]:
    """What of a draft is not in `back`, as which its neutral copy was read again, nor in the feedback beside it.

    What was read is settled, as the importer would.
    """
    ledger = _Losses()
    ledger.conversation(draft, copy, back)
    on_messages = _by_message(detached)
    ledger.feedback("", draft.feedback, [*back.feedback, *on_messages.pop("", ())])
    found = {message.record_id: message for message in back.messages}
    pairs: list[tuple[MessageDraft, MessageDraft, MessageDraft | None]] = []
    for index, (original, one) in enumerate(zip(copy.originals, copy.draft.messages, strict=True)):
        key = record_key(str(one.record_id))
        other = found.get(key)
        if other is None and index < len(back.messages):
            other = back.messages[index]
        pairs.append((original, one, other))
        if other is None:
            ledger.lose("messages")
            continue
        ledger.message(draft, original, one, other)
        ledger.feedback("messages.", original.feedback, [*other.feedback, *on_messages.get(key, ())])
    ledger.places(copy.draft, pairs, back)
    if off := len(draft.messages) - len(copy.originals):
        ledger.lose(OFF_BRANCH, off)
    return +ledger.counts


def _by_message(detached: Sequence[DetachedFeedbackDraft]) -> dict[str, list[FeedbackDraft]]:
    found: dict[str, list[FeedbackDraft]] = {}
    for each in detached:
        found.setdefault(each.message_id, []).append(each.feedback)
    return found


class _Losses(Ledger):
    """Counts what is missing of a conversation."""

    def conversation(self, draft: ConversationDraft, copy: Copy, back: ConversationDraft) -> None:
        """The conversation's own columns and lists, without feedback and messages."""
        self._identity("", draft, copy.draft, back)
        before = told(draft.values, writes.CONVERSATIONS)
        if draft.values.get("title_made"):
            before.pop("title", None)
        times = {name: draft.values.get(name) for name in ("created_at", "updated_at")}
        if times["updated_at"] == times["created_at"]:
            del times["updated_at"]
        before |= {name: time for name, time in times.items() if time is not None}
        archived = before.pop("archived_at", None)
        if archived is not None and archived != (there := back.values.get("archived_at")):
            # Many formats know that it is archived, and not since when.
            self.lose("archivedAt" if there is None else f"archivedAt{INEXACT}")
        self.columns("", before, back.values)
        self._references("references", draft.references, back.references)
        self._makers(draft, back)
        self.lose("tags", len(set(draft.tags) - set(back.tags)))

    def _makers(self, draft: ConversationDraft, back: ConversationDraft) -> None:
        if draft.assistant is not None:
            there = back.assistant or AssistantDraft()
            if not _same_record(draft.assistant, there):
                self.lose("assistant")
            else:
                self.columns("assistant.", _told_of(draft.assistant, writes.ASSISTANTS), there.values)
                self.lose("assistant.tools", len(draft.assistant.tools))
        tools = {tool.record_id: tool for tool in back.tools}
        for tool in draft.tools:
            other = tools.get(tool.record_id)
            if other is None:
                self.lose("tools")
            else:
                self.columns("tools.", _told_of(tool, writes.TOOLS), other.values)

    def message(self, draft: ConversationDraft, original: MessageDraft, one: MessageDraft, back: MessageDraft) -> None:
        """A message's columns and lists, without feedback."""
        self._identity("messages.", original, one, back)
        before = told(original.values, writes.MESSAGES)
        for name in ("content", "visible", "role_name", "timestamp"):
            before.pop(name, None)
        if before["role"] == MessageRole.OTHER:
            before["role_name"] = original.values.get("role_name")
        for name, value in before.items():
            self.column(f"messages.{api_name(name, of_message=True)}", value, back.values.get(name))
        if original.values.get("visible", True) != back.values.get("visible", True):
            self.lose("messages.visible")
        if back.values.get("content", "") not in (one.values["content"], original.values.get("content", "")):
            self.lose("messages.content")
        times = times_of(original, draft)
        happened = times.pop("timestamp", None) or times.pop("created_at", None)
        if happened is not None:
            there = back.values.get("timestamp") or back.values.get("created_at")
            self.column("messages.timestamp", happened, there)
        for name, time in times.items():
            if time != happened:
                self.column(f"messages.{api_name(name)}", time, back.values.get(name))
        self._parts(original, back)
        self._references("messages.citations", original.references, back.references)
        for name, rows, others, table in (
            ("toolCalls", original.tool_calls, back.tool_calls, writes.TOOL_CALLS),
            ("attachments", original.attachments, back.attachments, writes.ATTACHMENTS),
            ("followUpQuestions", original.follow_ups, back.follow_ups, writes.FOLLOW_UPS),
        ):
            self.rows(f"messages.{name}", rows, others, table)

    def places(
        self,
        copy: ConversationDraft,
        pairs: Sequence[tuple[MessageDraft, MessageDraft, MessageDraft | None]],
        back: ConversationDraft,
    ) -> None:
        """Parents, order and the branch in play, where the format has them."""
        order = {id(message): index for index, message in enumerate(back.messages)}
        for index, (_, one, other) in enumerate(pairs):
            if other is None:
                continue
            if order[id(other)] != index:
                self.lose("messages.sequence")
            if not back.linear and other.parent != (None if one.parent is None else record_key(one.parent)):
                self.lose("messages.parent")
        if not back.linear and copy.current is not None and back.current != record_key(copy.current):
            self.lose("currentMessage")

    def feedback(self, prefix: str, drafts: Sequence[FeedbackDraft], others: Sequence[FeedbackDraft]) -> None:
        """Pieces of feedback, each beside the one that says most of it."""
        free = list(drafts)
        for other in others:
            if not free:
                break
            best = max(free, key=lambda draft: _likeness(draft, other))
            free.remove(best)
            self._opinion(f"{prefix}feedback", best, other)
        self.lose(f"{prefix}feedback", len(free))

    def _opinion(self, name: str, draft: FeedbackDraft, back: FeedbackDraft) -> None:
        self.columns(f"{name}.", told(draft.values, writes.FEEDBACK), back.values)
        if draft.reference is not None and back.reference is None:
            self.lose(f"{name}.target")
        self.rows(f"{name}.reasons", draft.reasons, back.reasons, writes.REASONS)
        scores = {row.get("name"): row for row in back.scores}
        self.rows(
            f"{name}.scores", draft.scores, [scores.get(row.get("name"), {}) for row in draft.scores], writes.SCORES
        )
        verdicts = [verdict.values for verdict in draft.verdicts]
        self.rows(f"{name}.citationVerdicts", verdicts, [verdict.values for verdict in back.verdicts], writes.VERDICTS)
        for verdict, other in zip(draft.verdicts, back.verdicts, strict=False):
            if verdict.reference is not None and other.reference is None:
                self.lose(f"{name}.citationVerdicts.reference")

    def _identity(self, prefix: str, draft: Draft, copy: Draft, back: Draft) -> None:
        """Ids of records; those that were made of a place are none. What only the old format knew is kept nowhere."""
        if draft.extra:
            self.lose(f"{prefix}origin.extra")
        recorded = draft.record_id is not None and (draft.id_type is not IdType.PLACE or draft.stood is None)
        if recorded and copy.record_id is not None and back.record_id != record_key(copy.record_id):
            self.lose(f"{prefix}{'id' if draft.stood is None else 'origin.recordId'}")

    def _references(self, name: str, rows: Sequence[ReferenceDraft], others: Sequence[ReferenceDraft]) -> None:
        """Citations by their places, or where some are missing by what they cite."""
        start = 0
        for row in rows:
            place = start
            if len(rows) != len(others):
                place = next((i for i in range(start, len(others)) if _cites_alike(row, others[i])), len(others))
            if place >= len(others):
                self.lose(name)
                continue
            start = place + 1
            before = told(row.values, writes.CITATIONS)
            after = {"number": place + 1, **others[place].values}
            self.columns(f"{name}.", before, after)
            self._source(name, row, others[place])

    def _source(self, name: str, row: ReferenceDraft, other: ReferenceDraft) -> None:
        if row.source is None:
            return
        before = told(row.source.values, writes.SOURCES)
        after: Mapping[str, Any] = {} if other.source is None else other.source.values
        own = ("connector", "external_id") if "external_id" in before else ("url",)
        if any(before.get(key) != after.get(key) for key in own):
            # Another source, or none: all that only it says is not there either.
            self.lose(f"{name}.source")
        else:
            self.columns(f"{name}.source.", {key: before[key] for key in _OF_SOURCES if key in before}, after)

    def _parts(self, original: MessageDraft, back: MessageDraft) -> None:
        """Parts that are no texts, by their places among those of their type."""
        there: dict[str, list[Columns]] = {}
        for part in back.parts or ():
            there.setdefault(part["type"], []).append(part)
        for part in original.parts or ():
            if part["type"] == PartType.TEXT:
                continue
            name = f"messages.contentParts.{part['type'].lower()}"
            others = there.get(part["type"])
            if not others:
                self.lose(name)
                continue
            before = {key: value for key, value in told(part, writes.CONTENT_PARTS).items() if key != "type"}
            self.columns(f"{name}.", before, others.pop(0))


def _told_of(draft: Draft, table: sa.Table) -> Columns:
    values = told(draft.values, table)
    if draft.values.get("name_made"):
        values.pop("name", None)
    return values


def _same_record(draft: Draft, other: Draft) -> bool:
    return draft.record_id is not None and other.record_id == record_key(draft.record_id)


def _likeness(draft: FeedbackDraft, other: FeedbackDraft) -> int:
    before = told(draft.values, writes.FEEDBACK)
    scores: dict[Any, Any] = {row.get("name"): row.get("value", 0) for row in other.scores}
    alike = [held(value, other.values.get(name)) for name, value in before.items()]
    alike += [scores.get(row.get("name"), ...) == row.get("value", 0) for row in draft.scores]
    return alike.count(True)


def _cites_alike(row: ReferenceDraft, other: ReferenceDraft) -> bool:
    names = ("url", "title", "external_id", "label", "excerpt")
    mine = {**(row.source.values if row.source is not None else {}), **row.values}
    return any(mine.get(name) is not None and mine.get(name) == other.values.get(name) for name in names)
