"""The inputs of the mutations that make and change conversations."""

from datetime import datetime
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from graph.enums import ConversationType, ExecutionStatus, Visibility
from graph.inputs import expected_version, idempotency_key, optional, required
from graph.messages.inputs import MADE_ID, SHORT, MessageInput
from graph.writing import ErrorPolicy

CONVERSATION = "The conversation."
CREATED = "When it began, where that was earlier. Left out: now."
EACH_TAG = "each of at most 512 characters."
VISIBILITY = "Who may read it."
ASSISTANT = "The assistant that answers in it."


@strawberry.input(description="What a conversation has of its own.")
class ConversationFields:
    """What the inputs that make or change a conversation have in common."""

    title: str | None = optional(
        "The title, at most 500 characters. Null, or left out of a new conversation: made from the first user message."
    )
    owner_id: str | None = optional("The end user whose conversation it is, as the application names them." + SHORT)
    tags: list[str] | None = optional("All its tags, in order: at most 100 (a setting), " + EACH_TAG)
    properties: JSON | None = optional(
        "What the application says of the conversation: a JSON object, at most 64 KiB (a setting). It is merged into "
        "what is there: a key that is given is set, a key that is null is removed; null in place of the object clears "
        "all."
    )
    user_properties: JSON | None = optional(
        "What the application says of the person: a JSON object, merged like `properties`."
    )
    model: str | None = optional("The model, where it is not the assistant's." + SHORT)
    system_prompt: str | None = optional("The instructions, where they are not the assistant's.")
    temperature: float | None = optional("The sampling temperature, where it is not the assistant's.")
    config: JSON | None = optional(
        "Other settings, such as responseLength or topP: any JSON object, at most 64 KiB (a setting)."
    )
    external_id: str | None = optional("The id in the application's own system, unique in the workspace." + SHORT)
    external_url: str | None = optional("The address in the application's own system.")
    support_ticket_conversation_id: str | None = optional(
        "The ticket that it is about, as the ticket's system names it." + SHORT
    )
    project_id: str | None = optional("The project that it belongs to: a label." + SHORT)
    integration_id: str | None = optional("The integration that it came through." + SHORT)


@strawberry.input(description="A new conversation, with its first messages if there are any.")
class CreateConversationInput(ConversationFields):
    """What `createConversation` takes."""

    uuid: UUID | None = optional(MADE_ID)
    type: ConversationType | None = optional("What it is.", default=ConversationType.CHAT)
    assistant_id: strawberry.ID | None = optional(ASSISTANT, node="Assistant")
    visibility: Visibility | None = optional(VISIBILITY, default=Visibility.PRIVATE)
    matrix_mode: bool | None = optional("Whether it is held in matrix mode.", default=False)
    created_at: datetime | None = optional(CREATED)
    messages: list[MessageInput] | None = optional(
        "Its first messages, the oldest first: at most 10,000 (a setting). All are written, or nothing is."
    )
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="Changes of a conversation: a field that is left out stays as it is, null clears it.")
class UpdateConversationInput(ConversationFields):
    """What `updateConversation` takes."""

    id: strawberry.ID = required(CONVERSATION, node="Conversation")
    expected_version: int | None = expected_version("conversation")
    assistant_id: strawberry.ID | None = optional(ASSISTANT, node="Assistant")
    visibility: Visibility | None = optional(VISIBILITY + " Never null.")
    matrix_mode: bool | None = optional("Whether it is held in matrix mode. Never null.")
    like: bool | None = optional("The owner's opinion: true, false, or null for none.")
    comment: str | None = optional("The owner's words to it.")
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="Whether an answer is being made in a conversation.")
class SetExecutionStatusInput:
    """What `setExecutionStatus` takes."""

    id: strawberry.ID = required(CONVERSATION, node="Conversation")
    status: ExecutionStatus = required("What comes after its present status.")
    fail_reason: str | None = optional("Why the run failed: with ERROR only.")
    expected_version: int | None = expected_version("conversation")
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="The conversation that is to leave the lists.")
class ArchiveConversationInput:
    """What `archiveConversation` takes."""

    id: strawberry.ID = required(CONVERSATION, node="Conversation")
    expected_version: int | None = expected_version("conversation")
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="The conversation that is to be back in the lists.")
class UnarchiveConversationInput:
    """What `unarchiveConversation` takes."""

    id: strawberry.ID = required(CONVERSATION, node="Conversation")
    expected_version: int | None = expected_version("conversation")
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="The conversation that is to be deleted.")
class DeleteConversationInput:
    """What `deleteConversation` takes."""

    id: strawberry.ID = required(CONVERSATION, node="Conversation")
    expected_version: int | None = expected_version("conversation")
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="The deleted conversation that is wanted back.")
class RestoreConversationInput:
    """What `restoreConversation` takes."""

    id: strawberry.ID = required(CONVERSATION, node="Conversation")
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="Where a conversation is to be copied off.")
class ForkConversationInput:
    """What `forkConversation` takes."""

    message_id: strawberry.ID = required(
        "The last message of the copy: the branch from the conversation's begin down to it is copied.", node="Message"
    )
    uuid: UUID | None = optional(MADE_ID)
    title: str | None = optional("The copy's title, at most 500 characters. Left out: that of the conversation.")
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="Tags for many conversations.")
class TagConversationsInput:
    """What `tagConversations` takes."""

    ids: list[strawberry.ID] = required("The conversations: 1 to 1,000 (a setting).", node="Conversation")
    tags: list[str] = required(
        "The tags that are added to those that a conversation has, which are 100 at most (a setting), " + EACH_TAG
    )
    on_error: ErrorPolicy | None = optional(
        "What becomes of the good conversations where some are bad.", default=ErrorPolicy.ALL_OR_NOTHING
    )
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="Tags that many conversations are to lose.")
class UntagConversationsInput:
    """What `untagConversations` takes."""

    ids: list[strawberry.ID] = required("The conversations: 1 to 1,000 (a setting).", node="Conversation")
    tags: list[str] = required("The tags that are taken away; one that a conversation does not have is no error.")
    on_error: ErrorPolicy | None = optional(
        "What becomes of the good conversations where some are bad.", default=ErrorPolicy.ALL_OR_NOTHING
    )
    idempotency_key: str | None = idempotency_key()


@strawberry.input(one_of=True, description="An assistant by one of its ids.")
class AssistantKey:
    """Which assistant."""

    id: strawberry.ID | None = optional("Its id here.", node="Assistant")
    external_id: str | None = optional(
        "Its id in the application's own system: where nothing has it yet, an assistant of that name is made." + SHORT
    )


@strawberry.input(
    description=(
        "A transcript, whole or in part. The conversation is found by `uuid` or `externalId`, or made; what is given "
        "of it and differs is changed. Give `messages` or `openaiMessages`."
    )
)
class LogConversationInput(ConversationFields):
    """What `logConversation` takes."""

    uuid: UUID | None = optional(
        "The conversation's UUID; of a new one it is of version 7, made by the client. Left out: found by `externalId`."
    )
    type: ConversationType | None = optional("What it is. Left out of a new one: CHAT.")
    assistant: AssistantKey | None = optional(ASSISTANT)
    visibility: Visibility | None = optional(VISIBILITY + " Left out of a new one: PRIVATE.")
    created_at: datetime | None = optional(CREATED)
    messages: list[MessageInput] | None = optional(
        "The messages, the oldest first, at most 10,000 (a setting). One that is here by its `uuid` or `externalId` is "
        "changed where it differs, all others are added."
    )
    openai_messages: list[JSON] | None = optional(
        "Chat messages as they go over the wire of OpenAI's API, the oldest first, at most 10,000 (a setting). They "
        "are matched with the branch in play: what is equal stays, from the first difference on a new branch grows. A "
        "history that is cut at its front is matched where it begins."
    )
    on_error: ErrorPolicy | None = optional(
        "What becomes of the good messages where some are bad.", default=ErrorPolicy.ALL_OR_NOTHING
    )
    idempotency_key: str | None = idempotency_key()
