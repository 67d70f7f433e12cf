"""What the mutations of tools answer."""

import strawberry

from db import tools
from graph.links import ToolLink
from graph.writing import UserError, changed, deleted, in_use, user_errors


@strawberry.type(description="What `createTool` did.")
class CreateToolPayload:
    """The answer of `createTool`."""

    tool: ToolLink | None = changed("The new tool.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="What `updateTool` did.")
class UpdateToolPayload:
    """The answer of `updateTool`."""

    tool: ToolLink | None = changed("The tool as this call left it.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="What `deleteTool` did.")
class DeleteToolPayload:
    """The answer of `deleteTool`."""

    deleted_tool_id: strawberry.ID | None = deleted("Tool", "The id of the tool, which is gone.")
    tool: ToolLink | None = in_use(
        tools.by_ids,
        "The tool, where it is refused with IN_USE: its `conversations` say what uses it. Null otherwise.",
    )
    user_errors: list[UserError] = user_errors()
