"""Each write there is, by processes that die at its statements: nothing of it is there, and it can be repeated."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from db import migrations, writing
from db.database import Database, database_url
from db.record import new_id
from db.viewer import DEFAULT_VIEWER
from db.words import ExecutionStatus, MessageRole, Rating, ToolKind
from db.writing.performing import Verb
from tests import postgres
from tests.faults.dying import Mortals
from tests.faults.kills import sessions_gone
from tests.interchange import stored

TALK, OTHER, DELETED, ARCHIVED = (new_id() for _ in range(4))
QUESTION, ANSWER, SECOND, SIDE = (new_id() for _ in range(4))
ASSISTANT, TOOL, SPARE = (new_id() for _ in range(3))
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
        "give_feedback",
        {"target": ("messages", ANSWER), "author_id": "ada", "comment": "Good", "reasons": [{"label": "clear"}]},
    ),
]

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
    "withdraw_feedback": {},  # the id is made when the feedback is given
    "create_assistant": {"name": "new", "tool_ids": [TOOL]},
    "update_assistant": {"id": ASSISTANT, "name": "renamed", "tool_ids": []},
    "delete_assistant": {"id": ASSISTANT},
    "create_tool": {"name": "new", "kind": ToolKind.FUNCTION},
    "update_tool": {"id": TOOL, "name": "renamed"},
    "delete_tool": {"id": SPARE},
}
"""An input for each write that there is."""


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
        for verb, values in WORLD:
            outcome = await getattr(writing, verb)(database, values, viewer=DEFAULT_VIEWER)
        assert outcome.row is not None
        self.feedback = outcome.row.id
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
            return await stored.everything(database)

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
    values = {**WRITES[verb], "idempotency_key": "a key"}
    if verb == "withdraw_feedback":
        values["id"] = scene.feedback
    with scene.copy() as url, scene.looking(url) as look:
        before = look()
        deaths, at = 0, 1
        while scene.mortals.write(url, verb, values, die_at=at) == 0:
            assert look() == before, f"it died at statement {at}"
            deaths, at = deaths + 1, later(at)
        done = look()
        scene.mortals.write(url, verb, values)
        again = look()

    assert deaths >= 2
    assert done != before
    assert again == done


@pytest.mark.parametrize("verb", WRITES)
def test_a_write_whose_process_dies_is_undone_and_has_one_effect_when_it_is_repeated(scene: Scene, verb: str) -> None:
    die(scene, verb, lambda at: 2 * at)


@pytest.mark.long
@pytest.mark.parametrize("verb", WRITES)
def test_a_write_whose_process_dies_at_any_of_its_statements_is_undone(scene: Scene, verb: str) -> None:
    die(scene, verb, lambda at: at + 1)
