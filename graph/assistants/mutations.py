"""What can be done to assistants."""

import strawberry

from db import writing
from graph.access.roles import EDITORS
from graph.assistants.inputs import CreateAssistantInput, DeleteAssistantInput, UpdateAssistantInput
from graph.assistants.payloads import CreateAssistantPayload, DeleteAssistantPayload, UpdateAssistantPayload
from graph.writing import mutation


@strawberry.type
class AssistantMutations:
    """The writes of assistants."""

    create_assistant: CreateAssistantPayload = mutation(
        writing.create_assistant, CreateAssistantInput, "Make a new assistant.", roles=EDITORS
    )
    update_assistant: UpdateAssistantPayload = mutation(
        writing.update_assistant,
        UpdateAssistantInput,
        "Change what an assistant is; what was said with it stays as it was.",
        roles=EDITORS,
    )
    delete_assistant: DeleteAssistantPayload = mutation(
        writing.delete_assistant, DeleteAssistantInput, "Delete an assistant that nothing uses.", roles=EDITORS
    )
