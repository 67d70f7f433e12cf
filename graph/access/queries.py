"""What is asked of access: who asks, and what admins see of workspaces, keys and the audit log."""

from collections.abc import Mapping
from typing import Annotated, Any

import strawberry
from strawberry import UNSET

from db import audit, keys, workspaces
from db.viewer import PROGRAM
from graph import ids
from graph.access.inputs import AuditWhere
from graph.access.roles import ADMINS, ANYONE, ROLES
from graph.access.types import ApiKey, AuditEntry, RateLimit, Viewer, Workspace
from graph.context import Info, loaders_of
from graph.declared import Asked
from graph.filters import where_of
from graph.paging import After, Before, Connection, First, Last, listed, page

Where = Annotated[AuditWhere | None, strawberry.argument(description="Which entries.")]


def _viewer(info: Info) -> Any:
    return info.context.viewer


def _rate_limit(info: Info) -> Any:
    return info.context.rate


async def _workspaces(info: Info) -> Any:
    viewer = info.context.viewer
    # The program's connection: one that is lent to a viewer may be confined to the workspace that it is in.
    return await info.context.database.ask(
        lambda connection: workspaces.every(connection, viewer=viewer), viewer=PROGRAM
    )


async def _api_keys(info: Info) -> Any:
    return await loaders_of(info).whole(keys.every)(None)


def _audit_where(where: Where) -> Mapping[str, Any]:
    """The conditions; those on `nodeId` take ids of any type, of which the uuid is what is compared."""
    conditions = dict(where_of(where))
    if (operators := conditions.get("node_id")) is not None:
        conditions["node_id"] = {name: _uuids(name, operand) for name, operand in operators.items()}
    return conditions


def _uuids(operator: str, operand: Any) -> Any:
    place = f"where.nodeId.{'notIn' if operator == 'not_in' else operator}"
    if isinstance(operand, list):
        return [ids.parse(each, f"{place}.{index}")[1] for index, each in enumerate(operand)]
    return ids.parse(operand, place)[1] if isinstance(operand, str) else operand


def _audit_log(
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
    where: Where = UNSET,
) -> Asked:
    chosen = {"where": _audit_where(where)}
    return Asked(audit.page, (page(first, after, last, before),), chosen, audit.count, chosen)


@strawberry.type
class AccessQueries:
    """The entrances to access."""

    viewer: Viewer = strawberry.field(
        resolver=_viewer, description="Who asks, as the server sees it.", metadata={ROLES: ANYONE}
    )
    rate_limit: RateLimit | None = strawberry.field(
        resolver=_rate_limit,
        description="How much the viewer may still ask for in this minute. Null where there is no such limit.",
        metadata={ROLES: ANYONE},
    )
    workspaces: list[Workspace] = strawberry.field(
        resolver=_workspaces,
        description="The workspaces that the viewer administers, by name: its own, or all where the server is open.",
        metadata={ROLES: ADMINS},
    )
    api_keys: list[ApiKey] = strawberry.field(
        resolver=_api_keys,
        description="The keys of the viewer's workspace, the newest first; revoked and expired ones are among them.",
        metadata={ROLES: ADMINS},
    )
    audit_log: Connection[AuditEntry] = listed(
        audit.page,
        _audit_log,
        "Who read, exported, deleted or changed what in the viewer's workspace, the latest first.",
        roles=ADMINS,
    )
