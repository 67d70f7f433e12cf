"""The closed vocabularies of the API: those of `db.words` with words for front-end developers, and the API's own."""

from enum import StrEnum

import strawberry

from db.words import (
    Actor,
    ContentFormat,
    ConversationType,
    ExecutionStatus,
    FeedbackAuthor,
    KeyScope,
    MessageRole,
    MessageStatus,
    MessageType,
    OriginSystem,
    Rating,
    Role,
    ToolKind,
    Verdict,
    ViewerKind,
    Visibility,
)

__all__ = [
    "Actor",
    "ContentFormat",
    "ConversationType",
    "ExecutionStatus",
    "FeedbackAuthor",
    "KeyScope",
    "MessageRole",
    "MessageStatus",
    "MessageType",
    "OrderDirection",
    "OriginSystem",
    "PropertyField",
    "PropertyOwner",
    "Rating",
    "Role",
    "ShareAccess",
    "ToolKind",
    "Verdict",
    "ViewerKind",
    "Visibility",
    "describe",
]


def describe(words: type[StrEnum], description: str, *, schema_name: str | None = None, **members: str) -> None:
    """Make a vocabulary an enum of the schema, by its own name or another; every member needs its description."""
    strawberry.enum(words, name=schema_name, description=description)
    for value in words.__strawberry_definition__.values:  # type: ignore[attr-defined]  # strawberry.enum sets it
        value.description = members.pop(value.name)
    assert not members, f"{words.__name__} has no {', '.join(members)}"


describe(
    ConversationType,
    "What a conversation is.",
    CHAT="A chat of a person with an assistant.",
    OPENAI="A log of model calls in OpenAI's message format.",
    SUPPORT_TICKET="A ticket of a support desk: people on both sides.",
    SUPPORT_COPILOT="An assistant helping a support agent with a ticket.",
    AGENT="An agent at work, with or without a person.",
)
describe(
    ExecutionStatus,
    "Whether an answer is being made in a conversation. Other systems' words are mapped to these.",
    AVAILABLE="Nothing runs; the next question can be asked. Also what others call completed.",
    PENDING="An answer is asked for, and nobody has begun it.",
    PROCESSING="An answer is being made. Also what others call running or in progress.",
    ERROR="The last run failed: `failReason` may say why. Also what others call failed.",
    ENDED="The conversation is closed; no more questions.",
)
describe(
    Visibility,
    "Who may read a conversation, as its source says.",
    PRIVATE="The owner, and the people who run the assistant.",
    PUBLIC="Anyone with its address.",
)
describe(
    OriginSystem,
    "The system that a record was imported from.",
    ATHENA="Athena: chat interactions of a data warehouse's assistant.",
    COGSOL="CogSol: full chats with assistants and tools.",
    PIPESHUB="PipesHub: answers over a company's documents, with citations.",
    INKEEP="Inkeep: documentation assistants and support copilots.",
    OPENAI="Messages or items of OpenAI's API, as JSON Lines.",
    CHATGPT="A data export of ChatGPT.",
    CLAUDE="A data export of Claude.",
    LIBRECHAT="An export of LibreChat.",
    OPEN_WEBUI="An export of Open WebUI.",
    CHATBOT_UI="An export of Chatbot UI.",
    SHAREGPT="A data set in ShareGPT's form.",
    OPENASSISTANT="OpenAssistant's trees of messages with ranks and votes.",
    MTRAG="The MTRAG benchmark: questions over passages, answers of several models, judgements.",
    COLLOQUY="Another Colloquy server.",
)
describe(
    MessageRole,
    "The part that a message plays in the conversation; `roleName` has the source's own word.",
    USER="The side that asks.",
    ASSISTANT="The side that answers, be it a model or a person.",
    SYSTEM="Instructions to the model.",
    TOOL="The result of a tool's call.",
    OTHER="A part that is none of these: see `roleName`.",
)
describe(
    MessageType,
    "What a message is for.",
    USER_QUERY="A question or request.",
    BOT_RESPONSE="An answer.",
    ERROR="The report of a failure in place of an answer.",
    FEEDBACK="An opinion that the source keeps as a message.",
    SYSTEM="Instructions, or a note of the software.",
    TOOL_RESULT="What a tool gave back.",
    OTHER="None of these.",
)
describe(
    Actor,
    "Who really wrote a message, whatever its role.",
    USER="An end user.",
    AI="A model.",
    STAFF="A person on the other side: support, an annotator.",
    SYSTEM="Software that is no model.",
)
describe(
    MessageStatus,
    "How far a message has come.",
    STREAMING="It is being written: `content` is what there is so far.",
    COMPLETE="It is all there.",
    STOPPED="The reader stopped it; `content` is what had been written.",
    FAILED="Its making failed: `failReason` may say why.",
)
describe(
    ContentFormat,
    "How `content` is to be shown.",
    MARKDOWN="Markdown.",
    JSON="A JSON text.",
    HTML="HTML of a foreign system: clean it before showing it.",
    TEXT="Plain text; line feeds count.",
)
describe(
    ToolKind,
    "What a tool does.",
    FUNCTION="A function of the application.",
    RETRIEVAL="A search in documents.",
    SCRIPT="A script that is run.",
    MCP="A tool of an MCP server.",
    OTHER="None of these, or not known.",
)
describe(
    Rating,
    "The direction of an opinion.",
    POSITIVE="Good: thumbs up.",
    NEGATIVE="Bad: thumbs down.",
)
describe(
    FeedbackAuthor,
    "Who gave feedback.",
    END_USER="A person who uses the assistant.",
    STAFF="A person of the team that runs it.",
    EVALUATOR="A person who judges by a rubric.",
    SYSTEM="A program, be it a rule or a model.",
)
describe(
    Verdict,
    "What feedback says of one citation.",
    POSITIVE="It is right to cite this.",
    NEGATIVE="It should not have been cited, or does not say what it is cited for.",
    MISSING="It was not cited and should have been.",
)


class ShareAccess(StrEnum):
    """The access words of PipesHub's shares."""

    READ = "READ"
    WRITE = "WRITE"


class OrderDirection(StrEnum):
    """Ascending or descending."""

    ASC = "ASC"
    DESC = "DESC"


class PropertyField(StrEnum):
    """The JSON columns that filters and discovery know."""

    PROPERTIES = "properties"
    USER_PROPERTIES = "user_properties"
    METADATA = "metadata"


class PropertyOwner(StrEnum):
    """The tables with properties."""

    CONVERSATION = "conversation"
    MESSAGE = "message"
    FEEDBACK = "feedback"


describe(
    ShareAccess,
    "What a share lets its user do, as the source says.",
    READ="Read the conversation.",
    WRITE="Read it and go on with it.",
)
describe(
    OrderDirection,
    "In which direction a list is ordered. Items without the value come last in both.",
    ASC="Smallest, oldest or first in the alphabet of code points first.",
    DESC="Largest, newest or last in the alphabet of code points first.",
)
describe(
    PropertyField,
    "Which free JSON of a record is meant.",
    PROPERTIES="`properties`: what the application says of the record.",
    USER_PROPERTIES="`userProperties`: what it says of the person.",
    METADATA="`metadata.extra`: the free metadata; of messages only.",
)
describe(
    PropertyOwner,
    "Of which records the properties are meant.",
    CONVERSATION="Of conversations.",
    MESSAGE="Of messages.",
    FEEDBACK="Of feedback.",
)
describe(
    KeyScope,
    "What a key may do, in its own workspace.",
    READ="Reads everything, changes nothing.",
    WRITE="Reads and writes conversations, assistants and tools.",
    INGEST="Logs and streams, and reads nothing: fit for a browser or a logging sidecar.",
    ADMIN="Everything, keys and the audit log among it.",
)
describe(
    Role,
    "What somebody may do in a workspace.",
    END_USER="Reads and writes their own conversations, and sees nothing else.",
    VIEWER="Reads everything.",
    EDITOR="Reads and writes everything.",
    ADMIN="Everything, keys and the audit log among it.",
    INGEST="Logs and streams, and reads nothing.",
)
describe(
    ViewerKind,
    "How somebody has shown who they are.",
    OPEN="Not at all: a server without keys on a loopback address takes whoever asks for its admin.",
    KEY="With a key.",
    END_USER="With a token that names them: of the team's identity provider, or of `createUserToken`.",
    ANONYMOUS="With a token of `createUserToken` that names nobody, and can be claimed later.",
)
