"""The closed vocabularies of the data, as they are stored and as the API names them."""

from enum import StrEnum


class ConversationType(StrEnum):
    """What a conversation is."""

    CHAT = "CHAT"
    OPENAI = "OPENAI"
    SUPPORT_TICKET = "SUPPORT_TICKET"
    SUPPORT_COPILOT = "SUPPORT_COPILOT"
    AGENT = "AGENT"


class ExecutionStatus(StrEnum):
    """Whether an answer is being made."""

    AVAILABLE = "AVAILABLE"
    PENDING = "PENDING"
    PROCESSING = "PROCESSING"
    ERROR = "ERROR"
    ENDED = "ENDED"


class Visibility(StrEnum):
    """Who may read a conversation, as its source says."""

    PRIVATE = "PRIVATE"
    PUBLIC = "PUBLIC"


class OriginSystem(StrEnum):
    """The system that a record was imported from."""

    ATHENA = "ATHENA"
    COGSOL = "COGSOL"
    PIPESHUB = "PIPESHUB"
    INKEEP = "INKEEP"
    OPENAI = "OPENAI"
    CHATGPT = "CHATGPT"
    CLAUDE = "CLAUDE"
    LIBRECHAT = "LIBRECHAT"
    OPEN_WEBUI = "OPEN_WEBUI"
    CHATBOT_UI = "CHATBOT_UI"
    SHAREGPT = "SHAREGPT"
    OPENASSISTANT = "OPENASSISTANT"
    MTRAG = "MTRAG"
    COLLOQUY = "COLLOQUY"


class MessageRole(StrEnum):
    """The speaker's part in the conversation."""

    USER = "USER"
    ASSISTANT = "ASSISTANT"
    SYSTEM = "SYSTEM"
    TOOL = "TOOL"
    OTHER = "OTHER"


class MessageType(StrEnum):
    """What a message is for."""

    USER_QUERY = "USER_QUERY"
    BOT_RESPONSE = "BOT_RESPONSE"
    ERROR = "ERROR"
    FEEDBACK = "FEEDBACK"
    SYSTEM = "SYSTEM"
    TOOL_RESULT = "TOOL_RESULT"
    OTHER = "OTHER"


class Actor(StrEnum):
    """Who really wrote a message."""

    USER = "USER"
    AI = "AI"
    STAFF = "STAFF"
    SYSTEM = "SYSTEM"


class MessageStatus(StrEnum):
    """How far a message has come."""

    STREAMING = "STREAMING"
    COMPLETE = "COMPLETE"
    STOPPED = "STOPPED"
    FAILED = "FAILED"


class ContentFormat(StrEnum):
    """How a message's content is to be read."""

    MARKDOWN = "MARKDOWN"
    JSON = "JSON"
    HTML = "HTML"
    TEXT = "TEXT"


class PartType(StrEnum):
    """What a content part holds."""

    TEXT = "TEXT"
    IMAGE = "IMAGE"
    FILE = "FILE"
    REASONING = "REASONING"
    OTHER = "OTHER"


class ToolKind(StrEnum):
    """What a tool does."""

    FUNCTION = "FUNCTION"
    RETRIEVAL = "RETRIEVAL"
    SCRIPT = "SCRIPT"
    MCP = "MCP"
    OTHER = "OTHER"


class Rating(StrEnum):
    """The direction of an opinion."""

    POSITIVE = "POSITIVE"
    NEGATIVE = "NEGATIVE"


class FeedbackAuthor(StrEnum):
    """Who gave feedback."""

    END_USER = "END_USER"
    STAFF = "STAFF"
    EVALUATOR = "EVALUATOR"
    SYSTEM = "SYSTEM"


class Verdict(StrEnum):
    """What an author of feedback says of a citation."""

    POSITIVE = "POSITIVE"
    NEGATIVE = "NEGATIVE"
    MISSING = "MISSING"


class Entity(StrEnum):
    """The tables whose rows can have an origin."""

    CONVERSATION = "CONVERSATION"
    MESSAGE = "MESSAGE"
    REFERENCE = "REFERENCE"
    SOURCE = "SOURCE"
    ASSISTANT = "ASSISTANT"
    TOOL = "TOOL"
    FEEDBACK = "FEEDBACK"


class IdType(StrEnum):
    """The JSON type that a record's id had in its source; PLACE: it had none and was named by its place."""

    STRING = "STRING"
    NUMBER = "NUMBER"
    PLACE = "PLACE"


class ErrorPolicy(StrEnum):
    """What becomes of the good elements of a list in which some are bad."""

    ALL_OR_NOTHING = "ALL_OR_NOTHING"
    REJECT_BAD = "REJECT_BAD"


class ProblemCode(StrEnum):
    """What is wrong with the input of a write."""

    REQUIRED = "REQUIRED"
    INVALID = "INVALID"
    TOO_LONG = "TOO_LONG"
    TOO_MANY = "TOO_MANY"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    NOT_FOUND = "NOT_FOUND"
    TAKEN = "TAKEN"
    IN_USE = "IN_USE"
    WRONG_CONVERSATION = "WRONG_CONVERSATION"
    CYCLE = "CYCLE"
    STALE_VERSION = "STALE_VERSION"
    INVALID_TRANSITION = "INVALID_TRANSITION"
    UNDO_EXPIRED = "UNDO_EXPIRED"
    NOT_STREAMING = "NOT_STREAMING"
    OUT_OF_ORDER = "OUT_OF_ORDER"
    IDEMPOTENCY_MISMATCH = "IDEMPOTENCY_MISMATCH"
    UNSUPPORTED = "UNSUPPORTED"
    FORBIDDEN = "FORBIDDEN"


class Role(StrEnum):
    """What somebody may do in a workspace; docs/security.md has the table."""

    END_USER = "END_USER"
    VIEWER = "VIEWER"
    EDITOR = "EDITOR"
    ADMIN = "ADMIN"
    INGEST = "INGEST"


class ViewerKind(StrEnum):
    """How somebody has shown who they are."""

    OPEN = "OPEN"
    KEY = "KEY"
    END_USER = "END_USER"
    ANONYMOUS = "ANONYMOUS"


class KeyScope(StrEnum):
    """What a key may do."""

    READ = "READ"
    WRITE = "WRITE"
    INGEST = "INGEST"
    ADMIN = "ADMIN"
