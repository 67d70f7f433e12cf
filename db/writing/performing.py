"""How a write is done: its input is checked, its key is claimed, all of it happens in one transaction or nothing does.

A verb looks at everything before it writes anything: it notes what is wrong with its input and then, once, asks to be
stopped if something was. Where the database refuses what the checks let pass, another transaction came between (two
clients with the same external id): the write is then done anew, and its checks see what the other one wrote.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final, NoReturn
from uuid import UUID

import asyncpg
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db import conversations, jsons, messages, repeats
from db.bulk import RowsRefused
from db.database import Database
from db.record import now
from db.repeats import REPEAT_KEY_LENGTH
from db.viewer import PROGRAM, Viewer
from db.words import ErrorPolicy, ProblemCode
from db.writing import outcome as outcomes
from db.writing import personal
from db.writing.auditing import note_change
from db.writing.limits import DEFAULT_LIMITS, Limits
from db.writing.outcome import Outcome
from db.writing.problems import Place, Problem, Problems, Rejected
from db.writing.shapes import Look, Shape, short

Values = Mapping[str, Any]
"""An input: its fields in snake_case; a field that is not there was left out, None is null."""

_ATTEMPTS: Final = 8
_TAKEN: Final = "23505"
_TRY_AGAIN: Final = frozenset({_TAKEN, "40001", "40P01", "23503"})
"""SQLSTATEs after which the same write may well succeed: a key taken meanwhile, a conflict, a deadlock, a row gone."""

_KEY: Final = short(REPEAT_KEY_LENGTH)


@dataclass(slots=True)
class Work:
    """One write under way."""

    connection: AsyncConnection
    viewer: Viewer
    look: Look
    at: datetime
    """The time of this write."""
    policy: ErrorPolicy = ErrorPolicy.ALL_OR_NOTHING
    elements: str = ""
    """The list whose elements may be refused one by one, where the verb has such."""

    @property
    def limits(self) -> Limits:
        """How much may come."""
        return self.look.limits

    @property
    def problems(self) -> Problems:
        """What is wrong so far."""
        return self.look.problems

    def wrong(self, at: Place, message: str, code: ProblemCode = ProblemCode.INVALID) -> None:
        """Note a problem."""
        self.problems.add(code, message, at)

    def not_found(self, at: Place, what: str) -> None:
        """Note that an id names nothing, or nothing that the viewer may see."""
        self.problems.add(ProblemCode.NOT_FOUND, f"There is no {what} with this id.", at)

    def expect(self, values: Values, version: int, what: str) -> None:
        """Note a stale write: the version expected is not the one that is there."""
        expected = values.get("expected_version")
        if expected is not None and expected != version:
            self.problems.add(
                ProblemCode.STALE_VERSION,
                f"The {what} was changed meanwhile: its version is {version}, not {expected}.",
                ("expected_version",),
                current_version=version,
            )

    def settle(self) -> None:
        """End here if something is wrong; with the policy to reject the bad, only if it is outside of the elements.

        Raises Rejected with all that is wrong.
        """
        found = self.problems.found
        lenient = self.policy is ErrorPolicy.REJECT_BAD and bool(self.elements)
        if found and not (lenient and not self.problems.elsewhere(self.elements)):
            raise Rejected(found)

    def stop(self) -> NoReturn:
        """End here: what the verb can't do without is missing, or not there, which was noted. Raises Rejected."""
        raise Rejected(self.problems.found)


@dataclass(frozen=True)
class Verb:
    """A write: its name, what its input looks like, and what it does."""

    name: str
    shape: Shape
    run: Callable[[Work, dict[str, Any]], Awaitable[Outcome]]
    elements: str = ""
    """The list of the input whose elements may be refused one by one."""
    across: bool = False
    """Whether it is about workspaces themselves: the connection is then the program's, and the verb looks who asks."""

    async def __call__(
        self,
        database: Database,
        values: Values,
        *,
        viewer: Viewer,
        limits: Limits = DEFAULT_LIMITS,
        problems: Sequence[Problem] = (),
    ) -> Outcome:
        """Do it. `problems`: what is known to be wrong with the input already; such fields are `BAD` in the values.

        Raises Rejected with all that is wrong with the input, when nothing was written.
        """
        return await perform(database, self, values, viewer=viewer, limits=limits, problems=problems)


async def perform(
    database: Database,
    verb: Verb,
    values: Values,
    *,
    viewer: Viewer,
    limits: Limits = DEFAULT_LIMITS,
    problems: Sequence[Problem] = (),
) -> Outcome:
    """Do a write in a transaction of its own; see `Verb`."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return await database.transact(
                lambda connection: _perform(connection, verb, values, viewer, limits, problems),
                viewer=PROGRAM if verb.across else viewer,
            )
        except (RowsRefused, sa.exc.DBAPIError, sqlite3.Error, asyncpg.PostgresError) as error:
            if not _may_pass(error):
                raise
            if attempt == _ATTEMPTS:
                if not _is_taken(error):
                    raise
                message = "An id of the input is taken, by something that can't be seen from here."
                raise Rejected([Problem(ProblemCode.TAKEN, message)]) from error
    raise AssertionError("the last attempt returns or raises")


def _may_pass(error: Exception) -> bool:
    """Whether the same write may well succeed when it is done again."""
    return any(_sqlstate(each) in _TRY_AGAIN or _unique(each) for each in _causes(error))


def _is_taken(error: Exception) -> bool:
    return any(_sqlstate(each) == _TAKEN or _unique(each) for each in _causes(error))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or getattr(error, "orig", None)


def _sqlstate(error: BaseException) -> Any:
    return getattr(error, "sqlstate", None)


def _unique(error: BaseException) -> bool:
    return isinstance(error, sqlite3.IntegrityError) and "UNIQUE constraint failed" in str(error)


async def _perform(
    connection: AsyncConnection,
    verb: Verb,
    values: Values,
    viewer: Viewer,
    limits: Limits,
    problems: Sequence[Problem],
) -> Outcome:
    look = Look(limits, Problems(problems))
    at = now()
    key = _key_of(values, look)
    if key is not None:
        digest = _digest(verb.name, values)
        first = await repeats.claim(connection, key, digest, at=at, after=at - limits.repeats, viewer=viewer)
        if first is not None:
            return await _again(connection, first, digest, viewer)
    told = personal.confined(verb.name, values, viewer, look)
    given = verb.shape({name: value for name, value in told.items() if name != "idempotency_key"}, (), look)
    policy = ErrorPolicy(given.get("on_error") or ErrorPolicy.ALL_OR_NOTHING)
    outcome = await verb.run(Work(connection, viewer, look, at, policy, verb.elements), given)
    outcome.problems = tuple(look.problems.found)
    await note_change(connection, verb.name, outcome, at=at, viewer=viewer)
    personal.mask(outcome, viewer)
    if key is not None:
        await repeats.keep(connection, key, outcomes.kept(outcome), viewer=viewer)
    return outcome


def _key_of(values: Values, look: Look) -> str | None:
    key = values.get("idempotency_key")
    checked = None if key is None else _KEY(key, ("idempotency_key",), look)
    return checked if isinstance(checked, str) else None


async def _again(connection: AsyncConnection, first: tuple[str, Any], digest: str, viewer: Viewer) -> Outcome:
    """What the first one with this key did."""
    known, answer = first
    if known != digest:
        raise Rejected(
            [
                Problem(
                    ProblemCode.IDEMPOTENCY_MISMATCH,
                    "This key came with another input before: a new write needs a key of its own.",
                    ("idempotency_key",),
                )
            ]
        )
    table, ids = outcomes.listed_ids(answer)
    wanted = [row_id for row_id in ids if row_id is not None]
    rows: Mapping[UUID, Any] = {}
    if wanted:
        by_ids = messages.by_ids if table == "messages" else conversations.by_ids
        rows = await by_ids(connection, wanted, viewer=viewer)
    return outcomes.restored(answer, [None if row_id is None else rows.get(row_id) for row_id in ids])


def _digest(name: str, values: Values) -> str:
    """The hash of a write, the same for the same input whatever the order of its fields."""
    told = {field: value for field, value in values.items() if field != "idempotency_key"}
    return sha256(jsons.dump([name, _plain(told)], sort_keys=True).encode()).hexdigest()


def _plain(value: Any) -> Any:
    """The value as JSON."""
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, StrEnum):
        return value.value
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
