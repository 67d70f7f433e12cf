"""Who may ask for which field of the root: the one place in code of the table in docs/security.md.

Each field of `Query`, `Mutation` and `Subscription` states one of these sets in its metadata, `metadata={ROLES: ...}`;
the helpers that make fields take it as `roles=`. A field without one is an admin's: forgetting it opens nothing.
"""

from collections.abc import Mapping
from typing import Any, Final

from graphql import GraphQLField

from db.viewer import Viewer
from db.words import Role, ViewerKind

ROLES: Final = "roles"
"""The key of a field's metadata under which its set stands."""

Roles = frozenset[Role | ViewerKind]
"""Roles that may; `ViewerKind.ANONYMOUS` among them lets anonymous end users as well."""

ADMINS: Final[Roles] = frozenset({Role.ADMIN})
"""Keys, workspaces, tokens, the audit log."""

EDITORS: Final[Roles] = ADMINS | {Role.EDITOR}
"""Assistants, tools, and what a backend says of conversations."""

STAFF: Final[Roles] = EDITORS | {Role.VIEWER}
"""What is the workspace's own."""

CLAIMANTS: Final[Roles] = frozenset({Role.END_USER})
"""Who has signed in as an end user."""

END_USERS: Final[Roles] = CLAIMANTS | {ViewerKind.ANONYMOUS}

READERS: Final[Roles] = STAFF | END_USERS
"""Content: of the workspace for staff, their own for end users."""

WRITERS: Final[Roles] = EDITORS | END_USERS
"""Conversations, messages, feedback: of the workspace for editors, their own for end users."""

LOGGERS: Final[Roles] = EDITORS | {Role.INGEST}
"""Transcripts as a whole."""

SENDERS: Final[Roles] = WRITERS | {Role.INGEST}
"""Messages."""

ANYONE: Final[Roles] = READERS | {Role.INGEST}
"""Who asks, and how much they may."""

INTROSPECTION: Final[Mapping[str, Roles]] = {"__typename": ANYONE, "__schema": READERS, "__type": READERS}
"""The fields of the root that are GraphQL's own."""

INGEST_LEAVES: Final = frozenset({"__typename", "id", "sequence", "lastSequence", "status"})
"""What INGEST may have of what it wrote."""

INGEST_RECORDS: Final = frozenset({"conversation", "message", "messages"})
"""The fields of payloads below which INGEST may have these leaves."""

INGEST_WHOLE: Final = frozenset({"userErrors"})
"""The fields of payloads which INGEST may have with all that is below them."""

_SHOWN: Final = (Role.END_USER, Role.INGEST, Role.VIEWER, Role.EDITOR, Role.ADMIN)


def roles_of(name: str, field: GraphQLField | None) -> Roles:
    """Who may ask for a field of the root, by its name and what the schema has of it."""
    if (known := INTROSPECTION.get(name)) is not None:
        return known
    stated = metadata_of(field).get(ROLES)
    return ADMINS if stated is None else stated


def metadata_of(field: GraphQLField | None) -> Mapping[Any, Any]:
    """What strawberry's field says of itself; nothing for a field of graphql-core's."""
    definition = None if field is None else (field.extensions or {}).get("strawberry-definition")
    metadata: Mapping[Any, Any] | None = getattr(definition, "metadata", None)
    return metadata or {}


def standing(viewer: Viewer) -> Role | ViewerKind:
    """What of a viewer has to be in a set."""
    return ViewerKind.ANONYMOUS if viewer.kind is ViewerKind.ANONYMOUS else viewer.role


def told(roles: Roles) -> str:
    """The roles as an error names them."""
    return ", ".join(role.value for role in _SHOWN if role in roles)
