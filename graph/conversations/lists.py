"""The conversations of an assistant or a tool: one field of two types."""

from typing import Annotated, Any

import strawberry
from strawberry import UNSET

from db.conversations import DEFAULT_ORDER, ORDERS
from graph.conditions import ConversationWhere
from graph.context import Info, loaders_of
from graph.filters import where_of
from graph.loading import Read
from graph.orders import ConversationOrder, orders_of
from graph.paging import After, Before, First, Last, Pages, page
from graph.relations import Relation

Where = Annotated[ConversationWhere | None, strawberry.argument(description="Which conversations.")]
OrderBy = Annotated[
    list[ConversationOrder] | None,
    strawberry.argument(description="The order; left out or empty: the latest activity first."),
]


def conversations_of(read: Read, count: Read, description: str) -> Any:
    """The field of a list of conversations that belong to the parent."""

    async def resolve(
        root: Any,
        info: Info,
        first: First = UNSET,
        after: After = UNSET,
        last: Last = UNSET,
        before: Before = UNSET,
        where: Where = UNSET,
        order_by: OrderBy = UNSET,
    ) -> Any:
        def pages() -> Pages:
            loaders, condition = loaders_of(info), where_of(where)
            orders = orders_of(order_by, ORDERS, DEFAULT_ORDER)
            return Pages(
                info,
                loaders.batch(read, page(first, after, last, before), where=condition, order=orders),
                loaders.batch(count, missing=0, where=condition),
            )

        return await info.context.once(info, pages).of(root.id)

    return strawberry.field(
        resolver=resolve, description=description, metadata={"relation": Relation(read, count=count)}
    )
