"""How much each viewer may ask for in a minute, in points: one for each node that an operation could return.

Minutes are the clock's. A process counts by itself; where several share a PostgreSQL each takes portions of a tenth of
the limit from a table and spends them from memory, so that few operations touch the database for it. What a process has
taken and not spent is gone with the minute: a viewer may then be stopped before the limit, never beyond it.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from graphql import GraphQLError

from db.viewer import Viewer
from db.words import Role, ViewerKind
from graph.access.limits import RateLimits
from graph.errors import ErrorCode, coded
from graph.scalars import print_time

if TYPE_CHECKING:
    from graph.context import Context

MINUTE: Final = 60

PORTIONS: Final = 10
"""In how many portions the processes take a limit from the table they share."""

COUNTED: Final = 100_000
"""Viewers that a process counts at a time; beyond, those that asked least recently are counted anew."""

Lease = Callable[[str, int, int], Awaitable[int]]
"""`lease(asker, minute, points)`: add these points to those that were taken in the minute, and give the sum."""


class Spent(NamedTuple):
    """What one operation has cost, and what is left."""

    limit: int
    cost: int
    remaining: int
    minute: int
    """Since 1970."""
    refused: bool = False
    """Whether it has not been executed, since not enough was left."""

    @property
    def reset_at(self) -> datetime:
        """When all points are there again."""
        return datetime.fromtimestamp((self.minute + 1) * MINUTE, UTC)

    def error(self) -> GraphQLError:
        """The error of an operation that is refused."""
        at = print_time(self.reset_at)
        return coded(
            f"This would cost {self.cost:,} points; of {self.limit:,} a minute {self.remaining:,} are left until {at}.",
            ErrorCode.RATE_LIMITED,
            limit=self.limit,
            cost=self.cost,
            remaining=self.remaining,
            resetAt=at,
        )


class _Minute:
    """What one viewer has in a minute."""

    __slots__ = ("held", "minute", "taken")

    def __init__(self, minute: int, held: int, taken: int) -> None:
        self.minute = minute
        self.held = held
        """Points that this process has and has not spent."""
        self.taken = taken
        """Points that are known to be taken by all processes, those held among them."""


class Limiter:
    """Counts the points of viewers.

    Args:
        limits: how many each may spend.
        lease: takes points from the table that several processes share; without it this process is the only one.
        clock: seconds since 1970.
    """

    def __init__(
        self, limits: RateLimits, lease: Lease | None = None, *, clock: Callable[[], float] = time.time
    ) -> None:
        self.limits = limits
        self._lease = lease
        self._clock = clock
        self._minutes: OrderedDict[Hashable, _Minute] = OrderedDict()

    def limit_of(self, viewer: Viewer) -> int:
        """The points that a viewer has in a minute; 0: as many as they like."""
        if viewer.kind is ViewerKind.OPEN:
            return 0
        return self.limits.users if viewer.role is Role.END_USER else self.limits.keys

    def spend(self, viewer: Viewer, cost: int) -> Spent | bool:
        """Spend points that this process holds.

        Returns:
            What was spent or refused; True where nobody counts; False where points have to be leased first.
        """
        limit = self.limit_of(viewer)
        if not limit:
            return True
        asker, now = counted_as(viewer), self._clock()
        number = int(now) // MINUTE
        minute = self._minutes.get(asker)
        if minute is None or minute.minute != number:
            minute = self._begun(asker, number, limit)
        cost = max(cost, 1)
        if cost <= minute.held:
            minute.held -= cost
            return self._spent(minute, limit, cost)
        if self._lease is not None and cost <= limit - minute.taken + minute.held:
            return False
        return self._spent(minute, limit, cost, refused=True)

    async def lease(self, viewer: Viewer, cost: int) -> Spent | bool:
        """Take points from the shared table, then spend them; see `spend`."""
        spent = self.spend(viewer, cost)
        if spent is not False or self._lease is None:
            return spent
        limit, asker, cost = self.limit_of(viewer), counted_as(viewer), max(cost, 1)
        minute = self._minutes[asker]
        wanted = max(math.ceil(limit / PORTIONS), cost - minute.held)
        taken = await self._lease(str(asker), minute.minute, wanted)
        minute.held += max(0, min(wanted, limit - (taken - wanted)))
        minute.taken = max(minute.taken, min(taken, limit))
        if cost > minute.held:
            return self._spent(minute, limit, cost, refused=True)
        minute.held -= cost
        return self._spent(minute, limit, cost)

    def _begun(self, asker: Hashable, number: int, limit: int) -> _Minute:
        minute = _Minute(number, 0, 0) if self._lease is not None else _Minute(number, limit, limit)
        self._minutes[asker] = minute
        self._minutes.move_to_end(asker)
        if len(self._minutes) > COUNTED:
            self._minutes.popitem(last=False)
        return minute

    def _spent(self, minute: _Minute, limit: int, cost: int, *, refused: bool = False) -> Spent:
        remaining = limit - minute.taken + minute.held
        return Spent(limit, cost, remaining, minute.minute, refused)


def counted_as(viewer: Viewer) -> Hashable:
    """By what a viewer is counted: an end user by workspace and name, others by their key, or by name."""
    if viewer.key_id is not None and viewer.user_id is None:
        return viewer.key_id
    return viewer.workspace_id, viewer.user_id


def headers(context: Context) -> list[tuple[bytes, bytes]]:
    """The headers that tell what is left, in ASGI's form; of an operation that was refused also when to come again."""
    spent = context.rate
    if spent is None:
        return []
    reset = int(spent.reset_at.timestamp())
    told = [
        (b"x-ratelimit-limit", b"%d" % spent.limit),
        (b"x-ratelimit-remaining", b"%d" % spent.remaining),
        (b"x-ratelimit-reset", b"%d" % reset),
    ]
    if spent.refused:
        told.append((b"retry-after", b"%d" % max(1, reset - int(time.time()))))
    return told


def charged(context: Context) -> GraphQLError | bool:
    """Spend what an operation costs, `context.cost`, and tell the context what is left.

    Returns:
        The error of one that is refused; True for one that may be executed; False where `charged_anew` has to be asked.
    """
    if (limiter := context.limiter) is None or context.viewer.kind is ViewerKind.OPEN:
        return True
    if context.paid:
        context.paid = False
        return True
    return _told(context, limiter.spend(context.viewer, context.cost))


async def charged_anew(context: Context) -> GraphQLError | bool:
    """As `charged`, with points from the table that processes share."""
    limiter = context.limiter
    return True if limiter is None else _told(context, await limiter.lease(context.viewer, context.cost))


def _told(context: Context, spent: Spent | bool) -> GraphQLError | bool:
    if isinstance(spent, bool):
        return spent
    context.rate = spent
    return spent.error() if spent.refused else True
