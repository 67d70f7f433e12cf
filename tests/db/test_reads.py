"""The verbs that read: right answers on both databases, and a statement each, however many rows there are."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

from db import assistants, conversations, messages, references, sources, tools
from db.database import Database
from db.paging import Page, Row, Slice
from db.record import new_id
from db.viewer import DEFAULT_VIEWER as ME
from db.viewer import PROGRAM
from db.words import MessageStatus
from tests.db.builders import World, at


def ids(rows: list[Row]) -> list[UUID]:
    return [row.id for row in rows]


async def walk(read: Callable[[Page], Awaitable[Slice]], size: int = 2) -> list[UUID]:
    """All rows of a list, page by page, forward; the same backward."""
    forward: list[UUID] = []
    page = Page.of(first=size)
    while True:
        given = await read(page)
        assert given.has_previous is bool(forward)
        forward += ids(given.rows)
        if not given.has_next:
            break
        page = Page.of(first=size, after=given.cursor(given.rows[-1]))
    backward: list[UUID] = []
    page = Page.of(last=size)
    while True:
        given = await read(page)
        assert given.has_next is bool(backward)
        backward = ids(given.rows) + backward
        if not given.has_previous:
            break
        page = Page.of(last=size, before=given.cursor(given.rows[0]))
    assert forward == backward
    return forward


async def test_a_row_has_the_values_of_its_columns_and_not_the_copies_for_filters(database: Database) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        talk = await world.conversation(properties={"a": [1, None]}, archived_at=at(5))
        message = await world.message(talk, 0, metadata={"b": "é"}, status=MessageStatus.STOPPED)
    async with database.read(viewer=PROGRAM) as connection:
        conversation = (await conversations.by_ids(connection, [talk], viewer=ME))[talk]
        row = (await messages.by_ids(connection, [message], viewer=ME))[message]
    assert conversation.properties == {"a": [1, None]}
    assert conversation.archived_at == at(5)
    assert isinstance(conversation.created_at, datetime)
    assert row.metadata == {"b": "é"}
    assert row.status is MessageStatus.STOPPED
    assert "metadata_copy" not in row._mapping


async def test_many_ids_are_one_statement_and_unknown_ones_are_left_out(
    database: Database, statements: list[str]
) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        known = [await world.conversation() for _ in range(3)]
    statements.clear()
    async with database.read(viewer=PROGRAM) as connection:
        found = await conversations.by_ids(connection, [*known, *(new_id() for _ in range(2000))], viewer=ME)
        assert len(statements) == 1
        assert await conversations.by_ids(connection, [], viewer=ME) == {}
    assert found.keys() == set(known)


async def test_the_messages_of_many_conversations_are_one_statement(database: Database, statements: list[str]) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        talks = [await world.conversation() for _ in range(3)]
        threads = [await world.thread(talk, length) for talk, length in zip(talks, (5, 2, 0), strict=True)]
    statements.clear()
    async with database.read(viewer=PROGRAM) as connection:
        found = await messages.of_conversations(connection, talks, Page.of(first=3), viewer=ME)
        assert len(statements) == 1
        assert [ids(found[talk].rows) for talk in talks] == [threads[0][:3], threads[1], []]
        sides = [(found[talk].has_previous, found[talk].has_next) for talk in talks]
        assert sides == [(False, True), (False, False), (False, False)]
        cursor = found[talks[0]].cursor(found[talks[0]].rows[1])
        statements.clear()
        rest = await messages.of_conversations(connection, talks, Page.of(first=3, after=cursor), viewer=ME)
    assert len(statements) == 1
    assert [ids(rest[talk].rows) for talk in talks] == [threads[0][2:], [], []]
    # An empty page still knows what lies in front of it.
    assert [(rest[talk].has_previous, rest[talk].has_next) for talk in talks] == [
        (True, False),
        (True, False),
        (False, False),
    ]


async def test_a_conversation_is_read_along_its_branch_in_play_or_over_all_branches(database: Database) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        talk = await world.conversation()
        root = await world.message(talk, 0)
        left = await world.message(talk, 1, parent_id=root, branch_position=None)
        right = await world.message(talk, 2, parent_id=root, branch_position=1)
        leaf = await world.message(talk, 3, parent_id=right, branch_position=2, visible=False)
    async with database.read(viewer=PROGRAM) as connection:

        async def on_branch(page: Page) -> Slice:
            return (await messages.of_conversations(connection, [talk], page, viewer=ME))[talk]

        async def everywhere(page: Page) -> Slice:
            return (await messages.of_conversations(connection, [talk], page, all_branches=True, viewer=ME))[talk]

        assert await walk(on_branch) == [root, right, leaf]
        assert await walk(everywhere) == [root, left, right, leaf]
        assert await messages.count_of_conversations(connection, [talk], viewer=ME) == {talk: 3}
        counts = await messages.count_of_conversations(
            connection, [talk], where={"visible": True}, all_branches=True, viewer=ME
        )
        assert counts == {talk: 3}
        visible = await messages.of_conversations(
            connection, [talk], Page.of(last=2), where={"visible": True}, viewer=ME
        )
        assert ids(visible[talk].rows) == [root, right]
        assert {
            key: ids(rows) for key, rows in (await messages.openai_branch(connection, [talk], viewer=ME)).items()
        } == {talk: [root, right, leaf]}


async def test_what_belongs_to_messages_comes_in_order_and_in_one_statement_each(
    database: Database, statements: list[str]
) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        talk = await world.conversation()
        one, two = await world.thread(talk, 2)
        for position in (1, 0):
            await world.insert("content_parts", message_id=one, position=position, type="TEXT", text=f"part {position}")
            await world.insert("follow_up_questions", message_id=one, position=position, question=f"why {position}?")
            await world.insert("tool_calls", message_id=one, position=position, name=f"call {position}")
            await world.insert("attachments", message_id=one, position=position, name=f"file {position}")
            await world.reference(talk, one, position, title=f"page {position}")
    statements.clear()
    async with database.read(viewer=PROGRAM) as connection:
        both = [one, two]
        parts = await messages.parts_of(connection, both, viewer=ME)
        questions = await messages.follow_ups_of(connection, both, viewer=ME)
        calls = await messages.tool_calls_of(connection, both, viewer=ME)
        files = await messages.attachments_of(connection, both, viewer=ME)
        cited = await references.of_messages(connection, both, viewer=ME)
    assert len(statements) == 5
    assert [row.text for row in parts[one]] == ["part 0", "part 1"]
    assert [row.question for row in questions[one]] == ["why 0?", "why 1?"]
    assert [row.name for row in calls[one]] == ["call 0", "call 1"]
    assert [row.name for row in files[one]] == ["file 0", "file 1"]
    assert [row.title for row in cited[one]] == ["page 0", "page 1"]
    assert [found[two] for found in (parts, questions, calls, files, cited)] == [[]] * 5


async def test_references_of_a_conversation_are_its_own_and_then_those_of_its_messages(
    database: Database, statements: list[str]
) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        talk, empty = await world.conversation(), await world.conversation()
        first, second, third = await world.thread(talk, 3)
        expected = [await world.reference(talk, third, position) for position in range(3)]
        expected = [await world.reference(talk, first, position, kind="x") for position in range(2)] + expected
        expected = [await world.reference(talk, None, position) for position in range(2)] + expected
        assert second
    async with database.read(viewer=PROGRAM) as connection:

        async def read(page: Page) -> Slice:
            statements.clear()
            found = await references.of_conversations(connection, [talk, empty], page, viewer=ME)
            assert len(statements) == 1
            assert found[empty].rows == []
            return found[talk]

        for size in (1, 2, 3, 100):
            assert await walk(read, size) == expected
        counts = await references.count_of_conversations(connection, [talk, empty], viewer=ME)
        assert counts == {talk: 7, empty: 0}
        listed = await references.of_conversations(
            connection, [talk], Page.of(), where={"message_id": {"is_null": True}}, viewer=ME
        )
        assert ids(listed[talk].rows) == expected[:2]
        assert await references.count_of_conversations(connection, [talk], where={"kind": {"eq": "x"}}, viewer=ME) == {
            talk: 2
        }


async def test_references_of_sources_and_sources_by_citations(database: Database) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        cited = await world.source(title="b", citation_count=2)
        untitled = await world.source(title=None, citation_count=0)
        other = await world.source(title="a", citation_count=1)
        talk = await world.conversation()
        message = await world.message(talk, 0)
        uses = [await world.reference(talk, message, position, source_id=cited) for position in range(3)]
    async with database.read(viewer=PROGRAM) as connection:

        async def read(page: Page) -> Slice:
            return (await references.of_sources(connection, [cited, other], page, viewer=ME))[cited]

        assert await walk(read) == uses[::-1]
        assert await references.count_of_sources(connection, [cited, other], viewer=ME) == {cited: 3, other: 0}
        assert (await references.by_ids(connection, uses[:1], viewer=ME)).keys() == {uses[0]}
        by_count = await sources.page(connection, Page.of(), viewer=ME)
        assert ids(by_count.rows) == [cited, other, untitled]
        for descending, order in ((False, [other, cited, untitled]), (True, [cited, other, untitled])):
            title = sources.ORDERS["TITLE"].directed(descending=descending)
            assert ids((await sources.page(connection, Page.of(), order=[title], viewer=ME)).rows) == order
        assert await sources.count(connection, where={"title": {"is_null": True}}, viewer=ME) == 1
        assert (await sources.by_ids(connection, [other], viewer=ME))[other].title == "a"


async def test_assistants_and_tools_and_the_conversations_of_each(database: Database, statements: list[str]) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        beta, alpha = await world.assistant(name="beta"), await world.assistant(name="alpha")
        search, lookup = await world.tool(name="search"), await world.tool(name="lookup")
        for position, tool in enumerate((search, lookup)):
            await world.insert("assistant_tools", assistant_id=beta, tool_id=tool, position=position)
        await world.insert("assistant_tools", assistant_id=alpha, tool_id=search, position=0)
        talks = [await world.conversation(assistant_id=beta, last_activity_at=at(n % 2)) for n in range(5)]
        for talk in talks[:3]:
            await world.insert("conversation_tools", conversation_id=talk, tool_id=search, position=0)
        await world.insert("conversation_tools", conversation_id=talks[0], tool_id=lookup, position=1)
    latest = [talks[3], talks[1], talks[4], talks[2], talks[0]]
    async with database.read(viewer=PROGRAM) as connection:
        assert ids((await assistants.page(connection, Page.of(), viewer=ME)).rows) == [alpha, beta]
        assert ids((await tools.page(connection, Page.of(), viewer=ME)).rows) == [lookup, search]
        assert await assistants.count(connection, where={"name": {"starts_with": "A"}}, viewer=ME) == 1
        assert await tools.count(connection, where={"kind": {"in": []}}, viewer=ME) == 0
        assert (await assistants.by_ids(connection, [beta], viewer=ME))[beta].name == "beta"
        assert (await tools.by_ids(connection, [search], viewer=ME))[search].name == "search"
        of_assistants = await tools.of_assistants(connection, [alpha, beta], viewer=ME)
        assert {key: ids(rows) for key, rows in of_assistants.items()} == {alpha: [search], beta: [search, lookup]}
        of_tools = await assistants.of_tools(connection, [search, lookup], viewer=ME)
        assert {key: ids(rows) for key, rows in of_tools.items()} == {search: [alpha, beta], lookup: [beta]}
        of_talks = await tools.of_conversations(connection, talks, viewer=ME)
        assert ids(of_talks[talks[0]]) == [search, lookup]
        assert of_talks[talks[4]] == []

        async def of_beta(page: Page) -> Slice:
            statements.clear()
            found = await conversations.of_assistants(connection, [alpha, beta], page, viewer=ME)
            assert len(statements) == 1
            assert found[alpha].rows == []
            return found[beta]

        async def of_search(page: Page) -> Slice:
            return (await conversations.of_tools(connection, [search, lookup], page, viewer=ME))[search]

        assert await walk(of_beta) == latest
        assert await walk(of_search) == [talk for talk in latest if talk in talks[:3]]
        counts = await conversations.count_of_assistants(connection, [alpha, beta], viewer=ME)
        assert counts == {alpha: 0, beta: 5}
        assert await conversations.count_of_tools(
            connection, [search, lookup], where={"id": {"ne": talks[0]}}, viewer=ME
        ) == {search: 2, lookup: 0}
