"""The Reference: one use of a source, in an answer or in a conversation's own list."""

from typing import Any

import strawberry
from strawberry.scalars import JSON

from db import conversations, feedback, messages, sources
from graph.fields import computed, integer, list_of, node_id, within_int
from graph.links import ConversationLink, FeedbackLink, MessageLink, SourceLink
from graph.nodes import Node
from graph.relations import to_many, to_one, to_the_one


def _pages(recorded: list[Any] | None) -> list[int]:
    return [number for number in recorded or () if within_int(number) is not None]


@strawberry.type(
    description=(
        "One use of a source: a citation in an answer, or an entry in a conversation's own list. The document itself, "
        "which may be cited a thousand times, is its `source`."
    )
)
class Reference(Node):
    """Its parent is a row of `citations`."""

    id: strawberry.ID = node_id("Reference")
    message: MessageLink | None = to_one(
        messages.by_ids, "message_id", "The message that cites. Null: the conversation lists it."
    )
    conversation: ConversationLink = to_the_one(
        conversations.by_ids, "conversation_id", "The conversation that it is in."
    )
    number: int = strawberry.field(description="The N of an inline [N] in the message's content, from 1.")
    shown_number: int | None = integer(
        "shown_number", "The number that its source showed to the reader, where that is another."
    )
    label: str | None = strawberry.field(description="What a reader is shown for it.")
    source: SourceLink | None = to_one(
        sources.by_ids, "source_id", "The document that is cited. Null where it cannot be told."
    )
    title: str | None = strawberry.field(description="The title, as it was cited.")
    url: str | None = strawberry.field(description="The address, as it was cited.")
    excerpt: str | None = strawberry.field(description="The passage that the answer rests on.")
    context: str | None = strawberry.field(description="The text around the passage.")
    description: str | None = strawberry.field(description="What the document is, in the source's words.")
    relevance_score: float | None = strawberry.field(description="How relevant the search found it, from 0 to 1.")
    kind: str | None = strawberry.field(description="What is cited, in the source's word: page, file, record.")
    breadcrumbs: list[str] = list_of("breadcrumbs", "The way to it through the document or site, from the outside in.")
    pages: list[int] = computed("pages", by=_pages, description="The pages that the passage is on.")
    start_index: int | None = integer(
        "start_index", "Where the citation stands in the message's content: its begin, in Unicode code points from 0."
    )
    end_index: int | None = integer(
        "end_index",
        "Where the citation stands in the message's content: behind its end, in Unicode code points from 0.",
    )
    external_id: str | None = strawberry.field(description="The citation's id in its source.")
    metadata: JSON | None = strawberry.field(description="What else its source says of it.")
    feedback: list[FeedbackLink] = to_many(
        feedback.of_references,
        "Feedback on this citation alone, and that on its message with a verdict on it; the newest first, at most 100.",
    )
