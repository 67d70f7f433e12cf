"""Bad input: each is a reported record or a documented conversion, never a crash, never a half-written conversation."""

import gzip
import json
from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Any

import pytest

from db.database import Database
from db.interchange.base import BadRecord, ConversationDraft, Drafted, MessageDraft
from db.interchange.importer import Importer, Options, Stopped
from db.interchange.reading import Limits
from db.interchange.records import Source
from db.interchange.report import Report
from db.viewer import DEFAULT_VIEWER
from db.words import Actor, MessageRole, MessageType, OriginSystem
from tests.interchange.stored import check, count, counts, one, rows
from tests.interchange.toy import Toy, import_toys, source_of

Json = dict[str, Any]

GOOD = {"id": "good", "messages": [{"id": "1", "text": "fine"}]}


async def import_bytes(database: Database, data: bytes, **options: Any) -> Report:
    """Import a file of these bytes."""
    importer = Importer(database, viewer=DEFAULT_VIEWER, options=Options(**options))
    await importer.file(Source("toy.jsonl", BytesIO(data)), Toy())
    return await importer.finish()


def line(**record: Any) -> bytes:
    return json.dumps(record).encode() + b"\n"


BAD: list[tuple[bytes, str]] = [
    (b'{"id": "x", "messages": [{"text": "\xff\xfe"}]}\n', "invalid UTF-8"),
    (b'{"id": "x", "messages": [{"text": "brok\n', "breaks off"),
    (b'{"id": "x"} trailing\n', "Extra data|extra data"),
    (b'{"id": "x", "messages": ' + b"[" * 10_000 + b"]" * 10_000 + b"}\n", "deeper than 1,000 levels"),
    (b'{"id": "x", "messages": [], "n": NaN}\n', "NaN"),
    (b"[]\n", "must be an object"),
    (b"17\n", "must be an object"),
    (b'{"id": "x"}\n', "messages: must be a list"),
    (b'{"id": "x", "messages": 5}\n', "the toy reader cannot make sense of it"),
    (line(id="x", messages=[{"role": "PARROT"}]), "PARROT"),
    (line(id="x", messages=[{"tokens": 2**31}]), "message 0: input_tokens: must be a whole number of 32 bits"),
    (line(id="x", messages=[{"tokens": 2**70}]), "message 0: input_tokens: must be a whole number of 32 bits"),
    (line(id="x", messages=[{"tokens": 1.5}]), "input_tokens: must be a whole number, not 1.5"),
    (line(id="x", messages=[{"text": 5}]), "message 0: content: must be a text, not 5"),
    (line(id="x", messages=[{"feedback": [{"rating": "MAYBE"}]}]), "rating: must be one of NEGATIVE, POSITIVE"),
]
"""Records that are refused, and words of the reason, of which one is said."""


def says(said: str, reason: str) -> bool:
    return any(each.lower() in said.lower() for each in reason.split("|"))


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("bad", "reason"), BAD, ids=lambda value: None if isinstance(value, bytes) else value[:30])
async def test_a_bad_record_is_refused_with_its_line_and_the_rest_comes_in(
    database: Database, bad: bytes, reason: str
) -> None:
    report = await import_bytes(database, line(**GOOD) + bad + line(**GOOD | {"id": "second"}))
    (refusal,) = report.refusals
    assert refusal.place == "line 2"
    assert says(refusal.reason, reason), refusal.reason
    assert await count(database, "conversations") == 2
    await check(database)


async def test_many_bad_records_are_each_named_and_all_between_them_comes_in(database: Database) -> None:
    data = b"".join(bad + line(**GOOD | {"id": str(number)}) for number, (bad, _) in enumerate(BAD))
    report = await import_bytes(database, data)
    assert [refusal.place for refusal in report.refusals] == [f"line {2 * number + 1}" for number in range(len(BAD))]
    for refusal, (_, reason) in zip(report.refusals, BAD, strict=True):
        assert says(refusal.reason, reason), refusal.reason
    assert await count(database, "conversations") == len(BAD)
    await check(database)


async def test_a_record_of_an_array_is_named_by_its_index_too(database: Database) -> None:
    data = b'{"total": 3,\n"chats": [\n' + line(**GOOD) + b',\n{"id": 5},\n' + line(id="c", messages=[]) + b"]}"
    report = await import_bytes(database, data)
    assert [refusal.place for refusal in report.refusals] == ["chats[1] (line 5)"]
    imported = await one(database, "imports")
    assert (imported["layout"], imported["envelope"]) == ("chats", {"total": 3, "chats": []})


async def test_a_record_that_is_too_large_is_refused_and_the_next_one_read(database: Database) -> None:
    large = line(id="large", messages=[{"text": "x" * 200_000}])
    report = await import_bytes(database, large + line(**GOOD), limits=Limits(record_bytes=100_000))
    assert [refusal.place for refusal in report.refusals] == ["line 1"]
    assert "larger than allowed" in report.refusals[0].reason
    assert "100,000" in report.refusals[0].reason
    assert await count(database, "conversations") == 1


async def test_nesting_is_limited_by_a_setting(database: Database) -> None:
    deep = line(id="deep", messages=[{"text": "?", "properties": {"a": {"b": {"c": 1}}}}])
    report = await import_bytes(database, deep + line(**GOOD), limits=Limits(depth=5))
    assert [refusal.reason for refusal in report.refusals if "deeper than 5 levels" in refusal.reason]
    assert await count(database, "conversations") == 1


async def test_a_gzip_that_breaks_off_keeps_what_came_before(database: Database) -> None:
    data = gzip.compress(b"".join(line(id=str(number), messages=[{"text": str(number)}]) for number in range(5_000)))
    report = await import_bytes(database, data[: len(data) // 2])
    assert len(report.refusals) == 1
    assert "cut off" in report.refusals[0].reason
    stored = await count(database, "conversations")
    assert 0 < stored < 5_000
    assert await count(database, "messages") == stored


@pytest.mark.parametrize("text", ["a\0b", "a\ud800b", "\udfff", "\0" * 3])
async def test_characters_that_no_text_column_holds_become_replacement_characters(
    database: Database, text: str
) -> None:
    message = {"id": text, "text": text, "external_id": text, "properties": {text: text}}
    record = {"id": text, "title": text, "messages": [message], "tags": [text]}
    report = await import_toys(database, [record, GOOD])
    assert not report.refusals
    cleaned = text.replace("\0", "�").replace("\ud800", "�").replace("\udfff", "�")
    stored = next(row for row in await rows(database, "messages") if row["content"] != "fine")
    assert (stored["content"], stored["external_id"], stored["properties"]) == (cleaned, cleaned, {text: text})
    origins = [row for row in await rows(database, "origins") if row["record_id"].startswith("sha256:")]
    assert [row["presence"] for row in origins] == [{"$id": text}] * 2
    assert not (await import_toys(database, [record, GOOD])).changed


async def test_ids_longer_than_a_key_are_kept_apart_and_whole(database: Database) -> None:
    ids = ["x" * 600, "x" * 600 + "y"]
    tree = [{"id": own, "parent": ids[0] if number else None} for number, own in enumerate(ids)]
    await import_toys(database, [{"id": own, "messages": []} for own in ids])
    await import_toys(database, [{"id": "c", "messages": tree, "linear": False, "current": ids[1]}])
    assert await count(database, "conversations") == 3
    kept = [row["presence"]["$id"] for row in await rows(database, "origins") if row["presence"]]
    assert sorted(kept) == sorted(ids * 2)
    await check(database)


async def test_keys_are_clipped_to_their_columns(database: Database) -> None:
    await import_toys(database, [{"id": "c", "title": "é" * 600, "tags": ["t" * 600], "messages": []}])
    assert (await one(database, "conversations"))["title"] == "é" * 500
    assert (await one(database, "conversation_tags"))["tag"] == "t" * 512


class Broken(Toy):
    """A reader with a fault, and records that give it away."""

    name = "broken"
    system = OriginSystem.COLLOQUY
    array_keys: Sequence[str] = ()

    def read(self, record: object) -> Iterator[Drafted]:
        assert isinstance(record, dict)
        if record.get("fault"):
            # The first draft is good: nothing of the record may be stored for all that.
            yield from super().read(GOOD)
            raise KeyError("messages")
        if record.get("late"):
            yield from super().read(GOOD)
            raise BadRecord("late: must come first")
        values = {"role": MessageRole.USER, "role_name": "u", "message_type": MessageType.OTHER, "actor": Actor.USER}
        yield ConversationDraft(record_id="c", kind="chat", messages=[MessageDraft(values=values)])


@pytest.mark.parametrize(
    ("record", "reason"), [({"fault": True}, "KeyError: 'messages'"), ({"late": 1}, "late: must come first")]
)
async def test_of_a_record_that_cannot_be_read_nothing_is_stored(database: Database, record: Json, reason: str) -> None:
    importer = Importer(database, viewer=DEFAULT_VIEWER)
    await importer.file(source_of(record, {"id": "c"}), Broken())
    report = await importer.finish()
    assert [reason in refusal.reason for refusal in report.refusals] == [True]
    assert await count(database, "conversations") == 1


async def test_a_strict_import_stops_at_the_first_refusal_and_leaves_nothing_of_the_file(database: Database) -> None:
    importer = Importer(database, viewer=DEFAULT_VIEWER, options=Options(strict=True, batch_size=1))
    await importer.file(source_of({"id": "before", "messages": []}), Toy())
    before = await counts(database)
    records: list[Json] = [GOOD, {"id": "x", "messages": 5}, {"id": "y", "messages": []}]
    with pytest.raises(Stopped):
        await importer.file(source_of(*records, name="strict.jsonl"), Toy())
    report = await importer.finish()
    assert await counts(database) == before
    assert [refusal.place for refusal in report.refusals] == ["line 2"]
    assert "rolled back" in report.files[1].line()
    assert report.tally["conversations", "new"] == 1


async def test_a_strict_import_rolls_back_what_the_database_refuses(database: Database) -> None:
    bad = {"id": "bad", "messages": [{"text": "?", "feedback": [{"scores": {"truth": None}}]}]}
    importer = Importer(database, viewer=DEFAULT_VIEWER, options=Options(strict=True))
    with pytest.raises(Stopped):
        await importer.file(source_of(GOOD, bad), Toy())
    assert await count(database, "conversations") == 0


async def test_a_format_that_the_file_is_not_of_refuses_its_records(database: Database) -> None:
    from db.interchange.formats import FORMATS

    for format_ in FORMATS.values():
        importer = Importer(database, viewer=DEFAULT_VIEWER)
        await importer.file(source_of({"nothing": "known"}, {"id": [1], "messages": {"a": 1}}), format_)
        report = await importer.finish()
        assert {refusal.place for refusal in report.refusals} == {"line 1", "line 2"}, format_.name
    assert await count(database, "messages") == 0
