"""The parts of a message's content.

No two of the types give one field name different types, since a client selects them side by side.
"""

from typing import Annotated, Any

import strawberry
from strawberry.scalars import JSON

from db import messages
from db.words import PartType
from graph.declared import Derived, Shape
from graph.relations import derived


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


def _parts(found: list[tuple[Any, ...]], has_parts: bool, content: str) -> list[Any]:
    """The parts of a message. Most messages are one text, of which there are no rows.

    A part becomes an object of its type: a union of values has to be told apart, and parts are few.
    """
    if has_parts:
        return [_part(*row) for row in found]
    return [TextPart(text=content)] if content else []


def _part(
    kind: PartType,
    text: str | None,
    url: str | None,
    detail: str | None,
    name: str | None,
    media_type: str | None,
    other_type: str | None,
    payload: Any,
) -> TextPart | ImagePart | FilePart | ReasoningPart | OtherPart:
    match kind:
        case PartType.TEXT:
            return TextPart(text=text or "")
        case PartType.IMAGE:
            return ImagePart(url=url, detail=detail)
        case PartType.FILE:
            return FilePart(name=name, media_type=media_type, url=url)
        case PartType.REASONING:
            return ReasoningPart(text=text or "")
        case _:
            return OtherPart(type=other_type or "other", payload=JSON({} if payload is None else payload))


def content_parts(description: str) -> Any:
    """The field with the parts of a message."""
    return derived(
        Derived(
            messages.parts_of,
            ("type", "text", "url", "detail", "name", "media_type", "other_type", "payload"),
            _parts,
            Shape.MANY,
            columns=("has_parts", "content"),
            when="has_parts",
        ),
        description,
    )
