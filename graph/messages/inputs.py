"""The inputs of messages, of what belongs to them, and of the mutations that add and change them."""

from datetime import datetime
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from graph.enums import Actor, ContentFormat, MessageRole, MessageType
from graph.inputs import expected_version, idempotency_key, optional, required
from graph.references.inputs import ReferenceInput
from graph.writing import ErrorPolicy

SHORT = " At most 512 characters."
ITEMS = " At most 1,000 (a setting)."
JSON_OBJECT = ": any JSON object, at most 64 KiB (a setting)."
MADE_ID = "The new record's UUID, of version 7, made by the client, which so knows the id at once. Left out: made here."
POLICY = "What becomes of the good messages where some are bad."


@strawberry.input(description="An image within the content.")
class ImagePartInput:
    """An image."""

    url: str = required("Where it is, or a data: URL.")
    detail: str | None = optional("How closely a model is to look: auto, low, high.")


@strawberry.input(description="A file within the content.")
class FilePartInput:
    """A file."""

    name: str | None = optional("The file's name.")
    media_type: str | None = optional("Its media type, such as application/pdf.")
    url: str | None = optional("Where it is, or a data: URL.")


@strawberry.input(description="A part of a kind that has no input here.")
class OtherPartInput:
    """Anything else."""

    type: str = required("The word for the kind." + SHORT)
    payload: JSON = required("The part itself: any JSON, at most 1 MiB (a setting).")


@strawberry.input(one_of=True, description="A part of a message's content: exactly one of these kinds.")
class ContentPartInput:
    """A part."""

    text: str | None = optional("Text to be shown, in the message's `contentFormat`.")
    image: ImagePartInput | None = optional("An image to be shown.")
    file: FilePartInput | None = optional("A file to be offered.")
    reasoning: str | None = optional("What the model thought before it answered: not part of `content`.")
    other: OtherPartInput | None = optional("Anything else.")


@strawberry.input(description="A call of a tool that a message makes.")
class ToolCallInput:
    """A tool's call."""

    call_id: str | None = optional("The model's id of the call, which the tool's message repeats." + SHORT)
    name: str = required("The name by which the tool is called." + SHORT)
    arguments_text: str | None = optional("The arguments as the model wrote them: JSON text, as a rule.")
    tool_id: strawberry.ID | None = optional("The tool, where it is here. Left out: none is noted.", node="Tool")


@strawberry.input(description="A file that comes with a message.")
class AttachmentInput:
    """An attachment."""

    name: str | None = optional("The file's name.")
    media_type: str | None = optional("Its media type, such as application/pdf.")
    size: int | None = optional("Its size in bytes.")
    url: str | None = optional("Where it is.")
    text: str | None = optional("What was read out of the file. At most 1 MiB (a setting).")
    external_id: str | None = optional("The file's id in the system that holds it." + SHORT)


@strawberry.input(description="A question that an answer suggests to ask next.")
class FollowUpQuestionInput:
    """A suggested question."""

    question: str = required("The question.")
    confidence: str | None = optional("How sure its maker is of it, in words.")
    reasoning: str | None = optional("Why it is suggested.")


@strawberry.input(description="How an answer was made.")
class MessageMetadataInput:
    """How an answer was made."""

    processing_time_ms: float | None = optional("How long its making took, in milliseconds.")
    model_version: str | None = optional("The version of the model.")
    ai_transaction_id: str | None = optional("The model provider's id of the run.")
    reason: str | None = optional("Why the answer is as it is.")
    finish_reason: str | None = optional("Why the model stopped: stop, length, tool_calls.")
    system_prompt: str | None = optional("The instructions that this answer was made with.")
    extra: JSON | None = optional("The free metadata" + JSON_OBJECT)


@strawberry.input(description="The tokens that an answer took.")
class UsageInput:
    """Tokens."""

    input_tokens: int | None = optional("Tokens that the model read.")
    output_tokens: int | None = optional("Tokens that it wrote, reasoning included.")
    total_tokens: int | None = optional("Both together.")
    cached_input_tokens: int | None = optional("Of those read: from a cache.")
    reasoning_tokens: int | None = optional("Of those written: reasoning.")


@strawberry.input(
    description=(
        "A message. Without a parent, the first of a list goes below the current message and each further one below "
        "the one before it. Give `content` or `contentParts`; calls of tools or attachments do without."
    )
)
class MessageInput:
    """A message."""

    uuid: UUID | None = optional(MADE_ID)
    external_id: str | None = optional("The id in the application's own system, unique in the conversation." + SHORT)
    external_url: str | None = optional("The address in the application's own system.")
    parent_id: strawberry.ID | None = optional(
        "The message that it follows: one of the conversation, or one of the list, whose id follows from its "
        "uuid. Not together with `parentExternalId`.",
        node="Message",
    )
    parent_external_id: str | None = optional(
        "The message that it follows, by its external id: one of the conversation, or of the list." + SHORT
    )
    role: MessageRole = required("The part that it plays.")
    role_name: str | None = optional("The application's own word for the role. Left out: follows from `role`." + SHORT)
    message_type: MessageType | None = optional("What it is for. Left out: follows from `role`.")
    actor: Actor | None = optional("Who really wrote it. Left out: follows from `role`.")
    author_id: str | None = optional("The person or program that wrote it, as the application names them." + SHORT)
    author_name: str | None = optional("The author's name, to be shown.")
    visible: bool | None = optional("false: not for the reader, such as system prompts and tool results.", default=True)
    content: str | None = optional("The text, at most 1 MiB in UTF-8 (a setting).")
    content_format: ContentFormat | None = optional("How the text is to be shown.", default=ContentFormat.MARKDOWN)
    content_parts: list[ContentPartInput] | None = optional(
        "The content part by part, in place of `content`, which then is made of the text parts." + ITEMS
    )
    citations: list[ReferenceInput] | None = optional("What it cites, in the order of its numbers." + ITEMS)
    follow_up_questions: list[FollowUpQuestionInput] | None = optional("Questions to ask next." + ITEMS)
    tool_calls: list[ToolCallInput] | None = optional("The tool calls that it makes, in order." + ITEMS)
    tool_call_id: str | None = optional("Of a tool's result: the `callId` of the call that it answers." + SHORT)
    tool_name: str | None = optional("Of a tool's result: the tool." + SHORT)
    attachments: list[AttachmentInput] | None = optional("Files that come with it, in order." + ITEMS)
    confidence: str | None = optional("How sure the answer is: Very High, High, Medium, Low, Unknown." + SHORT)
    model: str | None = optional("The model that wrote it." + SHORT)
    metadata: MessageMetadataInput | None = optional("How it was made.")
    usage: UsageInput | None = optional("The tokens that it took.")
    dw_data: JSON | None = optional("A data warehouse's payload: any JSON, at most 1 MiB (a setting).")
    user_credits: int | None = optional("The person's balance after the turn.")
    properties: JSON | None = optional("What the application says of the message" + JSON_OBJECT)
    user_properties: JSON | None = optional("What the application says of the person" + JSON_OBJECT)
    timestamp: datetime | None = optional("When it happened. Left out: it is not known, `createdAt` is now.")


@strawberry.input(description="Messages for a conversation.")
class AddMessagesInput:
    """What `addMessages` takes."""

    conversation_id: strawberry.ID = required("The conversation.", node="Conversation")
    messages: list[MessageInput] = required("The messages, the oldest first: at most 10,000 (a setting).")
    on_error: ErrorPolicy | None = optional(POLICY, default=ErrorPolicy.ALL_OR_NOTHING)
    expected_version: int | None = expected_version("conversation")
    idempotency_key: str | None = idempotency_key()


@strawberry.input(
    description="What is other in the new version of a message; all else is taken over from the one that is there."
)
class EditMessageInput:
    """What `editMessage` takes."""

    id: strawberry.ID = required("The message that the new one stands beside.", node="Message")
    uuid: UUID | None = optional(MADE_ID)
    content: str | None = optional("The text, at most 1 MiB in UTF-8 (a setting).")
    content_parts: list[ContentPartInput] | None = optional("The content part by part, in place of `content`." + ITEMS)
    attachments: list[AttachmentInput] | None = optional(
        "Files that come with it. Left out: those of the message that is there." + ITEMS
    )
    expected_version: int | None = expected_version("message")
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="Another answer beside one that is there.")
class RegenerateMessageInput:
    """What `regenerateMessage` takes."""

    id: strawberry.ID = required("The answer that the new one stands beside.", node="Message")
    message: MessageInput | None = optional(
        "The new answer. Left out: an empty one whose status is STREAMING, to be filled piece by piece."
    )
    uuid: UUID | None = optional(MADE_ID)
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="Which branch comes into play.")
class SetCurrentMessageInput:
    """What `setCurrentMessage` takes."""

    message_id: strawberry.ID = required(
        "A message of the branch: the branch goes through it and on to its newest leaf.", node="Message"
    )
    expected_version: int | None = expected_version("conversation")
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="The message to be deleted with all that is below it.")
class DeleteMessageInput:
    """What `deleteMessage` takes."""

    id: strawberry.ID = required("The message.", node="Message")
    expected_version: int | None = expected_version("message")
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="All citations of a message.")
class SetCitationsInput:
    """What `setCitations` takes."""

    message_id: strawberry.ID = required("The message that cites.", node="Message")
    citations: list[ReferenceInput] = required(
        "What it cites, in place of what it cited before; an empty list: nothing." + ITEMS
    )
    expected_version: int | None = expected_version("message")
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="All questions that a message suggests.")
class SetFollowUpQuestionsInput:
    """What `setFollowUpQuestions` takes."""

    message_id: strawberry.ID = required("The message that suggests them.", node="Message")
    follow_up_questions: list[FollowUpQuestionInput] = required(
        "The questions, in place of those before; an empty list: none." + ITEMS
    )
    expected_version: int | None = expected_version("message")
    idempotency_key: str | None = idempotency_key()
