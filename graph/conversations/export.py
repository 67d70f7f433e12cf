"""A conversation in the words of another system, or as a document: `Conversation.export`."""

from enum import StrEnum
from typing import Annotated, Any

import strawberry

from db import audit
from db.interchange.exporting import export_one
from db.interchange.exports import EXPORTS
from db.viewer import Viewer
from graph.context import Info
from graph.enums import describe
from graph.errors import bad_user_input


class ExportFormat(StrEnum):
    """The formats of exports, by the names of the API."""

    ATHENA = "athena"
    COGSOL = "cogsol"
    PIPESHUB = "pipeshub"
    INKEEP = "inkeep"
    OPENAI = "openai"
    CHATGPT = "chatgpt"
    CLAUDE = "claude"
    LIBRECHAT = "librechat"
    OPEN_WEBUI = "openwebui"
    CHATBOT_UI = "chatbotui"
    SHAREGPT = "sharegpt"
    OPENASSISTANT = "openassistant"
    MTRAG = "mtrag"
    MARKDOWN = "markdown"
    CSV = "csv"
    COLLOQUY = "colloquy"


describe(
    ExportFormat,
    "A format that a conversation can be exported in.",
    **{
        word.name: {
            ExportFormat.MARKDOWN: "A document for people.",
            ExportFormat.CSV: "A table with a row a message.",
            ExportFormat.COLLOQUY: "Colloquy's own format, which holds everything.",
        }.get(word, f"The format of {EXPORTS[word].title}.")
        for word in ExportFormat
    },
)


@strawberry.type(description="Something that a format can't hold.")
class ExportLoss:
    """A line of what an export leaves out."""

    field: str = strawberry.field(
        description="What it is, by its name in this API, such as messages.citations.excerpt."
    )
    count: int = strawberry.field(description="How often it is left out.")


@strawberry.type(description="A conversation in another format.")
class ConversationExport:
    """Its parent is the text with what was lost."""

    format: ExportFormat = strawberry.field(description="The format.")
    media_type: str = strawberry.field(description="The media type of the content, for a download.")
    file_name: str = strawberry.field(description="A name for the file, with the format's usual extension.")
    content: str = strawberry.field(
        description="The file's text; of a JSON format a record a line, as `colloquy import` reads it."
    )
    losses: list[ExportLoss] = strawberry.field(description="What the format can't hold of this conversation.")


Format = Annotated[ExportFormat, strawberry.argument(description="In which format.")]


async def exported(root: Any, info: Info, format: Format) -> ConversationExport:
    """The export of a conversation: everything of it is read anew, as it is at one moment."""
    context = info.context
    viewer: Viewer = context.viewer
    found = await export_one(context.database, root.id, format.value, viewer=viewer)
    if found is None:
        raise bad_user_input("The conversation is deleted: restore it, then export it.", "format")
    told = {"format": format.value}
    await audit.record(
        context.database, "export", node_id=root.id, type_name="Conversation", details=told, viewer=viewer
    )
    kind = EXPORTS[format.value]
    return ConversationExport(
        format=format,
        media_type=kind.media_type,
        file_name=f"conversation-{root.id}.{kind.extension}",
        content=found.content,
        losses=[ExportLoss(field=name, count=count) for name, count in sorted(found.losses.items())],
    )


def export_field() -> Any:
    """The field `Conversation.export`."""
    return strawberry.field(
        resolver=exported,
        description="The conversation as a file: in the format it came in as it was, in another as far as that goes.",
    )
