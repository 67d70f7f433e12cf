"""A part of the long run, in a process of its own."""

from __future__ import annotations

import asyncio
import sys
import time
import warnings
from collections import Counter
from dataclasses import dataclass
from typing import Any, cast

from tests import postgres
from tests.access.crossing import directed
from tests.access.crossing.routes import Routes
from tests.access.crossing.runs import run_of


@dataclass
class Result:
    """What a process has found."""

    leaks: list[str]
    counted: Counter[str]
    used: Counter[tuple[str, ...]]
    places: list[tuple[str, ...]]


def work(operations: int, seed: int, minutes: float | None = None) -> Result:
    """So many operations in a process of its own, the directed part first; none begins after so many minutes."""
    warnings.simplefilter("ignore")
    return asyncio.run(_work(operations, seed, minutes))


async def _work(operations: int, seed: int, minutes: float | None) -> Result:
    end = None if minutes is None else time.monotonic() + 60 * minutes
    try:
        async with run_of(seed=seed, strays=False) as run:
            for legs in run.legs:
                await directed.bare(run, legs)
            await directed.go(run, run.legs[0])
            while (left := operations - run.judge.counted["operations"]) > 0:
                if end is not None and time.monotonic() > end:
                    break
                await run.go(min(left, 250))
                told = f"process {seed}: {run.judge.counted['operations']} operations, {len(run.judge.leaks)} leaks"
                sys.stderr.write(f"{told}\n")
            leaks = [str(leak) for leak in run.judge.leaks]
            return Result(leaks, run.judge.counted, run.drawn.used, [*dict.fromkeys(Routes(run.drawn.schema).places())])
    finally:
        postgres.unconfigure(cast("Any", object()))
