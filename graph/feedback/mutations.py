"""What can be done to feedback."""

import strawberry

from db import writing
from graph.access.roles import WRITERS
from graph.feedback.inputs import GiveFeedbackInput, WithdrawFeedbackInput
from graph.feedback.payloads import GiveFeedbackPayload, WithdrawFeedbackPayload
from graph.writing import mutation


@strawberry.type
class FeedbackMutations:
    """The writes of feedback."""

    give_feedback: GiveFeedbackPayload = mutation(
        writing.give_feedback,
        GiveFeedbackInput,
        "Say what someone thinks of a conversation, a message or a citation. There is one feedback of an author on a "
        "target: the next one takes its place.",
        roles=WRITERS,
    )
    withdraw_feedback: WithdrawFeedbackPayload = mutation(
        writing.withdraw_feedback, WithdrawFeedbackInput, "Take feedback back: it is deleted.", roles=WRITERS
    )
