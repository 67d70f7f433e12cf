"""The memory of large answers: how far a fresh process grows by the wide operation, over one with small answers only.

Both are the most that a process ever held (VmHWM), of one that was asked for `{ __typename }` and of one that was asked
the wide operation, each as often and one request after the other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench import facts, lineup, operations, servers
from bench.lineup import COLLOQUY, FLOOR, STOCK
from bench.servers import Peer, Running
from bench.worlds import Worlds

REQUESTS: Final = 8
SERVERS: Final[dict[str, Callable[[str], Peer]]] = {
    COLLOQUY: lineup.colloquy,
    STOCK: lineup.stock,
    FLOOR: lineup.floor,
}


@dataclass(frozen=True, slots=True)
class Grown:
    """The most that a process held, in bytes."""

    idle: int
    wide: int

    @property
    def growth(self) -> int:
        """What the large answers took."""
        return self.wide - self.idle


def measure(
    databases: tuple[str, ...], worlds: Worlds, folder: Path, say: Callable[[str], None]
) -> dict[str, dict[str, Grown]]:
    """By database and server the memory of the wide operation."""
    found: dict[str, dict[str, Grown]] = {}
    for database in databases:
        url = worlds.place(database, "broad").url
        found[database] = {
            name: Grown(_peak(make(url), operations.typename(), folder), _peak(make(url), operations.wide(), folder))
            for name, make in SERVERS.items()
        }
        say(f"### memory of wide, {database}, {REQUESTS} requests in a row\n")
        rows = [
            [name, *(f"{value / 2**20:.1f}" for value in (one.idle, one.wide, one.growth))]
            for name, one in found[database].items()
        ]
        say(facts.table(["server", "VmHWM idle MiB", "VmHWM wide MiB", "growth MiB"], rows) + "\n")
    return found


def _peak(peer: Peer, body: bytes, folder: Path) -> int:
    with Running(peer, folder) as one:
        for _ in range(REQUESTS):
            servers.post(one.url, body)
        return facts.resident(one.process, peak=True)
