"""What is asked of sources."""

from typing import Annotated, Any

import strawberry
from strawberry import UNSET

from db import sources
from graph import ids
from graph.conditions import SourceWhere
from graph.context import Info, loaders_of
from graph.filters import where_of
from graph.orders import SourceOrder, orders_of
from graph.paging import After, Before, Connection, First, Last, Pages, page
from graph.sources.types import Source

Where = Annotated[SourceWhere | None, strawberry.argument(description="Which sources.")]
OrderBy = Annotated[
    list[SourceOrder] | None, strawberry.argument(description="The order; left out or empty: the most cited first.")
]


async def _source(info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The source's id.")]) -> Any:
    return await loaders_of(info).batch(sources.by_ids)(ids.decode(id, "Source"))


async def _sources(
    info: Info,
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
    where: Where = UNSET,
    order_by: OrderBy = UNSET,
) -> Any:
    loaders, condition = loaders_of(info), where_of(where)
    orders = orders_of(order_by, sources.ORDERS, sources.DEFAULT_ORDER)
    return await Pages(
        info,
        loaders.whole(sources.page, page(first, after, last, before), where=condition, order=orders),
        loaders.whole(sources.count, where=condition),
    ).of(None)


@strawberry.type
class SourceQueries:
    """The entrances to sources."""

    source: Source | None = strawberry.field(
        resolver=_source, description="A source. Null where nothing of the viewer's has this id."
    )
    sources: Connection[Source] = strawberry.field(
        resolver=_sources, description="The documents that answers cite, without an order the most cited first."
    )
