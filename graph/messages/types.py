"""The Message: a node of a conversation's tree."""

from datetime import datetime

import strawberry
from strawberry.scalars import JSON

from db import conversations, feedback, messages, references
from graph.enums import Actor, ContentFormat, MessageRole, MessageStatus, MessageType
from graph.fields import integer, node_id, part
from graph.links import ConversationLink, FeedbackLink, MessageLink, ReferenceLink
from graph.messages.details import (
    INT_NOTE,
    METADATA_COLUMNS,
    USAGE_COLUMNS,
    Attachment,
    FollowUpQuestion,
    MessageMetadata,
    MessageSiblings,
    ToolCall,
    Usage,
)
from graph.messages.parts import ContentPart, content_parts
from graph.nodes import Node
from graph.origin import Origin, origin
from graph.relations import to_many, to_one, to_the_one


@strawberry.type(description="A message: a question, an answer, instructions, or a tool's result.")
class Message(Node):
    """Its parent is a row of `messages`."""

    id: strawberry.ID = node_id("Message")
    conversation: ConversationLink = to_the_one(
        conversations.by_ids, "conversation_id", "The conversation that it is in."
    )
    sequence: int = strawberry.field(
        description="Its number, unique and rising in the conversation: the order of making, whatever the clocks said."
    )
    parent: MessageLink | None = to_one(
        messages.by_ids, "parent_id", "The message that it follows. Null: it begins the conversation."
    )
    siblings: MessageSiblings = to_the_one(
        messages.siblings_of, "id", "The versions of this turn, itself among them: for the arrows beside 2 of 3."
    )
    rank: int | None = integer("rank", "OpenAssistant's place among the siblings, 0 the best. Null: it was not ranked.")
    role: MessageRole = strawberry.field(description="The part that it plays.")
    role_name: str = strawberry.field(
        description="The source's word for the role: user, customer, prompter, developer."
    )
    message_type: MessageType = strawberry.field(description="What it is for.")
    actor: Actor = strawberry.field(description="Who really wrote it.")
    author_id: str | None = strawberry.field(
        description="The person or program that wrote it, as the application names them."
    )
    author_name: str | None = strawberry.field(description="The author's name, to be shown.")
    status: MessageStatus = strawberry.field(description="How far it has come.")
    fail_reason: str | None = strawberry.field(
        description="Why its making failed, where it did and the reason is known."
    )
    visible: bool = strawberry.field(description="false: not for the reader, such as system prompts and tool results.")
    content: str = strawberry.field(
        description=(
            "The text: its text parts joined by line feeds, without reasoning. While it is STREAMING, what there is so "
            "far. Empty where it has no text."
        )
    )
    content_format: ContentFormat = strawberry.field(description="How `content` is to be shown.")
    content_parts: list[ContentPart] = content_parts(
        "The content part by part, reasoning, images and files included, in order."
    )
    stream_sequence: int | None = strawberry.field(
        description="The number of the last streamed piece that `content` holds. Null: it was never streamed here."
    )
    citations: list[ReferenceLink] = to_many(references.of_messages, "What it cites, in the order of its numbers.")
    confidence: str | None = strawberry.field(
        description="How sure the answer is: Very High, High, Medium, Low, Unknown, or the source's own word."
    )
    follow_up_questions: list[FollowUpQuestion] = to_many(
        messages.follow_ups_of, "Questions that it suggests to ask next."
    )
    viewer_feedback: FeedbackLink | None = to_one(
        feedback.own_of_messages, "id", "The viewer's own feedback on the message itself. Null: there is none."
    )
    feedback: list[FeedbackLink] = to_many(
        feedback.of_messages,
        "Feedback on it, the newest first, at most 100; `Query.feedback` pages through more.",
    )
    tool_calls: list[ToolCall] = to_many(messages.tool_calls_of, "The tool calls that it makes, in order.")
    tool_call_id: str | None = strawberry.field(description="Of a tool's result: the id of the call that it answers.")
    tool_name: str | None = strawberry.field(description="Of a tool's result: the tool.")
    attachments: list[Attachment] = to_many(messages.attachments_of, "Files that came with it, in order.")
    metadata: MessageMetadata | None = part(
        *METADATA_COLUMNS, description="How it was made. Null where nothing of that is known."
    )
    usage: Usage | None = part(*USAGE_COLUMNS, description="The tokens that it took. Null where none are known.")
    model: str | None = strawberry.field(description="The model that wrote it.")
    dw_data: JSON | None = strawberry.field(description="The data-warehouse payload, as its source has it.")
    user_credits: int | None = integer(
        "user_credits", "The person's balance after the turn: never a cost to be summed." + INT_NOTE
    )
    properties: JSON | None = strawberry.field(description="What the application says of the message: any JSON object.")
    user_properties: JSON | None = strawberry.field(
        description="What the application says of the person: any JSON object."
    )
    external_id: str | None = strawberry.field(
        description="The id in the application's own system, unique in the conversation."
    )
    external_url: str | None = strawberry.field(description="The address in the application's own system.")
    origin: Origin | None = origin()
    timestamp: datetime | None = strawberry.field(description="When it happened. Null where the source does not say.")
    created_at: datetime = strawberry.field(
        description="When it was made, as far as is known: else when the conversation was, or when it came here."
    )
    updated_at: datetime = strawberry.field(description="When it was last changed.")
    version: int = strawberry.field(
        description="Rises with each change by one: give it back as `expectedVersion` lest another change gets lost."
    )
