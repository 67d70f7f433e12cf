"""The Assistant: what answers in conversations."""

from datetime import datetime

import strawberry
from strawberry.scalars import JSON

from db import conversations, tools
from graph.conversations.lists import conversations_of
from graph.fields import node_id
from graph.links import ConversationLink, ToolLink
from graph.nodes import Node
from graph.origin import Origin, origin
from graph.paging import Connection
from graph.relations import to_many


@strawberry.type(description="A configured assistant: a bot, a brain, an agent, an integration.")
class Assistant(Node):
    """Its parent is a row of `assistants`."""

    id: strawberry.ID = node_id("Assistant")
    name: str = strawberry.field(description="The name: given, or made from the original id.")
    description: str | None = strawberry.field(description="What it is for.")
    system_prompt: str | None = strawberry.field(description="Its instructions.")
    initial_message: str | None = strawberry.field(description="What it says before it is asked.")
    model: str | None = strawberry.field(description="The model that it uses.")
    temperature: float | None = strawberry.field(description="The sampling temperature.")
    config: JSON | None = strawberry.field(description="Other settings, as its source has them.")
    external_id: str | None = strawberry.field(
        description="The id in the application's own system, unique in the workspace."
    )
    origin: Origin | None = origin()
    tools: list[ToolLink] = to_many(tools.of_assistants, "The tools that it may call, in its own order.")
    conversations: Connection[ConversationLink] = conversations_of(
        conversations.of_assistants, conversations.count_of_assistants, "The conversations that it answers in."
    )
    created_at: datetime = strawberry.field(description="When it was created, or came here.")
    updated_at: datetime = strawberry.field(description="When it was last changed.")
    version: int = strawberry.field(
        description="Rises with each change by one: give it back as `expectedVersion` lest another change gets lost."
    )
