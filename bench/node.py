"""The servers in JavaScript: installed from npm into a folder of their own outside of the repository."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Final

from sqlalchemy.engine.url import make_url

from bench.servers import ROOT, BenchmarkFailed, Peer

INSTALL_TIMEOUT: Final = 600.0
"""Seconds that npm may take."""

DISTRIBUTED: Final = ROOT / "bench" / "peers"


def missing() -> str:
    """Why the servers in JavaScript cannot run here; empty where they can."""
    absent = [name for name in ("node", "npm") if shutil.which(name) is None]
    return f"{' and '.join(absent)} not found" if absent else ""


def cache() -> Path:
    """The folder that the packages are installed into, for this and later runs."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "colloquy-bench"


def peer(name: str, database: str, say: Callable[[str], None]) -> Peer:
    """The server of that name on a PostgreSQL database that is given as URL. Raises BenchmarkFailed where npm fails."""
    folder = installed(name, say)
    url = make_url(database)
    environment = {
        "NODE_ENV": "production",
        "PGHOST": str(url.query.get("host") or url.host),
        "PGUSER": url.username or "",
        "PGDATABASE": url.database or "",
    }
    if url.port:
        environment["PGPORT"] = str(url.port)
    return Peer(name, ["node", str(folder / "server.mjs"), "{port}"], environment=environment)


def installed(name: str, say: Callable[[str], None]) -> Path:
    """A folder with the server and the packages that it names; installed once for each content of package.json."""
    source = DISTRIBUTED / name
    wanted = (source / "package.json").read_bytes()
    folder = cache() / f"{name}-{blake2b(wanted, digest_size=6).hexdigest()}"
    folder.mkdir(parents=True, exist_ok=True)
    for file in source.iterdir():
        shutil.copy(file, folder)
    done = folder / ".installed"
    if not done.exists():
        say(f"(npm installs {name} into {folder})\n")
        _install(name, folder)
        done.touch()
    return folder


def _install(name: str, folder: Path) -> None:
    command = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--omit=dev", "--loglevel=error"]
    try:
        ended = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise BenchmarkFailed(f"npm took longer than {INSTALL_TIMEOUT:.0f} s for {name}") from error
    if ended.returncode:
        raise BenchmarkFailed(f"npm could not install {name}: {ended.stderr[-2000:]}")


def versions(name: str) -> str:
    """The versions of the packages that a server names, as they were installed."""
    folder = installed(name, lambda _: None)
    named = json.loads((folder / "package.json").read_text(encoding="utf-8"))["dependencies"]
    found = {
        package: json.loads((folder / "node_modules" / package / "package.json").read_text(encoding="utf-8"))["version"]
        for package in named
    }
    return ", ".join(f"{package} {version}" for package, version in found.items())


def version() -> str:
    """The version of Node."""
    return subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
