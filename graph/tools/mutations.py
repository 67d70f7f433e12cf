"""What can be done to tools."""

import strawberry

from db import writing
from graph.access.roles import EDITORS
from graph.tools.inputs import CreateToolInput, DeleteToolInput, UpdateToolInput
from graph.tools.payloads import CreateToolPayload, DeleteToolPayload, UpdateToolPayload
from graph.writing import mutation


@strawberry.type
class ToolMutations:
    """The writes of tools."""

    create_tool: CreateToolPayload = mutation(writing.create_tool, CreateToolInput, "Make a new tool.", roles=EDITORS)
    update_tool: UpdateToolPayload = mutation(
        writing.update_tool,
        UpdateToolInput,
        "Change what a tool is; what was said with it stays as it was.",
        roles=EDITORS,
    )
    delete_tool: DeleteToolPayload = mutation(
        writing.delete_tool, DeleteToolInput, "Delete a tool that nothing uses.", roles=EDITORS
    )
