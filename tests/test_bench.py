"""The benchmark of writing still runs, in a short form; what it measures is not judged here."""

import pytest

writes = pytest.importorskip("bench.writes", reason="the benchmarks are not part of the package")


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
