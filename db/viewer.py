"""Who asks: every verb of this package takes a viewer, and puts it into the statement."""

from dataclasses import dataclass
from uuid import UUID

DEFAULT_WORKSPACE_ID = UUID("00000000-0000-7000-8000-000000000001")
"""The workspace that every database begins with; its name is "default"."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks, and in which workspace (tenant): rows of other workspaces do not exist for this viewer."""

    workspace_id: UUID
    user_id: str | None = None
    """The end user, as the application names them; None where nobody in particular asks."""


DEFAULT_VIEWER = Viewer(DEFAULT_WORKSPACE_ID)
"""All rights in the default workspace."""
