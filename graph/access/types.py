"""Workspaces, keys, the audit log, and who asks."""

from datetime import datetime
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from db import keys, workspaces
from graph import ids
from graph.enums import KeyScope, Role, ViewerKind
from graph.fields import computed, node_id
from graph.nodes import Node
from graph.relations import to_one, to_the_one


@strawberry.type(description="A tenant of the server: what belongs to it is not seen from any other.")
class Workspace(Node):
    """Its parent is a row of `workspaces`."""

    id: strawberry.ID = node_id("Workspace")
    name: str = strawberry.field(description="The name, unique on the server.")
    created_at: datetime = strawberry.field(description="When it was made.")


@strawberry.type(description="A key that programs sign in with; its secret is shown once, when it is made.")
class ApiKey(Node):
    """Its parent is a row of `api_keys`."""

    id: strawberry.ID = node_id("ApiKey")
    name: str | None = strawberry.field(description="What people call it.")
    prefix: str = strawberry.field(description="The first 12 characters of its secret, to tell keys apart.")
    scope: KeyScope = strawberry.field(description="What it may do.")
    created_at: datetime = strawberry.field(description="When it was made.")
    expires_at: datetime | None = strawberry.field(description="Until when it lets anybody in. Null: it has no end.")
    last_used_at: datetime | None = strawberry.field(
        description="When it was last used, to the minute. Null: it was not used yet."
    )
    revoked_at: datetime | None = strawberry.field(description="When it was revoked. Null: it was not.")


@strawberry.type(description="Who asks, as the server sees it.")
class Viewer:
    """Its parent is a `db.viewer.Viewer`."""

    kind: ViewerKind = strawberry.field(description="How the viewer has shown who it is.")
    user_id: str | None = strawberry.field(
        description="The end user or member of staff, as the application or identity provider names them; null of keys."
    )
    role: Role = strawberry.field(description="What the viewer may do.")
    scope: KeyScope | None = strawberry.field(description="The scope of the key. Null where none was shown.")
    workspace: Workspace = to_the_one(workspaces.by_ids, "workspace_id", "The workspace of all that the viewer sees.")
    expires_at: datetime | None = strawberry.field(
        description="Until when the key or token is good. Null: it has no end, or there is none."
    )


@strawberry.type(description="How much the viewer may still ask for in this minute, in points of cost.")
class RateLimit:
    """Its parent is what `Context.rate` holds."""

    limit: int = strawberry.field(description="Points in a minute.")
    cost: int = strawberry.field(description="Points of this operation.")
    remaining: int = strawberry.field(description="Points that are left, this operation's taken off.")
    reset_at: datetime = strawberry.field(description="When all points are there again.")


def _node(type_name: str | None, node_id: UUID | str | None) -> str | None:
    return None if type_name is None or node_id is None else ids.encode(type_name, node_id)


@strawberry.type(description="Something that somebody did. Entries are never changed.")
class AuditEntry(Node):
    """Its parent is a row of `audit_entries`."""

    id: strawberry.ID = node_id("AuditEntry")
    at: datetime = strawberry.field(description="When it was done.")
    action: str = strawberry.field(
        description="What was done: the name of a mutation, or `read`, `export`, `import`, `purge`."
    )
    user_id: str | None = strawberry.field(description="The person who did it, where one is known.")
    api_key: ApiKey | None = to_one(
        keys.by_ids, "key_id", "The key that was shown, or that made the token that was. Null where there was none."
    )
    node_id: strawberry.ID | None = computed(
        "type_name", "node_id", by=_node, description="What it was done to; it may be gone. Null: several, or nothing."
    )
    type_name: str | None = strawberry.field(description="The type of what it was done to.")
    details: JSON | None = strawberry.field(
        description=(
            "What else there is to say, never content: the fields and the operation of a read, the uuids of the rows "
            "where there were several."
        )
    )
