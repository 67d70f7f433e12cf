"""The command `colloquy` as a user runs it: in a process of its own, in a folder of its own, with real sockets.

Most of these processes are forked off one that has imported what commands need, see `tests.e2e.warm`; those that are
started `afresh`, with a program that is named, or with an environment that other programs look at too, are not.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import IO

from tests.e2e.warm import Forked, Warm

PROGRAM = Path(sys.executable).with_name("colloquy")

SECONDS = 60
"""How long a command may take before the test is told that it hangs."""

Done = subprocess.CompletedProcess[str]


def environment(variables: dict[str, str]) -> dict[str, str]:
    """Of this process's only what a program needs, none of its settings; without an explorer, which takes a build."""
    needed = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {**needed, "LC_ALL": "C.UTF-8", "COLUMNS": "120", "COLLOQUY_EXPLORER": "false", **variables}


@cache
def _warm() -> Warm:
    """Where this process has its commands forked off."""
    return Warm(environment({}))


def _is_ours(variables: Mapping[str, str]) -> bool:
    """Whether only Colloquy looks at these variables, and not also what it imports."""
    return all(name.startswith("COLLOQUY_") for name in variables)


def afresh(*arguments: str, folder: Path, input: str = "", **variables: str) -> Done:
    """Run a command to its end, in an interpreter that has imported nothing yet, as from a shell."""
    return subprocess.run(
        [str(PROGRAM), *arguments],
        cwd=folder,
        env=environment(variables),
        input=input,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def colloquy(*arguments: str, folder: Path, input: str = "", **variables: str) -> Done:
    """Run a command to its end; `variables` are its environment variables."""
    if not _is_ours(variables):
        return afresh(*arguments, folder=folder, input=input, **variables)
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        given.write(input.encode())
        given.seek(0)
        command = [str(PROGRAM), *arguments]
        process = _warm().start(command, folder, environment(variables), (given, output, errors))
        try:
            code = process.wait(SECONDS)
        finally:
            process.kill()
        output.seek(0)
        errors.seek(0)
        return Done(command, code, output.read().decode(), errors.read().decode())


def error_of(done: Done) -> str:
    """What a command that could not begin says: one sentence on standard error, nothing else, and exit code 2."""
    assert done.returncode == 2, done
    assert done.stdout == ""
    assert done.stderr.startswith("Error: "), done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr.removeprefix("Error: ").strip()


class Running:
    """A command that runs until it is stopped."""

    def __init__(self, process: "subprocess.Popen[bytes] | Forked", output: IO[bytes]) -> None:
        self.process = process
        self._output = output

    @property
    def output(self) -> str:
        """All that it has said so far, on standard output and standard error."""
        # Not by seeking: the process writes where this file description stands.
        return os.pread(self._output.fileno(), os.fstat(self._output.fileno()).st_size, 0).decode()

    def says(self, pattern: str) -> str:
        """Wait until the output matches, and give the match."""
        deadline = time.monotonic() + SECONDS
        while (found := re.search(pattern, self.output)) is None:
            assert self.process.poll() is None, f"it ended with {self.process.returncode}: {self.output}"
            assert time.monotonic() < deadline, f"it did not say {pattern!r}: {self.output}"
            time.sleep(0.05)
        return found[0]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal, wait for the end, and give the exit code."""
        self.process.send_signal(number)
        return self.process.wait(SECONDS)


@contextmanager
def running(*arguments: str, folder: Path, program: Sequence[str] = (), **variables: str) -> Iterator[Running]:
    """A command that runs while the block does, and is ended after it whatever happens; `program` is run afresh."""
    command = [*(program or [str(PROGRAM)]), *arguments]
    process: subprocess.Popen[bytes] | Forked
    with tempfile.TemporaryFile(buffering=0) as output:
        if program or not _is_ours(variables):
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment(variables),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        else:
            with Path(os.devnull).open("rb") as nothing:
                process = _warm().start(command, folder, environment(variables), (nothing, output, output))
        try:
            yield Running(process, output)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait(SECONDS)


def url_of(server: Running) -> str:
    """The address that `colloquy serve` prints, without the path."""
    return server.says(r"http://[\w.:\[\]]+(?=/graphql.*\n  Stop with Ctrl\+C)")
