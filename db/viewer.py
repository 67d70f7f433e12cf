"""Who asks: every verb of this package takes a viewer, and puts it into the statement."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from db.words import KeyScope, Role, ViewerKind

DEFAULT_WORKSPACE_ID = UUID("00000000-0000-7000-8000-000000000001")
"""The workspace that every database begins with; its name is "default"."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks, and in which workspace (tenant): rows of other workspaces do not exist for this viewer."""

    workspace_id: UUID
    user_id: str | None = None
    """The end user, as the application names them; None where nobody in particular asks."""
    role: Role = Role.ADMIN
    kind: ViewerKind = ViewerKind.OPEN
    key_id: UUID | None = None
    """The key that was shown, or that made the token that was."""
    scope: KeyScope | None = None
    """Of a key."""
    sees_public: bool = False
    """Of an end user: whether conversations of others with visibility PUBLIC can be read."""
    expires_at: datetime | None = None

    @property
    def owns(self) -> str | None:
        """The end user to whose conversations all that is seen and changed is confined; None: the whole workspace."""
        return (self.user_id or "") if self.role is Role.END_USER else None


@dataclass(frozen=True, slots=True)
class Program:
    """The program itself, at what belongs to no workspace or to all: to find out who asks, and to keep house."""

    @property
    def owns(self) -> None:
        """It is confined to nobody's conversations."""
        return None


PROGRAM: Final = Program()
"""For whom a connection is lent where nobody asks. Verbs take a viewer all the same."""

Asker = Viewer | Program
"""For whom a connection is lent."""

SCOPE_ROLES: Final = {
    KeyScope.READ: Role.VIEWER,
    KeyScope.WRITE: Role.EDITOR,
    KeyScope.INGEST: Role.INGEST,
    KeyScope.ADMIN: Role.ADMIN,
}
"""The role of who shows a key of that scope."""

DEFAULT_VIEWER = Viewer(DEFAULT_WORKSPACE_ID)
"""All rights in the default workspace."""
