"""What must hold within a line of a conversation by itself: one tree, and ids that lead somewhere.

Each problem names the field, and what would be right.
"""

from collections.abc import Iterator
from itertools import chain
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from db.interchange.base import BadRecord
from db.interchange.colloquy_kinds import Node
from db.interchange.writes import ATTACHMENTS, CITATIONS, FEEDBACK, MESSAGES, TOOL_CALLS

_BELOW: Final = (("citations", CITATIONS), ("toolCalls", TOOL_CALLS), ("attachments", ATTACHMENTS))
"""Lists of messages whose rows have ids."""


def check_conversation(node: Node) -> None:
    """Raise BadRecord where the conversation contradicts itself."""
    _check_ids(node)
    _check_tree(node)
    _check_targets(node)


def citations_of(node: Node) -> Iterator[Node]:
    """All references of a conversation: those that it lists itself, and its messages'."""
    return chain(node.below("references"), *(message.below("citations") for message in node.below("messages")))


def traced_in(node: Node) -> Iterator[Node]:
    """The conversation and all in it that can have an origin."""
    return chain((node,), node.below("messages"), citations_of(node), node.below("feedback"))


def with_ids(node: Node) -> Iterator[tuple[str, sa.Table, Node]]:
    """All below a conversation that has an id: where it stands, the table that its id is unique in, and the row."""
    for index, reference in enumerate(node.below("references")):
        yield f"conversation.references[{index}]", CITATIONS, reference
    for index, feedback in enumerate(node.below("feedback")):
        yield f"conversation.feedback[{index}]", FEEDBACK, feedback
    for index, message in enumerate(node.below("messages")):
        path = f"conversation.messages[{index}]"
        yield path, MESSAGES, message
        for key, table in _BELOW:
            for place, each in enumerate(message.below(key)):
                yield f"{path}.{key}[{place}]", table, each


def _check_ids(node: Node) -> None:
    seen: dict[tuple[sa.Table, UUID], str] = {}
    for path, table, each in with_ids(node):
        key = table, each.values["id"]
        if key in seen:
            raise BadRecord(f"{path}.id: {key[1]} is the id of {seen[key]} already")
        seen[key] = path


def _check_tree(node: Node) -> None:
    messages = node.below("messages")
    parents = {message.values["id"]: message.values["parent_id"] for message in messages}
    above: set[UUID] = set()
    external_ids: dict[str, int] = {}
    for index, message in enumerate(messages):
        path, values = f"conversation.messages[{index}]", message.values
        parent_id, external_id = values["parent_id"], values["external_id"]
        if index and values["sequence"] <= messages[index - 1].values["sequence"]:
            raise BadRecord(
                f"{path}.sequence: must be more than that of the message before it, "
                f"{messages[index - 1].values['sequence']}, not {values['sequence']}"
            )
        if parent_id is not None and parent_id not in above:
            if parent_id not in parents:
                raise BadRecord(f"{path}.parentId: {parent_id} is no message of this conversation")
            if _is_below_itself(values["id"], parents):
                raise BadRecord(f"{path}.parentId: the message would be below itself")
            raise BadRecord(f"{path}.parentId: {parent_id} must come before the messages below it")
        above.add(values["id"])
        if external_id is not None and external_ids.setdefault(external_id, index) != index:
            raise BadRecord(
                f"{path}.externalId: {external_id!r} is that of messages[{external_ids[external_id]}] already"
            )
    current = node.values["current_message_id"]
    if current is not None and current not in parents:
        raise BadRecord(f"conversation.currentMessageId: {current} is no message of this conversation")


def _is_below_itself(own_id: UUID, parents: dict[UUID, UUID | None]) -> bool:
    at = parents[own_id]
    for _ in parents:
        if at is None or at == own_id:
            break
        at = parents.get(at)
    return at == own_id


def _check_targets(node: Node) -> None:
    """Whatever names a message or a citation names one of this conversation."""
    messages = {message.values["id"] for message in node.below("messages")}
    citations = {citation.values["id"] for citation in citations_of(node)}
    for index, message in enumerate(node.below("messages")):
        for place, call in enumerate(message.below("toolCalls")):
            target = call.values["result_message_id"]
            if target is not None and target not in messages:
                path = f"conversation.messages[{index}].toolCalls[{place}].resultMessageId"
                raise BadRecord(f"{path}: {target} is no message of this conversation")
    for index, feedback in enumerate(node.below("feedback")):
        path = f"conversation.feedback[{index}]"
        for key, column, there, what in (
            ("messageId", "message_id", messages, "message"),
            ("referenceId", "reference_id", citations, "reference"),
        ):
            target = feedback.values[column]
            if target is not None and target not in there:
                raise BadRecord(f"{path}.{key}: {target} is no {what} of this conversation")
        for place, verdict in enumerate(feedback.below("citationVerdicts")):
            target = verdict.values["reference_id"]
            if target is not None and target not in citations:
                raise BadRecord(
                    f"{path}.citationVerdicts[{place}].referenceId: {target} is no reference of this conversation"
                )
