"""The cases of reading over HTTP: all servers on the same database, measured in turn, the order turning every round."""

import json
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from bench import answers, facts, lineup, servers, wrk
from bench.cases import Case
from bench.lineup import BARE, COLLOQUY, FLOOR, LIMITED, POSTGRAPHILE, UNLIMITED, Rival
from bench.servers import BenchmarkFailed, Running
from bench.worlds import Place, Worlds
from bench.wrk import Measured

CYCLES: Final = 3
"""Requests that each connection should get answered in one measurement, however slow the server is."""

WARM_UP: Final = 1.0
"""Seconds at most that a server is loaded before its first measurement: compilers and caches are to be warm."""

Key = tuple[str, str, int]
"""A case, a database, and a number of connections."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line decides."""

    messages: int = 100_000
    rounds: int = 7
    seconds: float = 2.0
    connections: tuple[int, ...] = (1, 8)
    databases: tuple[str, ...] = ("sqlite", "postgresql")
    servers: tuple[str, ...] = lineup.SERVERS
    """Those that take part; the server itself and the floor always do."""


@dataclass(slots=True)
class Results:
    """All measurements: of each case, database and number of connections those of each server, round by round."""

    measured: dict[Key, dict[str, list[Measured]]] = field(default_factory=dict)
    sizes: dict[tuple[str, str, str], int] = field(default_factory=dict)
    """The bytes of an answer, by case, database and server."""

    def ratios(self, key: Key, peer: str) -> list[float]:
        """The server's requests a second over the peer's, round by round; empty where one of them is missing."""
        of = self.measured.get(key, {})
        pairs = zip(of.get(COLLOQUY, ()), of.get(peer, ()), strict=False)
        return [one.per_second / other.per_second for one, other in pairs]


@dataclass(frozen=True, slots=True)
class _Request:
    """What a server is asked, and how its answer was before anything was timed."""

    one: Running
    body: bytes
    file: Path
    length: int
    seconds: float
    """How long one answer took."""


def measure(
    cases: Iterable[Case], options: Options, worlds: Worlds, folder: Path, say: Callable[[str], None]
) -> Results:
    """Measure the cases on all databases.

    Raises BenchmarkFailed where the servers do not give the same answers, or do not give them all the time.
    """
    wrk.require()
    results = Results()
    chosen = list(cases)
    for database in options.databases:
        here = [case for case in chosen if case.needs_data or database == options.databases[-1]]
        for world in dict.fromkeys(case.world for case in here):
            of_world = [case for case in here if case.world == world]
            _measure_world(database, worlds.place(database, world), of_world, options, folder, results, say)
    return results


def _measure_world(
    database: str,
    place: Place,
    cases: Sequence[Case],
    options: Options,
    folder: Path,
    results: Results,
    say: Callable[[str], None],
) -> None:
    wanted = {COLLOQUY, FLOOR, *options.servers}
    rivals = lineup.rivals(database, place, wanted, say)
    if BARE in wanted and not all(case.needs_data for case in cases):
        rivals.append(Rival(lineup.bare()))
    with ExitStack() as stack:
        running = [(rival, stack.enter_context(Running(rival.peer, folder, wait=False))) for rival in rivals]
        for _, one in running:
            one.ready()
        for case in cases:
            absent = {BARE} if case.needs_data else set()
            absent |= set() if case.name in LIMITED else {UNLIMITED}
            taking_part = [(rival, one) for rival, one in running if rival.peer.name not in absent]
            requests = _same(case, place, taking_part, folder)
            for request in requests:
                results.sizes[case.name, database, request.one.peer.name] = request.length
            for connections in case.connections or options.connections:
                begun = time.monotonic()
                key = (case.name, database, connections)
                results.measured[key] = _rounds(requests, connections, options)
                say(f"### {case.name}, {database}, {connections} connection{'s' * (connections > 1)}\n")
                say(f"{table(results, key)}\n\n({time.monotonic() - begun:.0f} s)\n")
            for request in requests:
                _still(request)


def _same(case: Case, place: Place, running: Sequence[tuple[Rival, Running]], folder: Path) -> list[_Request]:
    """Ask every server once, and compare the answers with the floor's."""
    found: dict[str, tuple[_Request, bytes]] = {}
    for rival, one in running:
        make = case.graphile if rival.peer.name == POSTGRAPHILE else case.body
        body = make(place.middle)
        file = folder / f"{case.name}-{rival.peer.name}.json"
        file.write_bytes(body)
        servers.post(one.url, body)  # the first answer may take longer, by what is made only once
        begun = time.perf_counter()
        answer = servers.post(one.url, body)
        request = _Request(one, body, file, len(answer), time.perf_counter() - begun)
        found[rival.peer.name] = (request, answer)
    expected = found[FLOOR][1]
    if not all((json.loads(expected).get("data") or {"": None}).values()):
        raise BenchmarkFailed(f"the answer to {case.name} is empty: {expected[:500]!r}")
    for rival, _ in running:
        answers.check(rival.peer.name, expected, found[rival.peer.name][1], rival.same)
    return [request for request, _ in found.values()]


def _still(request: _Request) -> None:
    """Check that a server answers as it did before it was loaded."""
    length = len(servers.post(request.one.url, request.body))
    if length != request.length:
        name = request.one.peer.name
        raise BenchmarkFailed(f"{name} answered with {request.length} bytes before the load, with {length} after it")


def _rounds(requests: Sequence[_Request], connections: int, options: Options) -> dict[str, list[Measured]]:
    def load(request: _Request, seconds: float) -> Measured:
        before = facts.processor_seconds(request.one.process)
        measured = wrk.load(
            request.one.url,
            request.file,
            connections=connections,
            seconds=max(seconds, CYCLES * connections * request.seconds),
            length=request.length,
        )
        taken = facts.processor_seconds(request.one.process) - before
        return replace(measured, cpu=taken * 1e3 / measured.requests)

    measured: dict[str, list[Measured]] = {request.one.peer.name: [] for request in requests}
    for request in requests:
        load(request, min(WARM_UP, options.seconds))
    for number in range(options.rounds):
        for request in requests if number % 2 == 0 else reversed(requests):
            measured[request.one.peer.name].append(load(request, options.seconds))
    return measured


def table(results: Results, key: Key) -> str:
    """What was measured of a case, as a table in Markdown."""
    rows = []
    for name, measured in results.measured[key].items():
        slow = min(one.per_second for one in measured) < 100
        ratios = results.ratios(key, name)
        rows.append(
            [
                name,
                facts.spread((one.per_second for one in measured), 1 if slow else 0),
                facts.spread((one.p50 for one in measured), 2),
                facts.spread((one.p99 for one in measured), 2),
                facts.spread((one.cpu for one in measured), 2),
                f"{results.sizes[key[0], key[1], name]:,}",
                "" if name == COLLOQUY else facts.spread(ratios, 2),
            ]
        )
    return facts.table(["server", "requests/s", "p50 ms", "p99 ms", "CPU ms", "bytes", f"{COLLOQUY} / it"], rows)
