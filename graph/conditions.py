"""The conditions that lists take: for each kind of record a `Where` of fields with operators.

All given conditions hold; `and`, `or` and `not` nest. They stand in one module because they refer to each other.
"""

from typing import Any

import strawberry
from strawberry import UNSET

from graph.enums import (
    Actor,
    ConversationType,
    ExecutionStatus,
    FeedbackAuthor,
    MessageRole,
    MessageStatus,
    MessageType,
    OriginSystem,
    Rating,
    ToolKind,
    Visibility,
)
from graph.operators import (
    BooleanFilter,
    DateTimeFilter,
    FloatFilter,
    IDFilter,
    IntFilter,
    OptionalWordFilter,
    PropertyFilter,
    ScoreFilter,
    StringFilter,
    StringListFilter,
    WordFilter,
)

AND = "All of these hold; an empty list holds for everything."
OR = "At least one of these holds; an empty list holds for nothing."
NOT = "This does not hold: the exact complement, absent values included."
PROPERTIES = "Values in `properties`; all of the list hold."
USER_PROPERTIES = "Values in `userProperties`; all of the list hold."
EXTERNAL_ID = "The id in the application's own system."
RECORD_ID = "The id of the record in the system that it was imported from."
ORIGIN = "The system that the record was imported from; `isNull: true` for what was written here."


def condition(description: str, name: str | None = None, *, node: str | None = None) -> Any:
    """An input field that may be left out; `node` is the type whose ids it takes."""
    return strawberry.field(
        default=UNSET, name=name, description=description, metadata={} if node is None else {"node": node}
    )


@strawberry.input(description="Which conversations: all the given conditions hold.")
class ConversationWhere:
    """Conditions on conversations."""

    and_: list["ConversationWhere"] | None = condition(AND, "and")
    or_: list["ConversationWhere"] | None = condition(OR, "or")
    not_: "ConversationWhere | None" = condition(NOT, "not")
    id: IDFilter | None = condition("The conversation itself.", node="Conversation")
    type: WordFilter[ConversationType] | None = condition("What the conversation is.")
    title: StringFilter | None = condition("The title.")
    assistant_id: IDFilter | None = condition("The assistant that answers in it.", node="Assistant")
    owner_id: StringFilter | None = condition("The end user whose conversation it is, as the application names them.")
    execution_status: WordFilter[ExecutionStatus] | None = condition("Whether an answer is being made.")
    visibility: WordFilter[Visibility] | None = condition("Who may read it, as its source says.")
    like: BooleanFilter | None = condition("The owner's opinion: true, false, or `isNull` for none.")
    tags: StringListFilter | None = condition("The tags.")
    model: StringFilter | None = condition("The model that the conversation has of its own.")
    external_id: StringFilter | None = condition(EXTERNAL_ID)
    project_id: StringFilter | None = condition("The project's label.")
    integration_id: StringFilter | None = condition("The integration that the conversation came through.")
    support_ticket_conversation_id: StringFilter | None = condition(
        "The ticket that it is about, as its source names it."
    )
    created_at: DateTimeFilter | None = condition("When it was created.")
    updated_at: DateTimeFilter | None = condition("When it was last changed.")
    last_activity_at: DateTimeFilter | None = condition("When something last happened in it.")
    archived: bool | None = condition("true: archived. false: not archived. Left out: both.")
    origin: OptionalWordFilter[OriginSystem] | None = condition(ORIGIN)
    record_id: StringFilter | None = condition(RECORD_ID)
    properties: list[PropertyFilter] | None = condition(PROPERTIES)
    user_properties: list[PropertyFilter] | None = condition(USER_PROPERTIES)
    message_count: IntFilter | None = condition("The number of its messages, on all branches.")
    has_feedback: bool | None = condition("Whether there is feedback on it or on anything in it.")
    has_citations: bool | None = condition("Whether anything is cited in it.")
    messages: "MessageWhere | None" = condition("Some message of it, on any branch, for which this holds.")
    references: "ReferenceWhere | None" = condition("Some citation or listed reference of it for which this holds.")
    feedback: "FeedbackWhere | None" = condition("Some feedback on it or on its messages for which this holds.")


@strawberry.input(description="Which messages: all the given conditions hold.")
class MessageWhere:
    """Conditions on messages."""

    and_: list["MessageWhere"] | None = condition(AND, "and")
    or_: list["MessageWhere"] | None = condition(OR, "or")
    not_: "MessageWhere | None" = condition(NOT, "not")
    id: IDFilter | None = condition("The message itself.", node="Message")
    conversation_id: IDFilter | None = condition("The conversation that it is in.", node="Conversation")
    role: WordFilter[MessageRole] | None = condition("The part that it plays.")
    message_type: WordFilter[MessageType] | None = condition("What it is for.")
    actor: WordFilter[Actor] | None = condition("Who really wrote it.")
    status: WordFilter[MessageStatus] | None = condition("How far it has come.")
    visible: bool | None = condition("Whether it is meant for the reader.")
    content: StringFilter | None = condition("The text.")
    model: StringFilter | None = condition("The model that wrote it.")
    confidence: StringFilter | None = condition("How sure the answer is, in the source's words.")
    tool_name: StringFilter | None = condition("Of a tool's result: the tool.")
    author_id: StringFilter | None = condition("The person or program that wrote it, as the application names them.")
    external_id: StringFilter | None = condition(EXTERNAL_ID)
    record_id: StringFilter | None = condition(RECORD_ID)
    timestamp: DateTimeFilter | None = condition("When it happened; absent where the source does not say.")
    created_at: DateTimeFilter | None = condition("When it was created.")
    has_feedback: bool | None = condition(
        "Whether there is feedback on it; that on one of its citations alone does not count."
    )
    has_citations: bool | None = condition("Whether it cites anything.")
    properties: list[PropertyFilter] | None = condition(PROPERTIES)
    user_properties: list[PropertyFilter] | None = condition(USER_PROPERTIES)
    metadata: list[PropertyFilter] | None = condition("Values in `metadata.extra`; all of the list hold.")
    references: "ReferenceWhere | None" = condition("Some citation of it for which this holds.")
    feedback: "FeedbackWhere | None" = condition("Some feedback on it for which this holds.")


@strawberry.input(description="Which references: all the given conditions hold.")
class ReferenceWhere:
    """Conditions on references."""

    message_id: IDFilter | None = condition(
        "The message that cites; `isNull: true` for what the conversation itself lists.", node="Message"
    )
    source_id: IDFilter | None = condition("The document that is cited.", node="Source")
    title: StringFilter | None = condition("The title, as it was cited.")
    url: StringFilter | None = condition("The address, as it was cited.")
    kind: StringFilter | None = condition("What is cited, in the source's word: page, file, record.")
    relevance_score: FloatFilter | None = condition("How relevant the search found it, from 0 to 1.")


@strawberry.input(description="Which feedback: all the given conditions hold.")
class FeedbackWhere:
    """Conditions on feedback."""

    and_: list["FeedbackWhere"] | None = condition(AND, "and")
    or_: list["FeedbackWhere"] | None = condition(OR, "or")
    not_: "FeedbackWhere | None" = condition(NOT, "not")
    id: IDFilter | None = condition("The feedback itself.", node="Feedback")
    conversation_id: IDFilter | None = condition("The conversation that it is on or in.", node="Conversation")
    message_id: IDFilter | None = condition(
        "The message that it is on, or whose citation; `isNull: true` for feedback on conversations.", node="Message"
    )
    assistant_id: IDFilter | None = condition("The assistant of the conversation.", node="Assistant")
    rating: OptionalWordFilter[Rating] | None = condition("The direction; `isNull: true` for none.")
    author_kind: WordFilter[FeedbackAuthor] | None = condition("What kind of author gave it.")
    author_id: StringFilter | None = condition("The author, as the application names them.")
    comment: StringFilter | None = condition("The comment.")
    reason: StringFilter | None = condition("The label of some reason that it gives.")
    score: ScoreFilter | None = condition("Some score that it gives.")
    external_id: StringFilter | None = condition(EXTERNAL_ID)
    created_at: DateTimeFilter | None = condition("When it was given.")
    updated_at: DateTimeFilter | None = condition("When it was last changed.")
    properties: list[PropertyFilter] | None = condition(PROPERTIES)
    user_properties: list[PropertyFilter] | None = condition(USER_PROPERTIES)


@strawberry.input(description="Which assistants: all the given conditions hold.")
class AssistantWhere:
    """Conditions on assistants."""

    id: IDFilter | None = condition("The assistant itself.", node="Assistant")
    name: StringFilter | None = condition("The name.")
    external_id: StringFilter | None = condition(EXTERNAL_ID)
    origin: OptionalWordFilter[OriginSystem] | None = condition(ORIGIN)
    record_id: StringFilter | None = condition(RECORD_ID)


@strawberry.input(description="Which tools: all the given conditions hold.")
class ToolWhere:
    """Conditions on tools."""

    id: IDFilter | None = condition("The tool itself.", node="Tool")
    name: StringFilter | None = condition("The name.")
    kind: WordFilter[ToolKind] | None = condition("What the tool does.")
    external_id: StringFilter | None = condition(EXTERNAL_ID)
    origin: OptionalWordFilter[OriginSystem] | None = condition(ORIGIN)
    record_id: StringFilter | None = condition(RECORD_ID)


@strawberry.input(description="Which sources: all the given conditions hold.")
class SourceWhere:
    """Conditions on sources."""

    id: IDFilter | None = condition("The source itself.", node="Source")
    title: StringFilter | None = condition("The title.")
    url: StringFilter | None = condition("The address.")
    kind: StringFilter | None = condition("What it is: page, file, record; the source system's word.")
    connector: StringFilter | None = condition("The system that holds the document.")
    external_id: StringFilter | None = condition("The document's id in the system that holds it.")
    citation_count: IntFilter | None = condition("How often it is cited.")
