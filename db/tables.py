"""All tables, so that whoever needs their metadata has it whole."""

import sqlalchemy as sa
from sqlmodel import SQLModel

from db import row_security
from db.assistants import Assistant, AssistantTool
from db.audit import AuditEntry
from db.conversations import Conversation, ConversationTag, ConversationTool
from db.feedback import CitationVerdict, Feedback, FeedbackReason, FeedbackScore
from db.keys import ApiKey
from db.messages import Attachment, ContentPart, FollowUpQuestion, Message, ToolCall
from db.origins import Import, Origin, RecordVersion
from db.rates import RatePoints
from db.references import Reference
from db.repeats import Repeat
from db.sources import Source
from db.token_secrets import StoredSecret
from db.tools import Tool
from db.workspaces import Workspace

metadata: sa.MetaData = SQLModel.metadata
row_security.attach(metadata)

__all__ = [
    "ApiKey",
    "Assistant",
    "AssistantTool",
    "Attachment",
    "AuditEntry",
    "CitationVerdict",
    "ContentPart",
    "Conversation",
    "ConversationTag",
    "ConversationTool",
    "Feedback",
    "FeedbackReason",
    "FeedbackScore",
    "FollowUpQuestion",
    "Import",
    "Message",
    "Origin",
    "RatePoints",
    "RecordVersion",
    "Reference",
    "Repeat",
    "Source",
    "StoredSecret",
    "Tool",
    "ToolCall",
    "Workspace",
    "metadata",
]
