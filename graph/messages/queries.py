"""What is asked of messages across conversations."""

from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import UNSET

from db import messages
from graph import ids
from graph.access.roles import READERS
from graph.conditions import MessageWhere
from graph.declared import Asked, Found
from graph.filters import where_of
from graph.messages.types import Message
from graph.orders import MessageOrder, orders_of
from graph.paging import After, Before, Connection, First, Last, listed, page
from graph.relations import found

Where = Annotated[MessageWhere | None, strawberry.argument(description="Which messages.")]
OrderBy = Annotated[
    list[MessageOrder] | None, strawberry.argument(description="The order; left out or empty: the newest first.")
]


def _message(id: Annotated[strawberry.ID, strawberry.argument(description="The message's id.")]) -> UUID:
    return ids.decode(id, "Message")


def _messages(
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
    where: Where = UNSET,
    order_by: OrderBy = UNSET,
) -> Asked:
    chosen = {"where": where_of(where)}
    order = {"order": orders_of(order_by, messages.ORDERS, messages.DEFAULT_ORDER)}
    return Asked(messages.page, (page(first, after, last, before),), chosen | order, messages.count, chosen)


@strawberry.type
class MessageQueries:
    """The entrances to messages."""

    message: Message | None = found(
        Found(messages.by_ids, _message, ids.texts("Message")),
        "A message. Null where nothing of the viewer's has this id.",
        roles=READERS,
    )
    messages: Connection[Message] = listed(
        messages.page,
        _messages,
        (
            "Messages of all conversations and all branches, without an order the newest first: for searches and "
            "reports. A conversation's own are its `messages`."
        ),
        roles=READERS,
    )
