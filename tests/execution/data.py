"""The rows of the toy world: as they should be, and spoilt at random."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import Any, Final
from uuid import UUID

from db.columns import Column, Kind
from tests.execution.plain import Mood
from tests.execution.reads import Connection, Odd, Record
from tests.execution.tables import TABLES, number_of

PEOPLE, PETS, HOUSES, LETTERS = 6, 7, 3, 23

START = datetime(2026, 3, 1, 9, 30, 0, 250, tzinfo=UTC)

ODDITIES: Final[Mapping[Kind, tuple[Any, ...]]] = {
    Kind.INTEGER: (2**31, -(2**31) - 1, 2**40, "many", 1.5, 1.0),
    Kind.FLOAT: (float("nan"), float("inf"), "high", 3),
    Kind.WORD: ("feral", "CALM", ""),
    Kind.JSON: ("{", "null", "1e400", ""),
}
"""What a column holds that should not, on both kinds of database."""

UNTYPED: Final[Mapping[Kind, tuple[Any, ...]]] = {Kind.BOOLEAN: (2, "yes"), Kind.MOMENT: (2**62, "today")}
"""The same on SQLite alone, where a column can hold any value."""


def world(dialect: str = "sqlite", **records: list[Record]) -> Connection:
    """A connection to a world without flaw; the tables that are given stand in the place of their own."""
    return Connection(dialect, {**{table.name: [] for table in TABLES}, **_rows(), **records})


def changed(values: Record, dialect: str = "sqlite", *, table: str = "people", n: int = 1) -> Connection:
    """A world whose nth record of a table has other values."""
    connection = world(dialect)
    connection.tables[table][n - 1].update(values)
    return connection


def sampled(word: str | None, dialect: str = "sqlite") -> Connection:
    """A world whose sample is the word's value."""
    return world(dialect, samples=[{"id": "sample", "word": word}])


def spoilt(random: Random, dialect: str, share: float) -> Connection:
    """A world in which that share of all values is null, or something that no one expects."""
    connection = world(dialect)
    for table in TABLES:
        for record in connection.tables[table.name]:
            for name, column in table.columns.items():
                if name not in ("id", "position") and random.random() < share:
                    record[name] = _flaw(random, column, dialect)
    return connection


def dawdling() -> Connection:
    """A flawless world whose reads take turns of different lengths."""
    connection = world("postgresql")
    connection.pause = turns()
    return connection


def turns(first: int = 0) -> Callable[[], Awaitable[None]]:
    """What waits for some turns of the loop, each time for others."""
    numbers = count(first)

    async def pause() -> None:
        for _ in range(next(numbers) * 7 % 5):
            await asyncio.sleep(0)

    return pause


def _flaw(random: Random, column: Column, dialect: str) -> Any:
    if column.name.endswith("_id"):
        return random.choice([None, UUID(int=random.randint(1, 9)), number_of("Person", random.randint(1, PEOPLE))])
    odd = ODDITIES.get(column.kind, ())
    if dialect == "sqlite":
        odd += UNTYPED.get(column.kind, ())
    return Odd(random.choice(odd)) if odd and random.random() < 0.5 else None


def _rows() -> dict[str, list[Record]]:
    return {
        "people": [_person(n) for n in range(1, PEOPLE + 1)],
        "pets": [_pet(n) for n in range(1, PETS + 1)],
        "houses": [_house(n) for n in range(1, HOUSES + 1)],
        "letters": [_letter(n) for n in range(1, LETTERS + 1)],
        "samples": [{"id": "sample", "word": "one"}],
    }


def _person(n: int) -> Record:
    return {
        "id": number_of("Person", n),
        "position": n,
        "name": f"Ada {n}",
        "nickname": [None, "loud", "é"][n % 3],
        "age": 20 + n,
        "steps": None if n % 2 else 10_000 * n,
        "height": 1.7 + n / 20,
        "weight": None if n % 3 else 60.5 + n,
        "active": n % 2 == 0,
        "trusted": [None, True, False][n % 3],
        "mood": Mood.CALM if n % 3 else Mood.LOUD,
        "mood_before": Mood.LOUD if n % 2 else None,
        "born": START + timedelta(days=n),
        "seen": None if n == 1 else START + timedelta(microseconds=n),
        "token": UUID(int=2**100 + n),
        "passport": None if n % 2 else UUID(int=2**90 + n),
        "badge": [None, {"n": n, "deep": [1.5, "x", None, {"y": True}]}, [n]][n % 3],
        "settings": [0, "", False, {"a": 2**70}, [], {}][n % 6],
        "address": None
        if n % 4 == 0
        else {"street": f"Street {n}", "number": n, "lines": ["a", "b"][: n % 3], "points": [[n, 1], None]},
        "home_id": number_of("House", 1 + n % HOUSES),
        "friend_id": None if n == PEOPLE else number_of("Person", n + 1),
        "pet_id": None if n % 2 else number_of("Pet", n),
        "has_letters": n != 3,
    }


def _pet(n: int) -> Record:
    return {
        "id": number_of("Pet", n),
        "position": n,
        "name": f"Rex {n}",
        "mood": [None, Mood.CALM, Mood.LOUD][n % 3],
        "owner_id": number_of("Person", 1 + n % 4),
        "born": None if n % 2 else START - timedelta(days=n),
    }


def _house(n: int) -> Record:
    return {
        "id": number_of("House", n),
        "position": n,
        "name": f"House {n}",
        "figures": [{"side": n}, {"centre": [n, None], "radius": n / 2}, {"side": 1, "tags": ["x"]}][: n + 1],
        "owner_id": None if n == 1 else number_of("Person", n),
    }


def _letter(n: int) -> Record:
    return {
        "id": number_of("Letter", n),
        "position": n,
        "text": f"letter {n}",
        "mood": Mood.CALM if n % 2 else Mood.LOUD,
        "person_id": None if n == LETTERS else number_of("Person", 1 + n % (PEOPLE - 1)),
        "gift": [None, {"pages": n}, {"label": f"toy {n}", "detail": {"n": n}}, {"pages": None}, {"label": "l"}][n % 5],
    }
