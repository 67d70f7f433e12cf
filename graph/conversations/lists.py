"""The conversations of an assistant or a tool: one field of two types."""

from collections.abc import Callable
from typing import Annotated, Any

import strawberry
from strawberry import UNSET

from db.conversations import DEFAULT_ORDER, ORDERS
from graph.conditions import ConversationWhere
from graph.declared import Asked, Read
from graph.filters import where_of
from graph.orders import ConversationOrder, orders_of
from graph.paging import After, Before, First, Last, page, paged

Where = Annotated[ConversationWhere | None, strawberry.argument(description="Which conversations.")]
OrderBy = Annotated[
    list[ConversationOrder] | None,
    strawberry.argument(description="The order; left out or empty: the latest activity first."),
]


def conversations_of(read: Read, count: Callable[..., Any], description: str) -> Any:
    """The field of a list of conversations that belong to the parent."""

    def ask(
        first: First = UNSET,
        after: After = UNSET,
        last: Last = UNSET,
        before: Before = UNSET,
        where: Where = UNSET,
        order_by: OrderBy = UNSET,
    ) -> Asked:
        condition = {"where": where_of(where)}
        order = {"order": orders_of(order_by, ORDERS, DEFAULT_ORDER)}
        return Asked(read, (page(first, after, last, before),), condition | order, count, condition)

    return paged(read, ask, description)
