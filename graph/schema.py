"""The schema, assembled from the rooms. `python -m graph.schema` prints it as SDL."""

import sys
from typing import Final

import strawberry
from strawberry.schema.config import StrawberryConfig

from graph.access.mutations import AccessMutations
from graph.access.queries import AccessQueries
from graph.assistants.mutations import AssistantMutations
from graph.assistants.queries import AssistantQueries
from graph.boundary import ColloquySchema
from graph.conversations.mutations import ConversationMutations
from graph.conversations.queries import ConversationQueries
from graph.execution import BreadthFirst
from graph.feedback.mutations import FeedbackMutations
from graph.feedback.queries import FeedbackQueries
from graph.messages.mutations import MessageMutations
from graph.messages.queries import MessageQueries
from graph.prepared import Prepared
from graph.references.types import Reference
from graph.refetch import NodeQueries
from graph.scalars import SCALARS
from graph.sources.queries import SourceQueries
from graph.tools.mutations import ToolMutations
from graph.tools.queries import ToolQueries


@strawberry.type(description="Everything that can be read.")
class Query(
    NodeQueries,
    ConversationQueries,
    MessageQueries,
    FeedbackQueries,
    AssistantQueries,
    ToolQueries,
    SourceQueries,
    AccessQueries,
):
    """The entrances of all rooms."""


@strawberry.type(
    description=(
        "Everything that can be changed. What is wrong with an input is told in `userErrors`, all of it at once; then "
        "nothing was written. Several in one document are done one after the other, each for itself."
    )
)
class Mutation(
    ConversationMutations,
    MessageMutations,
    FeedbackMutations,
    AssistantMutations,
    ToolMutations,
    AccessMutations,
):
    """The writes of all rooms."""


# Unsorted, since strawberry's sort_schema copies the types and every union then fails when it is executed.
schema: Final = ColloquySchema(
    query=Query,
    mutation=Mutation,
    types=[Reference],
    execution_context_class=BreadthFirst,
    prepare=Prepared,
    config=StrawberryConfig(scalar_map=SCALARS),
)


def sdl() -> str:
    """The schema in GraphQL's schema language, ending in a line feed."""
    return schema.as_str().rstrip("\n") + "\n"


if __name__ == "__main__":
    sys.stdout.write(sdl())
