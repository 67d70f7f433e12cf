"""The command `colloquy` as a user runs it: in a process of its own, in a folder of its own, with real sockets."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

PROGRAM = Path(sys.executable).with_name("colloquy")

SECONDS = 60
"""How long a command may take before the test is told that it hangs."""

Done = subprocess.CompletedProcess[str]


def environment(variables: dict[str, str]) -> dict[str, str]:
    """Of this process's only what a program needs, none of its settings; without an explorer, which takes a build."""
    needed = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {**needed, "LC_ALL": "C.UTF-8", "COLUMNS": "120", "COLLOQUY_EXPLORER": "false", **variables}


def colloquy(*arguments: str, folder: Path, input: str = "", **variables: str) -> Done:
    """Run a command to its end; `variables` are its environment variables."""
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


def error_of(done: Done) -> str:
    """What a command that could not begin says: one sentence on standard error, nothing else, and exit code 2."""
    assert done.returncode == 2, done
    assert done.stdout == ""
    assert done.stderr.startswith("Error: "), done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr.removeprefix("Error: ").strip()


class Running:
    """A command that runs until it is stopped."""

    def __init__(self, process: "subprocess.Popen[bytes]", output: IO[bytes]) -> None:
        self.process = process
        self._output = output

    @property
    def output(self) -> str:
        """All that it has said so far, on standard output and standard error."""
        self._output.seek(0)
        return self._output.read().decode()

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
def running(
    *arguments: str, folder: Path, program: Sequence[str] = (str(PROGRAM),), **variables: str
) -> Iterator[Running]:
    """A command that runs while the block does, and is ended after it whatever happens."""
    with tempfile.TemporaryFile(buffering=0) as output:
        process = subprocess.Popen(
            [*program, *arguments],
            cwd=folder,
            env=environment(variables),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            yield Running(process, output)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait(SECONDS)


def url_of(server: Running) -> str:
    """The address that `colloquy serve` prints, without the path."""
    return server.says(r"http://[\w.:\[\]]+(?=/graphql.*\n  Stop with Ctrl\+C)")
