"""The directed part: every place of the schema is gone to, and every table is read bare."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from db import walls
from db.bare import Bare
from db.wall_rules import EVERYTHING, RULES
from tests.access.crossing.judge import Leak, Legs
from tests.access.crossing.people import MASKED, Person, key_of
from tests.access.crossing.routes import Place, Routes
from tests.access.crossing.runs import Run
from tests.access.crossing.stage import KEYS, TABLES


def missing(run: Run) -> list[Place]:
    """The places that no operation has used yet."""
    return [place for place in dict.fromkeys(Routes(run.drawn.schema).places()) if not run.drawn.used[place]]


async def go(run: Run, legs: Legs) -> None:
    """Go to all places that no operation has used yet."""
    routes = Routes(run.drawn.schema)
    for _ in range(_TRIES):
        for place in missing(run):
            if not run.drawn.used[place]:
                await run.judge.examine(run.drawn.operation(route=routes.to(place)), legs)


_NEVER_SEEN: Final = {"token_secrets": ["id"]}

_TRIES: Final = 4
"""How often an operation is drawn for a place, which it may miss where it goes together with nothing else."""


@contextmanager
def without_the_first_wall() -> Iterator[None]:
    """The wall in the statements lets everything through meanwhile."""
    before = dict(RULES)
    RULES.update(dict.fromkeys(before, EVERYTHING))
    walls.forget()
    try:
        yield
    finally:
        RULES.update(before)
        walls.forget()


async def bare(run: Run, legs: Legs, *, counts: bool = True) -> list[Leak]:
    """Read each table as it is, on a connection that was lent for a viewer: it holds what that one sees and no more.

    Of end users this holds on all databases; of the others where the database has policies.
    """
    for person in run.people:
        if not person.ends and "security" not in legs.name:
            continue
        for name, columns in (TABLES | _NEVER_SEEN).items():
            rows = await _read(legs, person, name, columns)
            if (told := _other(run, person, name, rows, counts=counts)) is not None:
                run.judge.leaks.append(
                    Leak(f"bare rows of {name}", legs.name, person.name, f"SELECT * FROM {name}", told)
                )
    return run.judge.leaks


async def _read(legs: Legs, person: Person, name: str, columns: Sequence[str]) -> list[dict[str, Any]]:
    text = f"SELECT {', '.join(columns)} FROM {name}"

    async def look(connection: Bare) -> Sequence[Sequence[Any]]:
        return await connection.fetch(text, ())

    found = await legs.whole.database.look(look, viewer=person.viewer)
    return [dict(zip(columns, row, strict=True)) for row in found]


def _other(run: Run, person: Person, name: str, rows: list[dict[str, Any]], *, counts: bool) -> str | None:
    seen = run.judge.sights[person.name].rows.get(name, [])
    if not person.ends and name in ("api_keys", "audit_entries"):
        return None  # whose role they are for is a matter of the fields, not of the rows
    one, other = {_plain(key_of(name, row)) for row in rows}, {_plain(key_of(name, row)) for row in seen}
    if one == other:
        if not counts:  # policies hide rows: what is masked, and counted anew, is the first wall's
            return None
        masked = MASKED.get(name, ()) if person.ends else ()
        if shown := {column for row in rows for column in masked if row[column] is not None}:
            return f"what is masked is shown: {sorted(shown)}"
        uses = {_plain(key_of(name, row)): row["citation_count"] for row in seen} if name == "sources" else {}
        wrong = [row for row in rows if uses and uses[_plain(key_of(name, row))] != row["citation_count"]]
        return f"counts {wrong[:2]}" if wrong else None
    many, few = sorted(one - other), sorted(other - one)
    return f"{len(many)} too many: {many[:3]}, {len(few)} too few: {few[:3]} by {KEYS.get(name, 'id')}"


def _plain(key: tuple[Any, ...]) -> tuple[str, ...]:
    return tuple(getattr(part, "hex", None) or str(part) for part in key)
