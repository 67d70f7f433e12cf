"""Mutations: a verb of `db.writing`, its input, and what all payloads have in common.

The parent of a payload is a `Written`. What a verb refuses is data there, `userErrors`; an error of the answer is left
to requests that are wrong as requests, and to faults.
"""

from collections.abc import Coroutine, Sequence
from operator import attrgetter
from typing import Annotated, Any, Protocol

import strawberry
from strawberry.types.base import get_object_definition

from db.database import Database
from db.viewer import Viewer
from db.words import ErrorPolicy, ProblemCode
from db.writing.limits import Limits
from db.writing.outcome import Outcome
from db.writing.performing import Values
from db.writing.problems import Problem, Rejected
from graph import ids
from graph.access.roles import ROLES, Roles
from graph.context import Info, loaders_of
from graph.enums import describe
from graph.fields import of_row, within_int
from graph.inputs import Form, Given, form_of
from graph.loading import Read

__all__ = [
    "ErrorPolicy",
    "UserError",
    "UserErrorCode",
    "WriteCounts",
    "Written",
    "all_deleted",
    "changed",
    "counts",
    "deleted",
    "in_use",
    "listed",
    "mutation",
    "user_errors",
]

UserErrorCode = ProblemCode

describe(
    UserErrorCode,
    "What is wrong with an input: what a program decides by. More may come.",
    schema_name="UserErrorCode",
    REQUIRED="It has to be given, and must not be null or empty.",
    INVALID="It is not of the form that the field takes; the message says which one that is.",
    TOO_LONG="It is too long or too large: `limit` and `actual` are in the unit that the message names.",
    TOO_MANY="There are too many: `limit` and `actual` count them.",
    OUT_OF_RANGE="The number or time is too small or too large.",
    NOT_FOUND="Nothing has this id, or nothing that the viewer may see.",
    TAKEN="Something else has this id or external id already.",
    IN_USE="It can't be deleted while something uses it.",
    WRONG_CONVERSATION="It is there, but in another conversation.",
    CYCLE="A message would be below itself.",
    STALE_VERSION="It was changed since: `currentVersion` is the version that it has now. Read it again, then decide.",
    INVALID_TRANSITION="From its present state it can't go to that one.",
    UNDO_EXPIRED="It was deleted too long ago to be restored.",
    NOT_STREAMING="The message is complete: nothing can be appended.",
    OUT_OF_ORDER="An earlier piece is missing.",
    IDEMPOTENCY_MISMATCH="The `idempotencyKey` came with another input before.",
    UNSUPPORTED="This server does not do that.",
    FORBIDDEN="The viewer may not say this; the message names who may.",
)
describe(
    ErrorPolicy,
    "What becomes of a list in which some elements are bad.",
    ALL_OR_NOTHING="One bad element, and nothing is written.",
    REJECT_BAD="The good ones are written, the bad ones are refused, each with its errors in `userErrors`.",
)


@strawberry.type(description="Something that is wrong with the input of a mutation.")
class UserError:
    """A problem as the API tells it."""

    field: list[str] = strawberry.field(
        description=(
            'The place in the input, such as ["messages", "3", "content"]: fields by their names, elements of lists by '
            "their numbers from 0. Empty: the input as a whole."
        )
    )
    message: str = strawberry.field(description="What is wrong and what would be right, in a sentence for people.")
    code: UserErrorCode = strawberry.field(description="What is wrong, for programs.")
    limit: int | None = strawberry.field(description="Of TOO_LONG and TOO_MANY: the most that is taken.")
    actual: int | None = strawberry.field(description="Of TOO_LONG and TOO_MANY: how much there was.")
    current_version: int | None = strawberry.field(description="Of STALE_VERSION: the version that it has now.")


@strawberry.type(description="What became of the messages of a call.")
class WriteCounts:
    """Its parent is a `db.writing.outcome.Counts`."""

    inserted: int = strawberry.field(description="How many were not here before.")
    updated: int = strawberry.field(description="How many were here and were changed.")
    unchanged: int = strawberry.field(description="How many were here just so.")
    rejected: int = strawberry.field(description="How many were refused: see `userErrors`.")


class Write(Protocol):
    """A write: a verb of `db.writing`, or one with something of this side round it."""

    def __call__(
        self,
        database: Database,
        values: Values,
        /,
        *,
        viewer: Viewer,
        limits: Limits,
        problems: Sequence[Problem],
    ) -> Coroutine[Any, Any, Outcome]:
        """Do it. Raises Rejected with all that is wrong with the input."""
        ...


class Written:
    """What a mutation did: the parent of its payload."""

    __slots__ = ("errors", "outcome", "problems", "values")

    def __init__(self, outcome: Outcome, problems: Sequence[Problem], given: Given, form: Form) -> None:
        self.outcome = outcome
        self.problems = problems
        self.values = given.values
        self.errors = _told(problems, form)

    def refused_by(self, code: ProblemCode) -> bool:
        """Whether nothing was written for this reason, maybe among others."""
        return any(problem.code is code for problem in self.problems)


def _told(problems: Sequence[Problem], form: Form) -> list[UserError]:
    """The problems in the order of the input, each with its place as the API writes it."""
    placed = sorted(((*form.trace(problem.field), problem) for problem in problems), key=lambda each: each[0])
    return [
        UserError(
            field=shown,
            message=problem.message,
            code=problem.code,
            limit=within_int(problem.limit),
            actual=within_int(problem.actual),
            current_version=problem.current_version,
        )
        for _, shown, problem in placed
    ]


def mutation(verb: Write, input_type: type, description: str, roles: Roles | None = None) -> Any:
    """The field of a mutation that is `verb` of its input."""
    definition = get_object_definition(input_type, strict=True)
    definition.from_input = lambda type_, given, _context: form_of(type_).convert(given)

    async def resolve(info: Info, input: Any) -> Any:
        context, given, form = info.context, input, form_of(input_type)
        try:
            outcome = await verb(
                context.database,
                given.values,
                viewer=context.viewer,
                limits=context.limits,
                problems=given.problems,
            )
        except Rejected as refusal:
            return Written(Outcome(), refusal.problems, given, form)
        return Written(outcome, outcome.problems, given, form)

    resolve.__annotations__["input"] = Annotated[input_type, strawberry.argument(description="What is to be done.")]
    return strawberry.field(resolver=resolve, description=description, metadata={ROLES: roles})


def changed(description: str) -> Any:
    """A payload's field with the row that the verb changed."""
    return of_row(attrgetter("outcome.row"), f"{description} Null where nothing was written.")


def listed(description: str) -> Any:
    """A payload's field with a row for each element of the input's list."""
    return of_row(
        attrgetter("outcome.listed"),
        f"{description} In the order of the input; null: that one was refused. Empty where nothing was written.",
    )


def deleted(type_name: str, description: str) -> Any:
    """A payload's field with the id of the one row that the verb deleted."""

    def first(written: Written) -> str | None:
        gone = written.outcome.deleted
        return ids.encode(type_name, gone[0]) if gone else None

    return of_row(first, f"{description} Null where nothing was written.")


def all_deleted(type_name: str, description: str) -> Any:
    """A payload's field with the ids of all rows that the verb deleted."""
    return of_row(lambda written: [ids.encode(type_name, key) for key in written.outcome.deleted], description)


def in_use(read: Read, description: str) -> Any:
    """A payload's field with the object that could not be deleted, since something uses it."""

    async def resolve(root: Any, info: Info) -> Any:
        return await loaders_of(info).batch(read)(root.values["id"]) if root.refused_by(ProblemCode.IN_USE) else None

    return strawberry.field(resolver=resolve, description=description)


def counts() -> Any:
    """A payload's `counts`."""
    return of_row(attrgetter("outcome.counts"), "What became of the messages.")


def user_errors() -> Any:
    """A payload's `userErrors`."""
    return of_row(
        attrgetter("errors"),
        "All that is wrong with the input, in its order. Empty: everything was written.",
    )
