"""Operations at a time: so many in the process and so many of each who asks; the others wait in turn, or are sent away.

Who waits, waits for the next place that is free for them. Places go round those who ask and not to whoever asks most:
a key with a thousand operations waiting lets another one pass that has its first. A crowd that comes by one key fills
half of the queue at most.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator, Hashable
from types import TracebackType
from typing import Any, Self

from strawberry.types.execution import PreExecutionError

from db.viewer import Viewer
from db.words import Role
from graph.access.capacity import OperationLimits as OperationLimits
from graph.asked import Refusal
from graph.departures import OutOfTime
from graph.errors import ErrorCode, coded

Place = asyncio.Future[None]


class Turn:
    """One operation's place, which is given back at the end of the block."""

    __slots__ = ("_asker", "_turnstile")

    def __init__(self, turnstile: "Turnstile", asker: Hashable) -> None:
        self._turnstile = turnstile
        self._asker = asker

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._turnstile.leave(self._asker)


class Turnstile:
    """Lets operations in: `with await turnstile.enter(asker_of(viewer)): ...`."""

    def __init__(self, limits: OperationLimits) -> None:
        self.limits = limits
        self.running = 0
        """Operations that have a place."""
        self.waiting = 0
        """Those that have none yet."""
        self._running_of: dict[Hashable, int] = {}
        self._waiting_of: OrderedDict[Hashable, deque[Place]] = OrderedDict()
        """By who asks; whose turn it is next comes first."""

    async def enter(self, asker: Hashable = None) -> Turn:
        """Take a place, when there is one; None asks for nobody in particular.

        Raises Refusal, with RATE_LIMITED: 503 where the server has too much to do, 429 where who asks has.
        """
        if (turn := self.enter_at_once(asker)) is not None:
            return turn
        await self._wait(asker)
        return Turn(self, asker)

    def enter_at_once(self, asker: Hashable = None) -> Turn | None:
        """Take a place if there is one: while places are free nobody waits but for those of their own."""
        if self.running >= self.limits.at_once:
            return None
        if asker is not None:
            running = self._running_of.get(asker, 0)
            if running >= self.limits.per_key:
                return None
            self._running_of[asker] = running + 1
        self.running += 1
        return Turn(self, asker)

    def leave(self, asker: Hashable) -> None:
        """Give a place back."""
        self.running -= 1
        if asker is not None:
            left = self._running_of[asker] - 1
            if left:
                self._running_of[asker] = left
            else:
                del self._running_of[asker]
        if self.waiting:
            self._let_in()

    async def _wait(self, asker: Hashable) -> None:
        limits = self.limits
        queue = self._waiting_of.get(asker)
        if asker is not None and queue is not None and len(queue) >= max(1, limits.waiting // 2):
            raise _refusal(
                429, "Too many of your operations run and wait at a time.", "operations_per_key", limits.per_key
            )
        if self.waiting >= limits.waiting:
            if asker is not None and self._running_of.get(asker, 0) >= limits.per_key:
                raise _refusal(429, "Too many of your operations run at a time.", "operations_per_key", limits.per_key)
            raise _refusal(503, "The server has too much to do.", "operations_at_once", limits.at_once)
        if queue is None:
            queue = self._waiting_of[asker] = deque()
        place: Place = asyncio.get_running_loop().create_future()
        queue.append(place)
        self.waiting += 1
        try:
            async with asyncio.timeout(limits.seconds):
                await place
        except BaseException as error:
            if place.done() and not place.cancelled():
                self.leave(asker)  # the place came at the moment in which it was no longer wanted
            else:
                self._forget(asker, place)
            if isinstance(error, TimeoutError):
                raise _refusal(
                    503, f"No place came free within {limits.seconds:g} s.", "operations_at_once", limits.at_once
                ) from None
            raise

    def _forget(self, asker: Hashable, place: Place) -> None:
        queue = self._waiting_of.get(asker)
        if queue is not None and place in queue:
            queue.remove(place)
            self.waiting -= 1
            if not queue:
                del self._waiting_of[asker]

    def _let_in(self) -> None:
        """Give the free place to the next who may have it."""
        if self.running >= self.limits.at_once:
            return
        for asker, queue in list(self._waiting_of.items()):
            running = 0 if asker is None else self._running_of.get(asker, 0)
            if running >= self.limits.per_key:
                continue
            place = self._next_of(asker, queue)
            if place is not None:
                self.running += 1
                if asker is not None:
                    self._running_of[asker] = running + 1
                place.set_result(None)
                return

    def _next_of(self, asker: Hashable, queue: deque[Place]) -> Place | None:
        """Take the first who still waits, and let others pass before the next of them."""
        found: Place | None = None
        while queue and found is None:
            self.waiting -= 1
            place = queue.popleft()
            found = None if place.done() else place  # whoever was cancelled has not come to say so yet
        if queue:
            self._waiting_of.move_to_end(asker)
        else:
            del self._waiting_of[asker]
        return found


async def attended(
    results: AsyncGenerator[Any, None], turnstile: Turnstile, viewer: Viewer, *, is_query: bool
) -> AsyncGenerator[Any, None]:
    """The results of a query or mutation over a stream, which runs as it would by a request: in turn, and in time."""
    try:
        with await turnstile.enter(asker_of(viewer)):
            async with asyncio.timeout(turnstile.limits.seconds) as time:
                first = await anext(results)
    except StopAsyncIteration:
        return
    except Refusal as refusal:
        yield PreExecutionError(data=None, errors=[refusal.error])
        return
    except TimeoutError:
        if not time.expired():
            raise
        late = OutOfTime(turnstile.limits.seconds, is_query=is_query)
        yield PreExecutionError(data=None, errors=[coded(late.message, ErrorCode.TIMEOUT)])
        return
    yield first
    async for further in results:
        yield further


def asker_of(viewer: Viewer) -> Hashable:
    """Whose operations are counted together: an end user's, else a key's; None where nobody is known."""
    if viewer.role is Role.END_USER:
        return viewer.workspace_id, viewer.user_id
    return viewer.key_id or viewer.user_id


def _refusal(status: int, message: str, limit: str, maximum: int) -> Refusal:
    refusal = Refusal(
        status, f"{message} Try again in a moment.", code=ErrorCode.RATE_LIMITED, headers={"retry-after": "1"}
    )
    refusal.error.extensions = {**(refusal.error.extensions or {}), "limit": limit, "maximum": maximum}
    return refusal
