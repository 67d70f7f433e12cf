"""Whatever rows hold comes back exactly through the native format: times, numbers by their text, odd characters."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import jsons
from db.database import Database
from db.interchange import colloquy_kinds
from db.interchange.colloquy_kinds import Kind
from db.viewer import PROGRAM
from tests.conftest import fresh_database
from tests.interchange.native import (
    AT,
    Json,
    conversation,
    export,
    exported,
    lines_of,
    load,
    message,
    own_id,
    source,
)
from tests.interchange.stored import T, check, copied_database, rows
from tests.interchange.vendors import anything

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
moments = st.datetimes().map(lambda at: f"{at.isoformat(timespec='microseconds')}Z")
wholes = st.integers(-(2**31), 2**31 - 1)
numbers = st.floats(allow_nan=False, allow_infinity=False)
uuids = st.uuids().map(str)


@st.composite
def records(draw: st.DrawFn, /, kind: Kind, **fixed: Any) -> Json:
    """A record of a kind, each field that is not fixed set or left out."""
    record: Json = {}
    for field in kind.fields:
        path = record if field.group is None else record.setdefault(field.group, {})
        if field in kind.required or draw(st.booleans()):
            column = kind.table.c[field.column]
            path[field.key] = draw(value_of(column))
    for group in kind.groups:
        if not record.get(group):
            record.pop(group, None)
    return {key: value for key, value in {**record, **fixed}.items() if value is not None}


def value_of(column: sa.Column[Any]) -> st.SearchStrategy[Any]:
    """Values that a column takes."""
    name = type(column.type).__name__
    if isinstance(column.type, sa.Enum):
        return st.sampled_from(column.type.enums)
    if name in ("AutoString", "String", "Text"):
        return texts
    if column.name in ("breadcrumbs", "pages", "shared_with"):
        return {
            "breadcrumbs": st.lists(st.text(max_size=3), max_size=2),
            "pages": st.lists(st.integers(), max_size=2),
            "shared_with": st.just([{"userId": "u", "access": "READ"}]),
        }[column.name]
    return {
        "JsonText": anything.filter(lambda value: value is not None),
        "UtcDateTime": moments,
        "Uuid": uuids,
        "Integer": wholes,
        "BigInteger": st.integers(-(2**63), 2**63 - 1),
        "Float": numbers | st.integers(-(10**6), 10**6),
        "Boolean": st.booleans(),
    }[name]


@st.composite
def conversations(draw: st.DrawFn) -> Json:
    """A line with a conversation that may say anything a conversation can."""
    listed = draw(st.lists(uuids, min_size=1, max_size=4, unique=True))
    messages: list[Json] = []
    references: list[str] = []
    for index, own in enumerate(listed):
        cited = draw(st.lists(records(colloquy_kinds.CITATION, sourceId=None), max_size=2))
        below = {
            key: draw(st.lists(records(each, toolId=None, resultMessageId=None), max_size=2))
            for key, each in colloquy_kinds.MESSAGE.children.items()
            if key != "citations" and draw(st.booleans())
        }
        for call in below.get("toolCalls", ()):
            call["resultMessageId"] = draw(st.sampled_from(listed))
        fixed: Json = {
            "id": own,
            "sequence": index * draw(st.integers(1, 3)),
            "externalId": None,
            "citations": cited,
            **below,
        }
        fixed["parentId"] = draw(st.sampled_from([None, *listed[:index]]))
        if messages and fixed["sequence"] <= messages[-1]["sequence"]:
            fixed["sequence"] = messages[-1]["sequence"] + 1
        messages.append(draw(records(colloquy_kinds.MESSAGE, **fixed)))
        references += [each["id"] for each in cited]
    given_feedback = []
    for _ in range(draw(st.integers(0, 2))):
        verdicts = draw(st.lists(records(colloquy_kinds.VERDICT, referenceId=None), max_size=2))
        for verdict in verdicts:
            verdict["referenceId"] = draw(st.sampled_from([None, *references]))
        fixed = {
            "messageId": draw(st.sampled_from([None, *listed])),
            "referenceId": draw(st.sampled_from([None, *references])),
            "reasons": draw(st.lists(records(colloquy_kinds.REASON), max_size=2)),
            "scores": draw(st.lists(records(colloquy_kinds.SCORE), max_size=2)),
            "citationVerdicts": verdicts,
        }
        given_feedback.append(draw(records(colloquy_kinds.FEEDBACK_KIND, **fixed)))
    fixed = {
        "assistantId": None,
        "externalId": None,
        "deletedAt": None,
        "currentMessageId": draw(st.sampled_from([None, *listed])),
        "tags": draw(st.lists(texts, max_size=3, unique=True)),
        "feedback": given_feedback,
        "messages": messages,
        "origin": draw(st.none() | records(colloquy_kinds.ORIGIN, importId=None)),
        "recordVersions": draw(
            st.lists(records(colloquy_kinds.VERSION), max_size=2, unique_by=lambda each: each["digest"])
        ),
    }
    return {"colloquy": 1, "conversation": draw(records(colloquy_kinds.CONVERSATION, **fixed))}


def json_values(value: Any, path: str = "") -> dict[str, str]:
    """The values of JSON in a record, by where they stand."""
    found: dict[str, str] = {}
    if isinstance(value, list):
        for index, item in enumerate(value):
            found |= json_values(item, f"{path}/{index}")
    elif isinstance(value, dict):
        for key, item in value.items():
            if key in ("properties", "userProperties", "extra", "presence", "dwData", "config", "payload"):
                found[f"{path}/{key}"] = jsons.dump(item)
            elif key != "feedback":  # which is put in the order of its ids
                found |= json_values(item, f"{path}/{key}")
    return found


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(line=conversations())
async def test_whatever_a_conversation_says_comes_back_exactly(tmp_path: Path, line: Json) -> None:
    async with copied_database(tmp_path) as one, copied_database(tmp_path) as other:
        report = await load(one, line)
        assert not report.refusals, report.refusals
        await check(one)
        first = await export(one)
        (back,) = lines_of(first)
        assert json_values(back) == json_values(line)
        again = await load(one, line)
        assert not again.changed
        await load(other, first)
        assert await export(other) == first


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(line=conversations())
async def test_whatever_a_conversation_says_is_the_same_on_both_databases(tmp_path: Path, line: Json) -> None:
    async with fresh_database("postgresql", tmp_path) as one, copied_database(tmp_path) as other:
        report = await load(one, line)
        assert not report.refusals, report.refusals
        await check(one)
        first = await export(one)
        await load(other, first)
        assert await export(other) == first
        assert not (await load(one, first)).changed


@pytest.mark.parametrize(
    "value",
    [
        *(
            '{"a":1.0,"b":1,"c":1.00,"d":1e2,"e":-0,"f":-0.0}',
            "[123456789012345678901234567890,1e400,0.1]",
            "-0",
            "1.10",
        ),
        *(r'"\u0000\ud800"', r'{"\u0000":"\udfff","":[]}', "true", "0", '""', "{}", "[]", "[[[[null]]]]"),
        "[" * 1_004 + "]" * 1_004,
    ],
    ids=lambda value: value[:20],
)
async def test_json_comes_back_by_its_text(database: Database, value: str) -> None:
    said = {**message(1), "metadata": {"extra": "@"}}
    fields = {"id": own_id(0), "createdAt": AT, "title": "t", "properties": "@", "config": "@", "lastActivityAt": AT}
    traced = {"system": "COGSOL", "kind": "chat", "recordId": "8", "extra": "@", "presence": "@", "importedAt": AT}
    record = {**fields, "messages": [said], "origin": traced}
    line = jsons.dump({"colloquy": 1, "conversation": record}).replace('"@"', value).encode()
    report = await load(database, line)
    assert not report.refusals, report.refusals
    assert await export(database) == line + b"\n"


async def test_times_take_any_offset_and_are_written_in_utc(database: Database) -> None:
    at = {"createdAt": "2026-01-02T01:00:00.5-02:30", "lastActivityAt": "9999-12-31T23:59:59.999999Z"}
    await load(database, conversation(0, **at, archivedAt="0001-01-01T00:00:00z"))
    found = await exported(database)
    assert (found["createdAt"], found["archivedAt"]) == ("2026-01-02T03:30:00.500000Z", "0001-01-01T00:00:00.000000Z")
    assert found["lastActivityAt"] == at["lastActivityAt"]


async def test_what_follows_from_the_tree_is_made_from_it(database: Database) -> None:
    tree = [message(1), message(2, 1), message(3, 1, role="ASSISTANT"), message(4, 2), message(5, 3)]
    cites = [{"id": own_id(20 + number), "sourceId": own_id(9)} for number in range(3)]
    tree[1]["citations"] = cites
    await load(database, source(9, title="Cited"), conversation(0, *tree, currentMessageId=own_id(2)))
    await check(database)
    (row,) = await rows(database, "conversations")
    assert (row["message_count"], row["preview"]) == (5, "1")
    assert (str(row["current_message_id"]), str(row["last_message_id"])) == (own_id(4), own_id(5))
    (cited,) = await rows(database, "sources")
    assert cited["citation_count"] == 3
    assert [each["number"] for each in await rows(database, "citations", "position")] == [1, 2, 3]


async def test_sequences_with_gaps_stay(database: Database) -> None:
    await load(database, conversation(0, message(1, sequence=3), message(2), message(3, sequence=9)))
    assert [row["sequence"] for row in await rows(database, "messages", "sequence")] == [3, 4, 9]
    assert [each.get("sequence") for each in (await exported(database))["messages"]] == [3, None, 9]


async def test_pointers_to_what_is_gone_are_left_out(database: Database) -> None:
    call = {"id": own_id(8), "name": "search", "resultMessageId": own_id(2)}
    await load(database, conversation(0, message(1, toolCalls=[call]), message(2, 1)))
    async with database.write(viewer=PROGRAM) as connection:
        await connection.execute(sa.delete(T["messages"]).where(T["messages"].c.id == UUID(own_id(2))))
    found = await exported(database)
    assert "currentMessageId" not in found
    assert found["messages"][0]["toolCalls"] == [{"id": own_id(8), "name": "search"}]
