"""What of an operation the journal of reads is told: that it read content, and by which fields of the root."""

from collections.abc import Sequence
from typing import Final

from db.journal import Journal
from db.viewer import Viewer

WITHOUT_CONTENT: Final = frozenset(
    {"__typename", "__schema", "__type", "viewer", "rateLimit", "workspaces", "apiKeys", "auditLog"}
)
"""The fields of Query below which nobody's conversations lie."""


def note_read(journal: Journal | None, viewer: Viewer, operation_name: str | None, content: Sequence[str]) -> None:
    """Note a query that is about to be executed; `content`: the fields of the root that it reads content by.

    Of end users, and where the server is open, nothing is noted: see `db.journal`. It waits for nothing.
    """
    if journal is not None and content:
        journal.note_read(viewer, operation_name, content)
