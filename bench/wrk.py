"""The load of the reading benchmarks: wrk, one thread, the same POST over and over on a few keep-alive connections."""

import json
import math
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.servers import ROOT, BenchmarkFailed

SCRIPT: Final = ROOT / "bench" / "wrk.lua"

ANSWER_TIMEOUT: Final = 60
"""Seconds after which wrk gives an answer up."""

PATIENCE: Final = 10.0
"""Seconds by which a measurement is repeated longer in which no answer came."""

FEW: Final = 50
"""With fewer answers than these, those that are cut off at the end would be missed in a count: the rate is then that of
closed loops, connections over the mean time of an answer."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run showed; times in milliseconds."""

    requests: int
    per_second: float
    p50: float
    p99: float
    cpu: float = 0.0
    """Processor time of the server's process for one request, the database's own not counted; 0 where unknown."""


def require() -> None:
    """Raise BenchmarkFailed where wrk is missing."""
    if shutil.which("wrk") is None:
        raise BenchmarkFailed("wrk is missing, which makes the load: install it, on Debian by `apt-get install wrk`")


def load(url: str, body: Path, *, connections: int, seconds: float, length: int) -> Measured:
    """Send the body of a file for that long; every answer must have status 200 and at least `length` bytes.

    Raises BenchmarkFailed where one has not, where a connection breaks, or where wrk is missing.
    """
    require()
    found = _run(url, body, connections, seconds)
    if not found["requests"] and not found["status"]:
        # The measurement was meant to be much longer than an answer takes: the machine was busy with something else.
        found = _run(url, body, connections, seconds + PATIENCE)
    return _measured(found, connections, length, url)


def _run(url: str, body: Path, connections: int, seconds: float) -> dict[str, float]:
    command = [
        "wrk",
        "-t1",
        f"-c{connections}",
        f"-d{math.ceil(seconds)}s",
        f"--timeout={ANSWER_TIMEOUT}s",
        "--latency",
    ]
    process = subprocess.Popen(
        [*command, "-s", str(SCRIPT), url, "--", str(body)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        output = _output(process, seconds)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    counted = next((line for line in output.splitlines() if line.startswith("{")), None)
    if counted is None:
        raise BenchmarkFailed(f"wrk said nothing of {url}: {output[-1000:]}")
    answer: dict[str, float] = json.loads(counted)
    return answer


def _output(process: subprocess.Popen[str], seconds: float) -> str:
    if seconds != math.ceil(seconds):
        # wrk counts whole seconds only; on a signal it ends early, and says what it has.
        try:
            return process.communicate(timeout=seconds)[0]
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
    return process.communicate(timeout=seconds + 2 * ANSWER_TIMEOUT)[0]


def _measured(found: dict[str, float], connections: int, length: int, url: str) -> Measured:
    requests = int(found["requests"])
    if found["status"] or found["broken"]:
        raise BenchmarkFailed(f"{url}: {found['status']} answers with an error, {found['broken']} broken or too late")
    if not requests:
        raise BenchmarkFailed(f"{url} gave no answer in {found['duration'] / 1e6:.1f} s")
    if found["bytes"] < requests * length:
        raise BenchmarkFailed(f"{url}: {requests} answers have {found['bytes']:.0f} bytes, not {length} and more each")
    by_count = requests / (found["duration"] / 1e6)
    by_time = connections / (found["mean"] / 1e6)
    return Measured(requests, by_time if requests < FEW else by_count, found["p50"] / 1e3, found["p99"] / 1e3)
