"""The Tool: what assistants call."""

from datetime import datetime

import strawberry
from strawberry.scalars import JSON

from db import assistants, conversations
from graph.conversations.lists import conversations_of
from graph.enums import ToolKind
from graph.fields import node_id
from graph.links import AssistantLink, ConversationLink
from graph.nodes import Node
from graph.origin import Origin, origin
from graph.paging import Connection
from graph.relations import to_many


@strawberry.type(description="A function, search, script or server that assistants may call.")
class Tool(Node):
    """Its parent is a row of `tools`."""

    id: strawberry.ID = node_id("Tool")
    name: str = strawberry.field(description="The name: given, or made from the original id.")
    kind: ToolKind = strawberry.field(description="What it does.")
    description: str | None = strawberry.field(description="What it is for, as the model is told.")
    parameters: JSON | None = strawberry.field(description="The arguments that it takes, as a JSON Schema.")
    external_id: str | None = strawberry.field(
        description="The id in the application's own system, unique in the workspace."
    )
    origin: Origin | None = origin()
    assistants: list[AssistantLink] = to_many(assistants.of_tools, "The assistants that may call it.")
    conversations: Connection[ConversationLink] = conversations_of(
        conversations.of_tools, conversations.count_of_tools, "The conversations that it was used in."
    )
    created_at: datetime = strawberry.field(description="When it was created, or came here.")
    updated_at: datetime = strawberry.field(description="When it was last changed.")
    version: int = strawberry.field(
        description="Rises with each change by one: give it back as `expectedVersion` lest another change gets lost."
    )
