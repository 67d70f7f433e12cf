"""What can be done to messages."""

import strawberry

from db import writing
from graph.access.roles import EDITORS, SENDERS, WRITERS
from graph.messages.inputs import (
    AddMessagesInput,
    DeleteMessageInput,
    EditMessageInput,
    RegenerateMessageInput,
    SetCitationsInput,
    SetCurrentMessageInput,
    SetFollowUpQuestionsInput,
)
from graph.messages.payloads import (
    AddMessagesPayload,
    DeleteMessagePayload,
    EditMessagePayload,
    RegenerateMessagePayload,
    SetCitationsPayload,
    SetCurrentMessagePayload,
    SetFollowUpQuestionsPayload,
)
from graph.writing import mutation


@strawberry.type
class MessageMutations:
    """The writes of messages."""

    add_messages: AddMessagesPayload = mutation(
        writing.add_messages,
        AddMessagesInput,
        "Add messages to a conversation, with all that belongs to them. The last one's branch comes into play.",
        roles=SENDERS,
    )
    edit_message: EditMessagePayload = mutation(
        writing.edit_message,
        EditMessageInput,
        "Add another version of a message beside it, on a branch of its own that comes into play. Nothing is "
        "overwritten: the former version is its sibling.",
        roles=WRITERS,
    )
    regenerate_message: RegenerateMessagePayload = mutation(
        writing.regenerate_message,
        RegenerateMessageInput,
        "Add another answer beside one that is there, on a branch of its own that comes into play.",
        roles=WRITERS,
    )
    set_current_message: SetCurrentMessagePayload = mutation(
        writing.set_current_message,
        SetCurrentMessageInput,
        "Bring the branch through a message into play, down to its newest leaf: the arrows beside 2 of 3.",
        roles=WRITERS,
    )
    delete_message: DeleteMessagePayload = mutation(
        writing.delete_message,
        DeleteMessageInput,
        "Delete a message and all that is below it, for good. Where it was in play, a sibling or its parent comes into "
        "play.",
        roles=WRITERS,
    )
    set_citations: SetCitationsPayload = mutation(
        writing.set_citations, SetCitationsInput, "Replace the citations of a message.", roles=EDITORS
    )
    set_follow_up_questions: SetFollowUpQuestionsPayload = mutation(
        writing.set_follow_up_questions,
        SetFollowUpQuestionsInput,
        "Replace the questions that a message suggests.",
        roles=EDITORS,
    )
