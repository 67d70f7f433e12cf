"""Packages from npm for tests: installed outside the source tree, kept from one run to the next."""

import fcntl
import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

INSTALL_SECONDS = 240
"""How long an installation may take, on a slow line, before it is ended."""

_INSTALL = (
    "install",
    "--no-package-lock",
    "--ignore-scripts",
    "--fetch-retries=1",
    "--fetch-timeout=20000",
    "--no-audit",
    "--no-fund",
    "--no-progress",
    "--no-update-notifier",
    "--loglevel=error",
)


def installed(manifest: Path, config: pytest.Config) -> Path:
    """A folder whose `node_modules` holds what the package.json `manifest` asks for; the first who asks installs it.

    It is in pytest's cache, under a name made from the manifest: a changed manifest is another folder, and workers that
    ask at the same time wait for each other.
    """
    assert config.cache is not None, "the packages are kept in pytest's cache: leave its plugin on"
    content = manifest.read_bytes()
    name = f"{manifest.parent.name.replace('_', '-')}-{hashlib.sha256(content).hexdigest()[:12]}"
    folder = config.cache.mkdir(f"npm-{name}")
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        finished = folder / "node_modules/.package-lock.json"  # npm writes it last
        if not finished.is_file():
            shutil.rmtree(folder / "node_modules", ignore_errors=True)
            (folder / "package.json").write_bytes(content)
            npm = shutil.which("npm")
            assert npm is not None, "npm is not on this machine"
            done = subprocess.run(
                [npm, *_INSTALL], cwd=folder, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
            )
            assert done.returncode == 0, done.stderr
    return folder
