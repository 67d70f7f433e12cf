"""The memory of an import of a file of a gigabyte: it must not grow with the file."""

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench import facts, importing, mtrag, servers
from bench.servers import ROOT, BenchmarkFailed

INTERVAL = 0.1
"""Seconds between two looks at the process."""

TIMEOUT = 3600.0
"""Seconds that the import may take."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line decides."""

    megabytes: int = 1024
    points: int = 10
    databases: tuple[str, ...] = ("sqlite",)


@dataclass(frozen=True, slots=True)
class Sample:
    """A look at the importing process."""

    seconds: float
    read: int
    """Bytes of the file that it has read."""
    resident: int
    """Bytes of memory that it holds."""


def run(options: Options, say: Callable[[str], None] = print) -> None:
    """Write the file, import it under observation, and say in Markdown how much memory the importer held when.

    Raises BenchmarkFailed where the import fails.
    """
    if not Path("/proc/self/status").is_file():
        raise BenchmarkFailed("the memory of a process is read from /proc, which only Linux has")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="colloquy-bench-")))
        postgres = stack.enter_context(servers.postgres()) if "postgresql" in options.databases else None
        say(f"# Memory of an import into {options.databases[0]}\n\n{facts.machine()}")
        file = folder / "mtrag.jsonl"
        source, conversations, messages = mtrag.write(file, size=options.megabytes * 2**20)
        size = file.stat().st_size
        say(
            f"- the file: {source}, repeated to {conversations:,} conversations with {messages:,} messages, "
            f"{size / 2**20:,.0f} MiB\n"
        )
        url = postgres.create("imported") if postgres else str(folder / "imported.db")
        asyncio.run(importing.migrated(url))
        samples = watched(url, file)
        say(
            facts.table(
                ["read", "after s", "memory MiB", "highest until then MiB"], _curve(samples, size, options.points)
            )
        )
        last, peak = samples[-1].seconds, max(one.resident for one in samples)
        say(f"\n{last:,.0f} s, {messages / last:,.0f} messages/s, peak {peak / 2**20:,.0f} MiB")


def watched(url: str, file: Path) -> list[Sample]:
    """Import the file in a process of its own, and look at it now and then. Raises BenchmarkFailed where it fails."""
    samples: list[Sample] = []
    begun = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.importer", url, str(file)], cwd=ROOT, stdout=subprocess.DEVNULL
    )
    try:
        while process.poll() is None:
            now = time.monotonic() - begun
            if now > TIMEOUT:
                raise BenchmarkFailed(f"the import took longer than {TIMEOUT:.0f} s")
            read = _position(process.pid, file)
            if read is None and samples:
                read = samples[-1].read
            if resident := facts.resident(process.pid):
                samples.append(Sample(now, read or 0, resident))
            time.sleep(INTERVAL)
    finally:
        servers.end(process)
    if process.returncode:
        raise BenchmarkFailed(f"the import ended with exit code {process.returncode}")
    return samples


def _position(process: int, file: Path) -> int | None:
    """How far the process has read in the file; None where it has not opened it, or has closed it."""
    folder = Path(f"/proc/{process}")
    try:
        for link in (folder / "fd").iterdir():
            if link.readlink() == file:
                return int((folder / "fdinfo" / link.name).read_text(encoding="ascii").split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return None  # the process ended, or closed a file, between two looks
    return None


def _curve(samples: list[Sample], size: int, points: int) -> list[list[str]]:
    rows = []
    for point in range(1, points + 1):
        share = point / points
        reached = next((one for one in samples if one.read >= share * size), samples[-1])
        highest = max(one.resident for one in samples if one.seconds <= reached.seconds)
        rows.append(
            [f"{share:.0%}", f"{reached.seconds:,.0f}", f"{reached.resident / 2**20:,.0f}", f"{highest / 2**20:,.0f}"]
        )
    return rows
