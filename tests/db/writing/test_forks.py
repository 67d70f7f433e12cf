"""A fork is the branch down to a message as a conversation of its own, with all that hangs on its messages."""

from typing import Any

from db.database import Database
from db.record import new_id, now
from db.viewer import PROGRAM
from db.words import (
    Entity,
    ExecutionStatus,
    MessageRole,
    MessageStatus,
    PartType,
    Rating,
    Visibility,
)
from db.writing import fork_conversation
from tests.db.builders import World, at
from tests.db.writing.scenes import (
    ME,
    STRANGER,
    Talk,
    add_branch,
    build_talk,
    refusal,
    rows,
    stored_row,
    strangers_workspace,
    talk_of,
    told,
    unknown,
    written,
)


async def messages_of(database: Database, conversation: Any) -> list[dict[str, Any]]:
    return sorted(await rows(database, "messages", conversation_id=conversation), key=lambda row: int(row["sequence"]))


def without(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


async def test_the_branch_down_to_the_message_is_copied_and_nothing_else(database: Database) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        talk = await build_talk(world, 4)
        other = await add_branch(world, talk, talk.messages[0], 4)
    for message, path in ((talk.messages[2], talk.messages[:3]), (other, [talk.messages[0], other])):
        fork = await written(fork_conversation(database, {"message_id": message}, viewer=ME))
        copies = await messages_of(database, fork.id)
        originals = [await stored_row(database, "messages", each) for each in path]
        made = ("id", "conversation_id", "parent_id", "sequence", "branch_position", "updated_at")
        assert [without(row, *made) for row in copies] == [without(row, *made) for row in originals]
        assert [row["sequence"] for row in copies] == [row["branch_position"] for row in copies] == [*range(len(path))]
        assert [row["parent_id"] for row in copies] == [None, *(row["id"] for row in copies[:-1])]
        assert not {row["id"] for row in copies} & {row["id"] for row in originals}
        assert fork.forked_from_id == message
        assert fork.message_count == len(path)
        assert fork.current_message_id == fork.last_message_id == copies[-1]["id"]
        assert vars(fork) == await stored_row(database, "conversations", fork.id)
    original = await stored_row(database, "conversations", talk.id)
    assert (original["message_count"], original["version"]) == (5, 1)


async def test_a_fork_has_what_the_conversation_has_but_not_what_was_said_of_it(database: Database) -> None:
    kept = {
        "visibility": Visibility.PUBLIC,
        "matrix_mode": True,
        "properties": {"a": 1.0},
        "user_properties": {"b": None},
        "model": "m",
        "system_prompt": "s",
        "temperature": 0.5,
        "config": {"c": True},
        "support_ticket_conversation_id": "ticket",
        "project_id": "p",
        "integration_id": "i",
        "owner_id": "ann",
    }
    left = {
        "external_id": "e",
        "share_url": "https://example.org",
        "shared_with": [{"userId": "ben", "access": "READ"}],
        "archived_at": at(1),
        "fail_reason": "f",
    }
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        assistant, tool = await world.assistant(), await world.tool()
        talk = await build_talk(
            world, 2, assistant_id=assistant, execution_status=ExecutionStatus.ERROR, **kept, **left
        )
        await world.tag(talk.id, "b", "a")
        await world.insert("conversation_tools", conversation_id=talk.id, tool_id=tool, position=0)
        await world.feedback(talk.id, is_owners=True, author_id="ann", rating=Rating.POSITIVE)
        await world.feedback(talk.id, talk.messages[1], rating=Rating.POSITIVE)
        await world.origin(talk.id, "r")
        await world.origin(talk.messages[0], "m", kind="message", entity=Entity.MESSAGE)
    fork = await written(fork_conversation(database, {"message_id": talk.messages[1]}, viewer=ME))
    stored = await stored_row(database, "conversations", fork.id)
    assert {name: stored[name] for name in kept} == kept
    assert [stored[name] for name in left] == [None] * len(left)
    assert (stored["assistant_id"], stored["execution_status"]) == (assistant, ExecutionStatus.AVAILABLE)
    assert [row["tag"] for row in await rows(database, "conversation_tags", conversation_id=fork.id)] == ["b", "a"]
    tools = await rows(database, "conversation_tools", conversation_id=fork.id)
    assert [row["tool_id"] for row in tools] == [tool]
    assert await rows(database, "feedback", conversation_id=fork.id) == []
    assert len(await rows(database, "origins")) == 2


async def build_details(world: World) -> tuple[Talk, dict[str, list[Any]]]:
    """A question, an answer that calls a tool twice, the first call's result, and the end."""
    tool, source, nameless = await world.tool(), await world.source(identity="i"), await world.source(title="t")
    talk = await build_talk(world, 4)
    asking, result, end = talk.messages[1], talk.messages[2], talk.messages[3]
    await world.insert("content_parts", message_id=asking, position=0, type=PartType.OTHER, payload={"n": 1.0})
    await world.insert("content_parts", message_id=asking, position=1, type=PartType.TEXT, text="t")
    await world.insert("follow_up_questions", message_id=asking, position=0, question="And?")
    await world.insert("attachments", message_id=asking, position=0, name="a.pdf", size=2**40)
    for position, answer in enumerate((result, end)):
        await world.insert(
            "tool_calls", message_id=asking, position=position, name="n", tool_id=tool, result_message_id=answer
        )
    await world.reference(talk.id, asking, 0, source_id=source, pages=[1], metadata={"k": 2})
    await world.reference(talk.id, asking, 1, source_id=source)
    await world.reference(talk.id, end, 0, source_id=source)
    await world.reference(talk.id, None, 0, source_id=nameless)
    await world.update("sources", source, citation_count=3)
    await world.update("sources", nameless, citation_count=1)
    return talk, {"sources": [source, nameless]}


async def test_all_that_hangs_on_the_messages_is_copied_and_points_at_the_copies(database: Database) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        talk, ids = await build_details(World(connection))
    fork = await written(fork_conversation(database, {"message_id": talk.messages[2]}, viewer=ME))
    copies = {old: row["id"] for old, row in zip(talk.messages[:3], await messages_of(database, fork.id), strict=True)}
    copy = copies[talk.messages[1]]
    for table in ("content_parts", "follow_up_questions", "attachments", "tool_calls", "citations"):
        old = await rows(database, table, message_id=talk.messages[1])
        new = await rows(database, table, message_id=copy)
        pointing = ("id", "message_id", "conversation_id", "result_message_id")
        assert [without(row, *pointing) for row in new] == [without(row, *pointing) for row in old]
        if "id" in old[0]:
            assert not {row["id"] for row in old} & {row["id"] for row in new}
    calls = await rows(database, "tool_calls", message_id=copy)
    assert [call["result_message_id"] for call in calls] == [copies[talk.messages[2]], None]
    cited = await rows(database, "citations", conversation_id=fork.id)
    assert sorted((row["message_id"] is None, row["position"]) for row in cited) == [(False, 0), (False, 1), (True, 0)]
    counts = [(await stored_row(database, "sources", each))["citation_count"] for each in ids["sources"]]
    assert counts == [5, 2]


async def test_a_message_that_is_still_being_written_is_stopped_in_the_copy(database: Database) -> None:
    talk = await talk_of(database, 2)
    async with database.write(viewer=PROGRAM) as connection:
        await World(connection).update("messages", talk.messages[1], status=MessageStatus.STREAMING)
    fork = await written(fork_conversation(database, {"message_id": talk.messages[1]}, viewer=ME))
    assert [row["status"] for row in await messages_of(database, fork.id)] == [
        MessageStatus.COMPLETE,
        MessageStatus.STOPPED,
    ]
    assert (await stored_row(database, "messages", talk.messages[1]))["status"] is MessageStatus.STREAMING


async def test_the_title_is_given_or_kept_or_made_of_the_branch(database: Database) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        talk = await build_talk(world, 1, title="Kept")
        made = await build_talk(world, 1, title="First", title_made=True, preview="First")
        await world.update("messages", made.messages[0], content="First")
        second = await add_branch(world, made, made.messages[0], 1)
        await world.update("messages", second, role=MessageRole.USER, content="Second", parent_id=None)
    for given, expected in (
        ({"message_id": talk.messages[0], "title": "Mine"}, ("Mine", False, "message 0")),
        ({"message_id": talk.messages[0], "title": None}, ("Kept", False, "message 0")),
        ({"message_id": second}, ("Second", True, "Second")),
        ({"message_id": second, "title": "Mine"}, ("Mine", False, "Second")),
    ):
        fork = await written(fork_conversation(database, given, viewer=ME))
        assert (fork.title, fork.title_made, fork.preview) == expected


async def test_a_fork_has_the_id_that_the_client_made(database: Database) -> None:
    talk = await talk_of(database, 1)
    given = {"message_id": talk.messages[0], "uuid": new_id()}
    assert (await written(fork_conversation(database, given, viewer=ME))).id == given["uuid"]
    assert told(await refusal(fork_conversation(database, given, viewer=ME))) == [("TAKEN", ("uuid",))]


async def test_what_is_wrong_is_told_and_nothing_is_copied(database: Database) -> None:
    await strangers_workspace(database)
    talk, gone = await talk_of(database, 1), await talk_of(database, 1, deleted_at=now())
    theirs = await talk_of(database, 1, viewer=STRANGER)
    for message in (unknown(), gone.messages[0], theirs.messages[0], talk.id):
        given = {"message_id": message, "uuid": theirs.id, "title": ""}
        assert sorted(told(await refusal(fork_conversation(database, given, viewer=ME)))) == [
            ("INVALID", ("title",)),
            ("NOT_FOUND", ("message_id",)),
            ("TAKEN", ("uuid",)),
        ]
    assert told(await refusal(fork_conversation(database, {}, viewer=ME))) == [("REQUIRED", ("message_id",))]
    assert len(await rows(database, "conversations")) == 3


async def test_a_long_branch_takes_as_many_statements_as_a_short_one(database: Database, statements: list[str]) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        talk, _ = await build_details(world)
        for sequence in range(4, 1500):
            below = await world.message(talk.id, sequence, parent_id=talk.messages[-1])
            talk.messages.append(below)
        last = talk.messages[-1]
        await world.insert("attachments", message_id=last, position=0)
        await world.update("conversations", talk.id, message_count=1500, last_message_id=last, current_message_id=last)
    numbers = []
    for length in (3, 1500):
        statements.clear()
        fork = await written(fork_conversation(database, {"message_id": talk.messages[length - 1]}, viewer=ME))
        numbers.append(len(statements))
        assert len(await messages_of(database, fork.id)) == length
    assert 0 < numbers[0] == numbers[1] <= 25
