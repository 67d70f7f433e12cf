"""Conversations are drafts again: in the order asked for, with what was written here, in few statements."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from db import jsons
from db.database import Database
from db.errors import InvalidInput
from db.interchange import streaming
from db.interchange.base import ConversationDraft
from db.interchange.own import in_own_format, own_format
from db.interchange.rebuilding import Rebuilt, rebuild
from db.interchange.streaming import each
from db.record import new_id, now
from db.viewer import DEFAULT_VIEWER, DEFAULT_WORKSPACE_ID, PROGRAM, Viewer
from db.words import Actor, FeedbackAuthor, IdType, MessageRole, MessageType, OriginSystem, Rating
from tests.conftest import recorded
from tests.interchange.exported import assert_same_file, export, import_bytes, text_of
from tests.interchange.full_documents import ATHENA, COGSOL, FEEDBACK, FULL, INKEEP, PIPESHUB, REPORT
from tests.interchange.stored import Row, T, copied_database, one, rows


@pytest.fixture
async def embedded(tmp_path: Path) -> AsyncIterator[Database]:
    async with copied_database(tmp_path) as database:
        yield database


async def rebuilt(database: Database, *ids: UUID, viewer: Viewer = DEFAULT_VIEWER) -> list[Rebuilt]:
    async with database.read(viewer=PROGRAM) as connection:
        return await rebuild(connection, ids, viewer=viewer)


async def insert(database: Database, table: str, **values: Any) -> Row:
    async with database.write(viewer=PROGRAM) as connection:
        row = {"workspace_id": DEFAULT_WORKSPACE_ID, **values}
        await connection.execute(T[table].insert().values(row))
    return row


async def change(database: Database, table: str, row_id: UUID, **values: Any) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        await connection.execute(sa.update(T[table]).where(T[table].c.id == row_id).values(values))


async def say(
    database: Database,
    role: MessageRole,
    content: str,
    *,
    after: Callable[[list[Row]], Row] = lambda messages: messages[-1],
) -> Row:
    """Write a message into the first conversation, below the one chosen, and put it in play."""
    conversation = (await rows(database, "conversations", "id"))[0]
    messages = [
        row for row in await rows(database, "messages", "sequence") if row["conversation_id"] == conversation["id"]
    ]
    parent = after(messages)
    type_ = MessageType.USER_QUERY if role is MessageRole.USER else MessageType.BOT_RESPONSE
    row = await insert(
        database,
        "messages",
        id=new_id(),
        conversation_id=conversation["id"],
        sequence=len(messages),
        parent_id=parent["id"],
        branch_position=parent["branch_position"] + 1,
        role=role,
        role_name=role.lower(),
        message_type=type_,
        actor=Actor.USER,
        content=content,
        created_at=now(),
        updated_at=now(),
    )
    for other in messages:
        if (other["branch_position"] or 0) > parent["branch_position"]:
            await change(database, "messages", other["id"], branch_position=None)
    await change(
        database,
        "conversations",
        conversation["id"],
        message_count=len(messages) + 1,
        last_message_id=row["id"],
        current_message_id=row["id"],
    )
    return row


async def rate(database: Database, message: Row | None, rating: Rating | None, **values: Any) -> Row:
    """Give feedback on a message, or on the first conversation."""
    conversation = (await rows(database, "conversations", "id"))[0]
    return await insert(
        database,
        "feedback",
        id=new_id(),
        conversation_id=conversation["id"],
        message_id=None if message is None else message["id"],
        rating=rating,
        position=0,
        author_kind=FeedbackAuthor.END_USER,
        created_at=now(),
        updated_at=now(),
        **values,
    )


async def test_drafts_come_in_the_order_of_the_ids_without_those_that_are_not_there(database: Database) -> None:
    await import_bytes(database, {"a": text_of([{**COGSOL, "id": number} for number in range(4)])}, "cogsol")
    ids = [row["id"] for row in await rows(database, "conversations", "id")]
    await change(database, "conversations", ids[1], deleted_at=now())
    asked = [ids[3], new_id(), ids[0], ids[1], ids[3], ids[2]]
    assert [found.row.id for found in await rebuilt(database, *asked)] == [ids[3], ids[0], ids[2]]
    assert await rebuilt(database, *ids, viewer=Viewer(new_id())) == []
    assert await rebuilt(database) == []


async def test_the_number_of_statements_does_not_depend_on_the_conversations(database: Database) -> None:
    await import_bytes(
        database, {"a": text_of([{**PIPESHUB, "_id": f"p{number}"} for number in range(30)])}, "pipeshub"
    )
    ids = [row["id"] for row in await rows(database, "conversations", "id")]
    numbers = []
    for some in (ids[:1], ids):
        with recorded(database) as statements:
            assert len(await rebuilt(database, *some)) == len(some)
        numbers.append(len(statements))
    assert numbers[0] == numbers[1] <= 18


async def test_what_was_made_here_in_place_of_what_is_missing_is_in_no_draft(embedded: Database) -> None:
    bare = {"id": 1, "assistant": 42, "execution_status": "ENDED", "matrix_mode": False, "tools": [7]}
    bare["messages"] = [{"role": "user", "content": "Hello?", "msg_num": 1}]
    await import_bytes(embedded, {"a": text_of([bare])}, "cogsol")
    row = await one(embedded, "conversations")
    (found,) = await rebuilt(embedded, row["id"])
    draft = found.draft
    assert row["title"] == "Hello?"
    assert draft.values.keys().isdisjoint({"title", "title_made", "created_at", "updated_at", "last_activity_at"})
    assert draft.assistant is not None
    assert (draft.assistant.record_id, "name" in draft.assistant.values) == ("42", False)
    assert [(tool.record_id, "name" in tool.values) for tool in draft.tools] == [("7", False)]
    assert draft.messages[0].id_type is IdType.PLACE
    await change(embedded, "conversations", row["id"], title="Mine", title_made=False)
    written, _ = await export(embedded)
    assert_same_file(written["a"], text_of([{**bare, "title": "Mine"}]).replace(b'"messages"', b'"messages"'))


async def test_a_renamed_assistant_does_not_show_where_no_name_was(embedded: Database) -> None:
    await import_bytes(embedded, {"a": text_of([INKEEP])}, "inkeep")
    assistant = await one(embedded, "assistants")
    await change(embedded, "assistants", assistant["id"], name="Our bot", name_made=False)
    written, _ = await export(embedded)
    assert_same_file(written["a"], text_of([INKEEP]))


async def test_a_draft_knows_where_its_record_stood(embedded: Database) -> None:
    await import_bytes(embedded, {"a": text_of([COGSOL, REPORT])}, "cogsol")
    (found,) = await rebuilt(embedded, (await one(embedded, "conversations"))["id"])
    imported = await one(embedded, "imports")
    assert (found.system, found.account) == (OriginSystem.COGSOL, "")
    assert (found.import_id, found.position) == (imported["id"], 0)
    report = next(given for given in found.draft.feedback if given.kind == "report")
    assert report.stood == (imported["id"], 1)
    assert [message.stood for message in found.draft.messages] == [(imported["id"], None)] * 3
    assert (found.draft.linear, found.draft.loose, found.draft.current) == (True, False, "9003")


@pytest.mark.parametrize(
    ("name", "record", "key", "words"),
    [
        ("athena", ATHENA, "interactions", {"actor": "USER", "message": "More?"}),
        ("cogsol", COGSOL, "messages", {"role": "user", "content": "More?", "msg_num": 4}),
        ("pipeshub", PIPESHUB, "messages", {"messageType": "user_query", "content": "More?"}),
        ("inkeep", INKEEP, "messages", {"role": "user", "content": "More?", "type": "openai", "conversationId": "c1"}),
    ],
)
async def test_a_message_written_here_shows_at_the_end(
    name: str, record: Any, key: str, words: dict[str, Any], embedded: Database
) -> None:
    await import_bytes(embedded, {"a": text_of([record])}, name)
    said = await say(embedded, MessageRole.USER, "More?")
    written, summary = await export(embedded)
    assert summary.complete
    document: Any = jsons.parse(written["a"])
    *before, last = document[key]
    assert jsons.dump(before) == jsons.dump(record[key])
    assert words.items() <= last.items()
    assert last.get("id", last.get("_id")) == str(said["id"])
    again = await import_bytes(embedded, written, name)
    assert not again.refusals


async def test_a_chat_that_is_known_by_pairs_gets_a_pair(embedded: Database) -> None:
    said = {"content": "Hello?", "timestamp": 1722848400}
    pair = {"id": 7, "user_input": said, "model_response": {"content": "Hello.", "timestamp": 1722848401}}
    record = {**ATHENA["chat"], "recent_chat_history": [pair, {"id": 8, "user_input": said}]}
    await import_bytes(embedded, {"a": text_of([record])}, "athena")
    asked = await say(embedded, MessageRole.USER, "More?")
    at = {"timestamp": None}
    written, _ = await export(embedded)
    new: dict[str, Any] = {"id": str(asked["id"]), "user_input": {"content": "More?", **at}}
    expected = {**record, "recent_chat_history": [*record["recent_chat_history"], new]}
    assert_same_file(written["a"], text_of([expected]))
    await say(embedded, MessageRole.ASSISTANT, "Yes.")
    written, _ = await export(embedded)
    new["model_response"] = {"content": "Yes.", **at}
    assert_same_file(written["a"], text_of([expected]))


async def test_a_format_without_branches_gets_the_one_in_play(embedded: Database) -> None:
    await import_bytes(embedded, {"a": text_of([COGSOL])}, "cogsol")
    await say(embedded, MessageRole.ASSISTANT, "No.", after=lambda messages: messages[0])
    written, _ = await export(embedded)
    document: Any = jsons.parse(written["a"])
    assert [message["content"] for message in document["messages"]] == ["Can I get a refund?", "No."]
    (found,) = await rebuilt(embedded, (await one(embedded, "conversations"))["id"])
    assert [message.parent for message in found.draft.messages] == [None, "9001", "9002", "9001"]
    assert not found.draft.linear
    own = in_own_format(found, "cogsol")
    assert jsons.dump(own.documents) == jsons.dump([document])
    assert own.losses["messages off the branch in play"] == 2


async def test_feedback_given_here_shows_where_the_format_has_such(embedded: Database) -> None:
    await import_bytes(embedded, {"a": text_of([PIPESHUB])}, "pipeshub")
    message = (await rows(embedded, "messages", "sequence"))[0]
    given = await rate(embedded, message, Rating.NEGATIVE, negative_comment="Hm", author_id="u5")
    written, _ = await export(embedded)
    document: Any = jsons.parse(written["a"])
    assert document["messages"][0]["feedback"] == [
        {
            "_id": str(given["id"]),
            "isHelpful": False,
            "categories": [],
            "comments": {"negative": "Hm"},
            "feedbackProvider": "u5",
            "timestamp": int(given["created_at"].timestamp() * 1000),
        }
    ]
    assert jsons.dump(document["messages"][1]) == jsons.dump(PIPESHUB["messages"][1])


async def test_likes_given_here_show_and_what_has_no_place_is_counted(embedded: Database) -> None:
    await import_bytes(embedded, {"a": text_of([{**COGSOL, "like": None, "comment": None}])}, "cogsol")
    messages = await rows(embedded, "messages", "sequence")
    await rate(embedded, messages[0], Rating.NEGATIVE)
    await rate(embedded, None, Rating.POSITIVE, is_owners=True, comment="Fine")
    await rate(embedded, messages[2], Rating.NEGATIVE)
    written, _ = await export(embedded)
    document: Any = jsons.parse(written["a"])
    assert [message["likes"] for message in document["messages"]] == [False, None, True]
    assert (document["like"], document["comment"]) == (True, "Fine")
    (found,) = await rebuilt(embedded, (await one(embedded, "conversations"))["id"])
    assert in_own_format(found, "cogsol").losses["messages.feedback"] == 1


@pytest.mark.parametrize(("name", "record", "apart"), [("cogsol", COGSOL, REPORT), ("inkeep", INKEEP, FEEDBACK)])
async def test_feedback_with_records_of_its_own_follows_its_conversation(
    name: str, record: Any, apart: Any, embedded: Database
) -> None:
    await import_bytes(embedded, {"a": text_of([record, apart])}, name)
    (found,) = await rebuilt(embedded, (await one(embedded, "conversations"))["id"])
    own = in_own_format(found, name)
    assert jsons.dump(own.documents) == jsons.dump([record, apart])
    assert not own.losses


async def test_feedback_given_here_on_inkeeps_messages_is_a_record(embedded: Database) -> None:
    await import_bytes(embedded, {"a": text_of([INKEEP])}, "inkeep")
    message = (await rows(embedded, "messages", "sequence"))[1]
    await rate(embedded, message, Rating.POSITIVE, comment="Good")
    await rate(embedded, message, None, comment="No rating")
    (found,) = await rebuilt(embedded, (await one(embedded, "conversations"))["id"])
    own = in_own_format(found, "inkeep")
    record, given = own.documents
    assert jsons.dump(record) == jsons.dump(INKEEP)
    assert (given["type"], given["messageId"], given["details"]) == ("positive", "a1", "Good")
    assert own.losses["messages.feedback"] == 1


@pytest.mark.parametrize("name", FULL)
async def test_every_conversation_comes_back_in_its_own_format(name: str, database: Database) -> None:
    await import_bytes(database, {"a": text_of(FULL[name])}, name)
    documents: list[Any] = []
    async for part in each(database, viewer=DEFAULT_VIEWER):
        for found in part:
            assert own_format(found.system) == name
            converted = in_own_format(found, name)
            assert not converted.losses
            documents += converted.documents
    written = {jsons.dump(document) for document in documents}
    apart = {
        jsons.dump(record) for record in FULL[name] if "brain_id" in record or "name" in record or "pretools" in record
    }
    assert written == {jsons.dump(record) for record in FULL[name]} - apart


async def test_conversations_come_in_portions_the_oldest_first(
    embedded: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "MAX_MESSAGES", 7)
    records = [{**COGSOL, "id": number, "title": "a" if number % 2 else "b"} for number in range(9)]
    records[4]["messages"] = COGSOL["messages"] * 4
    await import_bytes(embedded, {"a": text_of(records)}, "cogsol")
    ids = [row["id"] for row in await rows(embedded, "conversations", "id")]
    assert len(ids) == 9
    parts = [part async for part in each(embedded, viewer=DEFAULT_VIEWER, chunk=4)]
    assert [found.row.id for part in parts for found in part] == ids
    assert all(len(part) == 1 or sum(found.row.message_count for found in part) <= 7 for part in parts)
    assert any(len(part) > 1 for part in parts)

    async def titles(**asked: Any) -> list[str]:
        return [found.row.title async for part in each(embedded, viewer=DEFAULT_VIEWER, **asked) for found in part]

    assert await titles(where={"title": {"eq": "a"}}) == ["a"] * 4
    assert len(await titles(ids=[ids[2], new_id(), ids[1]])) == 2
    assert await titles(ids=[]) == []
    await change(embedded, "conversations", ids[0], deleted_at=now())
    assert len(await titles()) == 8
    with pytest.raises(InvalidInput):
        await titles(where={"title": {"like": "a"}})


async def test_a_portion_is_of_one_moment(database: Database) -> None:
    await import_bytes(database, {"a": text_of([COGSOL])}, "cogsol")
    row = await one(database, "conversations")
    async with streaming.snapshot(database, viewer=DEFAULT_VIEWER) as connection:
        (before,) = await rebuild(connection, [row["id"]], viewer=DEFAULT_VIEWER)
        await change(database, "conversations", row["id"], title="Another")
        (after,) = await rebuild(connection, [row["id"]], viewer=DEFAULT_VIEWER)
    assert (before.row.title, after.row.title) == ("Refunds", "Refunds")
    (later,) = await rebuilt(database, row["id"])
    assert later.row.title == "Another"
    assert isinstance(later.draft, ConversationDraft)
