"""The benchmarks of reading: cases, growth and soak on databases that are filled once, the bars, and all as JSON."""

import json
import statistics
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import bars, contest, footprint, growth, node, soak
from bench.bars import Verdict
from bench.cases import CASES
from bench.contest import Options, Results
from bench.lineup import COLLOQUY, JAVASCRIPT, MERCURIUS
from bench.servers import BenchmarkFailed
from bench.worlds import Worlds


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to measure."""

    cases: tuple[str, ...] = ()
    growth: bool = False
    soak: int = 0
    """Requests of the soak; none without it."""


def run(wanted: Wanted, options: Options, json_file: Path | None = None, say: Callable[[str], None] = print) -> None:
    """Measure, and say it all in Markdown.

    Raises BenchmarkFailed where the servers answer differently, or the floor is too slow for the run to count.
    """
    report: dict[str, Any] = {"date": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", "options": asdict(options)}
    verdicts: list[Verdict] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="colloquy-bench-")))
        worlds = stack.enter_context(Worlds(folder, options.databases, options.messages, say))
        report["machine"] = worlds.machine(*_javascript(options))
        say(f"# Reading\n\n{report['machine']}\n")
        results = contest.measure([CASES[name] for name in wanted.cases], options, worlds, folder, say)
        verdicts += bars.of_contest(results)
        report |= _of_results(results)
        if "wide" in wanted.cases:
            grown = footprint.measure(options.databases, worlds, folder, say)
            verdicts += bars.of_memory(grown)
            report["memory"] = {name: {one: asdict(of) for one, of in by.items()} for name, by in grown.items()}
        if wanted.growth:
            points = growth.measure(options.databases, options.rounds, worlds, folder, say)
            verdicts += bars.of_growth(points)
            report["growth"] = {name: [asdict(point) for point in by] for name, by in points.items()}
        if wanted.soak:
            soaked = soak.measure(options.databases[0], wanted.soak, worlds, folder, say)
            verdicts += bars.of_soak(soaked)
            report["soak"] = asdict(soaked)
    if verdicts:
        say(f"### The bars\n\n{bars.table(verdicts)}\n")
    reached = bars.floor_counts(results)
    report |= {
        "bars": [asdict(verdict) for verdict in verdicts],
        "floor_over_mercurius": reached,
        "counts": reached is None or reached >= bars.FLOOR_OVER_MERCURIUS,
    }
    if json_file is not None:
        json_file.write_text(json.dumps(report, indent=1), encoding="utf-8")
    if reached is not None:
        say(f"The floor over {MERCURIUS}, inbox, postgresql, 8 connections: {reached:.2f}\n")
    if not report["counts"]:
        raise BenchmarkFailed(
            f"this run does not count: the floor is {reached:.2f} times as fast as {MERCURIUS}, and not "
            f"{bars.FLOOR_OVER_MERCURIUS}"
        )


def _javascript(options: Options) -> list[str]:
    if "postgresql" not in options.databases or node.missing():
        return []
    return [f"Node {node.version()}: {node.versions(name)}" for name in JAVASCRIPT if name in options.servers]


def _of_results(results: Results) -> dict[str, Any]:
    """`ratios.<database>.<peer>` of the inbox with the most connections, and `cases.<case>.<database>.<n>.<peer>`."""
    ratios: dict[str, dict[str, float]] = {}
    cases: dict[str, Any] = {}
    for key, of in results.measured.items():
        case, database, connections = key
        there = cases.setdefault(case, {}).setdefault(database, {}).setdefault(str(connections), {})
        for name, measured in of.items():
            by_round = results.ratios(key, name)
            there[name] = {
                "per_second": statistics.median(one.per_second for one in measured),
                "p50": statistics.median(one.p50 for one in measured),
                "p99": statistics.median(one.p99 for one in measured),
                "cpu": statistics.median(one.cpu for one in measured),
                "bytes": results.sizes[case, database, name],
                "ratio": statistics.median(by_round),
                "ratios": by_round,
                "rounds": [asdict(one) for one in measured],
            }
            if case == "inbox" and name != COLLOQUY:
                # The numbers of connections rise: the last one, 8 by default, stays.
                ratios.setdefault(database, {})[name] = there[name]["ratio"]
    return {"ratios": ratios, "cases": cases}
