"""All tables, so that whoever needs their metadata has it whole."""

import sqlalchemy as sa
from sqlmodel import SQLModel

from db.assistants import Assistant, AssistantTool
from db.conversations import Conversation, ConversationTag, ConversationTool
from db.feedback import CitationVerdict, Feedback, FeedbackReason, FeedbackScore
from db.messages import Attachment, ContentPart, FollowUpQuestion, Message, ToolCall
from db.origins import Import, Origin, RecordVersion
from db.references import Reference
from db.repeats import Repeat
from db.sources import Source
from db.tools import Tool
from db.workspaces import Workspace

metadata: sa.MetaData = SQLModel.metadata

__all__ = [
    "Assistant",
    "AssistantTool",
    "Attachment",
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
    "RecordVersion",
    "Reference",
    "Repeat",
    "Source",
    "Tool",
    "ToolCall",
    "Workspace",
    "metadata",
]
