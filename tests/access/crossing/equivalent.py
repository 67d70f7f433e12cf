"""Conditions that the controls can take away without anybody seeing it."""

from __future__ import annotations

from typing import Final

EQUIVALENT: Final = {
    "db.reads._living: deleted.c.workspace_id == workspace_id": (
        "what is left out is that of deleted conversations: of those of other workspaces nothing is in what it is left"
        " out of, which has the condition itself"
    ),
    "db.pages._pages: here(parent)": (
        "the rows of each parent's page have the condition themselves, by `Listing.of` or `Run`"
    ),
    "db.writing.answering.answer: reads.in_workspace(calls, work.viewer.workspace_id)": (
        "what it finds is only changed, by `bulk.update`, which has the condition itself"
    ),
    "db.writing.forks._branch: reads.in_workspace(rows, work.viewer.workspace_id)": (
        "the ids are those above a message that `branch_through` has found, with the condition"
    ),
    "db.writing.messages._branch_below: reads.in_workspace(messages, work.viewer.workspace_id)": (
        "the message where the branch begins was found by `message_for_update`, with the condition"
    ),
    "db.writing.removal._unidentified: reads.in_workspace(sources, work.viewer.workspace_id)": (
        "what it finds is only deleted, by `_delete`, which has the condition itself"
    ),
    "db.writing.rows.lock_sources: reads.in_workspace(rows, work.viewer.workspace_id)": (
        "it only locks, and on PostgreSQL alone; what then changes these rows has the condition itself"
    ),
    'db.writing.rows._setting: rows.c.workspace_id == sa.bindparam("workspace_id", type_=sa.Uuid())': (
        "the rows that are written were found by `rows_for_update` or `opinions.standing`, with the condition"
    ),
    "db.writing.tags.written: reads.in_workspace(conversations, work.viewer.workspace_id)": (
        "the conversations were found by `conversations_for_update`, with the condition"
    ),
}
"""Conditions by module, function and text whose removal nothing can show, each with the other that makes it so."""
