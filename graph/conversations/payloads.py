"""What the mutations of conversations answer."""

from datetime import datetime
from operator import attrgetter

import strawberry

from graph.fields import of_row
from graph.links import ConversationLink, MessageLink
from graph.writing import UserError, WriteCounts, changed, counts, deleted, listed, user_errors

CONVERSATION = "The conversation as this call left it; of a call that is repeated, as the first one did."


@strawberry.type(description="What `createConversation` did.")
class CreateConversationPayload:
    """The answer of `createConversation`."""

    conversation: ConversationLink | None = changed(CONVERSATION)
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="What `updateConversation` did.")
class UpdateConversationPayload:
    """The answer of `updateConversation`."""

    conversation: ConversationLink | None = changed(CONVERSATION)
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="What `setExecutionStatus` did.")
class SetExecutionStatusPayload:
    """The answer of `setExecutionStatus`."""

    conversation: ConversationLink | None = changed(CONVERSATION)
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="What `archiveConversation` did.")
class ArchiveConversationPayload:
    """The answer of `archiveConversation`."""

    conversation: ConversationLink | None = changed(CONVERSATION)
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="What `unarchiveConversation` did.")
class UnarchiveConversationPayload:
    """The answer of `unarchiveConversation`."""

    conversation: ConversationLink | None = changed(CONVERSATION)
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="What `deleteConversation` did.")
class DeleteConversationPayload:
    """The answer of `deleteConversation`."""

    deleted_conversation_id: strawberry.ID | None = deleted("Conversation", "The id of the conversation.")
    restorable_until: datetime | None = of_row(
        attrgetter("outcome.until"), "Until when `restoreConversation` brings it back. Null where nothing was written."
    )
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="What `restoreConversation` did.")
class RestoreConversationPayload:
    """The answer of `restoreConversation`."""

    conversation: ConversationLink | None = changed(CONVERSATION)
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="What `forkConversation` did.")
class ForkConversationPayload:
    """The answer of `forkConversation`."""

    conversation: ConversationLink | None = changed("The copy.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="What `tagConversations` did.")
class TagConversationsPayload:
    """The answer of `tagConversations`."""

    conversations: list[ConversationLink | None] = listed("The conversations.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="What `untagConversations` did.")
class UntagConversationsPayload:
    """The answer of `untagConversations`."""

    conversations: list[ConversationLink | None] = listed("The conversations.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="What `logConversation` did.")
class LogConversationPayload:
    """The answer of `logConversation`."""

    conversation: ConversationLink | None = changed(CONVERSATION)
    messages: list[MessageLink | None] = listed("The messages, new and known.")
    counts: WriteCounts = counts()
    user_errors: list[UserError] = user_errors()
