"""What is asked of assistants."""

from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import UNSET

from db import assistants
from graph import ids
from graph.access.roles import READERS
from graph.assistants.types import Assistant
from graph.conditions import AssistantWhere
from graph.declared import Asked, Found
from graph.filters import where_of
from graph.paging import After, Before, Connection, First, Last, listed, page
from graph.relations import found

Where = Annotated[AssistantWhere | None, strawberry.argument(description="Which assistants.")]


def _assistant(id: Annotated[strawberry.ID, strawberry.argument(description="The assistant's id.")]) -> UUID:
    return ids.decode(id, "Assistant")


def _assistants(
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
    where: Where = UNSET,
) -> Asked:
    chosen = {"where": where_of(where)}
    return Asked(assistants.page, (page(first, after, last, before),), chosen, assistants.count, chosen)


@strawberry.type
class AssistantQueries:
    """The entrances to assistants."""

    assistant: Assistant | None = found(
        Found(assistants.by_ids, _assistant, ids.texts("Assistant")),
        "An assistant. Null where nothing of the viewer's has this id.",
        roles=READERS,
    )
    assistants: Connection[Assistant] = listed(
        assistants.page, _assistants, "The assistants, by name in the order of code points.", roles=READERS
    )
