"""The inputs of access: conditions on the audit log, workspaces, keys and tokens."""

from datetime import datetime

import strawberry

from graph.conditions import condition
from graph.enums import KeyScope
from graph.inputs import idempotency_key, optional, required
from graph.messages.inputs import SHORT
from graph.operators import DateTimeFilter, IDFilter, StringFilter


@strawberry.input(description="Which entries of the audit log: all the given conditions hold.")
class AuditWhere:
    """Conditions on audit entries."""

    action: StringFilter | None = condition("What was done: the name of a mutation, read, export, import.")
    user_id: StringFilter | None = condition("The person who did it.")
    node_id: IDFilter | None = condition("What it was done to, of any type.")
    at: DateTimeFilter | None = condition("When it was done.")


@strawberry.input(description="A new workspace.")
class CreateWorkspaceInput:
    """What `createWorkspace` takes."""

    name: str = required("The name, unique on the server." + SHORT)
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="The workspace that is to be deleted with everything in it.")
class DeleteWorkspaceInput:
    """What `deleteWorkspace` takes."""

    id: strawberry.ID = required("The workspace.", node="Workspace")
    confirm_name: str = required("Its name, letter for letter: there is no way back.")
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="A new key of the viewer's workspace.")
class CreateApiKeyInput:
    """What `createApiKey` takes; no idempotency key, since its secret is told once and kept nowhere."""

    name: str | None = optional("What people call it." + SHORT)
    scope: KeyScope = required("What it may do.")
    expires_at: datetime | None = optional("Until when it lets anybody in. Left out or null: it has no end.")


@strawberry.input(description="The key that is to be revoked.")
class RevokeApiKeyInput:
    """What `revokeApiKey` takes."""

    id: strawberry.ID = required("The key.", node="ApiKey")
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="An end user who is to get a token.")
class CreateUserTokenInput:
    """What `createUserToken` takes; no idempotency key, since a token is kept nowhere."""

    user_id: str | None = optional(
        "The end user, as the application names them: the `ownerId` of their conversations. Left out of a token for an "
        "anonymous visitor." + SHORT
    )
    anonymous: bool | None = optional(
        "true: for a visitor who has not signed in. The server makes up an id; `claimConversations` gives what is "
        "begun with it to whoever signs in later.",
        default=False,
    )
    expires_in_seconds: int | None = optional(
        "For how long the token is good: from 60 seconds to 30 days, or as long as the server's setting "
        "`COLLOQUY_USER_TOKEN_HOURS` says.",
        default=3600,
    )


@strawberry.input(description="The visitor whose conversations the viewer claims.")
class ClaimConversationsInput:
    """What `claimConversations` takes."""

    anonymous_token: str = required(
        "The token that the visitor had before signing in. It shows whose conversations they were, and must not have "
        "expired."
    )
    idempotency_key: str | None = idempotency_key()
