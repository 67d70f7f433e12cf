"""Runs: the stages of each kind of database, and so many operations over them."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final

from db.words import Role
from graph.access.tokens import mint, secret_of
from graph.schema import schema
from tests.access.crossing.judge import Judge, Leak, Legs
from tests.access.crossing.marks import START
from tests.access.crossing.operations import Drawn
from tests.access.crossing.people import Person, Sight, people
from tests.access.crossing.pools import Pool, pool_of
from tests.access.crossing.stage import PostgresStage, SqliteStage, Stage
from tests.access.crossing.world import World

KINDS: Final = ("sqlite", "postgresql", "postgresql with row-level security")

_NEVER: Final = START.replace(year=2099)


@dataclass
class Run:
    """All that a run needs."""

    world: World
    people: Sequence[Person]
    pools: Sequence[Pool]
    judge: Judge
    drawn: Drawn
    legs: Sequence[Legs]

    async def go(self, operations: int) -> list[Leak]:
        """Examine so many, on one database after the other."""
        for number in range(operations):
            await self.judge.examine(self.drawn.operation(), self.legs[number % len(self.legs)])
        return self.judge.leaks


@asynccontextmanager
async def run_of(
    kinds: Sequence[str] = KINDS, *, seed: int = 0, strays: bool = True, judges: bool = True
) -> AsyncIterator[Run]:
    """The world on these kinds of databases, and what draws and judges; or, quicker to have, what draws alone."""
    world, random = World(strays=strays), Random(seed)
    everybody = people(world)
    judge = Judge(world, everybody, random)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="colloquy-crossing-")))

        async def stage(kind: str, rows: Any) -> Stage:
            made: Stage = await (
                SqliteStage.opened(folder)
                if kind == "sqlite"
                else PostgresStage.opened(row_security=kind != "postgresql" and rows is world.rows)
            )
            await made.filled(rows)
            stack.push_async_callback(made.close)
            return made

        alone: dict[str, dict[str, Stage]] = {}
        legs = []
        for kind in kinds:
            dialect = kind.split()[0]
            if dialect not in alone:
                alone[dialect] = await _alone(dialect, judge.sights, stage) if judges else {}
            legs.append(Legs(kind, await stage(kind, world.rows), alone[dialect]))
        pools = [
            await pool_of(person, judge.sights[person.name], legs[0].whole)
            for person in everybody
            if person.viewer.role in (Role.END_USER, Role.ADMIN) and not person.viewer.sees_public
        ]
        secret = await secret_of(legs[0].whole.database)
        for pool in pools:
            visitor = world.visitors[pool.person.at]
            pool.token = mint(secret, pool.person.viewer, visitor, True, _NEVER)
        for leg in legs:
            for each in (leg.whole, *leg.alone.values()):
                _use(each, secret)
        yield Run(world, everybody, pools, judge, Drawn(schema._schema, random, pools), legs)


def _use(stage: Stage, secret: bytes) -> None:
    from graph.access.tokens import use_secret

    use_secret(stage.database, secret)


async def _alone(dialect: str, sights: dict[str, Sight], stage: Any) -> dict[str, Stage]:
    """For each viewer a database of what that one sees; staff of a workspace who see the same share one."""
    made: dict[Any, Stage] = {}
    found: dict[str, Stage] = {}
    for name, sight in sights.items():
        person = sight.person
        key = name if person.ends or person.viewer.role is Role.ADMIN else (person.at, "staff")
        if key not in made:
            made[key] = await stage(dialect, sight.rows)
        found[name] = made[key]
    return found
