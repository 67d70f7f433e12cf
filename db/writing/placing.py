"""The places of new messages in the tree of their conversation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from db.record import new_id
from db.words import ErrorPolicy, ProblemCode
from db.writing.composing import Composed
from db.writing.known import Known
from db.writing.parents import Above, parents_of
from db.writing.performing import Work

_CYCLE: Final = ("The message would be below itself: the parents go round in a circle.", ProblemCode.CYCLE)
_ORPHAN: Final = ("The parent is refused itself.", ProblemCode.NOT_FOUND)


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a message is put."""

    id: UUID
    parent_id: UUID | None
    sequence: int


class Placing:
    """Finds the parents of the new messages of a list, among themselves and among the messages that are there."""

    def __init__(
        self, work: Work, conversation_id: UUID, composed: Sequence[Composed], there: Mapping[int, UUID], known: Known
    ) -> None:
        """`there`: by their places in the list, the ids of those that are there already."""
        self._work = work
        self._conversation_id = conversation_id
        self._composed = composed
        self._there = there
        self._known = known
        self._above: dict[int, Above] = {}

    def check(self) -> None:
        """Note ids that are taken, parents that are not there or of another conversation, and cycles."""
        work, known = self._work, self._known
        ids: dict[UUID, int] = {}
        names: dict[str, int] = {}
        for place, each in enumerate(self._composed):
            is_new = place not in self._there
            if is_new and each.uuid is not None:
                taken = each.uuid in known.by_id or each.uuid in known.elsewhere
                if ids.setdefault(each.uuid, place) != place or taken:
                    work.wrong(each.uuid_at or (*each.at, "uuid"), "The uuid is another message's.", ProblemCode.TAKEN)
            if (name := each.external_id) is not None:
                taken = is_new and name in known.by_external_id
                if names.setdefault(name, place) != place or taken:
                    message = "The external id is another message's of this conversation."
                    work.wrong((*each.at, "external_id"), message, ProblemCode.TAKEN)
        named = {
            place: self._named(each, ids, names)
            for place, each in enumerate(self._composed)
            if place not in self._there and each.names_parent
        }
        lenient = work.policy is ErrorPolicy.REJECT_BAD and bool(work.elements)
        bad = work.problems.elements(work.elements) if lenient else set()
        refused = [place for place, each in enumerate(self._composed) if each.index in bad and place not in self._there]
        found = parents_of(len(self._composed), named, settled=self._there, refused=refused, lenient=lenient)
        problems = dict.fromkeys(found.circling, _CYCLE) | dict.fromkeys(found.orphans, _ORPHAN)
        for place in sorted(problems):
            each = self._composed[place]
            field = "parent_external_id" if each.parent_id is None else "parent_id"
            work.wrong((*each.at, field), *problems[place])
        self._above = found.above

    def _named(self, each: Composed, ids: Mapping[UUID, int], names: Mapping[str, int]) -> Above:
        """The parent that a message names; None, and noted, where there is none."""
        work, known = self._work, self._known
        if each.parent_id is None:
            name = each.parent_external_id or ""
            if (row := known.by_external_id.get(name)) is not None:
                row_id: UUID = row.id
                return row_id
            if name not in names:
                message = "There is no message with this external id in the conversation."
                work.wrong((*each.at, "parent_external_id"), message, ProblemCode.NOT_FOUND)
            return names.get(name)
        at = (*each.at, "parent_id")
        if (row := known.by_id.get(each.parent_id)) is None:
            if each.parent_id not in ids:
                work.not_found(at, "message")
        elif row.conversation_id != self._conversation_id:
            message = "The parent is a message of another conversation."
            work.wrong(at, message, ProblemCode.WRONG_CONVERSATION)
        else:
            return each.parent_id
        return ids.get(each.parent_id)

    def place(self, start: UUID | None, first: int) -> dict[int, Spot]:
        """A spot for each message that is new and not refused, by place; parents come before their children.

        `start`: what those are below that are below none of the list. `first`: the sequence of the first one.
        """
        spots: dict[int, Spot] = {}
        for place in range(len(self._composed)):
            waiting: list[int] = []
            at: Above = place
            while isinstance(at, int) and at in self._above and at not in spots and at not in self._there:
                waiting.append(at)
                at = self._above[at]
            for new in reversed(waiting):
                each, above = self._composed[new], self._above[new]
                if isinstance(above, int):
                    above = self._there[above] if above in self._there else spots[above].id
                row_id = each.uuid or new_id(each.row.get("timestamp") or self._work.at)
                spots[new] = Spot(row_id, start if above is None else above, first + len(spots))
        return spots
