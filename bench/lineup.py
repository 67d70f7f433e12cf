"""The servers that are compared, each one process, and how far their answers have to be the same."""

import sys
from collections.abc import Callable, Set
from dataclasses import dataclass
from enum import Enum
from typing import Final

from bench import node
from bench.servers import Peer
from bench.worlds import Place

COLLOQUY: Final = "colloquy"
FLOOR: Final = "floor"
MERCURIUS: Final = "mercurius"
POSTGRAPHILE: Final = "postgraphile"
STOCK: Final = "stock"
ENGINE_OFF: Final = "engine_off"
BARE: Final = "bare"
UNLIMITED: Final = "unlimited"

LIMITED: Final = frozenset({"inbox", "small"})
"""The cases in which UNLIMITED takes part."""

SERVERS: Final = (COLLOQUY, UNLIMITED, ENGINE_OFF, STOCK, FLOOR, MERCURIUS, POSTGRAPHILE, BARE)

_SERVE: Final = "from graph.cli import main; main()"
"""What the command `colloquy` does, also where it isn't installed."""


class Sameness(Enum):
    """How the answers of a server are compared with the floor's."""

    VALUES = "value by value"
    BUT_CURSORS = "value by value, a cursor being any text"
    OBJECTS = "by the number of objects with an id"


JAVASCRIPT: Final = {MERCURIUS: Sameness.BUT_CURSORS, POSTGRAPHILE: Sameness.OBJECTS}
"""The servers that run on Node."""


@dataclass(frozen=True, slots=True)
class Rival:
    """A server that takes part."""

    peer: Peer
    same: Sameness = Sameness.VALUES


def colloquy(database: str) -> Peer:
    """The server itself; without the explorer, whose building is no part of serving."""
    return Peer(
        COLLOQUY,
        [sys.executable, "-c", _SERVE, "serve", "--database", database, "--port", "{port}"],
        # The largest answer of `growth` costs more than an operation may by itself.
        environment={"COLLOQUY_EXPLORER": "false", "COLLOQUY_QUERY_COST": "1000000"},
    )


def engine_off(database: str) -> Peer:
    """The server with its engine off: all operations by graphql-core."""
    served = colloquy(database)
    return Peer(ENGINE_OFF, served.command, environment={**served.environment, "COLLOQUY_ENGINE": "off"})


def unlimited(database: str) -> Peer:
    """The server with nothing that says no."""
    return Peer(UNLIMITED, [sys.executable, "-m", "bench.peers.unlimited", database, "--port", "{port}"])


def stock(database: str) -> Peer:
    """Strawberry as its documentation teaches."""
    return Peer(STOCK, [sys.executable, "-m", "bench.peers.stock", database, "--port", "{port}"])


def floor(database: str) -> Peer:
    """The handler written by hand."""
    return Peer(FLOOR, [sys.executable, "-m", "bench.floor", database, "--port", "{port}"])


def bare() -> Peer:
    """Starlette alone."""
    return Peer(BARE, [sys.executable, "-m", "bench.peers.bare", "--port", "{port}"])


def rivals(database: str, place: Place, wanted: Set[str], say: Callable[[str], None]) -> list[Rival]:
    """The servers that are compared on this database; those in JavaScript only on PostgreSQL, and where Node is."""
    found = [Rival(colloquy(place.url)), Rival(floor(place.url))]
    if UNLIMITED in wanted:
        found.append(Rival(unlimited(place.url)))
    if ENGINE_OFF in wanted:
        found.append(Rival(engine_off(place.second)))
    if STOCK in wanted:
        found.append(Rival(stock(place.url), Sameness.BUT_CURSORS))
    if database == "postgresql" and (in_javascript := wanted & {MERCURIUS, POSTGRAPHILE}):
        if why := node.missing():
            say(f"(without {' and '.join(sorted(in_javascript))}: {why})\n")
        else:
            found += [Rival(node.peer(name, place.url, say), JAVASCRIPT[name]) for name in sorted(in_javascript)]
    return found
