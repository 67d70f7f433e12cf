"""Feedback: what people and programs say of conversations, messages and citations."""

from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry.scalars import JSON

from db import assistants, conversations, feedback, messages, references
from graph.declared import Chosen
from graph.enums import FeedbackAuthor, Rating, Verdict
from graph.fields import column, integer, node_id, part
from graph.links import AssistantLink, ConversationLink, MessageLink, ReferenceLink
from graph.nodes import Node, chosen
from graph.origin import Origin, origin
from graph.relations import to_many, to_one, to_the_one

FeedbackTarget = Annotated[
    ConversationLink | MessageLink | ReferenceLink,
    strawberry.union(
        "FeedbackTarget",
        description=(
            "What feedback is on. `title` and `feedback` differ between the members: side by side they need an alias."
        ),
    ),
]

SEEN_COLUMNS = ("seen_message_version", "seen_current_message_id", "seen_assistant_id", "seen_assistant_version")


@strawberry.type(description="A reason that feedback gives.")
class FeedbackReason:
    """Its parent is a row of `feedback_reasons`."""

    label: str = strawberry.field(description="The reason, a category as a rule.")
    details: str | None = strawberry.field(description="What the author adds to it.")


@strawberry.type(description="A value on a named scale.")
class FeedbackScore:
    """Its parent is a row of `feedback_scores`."""

    name: str = strawberry.field(description="The scale: accuracy, relevance, quality, an emoji.")
    value: float = strawberry.field(description="The value; its range is the scale's own.")
    label: str | None = strawberry.field(description="The scale's word for the value.")
    count: int | None = integer("count", "The number of votes behind the value. Null: one author's value.")


@strawberry.type(description="What feedback on a message says of one of its citations, or of one that is missing.")
class CitationVerdict:
    """Its parent is a row of `citation_verdicts`."""

    verdict: Verdict | None = strawberry.field(description="The verdict. Null: only a score or a comment.")
    score: float | None = strawberry.field(description="How relevant the author finds it, on the source's scale.")
    comment: str | None = strawberry.field(description="What the author says of it.")
    reference: ReferenceLink | None = to_one(
        references.by_ids, "reference_id", "The citation. Null where it is missing, or is here no more."
    )
    title: str | None = strawberry.field(description="The title of what was meant.")
    url: str | None = strawberry.field(description="The address of what was meant.")


@strawberry.type(description="What the author of feedback had before the eyes.")
class FeedbackContext:
    """Its parent is the feedback's own row."""

    message_version: int | None = column("seen_message_version", "The `version` of the message that was shown.")
    current_message: MessageLink | None = to_one(
        messages.by_ids, "seen_current_message_id", "The end of the branch that was in play."
    )
    assistant: AssistantLink | None = to_one(assistants.by_ids, "seen_assistant_id", "The assistant that had answered.")
    assistant_version: int | None = column("seen_assistant_version", "The assistant's `version` at that time.")


def _target(reference_id: Any, message_id: Any, conversation_id: Any) -> tuple[str, Any]:
    """The type and the id of what the feedback is on: the union leaves it open."""
    if reference_id is not None:
        return "Reference", reference_id
    return ("Conversation", conversation_id) if message_id is None else ("Message", message_id)


@strawberry.type(description="An opinion on a conversation, a message or a citation.")
class Feedback(Node):
    """Its parent is a row of `feedback`."""

    id: strawberry.ID = node_id("Feedback")
    target: FeedbackTarget = chosen(
        Chosen(
            {
                "Conversation": conversations.by_ids,
                "Message": messages.by_ids,
                "Reference": references.by_ids,
            },
            _target,
            ("reference_id", "message_id", "conversation_id"),
            required=True,
        ),
        "What it is on: a citation, else a message, else the conversation itself.",
    )
    conversation: ConversationLink = to_the_one(
        conversations.by_ids, "conversation_id", "The conversation: the target, or the one that it belongs to."
    )
    message: MessageLink | None = to_one(
        messages.by_ids,
        "message_id",
        "The message: the target, or the one that it belongs to. Null: it is on the conversation itself.",
    )
    rating: Rating | None = strawberry.field(description="The direction. Null: an opinion without one.")
    comment: str | None = strawberry.field(description="What the author says.")
    reasons: list[FeedbackReason] = to_many(feedback.reasons_of, "The reasons that it gives, in order.")
    scores: list[FeedbackScore] = to_many(feedback.scores_of, "The values on named scales that it gives, in order.")
    citation_verdicts: list[CitationVerdict] = to_many(
        feedback.verdicts_of, "What it says of single citations, in order."
    )
    positive_comment: str | None = strawberry.field(description="What the author liked.")
    negative_comment: str | None = strawberry.field(description="What the author did not like.")
    suggestion: str | None = strawberry.field(description="What the author proposes.")
    follow_up_questions_helpful: bool | None = strawberry.field(
        description="Whether the suggested questions helped. Null: not said."
    )
    author_id: str | None = strawberry.field(description="The author, as the application names them. Null: not known.")
    author_kind: FeedbackAuthor = strawberry.field(description="What kind of author gave it.")
    seen: FeedbackContext | None = part(
        *SEEN_COLUMNS, description="What the author had before the eyes. Null where it is not known, as for imports."
    )
    properties: JSON | None = strawberry.field(
        description="What the application says of the feedback, such as a report's category and state: any JSON object."
    )
    user_properties: JSON | None = strawberry.field(
        description="What the application says of the person: any JSON object."
    )
    external_id: str | None = strawberry.field(description="The id in the application's own system.")
    origin: Origin | None = origin()
    created_at: datetime = strawberry.field(description="When it was given.")
    updated_at: datetime = strawberry.field(description="When it was last changed.")
