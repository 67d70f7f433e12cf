"""What can be done to conversations."""

import strawberry

from db import writing
from graph.access.roles import EDITORS, LOGGERS, WRITERS
from graph.conversations.inputs import (
    ArchiveConversationInput,
    CreateConversationInput,
    DeleteConversationInput,
    ForkConversationInput,
    LogConversationInput,
    RestoreConversationInput,
    SetExecutionStatusInput,
    TagConversationsInput,
    UnarchiveConversationInput,
    UntagConversationsInput,
    UpdateConversationInput,
)
from graph.conversations.payloads import (
    ArchiveConversationPayload,
    CreateConversationPayload,
    DeleteConversationPayload,
    ForkConversationPayload,
    LogConversationPayload,
    RestoreConversationPayload,
    SetExecutionStatusPayload,
    TagConversationsPayload,
    UnarchiveConversationPayload,
    UntagConversationsPayload,
    UpdateConversationPayload,
)
from graph.writing import mutation


@strawberry.type
class ConversationMutations:
    """The writes of conversations."""

    create_conversation: CreateConversationPayload = mutation(
        writing.create_conversation,
        CreateConversationInput,
        "Begin a conversation, with or without first messages.",
        roles=WRITERS,
    )
    update_conversation: UpdateConversationPayload = mutation(
        writing.update_conversation,
        UpdateConversationInput,
        "Change what a conversation says of itself.",
        roles=WRITERS,
    )
    set_execution_status: SetExecutionStatusPayload = mutation(
        writing.set_execution_status,
        SetExecutionStatusInput,
        "Say whether an answer is being made. AVAILABLE goes on to PENDING, that to PROCESSING, and that to AVAILABLE "
        "or ENDED; ERROR to PENDING or AVAILABLE; everything to ERROR.",
        roles=EDITORS,
    )
    archive_conversation: ArchiveConversationPayload = mutation(
        writing.archive_conversation,
        ArchiveConversationInput,
        "Archive a conversation. One that is archived stays as it is.",
        roles=WRITERS,
    )
    unarchive_conversation: UnarchiveConversationPayload = mutation(
        writing.unarchive_conversation,
        UnarchiveConversationInput,
        "Take a conversation out of the archive. One that is not archived stays as it is.",
        roles=WRITERS,
    )
    delete_conversation: DeleteConversationPayload = mutation(
        writing.delete_conversation,
        DeleteConversationInput,
        "Delete a conversation with all that is in it. For 30 days (a setting) `restoreConversation` brings it back.",
        roles=WRITERS,
    )
    restore_conversation: RestoreConversationPayload = mutation(
        writing.restore_conversation,
        RestoreConversationInput,
        "Bring back a conversation that was deleted, with all that was in it.",
        roles=WRITERS,
    )
    fork_conversation: ForkConversationPayload = mutation(
        writing.fork_conversation,
        ForkConversationInput,
        "Copy a conversation's branch down to one message into a new conversation.",
        roles=WRITERS,
    )
    tag_conversations: TagConversationsPayload = mutation(
        writing.tag_conversations, TagConversationsInput, "Add tags to conversations.", roles=WRITERS
    )
    untag_conversations: UntagConversationsPayload = mutation(
        writing.untag_conversations, UntagConversationsInput, "Take tags away from conversations.", roles=WRITERS
    )
    log_conversation: LogConversationPayload = mutation(
        writing.log_conversation,
        LogConversationInput,
        "Hand over a transcript, whole or in part, after each turn or at the end: what is new is added, what differs "
        "is changed, all else stays.",
        roles=LOGGERS,
    )
