"""What is asked of sources."""

from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import UNSET

from db import sources
from graph import ids
from graph.access.roles import READERS
from graph.conditions import SourceWhere
from graph.declared import Asked, Found
from graph.filters import where_of
from graph.orders import SourceOrder, orders_of
from graph.paging import After, Before, Connection, First, Last, listed, page
from graph.relations import found
from graph.sources.types import Source

Where = Annotated[SourceWhere | None, strawberry.argument(description="Which sources.")]
OrderBy = Annotated[
    list[SourceOrder] | None, strawberry.argument(description="The order; left out or empty: the most cited first.")
]


def _source(id: Annotated[strawberry.ID, strawberry.argument(description="The source's id.")]) -> UUID:
    return ids.decode(id, "Source")


def _sources(
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
    where: Where = UNSET,
    order_by: OrderBy = UNSET,
) -> Asked:
    chosen = {"where": where_of(where)}
    order = {"order": orders_of(order_by, sources.ORDERS, sources.DEFAULT_ORDER)}
    return Asked(sources.page, (page(first, after, last, before),), chosen | order, sources.count, chosen)


@strawberry.type
class SourceQueries:
    """The entrances to sources."""

    source: Source | None = found(
        Found(sources.by_ids, _source, ids.texts("Source")),
        "A source. Null where nothing of the viewer's has this id.",
        roles=READERS,
    )
    sources: Connection[Source] = listed(
        sources.page, _sources, "The documents that answers cite, without an order the most cited first.", roles=READERS
    )
