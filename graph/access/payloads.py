"""What the mutations of access answer."""

from datetime import datetime
from operator import attrgetter

import strawberry

from graph.access.types import ApiKey, Workspace
from graph.fields import of_row
from graph.writing import UserError, Written, changed, deleted, user_errors


def _secret(written: Written) -> str | None:
    return written.outcome.secret or None


def _expires_at(written: Written) -> datetime | None:
    return None if written.outcome.row is None else written.outcome.row.expires_at


@strawberry.type(description="What `createWorkspace` did.")
class CreateWorkspacePayload:
    """The answer of `createWorkspace`."""

    workspace: Workspace | None = changed("The new workspace.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="What `deleteWorkspace` did.")
class DeleteWorkspacePayload:
    """The answer of `deleteWorkspace`."""

    deleted_workspace_id: strawberry.ID | None = deleted("Workspace", "The id of the workspace, which is gone.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="What `createApiKey` did.")
class CreateApiKeyPayload:
    """The answer of `createApiKey`."""

    api_key: ApiKey | None = changed("The new key.")
    secret: str | None = of_row(
        _secret,
        "What programs send as `Authorization: Bearer`. It is told this once and kept nowhere: store it now. Null "
        "where nothing was written.",
    )
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="What `revokeApiKey` did.")
class RevokeApiKeyPayload:
    """The answer of `revokeApiKey`."""

    api_key: ApiKey | None = changed("The key as it is now: it lets nobody in any more.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="What `createUserToken` did.")
class CreateUserTokenPayload:
    """The answer of `createUserToken`."""

    token: str | None = of_row(
        _secret, "What the end user's client sends as `Authorization: Bearer`. Null where none was made."
    )
    expires_at: datetime | None = of_row(_expires_at, "Until when the token is good. Null where none was made.")
    user_errors: list[UserError] = user_errors()


@strawberry.type(description="What `claimConversations` did.")
class ClaimConversationsPayload:
    """The answer of `claimConversations`."""

    claimed_count: int = of_row(
        attrgetter("outcome.counts.updated"), "How many conversations became the viewer's; 0 when they were already."
    )
    user_errors: list[UserError] = user_errors()
