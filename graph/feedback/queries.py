"""What is asked of feedback."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from db import feedback
from graph.access.roles import READERS
from graph.conditions import FeedbackWhere
from graph.declared import Asked
from graph.feedback.types import Feedback
from graph.filters import where_of
from graph.orders import FeedbackOrder, orders_of
from graph.paging import After, Before, Connection, First, Last, listed, page

Where = Annotated[FeedbackWhere | None, strawberry.argument(description="Which feedback.")]
OrderBy = Annotated[
    list[FeedbackOrder] | None, strawberry.argument(description="The order; left out or empty: the newest first.")
]


def _feedback(
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
    where: Where = UNSET,
    order_by: OrderBy = UNSET,
) -> Asked:
    chosen = {"where": where_of(where)}
    order = {"order": orders_of(order_by, feedback.ORDERS, feedback.DEFAULT_ORDER)}
    return Asked(feedback.page, (page(first, after, last, before),), chosen | order, feedback.count, chosen)


@strawberry.type
class FeedbackQueries:
    """The entrance to feedback."""

    feedback: Connection[Feedback] = listed(
        feedback.page,
        _feedback,
        "Feedback on conversations, messages and citations, without an order the newest first.",
        roles=READERS,
    )
