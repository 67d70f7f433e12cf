"""`node` and `nodes`: any object again, by its id."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

import strawberry

from db import assistants, conversations, feedback, messages, reads, references, sources, tools
from db.paging import MAX_SIZE, Row
from db.viewer import Viewer
from graph import ids
from graph.context import Info, loaders_of
from graph.errors import bad_user_input
from graph.loading import Read
from graph.nodes import Node, Typed


def _of_messages(table: str) -> Read:
    """The read by ids of what belongs to messages: seen where its message is."""

    async def by_ids(connection: Any, ids: Sequence[UUID], *, viewer: Viewer) -> Mapping[UUID, Row]:
        found = await reads.by_ids(connection, reads.table(table), ids, viewer=viewer)
        seen = await messages.by_ids(connection, [row.message_id for row in found.values()], viewer=viewer)
        return {key: row for key, row in found.items() if row.message_id in seen}

    return by_ids


READS: Mapping[str, Read] = {
    "Conversation": conversations.by_ids,
    "Message": messages.by_ids,
    "ToolCall": _of_messages("tool_calls"),
    "Attachment": _of_messages("attachments"),
    "Reference": references.by_ids,
    "Source": sources.by_ids,
    "Assistant": assistants.by_ids,
    "Tool": tools.by_ids,
    "Feedback": feedback.by_ids,
}
"""For each Node type what reads its rows by their ids."""


def _parsed(id: str, field: str) -> tuple[str, UUID]:
    type_name, key = ids.parse(id, field)
    if type_name not in READS:
        raise bad_user_input(f"`{field}` is the id of a {type_name[:40]}, which is no type with ids here.", field)
    return type_name, key


async def _load(info: Info, type_name: str, key: UUID) -> Typed | None:
    row = await loaders_of(info).batch(READS[type_name], of_type=type_name)(key)
    return None if row is None else Typed(type_name, row)


async def _node(info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The object's id.")]) -> Any:
    return await _load(info, *_parsed(id, "id"))


async def _nodes(
    info: Info,
    ids: Annotated[list[strawberry.ID], strawberry.argument(description="The objects' ids, at most 100.")],
) -> Any:
    if len(ids) > MAX_SIZE:
        raise bad_user_input(f"`ids` holds {len(ids)} ids; {MAX_SIZE} is the most.", "ids")
    keys = [_parsed(each, f"ids.{index}") for index, each in enumerate(ids)]
    return await asyncio.gather(*[_load(info, *key) for key in keys])


@strawberry.type
class NodeQueries:
    """The entrances to everything that has an id."""

    node: Node | None = strawberry.field(
        resolver=_node, description="The object with this id. Null where nothing of the viewer's has it."
    )
    nodes: list[Node | None] = strawberry.field(
        resolver=_nodes,
        description="The objects with these ids, in their order, null where nothing of the viewer's has an id.",
    )
