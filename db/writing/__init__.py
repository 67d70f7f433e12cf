"""Writing: every change that a client makes, checked as a whole, done as a whole, and safe to repeat.

    outcome = await add_messages(database, {"conversation_id": ..., "messages": [...]}, viewer=DEFAULT_VIEWER)

The inputs are those of the API's mutations, in snake_case and with UUIDs for ids; `Rejected` says what is wrong with
one. See `db.writing.performing.Verb`.
"""

import db.tables  # noqa: F401 - verbs look tables up by their names, so all of them have to be there
from db.writing.assistants import create_assistant, delete_assistant, update_assistant
from db.writing.claiming import claim_conversations
from db.writing.conversations import (
    archive_conversation,
    delete_conversation,
    restore_conversation,
    set_execution_status,
    unarchive_conversation,
    update_conversation,
)
from db.writing.creating import create_conversation
from db.writing.feedback import give_feedback, withdraw_feedback
from db.writing.forks import fork_conversation
from db.writing.keys import create_api_key, create_user_token, revoke_api_key
from db.writing.limits import DEFAULT_LIMITS, Limits
from db.writing.lists import set_citations, set_follow_up_questions
from db.writing.logs import log_conversation
from db.writing.messages import (
    add_messages,
    delete_message,
    edit_message,
    regenerate_message,
    set_current_message,
)
from db.writing.outcome import Counts, Outcome
from db.writing.problems import Problem, Rejected
from db.writing.purging import Purged, purge
from db.writing.tags import tag_conversations, untag_conversations
from db.writing.tools import create_tool, delete_tool, update_tool
from db.writing.workspaces import create_workspace, delete_workspace

__all__ = [
    "DEFAULT_LIMITS",
    "Counts",
    "Limits",
    "Outcome",
    "Problem",
    "Purged",
    "Rejected",
    "add_messages",
    "archive_conversation",
    "claim_conversations",
    "create_api_key",
    "create_assistant",
    "create_conversation",
    "create_tool",
    "create_user_token",
    "create_workspace",
    "delete_assistant",
    "delete_conversation",
    "delete_message",
    "delete_tool",
    "delete_workspace",
    "edit_message",
    "fork_conversation",
    "give_feedback",
    "log_conversation",
    "purge",
    "regenerate_message",
    "restore_conversation",
    "revoke_api_key",
    "set_citations",
    "set_current_message",
    "set_execution_status",
    "set_follow_up_questions",
    "tag_conversations",
    "unarchive_conversation",
    "untag_conversations",
    "update_assistant",
    "update_conversation",
    "update_tool",
    "withdraw_feedback",
]
