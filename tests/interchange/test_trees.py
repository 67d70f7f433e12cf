"""The tree of a conversation: parents, cycles, doubled ids, and the branch in play."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.interchange.base import ConversationDraft, MessageDraft
from db.interchange.settling import settle
from db.interchange.trees import Node, grow
from tests.interchange.toy import at


def draft(*messages: tuple[str, str | None], **values: Any) -> ConversationDraft:
    """A conversation of messages, each with the id of its parent."""
    made = ConversationDraft(
        record_id="c", messages=[MessageDraft(record_id=own, parent=parent) for own, parent in messages], **values
    )
    settle(made, "0" * 64)
    return made


def shown(nodes: list[Node]) -> list[str]:
    """The tree in short: child<parent, in order, with a star on the branch in play."""
    return [
        f"{node.key}{f'<{node.parent.key}' if node.parent else ''}{'' if node.branch_position is None else '*'}"
        for node in nodes
    ]


@pytest.mark.parametrize(
    ("messages", "current", "tree"),
    [
        ([("a", None), ("b", "a"), ("c", "a"), ("d", "b")], None, ["a*", "b<a*", "c<a", "d<b*"]),
        ([("a", None), ("b", "a"), ("c", "a"), ("d", "b")], "c", ["a*", "b<a", "c<a*", "d<b"]),
        ([("a", None), ("b", "a"), ("c", "b"), ("d", "b")], "a", ["a*", "b<a*", "c<b", "d<b*"]),
        ([("b", "a"), ("a", None)], None, ["a*", "b<a*"]),
        ([("a", None), ("b", None)], None, ["a", "b*"]),
        ([("a", "a")], None, ["a*"]),
        ([("a", "c"), ("b", "a"), ("c", "b"), ("d", "c")], None, ["a*", "b<a*", "c<b*", "d<c*"]),
        ([("d", "c"), ("c", "b"), ("b", "c")], None, ["c*", "d<c", "b<c*"]),
        ([("a", "gone"), ("b", "a")], "gone", ["a*", "b<a*"]),
        ([], None, []),
    ],
    ids=["the last", "the current", "below the current", "child first", "two roots", "itself", "a ring", "below a ring",
         "dangling", "empty"],
)  # fmt: skip
def test_every_tree_is_mended_and_has_a_branch_in_play(
    messages: list[tuple[str, str | None]], current: str | None, tree: list[str]
) -> None:
    assert shown(grow(draft(*messages, current=current)).nodes) == tree


@pytest.mark.parametrize(
    ("messages", "current", "note"),
    [
        ([("a", "gone")], None, "unknown parent"),
        ([("a", "b"), ("b", "a")], None, "message a is below itself"),
        ([("a", None), ("a", None)], None, "message a is there twice"),
        ([("a", None)], "gone", "the current message is not there"),
    ],
)
def test_what_is_mended_is_told(messages: list[tuple[str, str | None]], current: str | None, note: str) -> None:
    made = draft(*messages, current=current)
    grow(made)
    assert any(note in each for each in made.notes)


def test_the_second_message_of_an_id_is_named_by_its_place_and_keeps_the_id_in_its_presence() -> None:
    made = draft(("a", None), ("a", "a"), ("b", "a"))
    assert [message.record_id for message in made.messages] == ["a", "c#messages/1", "b"]
    assert made.messages[1].presence == {"$id": "a"}
    assert shown(grow(made).nodes) == ["a*", "c#messages/1<a", "b<a*"]


def test_a_conversation_of_a_hundred_thousand_messages_is_no_danger() -> None:
    deep = draft(*((str(number), str(number - 1) if number else None) for number in range(100_000, -1, -1)))
    nodes = grow(deep).nodes
    assert [nodes[0].key, nodes[-1].key, nodes[-1].branch_position] == ["0", "100000", 100_000]


names = st.sampled_from("abcdefg")


@given(messages=st.lists(st.tuples(names, st.none() | names), max_size=9), current=st.none() | names)
def test_any_messages_make_a_tree(messages: list[tuple[str, str | None]], current: str | None) -> None:
    made = draft(*messages, current=current)
    nodes = grow(made).nodes
    assert len(nodes) == len(messages)
    assert sorted(node.key or "" for node in nodes) == sorted(message.record_id or "" for message in made.messages)
    for place, node in enumerate(nodes):
        assert node.sequence == place
        assert node.parent is None or node.parent.sequence < place
    branch = sorted((node.branch_position, node) for node in nodes if node.branch_position is not None) if nodes else []
    path = [node for _, node in branch]
    assert [position for position, _ in branch] == list(range(len(path)))
    assert bool(path) == bool(nodes)
    for above, node in zip([None, *path], path, strict=False):
        assert node.parent is above
    if path:
        assert all(node.parent is not path[-1] for node in nodes), "a branch ends at a leaf"


@pytest.mark.parametrize("backwards", [False, True])
def test_a_page_is_in_the_order_of_time_whichever_way_it_comes(backwards: bool) -> None:
    times = [1, 2, 2, 3]
    messages = [MessageDraft(record_id=str(place), values={"timestamp": at(time)}) for place, time in enumerate(times)]
    made = ConversationDraft(
        record_id="c", whole=False, linear=True, messages=messages[::-1] if backwards else messages
    )
    settle(made, "0" * 64)
    assert [node.key for node in grow(made).nodes] == ["0", "1", "2", "3"]
