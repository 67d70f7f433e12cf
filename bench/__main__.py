"""`python -m bench import | inbox | write | memory`: each benchmark, with all that it needs, in one command."""

import argparse
import signal
import sys
from types import FrameType

from bench import importing, inbox, memory, writes
from bench.servers import BenchmarkFailed

DATABASES = {"sqlite": ("sqlite",), "postgresql": ("postgresql",), "both": ("sqlite", "postgresql")}


def main() -> None:
    """Run the benchmark that the arguments name; the exit code is 1 where its figures would mean nothing."""
    given = _parser().parse_args()
    signal.signal(signal.SIGTERM, _ended)
    try:
        if given.benchmark == "inbox":
            connections = tuple(given.connections)
            inbox.run(
                inbox.Options(given.messages, given.rounds, given.seconds, connections, DATABASES[given.database])
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
        else:
            memory.run(memory.Options(given.megabytes, given.points, DATABASES[given.database]))
    except BenchmarkFailed as error:
        sys.exit(f"bench: {error}")
    except KeyboardInterrupt:
        sys.exit("bench: stopped")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description="The benchmarks of Colloquy.")
    benchmarks = parser.add_subparsers(dest="benchmark", required=True)

    one = benchmarks.add_parser("inbox", help="requests a second over HTTP, against a hand-written handler")
    one.add_argument("--messages", type=int, default=100_000, help="messages in the database")
    one.add_argument("--rounds", type=int, default=3, help="alternating measurements of each server")
    one.add_argument("--seconds", type=float, default=2.0, help="length of one measurement")
    one.add_argument("--connections", type=int, nargs="+", default=[1, 8], help="clients at a time")
    one.add_argument("--database", choices=DATABASES, default="both")

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
