"""What is asked of tools."""

from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import UNSET

from db import tools
from graph import ids
from graph.access.roles import READERS
from graph.conditions import ToolWhere
from graph.declared import Asked, Found
from graph.filters import where_of
from graph.paging import After, Before, Connection, First, Last, listed, page
from graph.relations import found
from graph.tools.types import Tool

Where = Annotated[ToolWhere | None, strawberry.argument(description="Which tools.")]


def _tool(id: Annotated[strawberry.ID, strawberry.argument(description="The tool's id.")]) -> UUID:
    return ids.decode(id, "Tool")


def _tools(
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
    where: Where = UNSET,
) -> Asked:
    chosen = {"where": where_of(where)}
    return Asked(tools.page, (page(first, after, last, before),), chosen, tools.count, chosen)


@strawberry.type
class ToolQueries:
    """The entrances to tools."""

    tool: Tool | None = found(
        Found(tools.by_ids, _tool, ids.texts("Tool")),
        "A tool. Null where nothing of the viewer's has this id.",
        roles=READERS,
    )
    tools: Connection[Tool] = listed(
        tools.page, _tools, "The tools, by name in the order of code points.", roles=READERS
    )
