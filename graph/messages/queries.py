"""What is asked of messages across conversations."""

from typing import Annotated, Any

import strawberry
from strawberry import UNSET

from db import messages
from graph import ids
from graph.conditions import MessageWhere
from graph.context import Info, loaders_of
from graph.filters import where_of
from graph.messages.types import Message
from graph.orders import MessageOrder, orders_of
from graph.paging import After, Before, Connection, First, Last, Pages, page

Where = Annotated[MessageWhere | None, strawberry.argument(description="Which messages.")]
OrderBy = Annotated[
    list[MessageOrder] | None, strawberry.argument(description="The order; left out or empty: the newest first.")
]


async def _message(
    info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The message's id.")]
) -> Any:
    return await loaders_of(info).batch(messages.by_ids)(ids.decode(id, "Message"))


async def _messages(
    info: Info,
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
    where: Where = UNSET,
    order_by: OrderBy = UNSET,
) -> Any:
    loaders, condition = loaders_of(info), where_of(where)
    orders = orders_of(order_by, messages.ORDERS, messages.DEFAULT_ORDER)
    return await Pages(
        info,
        loaders.whole(messages.page, page(first, after, last, before), where=condition, order=orders),
        loaders.whole(messages.count, where=condition),
    ).of(None)


@strawberry.type
class MessageQueries:
    """The entrances to messages."""

    message: Message | None = strawberry.field(
        resolver=_message, description="A message. Null where nothing of the viewer's has this id."
    )
    messages: Connection[Message] = strawberry.field(
        resolver=_messages,
        description=(
            "Messages of all conversations and all branches, without an order the newest first: for searches and "
            "reports. A conversation's own are its `messages`."
        ),
    )
