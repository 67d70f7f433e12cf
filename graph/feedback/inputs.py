"""The inputs of feedback."""

from datetime import datetime

import strawberry
from strawberry.scalars import JSON

from graph.enums import FeedbackAuthor, Rating, Verdict
from graph.inputs import idempotency_key, optional, required, target
from graph.messages.inputs import ITEMS, JSON_OBJECT, SHORT


@strawberry.input(description="A reason for feedback.")
class FeedbackReasonInput:
    """A reason."""

    label: str = required("The reason, a category as a rule." + SHORT)
    details: str | None = optional("What the author adds to it.")


@strawberry.input(description="A value on a named scale.")
class FeedbackScoreInput:
    """A score."""

    name: str = required("The scale: accuracy, relevance, quality." + SHORT)
    value: float = required("The value; its range is the scale's own.")
    label: str | None = optional("The scale's word for the value.")


@strawberry.input(description="What feedback on a message says of one of its citations, or of one that is missing.")
class CitationVerdictInput:
    """A verdict on a citation."""

    verdict: Verdict | None = optional("The verdict. Left out: only a score or a comment.")
    score: float | None = optional("How relevant the author finds it, on the application's own scale.")
    comment: str | None = optional("What the author says of it.")
    reference_id: strawberry.ID | None = optional(
        "The citation, one of the message. Left out: it is missing there.", node="Reference"
    )
    title: str | None = optional("The title of what is meant.")
    url: str | None = optional("The address of what is meant.")


@strawberry.input(description="What the author had before the eyes; what is left out is taken as it is now.")
class FeedbackContextInput:
    """What was on the screen."""

    message_version: int | None = optional("The `version` of the message that was shown.")
    current_message_id: strawberry.ID | None = optional("The end of the branch that was in play.", node="Message")
    assistant_version: int | None = optional("The `version` of the assistant that had answered.")


@strawberry.input(description="An opinion. It takes the place of what the same author said of the same target before.")
class GiveFeedbackInput:
    """What `giveFeedback` takes."""

    target_id: strawberry.ID = target("What it is on: the id of a Conversation, a Message or a Reference.")
    rating: Rating | None = optional("The direction. Left out: an opinion without one.")
    comment: str | None = optional("What the author says.")
    reasons: list[FeedbackReasonInput] | None = optional("The reasons, in order." + ITEMS)
    scores: list[FeedbackScoreInput] | None = optional("Values on named scales, in order." + ITEMS)
    citation_verdicts: list[CitationVerdictInput] | None = optional(
        "What it says of single citations of the message, in order." + ITEMS
    )
    positive_comment: str | None = optional("What the author liked.")
    negative_comment: str | None = optional("What the author did not like.")
    suggestion: str | None = optional("What the author proposes.")
    follow_up_questions_helpful: bool | None = optional("Whether the suggested questions helped.")
    author_id: str | None = optional("The author, as the application names them. Left out: who is signed in." + SHORT)
    author_kind: FeedbackAuthor | None = optional("What kind of author gives it. Left out: END_USER.")
    seen: FeedbackContextInput | None = optional("What the author had before the eyes. Left out: all as it is now.")
    properties: JSON | None = optional("What the application says of the feedback" + JSON_OBJECT)
    user_properties: JSON | None = optional("What the application says of the person" + JSON_OBJECT)
    external_id: str | None = optional("The id in the application's own system." + SHORT)
    created_at: datetime | None = optional("When it was given, where that was earlier. Left out: now.")
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="The feedback that is to be taken back.")
class WithdrawFeedbackInput:
    """What `withdrawFeedback` takes."""

    id: strawberry.ID = required("The feedback.", node="Feedback")
    idempotency_key: str | None = idempotency_key()
