"""What the mutations of assistants answer."""

import strawberry

from db import assistants
from graph.links import AssistantLink
from graph.writing import UserError, changed, deleted, in_use, user_errors


@strawberry.type(description="What `createAssistant` did.")
class CreateAssistantPayload:
    """The answer of `createAssistant`."""

    assistant: AssistantLink | None = changed("The new assistant.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="What `updateAssistant` did.")
class UpdateAssistantPayload:
    """The answer of `updateAssistant`."""

    assistant: AssistantLink | None = changed("The assistant as this call left it.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="What `deleteAssistant` did.")
class DeleteAssistantPayload:
    """The answer of `deleteAssistant`."""

    deleted_assistant_id: strawberry.ID | None = deleted("Assistant", "The id of the assistant, which is gone.")
    assistant: AssistantLink | None = in_use(
        assistants.by_ids,
        "The assistant, where it is refused with IN_USE: its `conversations` say what uses it. Null otherwise.",
    )
    user_errors: list[UserError] = user_errors()
