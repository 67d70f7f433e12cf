"""What the mutations of messages answer."""

import strawberry

from graph.links import ConversationLink, MessageLink
from graph.writing import UserError, WriteCounts, all_deleted, changed, counts, listed, user_errors

CONVERSATION = "The conversation as this call left it; of a call that is repeated, as the first one did."
MESSAGE = "The message as this call left it; of a call that is repeated, as the first one did."


@strawberry.type(description="What `addMessages` did.")
class AddMessagesPayload:
    """The answer of `addMessages`."""

    conversation: ConversationLink | None = changed(CONVERSATION)
    messages: list[MessageLink | None] = listed("The messages.")
    counts: WriteCounts = counts()
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="What `editMessage` did.")
class EditMessagePayload:
    """The answer of `editMessage`."""

    message: MessageLink | None = changed("The new version of the message, which is in play now.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="What `regenerateMessage` did.")
class RegenerateMessagePayload:
    """The answer of `regenerateMessage`."""

    message: MessageLink | None = changed("The new answer, which is in play now.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="What `setCurrentMessage` did.")
class SetCurrentMessagePayload:
    """The answer of `setCurrentMessage`."""

    conversation: ConversationLink | None = changed(CONVERSATION)
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="What `deleteMessage` did.")
class DeleteMessagePayload:
    """The answer of `deleteMessage`."""

    conversation: ConversationLink | None = changed(CONVERSATION)
    deleted_message_ids: list[strawberry.ID] = all_deleted(
        "Message", "The ids of all messages that are gone: the one that was named and those below it."
    )
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="What `setCitations` did.")
class SetCitationsPayload:
    """The answer of `setCitations`."""

    message: MessageLink | None = changed(MESSAGE)
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="What `setFollowUpQuestions` did.")
class SetFollowUpQuestionsPayload:
    """The answer of `setFollowUpQuestions`."""

    message: MessageLink | None = changed(MESSAGE)
    user_errors: list[UserError] = user_errors()
