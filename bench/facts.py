"""What a figure needs to be read: the machine and the versions, medians with their spread, tables in Markdown."""

import importlib.metadata
import os
import platform
import sqlite3
import statistics
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

PACKAGES = (
    "uvicorn",
    "uvloop",
    "httptools",
    "starlette",
    "strawberry-graphql",
    "graphql-core",
    "sqlalchemy",
    "asyncpg",
)


def machine(*more: str) -> str:
    """The machine, its load before the benchmark, and the versions of what runs on it, as a list in Markdown."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    packages = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)
    lines = [
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {platform.system()} {platform.machine()}, {_processor()}, "
        f"{cores()} cores, {memory:.0f} GiB",
        f"load average before: {load}",
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {packages}",
        *more,
    ]
    return "\n".join(f"- {line}" for line in lines)


def cores() -> int:
    """The processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.is_file():
        for line in information.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "an unnamed processor"


def spread(values: Iterable[float], digits: int = 0) -> str:
    """The median, and the least and the greatest in brackets."""
    listed = sorted(values)
    if len(listed) == 1:
        return f"{listed[0]:,.{digits}f}"
    return f"{statistics.median(listed):,.{digits}f} [{listed[0]:,.{digits}f}-{listed[-1]:,.{digits}f}]"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown, its columns of equal width."""
    cells = [list(header), *map(list, rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    lines = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in cells]
    lines.insert(1, " | ".join("-" * width for width in widths))
    return "\n".join(f"| {line} |" for line in lines)


def resident(process: int, *, peak: bool = False) -> int:
    """The bytes of memory that a process holds, or the most that it ever held; 0 where Linux's /proc isn't."""
    status = Path(f"/proc/{process}/status")
    try:
        lines = status.read_text(encoding="ascii").splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    name = "VmHWM:" if peak else "VmRSS:"
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(name)), 0)


def processor_seconds(process: int) -> float:
    """The processor time that a process has taken, of all its threads; 0 where Linux's /proc isn't."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
