"""Operations that are drawn once and asked again and again, each by three people, on SQLite."""

from __future__ import annotations

import json
import re
from typing import Any, Final
from zlib import crc32

from graphql import GraphQLObjectType, OperationType

from tests.access.crossing import directed, pointed, pointed_writes
from tests.access.crossing.alike import alike
from tests.access.crossing.judge import Leak
from tests.access.crossing.operations import Operation
from tests.access.crossing.people import Person
from tests.access.crossing.routes import Route, Routes
from tests.access.crossing.runs import Run, run_of

KIND: Final = ("sqlite",)
READS: Final = 1
"""How often each query is drawn for the short form, which has nothing else."""

WRITES: Final = 8
"""How often each mutation is drawn besides."""


_CUT: Final = re.compile(rb"[^ ,{}]*$")
"""Perhaps the half of something, at the end."""


async def draw(*, strays: bool) -> str:
    """Operations for all places, as JSON; without strays, for the short form, of each query a few."""
    async with run_of(KIND, seed=11, strays=strays, judges=False) as run:
        drawn: list[tuple[Operation, Person]] = []
        routes = Routes(run.drawn.schema)
        if not strays:
            for route in _of_root(routes, run.drawn.schema.query_type):
                for _ in range(READS):
                    drawn += _asked(run, run.drawn.operation(route=route))
            return _written(run, drawn)
        drawn += pointed_writes.operations(run)
        drawn += pointed.operations(run)
        for _ in range(3):
            for place in directed.missing(run):
                if not run.drawn.used[place]:
                    drawn += _asked(run, run.drawn.operation(route=routes.to(place)))
        for route in _of_root(routes, run.drawn.schema.mutation_type):
            for _ in range(WRITES):
                drawn += _asked(run, run.drawn.operation(route=route))
        return _written(run, drawn)


def _written(run: Run, drawn: list[tuple[Operation, Person]]) -> str:
    text = json.dumps([_told(operation, person) for operation, person in drawn])
    for token, name in _tokens(run):
        text = text.replace(token, name)
    return text


def _tokens(run: Run) -> list[tuple[str, str]]:
    """The tokens, which each run signs with a secret of its own, and what stands for them meanwhile."""
    return [(pool.token, f"<token {number}>") for number, pool in enumerate(run.pools) if pool.token]


def _of_root(routes: Routes, type_: GraphQLObjectType | None) -> list[Route]:
    return [] if type_ is None else [routes.to((type_.name, name)) for name in type_.fields]


def _asked(run: Run, operation: Operation) -> list[tuple[Operation, Person]]:
    """Whom it is asked by: the owner, a stranger, and staff of the other workspace."""
    owner = operation.target.person
    staff = next(each for each in run.people if each.at != owner.at and each.name.startswith("admin"))
    return [(operation, person) for person in (staff, run.judge.other(operation), owner)]


def _told(operation: Operation, person: Person) -> dict[str, Any]:
    return {
        "kind": operation.kind.value,
        "text": operation.text,
        "variables": operation.variables,
        "roots": operation.roots,
        "target": operation.target.person.name,
        "person": person.name,
    }


def _digest(run: Run, leak: Leak) -> int:
    """What came across, as a number; what was made just now is another thing each time."""
    return crc32(_CUT.sub(b"", alike(leak.shown.encode(), run.judge.marks)))


async def replay(text: str, known: set[str] | None, *, strays: bool) -> list[str]:
    """Ask them; gives what came across, up to the first that is not known. None: it gives all."""
    found: list[str] = []
    async with run_of(KIND, seed=11, strays=strays) as run:
        people = {person.name: person for person in run.people}
        pools = {pool.person.name: pool for pool in run.pools}
        bare = await directed.bare(run, run.legs[0])
        found += [f"{leak.what}, {leak.person}, {_digest(run, leak)}" for leak in bare]
        if strays:
            found += await pointed.past_the_api(run, run.legs[0])
        if known is not None and not known.issuperset(found):
            return found
        for token, name in _tokens(run):
            text = text.replace(name, token)
        for number, each in enumerate(json.loads(text)):
            operation = Operation(
                OperationType(each["kind"]),
                each["text"],
                each["variables"],
                pools[each["target"]],
                tuple(each["roots"]),
                (),
            )
            leaks = await run.judge.ask_once(operation, run.legs[0], people[each["person"]])
            found += [f"{number}: {leak.what}, {leak.person}, {_digest(run, leak)}" for leak in leaks]
            if known is not None and not known.issuperset(found):
                return found
    return found
