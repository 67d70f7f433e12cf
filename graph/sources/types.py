"""The Source: a document that answers cite."""

from datetime import datetime
from typing import Any

import strawberry
from strawberry import UNSET
from strawberry.scalars import JSON

from db import references
from graph.context import Info, loaders_of
from graph.fields import node_id
from graph.links import ReferenceLink
from graph.nodes import Node
from graph.origin import Origin, origin
from graph.paging import After, Before, Connection, First, Last, Pages, page
from graph.relations import Relation


async def _references(
    root: Any,
    info: Info,
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
) -> Any:
    def pages() -> Pages:
        loaders = loaders_of(info)
        return Pages(
            info,
            loaders.batch(references.of_sources, page(first, after, last, before)),
            loaders.batch(references.count_of_sources, missing=0),
        )

    return await info.context.once(info, pages).of(root.id)


@strawberry.type(description="A document, page or record that answers cite: one object, however often it is cited.")
class Source(Node):
    """Its parent is a row of `sources`."""

    id: strawberry.ID = node_id("Source")
    title: str | None = strawberry.field(description="The title.")
    url: str | None = strawberry.field(description="The address.")
    kind: str | None = strawberry.field(description="What it is, in the source system's word: page, file, record.")
    connector: str | None = strawberry.field(description="The system that holds the document.")
    external_id: str | None = strawberry.field(description="The document's id in that system.")
    text: str | None = strawberry.field(description="The document's text, where it was brought along.")
    metadata: JSON | None = strawberry.field(description="What else is known of it: any JSON object.")
    origin: Origin | None = origin()
    citation_count: int = strawberry.field(description="How often it is cited, all conversations together.")
    references: Connection[ReferenceLink] = strawberry.field(
        resolver=_references,
        description="Its uses, in the order in which they came here. Deleted conversations are left out.",
        metadata={"relation": Relation(references.of_sources, count=references.count_of_sources)},
    )
    created_at: datetime = strawberry.field(description="When it was first seen here.")
    updated_at: datetime = strawberry.field(description="When it was last changed.")
