"""Turns: who waits for a connection gets one in the order of coming, and few readers run at a time while all are quick.

Threads that read SQLite contend for the interpreter's lock, which the driver gives up and takes again for every row:
several readers at once answer less than one alone. But one alone would let everybody wait for a slow one. So whoever
has been at it for `SLOW` seconds no longer counts, and the next one begins beside.

While nobody waits, a turn costs a number and a time: there is a clock only where somebody waits for it.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from time import monotonic
from typing import Final

from db.errors import DatabaseBusy

SLOW: Final = 0.01
"""Seconds: longer than a page of conversations with their messages takes, so short that a slow read holds the quick
ones up but little: with 0.03 two scans of 60 ms left quick reads a twentieth of what they get beside them now."""

_BUSY: Final = "The server is busy with other requests; try again in a moment."


class Turn:
    """The right to a connection, until it is ended."""

    __slots__ = ("_turns",)

    def __init__(self, turns: Turns) -> None:
        self._turns = turns

    def end(self) -> None:
        """Let the next one."""
        self._turns.ended(self)


class Turns:
    """The turns at `places` connections: `at_once` that are quick, and slow ones beside them.

    `timeout`: the seconds that one waits for a turn; None: as long as it takes.
    """

    def __init__(self, places: int, at_once: int, timeout: float | None) -> None:
        self._places = places
        self._at_once = at_once
        self._timeout = timeout
        self._taken = 0
        self._tells_slow = at_once < places
        self._quick: dict[Turn, float] = {}
        """When those began that may still be quick, in the order of beginning; none where it makes no difference."""
        self._waiting: OrderedDict[asyncio.Future[Turn], None] = OrderedDict()
        self._clock: asyncio.TimerHandle | None = None
        """Rings when the oldest of the quick ones becomes slow; only while somebody waits."""

    def take_at_once(self) -> Turn | None:
        """A turn if there is one, and nobody waits for it."""
        if self._waiting or self._taken == self._places or (self._tells_slow and not self._has_room()):
            return None
        return self._begun()

    async def take(self) -> Turn:
        """Wait for a turn. Raises DatabaseBusy where none comes within the timeout."""
        if (turn := self.take_at_once()) is not None:
            return turn
        waiting: asyncio.Future[Turn] = asyncio.get_running_loop().create_future()
        self._waiting[waiting] = None
        self._set_clock()
        try:
            async with asyncio.timeout(self._timeout):
                return await waiting
        except BaseException as error:
            if waiting.done() and not waiting.cancelled():
                waiting.result().end()  # it came too late
            else:
                self._waiting.pop(waiting, None)
                self._set_clock()
            if isinstance(error, TimeoutError):
                raise DatabaseBusy(_BUSY) from error
            raise

    def ended(self, turn: Turn) -> None:
        """A turn has ended: let who waits."""
        self._taken -= 1
        if self._tells_slow:
            self._quick.pop(turn, None)
        if self._waiting:
            self._let_in()

    def _has_room(self) -> bool:
        if self._taken == self._places:
            return False
        if len(self._quick) >= self._at_once:
            self._forget_the_slow()
        return len(self._quick) < self._at_once

    def _begun(self) -> Turn:
        self._taken += 1
        turn = Turn(self)
        if self._tells_slow:
            self._quick[turn] = monotonic()
        return turn

    def _let_in(self) -> None:
        while self._waiting and self._has_room():
            waiting, _ = self._waiting.popitem(last=False)
            if not waiting.done():  # it was cancelled, and its task has not heard of it yet
                waiting.set_result(self._begun())
        self._set_clock()

    def _forget_the_slow(self) -> None:
        long_ago = monotonic() - SLOW
        for turn in [turn for turn, begun in self._quick.items() if begun <= long_ago]:
            del self._quick[turn]

    def _set_clock(self) -> None:
        if not self._waiting:
            if self._clock is not None:
                self._clock.cancel()
                self._clock = None
        elif self._quick and self._clock is None:
            oldest = next(iter(self._quick.values()))
            seconds = max(0.0, oldest + SLOW - monotonic())
            self._clock = asyncio.get_running_loop().call_later(seconds, self._rings)

    def _rings(self) -> None:
        self._clock = None
        self._forget_the_slow()
        self._let_in()
