"""The tree of a conversation's messages: who answers whom, in which order, and which branch is in play.

What is broken is mended, and told: a parent that is not there makes its child a root, a cycle is cut at its first
message, the second message of an id gets one made of its place. A page of a conversation is put in order among what is
known of it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from heapq import heapify, heappop, heappush
from itertools import pairwise
from typing import Any, Final
from uuid import UUID

from db.interchange.base import ConversationDraft, MessageDraft
from db.interchange.drafting import own_id
from db.interchange.fitting import ORDER_KEY, rename
from db.words import IdType

_EVER: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(slots=True, eq=False)
class Node:
    """A message of the conversation as it is to be: one of the draft, one that the database has, or both."""

    key: str | None
    """The record's id as its origin has it; None for a message that was written here."""
    draft: MessageDraft | None
    old: Any = None
    """Its row, as `known.Messages` gives it."""
    parent: "Node | None" = None
    id: UUID | None = None
    sequence: int = -1
    branch_position: int | None = None


@dataclass(slots=True)
class Tree:
    """A conversation's messages in their order, parents first."""

    nodes: list[Node]
    leaf: Node | None
    """The end of the branch in play."""
    gone: list[Any] = field(default_factory=list)
    """The rows of messages that a whole conversation no longer has."""


def settle_ids(draft: ConversationDraft, notes: list[str]) -> None:
    """Make the ids of a conversation's messages unique: of several that are the same, the later ones become places.

    The same holds for the feedback on them.
    """
    seen: set[str | None] = set()
    opinions: set[tuple[str, str | None]] = set()
    for index, message in enumerate(draft.messages):
        if message.record_id in seen:
            notes.append(f"{_named(message)} is there twice: the second is kept under its place")
            rename(message, f"{draft.record_id}#messages/{index}")
        seen.add(message.record_id)
        for place, feedback in enumerate(message.feedback):
            if (feedback.kind, feedback.record_id) in opinions:
                rename(feedback, f"{message.record_id}#feedback/{place}")
            opinions.add((feedback.kind, feedback.record_id))


def grow(
    draft: ConversationDraft,
    old: Sequence[Any] = (),
    current: UUID | None = None,
    keys: Mapping[str | None, str] | None = None,
) -> Tree:
    """The tree that a draft and the rows known of its conversation make; `current` is the end of the branch known.

    `keys`: the keys of messages whose id is another conversation's. Where the parent of a message written here is gone,
    the nearest message above it that stays takes its place.
    """
    known = {row.record_id: row for row in old if row.record_id is not None}
    nodes = []
    for message in draft.messages:
        key = keys.get(message.record_id, message.record_id) if keys else message.record_id
        nodes.append(Node(key, message, known.get(key)))
    gone: list[Any] = []
    kept: list[Node] = []
    if old:
        drafted = {node.key for node in nodes}
        for row in old:
            if row.record_id is None or (not draft.whole and row.record_id not in drafted):
                kept.append(Node(row.record_id, None, row))
            elif row.record_id not in drafted:
                gone.append(row)
    if not draft.whole:
        nodes = _merged(nodes, [node for node in kept if node.key is not None])
        kept = [node for node in kept if node.key is None]
    _link(draft, nodes, kept, old)
    nodes = _ordered([*nodes, *kept], draft.notes) if kept or not draft.linear else nodes
    for sequence, node in enumerate(nodes):
        node.sequence = sequence
    leaf = _leaf(draft, nodes, current)
    branch = list(_path(leaf))
    for depth, node in enumerate(reversed(branch)):
        node.branch_position = depth
    return Tree(nodes, leaf, gone)


def keep_order(draft: ConversationDraft, tree: Tree, import_id: UUID) -> None:
    """Keep which messages a page has, and in which order, where the conversation doesn't tell.

    That is where their order among all of its messages is another, or some of these came in the same import.
    """
    sequences = {id(node.draft): node.sequence for node in tree.nodes if node.draft is not None}
    order = [sequences[id(message)] for message in draft.messages]
    others = any(node.draft is None and node.key is not None and node.old.import_id == import_id for node in tree.nodes)
    if (others or order != sorted(order)) and ORDER_KEY not in (draft.presence or {}):
        draft.presence = {ORDER_KEY: [own_id(message) for message in draft.messages], **(draft.presence or {})}


def _named(message: MessageDraft) -> str:
    shown = message.record_id or ""
    return f"message {shown if len(shown) <= 60 else f'{shown[:57]}...'}"


def _link(draft: ConversationDraft, nodes: list[Node], kept: list[Node], old: Sequence[Any]) -> None:
    """Give every node its parent."""
    if draft.linear:
        for upper, node in pairwise(nodes):
            node.parent = upper
        if not kept:
            return
    by_id = {node.old.id: node for node in [*nodes, *kept] if node.old is not None}
    if not draft.linear:
        _link_tree(draft, nodes, by_id)
    rows = {row.id: row for row in old}
    for node in kept:
        above, steps = node.old.parent_id, 0
        while above is not None and above not in by_id and steps <= len(rows):
            above, steps = rows[above].parent_id if above in rows else None, steps + 1
        node.parent = by_id.get(above)


def _link_tree(draft: ConversationDraft, nodes: list[Node], by_id: dict[UUID, Node]) -> None:
    own = f"{draft.record_id}#"
    by_key: dict[str | None, Node] = {}
    for node in nodes:
        if node.draft is not None:
            by_key[node.draft.record_id] = node
        elif node.key is not None:
            by_key.setdefault(node.key, node)
            by_key.setdefault(node.key.removeprefix(own), node)
    unknown = 0
    for node in nodes:
        if node.draft is None:
            node.parent = by_id.get(node.old.parent_id)
        elif node.draft.parent is not None:
            node.parent = by_key.get(node.draft.parent)
            if node.parent is None:
                unknown += 1
                if node.old is not None and not draft.whole:
                    node.parent = by_id.get(node.old.parent_id)
    if unknown:
        draft.notes.append(f"{unknown:,} message{'s' * (unknown > 1)} with an unknown parent: kept at the top")


def _ordered(nodes: list[Node], notes: list[str]) -> list[Node]:
    """The nodes in the order given, but parents before their children; cycles are cut at their first message."""
    done: set[int] = set()
    for node in nodes:
        if node.parent is not None and id(node.parent) not in done:
            break
        done.add(id(node))
    else:
        return nodes
    place = {id(node): index for index, node in enumerate(nodes)}
    children: dict[int, list[int]] = {}
    for index, node in enumerate(nodes):
        if node.parent is not None:
            children.setdefault(id(node.parent), []).append(index)
    ready = [index for index, node in enumerate(nodes) if node.parent is None]
    heapify(ready)
    ordered: list[Node] = []
    left = 0  # no node before this index is in a cycle
    placed = [False] * len(nodes)
    while len(ordered) < len(nodes):
        while ready:
            node = nodes[heappop(ready)]
            placed[place[id(node)]] = True
            ordered.append(node)
            for child in children.get(id(node), ()):
                heappush(ready, child)
        while left < len(nodes) and placed[left]:
            left += 1
        if left < len(nodes):
            first = _in_cycle(nodes[left], place)
            notes.append(f"{_named(first.draft) if first.draft else 'a message'} is below itself: put at the top")
            assert first.parent is not None, "what is in a cycle has a parent"
            children[id(first.parent)].remove(place[id(first)])
            first.parent = None
            heappush(ready, place[id(first)])
    return ordered


def _in_cycle(node: Node, place: dict[int, int]) -> Node:
    """Of the cycle that the node is in or below, the message that comes first in the list."""
    seen: set[int] = set()
    at: Node | None = node
    while at is not None and id(at) not in seen:
        seen.add(id(at))
        at = at.parent
    assert at is not None, "there is a cycle"
    cycle = [at]
    while (above := cycle[-1].parent) is not at and above is not None:
        cycle.append(above)
    return min(cycle, key=lambda member: place[id(member)])


def _merged(nodes: list[Node], kept: list[Node]) -> list[Node]:
    """A page's messages among those that are known: by time where all have one, the newest page first or last.

    Where some message says no time, those that are new come last, in the page's own order.
    """
    known = sorted([*kept, *(node for node in nodes if node.old is not None)], key=lambda node: node.old.sequence)
    new = [node for node in nodes if node.old is None]
    times = [_time(node) for node in nodes]
    if not nodes or None in times:
        return [*known, *new]
    if times[0] is not None and times[-1] is not None and times[0] > times[-1]:
        new.reverse()
    ranked: list[tuple[tuple[datetime, int, int, int], Node]] = []
    latest: datetime | None = None
    for index, node in enumerate(known):
        # What is known stays in its order, even where its times run backwards.
        at = _time(node)
        latest = at if latest is None else latest if at is None else max(latest, at)
        ranked.append(((latest or _EVER, _number(node), 0, index), node))
    ranked += [((_time(node) or _EVER, _number(node), 1, index), node) for index, node in enumerate(new)]
    ranked.sort(key=lambda item: item[0])
    return [node for _, node in ranked]


def _time(node: Node) -> datetime | None:
    if node.draft is not None:
        time: datetime | None = node.draft.values.get("timestamp") or node.draft.values.get("created_at")
        return time
    known: datetime | None = node.old.timestamp or node.old.created_at
    return known


def _number(node: Node) -> int:
    """A number that tells messages of one second apart, where ids are numbers."""
    id_type = node.draft.id_type if node.draft is not None else node.old.id_type
    key = node.key or ""
    return int(key) if id_type is IdType.NUMBER and key.isdecimal() and len(key) < 20 else 0


def _leaf(draft: ConversationDraft, nodes: list[Node], current: UUID | None) -> Node | None:
    """The end of the branch in play: one that was continued here stays, else what the source says, else the last."""
    if not nodes:
        return None
    leaf: Node | None = None
    if current is not None:
        leaf = next((node for node in nodes if node.key is None and node.old.id == current), None)
    if leaf is None and draft.current is not None:
        leaf = next((node for node in nodes if node.draft and node.draft.record_id == draft.current), None)
        if leaf is None:
            draft.notes.append("the current message is not there: the newest takes its place")
    if leaf is None:
        leaf = next((node for node in reversed(nodes) if node.key is not None), nodes[-1])
    if leaf is nodes[-1]:
        return leaf
    newest = {id(node.parent): node for node in nodes if node.parent is not None}
    while (below := newest.get(id(leaf))) is not None:
        leaf = below
    return leaf


def _path(leaf: Node | None) -> Iterable[Node]:
    while leaf is not None:
        yield leaf
        leaf = leaf.parent
