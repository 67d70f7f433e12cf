"""The benchmarks still run, in a short form; what they measure is not judged here."""

import json
import shutil
from pathlib import Path

import pytest

pytest.importorskip("bench", reason="the benchmarks are not part of the package")

from bench import answers, bars, reading, writes
from bench.contest import Options, Results
from bench.lineup import BARE, COLLOQUY, ENGINE_OFF, FLOOR, STOCK, UNLIMITED, Sameness
from bench.reading import Wanted
from bench.servers import BenchmarkFailed
from bench.wrk import Measured


def test_the_benchmark_of_writing_compares_the_same_rows_and_says_its_figures() -> None:
    said: list[str] = []

    # Raises where the server and the handler that it is compared with write different rows.
    writes.run(
        writes.Options(rounds=1, seconds=0.1, warm_up=0.1, connections=(2,), messages=200, readers=1, writers=2),
        said.append,
    )

    table, beside = said[-2:]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.strip().splitlines()[2:]]
    assert {row[0] for row in rows} == {
        f"{operation}, {database}"
        for operation in ("addMessages", "addMessages with a key", "logConversation, 100 messages")
        for database in ("sqlite", "postgresql")
    }
    assert all(float(cell.replace(",", "")) > 0 for row in rows for cell in row[1:7])
    assert "1 readers beside 2 writers" in beside


@pytest.mark.skipif(shutil.which("wrk") is None, reason="wrk is not installed, which makes the load")
def test_the_benchmark_of_reading_compares_the_same_answers_and_writes_its_ratios(tmp_path: Path) -> None:
    said: list[str] = []
    file = tmp_path / "figures.json"

    # Raises where the servers answer differently.
    reading.run(
        Wanted(cases=("inbox", "typename")),
        Options(messages=400, rounds=1, seconds=0.1, connections=(1,), databases=("sqlite",)),
        file,
        said.append,
    )

    report = json.loads(file.read_text(encoding="utf-8"))
    assert report["ratios"]["sqlite"].keys() == {UNLIMITED, ENGINE_OFF, STOCK, FLOOR}
    assert all(ratio > 0 for ratio in report["ratios"]["sqlite"].values())
    assert report["cases"]["inbox"]["sqlite"]["1"][COLLOQUY]["rounds"][0]["requests"] > 0
    assert report["cases"]["typename"]["sqlite"]["1"].keys() == {COLLOQUY, ENGINE_OFF, STOCK, FLOOR, BARE}
    assert any(line.startswith("### inbox, sqlite, 1 connection") for line in said)


def test_a_difference_in_an_answer_is_told_by_its_place() -> None:
    expected = b'{"data": {"list": {"cursor": "a", "nodes": [{"id": "1"}, {"id": "2"}]}}}'
    other_value = b'{"data": {"list": {"cursor": "a", "nodes": [{"id": "1"}, {"id": "3"}]}}}'
    other_cursor = b'{"data": {"list": {"cursor": "b", "nodes": [{"id": "1"}, {"id": "2"}]}}}'
    fewer = b'{"data": {"list": {"nodes": [{"id": "x"}]}}}'

    with pytest.raises(BenchmarkFailed, match=r"nodes\[1\]\.id is 3 instead of 2"):
        answers.check("peer", expected, other_value, Sameness.VALUES)
    with pytest.raises(BenchmarkFailed, match="cursor is b instead of a"):
        answers.check("peer", expected, other_cursor, Sameness.VALUES)
    with pytest.raises(BenchmarkFailed, match="1 objects instead of 2"):
        answers.check("peer", expected, fewer, Sameness.OBJECTS)
    answers.check("peer", expected, other_cursor, Sameness.BUT_CURSORS)


def test_a_bar_holds_by_the_median_of_the_rounds() -> None:
    results = Results()
    results.measured["inbox", "sqlite", 8] = {
        COLLOQUY: [Measured(100, rate, 1.0, 1.0) for rate in (10.0, 130.0, 120.0)],
        STOCK: [Measured(100, 10.0, 1.0, 1.0) for _ in range(3)],
        FLOOR: [Measured(100, 200.0, 1.0, 1.0) for _ in range(3)],
    }

    stock, floor = bars.of_contest(results)

    assert (stock.measured, stock.holds) == ("12.00 [1.00-13.00]", True)
    assert (floor.measured, floor.holds) == ("0.60 [0.05-0.65]", False)
