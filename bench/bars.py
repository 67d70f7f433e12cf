"""The bars: what the server has to reach in one run of the benchmark, and where it is heading."""

import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from bench import facts
from bench.contest import Results
from bench.footprint import Grown
from bench.growth import Point, step
from bench.lineup import BARE, COLLOQUY, FLOOR, MERCURIUS, POSTGRAPHILE, STOCK, UNLIMITED
from bench.soak import Soaked

FLOOR_OVER_MERCURIUS: Final = 2.5
"""The floor's requests a second over mercurius's on the inbox, PostgreSQL, 8 connections: below it no run counts."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A ratio of requests a second: the server's over a peer's."""

    case: str
    database: str
    connections: int
    peer: str
    least: float
    goal: float


BARS: Final = (
    Bar("inbox", "postgresql", 8, MERCURIUS, 2.2, 2.8),
    Bar("inbox", "postgresql", 8, POSTGRAPHILE, 2.5, 3.5),
    Bar("inbox", "postgresql", 8, STOCK, 14, 20),
    Bar("inbox", "postgresql", 8, FLOOR, 0.75, 0.95),
    Bar("inbox", "postgresql", 8, UNLIMITED, 0.9, 1),
    Bar("inbox", "sqlite", 8, STOCK, 12, 18),
    Bar("inbox", "sqlite", 8, FLOOR, 0.75, 0.95),
    Bar("inbox", "sqlite", 8, UNLIMITED, 0.9, 1),
    Bar("small", "postgresql", 8, STOCK, 3, 4),
    Bar("small", "postgresql", 8, FLOOR, 0.75, 0.95),
    Bar("small", "postgresql", 8, MERCURIUS, 0.7, 1),
    Bar("typename", "postgresql", 8, STOCK, 3, 4),
    Bar("typename", "postgresql", 8, BARE, 0, 0.9),
    Bar("wide", "postgresql", 1, STOCK, 9, 11),
    Bar("wide", "postgresql", 1, FLOOR, 0.8, 0.95),
    Bar("wide", "sqlite", 1, STOCK, 9, 11),
    Bar("wide", "sqlite", 1, FLOOR, 0.8, 0.95),
)

MEMORY_SHARE: Final = (1 / 3, 1 / 5)
"""The growth of memory by the wide answers over stock's: at most, and the goal."""

GROWTH: Final = (11.0, 10.0)
"""What ten times the rows cost, as a factor of time: at most, and the goal."""

SOAK_SHARE: Final = 0.02
SOAK_BYTES: Final = 4 * 2**20
"""By how much memory may grow under mixed operations: by that share, or by that many bytes."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A bar, and what was measured."""

    bar: str
    limit: str
    goal: str
    measured: str
    holds: bool


def of_contest(results: Results) -> Iterator[Verdict]:
    """The bars of the cases that were measured."""
    for bar in BARS:
        ratios = results.ratios((bar.case, bar.database, bar.connections), bar.peer)
        if ratios:
            yield Verdict(
                f"{bar.case}, {bar.database}, {bar.connections} connection{'s' * (bar.connections > 1)}: / {bar.peer}",
                f">= {bar.least:g}" if bar.least else "",
                f"{bar.goal:g}",
                facts.spread(ratios, 2),
                statistics.median(ratios) >= bar.least,
            )


def of_memory(grown: Mapping[str, Mapping[str, Grown]]) -> Iterator[Verdict]:
    """The bar of the memory of wide answers."""
    for database, of in grown.items():
        share = of[COLLOQUY].growth / max(of[STOCK].growth, 1)
        name = f"memory of wide, {database}: growth / {STOCK}'s"
        yield Verdict(
            name, f"<= {MEMORY_SHARE[0]:.2f}", f"{MEMORY_SHARE[1]:g}", f"{share:.2f}", share <= MEMORY_SHARE[0]
        )


def of_growth(points: Mapping[str, list[Point]]) -> Iterator[Verdict]:
    """The bar of the time of rising answers: its worst step."""
    for database, of in points.items():
        worst = max(step(of, place) for place in range(1, len(of)))
        name = f"growth, {database}: 10 times the rows"
        yield Verdict(name, f"<= {GROWTH[0]:g}", f"{GROWTH[1]:g}", f"{worst:.2f}", worst <= GROWTH[0])


def of_soak(soaked: Soaked) -> Iterator[Verdict]:
    """The bar of memory under mixed operations."""
    allowed = max(SOAK_BYTES, SOAK_SHARE * soaked.settled)
    name = f"{soaked.requests:,} mixed requests: memory"
    limit = f"<= {allowed / 2**20:+.1f} MiB"
    yield Verdict(name, limit, "", f"{soaked.growth / 2**20:+.1f} MiB", soaked.growth <= allowed)


def floor_counts(results: Results) -> float | None:
    """The floor over mercurius on the inbox, the median of the rounds; None where they were not measured."""
    measured = results.measured.get(("inbox", "postgresql", 8), {})
    pairs = zip(measured.get(FLOOR, ()), measured.get(MERCURIUS, ()), strict=False)
    ratios = [floor.per_second / mercurius.per_second for floor, mercurius in pairs]
    return statistics.median(ratios) if ratios else None


def table(verdicts: list[Verdict]) -> str:
    """The bars as a table in Markdown."""
    rows = [[one.bar, one.limit, one.goal, one.measured, "yes" if one.holds else "NO"] for one in verdicts]
    return facts.table(["bar", "limit", "goal", "measured", "holds"], rows)
