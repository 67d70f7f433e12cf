"""A conversation of the native format as the rows that it is stored as.

What follows from the tree is made from it, whatever the file says: the branch in play, the last message, the counters
and the preview.
"""

from uuid import UUID

from db.interchange.colloquy_checks import citations_of, traced_in
from db.interchange.colloquy_kinds import CITATION, CONVERSATION, FEEDBACK_KIND, MESSAGE, Kind, Node
from db.interchange.colloquy_shared import trace_of
from db.interchange.writes import CONVERSATIONS, MESSAGES, ORIGINS, VERSIONS, Writes
from db.titles import preview
from db.words import MessageRole


def add_conversation(node: Node, writes: Writes, *, there: bool) -> None:
    """Gather the rows of a conversation; where it is there, nothing must be left below its own row."""
    own = node.values["id"]
    settle_branch(node)
    messages = node.below("messages")
    positions = {key: place for place, key in enumerate(_branch(node))}
    row = _row(CONVERSATION, node)
    row["message_count"] = len(messages)
    row["last_message_id"] = messages[-1].values["id"] if messages else None
    said = (each.values["content"] for each in messages if each.values["role"] is MessageRole.USER)
    row["preview"] = preview(next((text for text in said if text), None))
    (writes.updates if there else writes.inserts)[CONVERSATIONS].append(row)
    for key, values in CONVERSATION.lists.items():
        writes.inserts[values.table] += [
            {"conversation_id": own, values.column: value, "position": position}
            for position, value in enumerate(node.lists.get(key, ()))
        ]
    for message in messages:
        message_id = message.values["id"]
        row = _row(MESSAGE, message)
        row["conversation_id"] = own
        row["branch_position"] = positions.get(message_id)
        row["has_parts"] = "contentParts" in message.children
        writes.inserts[MESSAGES].append(row)
        _add_lists(MESSAGE, message, writes)
        _add_citations(message.below("citations"), own, message_id, writes)
    _add_citations(node.below("references"), own, None, writes)
    for feedback in node.below("feedback"):
        writes.inserts[FEEDBACK_KIND.table].append({**_row(FEEDBACK_KIND, feedback), "conversation_id": own})
        _add_lists(FEEDBACK_KIND, feedback, writes)
    for kind, nodes in (
        (CONVERSATION, [node]),
        (MESSAGE, messages),
        (CITATION, [*citations_of(node)]),
        (FEEDBACK_KIND, node.below("feedback")),
    ):
        for each in nodes:
            origins, versions = trace_of(kind, each)
            writes.inserts[ORIGINS] += origins
            writes.inserts[VERSIONS] += versions
    count_citations(node, writes, 1)


def count_citations(node: Node, writes: Writes, by: int) -> None:
    """Note that the sources of a conversation are cited so much more or less."""
    for citation in citations_of(node):
        if (source_id := citation.values["source_id"]) is not None:
            writes.citations[source_id] += by


def clear_conversation(node: Node, writes: Writes) -> None:
    """Note that all below a conversation's row is to go, and all origins, which no foreign key takes along."""
    for table in (MESSAGES, CITATION.table, FEEDBACK_KIND.table, *(each.table for each in CONVERSATION.lists.values())):
        writes.deletes[table.c.conversation_id].add(node.values["id"])
    ids = {each.values["id"] for each in traced_in(node)}
    writes.deletes[ORIGINS.c.entity_id] |= ids
    writes.deletes[VERSIONS.c.entity_id] |= ids
    count_citations(node, writes, -1)


def settle_branch(node: Node) -> None:
    """Let the branch in play end at a leaf: the newest below the message that is said to be its end."""
    messages = node.below("messages")
    if not messages:
        node.values["current_message_id"] = None
        return
    at = node.values["current_message_id"]
    if at is None or at == messages[-1].values["id"]:
        node.values["current_message_id"] = messages[-1].values["id"]
        return
    newest = {message.values["parent_id"]: message.values["id"] for message in messages}
    while (below := newest.get(at)) is not None:
        at = below
    node.values["current_message_id"] = at


def _branch(node: Node) -> list[UUID]:
    """The ids on the branch in play, from its root on."""
    parents = {message.values["id"]: message.values["parent_id"] for message in node.below("messages")}
    at, found = node.values["current_message_id"], []
    while at is not None:
        found.append(at)
        at = parents[at]
    return found[::-1]


def _row(kind: Kind, node: Node) -> dict[str, object]:
    return {field.column: node.values[field.column] for field in kind.fields}


def _add_lists(kind: Kind, node: Node, writes: Writes) -> None:
    """Gather the lists below a row, but for citations, which belong to their conversation too."""
    for key, below in kind.children.items():
        if below is CITATION or below.owner is None:
            continue
        writes.inserts[below.table] += [
            {**_row(below, each), below.owner: node.values["id"], "position": position}
            for position, each in enumerate(node.below(key))
        ]


def _add_citations(nodes: list[Node], conversation_id: UUID, message_id: UUID | None, writes: Writes) -> None:
    writes.inserts[CITATION.table] += [
        {**_row(CITATION, each), "conversation_id": conversation_id, "message_id": message_id, "position": position}
        for position, each in enumerate(nodes)
    ]
