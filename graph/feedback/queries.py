"""What is asked of feedback."""

from typing import Annotated, Any

import strawberry
from strawberry import UNSET

from db import feedback
from graph.conditions import FeedbackWhere
from graph.context import Info, loaders_of
from graph.feedback.types import Feedback
from graph.filters import where_of
from graph.orders import FeedbackOrder, orders_of
from graph.paging import After, Before, Connection, First, Last, Pages, page

Where = Annotated[FeedbackWhere | None, strawberry.argument(description="Which feedback.")]
OrderBy = Annotated[
    list[FeedbackOrder] | None, strawberry.argument(description="The order; left out or empty: the newest first.")
]


async def _feedback(
    info: Info,
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
    where: Where = UNSET,
    order_by: OrderBy = UNSET,
) -> Any:
    loaders, condition = loaders_of(info), where_of(where)
    orders = orders_of(order_by, feedback.ORDERS, feedback.DEFAULT_ORDER)
    return await Pages(
        info,
        loaders.whole(feedback.page, page(first, after, last, before), where=condition, order=orders),
        loaders.whole(feedback.count, where=condition),
    ).of(None)


@strawberry.type
class FeedbackQueries:
    """The entrance to feedback."""

    feedback: Connection[Feedback] = strawberry.field(
        resolver=_feedback,
        description="Feedback on conversations, messages and citations, without an order the newest first.",
    )
