"""The inputs of the mutations that make, change and delete assistants."""

from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from graph.inputs import expected_version, idempotency_key, optional, required
from graph.messages.inputs import ITEMS, JSON_OBJECT, MADE_ID, SHORT


@strawberry.input(description="What an assistant is made of.")
class AssistantFields:
    """What the inputs that make or change an assistant have in common."""

    description: str | None = optional("What it is for.")
    system_prompt: str | None = optional("Its instructions.")
    initial_message: str | None = optional("What it says before it is asked.")
    model: str | None = optional("The model that it uses." + SHORT)
    temperature: float | None = optional("The sampling temperature.")
    config: JSON | None = optional("Other settings" + JSON_OBJECT)
    tool_ids: list[strawberry.ID] | None = optional("The tools that it may call, in order." + ITEMS, node="Tool")
    external_id: str | None = optional("The id in the application's own system, unique in the workspace." + SHORT)


@strawberry.input(description="A new assistant.")
class CreateAssistantInput(AssistantFields):
    """What `createAssistant` takes."""

    uuid: UUID | None = optional(MADE_ID)
    name: str = required("The name." + SHORT)
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="Changes of an assistant: a field that is left out stays as it is, null clears it.")
class UpdateAssistantInput(AssistantFields):
    """What `updateAssistant` takes."""

    id: strawberry.ID = required("The assistant.", node="Assistant")
    expected_version: int | None = expected_version("assistant")
    name: str | None = optional("The name, never null." + SHORT)
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="The assistant that is to be deleted.")
class DeleteAssistantInput:
    """What `deleteAssistant` takes."""

    id: strawberry.ID = required("The assistant.", node="Assistant")
    expected_version: int | None = expected_version("assistant")
    idempotency_key: str | None = idempotency_key()
