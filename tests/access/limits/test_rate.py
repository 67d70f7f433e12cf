"""So many points a minute: counted in memory, and by portions where processes share a PostgreSQL."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from db.database import Database
from db.rates import Leases
from db.viewer import DEFAULT_VIEWER
from db.words import Role, ViewerKind
from graph.access import rate
from graph.access.limits import RateLimits
from graph.access.rate import Limiter, Spent
from graph.context import Context
from tests.access.limits.asking import executed, make_known, prepared, viewer_of
from tests.conftest import recorded

KEY, OTHER, USER = viewer_of(Role.VIEWER), viewer_of(Role.EDITOR, key=2), viewer_of(Role.END_USER)
QUERY = "{ conversations(first: 40) { nodes { id } } }"


class Clock:
    """Time that passes when it is told to."""

    now = 600.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def spent(found: Spent | bool) -> tuple[bool, int]:
    assert isinstance(found, Spent)
    return not found.refused, found.remaining


def test_points_are_spent_and_come_back_with_the_minute(clock: Clock) -> None:
    limiter = Limiter(RateLimits(keys=100), clock=clock)
    assert spent(limiter.spend(KEY, 60)) == (True, 40)
    assert spent(limiter.spend(KEY, 60)) == (False, 40)
    assert spent(limiter.spend(KEY, 40)) == (True, 0)
    assert spent(limiter.spend(KEY, 0)) == (False, 0), "an operation costs a point at least"
    assert spent(limiter.spend(OTHER, 60)) == (True, 40), "each key has its own"
    clock.now += 59.9
    assert spent(limiter.spend(KEY, 1)) == (False, 0)
    clock.now += 0.1
    found = limiter.spend(KEY, 1)
    assert spent(found) == (True, 99)
    assert isinstance(found, Spent)
    assert found.reset_at == datetime.fromtimestamp(720, UTC)


def test_end_users_have_a_limit_of_their_own_and_an_open_server_none(clock: Clock) -> None:
    limiter = Limiter(RateLimits(keys=100, users=10), clock=clock)
    assert spent(limiter.spend(USER, 11)) == (False, 10)
    assert spent(limiter.spend(viewer_of(Role.END_USER, ViewerKind.ANONYMOUS), 4)) == (True, 6)
    assert limiter.spend(DEFAULT_VIEWER, 10**9) is True
    assert Limiter(RateLimits(keys=0), clock=clock).spend(KEY, 10**9) is True


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_an_operation_beyond_the_limit_is_refused_alike_on_both_ways(database: Database, clock: Clock) -> None:
    await make_known(QUERY, database)
    limiter = Limiter(RateLimits(keys=100), clock=clock)

    def context() -> Context:
        return Context(database, KEY, limiter=limiter)

    first, second, third = context(), context(), context()
    assert "errors" not in await executed(QUERY, first)
    assert "errors" not in (await prepared(QUERY, second) or {"errors"})
    with recorded(database) as statements:
        refused, other = await executed(QUERY, third), await prepared(QUERY, context())
    assert statements == []
    assert json.dumps(refused) == json.dumps(other)
    (error,) = refused["errors"]
    assert error["extensions"] == {
        "code": "RATE_LIMITED",
        "limit": 100,
        "cost": 40,
        "remaining": 20,
        "resetAt": "1970-01-01T00:11:00.000000Z",
    }
    assert dict(rate.headers(second)) == {
        b"x-ratelimit-limit": b"100",
        b"x-ratelimit-remaining": b"20",
        b"x-ratelimit-reset": b"660",
    }
    assert dict(rate.headers(third))[b"retry-after"] == b"1"
    assert rate.headers(Context(database, KEY)) == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_what_is_left_can_be_asked_for(database: Database, clock: Clock) -> None:
    limiter = Limiter(RateLimits(keys=100), clock=clock)
    text = "{ conversations(first: 9) { nodes { id } } rateLimit { limit cost remaining resetAt } }"
    answer = await executed(text, Context(database, KEY, limiter=limiter))
    assert answer["data"]["rateLimit"] == {
        "limit": 100,
        "cost": 10,
        "remaining": 90,
        "resetAt": "1970-01-01T00:11:00.000000Z",
    }
    assert (await executed(text, Context(database, DEFAULT_VIEWER)))["data"]["rateLimit"] is None


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_what_goes_from_one_way_to_the_other_is_paid_for_once(database: Database, clock: Clock) -> None:
    text = "query T($all: Boolean!) { conversations(first: 5) { nodes { id @include(if: $all) } } }"
    await make_known(text, database, {"all": True})
    context = Context(database, KEY, limiter=Limiter(RateLimits(keys=100), clock=clock))
    context.paid, context.rate = True, Spent(100, 5, 95, 10)
    assert "errors" not in await executed(text, context, {"all": True})
    assert context.rate.remaining == 95
    assert not context.paid
    assert "errors" not in await executed(text, context, {"all": True})
    assert context.rate.remaining == 95, "the next one pays"


class Table:
    """What processes share, without a database."""

    def __init__(self) -> None:
        self.taken: dict[tuple[str, int], int] = {}
        self.asked = 0

    async def __call__(self, asker: str, minute: int, points: int) -> int:
        self.asked += 1
        await asyncio.sleep(0)
        self.taken[asker, minute] = self.taken.get((asker, minute), 0) + points
        return self.taken[asker, minute]


async def _spend(limiter: Limiter, cost: int) -> bool:
    found = limiter.spend(KEY, cost)
    if found is False:
        found = await limiter.lease(KEY, cost)
    assert isinstance(found, Spent)
    return not found.refused


async def test_processes_share_a_limit_and_seldom_ask_for_it(clock: Clock) -> None:
    table = Table()
    processes = [Limiter(RateLimits(keys=1_000), table, clock=clock) for _ in range(4)]
    granted = 0
    for n in range(2_000):
        granted += await _spend(processes[n % 4], 1)
    assert granted == 1_000
    assert table.asked <= 10 + len(processes)
    clock.now += 60
    assert await _spend(processes[0], 1_000)
    assert not await _spend(processes[1], 1)


async def test_never_more_is_granted_than_the_limit_however_many_ask_at_once(clock: Clock) -> None:
    table = Table()
    processes = [Limiter(RateLimits(keys=100), table, clock=clock) for _ in range(3)]
    granted = await asyncio.gather(*[_spend(processes[n % 3], 7) for n in range(60)])
    assert 70 <= 7 * sum(granted) <= 100


async def test_the_table_adds_up_what_processes_take(database: Database) -> None:
    leases = Leases(database)
    assert [await leases("ada", 10, 5) for _ in range(3)] == [5, 10, 15]
    assert await leases("ben", 10, 5) == 5
    assert await leases("ada", 11, 7) == 7
    assert await leases("ada", 10, 1) == 8, "a clock that is behind takes of the later minute"
    together = await asyncio.gather(*[Leases(database)("cat", 10, 1) for _ in range(8)])
    assert sorted(together) == list(range(1, 9))


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_two_processes_share_the_limit_by_the_database(database: Database, clock: Clock) -> None:
    await make_known(QUERY, database)
    first, second = (Limiter(RateLimits(keys=100), Leases(database), clock=clock) for _ in range(2))

    def context(limiter: Limiter) -> Context:
        return Context(database, KEY, limiter=limiter)

    assert await prepared(QUERY, context(first)) is None, "points have to be leased first"
    answers: list[Any] = [await executed(QUERY, context(each)) for each in (first, second, first, second)]
    assert ["errors" in each for each in answers] == [False, False, True, True]
    assert {each["errors"][0]["extensions"]["code"] for each in answers[2:]} == {"RATE_LIMITED"}
