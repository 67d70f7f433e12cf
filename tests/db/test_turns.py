"""Turns are had in the order of coming, and none is lost, whoever gives up while waiting."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from db import turns
from db.errors import DatabaseBusy
from db.turns import Turns


async def test_no_more_turns_are_had_at_once_than_there_are_places() -> None:
    given = Turns(2, 2, 0.01)
    first, second = await given.take(), await given.take()
    with pytest.raises(DatabaseBusy):
        await given.take()
    first.end()
    third = await given.take()
    with pytest.raises(DatabaseBusy):
        await given.take()
    second.end()
    third.end()


async def test_of_those_that_are_quick_only_some_are_at_it_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "SLOW", 3600.0)
    given = Turns(3, 1, 0.01)
    await given.take()
    with pytest.raises(DatabaseBusy):
        await given.take()


async def test_slow_ones_let_the_next_ones_begin_until_all_places_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "SLOW", 0.001)
    given = Turns(3, 1, 60)
    slow = [await given.take() for _ in range(3)]
    waiting = asyncio.create_task(given.take())
    await asyncio.sleep(0.01)
    assert not waiting.done()
    slow.pop().end()
    (await waiting).end()


async def test_a_turn_that_comes_in_the_moment_of_being_cancelled_goes_to_the_next_one() -> None:
    given = Turns(1, 1, 60)
    first = await given.take()
    second, third = asyncio.create_task(given.take()), asyncio.create_task(given.take())
    await asyncio.sleep(0)
    first.end()  # the second has it
    second.cancel()  # before it knows
    (await third).end()
    assert second.cancelled()


async def test_one_that_was_cancelled_and_does_not_know_it_yet_is_passed_over() -> None:
    given = Turns(1, 1, 60)
    first = await given.take()
    second, third = asyncio.create_task(given.take()), asyncio.create_task(given.take())
    await asyncio.sleep(0)
    second.cancel()
    first.end()
    (await third).end()
    (await given.take()).end()


@pytest.mark.parametrize("at_once", [1, 3, 5])
@pytest.mark.parametrize("seed", range(5))
async def test_whatever_is_cancelled_late_or_slow_all_places_are_free_in_the_end(
    seed: int, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "SLOW", 0.002)
    chance = Random(seed)
    given = Turns(5, at_once, 0.02)
    held = most = busy = 0

    async def one() -> None:
        nonlocal held, most, busy
        await asyncio.sleep(chance.uniform(0, 0.02))
        try:
            turn = await given.take()
        except DatabaseBusy:
            busy += 1
            return
        held += 1
        most = max(most, held)
        try:
            await asyncio.sleep(chance.choice([0, 0, 0.001, 0.004]))
        finally:
            held -= 1
            turn.end()

    tasks = [asyncio.create_task(one()) for _ in range(100)]
    for task in tasks:
        if chance.random() < 0.3:
            await asyncio.sleep(chance.uniform(0, 0.001))
            task.cancel()
    await asyncio.wait(tasks)
    assert all(task.cancelled() or task.exception() is None for task in tasks)
    assert held == 0
    assert 1 <= most <= 5
    monkeypatch.setattr(turns, "SLOW", 0.0)  # so that all places can be taken at once
    for turn in [await given.take() for _ in range(5)]:
        turn.end()
