"""Writes in any order leave what a plain model of a conversation's tree has, on both databases."""

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from db.record import new_id
from db.words import MessageRole, ProblemCode
from db.writing import (
    Outcome,
    Rejected,
    add_messages,
    archive_conversation,
    create_conversation,
    delete_conversation,
    delete_message,
    edit_message,
    fork_conversation,
    log_conversation,
    regenerate_message,
    restore_conversation,
    set_current_message,
    tag_conversations,
    unarchive_conversation,
    untag_conversations,
)
from db.writing.performing import Verb
from tests.conftest import fresh_database
from tests.db.writing.scenes import ME, rows
from tests.db.writing.talking import messages_of
from tests.interchange import stored
from tests.interchange.stored import copied_database

T = TypeVar("T")
TAGS = ["a", "b", "c"]


@dataclass
class Node:
    """A message of the model."""

    id: UUID
    parent: UUID | None
    role: MessageRole
    content: str
    sequence: int


@dataclass
class Tree:
    """A conversation of the model."""

    id: UUID
    external_id: str | None
    nodes: dict[UUID, Node] = field(default_factory=dict)
    """By id, in the order of their sequence."""
    current: UUID | None = None
    version: int = 1
    tags: list[str] = field(default_factory=list)
    archived: bool = False
    deleted: bool = False

    def path(self, node: UUID | None) -> list[Node]:
        """The messages from the top down to one."""
        found: list[Node] = []
        while node is not None:
            found.append(self.nodes[node])
            node = found[-1].parent
        return found[::-1]

    def leaf(self, node: UUID) -> UUID:
        """The end of the branch through a message: always the newest child."""
        while below := [each.id for each in self.nodes.values() if each.parent == node]:
            node = below[-1]
        return node

    def add(self, node: UUID, parent: UUID | None, role: MessageRole, content: str) -> None:
        sequence = max((each.sequence for each in self.nodes.values()), default=-1) + 1
        self.nodes[node] = Node(node, parent, role, content, sequence)
        self.current = node

    def remove(self, node: UUID) -> set[UUID]:
        """Remove a branch; what was beside it, else what was above it, comes into play if it was."""
        parent = self.nodes[node].parent
        gone = {each.id for each in self.nodes.values() if node in {one.id for one in self.path(each.id)}}
        self.nodes = {key: each for key, each in self.nodes.items() if key not in gone}
        if self.current in gone:
            siblings = [each.id for each in self.nodes.values() if each.parent == parent]
            self.current = self.leaf(siblings[-1]) if siblings else parent
        return gone


class Conversations(RuleBasedStateMachine):
    """Conversations in a database, and what the model has of them."""

    kind = ""
    folder = Path()

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        # A copy of one that was migrated once: that takes as long as all writes of an example.
        fresh = copied_database(self.folder) if self.kind == "sqlite" else fresh_database(self.kind, self.folder)
        self.database = self.run(self.stack.enter_async_context(fresh))
        self.trees: list[Tree] = []
        self.said = 0

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(coroutine)

    def write(self, verb: Verb, **values: Any) -> Outcome:
        return self.run(verb(self.database, values, viewer=ME))

    def teardown(self) -> None:
        self.run(self.stack.aclose())
        self.runner.close()

    @invariant()
    def all_is_as_in_the_model(self) -> None:
        self.run(self.check())

    async def check(self) -> None:
        """Compare all of it, and assert what must hold of any database."""
        for tree in self.trees:
            branch = {node.id: place for place, node in enumerate(tree.path(tree.current))}
            assert [
                (row["id"], row["parent_id"], row["role"], row["content"], row["sequence"], row["branch_position"])
                for row in await messages_of(self.database, tree.id)
            ] == [
                (node.id, node.parent, node.role, node.content, node.sequence, branch.get(node.id))
                for node in tree.nodes.values()
            ]
            (row,) = await rows(self.database, "conversations", id=tree.id)
            assert (row["message_count"], row["current_message_id"]) == (len(tree.nodes), tree.current)
            assert row["last_message_id"] == (list(tree.nodes)[-1] if tree.nodes else None)
            assert row["version"] == tree.version
            assert (row["archived_at"] is not None, row["deleted_at"] is not None) == (tree.archived, tree.deleted)
            tags = await rows(self.database, "conversation_tags", conversation_id=tree.id)
            assert [tag["tag"] for tag in tags] == tree.tags
            said = [node.content for node in tree.nodes.values() if node.role is MessageRole.USER]
            assert row["title"] == (said[0] if said else "Untitled conversation")
        assert len(self.trees) == await stored.count(self.database, "conversations")
        await stored.check(self.database)

    def some(self, data: st.DataObject) -> Tree:
        return data.draw(st.sampled_from([tree for tree in self.trees if not tree.deleted]), label="conversation")

    def node(self, data: st.DataObject) -> tuple[Tree, Node]:
        trees = [tree for tree in self.trees if tree.nodes and not tree.deleted]
        tree = data.draw(st.sampled_from(trees), label="conversation")
        return tree, data.draw(st.sampled_from(list(tree.nodes.values())), label="message")

    def words(self) -> str:
        """What nobody has said yet."""
        self.said += 1
        return f"words {self.said}"

    def drawn(self, data: st.DataObject, tree: Tree) -> list[dict[str, Any]]:
        """Inputs of new messages, some with parents, which are added to the model."""
        messages: list[dict[str, Any]] = []
        for _ in range(data.draw(st.integers(min_value=1, max_value=4), label="messages")):
            parents = st.sampled_from([None, *tree.nodes])
            parent = data.draw(parents, label="parent")
            role = data.draw(st.sampled_from([MessageRole.USER, MessageRole.ASSISTANT]), label="role")
            uuid, words = new_id(), self.words()
            messages.append({"uuid": uuid, "role": role, "content": words, "parent_id": parent})
            tree.add(uuid, parent or tree.current, role, words)
        if tree.current is not None:
            tree.current = tree.leaf(tree.current)
        return messages

    has_some = precondition(lambda self: any(not tree.deleted for tree in self.trees))
    has_messages = precondition(lambda self: any(tree.nodes and not tree.deleted for tree in self.trees))

    @precondition(lambda self: sum(not tree.deleted for tree in self.trees) < 3)
    @rule(data=st.data(), empty=st.booleans(), named=st.booleans())
    def create(self, data: st.DataObject, empty: bool, named: bool) -> None:
        tree = Tree(new_id(), None)
        tree.external_id = f"{tree.id}" if named else None
        messages = [] if empty else self.drawn(data, tree)
        self.write(create_conversation, uuid=tree.id, external_id=tree.external_id, messages=messages)
        self.trees.append(tree)

    @has_some
    @rule(data=st.data())
    def add(self, data: st.DataObject) -> None:
        tree = self.some(data)
        version = tree.version
        self.write(add_messages, conversation_id=tree.id, messages=self.drawn(data, tree), expected_version=version)
        tree.version += 1

    @has_messages
    @rule(data=st.data())
    def edit(self, data: st.DataObject) -> None:
        tree, node = self.node(data)
        uuid, words = new_id(), self.words()
        self.write(edit_message, id=node.id, uuid=uuid, content=words)
        tree.add(uuid, node.parent, node.role, words)
        tree.version += 1

    @has_messages
    @rule(data=st.data())
    def regenerate(self, data: st.DataObject) -> None:
        tree, node = self.node(data)
        uuid, words = new_id(), self.words()
        answer = {"role": MessageRole.ASSISTANT, "content": words}
        self.write(regenerate_message, id=node.id, uuid=uuid, message=answer)
        tree.add(uuid, node.parent, MessageRole.ASSISTANT, words)
        tree.version += 1

    @has_messages
    @rule(data=st.data())
    def switch(self, data: st.DataObject) -> None:
        tree, node = self.node(data)
        self.write(set_current_message, message_id=node.id, expected_version=tree.version)
        self.play(tree, node.id)

    def play(self, tree: Tree, node: UUID) -> None:
        leaf = tree.leaf(node)
        tree.version += leaf != tree.current
        tree.current = leaf

    @has_messages
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        tree, node = self.node(data)
        outcome = self.write(delete_message, id=node.id, expected_version=1)
        assert set(outcome.deleted) == tree.remove(node.id)
        tree.version += 1

    @has_messages
    @rule(data=st.data(), new=st.integers(min_value=0, max_value=3), cut=st.booleans())
    def log(self, data: st.DataObject, new: int, cut: bool) -> None:
        """Log a branch down to a message, and what comes after it; or a window, from a message in play on."""
        tree, node = self.node(data)
        path = tree.path(node.id)
        playing = {each.id for each in tree.path(tree.current)}
        starts = [place for place, each in enumerate(path) if each.id in playing]
        start = data.draw(st.sampled_from(starts), label="start") if cut and starts else 0
        told = [{"role": each.role.lower(), "content": each.content} for each in path[start:]]
        fresh = [{"role": "assistant" if place % 2 else "user", "content": self.words()} for place in range(new)]
        outcome = self.write(log_conversation, uuid=tree.id, openai_messages=[*told, *fresh])
        assert (outcome.counts.inserted, outcome.counts.unchanged) == (new, len(told))
        end = node.id
        for message, row in zip(fresh, outcome.listed[len(told) :], strict=True):
            assert row is not None
            tree.add(row.id, end, MessageRole(message["role"].upper()), message["content"])
            end = row.id
        if new:
            tree.version += 1
        elif node.id not in playing:
            self.play(tree, node.id)

    @has_messages
    @precondition(lambda self: sum(not tree.deleted for tree in self.trees) < 3)
    @rule(data=st.data())
    def fork(self, data: st.DataObject) -> None:
        tree, node = self.node(data)
        fork = Tree(new_id(), None, tags=[*tree.tags])
        self.write(fork_conversation, message_id=node.id, uuid=fork.id)
        copies = self.run(messages_of(self.database, fork.id))
        for copy, each in zip(copies, tree.path(node.id), strict=True):
            fork.add(copy["id"], fork.current, each.role, each.content)
        self.trees.append(fork)

    @has_some
    @rule(data=st.data())
    def keep_house(self, data: st.DataObject) -> None:
        """One of the writes that leave the messages alone: one rule, so that the others have their turns."""
        what = [self.tag, self.archive, self.delete, self.write_stale]
        data.draw(st.sampled_from(what), label="what")(data, self.some(data))

    def tag(self, data: st.DataObject, tree: Tree) -> None:
        tags = data.draw(st.sets(st.sampled_from(TAGS), min_size=1), label="tags")
        off = data.draw(st.booleans(), label="off")
        self.write(untag_conversations if off else tag_conversations, ids=[tree.id], tags=sorted(tags))
        before = tree.tags
        new = [tag for tag in sorted(tags) if tag not in before]
        tree.tags = [tag for tag in before if tag not in tags] if off else before + new
        tree.version += tree.tags != before

    def archive(self, data: st.DataObject, tree: Tree) -> None:
        away = data.draw(st.booleans(), label="away")
        self.write(archive_conversation if away else unarchive_conversation, id=tree.id)
        tree.version += tree.archived != away
        tree.archived = away

    def delete(self, data: st.DataObject, tree: Tree) -> None:
        self.write(delete_conversation, id=tree.id)
        tree.deleted = True
        self.refused(add_messages, ProblemCode.NOT_FOUND, conversation_id=tree.id, messages=[])
        self.refused(archive_conversation, ProblemCode.NOT_FOUND, id=tree.id)
        for node in list(tree.nodes)[:1]:
            self.refused(delete_message, ProblemCode.NOT_FOUND, id=node)
        tree.version += 1
        if data.draw(st.booleans(), label="restored"):
            self.write(restore_conversation, id=tree.id)
            tree.version, tree.deleted = tree.version + 1, False

    def write_stale(self, data: st.DataObject, tree: Tree) -> None:
        stale = {"expected_version": tree.version + 1}
        self.refused(add_messages, ProblemCode.STALE_VERSION, conversation_id=tree.id, messages=[], **stale)
        if tree.nodes:
            node = data.draw(st.sampled_from(list(tree.nodes)), label="message")
            self.refused(set_current_message, ProblemCode.STALE_VERSION, message_id=node, **stale)
            self.refused(delete_message, ProblemCode.STALE_VERSION, id=node, expected_version=7)

    def refused(self, verb: Verb, code: ProblemCode, **values: Any) -> None:
        with pytest.raises(Rejected) as caught:
            self.write(verb, **values)
        assert [problem.code for problem in caught.value.problems] == [code]


def play_with(kind: str, folder: Path, *, examples: int, steps: int) -> None:
    """Run the machine on a kind of database."""
    machine = type(f"On{kind}", (Conversations,), {"kind": kind, "folder": folder})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_any_sequence_of_writes_leaves_what_the_model_has(kind: str, tmp_path: Path) -> None:
    play_with(kind, tmp_path, examples=8, steps=20)


@pytest.mark.long
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_any_long_sequence_of_writes_leaves_what_the_model_has(kind: str, tmp_path: Path) -> None:
    play_with(kind, tmp_path, examples=500, steps=80)
