"""Runs of generated operations over one database: what a seed asks, and what a run finds."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from random import Random
from typing import Any, Final, get_args

import pytest
from graphql import parse, validate

from db.database import Database
from tests.acceptance import engine_spoiling, engine_world
from tests.acceptance.engine_coverage import Coverage, Place
from tests.acceptance.engine_directed import Directed
from tests.acceptance.engine_values import Arguments, Pool
from tests.acceptance.engine_ways import ARRANGED, SCHEMA, Asked, Fault, compared
from tests.acceptance.worlds import World, world
from tests.execution.operations import operation

FAILING: Final = 0.2
"""The share of operations of which a read or two fail."""

MOST: Final = 60
"""Operations that are tried for one place."""

RARE: Final = {"export": 0.03, "messagesOpenAIFormat": 0.1, "tags": 0.3, "propertyKeys": 0.4, "propertyValues": 0.4}
"""Fields with resolvers of their own: all operations that have one below the root are graphql-core's."""


class Run:
    """Generated operations over one database."""

    def __init__(self, database: Database, told: Any, *, broken: bool) -> None:
        self.database = database
        self.is_broken = broken
        pool = Pool(**told)
        self._values = Arguments(pool)
        self._directed = Directed(SCHEMA, self._values, dict(pool.ids))
        self.coverage = Coverage(SCHEMA)
        self.asked = 0
        self.failing = 0
        self.with_errors = 0

    async def differing(self, seed: int) -> tuple[Asked, str] | None:
        """The operation of a seed, drawn for what was not reached yet, and how it differs; None where it doesn't."""
        random = Random(seed)
        return await self._compared(self.drawn(random), random)

    async def reaching(self, place: Place) -> AsyncIterator[tuple[Asked, str]]:
        """Operations that go straight to a place, until it is reached or many have failed; those that differ."""
        for seed in range(MOST):
            if self.coverage.reached[place]:
                return
            random = Random(f"{place} {seed}")
            found = await self._compared(Asked(self.database, self._directed.operation(random, place)), random)
            if found is not None:
                yield found

    async def _compared(self, asked: Asked, random: Random) -> tuple[Asked, str] | None:
        fails = random.random() < FAILING
        ARRANGED.called.clear()
        found, difference = await compared(asked, lazily=self.is_broken)
        names = set(ARRANGED.called)
        self.coverage.note(asked.document, json.loads(found.data))
        self.asked += 1
        self.with_errors += bool(found.errors)
        if difference is None and fails and names:
            failing = random.sample(sorted(names), min(len(names), random.choice((1, 1, 2))))
            # In one way: of `nodes` graphql-core tells the read that failed first.
            asked = replace(asked, faults=dict.fromkeys(failing, random.choice(get_args(Fault))))
            difference = (await compared(asked, lazily=self.is_broken))[1]
            self.failing += 1
        return None if difference is None else (asked, difference)

    def drawn(self, random: Random) -> Asked:
        """A valid operation; fields that were not reached yet come more often."""
        while True:
            text, variables = operation(SCHEMA, random, self._values, wrong=0.03, weight=self._weight)
            if not validate(SCHEMA, parse(text)):
                return Asked(self.database, text, variables)

    def _weight(self, type_name: str, field: str) -> float:
        weight = self.coverage.weight(type_name, field)
        return RARE.get(field, 1.0) if weight == 1 else weight


async def _whole(database: Database) -> dict[str, Any]:
    await engine_world.fill(database)
    return (await Pool.of(database)).told()


async def _broken(database: Database) -> dict[str, Any]:
    told = await _whole(database)
    await engine_spoiling.spoil(database)
    return told


def whole(request: pytest.FixtureRequest, factory: pytest.TempPathFactory) -> World:
    """The world with something of everything."""
    return world("engine", _whole, request, factory)


def broken(request: pytest.FixtureRequest, factory: pytest.TempPathFactory) -> World:
    """The same, broken."""
    return world("engine-broken", _broken, request, factory)


@asynccontextmanager
async def run_over(world: World, *, broken: bool) -> AsyncIterator[Run]:
    """A run over a world."""
    async with world.opened() as database:
        yield Run(database, world.told, broken=broken)
