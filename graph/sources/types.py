"""The Source: a document that answers cite."""

from datetime import datetime

import strawberry
from strawberry import UNSET
from strawberry.scalars import JSON

from db import references
from graph.declared import Asked
from graph.fields import node_id
from graph.links import ReferenceLink
from graph.nodes import Node
from graph.origin import Origin, origin
from graph.paging import After, Before, Connection, First, Last, page, paged


def _references(
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
) -> Asked:
    return Asked(references.of_sources, (page(first, after, last, before),), count=references.count_of_sources)


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
    references: Connection[ReferenceLink] = paged(
        references.of_sources,
        _references,
        "Its uses, in the order in which they came here. Deleted conversations are left out.",
    )
    created_at: datetime = strawberry.field(description="When it was first seen here.")
    updated_at: datetime = strawberry.field(description="When it was last changed.")
