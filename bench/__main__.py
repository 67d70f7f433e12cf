"""`python -m bench CASE`: each benchmark, with all that it needs, in one command."""

import argparse
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from bench import hostile, importing, limits, memory, reading, writes
from bench.cases import CASES
from bench.contest import Options
from bench.lineup import SERVERS
from bench.reading import Wanted
from bench.servers import BenchmarkFailed

DATABASES = {"sqlite": ("sqlite",), "postgresql": ("postgresql",), "both": ("sqlite", "postgresql")}

READING: dict[str, Callable[[argparse.Namespace], Wanted]] = {
    **{name: lambda given: Wanted(cases=(given.benchmark,)) for name in CASES},
    "growth": lambda _: Wanted(growth=True),
    "soak": lambda given: Wanted(soak=given.requests),
    "all": lambda given: Wanted(cases=tuple(CASES), growth=True, soak=given.requests),
}
"""What each of the benchmarks of reading measures."""

MEANINGS = {
    "inbox": "20 conversations with 20 messages each and their citations, by all servers",
    "small": "one conversation's id and title, by all servers",
    "deep": "eight levels down from one conversation, by all servers",
    "typename": "{ __typename }, by all servers and by bare Starlette",
    "wide": "100 conversations with 100 messages each, all scalar fields, by all servers; and their memory",
    "growth": "the time of answers of 200 to 110,100 rows",
    "soak": "the memory under thousands of mixed operations",
    "all": "all of these, one after the other",
}


def main() -> None:
    """Run the benchmark that the arguments name; the exit code is 1 where its figures would mean nothing."""
    given = _parser().parse_args()
    signal.signal(signal.SIGTERM, _ended)
    try:
        if given.benchmark in READING:
            reading.run(
                READING[given.benchmark](given),
                Options(
                    messages=given.messages,
                    rounds=given.rounds,
                    seconds=given.seconds,
                    connections=tuple(sorted(given.connections)),
                    databases=DATABASES[given.database],
                    servers=tuple(given.servers),
                ),
                given.json,
            )
        elif given.benchmark == "write":
            writes.run(
                writes.Options(
                    rounds=given.rounds,
                    seconds=given.seconds,
                    connections=tuple(given.connections),
                    databases=DATABASES[given.database],
                    messages=given.messages,
                )
            )
        elif given.benchmark == "import":
            importing.run(
                importing.Options(given.messages, given.rounds, DATABASES[given.database], profile=given.profile)
            )
        elif given.benchmark == "limits":
            limits.run(limits.Options(given.seconds))
        elif given.benchmark == "hostile":
            hostile.run(hostile.Options(given.rounds, given.seconds, given.connections, given.held))
        else:
            memory.run(memory.Options(given.megabytes, given.points, DATABASES[given.database]))
    except BenchmarkFailed as error:
        sys.exit(f"bench: {error}")
    except KeyboardInterrupt:
        sys.exit("bench: stopped")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description="The benchmarks of Colloquy.")
    benchmarks = parser.add_subparsers(dest="benchmark", required=True)

    for name, meaning in MEANINGS.items():
        one = benchmarks.add_parser(name, help=meaning)
        one.add_argument("--messages", type=int, default=100_000, help="messages in the database")
        one.add_argument("--rounds", type=int, default=7, help="alternating measurements of each server")
        one.add_argument("--seconds", type=float, default=2.0, help="length of one measurement, at least")
        one.add_argument("--connections", type=int, nargs="+", default=[1, 8], help="clients at a time")
        one.add_argument("--database", choices=DATABASES, default="both")
        one.add_argument(
            "--servers", nargs="+", choices=SERVERS, default=SERVERS, help="who takes part beside the floor"
        )
        one.add_argument("--requests", type=int, default=20_000, help="requests of the soak")
        one.add_argument("--json", type=Path, metavar="FILE", help="write medians, all rounds and ratios there")

    two = benchmarks.add_parser("import", help="messages a second of an import, against the driver's executemany")
    two.add_argument("--messages", type=int, default=100_000, help="messages in the file")
    two.add_argument("--rounds", type=int, default=3, help="imports into each database")
    two.add_argument("--database", choices=DATABASES, default="both")
    two.add_argument("--profile", action="store_true", help="print where the importer's time goes; it is slower then")

    four = benchmarks.add_parser("write", help="writes a second over HTTP, against a hand-written handler")
    four.add_argument("--rounds", type=int, default=5, help="alternating measurements of each server")
    four.add_argument("--seconds", type=float, default=2.0, help="length of one measurement")
    four.add_argument("--connections", type=int, nargs="+", default=[1, 8, 32], help="clients at a time")
    four.add_argument("--messages", type=int, default=20_000, help="messages that the readers beside writers have")
    four.add_argument("--database", choices=DATABASES, default="both")

    five = benchmarks.add_parser("hostile", help="the time of a small query beside hostile clients")
    five.add_argument("--rounds", type=int, default=3, help="measurements with and without each attack, in turns")
    five.add_argument("--seconds", type=float, default=3.0, help="length of one measurement")
    five.add_argument("--connections", type=int, default=8, help="clients that are served")
    five.add_argument("--held", type=int, default=5000, help="connections that are held")

    six = benchmarks.add_parser("limits", help="time and memory of hostile documents, against strawberry's limiters")
    six.add_argument("--seconds", type=float, default=20.0, help="how long each document may take")

    three = benchmarks.add_parser("memory", help="the memory of an import of a long file")
    three.add_argument("--megabytes", type=int, default=1024, help="length of the file in MiB")
    three.add_argument("--points", type=int, default=10, help="points of the curve")
    three.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    return parser


def _ended(_signal: int, _frame: FrameType | None) -> None:
    """Leave as on Ctrl+C, so that what was started is ended."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
