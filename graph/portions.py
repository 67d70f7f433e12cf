"""Large answers in portions: what is below many parents is read, completed and written for some of them at a time.

The rows of an answer, the objects made of these and its JSON are a multiple of the JSON alone. In portions only the
JSON is ever there as a whole: that of each parent's value is made as soon as the value is, and the rows go.

A portion knows the good case only. Where a read fails in one, or a value is not as it should be, `Whole` is raised, and
the operation is run once more without portions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

from db.paging import Page
from graph.declared import Asked, Shape
from graph.wire import Portion, portion

if TYPE_CHECKING:
    from graph.execution.run import Run
    from graph.execution.selection import Step

ROWS: Final = 2_000
"""Rows that are read at once for any number of parents; where more may come they are read in portions."""

BYTES: Final = 262_144
"""JSON that a portion should come to, as far as the one before it tells."""

LISTED: Final = 4
"""Rows that a parent is taken to have in a list without pages."""


to_wire: Final[ContextVar[bool]] = ContextVar("to_wire", default=False)
"""Whether the data that an Executor gives goes to `wire.pieces` and nowhere else."""


@contextmanager
def wired() -> Iterator[None]:
    """Let the data of what is executed meanwhile be for `wire.pieces` alone: it may have portions in it."""
    token = to_wire.set(True)
    try:
        yield
    finally:
        to_wire.reset(token)


class Whole(Exception):
    """The operation has to be run without portions."""


def rows_each(asked: Asked) -> int:
    """The rows that each parent may have."""
    return next((each.size for each in asked.arguments if isinstance(each, Page)), LISTED)


def is_large(step: Step, keys: Sequence[Any], asked: Asked) -> bool:
    """Whether a step is to be read in portions: it may have many rows, and nobody else needs them."""
    if step.shape is Shape.ONE or step.leader is not None or step.followers:
        return False
    return step.choice is None and step.wanted and len(keys) * rows_each(asked) > ROWS


async def read(run: Run, connection: Any, step: Step, keys: list[Any], asked: Asked) -> dict[Any, Any]:
    """Let a run have the JSON of a step's values by key. No rows are left of it, nor below it. Raises Whole."""
    steps = run.plan.steps[step.index : step.end]
    written: dict[Any, Portion] = {}
    most = max(1, ROWS // rows_each(asked))
    size = max(1, most // 4)
    at = 0
    while at < len(keys):
        some = keys[at : at + size]
        at += size
        await run.read(connection, steps, {step.index: some})
        if run.failures:
            raise Whole
        try:
            made = {key: portion(value) for key, value in run.completed(steps)[step.index].items()}
        except Exception as error:  # the whole answer tells what it was
            raise Whole from error
        written |= made
        length = sum(len(each.text) for each in made.values())
        size = min(most, max(1, size * BYTES // max(1, length)))
        for each in steps:
            run.found[each.index] = {}
    run.parts[step.index] = written
    return {}
