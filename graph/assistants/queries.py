"""What is asked of assistants."""

from typing import Annotated, Any

import strawberry
from strawberry import UNSET

from db import assistants
from graph import ids
from graph.assistants.types import Assistant
from graph.conditions import AssistantWhere
from graph.context import Info, loaders_of
from graph.filters import where_of
from graph.paging import After, Before, Connection, First, Last, Pages, page

Where = Annotated[AssistantWhere | None, strawberry.argument(description="Which assistants.")]


async def _assistant(
    info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The assistant's id.")]
) -> Any:
    return await loaders_of(info).batch(assistants.by_ids)(ids.decode(id, "Assistant"))


async def _assistants(
    info: Info,
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
    where: Where = UNSET,
) -> Any:
    loaders, condition = loaders_of(info), where_of(where)
    return await Pages(
        info,
        loaders.whole(assistants.page, page(first, after, last, before), where=condition),
        loaders.whole(assistants.count, where=condition),
    ).of(None)


@strawberry.type
class AssistantQueries:
    """The entrances to assistants."""

    assistant: Assistant | None = strawberry.field(
        resolver=_assistant, description="An assistant. Null where nothing of the viewer's has this id."
    )
    assistants: Connection[Assistant] = strawberry.field(
        resolver=_assistants, description="The assistants, by name in the order of code points."
    )
