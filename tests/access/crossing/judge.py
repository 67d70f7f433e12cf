"""The judgement: an operation is asked by another than its target, and nothing of others may be in what comes back.

Three questions are put to each answer. Does it hold a mark of a row that this viewer does not see? Is it the same, to
the letter, as where the rows that this viewer does not see are not there at all (so that nothing is counted, ordered,
refused by them)? And are all the rows that the viewer may not change as they were?

Longer than other modules: the three look at the same answer, and share what is known of the world.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final, Literal
from uuid import UUID
from zlib import crc32

import orjson
from strawberry.types import ExecutionResult

from db.words import Role, Visibility
from graph.access.limits import UNBOUNDED
from graph.access.roles import roles_of, standing
from graph.context import Context
from graph.execution import switched
from graph.schema import schema
from tests.access.crossing.alike import alike
from tests.access.crossing.marks import marks_in_rows, marks_of, told
from tests.access.crossing.operations import Operation, shown
from tests.access.crossing.people import Person, Sight, belongs_to
from tests.access.crossing.stage import Change, Stage
from tests.access.crossing.world import World

Engine = Literal["fast", "careful", "off"]

_OWN_WORDS: Final = frozenset({"viewer", "rateLimit"})
"""Fields of the root whose answer is about who asks."""

_COUNTED: Final = frozenset({"citation_count", "updated_at", "version"})
"""What becomes of a document when a message that cites it is deleted."""


@dataclass(frozen=True)
class Leak:
    """Something that came across."""

    what: str
    leg: str
    person: str
    operation: str
    shown: str

    def __str__(self) -> str:
        return f"{self.what}\n  [{self.leg}] asked by {self.person}: {self.operation}\n  {self.shown}"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    data: Any
    errors: list[Any]

    @property
    def refused(self) -> bool:
        """It was not executed, or failed as a whole."""
        return self.data is None

    def text(self, known: set[str]) -> bytes:
        """It as text, with what was made just now under one name."""
        errors = sorted(self.errors, key=orjson.dumps)
        return alike(told([self.data, errors]), known)


_MADE_BY_CLIENT: Final = re.compile(rb'\buuid"?: *"([0-9a-f-]{36})"')
"""A uuid that an input gives to what it makes."""


class Legs:
    """The databases of one kind: the whole world, and for each viewer what that one sees."""

    def __init__(self, name: str, whole: Stage, alone: Mapping[str, Stage]) -> None:
        self.name, self.whole, self.alone = name, whole, alone


class Judge:
    """Asks, and judges."""

    def __init__(self, world: World, everybody: Sequence[Person], random: Random) -> None:
        self.world, self.people, self.random = world, everybody, random
        self.sights = {person.name: Sight(world, person) for person in everybody}
        self.marks = marks_in_rows(row for rows in world.rows.values() for row in rows)
        self._foreign = {name: self.marks - sight.marks for name, sight in self.sights.items()}
        self.counted: Counter[str] = Counter()
        self.leaks: list[Leak] = []
        self._talk_of = belongs_to(world.rows)
        self._talks = {row["id"]: row for row in world.rows["conversations"]}
        self._writes_of: Counter[str] = Counter()

    async def examine(self, operation: Operation, legs: Legs) -> list[Leak]:
        """Ask as the owner, then as another; gives what has come across."""
        before = len(self.leaks)
        owner = operation.target.person
        person = self.other(operation)
        shared = operation.writes and self._are_strangers(owner, person) and _is_repeatable(operation)
        answer = await self._ask(operation, legs.whole, owner)
        self._control(operation, answer)
        made = await legs.whole.changes()
        if not shared:
            await legs.whole.restore(made)
            made = []
        lone = await self._alone(operation, legs, person)
        engines: tuple[Engine, ...] = ("fast",) if operation.writes else ("fast", "off")
        for engine in engines:
            found = await self._ask(operation, legs.whole, person, engine)
            at = f"{legs.name}, {engine}"
            if engine == "off" and found.errors:  # of several errors each way may tell another one
                lone = await self._alone(operation, legs, person, engine)
            self._judge(operation, at, person, found, lone)
            changes = await legs.whole.changes()
            own = {(change.table, change.key): change.after for change in made}
            for change in changes:
                if own.get((change.table, change.key), ...) != change.after:
                    self._judge_change(operation, at, person, change)
            await legs.whole.restore(changes)
            made = []
        return self.leaks[before:]

    async def ask_once(self, operation: Operation, legs: Legs, person: Person) -> list[Leak]:
        """Ask as this one alone, by the engine alone; gives what has come across."""
        before, at = len(self.leaks), f"{legs.name}, fast"
        own: list[Change] = []
        lone = await self._alone(operation, legs, person, changes=own)
        found = await self._ask(operation, legs.whole, person)
        self._judge(operation, at, person, found, lone)
        changes = await legs.whole.changes()
        for change in changes:
            self._judge_change(operation, at, person, change)
        if person.sees_all:
            one, other = (self._effects(person, each) for each in (changes, own))
            if one != other:
                self._tell("another effect than without the others", at, person, operation, _differing(one, other))
        await legs.whole.restore(changes)
        return self.leaks[before:]

    def _effects(self, person: Person, changes: Sequence[Change]) -> bytes:
        """What was written of the workspace's rows, with what was made just now under one name."""
        written = []
        for change in changes:
            row = change.after or change.before or {}
            if _uuid(row.get("workspace_id", row.get("id"))) == person.viewer.workspace_id:
                columns = change.columns or row.keys()
                what = [change.table, *change.key] if change.before else [change.table, change.after is None]
                written.append(alike(told([what, {name: row[name] for name in sorted(columns)}]), self.marks))
        return b"\n".join(sorted(written))

    # ------------------------------------------------------------ who asks

    def other(self, operation: Operation) -> Person:
        """Somebody else, who mostly may ask for such a thing at all."""
        owner = operation.target.person
        others = [each for each in self.people if each.name != owner.name]
        if "claimConversations" in operation.roots:  # a visitor's token is the right to claim, in that workspace
            others = [each for each in others if each.at != owner.at]
        able = [each for each in others if self._may(each, operation)]
        # Staff of the same workspace may see all that the target does: they are asked less often.
        strangers = [each for each in able if self._are_strangers(owner, each)]
        chance = self.random.random()
        if strangers and chance < 0.8:
            return self.random.choice(strangers)
        return self.random.choice(able if able and chance < 0.95 else others)

    def _may(self, person: Person, operation: Operation) -> bool:
        type_ = schema._schema.get_root_type(operation.kind)
        assert type_ is not None, "the operation was drawn from it"
        return all(standing(person.viewer) in roles_of(name, type_.fields[name]) for name in operation.roots)

    def _are_strangers(self, one: Person, other: Person) -> bool:
        """Whether nothing of the one is seen by the other, save what all of a workspace see."""
        return one.at != other.at or (one.ends and other.ends and one.viewer.user_id != other.viewer.user_id)

    async def _ask(self, operation: Operation, stage: Stage, person: Person, engine: Engine = "fast") -> Answer:
        self.counted["executions"] += 1
        context = Context(stage.database, person.viewer, bounds=UNBOUNDED)
        with switched(engine):
            found: ExecutionResult = await schema.execute(
                operation.text, variable_values=operation.variables, context_value=context
            )
        return Answer(found.data, [error.formatted for error in found.errors or ()])

    async def _alone(
        self,
        operation: Operation,
        legs: Legs,
        person: Person,
        engine: Engine = "fast",
        changes: list[Change] | None = None,
    ) -> Answer:
        """The answer where there is nothing else; to a query of an end user as staff would be given it.

        `changes` is given what it has changed.
        """
        stage = legs.alone[person.name]
        asks = person
        if (
            person.ends
            and not operation.writes
            and not _OWN_WORDS & set(operation.roots)
            and self._may(person, operation)
        ):
            asks = replace(person, viewer=replace(person.viewer, role=Role.VIEWER, sees_public=False))
        found = await self._ask(operation, stage, asks, engine)
        made = await stage.changes()
        await stage.restore(made)
        if changes is not None:
            changes += made
        return found

    # ------------------------------------------------------------ what came back

    def _control(self, operation: Operation, answer: Answer) -> None:
        """Count whether the owner was given something of theirs."""
        self.counted["operations"] += 1
        self.counted[operation.kind.value] += 1
        given = marks_of(told(answer.data))
        own = self.sights[operation.target.person.name].marks
        if operation.writes:  # what they write is theirs as well
            own = own | marks_of(told([operation.text, operation.variables]))
        holds = not given.isdisjoint(own)
        self.counted["owners given their own"] += holds
        for root in operation.roots:
            self.counted[f"{root}: asked"] += 1
            self.counted[f"{root}: given"] += holds
        codes = {(error.get("extensions") or {}).get("code") for error in answer.errors}
        for code in codes:
            self.counted[f"code {code}"] += 1
        if "INTERNAL_SERVER_ERROR" in codes:
            self._tell("a fault, as the owner", "-", operation.target.person, operation, answer.errors)

    def _judge(self, operation: Operation, at: str, person: Person, found: Answer, lone: Answer) -> None:
        sight = self.sights[person.name]
        self.counted["refused to others"] += found.refused
        sent = marks_of(told([operation.text, operation.variables]))
        foreign = self._foreign[person.name]
        across = marks_of(told(found.data)) & foreign
        if operation.writes:
            across -= sent
        across |= marks_of(told(found.errors)) & foreign - sent
        if across:
            self._tell(f"marks of others: {self._named(across)}", at, person, operation, [found.data, found.errors])
        if "INTERNAL_SERVER_ERROR" in told(found.errors).decode():
            self._tell("a fault", at, person, operation, found.errors)
        one, other = found.text(self.marks), lone.text(self.marks)
        if one != other and not self._is_taken(operation, one, sight):
            self._tell("another answer than without the others", at, person, operation, _differing(one, other))

    def _is_taken(self, operation: Operation, text: bytes, sight: Sight) -> bool:
        """A uuid that a client makes is taken wherever it is: nothing tells where, and nobody guesses one."""
        sent = marks_of(b" ".join(_MADE_BY_CLIENT.findall(shown(operation).encode())), deep=False)
        says = b"TAKEN" in text or "code" not in operation.text  # which then is not asked for
        return operation.writes and says and not sent.isdisjoint(self._foreign[sight.person.name])

    def _named(self, marks: set[str]) -> str:
        """From where the marks are."""
        told_of = []
        for mark in sorted(marks)[:6]:
            for name, rows in self.world.rows.items():
                for row in rows:
                    columns = [column for column, value in row.items() if mark in marks_of(told(value))]
                    if columns and (mark != str(row.get("id")) or "id" in columns):
                        told_of.append(f"{mark} of {name}.{','.join(columns)} owned by {self._owner(name, row)}")
                        break
        return "; ".join(told_of)

    def _owner(self, name: str, row: Mapping[str, Any]) -> str:
        here = self.world.workspaces.index(row.get("workspace_id", row.get("id")))
        talk = self._talk_of.get((name, tuple(_key(name, row))))
        return f"workspace {here}" + (f", {self._talks[talk]['owner_id']}" if talk else "")

    # ------------------------------------------------------------ what was changed

    def _judge_change(self, operation: Operation, at: str, person: Person, change: Change) -> None:
        self.counted["rows changed by others"] += 1
        if not self._may_change(person, change):
            self._tell("a change of what is another's", at, person, operation, repr(change))

    def _may_change(self, person: Person, change: Change) -> bool:
        viewer = person.viewer
        for row in (change.before, change.after):
            if row is not None and _uuid(row.get("workspace_id", row.get("id"))) != viewer.workspace_id:
                return False
        if change.table == "audit_entries":
            return change.before is None
        if change.table == "repeats":
            return change.before is None
        if viewer.role is Role.VIEWER:
            return False
        if not person.ends:
            return True
        if change.table == "sources":
            return change.columns <= _COUNTED
        row = change.before or change.after or {}
        if change.table == "feedback" and change.before is None and row["author_id"] == viewer.user_id:
            talk = self._talks.get(_uuid(row["conversation_id"]))
            return talk is None or talk["owner_id"] == viewer.user_id or talk["visibility"] is Visibility.PUBLIC
        talk_id = self._talk_of.get((change.table, tuple(_uuid(part) for part in change.key)))
        if talk_id is None and change.before is None:  # of a conversation that was there, or of a new one
            talk_id = _uuid(row.get("conversation_id"))
            if change.table == "conversations":
                return bool(row["owner_id"] == viewer.user_id)
            return talk_id is None or talk_id not in self._talks or self._talks[talk_id]["owner_id"] == viewer.user_id
        if change.table == "feedback" and row["author_id"] == viewer.user_id:
            return True
        return talk_id is not None and self._talks[talk_id]["owner_id"] == viewer.user_id

    def _tell(self, what: str, at: str, person: Person, operation: Operation, found: Any) -> None:
        text = found if isinstance(found, str) else told(found).decode()
        self.leaks.append(Leak(what, at, person.name, shown(operation), text[:1500]))


def _is_repeatable(operation: Operation) -> bool:
    """Whether it has a key for repeats, and no uuid, which would be taken when it comes again."""
    text = shown(operation)
    return "idempotencyKey" in text and "uuid" not in text


def _key(name: str, row: Mapping[str, Any]) -> list[Any]:
    from tests.access.crossing.people import key_of

    return list(key_of(name, row))


def _uuid(value: Any) -> Any:
    if isinstance(value, str) and re.fullmatch("[0-9a-f]{32}", value):
        return UUID(value)
    return value


def _differing(one: bytes, other: bytes) -> str:
    """Where two texts part, and a number that tells whether they part in the same way elsewhere."""
    start = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    start = max(0, start - 150)
    parts = f"with others: {one[start : start + 500]!r}\n  without:     {other[start : start + 500]!r}"
    return f"{crc32(one + other):08x}\n  {parts}"
