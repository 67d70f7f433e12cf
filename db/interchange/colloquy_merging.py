"""Two states of the same record: what the file says and what is here, put together so that the later wins.

Of a conversation, its own row, each message (with its citations, calls and other lists) and each piece of feedback are
weighed by themselves, by `updatedAt` and then by `version`. The tree, its order and the branch in play are those of the
later conversation. A message that only one side has was made there or deleted on the other: it is taken, unless the
other conversation is the later one and was changed after the message was. Feedback that is here stays, since giving it
need not change the conversation. Of two that say the same time and version the file's is taken, but from an older
conversation what is here.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from db.interchange.colloquy_checks import citations_of
from db.interchange.colloquy_kinds import Kind, Node
from db.interchange.colloquy_lines import encode
from db.interchange.colloquy_rows import seen_order
from db.jsons import dump


def told(kind: Kind, node: Node) -> str:
    """What a record says, as it would be written: what is the same is the same text."""
    return dump(encode(kind, node))


def _stamp(node: Node) -> tuple[datetime, int]:
    return node.values["updated_at"], node.values["version"]


def merged_shared(here: Node, coming: Node) -> Node:
    """A tool, assistant, source or import of two states.

    A source learns without a new version what it lacked, so that of two states of one version neither's nulls count.
    """
    before, after = (
        (here.values["finished_at"], coming.values["finished_at"])
        if "finished_at" in here.values
        else (_stamp(here), _stamp(coming))
    )
    versions = _versions(here, coming)
    if before == after or before is None or after is None:
        if before is not None and after is None:
            return here
        values = {name: value if value is not None else here.values[name] for name, value in coming.values.items()}
        lists = {key: coming.lists.get(key) or listed for key, listed in here.lists.items()}
        return Node(values, {}, lists, coming.origin or here.origin, versions)
    later = coming if after > before else here
    return Node(later.values, {}, later.lists, later.origin or here.origin or coming.origin, versions)


def merged_conversation(here: Node, coming: Node) -> Node:
    """A conversation of two states."""
    older = _stamp(coming) < _stamp(here)
    base, other = (here, coming) if older else (coming, here)
    same_time = _stamp(coming) == _stamp(here)
    messages = _messages(base, other, same_time=same_time)
    node = Node(
        base.values,
        {"references": base.below("references"), "messages": messages},
        base.lists,
        base.origin or other.origin,
        _versions(here, coming),
    )
    node.children["feedback"] = _feedback(here, coming, node, older=older)
    there = {message.values["id"] for message in messages}
    for message in messages:
        for call in message.below("toolCalls"):
            if call.values["result_message_id"] not in there:
                call.values["result_message_id"] = None
    return node


def _versions(here: Node, coming: Node) -> list[Node]:
    known = {version.values["digest"] for version in here.versions}
    new = [version for version in coming.versions if version.values["digest"] not in known]
    return sorted([*here.versions, *new], key=seen_order)


def _messages(base: Node, other: Node, *, same_time: bool) -> list[Node]:
    """The base's messages in its order, each in its later state, then those of the other that stay or come."""
    others = {message.values["id"]: message for message in other.below("messages")}
    found: list[Node] = []
    for message in base.below("messages"):
        twin = others.pop(message.values["id"], None)
        later = message if twin is None or _stamp(twin) <= _stamp(message) else twin
        found.append(_placed(later, message.values["parent_id"], message.values["sequence"]))
    there = {message.values["id"] for message in found}
    claimed = {key for message in found for key in _claims(message)}
    stand_ins: dict[UUID, UUID | None] = {}
    for message in others.values():
        above = message.values["parent_id"]
        above = above if above is None or above in there else stand_ins[above]
        late = same_time or message.values["updated_at"] > base.values["updated_at"]
        if not late or not claimed.isdisjoint(keys := _claims(message)):
            stand_ins[message.values["id"]] = above
            continue
        claimed |= keys
        found.append(_placed(message, above, found[-1].values["sequence"] + 1 if found else 0))
        there.add(message.values["id"])
    return found


def _placed(message: Node, parent_id: UUID | None, sequence: int) -> Node:
    values = {**message.values, "parent_id": parent_id, "sequence": sequence}
    return Node(values, message.children, message.lists, message.origin, message.versions)


def _claims(node: Node) -> set[tuple[Any, ...]]:
    """What no two messages of a conversation, or pieces of feedback, may have in common."""
    keys: set[tuple[Any, ...]] = set()
    if node.values.get("external_id") is not None and "sequence" in node.values:
        keys.add((node.values["external_id"],))
    if node.origin is not None:
        keys.add(origin_key(node.origin))
    return keys


def origin_key(origin: Node) -> tuple[str, str, str, str]:
    """What is unique of an origin."""
    values = origin.values
    return str(values["system"]), values["account"], values["kind"], values["record_id"]


def _feedback(here: Node, coming: Node, node: Node, *, older: bool) -> list[Node]:
    """The feedback of both sides on what the merged conversation still has."""
    messages = {message.values["id"] for message in node.below("messages")}
    citations = {citation.values["id"] for citation in citations_of(node)}
    mine = {each.values["id"]: each for each in here.below("feedback")}
    found: dict[UUID, Node] = {}
    claimed: set[tuple[Any, ...]] = set()
    for each in _weighed(here, coming, mine, older=older):
        values = each.values
        about = (values["message_id"], messages), (values["reference_id"], citations)
        if any(target is not None and target not in there for target, there in about):
            continue
        if values["id"] in found or not claimed.isdisjoint(keys := _claims(each)):
            continue
        claimed |= keys
        for verdict in each.below("citationVerdicts"):
            if verdict.values["reference_id"] not in citations:
                verdict.values["reference_id"] = None
        found[values["id"]] = each
    return [found[own] for own in sorted(found)]


def _weighed(here: Node, coming: Node, mine: dict[UUID, Node], *, older: bool) -> Iterable[Node]:
    for each in coming.below("feedback"):
        twin = mine.get(each.values["id"])
        if twin is None:
            if not older or each.values["updated_at"] > here.values["updated_at"]:
                yield each
        elif _stamp(each) > _stamp(twin) or (_stamp(each) == _stamp(twin) and not older):
            yield each
        else:
            yield twin
    yield from here.below("feedback")
