"""Hostile native files: each bad line is refused with its number and its field, and nothing is ever half written."""

from io import BytesIO
from typing import Any

import pytest
import sqlalchemy as sa

from db import bulk
from db.database import Database
from db.interchange.colloquy_import import NativeImporter
from db.interchange.importer import Importer, Options, Stopped
from db.interchange.reading import Limits
from db.interchange.records import Source
from db.jsons import dump
from db.viewer import DEFAULT_VIEWER, Viewer
from tests.interchange.native import (
    AT,
    Json,
    conversation,
    feedback,
    file_of,
    load,
    message,
    origin,
    own_id,
    source,
    tool,
)
from tests.interchange.stored import check, count, counts, everything, one

GOOD = conversation(900, message(901), externalId="good")


def bad_message(*others: Json, **fields: Any) -> Json:
    """A conversation whose second message is bad."""
    return conversation(0, message(1), {**message(2, 1), **fields}, *others)


BAD: list[tuple[Json | bytes, str]] = [
    (b'{"colloquy": 1, "conversation": {', "the JSON breaks off"),
    (b'{"colloquy": 1, "source": {"id": "\xff"}}', "invalid UTF-8"),
    (b"[1]", "a line must be an object, not an array"),
    (b'{"colloquy": 1}', "a line must have one of the keys import, tool, assistant, source, conversation"),
    (b'{"colloquy": 1, "chat": {}}', "beside colloquy, not 'chat'"),
    (
        b'{"colloquy": 2, "tool": {}}',
        "colloquy: must be 1, the version of the format that this program reads, not 2",
    ),
    (b'{"colloquy": true, "tool": {}}', "colloquy: must be 1"),
    (b'{"colloquy": 1, "tool": []}', "tool: must be an object, not an array"),
    (conversation(0, colour="blue"), "conversation: 'colour' is no field of it; there are id, createdAt,"),
    (conversation(0, id="x"), "conversation.id: must be a UUID such as 01890a5d"),
    (conversation(0, id=own_id(0).replace("-", "")), "conversation.id: must be a UUID"),
    (conversation(0, id=None), "conversation.id: must not be null"),
    ({"colloquy": 1, "conversation": {"id": own_id(0)}}, "conversation.createdAt: is missing"),
    (conversation(0, createdAt="2026-01-02T03:04:05"), "conversation.createdAt: must be a time such as"),
    (conversation(0, createdAt="2026-02-30T00:00:00Z"), "conversation.createdAt: must be a time"),
    (conversation(0, createdAt="0001-01-01T00:00:00+02:00"), "conversation.createdAt: must be a time"),
    (
        conversation(0, createdAt=1767323045),
        "must be a time such as 2024-05-20T06:46:09.010233Z, with an offset, not 17",
    ),
    (conversation(0, type="PARROT"), "conversation.type: must be one of CHAT, OPENAI, SUPPORT_TICKET,"),
    (conversation(0, type=["CHAT"]), "conversation.type: must be one of"),
    (conversation(0, title="t" * 501), "conversation.title: must be a text of at most 500 characters, not 501"),
    (conversation(0, title="a\0b"), "conversation.title: must be a text without NUL and lone surrogates"),
    (conversation(0, title=7), "conversation.title: must be a text, not 7"),
    (conversation(0, version=2**31), "conversation.version: must be a whole number of 32 bits"),
    (conversation(0, version=1.0), "conversation.version: must be a whole number of 32 bits, not 1.0"),
    (conversation(0, version=True), "conversation.version: must be a whole number of 32 bits, not true"),
    (conversation(0, temperature=10**400), "conversation.temperature: must be a number of 64 bits"),
    (conversation(0, temperature="1"), "conversation.temperature: must be a number of 64 bits, not '1'"),
    (conversation(0, matrixMode=1), "conversation.matrixMode: must be true or false, not 1"),
    (conversation(0, visibility=None), "conversation.visibility: must not be null"),
    (conversation(0, tags="a"), "conversation.tags: must be an array, not 'a'"),
    (conversation(0, tags=["a", "b", "a"]), "conversation.tags[2]: 'a' is there twice"),
    (conversation(0, tags=["\ud800"]), "conversation.tags[0]: must be a text without NUL and lone surrogates"),
    (conversation(0, sharedWith=[{"userId": 5, "access": "READ"}]), "conversation.sharedWith: must be an array of"),
    (conversation(0, toolIds=[own_id(3)]), f"conversation.toolIds[0]: there is no tool {own_id(3)}"),
    (conversation(0, assistantId=own_id(3)), f"conversation.assistantId: there is no assistant {own_id(3)}"),
    (conversation(0, currentMessageId=own_id(3)), f"conversation.currentMessageId: {own_id(3)} is no message of"),
    (
        conversation(0, origin=origin("8", importId=own_id(3))),
        f"conversation.origin.importId: there is no import {own_id(3)}",
    ),
    (conversation(0, origin=origin("8", system="MARS")), "conversation.origin.system: must be one of ATHENA,"),
    (
        conversation(0, externalId="good"),
        f"conversation.externalId: 'good' is that of conversation {own_id(900)} here",
    ),
    (bad_message(parentId=own_id(77)), f"conversation.messages[1].parentId: {own_id(77)} is no message of this"),
    (bad_message(parentId=own_id(901)), f"conversation.messages[1].parentId: {own_id(901)} is no message of this"),
    (bad_message(parentId=own_id(2)), "conversation.messages[1].parentId: the message would be below itself"),
    (
        bad_message(message(3, 2), parentId=own_id(3)),
        "conversation.messages[1].parentId: the message would be below itself",
    ),
    (
        bad_message(message(3, 1), parentId=own_id(3)),
        f"parentId: {own_id(3)} must come before the messages below it",
    ),
    (
        bad_message(id=own_id(1)),
        f"conversation.messages[1].id: {own_id(1)} is the id of conversation.messages[0] already",
    ),
    (
        bad_message(id=own_id(901)),
        f"conversation.messages[1].id: {own_id(901)} is taken, by a row of another conversation",
    ),
    (
        bad_message(sequence=0),
        "conversation.messages[1].sequence: must be more than that of the message before it, 0, not 0",
    ),
    (bad_message(role=None), "conversation.messages[1].role: must not be null"),
    (
        bad_message(usage={"inputTokens": -(2**40)}),
        "messages[1].usage.inputTokens: must be a whole number of 32 bits",
    ),
    (bad_message(usage={"tokens": 1}), "conversation.messages[1].usage: 'tokens' is no field of it"),
    (bad_message(metadata=5), "conversation.messages[1].metadata: must be an object, not 5"),
    (bad_message(contentParts=[{"text": "x"}]), "conversation.messages[1].contentParts[0].type: is missing"),
    (bad_message(citations={}), "conversation.messages[1].citations: must be an array, not an object"),
    (
        bad_message(citations=[{"id": own_id(8), "sourceId": own_id(9)}]),
        f"conversation.messages[1].citations[0].sourceId: there is no source {own_id(9)}: its line must come before",
    ),
    (
        bad_message(citations=[{"id": own_id(8), "pages": [1, "2"]}]),
        "citations[0].pages: must be an array of whole numbers",
    ),
    (
        bad_message(toolCalls=[{"id": own_id(8), "name": "f", "resultMessageId": own_id(901)}]),
        f"conversation.messages[1].toolCalls[0].resultMessageId: {own_id(901)} is no message of this conversation",
    ),
    (
        conversation(0, message(1, externalId="x"), message(2, externalId="x")),
        "conversation.messages[1].externalId: 'x' is that of messages[0] already",
    ),
    (conversation(0, feedback=[feedback(5, messageId=own_id(901))]), "conversation.feedback[0].messageId: "),
    (conversation(0, feedback=[feedback(5, referenceId=own_id(1))]), "conversation.feedback[0].referenceId: "),
    (conversation(0, feedback=[feedback(5, scores=[{"name": "s"}])]), "feedback[0].scores[0].value: is missing"),
    (
        conversation(0, feedback=[feedback(5, citationVerdicts=[{"referenceId": own_id(1)}])]),
        f"conversation.feedback[0].citationVerdicts[0].referenceId: {own_id(1)} is no reference of this",
    ),
    (source(5, identity="x" * 33), "source.identity: must be a text of at most 32 characters, not 33"),
    (tool(5, kind="HAMMER"), "tool.kind: must be one of FUNCTION, RETRIEVAL, SCRIPT, MCP, OTHER, not 'HAMMER'"),
    (
        {"colloquy": 1, "assistant": {"id": own_id(5), "createdAt": AT, "name": "A", "toolIds": [own_id(6)]}},
        f"assistant.toolIds[0]: there is no tool {own_id(6)}: its line must come before",
    ),
]


async def test_each_bad_line_is_refused_with_its_number_and_its_field_and_the_others_come_in(
    database: Database,
) -> None:
    await load(database, GOOD)
    report = await load(database, conversation(990), *(line for line, _ in BAD), conversation(991))
    refused = {refusal.place: refusal.reason for refusal in report.refusals}
    assert len(report.refusals) == len(refused) == len(BAD)
    for number, (_, reason) in enumerate(BAD, start=2):
        assert reason in refused[f"line {number}"]
    assert report.tally == {("conversations", "new"): 2, ("records", "refused"): len(BAD)}
    assert await count(database, "conversations") == 3
    assert await count(database, "messages") == 1
    await check(database)


async def test_ids_that_two_lines_of_one_batch_claim_are_the_first_ones(database: Database) -> None:
    cited: Json = {"citations": [{"id": own_id(60)}], "attachments": [{"id": own_id(61)}]}
    report = await load(
        database,
        conversation(0, message(1, **cited), externalId="x", origin=origin("8")),
        conversation(2, message(3, **cited)),
        conversation(4, externalId="x"),
        conversation(5, origin=origin("8")),
        conversation(6, feedback=[feedback(7)]),
    )
    assert [refusal.place for refusal in report.refusals] == ["line 2", "line 3", "line 4"]
    assert f"messages[0].citations[0].id: {own_id(60)} is taken" in report.refusals[0].reason
    assert await count(database, "conversations") == 2


async def test_what_only_the_database_finds_is_refused_alone(database: Database) -> None:
    twice = [{"digest": "a", "seenAt": AT}] * 2
    report = await load(
        database,
        conversation(0, message(1)),
        conversation(2, message(3), recordVersions=twice),
        conversation(4, message(5)),
    )
    (refusal,) = report.refusals
    assert refusal.place == "line 2"
    assert refusal.reason.startswith("the database does not take it: ")
    assert report.tally == {("conversations", "new"): 2, ("messages", "new"): 2, ("records", "refused"): 1}
    await check(database)


async def test_a_conversation_whose_source_was_refused_is_refused(database: Database) -> None:
    report = await load(
        database,
        source(5, colour="blue"),
        conversation(0, message(1, citations=[{"id": own_id(8), "sourceId": own_id(5)}])),
    )
    assert [refusal.place for refusal in report.refusals] == ["line 1", "line 2"]
    assert not await count(database, "citations")


async def test_a_strict_import_takes_nothing_of_a_file_with_a_bad_line(database: Database) -> None:
    await load(database, conversation(0, message(1)))
    before = await counts(database)
    for bad in (conversation(5, colour="blue"), conversation(5, toolIds=[own_id(7)]), b"{"):
        with pytest.raises(Stopped):
            await load(database, GOOD, bad, options=Options(strict=True, batch_size=1))
        assert await counts(database) == before
    report = await load(database, GOOD, options=Options(strict=True))
    assert report.tally["conversations", "new"] == 1


async def test_a_write_that_fails_in_the_middle_leaves_the_conversation_as_it_was(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await load(database, conversation(0, message(1), message(2, 1), tags=["a"]))
    before = await everything(database)
    insert = bulk.insert

    async def failing(connection: Any, table: sa.Table, given: Any, *, viewer: Viewer) -> None:
        if table.name == "messages" and given:
            raise KeyboardInterrupt
        await insert(connection, table, given, viewer=viewer)

    monkeypatch.setattr(bulk, "insert", failing)
    with pytest.raises(KeyboardInterrupt):
        await load(database, conversation(0, message(1, content="new"), version=2))
    monkeypatch.undo()
    assert await everything(database) == before


async def test_lines_are_limited_like_other_records(database: Database) -> None:
    large, deep = (
        conversation(0, title="t", config={"x": "y" * 5_000}),
        conversation(2, properties=[[[[[[[[[[[]]]]]]]]]]]),
    )
    limits = Limits(record_bytes=4_000, depth=1)
    report = await load(database, GOOD, large, conversation(3), options=Options(limits=limits))
    (refusal,) = report.refusals
    assert (refusal.place, "larger than allowed" in refusal.reason) == ("line 2", True)
    too_deep = conversation(4, properties="@")
    nested = dump(too_deep).replace('"@"', "[" * 20 + "]" * 20).encode()
    report = await load(database, GOOD, deep, nested, options=Options(limits=limits))
    assert [refusal.place for refusal in report.refusals] == ["line 3"]
    assert "deeper than 17 levels" in report.refusals[0].reason


async def test_a_native_file_goes_along_with_others_in_one_report(database: Database) -> None:
    importer = Importer(database, viewer=DEFAULT_VIEWER)
    native = NativeImporter(database, viewer=DEFAULT_VIEWER, report=importer.report)
    await native.file(Source("a.jsonl", BytesIO(file_of(GOOD))))
    report = await importer.finish()
    assert report.tally["conversations", "new"] == 1
    assert [file.line() for file in report.files] == ["a.jsonl (colloquy): 1 conversation, 1 message new"]
    assert (await one(database, "conversations"))["external_id"] == "good"


async def test_a_record_that_a_format_imported_here_is_not_taken_twice(database: Database) -> None:
    await load(
        database, conversation(0, message(1, origin=origin("m", kind="message")), externalId="x", origin=origin("8"))
    )
    report = await load(
        database,
        conversation(10, externalId="x"),
        conversation(11, origin=origin("8")),
        conversation(12, message(5, origin=origin("m", kind="message"))),
        conversation(13, message(6, origin=origin("m", kind="message", account="other"))),
    )
    assert [refusal.reason for refusal in report.refusals] == [
        f"conversation.externalId: 'x' is that of conversation {own_id(0)} here",
        f"conversation.origin: COGSOL  chat 8 is that of a row in conversation {own_id(0)} here",
        f"conversation.messages[0].origin: COGSOL  message m is that of a row in conversation {own_id(0)} here",
    ]
    assert await count(database, "conversations") == 2
