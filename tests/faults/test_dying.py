"""Each write there is, by processes that die at its statements: nothing of it is there, and it can be repeated."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from db import migrations, writing
from db.database import Database, database_url
from db.record import new_id
from db.viewer import DEFAULT_VIEWER, DEFAULT_WORKSPACE_ID, Viewer
from db.words import ExecutionStatus, KeyScope, MessageRole, Rating, Role, ToolKind, ViewerKind
from db.writing.performing import Verb
from tests import postgres
from tests.faults.dying import Mortals
from tests.faults.kills import sessions_gone
from tests.interchange import stored

TALK, OTHER, DELETED, ARCHIVED = (new_id() for _ in range(4))
QUESTION, ANSWER, SECOND, SIDE, BEGUN = (new_id() for _ in range(5))
ASSISTANT, TOOL, SPARE = (new_id() for _ in range(3))
VISITOR = "anonymous-1"
CITATION = {"title": "a page", "url": "https://docs.example/page"}
USER, AI = MessageRole.USER, MessageRole.ASSISTANT

WORLD: list[tuple[str, dict[str, Any]]] = [
    ("create_tool", {"uuid": TOOL, "name": "find", "kind": ToolKind.FUNCTION}),
    ("create_tool", {"uuid": SPARE, "name": "spare", "kind": ToolKind.FUNCTION}),
    ("create_assistant", {"uuid": ASSISTANT, "name": "helper", "tool_ids": [TOOL]}),
    *(
        ("create_conversation", {"uuid": each, "tags": ["new"], "messages": [{"role": USER, "content": "Hello"}]})
        for each in (OTHER, DELETED, ARCHIVED)
    ),
    ("delete_conversation", {"id": DELETED}),
    ("archive_conversation", {"id": ARCHIVED}),
    (
        "create_conversation",
        {
            "uuid": TALK,
            "external_id": "talk",
            "tags": ["new"],
            "messages": [
                {"uuid": QUESTION, "role": USER, "content": "A question"},
                {"uuid": ANSWER, "role": AI, "content": "An answer", "citations": [CITATION]},
                {"uuid": SECOND, "role": USER, "content": "Another question"},
            ],
        },
    ),
    ("edit_message", {"id": SECOND, "uuid": SIDE, "content": "Another question, in other words"}),
    (
        "create_conversation",
        {"owner_id": VISITOR, "messages": [{"uuid": BEGUN, "role": USER, "content": "Hello"}]},
    ),
    ("give_feedback", {"target": ("messages", BEGUN), "author_id": VISITOR, "rating": Rating.POSITIVE}),
    (
        "give_feedback",
        {"target": ("messages", ANSWER), "author_id": "ada", "comment": "Good", "reasons": [{"label": "clear"}]},
    ),
    ("create_api_key", {"name": "nightly", "scope": KeyScope.READ}),
    ("create_workspace", {"name": "annex"}),
]

ANNEX: list[tuple[str, dict[str, Any]]] = [
    ("create_tool", {"name": "elsewhere", "kind": ToolKind.FUNCTION}),
    ("create_conversation", {"tags": ["new"], "messages": [{"role": USER, "content": "Hello"}]}),
    ("create_api_key", {"scope": KeyScope.ADMIN}),
]
"""What the other workspace has."""

RICH = {
    "role": AI,
    "content": "More",
    "citations": [CITATION, {"title": "another page", "url": "https://docs.example/other"}],
    "tool_calls": [{"name": "find", "call_id": "1"}],
    "follow_up_questions": [{"question": "And then?"}],
    "attachments": [{"name": "notes.txt"}],
}

WRITES: dict[str, dict[str, Any]] = {
    "create_conversation": {"tags": ["a", "b"], "messages": [{"role": USER, "content": "Hi"}, RICH]},
    "update_conversation": {"id": TALK, "title": "Other", "tags": ["a"], "like": True, "properties": {"a": 1}},
    "set_execution_status": {"id": TALK, "status": ExecutionStatus.PENDING},
    "archive_conversation": {"id": TALK},
    "unarchive_conversation": {"id": ARCHIVED},
    "delete_conversation": {"id": TALK},
    "restore_conversation": {"id": DELETED},
    "fork_conversation": {"message_id": ANSWER},
    "tag_conversations": {"ids": [TALK, OTHER], "tags": ["a", "b"]},
    "untag_conversations": {"ids": [TALK, OTHER], "tags": ["new"]},
    "log_conversation": {
        "external_id": "talk",
        "assistant": {"external_id": "logged"},
        "messages": [{"uuid": SIDE, "role": USER, "content": "In new words"}, RICH],
    },
    "add_messages": {"conversation_id": TALK, "messages": [{"role": USER, "content": "Hi"}, RICH]},
    "edit_message": {"id": QUESTION, "content": "A question in other words"},
    "regenerate_message": {"id": ANSWER, "message": RICH},
    "set_current_message": {"message_id": SECOND},
    "delete_message": {"id": ANSWER},
    "set_citations": {"message_id": ANSWER, "citations": [{"title": "other", "url": "https://docs.example/3"}]},
    "set_follow_up_questions": {"message_id": ANSWER, "follow_up_questions": [{"question": "Why?"}]},
    "give_feedback": {
        "target": ("messages", ANSWER),
        "author_id": "ada",
        "rating": Rating.NEGATIVE,
        "reasons": [{"label": "wrong"}],
    },
    "withdraw_feedback": {},
    "create_assistant": {"name": "new", "tool_ids": [TOOL]},
    "update_assistant": {"id": ASSISTANT, "name": "renamed", "tool_ids": []},
    "delete_assistant": {"id": ASSISTANT},
    "create_tool": {"name": "new", "kind": ToolKind.FUNCTION},
    "update_tool": {"id": TOOL, "name": "renamed"},
    "delete_tool": {"id": SPARE},
    "create_workspace": {"name": "docks"},
    "delete_workspace": {"confirm_name": "annex"},
    "create_api_key": {"name": "ci", "scope": KeyScope.WRITE},
    "revoke_api_key": {},
    "create_user_token": {"user_id": "ada"},
    "claim_conversations": {"anonymous_user_id": VISITOR},
}
"""An input for each write that there is."""

VIEWERS = {
    "claim_conversations": Viewer(DEFAULT_WORKSPACE_ID, "ada", role=Role.END_USER, kind=ViewerKind.END_USER),
}
"""Who does it, where that is not everybody's to do."""

MADE_BY = {
    "withdraw_feedback": "give_feedback",
    "delete_workspace": "create_workspace",
    "revoke_api_key": "create_api_key",
}
"""Writes of something whose id is made here, with the write of the world that makes it."""

ANEW = ("create_api_key", "create_user_token")
"""Writes that clients repeat without a key, since what they tell is kept nowhere: each has an effect of its own."""


class Scene:
    """A database with something in it, of which each test gets copies."""

    def __init__(self, mortals: Mortals, kind: str, folder: Path) -> None:
        self.mortals = mortals
        self.kind = kind
        self._folder = folder
        if kind == "sqlite":
            self._template = str(folder / "template.db")
            asyncio.run(self._build(self._template))
        else:
            self._template = asyncio.run(postgres.create_database())
            asyncio.run(self._build(postgres.url(self._template)))

    async def _build(self, url: str) -> None:
        database = Database.open(database_url(url))
        if self.kind == "sqlite":
            await migrations.upgrade(database)
        self.made: dict[str, UUID] = {}
        for verb, values in WORLD:
            outcome = await getattr(writing, verb)(database, values, viewer=DEFAULT_VIEWER)
            if outcome.row is not None:
                self.made[verb] = outcome.row.id
        elsewhere = replace(DEFAULT_VIEWER, workspace_id=self.made["create_workspace"])
        for verb, values in ANNEX:
            await getattr(writing, verb)(database, values, viewer=elsewhere)
        await database.close()

    @contextmanager
    def copy(self) -> Iterator[str]:
        """A copy of it, which is gone when the block is left."""
        if self.kind == "sqlite":
            path = self._folder / "copy.db"
            shutil.copyfile(self._template, path)
            yield str(path)
            for file in self._folder.glob("copy.db*"):
                file.unlink()
        else:
            name = asyncio.run(postgres.create_database(template=self._template))
            yield postgres.url(name)
            asyncio.run(postgres.drop_database(name))

    @contextmanager
    def looking(self, url: str) -> Iterator[Callable[[], dict[str, list[stored.Row]]]]:
        """What gives all that is in a copy, once whoever died has left it."""
        database = Database.open(database_url(url), reads_only=True)

        async def look() -> dict[str, list[stored.Row]]:
            if self.kind == "postgresql":
                await database.reader.dispose()
                await sessions_gone(url)
            await stored.check(database)
            noted = await stored.rows(database, "audit_entries", "id")
            return {**await stored.everything(database), "audit_entries": noted}

        with asyncio.Runner() as runner:
            yield lambda: runner.run(look())
            runner.run(database.close())


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def scene(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with Mortals() as mortals:
        yield Scene(mortals, request.param, tmp_path_factory.mktemp("dying"))


def test_each_write_has_a_case_here() -> None:
    verbs = {name for name in writing.__all__ if isinstance(getattr(writing, name), Verb)}

    assert verbs == WRITES.keys()


def die(scene: Scene, verb: str, later: Callable[[int], int]) -> None:
    """Let processes die, the first at the first statement that changes something, until one comes to its end."""
    values = dict(WRITES[verb])
    if verb not in ANEW:
        values["idempotency_key"] = "a key"
    if verb in MADE_BY:
        values["id"] = scene.made[MADE_BY[verb]]
    viewer = VIEWERS.get(verb, DEFAULT_VIEWER)
    with scene.copy() as url, scene.looking(url) as look:
        before = look()
        deaths, at = 0, 1
        while scene.mortals.write(url, verb, values, die_at=at, viewer=viewer) == 0:
            assert look() == before, f"it died at statement {at}"
            deaths, at = deaths + 1, later(at)
        done = look()
        scene.mortals.write(url, verb, values, viewer=viewer)
        again = look()

    assert deaths >= 2
    assert done != before
    if verb in ANEW:
        assert grown(done, again) == grown(before, done)
    else:
        assert again == done


def grown(before: dict[str, list[stored.Row]], after: dict[str, list[stored.Row]]) -> dict[str, int]:
    """How many rows each table has more; those that were there are as they were."""
    assert all(row in after[name] for name, rows in before.items() for row in rows)
    return {name: len(rows) - len(before[name]) for name, rows in after.items()}


@pytest.mark.parametrize("verb", WRITES)
def test_a_write_whose_process_dies_is_undone_and_has_one_effect_when_it_is_repeated(scene: Scene, verb: str) -> None:
    die(scene, verb, lambda at: 2 * at)


@pytest.mark.long
@pytest.mark.parametrize("verb", WRITES)
def test_a_write_whose_process_dies_at_any_of_its_statements_is_undone(scene: Scene, verb: str) -> None:
    die(scene, verb, lambda at: at + 1)
