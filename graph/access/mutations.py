"""What admins do to workspaces, keys and tokens, and what end users claim."""

from collections.abc import Sequence

import strawberry

from db import writing
from db.database import Database
from db.viewer import Viewer
from db.words import ProblemCode
from db.writing import Limits, Outcome, Problem, Rejected
from db.writing.performing import Values
from graph.access import tokens
from graph.access.inputs import (
    ClaimConversationsInput,
    CreateApiKeyInput,
    CreateUserTokenInput,
    CreateWorkspaceInput,
    DeleteWorkspaceInput,
    RevokeApiKeyInput,
)
from graph.access.payloads import (
    ClaimConversationsPayload,
    CreateApiKeyPayload,
    CreateUserTokenPayload,
    CreateWorkspacePayload,
    DeleteWorkspacePayload,
    RevokeApiKeyPayload,
)
from graph.access.roles import ADMINS, CLAIMANTS
from graph.writing import mutation


async def _create_user_token(
    database: Database, values: Values, *, viewer: Viewer, limits: Limits, problems: Sequence[Problem]
) -> Outcome:
    """Grant a token, and make it: tokens are signed on this side. Raises Rejected."""
    secret = await tokens.secret_of(database)
    outcome = await writing.create_user_token(database, values, viewer=viewer, limits=limits, problems=problems)
    granted = outcome.row
    assert granted is not None, "a token that is not granted is refused"
    outcome.secret = tokens.mint(secret, viewer, granted.user_id, granted.anonymous, granted.expires_at)
    return outcome


async def _claim_conversations(
    database: Database, values: Values, *, viewer: Viewer, limits: Limits, problems: Sequence[Problem]
) -> Outcome:
    """Claim what the visitor of a token has begun. Raises Rejected, also where the token is not valid."""
    secret = await tokens.secret_of(database)
    try:
        visitor = tokens.read_anonymous(secret, values["anonymous_token"], workspace_id=viewer.workspace_id)
    except tokens.BadToken as error:
        raise Rejected([Problem(ProblemCode.INVALID, error.message, ("anonymous_token",))]) from None
    given = {name: value for name, value in values.items() if name != "anonymous_token"}
    return await writing.claim_conversations(
        database, {**given, "anonymous_user_id": visitor}, viewer=viewer, limits=limits, problems=problems
    )


@strawberry.type
class AccessMutations:
    """The writes of access."""

    create_workspace: CreateWorkspacePayload = mutation(
        writing.create_workspace,
        CreateWorkspaceInput,
        "Make a workspace. Only where the server is open; with keys it is done on the command line, by "
        "`colloquy workspace create`, since a key belongs to one workspace.",
        roles=ADMINS,
    )
    delete_workspace: DeleteWorkspacePayload = mutation(
        writing.delete_workspace,
        DeleteWorkspaceInput,
        "Delete a workspace with all that is in it, its keys and audit log among that, for good. An admin's key "
        "deletes its own workspace. The first workspace of a database can't be deleted.",
        roles=ADMINS,
    )
    create_api_key: CreateApiKeyPayload = mutation(
        writing.create_api_key,
        CreateApiKeyInput,
        "Make a key of the viewer's workspace. From the first key on, every request needs a key or a token.",
        roles=ADMINS,
    )
    revoke_api_key: RevokeApiKeyPayload = mutation(
        writing.revoke_api_key,
        RevokeApiKeyInput,
        "Revoke a key for good, and with it the tokens that were made with it.",
        roles=ADMINS,
    )
    create_user_token: CreateUserTokenPayload = mutation(
        _create_user_token,
        CreateUserTokenInput,
        "Make a token for an end user, for teams without an identity provider of their own.",
        roles=ADMINS,
    )
    claim_conversations: ClaimConversationsPayload = mutation(
        _claim_conversations,
        ClaimConversationsInput,
        "Make the conversations that the viewer began before signing in the viewer's own. Safe to repeat.",
        roles=CLAIMANTS,
    )
