"""Servers that are killed under a stream of writes, and what is there afterwards."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from copy import deepcopy
from dataclasses import dataclass, fields
from pathlib import Path
from random import Random
from typing import Any

import asyncpg
import httpx2

from tests import postgres
from tests.faults import deeds, wire
from tests.faults.model import Looker, World, differences
from tests.faults.nursery import Nursery, Server

CLIENTS = 4
"""Each writes one thing after the other; so many writes are under way at a time."""

SERIES = 40
"""Kills of one database; the next ones get a fresh one, since each look reads all that is there."""

LONGEST = 0.5
"""Seconds that a server serves at most before it is killed, if not told otherwise."""


@dataclass
class Tally:
    """What was seen."""

    kills: int = 0
    hits: int = 0
    """Kills with a write under way: sent, and not answered."""
    acknowledged: int = 0
    """Writes that were answered before their server was killed."""
    unanswered: int = 0
    """Writes that were not."""
    there: int = 0
    """Of these: done all the same, as the look before their repetition showed."""
    repeated: int = 0
    """Of the unanswered writes: sent again with their key, and answered."""

    def add(self, other: Tally) -> None:
        """Add what another one counted."""
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))

    def __str__(self) -> str:
        return ", ".join(f"{each.name} {getattr(self, each.name)}" for each in fields(self))


class Writer:
    """A client over HTTP, which knows what it was told."""

    def __init__(self, seed: int) -> None:
        self.deeds = deeds.Client(seed)
        self.open: deeds.Deed | None = None
        """The write that was sent and not answered."""
        self.last: tuple[deeds.Deed, Any] | None = None
        """The last one that was answered, and the answer."""
        self.acknowledged = 0

    async def write(self, http: httpx2.AsyncClient) -> None:
        """Write until the server is gone."""
        while True:
            self.open = self.deeds.next()
            try:
                answer = await post(http, self.open)
            except httpx2.TransportError:
                return
            self.last = self.open, answer
            self.deeds.done(self.open)
            self.open = None
            self.acknowledged += 1


def http_to(server: Server) -> httpx2.AsyncClient:
    """A client of the server; without certificates, which take longer to read than a server lives."""
    return httpx2.AsyncClient(base_url=server.url, timeout=30, verify=False)


async def post(http: httpx2.AsyncClient, deed: deeds.Deed) -> Any:
    """The answer to a write, which must be that it was done."""
    response = await http.post("/graphql", content=wire.body(deed), headers={"content-type": "application/json"})
    answer = response.json()
    assert response.status_code == 200, response.text
    assert "errors" not in answer, (deed, answer)
    (payload,) = answer["data"].values()
    assert payload["userErrors"] == [], (deed, payload)
    return payload


def _kept(payload: dict[str, Any]) -> dict[str, Any]:
    """What a repetition answers as the first time; the rows of lists it gives as they are now."""
    return {name: value for name, value in payload.items() if name not in ("conversations", "messages")}


class Series:
    """Kills of servers on one database, one after the other."""

    def __init__(self, nursery: Nursery, database: str, folder: Path, seed: int, longest: float) -> None:
        self._nursery = nursery
        self._url = database
        self._folder = folder
        self._longest = longest
        self._chance = Random(seed)
        self._writers = [Writer(1000 * seed + number) for number in range(CLIENTS)]
        self._looker = Looker(str(folder / Path(database).name) if self._is_file else database)
        self.tally = Tally()

    @property
    def _is_file(self) -> bool:
        return "://" not in self._url

    async def run(self, kills: int) -> Tally:
        """Kill so many servers; see `run`."""
        server = self._nursery.serve(self._url)
        for number in range(kills):
            await self._kill(server)
            if self._is_file or number % 2 == 0:
                await self._look()
            server = self._nursery.serve(self._url)
            await self._repeat(server)
        server.kill()
        await self._look()
        await self._looker.close()
        self.tally.acknowledged = sum(writer.acknowledged for writer in self._writers)
        return self.tally

    async def _kill(self, server: Server) -> None:
        async with http_to(server) as http:
            writing = [asyncio.create_task(writer.write(http)) for writer in self._writers]
            await asyncio.sleep(self._chance.uniform(0.0, self._longest))
            server.kill()
            await asyncio.gather(*writing)
        under_way = sum(writer.open is not None for writer in self._writers)
        self.tally.kills += 1
        self.tally.hits += under_way > 0
        self.tally.unanswered += under_way

    async def _repeat(self, server: Server) -> None:
        """Send each unanswered write again, one of them twice, and the last answered one of one client."""
        async with http_to(server) as http:
            chosen = self._chance.choice(self._writers)
            if chosen.last is not None:
                deed, before = chosen.last
                assert _kept(await post(http, deed)) == _kept(before), (deed, "a repetition is answered otherwise")
            for writer in self._writers:
                if writer.open is not None:
                    writer.last = writer.open, await post(http, writer.open)
                    writer.deeds.done(writer.open)
                    writer.open = None
                    self.tally.repeated += 1
            if chosen.last is not None:
                deed, before = chosen.last
                assert _kept(await post(http, deed)) == _kept(before), (deed, "a repetition is answered otherwise")

    async def _look(self) -> None:
        """Compare what is there with what was acknowledged, and with what may be there beside it."""
        if self._is_file:
            # A copy: the next server is to find what the crash left, and not what a look has made of it.
            path = self._folder / Path(self._url).name
            for end in ("", "-wal", "-shm"):
                path.with_name(path.name + end).unlink(missing_ok=True)
                if (file := Path(self._url + end)).exists():
                    shutil.copyfile(file, path.with_name(path.name + end))
            with closing(sqlite3.connect(path)) as connection:
                assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
                assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        else:
            await sessions_gone(self._url)
        keys, found = await self._looker.look()
        expected: World = {}
        for writer in self._writers:
            world = writer.deeds.world
            if writer.open is not None and writer.open.key in keys:
                self.tally.there += 1
                world = deepcopy(world)
                writer.open.effect(world)
            expected |= world
        assert not (wrong := list(differences(expected, found))), "\n".join(wrong)


async def sessions_gone(url: str) -> None:
    """Wait until PostgreSQL has noticed that a killed server's connections are closed."""
    connection = await asyncpg.connect(url.replace("postgresql+asyncpg", "postgresql"))
    try:
        others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        async with asyncio.timeout(30):
            while await connection.fetchval(others):
                await connection.execute("SELECT pg_sleep(0.005)")
    finally:
        await connection.close()


async def run(
    kind: str,
    number: int,
    *,
    longest: float = LONGEST,
    seed: int = 1,
    say: Callable[[str], None] = lambda _: None,
) -> Tally:
    """Kill so many servers on fresh databases of that kind, "sqlite" or "postgresql"; each lives `longest` seconds.

    Raises AssertionError where anything is lost, half done or done twice.
    """
    total = Tally()
    with Nursery() as nursery:
        while total.kills < number:
            some = min(SERIES, number - total.kills)
            with tempfile.TemporaryDirectory(prefix="colloquy-kills-") as folder:
                if kind == "sqlite":
                    (Path(folder) / "data").mkdir()
                    url = str(Path(folder) / "data" / "colloquy.db")
                    total.add(await Series(nursery, url, Path(folder), seed, longest).run(some))
                else:
                    name = await postgres.create_database()
                    try:
                        total.add(await Series(nursery, postgres.url(name), Path(folder), seed, longest).run(some))
                    finally:
                        await postgres.drop_database(name)
            seed += 1
            say(f"{kind}: {total}")
    return total
