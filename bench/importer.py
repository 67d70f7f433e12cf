"""One import as `colloquy import` does it, in a process of its own: prints its seconds and its peak memory as JSON."""

import argparse
import asyncio
import cProfile
import io
import json
import pstats
import resource
import sys
import time
from pathlib import Path

from rich.console import Console

from graph import importing
from graph.opening import open_database
from graph.settings import Settings


async def imported(database: str, path: Path) -> float:
    """Import the file, and give the seconds from opening the database to closing it.

    Raises SystemExit where something was refused.
    """
    settings = Settings.load(database_url=database)
    said = io.StringIO()
    begun = time.perf_counter()
    opened = await open_database(settings, purpose="bench import")
    try:
        code = await importing.run_import(
            opened,
            [str(path)],
            format=None,
            workspace="default",
            account="",
            strict=False,
            settings=settings,
            console=Console(file=said),
        )
    finally:
        await opened.close()
    took = time.perf_counter() - begun
    if code:
        sys.exit(f"the import of {path} ended with exit code {code}: {said.getvalue()[-2000:]}")
    return took


def main() -> None:
    """Import as the arguments say."""
    parser = argparse.ArgumentParser(prog="python -m bench.importer", description=__doc__)
    parser.add_argument("database")
    parser.add_argument("path", type=Path)
    parser.add_argument("--profile", action="store_true")
    given = parser.parse_args()
    profile = cProfile.Profile() if given.profile else None
    if profile is not None:
        profile.enable()
    seconds = asyncio.run(imported(given.database, given.path))
    if profile is not None:
        profile.disable()
        pstats.Stats(profile, stream=sys.stderr).sort_stats("tottime").print_stats(45)
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    json.dump({"seconds": seconds, "peak": peak}, sys.stdout)


if __name__ == "__main__":
    main()
