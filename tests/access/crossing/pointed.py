"""What chance does not come to: operations that point at rows which no verb would write, and verbs past the API.

Each is for a condition that another one stands in front of, or that only one row out of many would show the lack of.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from graphql import OperationType
from sqlalchemy.ext.asyncio import AsyncConnection

from db import bulk, filters, keys, reads
from db.record import now
from db.viewer import Viewer
from db.words import Role
from db.writing import purging
from graph import ids
from tests.access.crossing.judge import Legs
from tests.access.crossing.operations import Operation
from tests.access.crossing.people import Person
from tests.access.crossing.runs import Run

_AROUND: Final = "messages(around: $message, first: 20) { totalCount nodes { id content } }"
_THROUGH: Final = "messages(through: $message, first: 20) { totalCount nodes { id content } }"
_IN_TALK: Final = "query Asked($talk: ID!, $message: ID!) {{ conversation(id: $talk) {{ id {} }} }}"

_LISTS: Final = (
    "{ assistants(first: 100) { nodes { id conversations(first: 100) { totalCount nodes { id title } } } } }",
    "{ tools(first: 100) { nodes { id conversations(first: 100) { totalCount nodes { id title } } } } }",
    "{ conversations(first: 100) { nodes { id supportTicketConversation { id title } } } }",
    "{ conversations(first: 100) { nodes { id viewerFeedback { id comment } } } }",
    "{ messages(first: 100) { nodes { id viewerFeedback { id comment } } } }",
)


def operations(run: Run) -> Iterator[tuple[Operation, Person]]:
    """The operations, each with who asks it."""
    rows, pools = run.world.rows, {pool.person.name: pool for pool in run.pools}
    for person in run.people:
        if not person.sees_all or person.viewer.role is not Role.ADMIN:
            continue
        pool, here = pools[person.name], person.viewer.workspace_id
        talks = {row["id"]: row for row in rows["conversations"] if row["workspace_id"] == here}

        def made(text: str, pool: Any = pool, **given: str) -> Operation:
            return Operation(OperationType.QUERY, text, given, pool, ("conversation",), ())

        for text in _LISTS:
            yield made(text), person
        for message in rows["messages"]:
            talk = talks.get(message["conversation_id"])
            if talk is None or (message["workspace_id"] == here and message["id"] != talk["current_message_id"]):
                continue
            pointed = {
                "talk": ids.encode("Conversation", talk["id"]),
                "message": ids.encode("Message", message["id"]),
            }
            for field in (_AROUND, _THROUGH):
                yield made(_IN_TALK.format(field), **pointed), person


# ---------------------------------------------------------------- past the API


async def past_the_api(run: Run, legs: Legs) -> list[str]:
    """What the verbs give or change of rows of another workspace whose ids they are given."""
    found: list[str] = []
    for person in run.people:
        if person.viewer.role is not Role.ADMIN:
            continue
        foreign = _Foreign(run, person)
        for name, asked in ASKED.items():
            async with legs.whole.database.write(viewer=person.viewer) as connection:
                given = await asked(connection, person.viewer, foreign)
            changes = await legs.whole.changes(always=True)
            await legs.whole.restore(changes)
            if given or changes:
                found.append(f"past the API: {name}, {person.name}")
        purged = await purging._purge_some(legs.whole.database, {"before": now()}, viewer=person.viewer)
        await legs.whole.restore(await legs.whole.changes(always=True))
        if not set(foreign.ids("conversations")).isdisjoint(purged.deleted):
            found.append(f"past the API: purge, {person.name}")
    return found


class _Foreign:
    """Ids of rows of other workspaces."""

    def __init__(self, run: Run, person: Person) -> None:
        self._rows, self._here = run.world.rows, person.viewer.workspace_id

    def ids(self, table: str) -> list[UUID]:
        """Of a table."""
        return [row["id"] for row in self._rows[table] if row["workspace_id"] != self._here]


async def _by_ids(connection: AsyncConnection, viewer: Viewer, foreign: _Foreign) -> Any:
    table = reads.table("conversations")
    return await reads.by_ids(connection, table, foreign.ids("conversations"), viewer=viewer)


async def _lists_of(connection: AsyncConnection, viewer: Viewer, foreign: _Foreign) -> Any:
    rows, messages = reads.table("attachments"), foreign.ids("messages")
    found = await reads.lists_of(connection, rows, rows.c.message_id, messages, rows.c.position, viewer=viewer)
    return any(found.values())


async def _of_workspace(connection: AsyncConnection, viewer: Viewer, foreign: _Foreign) -> Any:
    rows = reads.table("conversations")
    found: list[Any] = []
    for where in (None, {"id": {"in": foreign.ids("conversations")}}):  # found by an index of the list, and by the ids
        condition = filters.of_workspace(rows, where, viewer)
        ours = rows.c.workspace_id == viewer.workspace_id
        found += (await connection.execute(sa.select(rows.c.id).where(condition, sa.not_(ours)))).all()
    return found


async def _update(connection: AsyncConnection, viewer: Viewer, foreign: _Foreign) -> Any:
    rows = [{"id": row_id, "title": "new"} for row_id in foreign.ids("conversations")]
    await bulk.update(connection, reads.table("conversations"), rows, columns=("title",), viewer=viewer)


async def _delete(connection: AsyncConnection, viewer: Viewer, foreign: _Foreign) -> Any:
    await bulk.delete(connection, reads.table("origins").c.entity_id, foreign.ids("messages"), viewer=viewer)


async def _add(connection: AsyncConnection, viewer: Viewer, foreign: _Foreign) -> Any:
    cited = dict.fromkeys(foreign.ids("sources"), 1)
    await bulk.add(connection, reads.table("sources").c.citation_count, cited, viewer=viewer)


async def _mark_revoked(connection: AsyncConnection, viewer: Viewer, foreign: _Foreign) -> Any:
    return [await keys.mark_revoked(connection, key, at=now(), viewer=viewer) for key in foreign.ids("api_keys")][:0]


ASKED: Final[dict[str, Callable[[AsyncConnection, Viewer, _Foreign], Awaitable[Any]]]] = {
    "reads.by_ids": _by_ids,
    "reads.lists_of": _lists_of,
    "filters.of_workspace": _of_workspace,
    "bulk.add": _add,
    "bulk.update": _update,
    "bulk.delete": _delete,
    "keys.mark_revoked": _mark_revoked,
}
"""Verbs that are only given what was found before, each with what it is asked of rows that are not here."""
