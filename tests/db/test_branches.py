"""Branches through and around a message, and siblings."""

import itertools
from collections.abc import Sequence
from uuid import UUID

import pytest

from db import messages
from db.database import Database
from db.errors import InvalidCursor, InvalidInput
from db.paging import Page, Slice
from db.record import new_id
from db.viewer import DEFAULT_VIEWER as ME
from db.viewer import PROGRAM
from tests.db.builders import START, World


class Tree:
    """Two roots; below the first two answers, the second of which goes on and is in play:

    0 ─┬─ 1 ── 4 ─┬─ 5
       │          └─ 6
       └─ 2 ── 3          7 (another root)
    """

    def __init__(self, talk: UUID, ids: list[UUID]) -> None:
        self.talk = talk
        self.ids = ids

    def numbers(self, given: Slice) -> list[int]:
        return [self.ids.index(row.id) for row in given.rows]


async def tree(world: World) -> Tree:
    talk = await world.conversation()
    parents = [None, 0, 0, 2, 1, 4, 4, None]
    in_play = {0: 0, 2: 1, 3: 2}
    ids: list[UUID] = []
    for sequence, parent in enumerate(parents):
        above = None if parent is None else ids[parent]
        ids.append(await world.message(talk, sequence, parent_id=above, branch_position=in_play.get(sequence)))
    return Tree(talk, ids)


async def test_a_branch_goes_through_a_message_and_down_to_its_newest_leaf(
    database: Database, statements: list[str]
) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        grown = await tree(World(connection))
    expected = {0: [0, 2, 3], 1: [0, 1, 4, 6], 4: [0, 1, 4, 6], 5: [0, 1, 4, 5], 3: [0, 2, 3], 7: [7]}
    async with database.read(viewer=PROGRAM) as connection:
        for number, branch in expected.items():
            through = grown.ids[number]
            statements.clear()
            page = await messages.branch_page(connection, grown.talk, Page.of(), through=through, viewer=ME)
            assert len(statements) == 1
            assert grown.numbers(page) == branch
            assert (page.has_previous, page.has_next) == (False, False)
            assert await messages.branch_count(connection, grown.talk, through=through, viewer=ME) == len(branch)
        assert await messages.branch_count(connection, grown.talk, viewer=ME) == 3
        assert await messages.branch_count(connection, grown.talk, all_branches=True, viewer=ME) == 8


async def test_a_branch_is_paged_like_any_list(database: Database, statements: list[str]) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        grown = await tree(World(connection))
    through = grown.ids[4]
    async with database.read(viewer=PROGRAM) as connection:
        first = await messages.branch_page(connection, grown.talk, Page.of(first=2), through=through, viewer=ME)
        assert (grown.numbers(first), first.has_previous, first.has_next) == ([0, 1], False, True)
        cursor = first.cursor(first.rows[-1])
        statements.clear()
        rest = await messages.branch_page(
            connection, grown.talk, Page.of(first=2, after=cursor), through=through, viewer=ME
        )
        assert len(statements) == 1
        assert (grown.numbers(rest), rest.has_previous, rest.has_next) == ([4, 6], True, False)
        end = await messages.branch_page(
            connection, grown.talk, Page.of(first=2, after=rest.cursor(rest.rows[-1])), through=through, viewer=ME
        )
        assert (end.rows, end.has_previous, end.has_next) == ([], True, False)
        last = await messages.branch_page(connection, grown.talk, Page.of(last=1), through=through, viewer=ME)
        assert (grown.numbers(last), last.has_previous, last.has_next) == ([6], True, False)
        with pytest.raises(InvalidCursor):
            await messages.branch_page(connection, grown.talk, Page.of(first=1, after=cursor), viewer=ME)


def a_page(places: Sequence[int], page: Page, after: int | None, before: int | None) -> tuple[list[int], bool, bool]:
    """What a page of a list with these places holds, and whether there is more behind it and in front of it."""
    inside = [n for n in places if (after is None or n > after) and (before is None or n < before)]
    shown = inside[-page.size :] if page.backward else inside[: page.size]
    behind = (before is not None and any(n >= before for n in places)) or (not page.backward and shown != inside)
    in_front = (after is not None and any(n <= after for n in places)) or (page.backward and shown != inside)
    return shown, behind, in_front


@pytest.mark.parametrize("all_branches", [False, True])
async def test_a_page_of_many_conversations_holds_what_a_page_of_each_would(
    database: Database, statements: list[str], all_branches: bool
) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        grown = await tree(world)
        talks = [await world.conversation() for _ in range(5)]
        expected = {talk: list(range(length)) for talk, length in zip(talks, (0, 1, 3, 4, 9), strict=True)}
        for talk, places in expected.items():
            await world.thread(talk, len(places))
        expected[grown.talk] = list(range(8)) if all_branches else [0, 1, 2]
        gaps = await world.conversation()
        expected[gaps] = [2, 3, 7]
        for place in expected[gaps]:
            await world.message(gaps, place)
        deleted = await world.conversation(deleted_at=START)
        await world.thread(deleted, 3)
        asked = [*expected, deleted]
    name = "sequence" if all_branches else "branch_position"
    async with database.read(viewer=PROGRAM) as connection:
        whole = await messages.of_conversations(
            connection, [talks[-1]], Page.of(), all_branches=all_branches, viewer=ME
        )
        cursors = [None, *(whole[talks[-1]].cursor(row) for row in whole[talks[-1]].rows)]
        sizes = [{"first": 1}, {"first": 3}, {"first": 20}, {"last": 1}, {"last": 3}, {"last": 20}]
        for size, after, before in itertools.product(sizes, (None, 0, 2, 8), (None, 0, 3, 8)):
            if (after is None) != (before is None) and ("last" in size) is (before is None):
                continue  # a cursor of the other direction, which is refused
            given = {"after": cursors[0 if after is None else after + 1]}
            given["before"] = cursors[0 if before is None else before + 1]
            page = Page.of(**size, **given)  # type: ignore[arg-type]  # the names are the arguments' own
            statements.clear()
            found = await messages.of_conversations(connection, asked, page, all_branches=all_branches, viewer=ME)
            assert len(statements) == 1
            for talk in asked:
                one = found[talk]
                places = [row._mapping[name] for row in one.rows]
                wanted = a_page(expected.get(talk, ()), page, after, before)
                assert (places, one.has_next, one.has_previous) == wanted, (size, after, before)


async def test_a_page_around_a_message_has_it_in_its_middle_or_ends_at_an_end(
    database: Database, statements: list[str]
) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        talk = await world.conversation()
        ids = await world.thread(talk, 10)
        await world.update("messages", ids[5], visible=False)
    cases = [
        (4, 5, [2, 3, 4, 5, 6], True, True),
        (0, 3, [0, 1, 2], False, True),
        (1, 3, [0, 1, 2], False, True),
        (9, 4, [6, 7, 8, 9], True, False),
        (8, 4, [6, 7, 8, 9], True, False),
        (4, 2, [3, 4], True, True),
        (4, 1, [4], True, True),
        (7, 20, list(range(10)), False, False),
    ]
    async with database.read(viewer=PROGRAM) as connection:
        for through, everywhere in ((None, False), (ids[9], False), (None, True)):
            for middle, size, expected, before, after in cases:
                statements.clear()
                page = await messages.branch_page(
                    connection,
                    talk,
                    Page.of(first=size),
                    around=ids[middle],
                    through=through,
                    all_branches=everywhere,
                    viewer=ME,
                )
                assert len(statements) == 1
                found = [ids.index(row.id) for row in page.rows]
                assert (found, page.has_previous, page.has_next) == (expected, before, after)
        # The place of a message that the filter leaves out.
        page = await messages.branch_page(
            connection, talk, Page.of(first=4), around=ids[5], where={"visible": True}, viewer=ME
        )
        assert [ids.index(row.id) for row in page.rows] == [3, 4, 6, 7]
        following = await messages.branch_page(
            connection, talk, Page.of(first=2, after=page.cursor(page.rows[-1])), viewer=ME
        )
        assert [ids.index(row.id) for row in following.rows] == [8, 9]


async def test_a_message_that_is_not_there_is_refused_by_the_argument_that_names_it(database: Database) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        grown = await tree(world)
        elsewhere = (await tree(world)).ids[0]
    async with database.read(viewer=PROGRAM) as connection:
        for stranger in (elsewhere, new_id()):
            with pytest.raises(InvalidInput) as raised:
                await messages.branch_page(connection, grown.talk, Page.of(), through=stranger, viewer=ME)
            assert raised.value.field == "through"
            with pytest.raises(InvalidInput) as raised:
                await messages.branch_count(connection, grown.talk, through=stranger, viewer=ME)
            assert raised.value.field == "through"
            with pytest.raises(InvalidInput) as raised:
                await messages.branch_page(connection, grown.talk, Page.of(), around=stranger, viewer=ME)
            assert raised.value.field == "around"
        with pytest.raises(InvalidInput) as raised:
            await messages.branch_page(connection, grown.talk, Page.of(), around=grown.ids[5], viewer=ME)
        assert raised.value.field == "around"
        with pytest.raises(InvalidInput) as raised:
            await messages.branch_page(
                connection, grown.talk, Page.of(), around=grown.ids[2], through=grown.ids[5], viewer=ME
            )
        assert raised.value.field == "around"
        with pytest.raises(InvalidInput) as raised:
            await messages.branch_page(
                connection, grown.talk, Page.of(), through=grown.ids[5], all_branches=True, viewer=ME
            )
        assert raised.value.field == "through"


async def test_siblings_share_a_parent_and_roots_share_their_conversation(
    database: Database, statements: list[str]
) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        grown = await tree(world)
        await tree(world)
    expected = {
        0: (0, 2, None, 7, [0, 7]),
        7: (1, 2, 0, None, [0, 7]),
        1: (0, 2, None, 2, [1, 2]),
        2: (1, 2, 1, None, [1, 2]),
        3: (0, 1, None, None, [3]),
        6: (1, 2, 5, None, [5, 6]),
    }
    statements.clear()
    async with database.read(viewer=PROGRAM) as connection:
        found = await messages.siblings_of(connection, grown.ids, viewer=ME)
        assert len(statements) == 1
        versions = await messages.sibling_messages_of(connection, grown.ids, viewer=ME)
    assert len(statements) == 2
    for number, (index, count, previous, following, nodes) in expected.items():
        given = found[grown.ids[number]]
        assert (given._mapping["index"], given._mapping["count"]) == (index, count)
        assert given.previous_id == (None if previous is None else grown.ids[previous])
        assert given.next_id == (None if following is None else grown.ids[following])
        assert [grown.ids.index(row.id) for row in versions[given.id]] == nodes


async def test_of_very_many_siblings_the_first_hundred_are_given_and_both_neighbours(database: Database) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        talk = await world.conversation()
        root = await world.message(talk, 0)
        ids = [await world.message(talk, n + 1, parent_id=root, branch_position=None) for n in range(120)]
    async with database.read(viewer=PROGRAM) as connection:
        given = (await messages.siblings_of(connection, [ids[110]], viewer=ME))[ids[110]]
        versions = await messages.sibling_messages_of(connection, [ids[110]], viewer=ME)
    assert (given._mapping["index"], given._mapping["count"]) == (110, 120)
    assert (given.previous_id, given.next_id) == (ids[109], ids[111])
    assert [row.id for row in versions[ids[110]]] == ids[:100]
