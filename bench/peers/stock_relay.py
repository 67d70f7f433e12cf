"""The stock server's node ids and connections."""

from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any, Generic, TypeVar
from uuid import UUID

import strawberry
from strawberry import relay

NodeType = TypeVar("NodeType", bound=Any)


@strawberry.interface
class Node:
    """What has an id of its own."""

    key: strawberry.Private[UUID]

    @strawberry.field
    def id(self) -> strawberry.ID:
        """Relay's id, in Colloquy's form."""
        text = f"{type(self).__name__}:{self.key}"
        return strawberry.ID(urlsafe_b64encode(text.encode()).rstrip(b"=").decode())


@strawberry.type
class Connection(relay.Connection[NodeType], Generic[NodeType]):
    """Relay's connection, and the nodes without cursors."""

    @strawberry.field
    def nodes(self) -> list[NodeType]:
        """The items of the page."""
        return [edge.node for edge in self.edges]

    @classmethod
    def of(cls, rows: list[Any], size: int, node: Callable[[Any], Any]) -> "Connection[NodeType]":
        """The page of rows of which one more was read than asked for."""
        edges: list[Any] = [relay.Edge(cursor=relay.to_base64("row", row.id), node=node(row)) for row in rows[:size]]
        info = relay.PageInfo(
            has_next_page=len(rows) > size,
            has_previous_page=False,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        )
        return cls(edges=edges, page_info=info)
