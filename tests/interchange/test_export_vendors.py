"""Files of the four systems come out of the database as they went in, whatever their records leave out or add."""

import asyncio
import copy
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import jsons
from db.database import Database
from db.interchange.formats import FORMATS
from tests.interchange.exported import assert_comes_back, assert_same_file, export, import_bytes, text_of
from tests.interchange.full_documents import AGENT, AGENT_CONVERSATION, ATHENA, COGSOL, FEEDBACK, FULL, INKEEP, PIPESHUB
from tests.interchange.stored import check, copied_database, count, rows
from tests.interchange.vendor_documents import RECORDS, files

EXAMPLES = int(os.environ.get("COLLOQUY_EXAMPLES", "15"))
"""Files that are tried of each system; thousands take an hour."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("databases")


async def come_back(folder: Path, name: str, data: bytes) -> None:
    async with copied_database(folder) as database:
        await assert_comes_back(database, data, name)
        await check(database)


@pytest.mark.parametrize("name", RECORDS)
@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_files_come_back_as_they_were(name: str, folder: Path, data: st.DataObject) -> None:
    records = data.draw(files(name))
    layout = data.draw(st.sampled_from(["lines", "array", "object", "envelope"]))
    if layout == "envelope":
        key = data.draw(st.sampled_from(FORMATS[name].array_keys))
        text = jsons.dump({"total": len(records), key: records, "next": None}).encode()
    else:
        text = text_of(records, layout)
    asyncio.run(come_back(folder, name, text))
    for path in folder.iterdir():
        if not path.name.startswith("template"):
            path.unlink()


@pytest.mark.parametrize("name", FULL)
async def test_documents_of_documented_keys_leave_nothing_beside_their_columns(name: str, database: Database) -> None:
    await assert_comes_back(database, text_of(FULL[name]), name)
    origins = await rows(database, "origins")
    assert len(origins) > 3
    assert [(row["kind"], row["extra"], row["presence"]) for row in origins if row["extra"] or row["presence"]] == []


def changed(record: Any, **values: Any) -> Any:
    return {**copy.deepcopy(record), **values}


def athenas() -> list[Any]:
    """Chats of one brain that cite one document, and say other things of it."""
    found = []
    for index, more in enumerate(({}, {"name": "Another name", "status": None}, {"url": "https://b.test", "x": 1})):
        record = copy.deepcopy(ATHENA)
        record["chat"]["chat_id"] = f"thread-{index}"
        for said in record["interactions"]:
            said |= {"id": said["id"] + 10 * index, "thread_id": f"thread-{index}"}
        record["interactions"][1]["reference"][0] |= more
        del record["interactions"][1]["reference"][1:]
        found.append(record)
    del found[1]["interactions"][1]["reference"][0]["type"]
    return found


def pipeshubs() -> list[Any]:
    """Conversations with one agent, known by itself too, that cite one record under several names."""
    found = [AGENT]
    for index, name in enumerate(("Prices.pdf", "Old prices.pdf", None)):
        record = changed(AGENT_CONVERSATION, _id=f"p{index}", messages=copy.deepcopy(PIPESHUB["messages"]))
        for message in record["messages"]:
            message["_id"] += str(index)
        metadata = record["messages"][1]["citations"][0]["citationData"]["metadata"]
        metadata |= {"recordName": name, "recordType": ["FILE", "MAIL", "FILE"][index]}
        record["messages"][1]["feedback"][1]["_id"] = f"f{index}"
        found.append(record)
    return [*found, changed(AGENT, agentKey="agent-2", tools=["search", "calc"], name=None)]


def cogsols() -> list[Any]:
    """Chats with one assistant and the same tools, in other orders and as other types of JSON."""
    return [
        changed(COGSOL, id=1, assistant=42, tools=[7, 9], messages=[]),
        changed(COGSOL, id=2, assistant="42", tools=["9", 7], messages=[]),
        changed(COGSOL, id="3", assistant=42, tools=[9, 9, 7.0], messages=None),
    ]


def inkeeps() -> list[Any]:
    """Conversations of one integration that link to one page under several titles."""
    found = []
    for index, title in enumerate(("Settings", "All settings", None)):
        record = changed(INKEEP, id=f"c{index}", externalId=None, messagesOpenAIFormat=None)
        for message in record["messages"]:
            message |= {"id": f"{message['id']}-{index}", "conversationId": f"c{index}"}
        record["messages"][1]["links"][0] |= {"title": title, "type": ["documentation", "site", None][index]}
        found.append(record)
    return found


@pytest.mark.parametrize(
    ("name", "records", "shared", "number"),
    [
        ("athena", athenas(), "sources", 1),
        ("pipeshub", pipeshubs(), "sources", 1),
        ("cogsol", cogsols(), "tools", 2),
        ("inkeep", inkeeps(), "sources", 1),
    ],
)
async def test_records_that_share_a_row_and_say_other_things_of_it_come_back(
    name: str, records: list[Any], shared: str, number: int, database: Database
) -> None:
    await assert_comes_back(database, text_of(records), name)
    assert await count(database, shared) == number


async def test_records_in_several_files_say_of_a_shared_row_what_they_said(tmp_path: Path) -> None:
    first, second = pipeshubs()[:2], pipeshubs()[2:]
    async with copied_database(tmp_path) as database:
        files = {"a.json": text_of(first), "b.json": text_of(second, "array")}
        await import_bytes(database, files, "pipeshub")
        written, summary = await export(database)
        assert summary.complete
        for name, data in files.items():
            assert_same_file(written[name], data)


async def test_feedback_embeds_its_conversation_again(database: Database) -> None:
    other = changed(INKEEP["messages"][0], id="m9", conversationId="c9")
    embedding = [
        changed(FEEDBACK, conversation=INKEEP, message=INKEEP["messages"][1]),
        changed(FEEDBACK, id="f2", messageId="q1", message=INKEEP["messages"][0], conversation=INKEEP),
        changed(FEEDBACK, id="f3", messageId="m9", message=other),
    ]
    await assert_comes_back(database, text_of(embedding), "inkeep")
    assert await count(database, "conversations") == 2


async def test_feedback_that_embeds_what_has_changed_since_is_named(tmp_path: Path) -> None:
    later = changed(INKEEP, updatedAt="1744095940999", tags=["other"])
    async with copied_database(tmp_path) as database:
        await import_bytes(database, {"f.json": text_of([changed(FEEDBACK, conversation=INKEEP)])}, "inkeep")
        await import_bytes(database, {"c.json": text_of([later])}, "inkeep")
        first, second = await rows(database, "imports", "created_at")
        written, summary = await export(database, first["id"])
        assert_same_file(written["f.json"], text_of([changed(FEEDBACK, conversation=later)]))
        assert summary.files[0].notes == ["1 record embeds a conversation or message that says something else today"]
        written, summary = await export(database, second["id"])
        assert_same_file(written["c.json"], text_of([later]))
        assert summary.complete


async def test_messages_and_feedback_of_one_id_are_told_apart(tmp_path: Path) -> None:
    many = changed(PIPESHUB, messages=PIPESHUB["messages"] * 3)
    many["messages"][1] = changed(many["messages"][1], feedback=many["messages"][1]["feedback"][1:] * 3)
    async with copied_database(tmp_path) as database:
        await assert_comes_back(database, text_of([many]), "pipeshub")
        assert await count(database, "messages") == 6
        assert await count(database, "feedback") == 7
    async with copied_database(tmp_path) as database:
        await assert_comes_back(database, text_of([changed(COGSOL, messages=COGSOL["messages"] * 4)]), "cogsol")
