"""The parts of a message's content.

No two of the types give one field name different types, since a client selects them side by side.
"""

from typing import Annotated, Any

import strawberry
from strawberry.scalars import JSON

from db import messages
from db.words import PartType
from graph.context import Info, loaders_of


@strawberry.type(description="Text to be shown, in the message's `contentFormat`.")
class TextPart:
    """A text."""

    text: str = strawberry.field(description="The text.")


@strawberry.type(description="An image.")
class ImagePart:
    """An image."""

    url: str | None = strawberry.field(description="Where it is, or a data: URL. Null where the source does not say.")
    detail: str | None = strawberry.field(description="How closely a model is to look: auto, low, high.")


@strawberry.type(description="A file within the content.")
class FilePart:
    """A file."""

    name: str | None = strawberry.field(description="The file's name.")
    media_type: str | None = strawberry.field(description="Its media type, such as application/pdf.")
    url: str | None = strawberry.field(description="Where it is, or a data: URL.")


@strawberry.type(description="What the model thought before it answered: not part of `content`.")
class ReasoningPart:
    """Reasoning."""

    text: str = strawberry.field(description="The reasoning, or its summary.")


@strawberry.type(description="A part of a kind that has no type here.")
class OtherPart:
    """Anything else."""

    type: str = strawberry.field(description="The source's word for the kind.")
    payload: JSON = strawberry.field(description="The part as its source has it.")


ContentPart = Annotated[
    TextPart | ImagePart | FilePart | ReasoningPart | OtherPart,
    strawberry.union(
        "ContentPart",
        description="A part of a message's content. More kinds may come: show those that you know, skip the rest.",
    ),
]


def content_parts(root: Any, info: Info) -> Any:
    """The parts of a message; most messages are one text, of which there are no rows and nothing is waited for.

    A part becomes an object of its type: a union of values has to be told apart, and parts are few.
    """
    if root.has_parts:
        return _stored(root, info)
    return [TextPart(text=root.content)] if root.content else []


async def _stored(root: Any, info: Info) -> list[object]:
    return [_part(row) for row in await loaders_of(info).batch(messages.parts_of, missing=())(root.id)]


def _part(row: Any) -> TextPart | ImagePart | FilePart | ReasoningPart | OtherPart:
    match row.type:
        case PartType.TEXT:
            return TextPart(text=row.text or "")
        case PartType.IMAGE:
            return ImagePart(url=row.url, detail=row.detail)
        case PartType.FILE:
            return FilePart(name=row.name, media_type=row.media_type, url=row.url)
        case PartType.REASONING:
            return ReasoningPart(text=row.text or "")
        case _:
            return OtherPart(type=row.other_type or "other", payload=JSON({} if row.payload is None else row.payload))
