"""How lists can be ordered: the inputs, and their conversion to the orders of `db`."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

import strawberry
from strawberry import UNSET

from db.paging import Order
from graph.enums import OrderDirection, describe
from graph.errors import bad_user_input

DIRECTION = "In which direction; items without the value come last in both. The id breaks every tie."
FIELD = "What to order by."


class ConversationOrderField(StrEnum):
    """Columns of conversations with an index."""

    CREATED_AT = "CREATED_AT"
    UPDATED_AT = "UPDATED_AT"
    LAST_ACTIVITY_AT = "LAST_ACTIVITY_AT"
    TITLE = "TITLE"
    MESSAGE_COUNT = "MESSAGE_COUNT"


class MessageOrderField(StrEnum):
    """Columns of messages with an index."""

    CREATED_AT = "CREATED_AT"
    TIMESTAMP = "TIMESTAMP"


class FeedbackOrderField(StrEnum):
    """Columns of feedback with an index."""

    CREATED_AT = "CREATED_AT"
    UPDATED_AT = "UPDATED_AT"


class SourceOrderField(StrEnum):
    """Columns of sources with an index."""

    CITATION_COUNT = "CITATION_COUNT"
    TITLE = "TITLE"
    CREATED_AT = "CREATED_AT"


describe(
    ConversationOrderField,
    "What conversations can be ordered by. Without an order: LAST_ACTIVITY_AT, the newest first.",
    CREATED_AT="When they were created.",
    UPDATED_AT="When they were last changed.",
    LAST_ACTIVITY_AT="When something last happened in them.",
    TITLE="Their titles, by code point.",
    MESSAGE_COUNT="The number of their messages, on all branches.",
)
describe(
    MessageOrderField,
    "What messages can be ordered by. Without an order: CREATED_AT, the newest first.",
    CREATED_AT="When they were created.",
    TIMESTAMP="When they happened; last those whose source does not say.",
)
describe(
    FeedbackOrderField,
    "What feedback can be ordered by. Without an order: CREATED_AT, the newest first.",
    CREATED_AT="When it was given.",
    UPDATED_AT="When it was last changed.",
)
describe(
    SourceOrderField,
    "What sources can be ordered by. Without an order: CITATION_COUNT, the most cited first.",
    CITATION_COUNT="How often they are cited.",
    TITLE="Their titles, by code point; last those without.",
    CREATED_AT="When they were first seen here.",
)


@strawberry.input(
    description="An order of conversations. Of several, the later ones order what is equal by the earlier."
)
class ConversationOrder:
    """A field and a direction."""

    field: ConversationOrderField = strawberry.field(description=FIELD)
    direction: OrderDirection | None = strawberry.field(default=OrderDirection.DESC, description=DIRECTION)


@strawberry.input(description="An order of messages. Of several, the later ones order what is equal by the earlier.")
class MessageOrder:
    """A field and a direction."""

    field: MessageOrderField = strawberry.field(description=FIELD)
    direction: OrderDirection | None = strawberry.field(default=OrderDirection.DESC, description=DIRECTION)


@strawberry.input(description="An order of feedback. Of several, the later ones order what is equal by the earlier.")
class FeedbackOrder:
    """A field and a direction."""

    field: FeedbackOrderField = strawberry.field(description=FIELD)
    direction: OrderDirection | None = strawberry.field(default=OrderDirection.DESC, description=DIRECTION)


@strawberry.input(description="An order of sources. Of several, the later ones order what is equal by the earlier.")
class SourceOrder:
    """A field and a direction."""

    field: SourceOrderField = strawberry.field(description=FIELD)
    direction: OrderDirection | None = strawberry.field(default=OrderDirection.DESC, description=DIRECTION)


def orders_of(given: Sequence[Any] | None, known: Mapping[str, Order], default: Sequence[Order]) -> Sequence[Order]:
    """The orders of an `orderBy` argument, `default` where it is left out, null or empty; a null direction is DESC.

    Raises:
        GraphQLError: BAD_USER_INPUT, where a field is named twice.
    """
    if not given or given is UNSET:
        return default
    if len({order.field for order in given}) < len(given):
        raise bad_user_input("`orderBy` names a field twice.", "orderBy")
    return [known[order.field].directed(descending=order.direction is not OrderDirection.ASC) for order in given]
