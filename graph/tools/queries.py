"""What is asked of tools."""

from typing import Annotated, Any

import strawberry
from strawberry import UNSET

from db import tools
from graph import ids
from graph.conditions import ToolWhere
from graph.context import Info, loaders_of
from graph.filters import where_of
from graph.paging import After, Before, Connection, First, Last, Pages, page
from graph.tools.types import Tool

Where = Annotated[ToolWhere | None, strawberry.argument(description="Which tools.")]


async def _tool(info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The tool's id.")]) -> Any:
    return await loaders_of(info).batch(tools.by_ids)(ids.decode(id, "Tool"))


async def _tools(
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
        loaders.whole(tools.page, page(first, after, last, before), where=condition),
        loaders.whole(tools.count, where=condition),
    ).of(None)


@strawberry.type
class ToolQueries:
    """The entrances to tools."""

    tool: Tool | None = strawberry.field(
        resolver=_tool, description="A tool. Null where nothing of the viewer's has this id."
    )
    tools: Connection[Tool] = strawberry.field(
        resolver=_tools, description="The tools, by name in the order of code points."
    )
