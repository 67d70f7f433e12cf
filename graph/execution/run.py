"""A run of a plan: the reads, step by step from the root down, then the completion from the leaves up."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, TypeVar

from graphql import GraphQLError
from graphql.execution.values import VariableValues

from db.paging import Slice
from graph import portions
from graph.declared import Asked, OneByOne, Shape
from graph.execution.careful import Careful
from graph.execution.selection import Step

if TYPE_CHECKING:
    from graph.execution.plan import Plan

T = TypeVar("T")

metrics: Final[Counter[str]] = Counter()
"""How often operations ran by a plan, were run again whole after portions, were completed step by step, and were left
to graphql-core, by reason."""

mode: Final[ContextVar[str]] = ContextVar("mode", default="fast")
"""fast; careful: always complete step by step; off: leave everything to graphql-core. For tests and measurements."""

Keys = Mapping[int, list[Any]] | None
_nothing: Final[Callable[[], Any]] = lambda: None  # noqa: E731 - a name for what it is compared with
_NO_ROWS: Final = Slice([], False, False, str)
"""The page of a parent without rows, which reads leave out; also of one of which only the count is wanted."""


class Run:
    """A plan with the variables and the context of one request."""

    __slots__ = ("_asked", "_careful", "_wired", "context", "failures", "found", "parts", "plan", "totals", "variables")

    def __init__(self, plan: Plan, variables: VariableValues, context: Any, *, wired: bool = False) -> None:
        self.plan = plan
        self.variables = variables
        self.context = context
        self.found: list[Mapping[Any, Any]] = [{}] * len(plan.steps)
        """For each step what its read had: a mapping of keys."""
        self._asked: dict[int, Any] = {}
        self.totals: dict[int, Any] = {}
        self.failures: dict[int, Exception] = {}  # by step
        self._wired = wired
        self._careful = mode.get() == "careful"
        self.parts: dict[int, Mapping[Any, Any]] = {}  # of steps that were read in portions the JSON by key

    def answer(self, then: Callable[[dict[str, Any] | None, list[GraphQLError] | None], T]) -> Awaitable[T]:
        """Read, complete, and make an answer of data and errors; `then` is called where the reading was."""
        halved = self.plan.has_halves and self.context.database.has_spare()
        after: Callable[[], T] = lambda: then(*self._complete())  # noqa: E731
        # No coroutine of its own, nor has what reads: each that a small read waits in costs it a hundredth.
        return self._answer_by_halves(after) if halved else self._look(self.plan.steps, after)

    async def _answer_by_halves(self, after: Callable[[], Any]) -> Any:
        halves = [self._look(half, _nothing) for half in self.plan.halves]
        try:
            for failed in filter(None, await asyncio.gather(*halves, return_exceptions=True)):  # waits for both
                raise failed
            return after()
        except portions.Whole:
            return await self._look_whole(after)

    async def _look_whole(self, after: Callable[[], Any]) -> Any:
        metrics["whole"] += 1
        self._wired, self.failures, self.parts = False, {}, {}
        return await self._look(self.plan.steps, after)

    async def _look(self, steps: Sequence[Step], after: Callable[[], Any]) -> Any:
        if not steps:
            return after()
        begun = False

        def work(connection: Any) -> Awaitable[Any]:
            nonlocal begun
            begun = True
            return self.read(connection, steps, None if self._wired and not self._careful else {}, after)

        try:
            return await self.context.database.look(work, viewer=self.context.viewer)
        except Exception as error:
            if isinstance(error, portions.Whole) and after is not _nothing:
                return await self._look_whole(after)
            if begun:
                raise
            for step in steps:  # there was no connection: it is told at each of the root's fields that reads
                self.found[step.index], self.totals[step.index] = {None: _NO_ROWS}, error
                if step.wanted:
                    self.failures[step.index] = error
                if step.parent is None:
                    try:
                        self._ask(step)
                    except Exception as wrong:
                        self.failures[step.index] = wrong
        return after()

    def given(self, step: Step) -> Any:
        """The key, or keys, that the arguments of a field without a parent name. Raises what is wrong with these."""
        given = self._asked.get(step.entrance)
        if isinstance(given, Exception):
            raise given
        return given

    def _ask(self, step: Step) -> Any:
        """What the arguments of a field without a parent ask for, found out once for all of its steps."""
        index = step.entrance
        if index in self._asked:
            return self.given(step)
        try:
            asked = self._asked[index] = step.arguments(self)
        except Exception as error:  # it is told where the field stands
            self._asked[index] = error
            raise
        return asked

    def total(self, step: Step, key: Any) -> Any:
        """The number of rows on all pages of a parent's list, or the error of counting them."""
        counted = self.totals.get(step.index, {})
        return counted if isinstance(counted, Exception) else counted.get(key, 0)

    async def read(self, connection: Any, steps: Sequence[Step], keys: Keys, after: Callable[[], T] = _nothing) -> T:
        """Read steps: in portions where `keys` is None, else those of its keys that a portion has of its first step."""
        for step in steps:
            # A read is done twice where its first connection turned out to be lost.
            self.found[step.index] = {}
            self.failures.pop(step.index, None)
            try:
                if (reading := self._reading(connection, step, keys)) is not None:
                    found = await reading
                    self.found[step.index] = found if step.by_key is None else step.by_key(found)
            except portions.Whole:
                raise
            except Exception as error:  # it is told at each of the parents
                self.failures[step.index] = error
        return after()

    def _reading(self, connection: Any, step: Step, given: Keys) -> Awaitable[Any] | None:
        index = step.index
        if step.leader is not None:
            self.found[index] = self.found[step.leader]
            if (failed := self.failures.get(step.leader)) is not None:
                raise failed
            return None
        keys: list[Any] | None = None
        if step.parent is not None:
            keys = given[index] if given and index in given else self._keys(step, step.parent)
            if not keys:
                return None
            asked = step.arguments(self)
            if given is None and index in self.plan.bodies and portions.is_large(step, keys, asked):
                return portions.read(self, connection, step, keys, asked)
        else:
            asked = self._ask(step)
            if step.choice is not None:
                keys = list(dict.fromkeys(key for name, key in step.choice.pairs(asked) if name == step.type_name))
                if not keys:
                    return None
            elif step.shape is Shape.ONE:
                keys = [asked]
        if step.shape is None:
            return self._page(connection, step, keys, asked)
        return step.rows(connection, keys, self.context.viewer)

    async def _page(self, connection: Any, step: Step, keys: list[Any] | None, asked: Asked) -> Mapping[Any, Any]:
        of, viewer = [] if keys is None else [keys], {"viewer": self.context.viewer}
        if step.wanted:
            form = {**viewer, "columns": tuple(step.columns), "cursors": step.cursors}
            found = await asked.read(connection, *of, *asked.arguments, **form, **asked.options)
            pages = {None: found} if keys is None else {key: found.get(key, _NO_ROWS) for key in keys}
            if isinstance(asked.read, OneByOne):  # what it refused stands in its place
                self.failures.update((-1, page) for page in found.values() if isinstance(page, Exception))
        else:
            pages = dict.fromkeys(keys or [None], _NO_ROWS)
        if step.counted:
            assert asked.count is not None, "what has a totalCount can be counted"
            try:
                counted = await asked.count(connection, *of, **viewer, **asked.count_options)
                self.totals[step.index] = {None: counted} if keys is None else counted
            except Exception as error:  # it is told at each of the parents
                self.totals[step.index] = error
        return pages

    def _keys(self, step: Step, parent: Step) -> list[Any]:
        rows = rows_of(parent, self.found[parent.index])
        if step.choice is not None:
            pairs = [pair for row in rows for pair in step.choice.pairs(step.choice.picked(row))]
            return list(dict.fromkeys(key for name, key in pairs if name == step.type_name))
        keys: dict[Any, None] = {}
        for each in (step, *step.followers):
            at, when = each.key, each.when
            keys |= dict.fromkeys([row[at] for row in rows] if when is None else [row[at] for row in rows if row[when]])
        keys.pop(None, None)
        return list(keys)

    def _complete(self) -> tuple[dict[str, Any] | None, list[GraphQLError] | None]:
        if not self.failures and not self._careful:
            try:
                return self._fast(), None
            except Exception:  # the algorithm of the specification tells what it was
                pass
        if self.parts:
            raise portions.Whole
        metrics["careful"] += 1
        data, errors = Careful(self).data()
        return data, errors or None

    def _fast(self) -> dict[str, Any]:
        _, root = self.plan.functions(wired=self._wired)
        data: dict[str, Any] = root(self.completed(self.plan.steps), self._asked)
        self.found, self.parts = [{}] * len(self.found), {}  # a connection's thread may hold the run for long
        return data

    def completed(self, steps: Sequence[Step]) -> list[Any]:
        """The finished values of these steps by key, each in its place."""
        functions, _ = self.plan.functions(wired=self._wired)
        done: list[Any] = list(self.found)
        for step in reversed(steps):
            index = step.index
            if index in self.parts:
                done[index] = self.parts[index]
            elif (complete := functions[index]) is not None:
                done[index] = complete(done[index], self.totals.get(index), done)
        return done


def rows_of(step: Step, found: Mapping[Any, Any]) -> list[Any]:
    """All rows that a step has read."""
    if step.shape is Shape.ONE:
        return list(found.values())
    if step.shape is Shape.MANY:
        return [row for rows in found.values() for row in rows]
    return [row for page in found.values() if not isinstance(page, Exception) for row in page.rows]
