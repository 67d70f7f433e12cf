"""Operations at a time: never more than the limits say, nobody forgotten, nobody kept out by another's crowd."""

import asyncio
from collections import Counter
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.viewer import DEFAULT_VIEWER, DEFAULT_WORKSPACE_ID, Viewer
from db.words import Role, ViewerKind
from graph.access.capacity import OperationLimits
from graph.access.turnstile import Turnstile, asker_of
from graph.asked import Refusal


class Crowd:
    """Operations that last until they are let go, and which of them run."""

    def __init__(self, limits: OperationLimits) -> None:
        self.turnstile = Turnstile(limits)
        self.running: Counter[str | None] = Counter()
        self.order: list[str | None] = []
        self.go: dict[int, asyncio.Event] = {}
        self.tasks: list[asyncio.Task[int]] = []

    def comes(self, asker: str | None) -> int:
        number = len(self.tasks)
        self.go[number] = asyncio.Event()
        self.tasks.append(asyncio.create_task(self._operates(number, asker)))
        return number

    async def _operates(self, number: int, asker: str | None) -> int:
        try:
            with await self.turnstile.enter(asker):
                self.running[asker] += 1
                self.order.append(asker)
                limits = self.turnstile.limits
                assert self.running.total() <= limits.at_once
                assert asker is None or self.running[asker] <= limits.per_key
                try:
                    await self.go[number].wait()
                finally:
                    self.running[asker] -= 1
        except Refusal as refusal:
            return refusal.status
        return 200

    async def ends(self, *numbers: int) -> list[int]:
        for number in numbers:
            self.go[number].set()
        return await asyncio.gather(*[self.tasks[number] for number in numbers])


async def turns() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_as_many_run_as_there_are_places_and_the_next_waits_for_one() -> None:
    crowd = Crowd(OperationLimits(at_once=2, per_key=2, waiting=10))
    first, second, third = (crowd.comes(name) for name in ("a", "b", "c"))
    await turns()
    assert (crowd.turnstile.running, crowd.turnstile.waiting) == (2, 1)

    assert await crowd.ends(second) == [200]
    await turns()
    assert crowd.order == ["a", "b", "c"]
    assert await crowd.ends(first, third) == [200, 200]
    assert (crowd.turnstile.running, crowd.turnstile.waiting) == (0, 0)


async def test_a_key_has_no_more_places_than_its_own_though_others_are_free() -> None:
    crowd = Crowd(OperationLimits(at_once=10, per_key=2, waiting=10))
    own = [crowd.comes("a") for _ in range(3)]
    other = crowd.comes("b")
    await turns()
    assert crowd.order == ["a", "a", "b"]
    await crowd.ends(other)
    await turns()
    assert crowd.order == ["a", "a", "b"]
    assert await crowd.ends(*own) == [200] * 3


async def test_who_asks_for_nobody_in_particular_has_all_places() -> None:
    crowd = Crowd(OperationLimits(at_once=3, per_key=1, waiting=0))
    own = [crowd.comes(None) for _ in range(4)]
    await turns()
    assert crowd.turnstile.running == 3
    assert await crowd.ends(*own) == [200, 200, 200, 503]


async def test_beyond_the_queue_the_server_is_busy_and_a_key_with_too_many_of_its_own_is_told_so() -> None:
    crowd = Crowd(OperationLimits(at_once=2, per_key=1, waiting=4))
    crowd.comes("a")
    crowd.comes("b")
    for name in ("a", "a", "b", "b"):
        crowd.comes(name)
    await turns()
    refused = [crowd.comes("a"), crowd.comes("c")]
    assert await crowd.ends(*refused) == [429, 503]
    await crowd.ends(*range(6))


async def test_the_crowd_of_one_key_fills_half_of_the_queue_at_most() -> None:
    crowd = Crowd(OperationLimits(at_once=1, per_key=1, waiting=4))
    own = [crowd.comes("a") for _ in range(10)]
    await turns()
    assert crowd.turnstile.waiting == 2
    other = crowd.comes("b")
    await turns()
    assert crowd.turnstile.waiting == 3
    assert sorted(await crowd.ends(*own, other)) == [200] * 4 + [429] * 7


async def test_places_go_round_those_who_wait() -> None:
    crowd = Crowd(OperationLimits(at_once=1, per_key=1, waiting=20))
    numbers = [crowd.comes(name) for name in ("a", "a", "a", "a", "b", "b", "c")]
    await turns()
    await crowd.ends(*numbers)
    assert crowd.order == ["a", "a", "b", "c", "a", "b", "a"]


async def test_who_waits_too_long_is_sent_away_and_leaves_nothing_behind() -> None:
    crowd = Crowd(OperationLimits(at_once=1, per_key=1, waiting=10, seconds=0.05))
    holder, late = crowd.comes("a"), crowd.comes("b")
    assert await crowd.tasks[late] == 503
    assert crowd.turnstile.waiting == 0
    assert await crowd.ends(holder) == [200]
    assert crowd.turnstile.running == 0


@pytest.mark.parametrize("has_its_place", [True, False])
async def test_a_place_that_comes_for_who_was_cancelled_goes_to_the_next(has_its_place: bool) -> None:
    crowd = Crowd(OperationLimits(at_once=1, per_key=1, waiting=10))
    holder, cancelled, following = (crowd.comes(name) for name in ("a", "b", "c"))
    await turns()
    crowd.go[holder].set()
    if has_its_place:
        while crowd.turnstile.waiting == 2:  # noqa: ASYNC110 - until the very turn in which the place is given
            await asyncio.sleep(0)
    crowd.tasks[cancelled].cancel()

    assert await crowd.ends(following) == [200]
    assert crowd.order == ["a", "c"]
    assert (crowd.turnstile.running, crowd.turnstile.waiting) == (0, 0)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["comes", "ends", "cancelled"]), st.sampled_from(["a", "b", "c", None]), st.integers(0, 40)
    ),
    max_size=60,
)


@given(STEPS, st.integers(1, 4), st.integers(1, 3), st.integers(0, 6))
def test_whatever_comes_and_goes_the_limits_hold_and_all_places_are_given_back(
    steps: list[tuple[str, str | None, int]], at_once: int, per_key: int, waiting: int
) -> None:
    async def run() -> None:
        crowd = Crowd(OperationLimits(at_once=at_once, per_key=per_key, waiting=waiting))
        for step, asker, number in steps:
            if step == "comes":
                crowd.comes(asker)
            elif number < len(crowd.tasks):
                if step == "ends":
                    crowd.go[number].set()
                else:
                    crowd.tasks[number].cancel()
            if number % 3:
                await asyncio.sleep(0)
            assert crowd.turnstile.waiting <= waiting
        for go in crowd.go.values():
            go.set()
        found = await asyncio.wait_for(asyncio.gather(*crowd.tasks, return_exceptions=True), 5)
        wrong = [each for each in found if isinstance(each, Exception)]
        assert wrong == []
        assert (crowd.turnstile.running, crowd.turnstile.waiting) == (0, 0)
        assert crowd.turnstile._running_of == {}
        assert crowd.turnstile._waiting_of == {}

    asyncio.run(run())


def test_who_is_counted_together() -> None:
    key = uuid4()
    user = Viewer(DEFAULT_WORKSPACE_ID, user_id="u", role=Role.END_USER, kind=ViewerKind.END_USER, key_id=key)

    assert asker_of(DEFAULT_VIEWER) is None
    assert asker_of(Viewer(DEFAULT_WORKSPACE_ID, kind=ViewerKind.KEY, key_id=key)) == key
    assert asker_of(user) == (DEFAULT_WORKSPACE_ID, "u")
