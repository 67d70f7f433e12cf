"""The inputs of citations, and of the sources that they cite."""

import strawberry
from strawberry.scalars import JSON

from graph.inputs import optional

SHORT = " At most 512 characters."


@strawberry.input(
    description=(
        "A document that is cited. It is found by its connector and external id, else by its url; where there is none "
        "yet it is made."
    )
)
class SourceInput:
    """A source."""

    external_id: str | None = optional("The document's id in the system that holds it." + SHORT)
    connector: str | None = optional("The system that holds it: confluence, drive, web." + SHORT)
    url: str | None = optional("Its address.")
    title: str | None = optional("Its title." + SHORT)
    kind: str | None = optional("What it is: page, file, record." + SHORT)
    text: str | None = optional("What is in it, or what is known of that.")
    metadata: JSON | None = optional("What else is known of it: any JSON object, at most 64 KiB (a setting).")


@strawberry.input(
    description=(
        "A citation. The document is found by `sourceId`, else by the connector and external id of `source`, else by "
        "`url`; where there is none yet it is made of `title` and `url`."
    )
)
class ReferenceInput:
    """A citation."""

    number: int | None = optional(
        "The N of an inline [N] in the message's content, from 1. Left out: its place in the list."
    )
    shown_number: int | None = optional("The number that the reader was shown, where that is another.")
    label: str | None = optional("What a reader is shown for it.")
    source_id: strawberry.ID | None = optional("The id of the document, a Source.", node="Source")
    source: SourceInput | None = optional("The document, where its id is not known.")
    title: str | None = optional("The title, as it is cited.")
    url: str | None = optional("The address, as it is cited.")
    excerpt: str | None = optional("The passage that the answer rests on.")
    context: str | None = optional("The text around the passage.")
    description: str | None = optional("What the document is.")
    relevance_score: float | None = optional("How relevant the search found it, from 0 to 1.")
    kind: str | None = optional("What is cited: page, file, record." + SHORT)
    breadcrumbs: list[str] | None = optional(
        "The way to it through the document or site, from the outside in. At most 1,000 (a setting)."
    )
    pages: list[int] | None = optional("The pages that the passage is on. At most 1,000 (a setting).")
    start_index: int | None = optional(
        "Where the citation stands in the message's content: its begin, in Unicode code points from 0."
    )
    end_index: int | None = optional(
        "Where the citation stands in the message's content: behind its end, in Unicode code points from 0."
    )
    external_id: str | None = optional("The citation's id in the application's own system." + SHORT)
    metadata: JSON | None = optional("What else is known of it: any JSON object, at most 64 KiB (a setting).")
