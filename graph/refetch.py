"""`node` and `nodes`: any object again, by its id."""

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

import strawberry

from db import assistants, audit, conversations, feedback, keys, messages, references, sources, tools, workspaces
from db.paging import MAX_SIZE
from graph import ids
from graph.access.roles import READERS
from graph.declared import Chosen, Read
from graph.errors import bad_user_input
from graph.nodes import Node, chosen

READS: Mapping[str, Read] = {
    "Conversation": conversations.by_ids,
    "Message": messages.by_ids,
    "ToolCall": messages.tool_calls_by_ids,
    "Attachment": messages.attachments_by_ids,
    "Reference": references.by_ids,
    "Source": sources.by_ids,
    "Assistant": assistants.by_ids,
    "Tool": tools.by_ids,
    "Feedback": feedback.by_ids,
    "Workspace": workspaces.by_ids,
    "ApiKey": keys.by_ids,
    "AuditEntry": audit.by_ids,
}
"""For each Node type what reads its rows by their ids."""


def _parsed(id: str, field: str) -> tuple[str, UUID]:
    type_name, key = ids.parse(id, field)
    if type_name not in READS:
        raise bad_user_input(f"`{field}` is the id of a {type_name[:40]}, which is no type with ids here.", field)
    return type_name, key


def _node(
    id: Annotated[strawberry.ID, strawberry.argument(description="The object's id.")],
) -> tuple[str, UUID]:
    return _parsed(id, "id")


def _nodes(
    ids: Annotated[list[strawberry.ID], strawberry.argument(description="The objects' ids, at most 100.")],
) -> list[tuple[str, UUID]]:
    if len(ids) > MAX_SIZE:
        raise bad_user_input(f"`ids` holds {len(ids)} ids; {MAX_SIZE} is the most.", "ids")
    return [_parsed(each, f"ids.{index}") for index, each in enumerate(ids)]


@strawberry.type
class NodeQueries:
    """The entrances to everything that has an id."""

    node: Node | None = chosen(
        Chosen(READS, _node), "The object with this id. Null where nothing of the viewer's has it.", roles=READERS
    )
    nodes: list[Node | None] = chosen(
        Chosen(READS, _nodes, many=True),
        "The objects with these ids, in their order, null where nothing of the viewer's has an id.",
        roles=READERS,
    )
