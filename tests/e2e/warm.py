"""Commands that start at once, since what they import was imported before their processes were forked off.

Most of the time of a short command goes into its imports. `python -m tests.e2e.warm FD` does them once, and forks a
process off for each command that comes over the socket FD; each has the arguments, folder, environment and standard
streams that it is given. `graph.cli` itself is imported there, by each command anew: it looks at the environment.
`Warm` is the side of the tests, and `Forked` a process as they see it.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import IO, Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]

IMPORTED: Final = (
    *("alembic.command", "asyncpg", "rich.console", "rich.progress", "typer", "uvicorn", "uvloop"),
    *("db.migrations", "graph.app", "graph.demo_world", "graph.exporting", "graph.importing", "graph.serving"),
)
"""What commands need, and nothing that looks at the environment."""

SECONDS: Final = 60.0
"""How long a process may take to be there before the test is told that it hangs."""


class Forked:
    """A process of a command; what is used here of `subprocess.Popen`."""

    def __init__(self, pid: int, end: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._end = end

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None where the process runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.wait(0)
        return None

    def wait(self, timeout: float) -> int:
        """Wait for the end, and give the exit code. Raises subprocess.TimeoutExpired."""
        if self.returncode is None:
            waiting = select.poll()
            waiting.register(self._end, select.POLLIN)
            if not waiting.poll(1000 * timeout):
                raise subprocess.TimeoutExpired("colloquy", timeout)
            self.returncode = int(os.read(self._end, 16))  # nothing at all: who would tell the end has died
            os.close(self._end)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal to the process, if it runs."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)


class Warm:
    """Where processes of commands are forked off; it ends with this process."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.e2e.warm", str(theirs.fileno())],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        ours.settimeout(SECONDS)
        self._socket = ours
        self._lock = Lock()
        atexit.register(self._close)

    def start(
        self,
        arguments: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        streams: tuple[IO[bytes], IO[bytes], IO[bytes]],
    ) -> Forked:
        """Start a command; the first argument is the program, and the streams are standard input, output and error."""
        asked = {"arguments": list(arguments), "folder": str(folder), "environment": dict(environment)}
        end, told = os.pipe()
        try:
            with self._lock:
                line = f"{json.dumps(asked)}\n".encode()
                sent = socket.send_fds(self._socket, [line], [*(stream.fileno() for stream in streams), told])
                self._socket.sendall(line[sent:])
                pid = self._socket.recv(16)
        finally:
            os.close(told)
        assert pid, "the process that forks commands off has died"
        return Forked(int(pid), end)

    def _close(self) -> None:
        self._socket.close()
        self._process.wait(SECONDS)


# ------------------------------------------------------------ the side of the processes


def _requests(connection: socket.socket, wakened: int) -> dict[str, Any]:
    """Fork a process off for each request until there are no more; returns in such a process, with its request."""
    ends: dict[int, int] = {}
    while True:
        readable, _, _ = select.select([connection.fileno(), wakened], [], [])
        if wakened in readable:
            os.read(wakened, 4096)
            _tell_ends(ends)
        if connection.fileno() not in readable:
            continue
        line, descriptors, _, _ = socket.recv_fds(connection, 65536, 4)
        while line and not line.endswith(b"\n"):
            line += connection.recv(65536)
        if not line:
            os._exit(0)
        process = os.fork()
        if process == 0:
            for number in range(3):
                os.dup2(descriptors[number], number)
            return dict(json.loads(line))
        for descriptor in descriptors[:3]:
            os.close(descriptor)
        ends[process] = descriptors[3]
        connection.sendall(str(process).encode())


def _tell_ends(ends: dict[int, int]) -> None:
    """Tell how each process ended that has."""
    while ends:
        process, status = os.waitpid(-1, os.WNOHANG)
        if process == 0:
            return
        told = ends.pop(process)
        with contextlib.suppress(BrokenPipeError):  # nobody waits for it any more
            os.write(told, str(os.waitstatus_to_exitcode(status)).encode())
        os.close(told)


def main() -> None:
    """Be where commands are forked off, and in each of their processes the command."""
    for name in IMPORTED:
        import_module(name)
    gc.collect()
    gc.freeze()
    connection = socket.socket(fileno=int(sys.argv[1]))
    wakened, waking = os.pipe()
    os.set_blocking(waking, False)
    signal.set_wakeup_fd(waking)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it ends with its tests

    request = _requests(connection, wakened)

    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    connection.detach()
    os.closerange(3, 256)
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    os.chdir(request["folder"])
    sys.argv = request["arguments"]
    from graph.cli import main as command

    command()


if __name__ == "__main__":
    main()
