"""The Node types under lazy names: rooms show each other's types, and modules cannot import each other in a circle."""

from typing import TYPE_CHECKING, Annotated

import strawberry

if TYPE_CHECKING:
    from graph.assistants.types import Assistant
    from graph.conversations.types import Conversation
    from graph.feedback.types import Feedback
    from graph.messages.types import Message
    from graph.references.types import Reference
    from graph.sources.types import Source
    from graph.tools.types import Tool

AssistantLink = Annotated["Assistant", strawberry.lazy("graph.assistants.types")]
ConversationLink = Annotated["Conversation", strawberry.lazy("graph.conversations.types")]
FeedbackLink = Annotated["Feedback", strawberry.lazy("graph.feedback.types")]
MessageLink = Annotated["Message", strawberry.lazy("graph.messages.types")]
ReferenceLink = Annotated["Reference", strawberry.lazy("graph.references.types")]
SourceLink = Annotated["Source", strawberry.lazy("graph.sources.types")]
ToolLink = Annotated["Tool", strawberry.lazy("graph.tools.types")]
