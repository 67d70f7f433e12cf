"""What is asked of conversations, and what their filters can offer."""

from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import UNSET
from strawberry.scalars import JSON

from db import conversations, properties
from db.jsons import clean_text
from graph import ids
from graph.access.roles import READERS, ROLES
from graph.context import Info, loaders_of
from graph.conversations.lists import OrderBy, Where
from graph.conversations.types import Conversation
from graph.declared import Asked, Found
from graph.enums import PropertyField, PropertyOwner
from graph.errors import bad_user_input
from graph.filters import where_of
from graph.orders import orders_of
from graph.paging import After, Before, Connection, First, Last, given, limit, listed, page
from graph.relations import found

Prefix = Annotated[
    str | None, strawberry.argument(description="Only those that begin with this text, whatever the case.")
]
Limit = Annotated[int | None, strawberry.argument(description="How many at most: 1 to 100.")]
Field = Annotated[PropertyField, strawberry.argument(description="In which JSON of the record.")]
Owner = Annotated[PropertyOwner | None, strawberry.argument(description="Of which records.")]


@strawberry.type(description="A tag and how often it is used.")
class TagCount:
    """A line of what the tag filter can offer."""

    tag: str = strawberry.field(description="The tag.")
    count: int = strawberry.field(description="The number of conversations that have it.")


@strawberry.type(description="A key of the free JSON and how often it is used.")
class PropertyKey:
    """A line of what a property filter can offer."""

    key: str = strawberry.field(description="The key: the next step of a filter's `path`.")
    count: int = strawberry.field(description="The number of records that have it there.")


@strawberry.type(description="A value in the free JSON and how often it is used.")
class PropertyValue:
    """A line of what a property filter can offer."""

    value: JSON = strawberry.field(
        description="The value, for a filter's `eq`; of a list, each of its members, for `has`."
    )
    count: int = strawberry.field(description="The number of records that have it there.")


def _conversation(id: Annotated[strawberry.ID, strawberry.argument(description="The conversation's id.")]) -> UUID:
    return ids.decode(id, "Conversation")


def _external_id(
    external_id: Annotated[str, strawberry.argument(description="The id in the application's own system.")],
) -> str:
    return clean_text(external_id)


def _conversations(
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
    where: Where = UNSET,
    order_by: OrderBy = UNSET,
    deleted: Annotated[
        bool | None,
        strawberry.argument(description="true: those that were deleted and can be restored, in place of the others."),
    ] = False,
) -> Asked:
    chosen = {"where": where_of(where), "deleted": bool(deleted)}
    order = {"order": orders_of(order_by, conversations.ORDERS, conversations.DEFAULT_ORDER)}
    return Asked(conversations.page, (page(first, after, last, before),), chosen | order, conversations.count, chosen)


async def _tags(info: Info, prefix: Prefix = UNSET, first: Limit = 100) -> list[TagCount]:
    found = await loaders_of(info).whole(conversations.tag_counts, given(prefix), limit(first))(None)
    return [TagCount(tag=tag, count=count) for tag, count in found]


async def _property_keys(
    info: Info,
    field: Field,
    on: Owner = PropertyOwner.CONVERSATION,
    path: Annotated[
        list[str] | None,
        strawberry.argument(description="Where in the JSON, from the outside in; left out: at the top."),
    ] = UNSET,
    prefix: Prefix = UNSET,
    first: Limit = 100,
) -> list[PropertyKey]:
    place = (*_property(field, on), given(path) or [], given(prefix), limit(first))
    found = await loaders_of(info).whole(properties.property_keys, *place)(None)
    return [PropertyKey(key=key, count=count) for key, count in found]


async def _property_values(
    info: Info,
    field: Field,
    path: Annotated[list[str], strawberry.argument(description="Where in the JSON, from the outside in.")],
    on: Owner = PropertyOwner.CONVERSATION,
    prefix: Prefix = UNSET,
    first: Limit = 100,
) -> list[PropertyValue]:
    place = (*_property(field, on), path, given(prefix), limit(first))
    found = await loaders_of(info).whole(properties.property_values, *place)(None)
    return [PropertyValue(value=value, count=count) for value, count in found]


def _property(field: PropertyField, on: PropertyOwner | None) -> tuple[str, str]:
    owner = on or PropertyOwner.CONVERSATION
    if field is PropertyField.METADATA and owner is not PropertyOwner.MESSAGE:
        raise bad_user_input("Only messages have METADATA: give `on: MESSAGE` with it.", "on")
    return field.value, owner.value


@strawberry.type
class ConversationQueries:
    """The entrances to conversations."""

    conversation: Conversation | None = found(
        Found(conversations.by_ids, _conversation, ids.texts("Conversation")),
        "A conversation. Null where nothing of the viewer's has this id.",
        roles=READERS,
    )
    conversation_by_external_id: Conversation | None = found(
        Found(conversations.by_external_ids, _external_id),
        "The conversation with this id of the application's own. Null where there is none.",
        roles=READERS,
    )
    conversations: Connection[Conversation] = listed(
        conversations.page,
        _conversations,
        "Conversations, without an order those with the latest activity first.",
        roles=READERS,
    )
    tags: list[TagCount] = strawberry.field(
        resolver=_tags,
        description="The tags of conversations, the most used first: what a filter can offer.",
        metadata={ROLES: READERS},
    )
    property_keys: list[PropertyKey] = strawberry.field(
        resolver=_property_keys,
        description="The keys that stand at a place of the free JSON, the most used first: what a filter can offer.",
        metadata={ROLES: READERS},
    )
    property_values: list[PropertyValue] = strawberry.field(
        resolver=_property_values,
        description="The values that stand at a place of the free JSON, the most used first: what a filter can offer.",
        metadata={ROLES: READERS},
    )
