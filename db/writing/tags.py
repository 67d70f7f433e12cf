"""Tags are put on many conversations at once, and taken off."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from db import bulk, reads
from db.words import ErrorPolicy, ProblemCode
from db.writing.inputs import conversations_limit, tags
from db.writing.outcome import Outcome, row_of
from db.writing.performing import Verb, Work
from db.writing.rows import Values, conversations_for_update
from db.writing.shapes import Shape, identifier, listed, word

_SHAPE: Final = Shape(
    {
        "ids": listed(identifier, conversations_limit, least=1),
        "tags": tags(least=1),
        "on_error": word(ErrorPolicy),
    },
    required=("ids", "tags"),
)


class _Tagged:
    """The conversations of one input and the tags that they have, in order."""

    def __init__(self, work: Work, given: Mapping[str, Any]) -> None:
        self.work = work
        self.ids: list[Any] = list(given.get("ids", ()))
        self.tags: list[str] = list(dict.fromkeys(tag for tag in given.get("tags", ()) if isinstance(tag, str)))
        self.rows: dict[UUID, Values] = {}
        self.places: defaultdict[UUID, dict[str, int]] = defaultdict(dict)

    async def look_up(self) -> None:
        """Find and lock them; note the ids that name nothing."""
        self.rows = await conversations_for_update(self.work, [each for each in self.ids if isinstance(each, UUID)])
        for index, each in enumerate(self.ids):
            if isinstance(each, UUID) and each not in self.rows:
                self.work.not_found(("ids", str(index)), "conversation")
        rows = reads.table("conversation_tags")
        statement = (
            sa.select(rows.c.conversation_id, rows.c.tag, rows.c.position)
            .where(
                reads.one_of(rows.c.conversation_id, self.rows),
                reads.in_workspace(rows, self.work.viewer.workspace_id),
            )
            .order_by(rows.c.position)
        )
        for row in await self.work.connection.execute(statement):
            self.places[row.conversation_id][row.tag] = row.position

    def taken(self) -> list[UUID]:
        """The conversations whose elements are not refused."""
        refused = {self.ids[index] for index in self.work.problems.elements("ids")}
        return [each for each in dict.fromkeys(self.ids) if each in self.rows and each not in refused]

    async def written(self, changed: list[UUID]) -> Outcome:
        """Raise the versions of what changed, and give all that was taken."""
        conversations, work = reads.table("conversations"), self.work
        if changed:
            await work.connection.execute(
                sa.update(conversations)
                .where(
                    reads.one_of(conversations.c.id, changed),
                    reads.in_workspace(conversations, work.viewer.workspace_id),
                )
                .values(version=conversations.c.version + 1, updated_at=work.at)
            )
        for each in changed:
            self.rows[each].update(version=self.rows[each]["version"] + 1, updated_at=work.at)
        given = {each: row_of("conversations", self.rows[each]) for each in self.taken()}
        return Outcome(listed_table="conversations", listed=[given.get(each) for each in self.ids])


async def _tag(work: Work, given: dict[str, Any]) -> Outcome:
    tagged = _Tagged(work, given)
    await tagged.look_up()
    limit = work.limits.tags
    for index, each in enumerate(tagged.ids):
        if each in tagged.rows and (actual := len(tagged.places[each].keys() | set(tagged.tags))) > limit:
            message = f"The conversation would have {actual:,} tags; at most {limit:,} are taken."
            work.problems.add(ProblemCode.TOO_MANY, message, ("ids", str(index)), limit=limit, actual=actual)
    work.settle()
    new, changed = [], []
    for each in tagged.taken():
        places = tagged.places[each]
        if not (missing := [tag for tag in tagged.tags if tag not in places]):
            continue
        first = max(places.values(), default=-1) + 1
        changed.append(each)
        new += [
            {"conversation_id": each, "tag": tag, "position": position} for position, tag in enumerate(missing, first)
        ]
    await bulk.insert(work.connection, reads.table("conversation_tags"), new, viewer=work.viewer)
    return await tagged.written(changed)


tag_conversations: Final = Verb("tag_conversations", _SHAPE, _tag, elements="ids")
"""Add tags to conversations, behind those that they have."""


async def _untag(work: Work, given: dict[str, Any]) -> Outcome:
    tagged = _Tagged(work, given)
    await tagged.look_up()
    work.settle()
    changed = [each for each in tagged.taken() if not tagged.places[each].keys().isdisjoint(tagged.tags)]
    rows = reads.table("conversation_tags")
    if changed:
        await work.connection.execute(
            sa.delete(rows).where(
                reads.one_of(rows.c.conversation_id, changed),
                reads.in_workspace(rows, work.viewer.workspace_id),
                rows.c.tag.in_(tagged.tags),
            )
        )
    return await tagged.written(changed)


untag_conversations: Final = Verb("untag_conversations", _SHAPE, _untag, elements="ids")
"""Take tags off conversations."""
