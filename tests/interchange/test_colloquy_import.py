"""Native files over what is here: the later wins, and the rest stays."""

from pathlib import Path
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from db import workspaces
from db.database import Database
from db.interchange import colloquy_shared
from db.record import now
from db.viewer import DEFAULT_VIEWER, PROGRAM, Viewer
from tests.interchange.native import (
    AT,
    Json,
    another,
    conversation,
    export,
    exported,
    feedback,
    later,
    lines_of,
    load,
    message,
    origin,
    own_id,
    source,
    tool,
)
from tests.interchange.stored import T, check, count, everything, rows


def contents(record: Json) -> dict[str, str]:
    """What a conversation's messages say, by their numbers."""
    return {str(UUID(each["id"]).int & 0xFFF): each["content"] for each in record["messages"]}


async def test_a_newer_export_over_an_older_state_gives_the_newer_state(database: Database, tmp_path: Path) -> None:
    old = [source(50, title="Old"), conversation(0, message(1), message(2, 1), message(3, 1), tags=["a"])]
    new = [
        source(50, title="New", updatedAt=later(1), version=2),
        source(51, title="More"),
        conversation(
            0,
            message(1, content="edited", updatedAt=later(1), version=2),
            message(3, 1, citations=[{"id": own_id(60), "sourceId": own_id(51)}], version=2),
            message(4, 3),
            title="Renamed",
            updatedAt=later(1),
            version=2,
            tags=["b", "a"],
            currentMessageId=own_id(4),
            feedback=[feedback(70, rating="POSITIVE", messageId=own_id(4))],
        ),
        conversation(9),
    ]
    await load(database, *old)
    report = await load(database, *new)
    assert report.tally == {
        ("sources", "new"): 1,
        ("sources", "updated"): 1,
        ("conversations", "new"): 1,
        ("conversations", "updated"): 1,
        ("messages", "new"): 1,
        ("messages", "updated"): 2,
        ("messages", "removed"): 1,
        ("citations", "new"): 1,
        ("feedback", "new"): 1,
    }
    await check(database)
    async with another(database.dialect, tmp_path) as other:
        await load(other, *new)
        assert await everything(database) == await everything(other)
    assert not (await load(database, *new)).changed


async def test_an_older_export_over_a_newer_state_changes_nothing(database: Database) -> None:
    old = [
        source(50, title="Old"),
        tool(51),
        conversation(0, message(1), message(2, 1), tags=["a"], feedback=[feedback(70, comment="was")]),
    ]
    new = [
        source(50, title="New", version=2),
        tool(51, name="renamed", updatedAt=later(1)),
        conversation(
            0, message(1, content="new", version=2), version=2, feedback=[feedback(70, comment="is", version=2)]
        ),
    ]
    await load(database, *new)
    before = await everything(database)
    report = await load(database, *old)
    assert not report.changed
    assert report.tally == {
        ("sources", "older"): 1,
        ("tools", "older"): 1,
        ("conversations", "older"): 1,
        ("messages", "unchanged"): 1,
    }
    assert await everything(database) == before


async def test_what_is_newer_here_stays_below_a_newer_conversation(database: Database) -> None:
    await load(database, conversation(0, message(1), message(2, 1), title="Old"))
    here = [
        message(1, content="edited here", updatedAt=later(5), version=2),
        message(2, 1),
        message(8, 2, updatedAt=later(5)),
    ]
    await load(database, conversation(0, *here, updatedAt=later(5), version=2, title="Here"))
    await load(
        database,
        conversation(
            0,
            message(1, content="there", updatedAt=later(1)),
            message(9, 1),
            updatedAt=later(9),
            version=3,
            title="There",
        ),
    )
    found = await exported(database)
    assert found["title"] == "There"
    assert contents(found) == {"1": "edited here", "9": "9"}, (
        "what was changed before the later state was deleted there"
    )
    await check(database)


async def test_a_message_made_here_after_the_later_state_stays_in_its_place(database: Database) -> None:
    there = [message(1), message(2, 1, content="2!", updatedAt=later(3)), message(3, 2)]
    mine = [message(1), message(2, 1), message(5, 2), message(8, 5, createdAt=later(7), sequence=7)]
    await load(database, conversation(0, *mine, updatedAt=later(2)))
    await load(database, conversation(0, *there, updatedAt=later(3), version=4))
    found = await exported(database)
    assert contents(found) == {"1": "1", "2": "2!", "3": "3", "8": "8"}
    assert [each.get("parentId") for each in found["messages"]] == [None, own_id(1), own_id(2), own_id(2)]
    await check(database)
    assert not (await load(database, conversation(0, *there, updatedAt=later(3), version=4))).changed


async def test_of_an_older_conversation_what_is_later_by_itself_comes(database: Database) -> None:
    here = conversation(0, message(1), message(2, 1), updatedAt=later(5), title="Here", currentMessageId=own_id(2))
    older = conversation(
        0,
        message(1, content="later", updatedAt=later(9)),
        message(3, 1, updatedAt=later(9)),
        message(4, 1, updatedAt=later(1)),
        title="There",
        updatedAt=later(1),
        feedback=[feedback(70, updatedAt=later(9)), feedback(71, updatedAt=later(1))],
    )
    await load(database, here)
    await load(database, older)
    found = await exported(database)
    assert (found["title"], contents(found)) == ("Here", {"1": "later", "2": "2", "3": "3"})
    assert [each["id"] for each in found["feedback"]] == [own_id(70)]
    await check(database)


async def test_feedback_that_was_given_here_stays(database: Database) -> None:
    cited = message(1, citations=[{"id": own_id(60)}, {"id": own_id(61)}])
    given = [
        feedback(70, rating="NEGATIVE", messageId=own_id(1)),
        feedback(71, referenceId=own_id(61)),
        feedback(72, messageId=own_id(1), citationVerdicts=[{"verdict": "POSITIVE", "referenceId": own_id(61)}]),
    ]
    await load(database, conversation(0, cited, feedback=given))
    newer = message(1, citations=[{"id": own_id(60)}], updatedAt=later(1))
    report = await load(database, conversation(0, newer, updatedAt=later(1), feedback=[feedback(80)]))
    assert report.tally["citations", "removed"] == 1
    assert report.tally["feedback", "removed"] == 1
    found = (await exported(database))["feedback"]
    assert [each["id"] for each in found] == [own_id(70), own_id(72), own_id(80)]
    assert found[1]["citationVerdicts"] == [{"verdict": "POSITIVE"}], "its reference is gone"
    await check(database)


async def test_of_two_states_of_one_version_nothing_that_a_source_learned_is_forgotten(database: Database) -> None:
    await load(database, source(50, url="https://a.example", title="Learned"))
    assert not (await load(database, source(50, url="https://a.example"))).changed
    await load(database, source(50, url="https://a.example", text="More"))
    assert lines_of(await export(database))[0]["source"]["title"] == "Learned"


async def test_a_message_that_came_again_under_another_id_takes_the_place_of_the_first(database: Database) -> None:
    first = message(1, externalId="x", origin=origin("m1", kind="message"))
    await load(database, conversation(0, first, message(2, 1)))
    again = message(5, externalId="x", origin=origin("m1", kind="message"))
    report = await load(database, conversation(0, again, message(6, 5), version=2))
    assert not report.refusals
    assert contents(await exported(database)) == {"5": "5", "6": "6"}
    await check(database)


async def test_versions_that_were_seen_are_put_together(database: Database) -> None:
    seen = [{"digest": letter * 64, "seenAt": AT} for letter in "abc"]
    await load(database, conversation(0, origin=origin("8"), recordVersions=seen[:2]))
    await load(database, conversation(0, origin=origin("8"), recordVersions=seen[1:]))
    assert (await exported(database))["recordVersions"] == seen


async def test_an_import_that_ended_meanwhile_is_updated(database: Database) -> None:
    begun = {"id": own_id(5), "createdAt": AT, "format": "cogsol", "fileName": "a.json", "layout": "lines"}
    ended = begun | {"finishedAt": later(1), "counts": {"messages": {"new": 1}}}
    for record in (begun, ended, begun):
        await load(database, {"colloquy": 1, "import": record})
    assert lines_of(await export(database)) == [
        {"colloquy": 1, "import": {**begun, "counts": ended["counts"], "finishedAt": later(1)}}
    ]


# ---------------------------------------------------------------- another database


async def test_what_is_here_under_another_id_is_not_stored_twice(database: Database) -> None:
    assistant = {"id": own_id(40), "createdAt": AT, "name": "Bot", "toolIds": [own_id(30)]}
    theirs = [
        tool(30, externalId="search"),
        {"colloquy": 1, "assistant": {**assistant, "origin": origin("7", kind="assistant")}},
        source(50, url="https://a.example"),
        conversation(
            0,
            message(1, citations=[{"id": own_id(60), "sourceId": own_id(50)}]),
            assistantId=own_id(40),
            toolIds=[own_id(30)],
        ),
    ]
    mine = [
        tool(130, externalId="search"),
        {
            "colloquy": 1,
            "assistant": {**assistant, "id": own_id(140), "toolIds": [], "origin": origin("7", kind="assistant")},
        },
        source(150, url="https://a.example", title="Mine"),
    ]
    await load(database, *mine)
    report = await load(database, *theirs)
    assert not report.refusals
    assert f"tool {own_id(30)} is here as {own_id(130)}, which stays as it is" in report.files[0].notes[0]
    found = await exported(database)
    assert (found["assistantId"], found["toolIds"]) == (own_id(140), [own_id(130)])
    assert found["messages"][0]["citations"][0]["sourceId"] == own_id(150)
    assert [await count(database, name) for name in ("tools", "assistants", "sources")] == [1, 1, 1]
    await check(database)
    assert not (await load(database, *theirs)).changed


async def test_what_is_here_under_another_id_is_remembered_up_to_a_limit(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(colloquy_shared, "MAX_MAPPED", 1)
    await load(database, source(150, url="https://a.example"), source(151, url="https://b.example"))
    report = await load(database, source(50, url="https://a.example"), source(51, url="https://b.example"))
    assert [refusal.reason for refusal in report.refusals] == ["source: more than 1 are here under another id"]


async def test_everything_comes_into_the_workspace_that_is_imported_into(database: Database) -> None:
    viewer = await workspace(database)
    lines = [
        source(50, url="https://a.example"),
        conversation(
            0, message(1, citations=[{"id": own_id(60), "sourceId": own_id(50)}]), tags=["a"], origin=origin("8")
        ),
    ]
    await load(database, *lines, viewer=viewer)
    assert not await export(database)
    assert len(lines_of(await export(database, viewer=viewer))) == 2
    for name, table in T.items():
        if "workspace_id" in table.c:
            assert {row["workspace_id"] for row in await rows(database, name)} <= {viewer.workspace_id}, name
    before = await everything(database)
    report = await load(database, *lines)
    assert [refusal.reason for refusal in report.refusals] == [
        f"source.id: {own_id(50)} is taken, by a row of another workspace",
        f"conversation.id: {own_id(0)} is taken, by a row of another workspace",
    ]
    assert await everything(database) == before


async def workspace(database: Database) -> Viewer:
    """Another workspace."""
    own = uuid4()
    async with database.write(viewer=PROGRAM) as connection:
        row = {"id": own, "name": "other", "created_at": now()}
        await connection.execute(sa.insert(T["workspaces"]).values(row))
        found = await workspaces.by_name(connection, "other", viewer=DEFAULT_VIEWER)
    assert found == Viewer(own)
    return found
