"""Builds GraphiQL from npm into the package: a copy of the sources, npm, esbuild, and one rename.

The server runs without Node. It is needed where the files are made: for a wheel, for a source distribution, or in a
checkout, where `colloquy serve` makes them at its first start. Everything happens in a temporary folder, so that a
build that fails leaves what was there before, and npm leaves no lock file that holds the addresses of a registry.

The build hook of the wheel loads this module by its path, before anything is installed: it imports only the standard
library.
"""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
STATIC = FOLDER / "static"
SOURCES = ("package.json", "bundle.mjs", "src")

NODE_MINIMUM = 20
TIMEOUT_SECONDS = 180.0
PROGRESS_SECONDS = 5.0
"""After how long without news a step says that it is still at work."""

PACKAGES_UNTIL = "2026-11-20"
"""What the packages of package.json bring along is resolved as of this date: it stands in for a lock file."""

NPM_INSTALL = (
    "install",
    "--no-package-lock",
    "--ignore-scripts",
    "--fetch-retries=1",
    "--fetch-timeout=20000",
    "--fetch-retry-mintimeout=500",
    "--fetch-retry-maxtimeout=1000",
    f"--before={PACKAGES_UNTIL}",
    "--no-audit",
    "--no-fund",
    "--no-progress",
    "--no-update-notifier",
    "--loglevel=error",
)
UNREACHABLE = re.compile(
    r"\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EIDLETIMEOUT|ENETUNREACH|EHOSTUNREACH)\b"
)

Report = Callable[[str], None]


class ExplorerBuildError(Exception):
    """The explorer could not be built; the message says why and what would help."""


def available() -> bool:
    """Whether there is an explorer to serve."""
    return (STATIC / "manifest.json").is_file()


def current() -> bool:
    """Whether the explorer there is was built from the sources as they are now."""
    if not available():
        return False
    manifest = json.loads((STATIC / "manifest.json").read_text(encoding="utf-8"))
    return bool(manifest.get("sources") == sources_digest())


def node_available() -> bool:
    """Whether Node, new enough, and npm are on the PATH."""
    try:
        _tools()
    except ExplorerBuildError:
        return False
    return True


def ensure_built(report: Report, timeout_seconds: float = TIMEOUT_SECONDS) -> bool:
    """Builds the explorer where it is missing or older than its sources; says whether there is one to serve.

    A build that fails, for want of Node for example, is reported and never raised: the server starts without the
    explorer, or with the one before.
    """
    if not current():
        try:
            build(report, timeout_seconds)
        except ExplorerBuildError as error:
            report(f"The explorer was not built: {error}")
    return available()


def build(report: Report, timeout_seconds: float = TIMEOUT_SECONDS) -> Path:
    """Builds the explorer and puts it in the place of the one before; gives its folder.

    `report` gets a line at the start of each step and while one takes long. Raises ExplorerBuildError where Node is
    missing or too old, where npm or the bundler fails, where the folder can't be written, and after `timeout_seconds`
    seconds for all of it; no process is left running then.
    """
    node, npm = _tools()
    deadline = time.monotonic() + timeout_seconds
    started = time.monotonic()
    digest = sources_digest()
    try:
        with tempfile.TemporaryDirectory(prefix="colloquy-explorer-", ignore_cleanup_errors=True) as temporary:
            work = Path(temporary)
            for name in SOURCES:
                source = FOLDER / name
                (shutil.copytree if source.is_dir() else shutil.copyfile)(source, work / name)
            report("Building the explorer, once: fetching GraphiQL from npm (about half a minute)")
            _run((npm, *NPM_INSTALL), work, deadline, report)
            report("Bundling it")
            _run((node, "bundle.mjs", "static"), work, deadline, report)
            manifest = work / "static" / "manifest.json"
            content = json.loads(manifest.read_text(encoding="utf-8"))
            manifest.write_text(json.dumps({**content, "sources": digest}, indent=2) + "\n", encoding="utf-8")
            _publish(work / "static")
    except OSError as error:
        raise ExplorerBuildError(f"its files can't be written: {error}") from error
    report(f"The explorer is built ({time.monotonic() - started:.0f} seconds)")
    return STATIC


def sources_digest() -> str:
    """A hash of everything that the explorer is built from."""
    digest = hashlib.sha256(PACKAGES_UNTIL.encode())
    for name in SOURCES:
        source = FOLDER / name
        for path in sorted(source.rglob("*")) if source.is_dir() else [source]:
            if path.is_file():
                content = path.read_bytes()
                digest.update(f"\n{path.relative_to(FOLDER).as_posix()} {len(content)}\n".encode())
                digest.update(content)
    return digest.hexdigest()


def _tools() -> tuple[str, str]:
    """The paths of node and npm."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        missing = "Node.js" if node is None else "npm"
        raise ExplorerBuildError(f"{missing} is not on the PATH; Node.js {NODE_MINIMUM} or newer with npm is needed")
    try:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20, check=True).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise ExplorerBuildError(f"{node} does not run: {error}") from error
    version = re.match(r"v(\d+)\.", answer)
    if version is None or int(version[1]) < NODE_MINIMUM:
        raise ExplorerBuildError(f"Node.js {NODE_MINIMUM} or newer is needed, {node} is {answer.strip() or 'unknown'}")
    return node, npm


def _run(command: Sequence[str], folder: Path, deadline: float, report: Report) -> None:
    """Runs a step to its end, or ends it with all its children when the time is up."""
    name = Path(command[0]).stem
    started = time.monotonic()
    process = subprocess.Popen(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )
    with process:
        try:
            while True:
                remaining = deadline - time.monotonic()
                try:
                    output, _ = process.communicate(timeout=min(PROGRESS_SECONDS, max(remaining, 0.0)))
                    break
                except subprocess.TimeoutExpired as expired:
                    elapsed = time.monotonic() - started
                    if remaining <= PROGRESS_SECONDS:
                        message = f"{name} was stopped after {elapsed:.0f} seconds: the time for the build was up"
                        raise ExplorerBuildError(message) from expired
                    report(f"{name} is still at work ({elapsed:.0f} seconds)")
        finally:
            if process.returncode is None:
                _kill(process)
    if process.returncode == 0:
        return
    if name == "npm" and (reason := UNREACHABLE.search(output)):
        raise ExplorerBuildError(f"npm can't reach its registry ({reason[1]}); is this machine online?")
    last_lines = "\n".join(output.strip().splitlines()[-12:])
    raise ExplorerBuildError(f"{name} failed with exit code {process.returncode}:\n{last_lines}")


def _kill(process: subprocess.Popen[str]) -> None:
    """Ends the process and, where the system has process groups, everything that it started."""
    if os.name == "posix":
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()


def _publish(built: Path) -> None:
    """Puts a finished folder in the place of the one before, by renaming."""
    staged = STATIC.with_name(f".static-{os.getpid()}-new")
    retired = STATIC.with_name(f".static-{os.getpid()}-old")
    try:
        shutil.copytree(built, staged)
        if STATIC.exists():
            STATIC.rename(retired)
        staged.rename(STATIC)
    finally:
        shutil.rmtree(staged, ignore_errors=True)
        shutil.rmtree(retired, ignore_errors=True)
