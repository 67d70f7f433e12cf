"""The long forms of the tests of faults.

python -m tests.faults kills --number 500
python -m tests.faults power-cuts --number 2000
"""

import argparse
import asyncio
import sys
from typing import TYPE_CHECKING, cast

from tests import postgres
from tests.faults import disk, kills, power_cuts

if TYPE_CHECKING:
    import pytest


def main() -> None:
    """Do as the arguments say; the exit code is 1 where something was lost."""
    given = _parser().parse_args()

    def say(line: object) -> None:
        print(line, flush=True)  # noqa: T201 - what the command is for

    try:
        if given.fault == "kills":
            for kind in ("sqlite", "postgresql") if given.database == "both" else (given.database,):
                asyncio.run(kills.run(kind, given.number, longest=given.seconds, seed=given.seed, say=say))
        else:
            if reason := disk.why_not():
                sys.exit(f"power-cuts: {reason}")
            seen = asyncio.run(power_cuts.run(given.number, synchronous=given.synchronous, seed=given.seed, say=say))
            if seen.lost:
                sys.exit(f"power-cuts: {seen.lost} of {seen.cuts} cuts lost acknowledged writes")
    except AssertionError as error:
        sys.exit(f"{given.fault}: {error}")
    finally:
        postgres.unconfigure(cast("pytest.Config", object()))  # it only asks whether it is a worker's


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description="Servers killed, power cut.")
    faults = parser.add_subparsers(dest="fault", required=True)
    one = faults.add_parser("kills", help="kill servers under a stream of writes")
    one.add_argument("--number", type=int, default=500, help="kills of each database")
    one.add_argument("--seconds", type=float, default=1.0, help="how long a server lives at most")
    one.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="sqlite")
    two = faults.add_parser("power-cuts", help="cut the power, simulated, under a process that writes into SQLite")
    two.add_argument("--number", type=int, default=2000, help="cuts")
    two.add_argument("--synchronous", choices=["FULL", "NORMAL"], default="FULL", help="NORMAL: what would be lost")
    for each in (one, two):
        each.add_argument("--seed", type=int, default=1, help="another seed, other writes")
    return parser


if __name__ == "__main__":
    main()
