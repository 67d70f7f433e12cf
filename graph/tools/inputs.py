"""The inputs of the mutations that make, change and delete tools."""

from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from graph.enums import ToolKind
from graph.inputs import expected_version, idempotency_key, optional, required
from graph.messages.inputs import MADE_ID, SHORT


@strawberry.input(description="What a tool is made of.")
class ToolFields:
    """What the inputs that make or change a tool have in common."""

    description: str | None = optional("What it is for, as the model is told.")
    parameters: JSON | None = optional(
        "The arguments that it takes, as a JSON Schema: an object of at most 1 MiB (a setting)."
    )
    external_id: str | None = optional("The id in the application's own system, unique in the workspace." + SHORT)


@strawberry.input(description="A new tool.")
class CreateToolInput(ToolFields):
    """What `createTool` takes."""

    uuid: UUID | None = optional(MADE_ID)
    name: str = required("The name by which it is called." + SHORT)
    kind: ToolKind | None = optional("What it does.", default=ToolKind.FUNCTION)
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="Changes of a tool: a field that is left out stays as it is, null clears it.")
class UpdateToolInput(ToolFields):
    """What `updateTool` takes."""

    id: strawberry.ID = required("The tool.", node="Tool")
    expected_version: int | None = expected_version("tool")
    name: str | None = optional("The name by which it is called, never null." + SHORT)
    kind: ToolKind | None = optional("What it does, never null.")
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="The tool that is to be deleted.")
class DeleteToolInput:
    """What `deleteTool` takes."""

    id: strawberry.ID = required("The tool.", node="Tool")
    expected_version: int | None = expected_version("tool")
    idempotency_key: str | None = idempotency_key()
