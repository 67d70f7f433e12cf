"""The long run: `python -m tests.access.crossing [--operations N] [--processes N] [--minutes N]`, and `... controls`.

It prints what was found, how often the owners were given what is theirs, and a table of all fields and arguments of the
schema with how often each was used. The exit code is 1 where something came across, or was not used.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from tests.access.crossing.controls import main as controls
from tests.access.crossing.working import Result, work


def main() -> int:
    """Run, print, and say how it went."""
    parser = argparse.ArgumentParser(prog="python -m tests.access.crossing", description=__doc__)
    parser.add_argument("--operations", type=int, default=50_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, help="end after so long, with what there is until then")
    given = parser.parse_args()
    start = time.monotonic()
    with ProcessPoolExecutor(given.processes, mp_context=get_context("spawn")) as pool:
        each = -(-given.operations // given.processes)
        jobs = [pool.submit(work, each, given.seed + number, given.minutes) for number in range(given.processes)]
        results = [job.result() for job in jobs]
    return _print(results, time.monotonic() - start)


def say(text: str) -> None:
    """Tell a person something."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _print(results: list[Result], seconds: float) -> int:
    counted, used = sum((each.counted for each in results), Counter[str]()), Counter[tuple[str, ...]]()
    for each in results:
        used.update(each.used)
    for place in results[0].places:
        say(f"{used[place]:8,}  {'.'.join(place[:2])}{f'({place[2]})' if len(place) > 2 else ''}")
    missing = [place for place in results[0].places if not used[place]]
    leaks = [leak for each in results for leak in each.leaks]
    share = counted["owners given their own"] / counted["operations"]
    say(f"\n{counted['operations']:,} operations, {counted['executions']:,} executions, {seconds / 60:.1f} minutes")
    for name in ("query", "mutation", "subscription", "refused to others", "rows changed by others"):
        say(f"{counted[name]:8,}  {name}")
    for name, number in sorted(counted.items()):
        if name.startswith("code "):
            say(f"{number:8,}  {name}, as the owner")
    for name in sorted(name.removesuffix(": asked") for name in counted if name.endswith(": asked")):
        say(f"{counted[f'{name}: given']:8,} of {counted[f'{name}: asked']:6,}  {name}: the owner was given their own")
    say(f"{share:.1%} of the owners' answers held their own; at least 60 % have to")
    say(f"{len(results[0].places) - len(missing):,} of {len(results[0].places):,} places were used; missing: {missing}")
    say(f"{len(leaks)} leaks")
    for leak in leaks[:50]:
        say(f"\n{leak}")
    return 1 if leaks or missing or share < 0.6 else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["controls"]:
        sys.exit(controls(sys.argv[2:]))
    sys.exit(main())
