"""Server processes that start at once, since what they import was imported before they were forked off.

`python -m tests.faults.nursery` reads commands from its standard input, a line each: "serve URL" forks a process that
does what `colloquy serve` does, and "reap PID" waits for one that was killed. It ends with its input, and ends what it
has started. `Nursery` is the side of the tests.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import selectors
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

from tests.e2e.command import environment

ROOT = Path(__file__).resolve().parents[2]

SECONDS = 60.0
"""How long the nursery may take to answer before the test is told that it hangs."""


class Server:
    """A server process."""

    def __init__(self, nursery: Nursery, process: int, url: str) -> None:
        self._nursery = nursery
        self.process = process
        self.url = url

    def kill(self) -> None:
        """End it at once, as a crash would, and wait until it is gone."""
        os.kill(self.process, signal.SIGKILL)
        self._nursery.ask(f"reap {self.process}", "reaped")


class Nursery:
    """Where servers are started; with the block they all end."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery"],
            cwd=ROOT,
            env=environment({}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def serve(self, database: str) -> Server:
        """A server on that database, which answers already."""
        process, url = self.ask(f"serve {database}", "serving").split()
        return Server(self, int(process), url)

    def ask(self, command: str, answer: str) -> str:
        """Give a command, and wait for the line that begins with the answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n".encode())
        self._process.stdin.flush()
        deadline = time.monotonic() + SECONDS
        while not (line := self._line(deadline)).startswith(answer):
            pass
        return line.removeprefix(answer).strip()

    def _line(self, deadline: float) -> str:
        """The next line; read byte by byte, so that nothing waits in a buffer that the selector does not see."""
        assert self._process.stdout is not None
        line = b""
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while not line.endswith(b"\n"):
                assert selector.select(max(0.0, deadline - time.monotonic())), "the nursery does not answer"
                byte = os.read(self._process.stdout.fileno(), 1)
                assert byte, "the nursery has ended"
                line += byte
        return line.decode()


def _serve(database: str) -> None:
    """Be a server; never returns."""
    from graph.serving import serve
    from graph.settings import Settings

    os.close(0)

    def say(line: str) -> None:
        if "http://" in line:
            url = line.split()[1].removesuffix("/graphql")
            os.write(1, f"serving {os.getpid()} {url}\n".encode())

    try:
        serve(Settings.load(database_url=database, port=0, explorer=False), demo=False, say=say)
    except BaseException as error:  # the process must not go on as a nursery, whatever comes
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
    finally:
        os._exit(1)


def _prepare() -> None:
    """Import all that servers need, and let their schema know the documents of the tests.

    A server that has just begun would spend its short life on validating them.
    """
    import graph.serving  # noqa: F401 - only to be there
    from graph.schema import schema
    from tests.faults import wire

    async def validate() -> None:
        for document in wire.documents():
            await schema.execute(document)  # refused, since the variable is missing

    asyncio.run(validate())


def main() -> None:
    """Do what the lines of the standard input say."""
    _prepare()
    started: set[int] = set()
    try:
        for line in sys.stdin:
            command, _, argument = line.strip().partition(" ")
            if command == "serve":
                process = os.fork()
                if process == 0:
                    _serve(argument)
                started.add(process)
            elif command == "reap":
                os.waitpid(int(argument), 0)
                started.discard(int(argument))
                os.write(1, b"reaped\n")
    finally:
        for process in started:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
                os.waitpid(process, 0)


if __name__ == "__main__":
    main()
