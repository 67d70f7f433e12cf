"""What the mutations of feedback answer."""

from typing import Any

import strawberry

from graph.context import Info, loaders_of
from graph.feedback.types import FeedbackTarget
from graph.inputs import TARGETS
from graph.links import FeedbackLink
from graph.nodes import Typed
from graph.refetch import READS
from graph.writing import UserError, changed, deleted, user_errors

TYPES = {table: type_name for type_name, table in TARGETS.items()}


async def _target(root: Any, info: Info) -> Any:
    if root.outcome.target is None:
        return None
    table, key = root.outcome.target
    name = TYPES[table]
    row = await loaders_of(info).batch(READS[name], of_type=name)(key)
    return None if row is None else Typed(name, row)


@strawberry.type(description="What `giveFeedback` did.")
class GiveFeedbackPayload:
    """The answer of `giveFeedback`."""

    feedback: FeedbackLink | None = changed("The feedback as it is now.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="What `withdrawFeedback` did.")
class WithdrawFeedbackPayload:
    """The answer of `withdrawFeedback`."""

    withdrawn_feedback_id: strawberry.ID | None = deleted("Feedback", "The id of the feedback, which is gone.")
    target: FeedbackTarget | None = strawberry.field(
        resolver=_target,
        description="What the feedback was on. Null where nothing was written, and where it is gone by now.",
    )
    user_errors: list[UserError] = user_errors()
