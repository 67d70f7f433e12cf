"""What the database knows of a batch of records, asked in a number of statements that is the same for any batch."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.bulk import chunks
from db.conversations import Conversation
from db.feedback import Feedback
from db.interchange.arrival import Place
from db.messages import Message
from db.origins import Origin, RecordVersion
from db.record import table_of
from db.sources import Source
from db.titles import OPENING_LENGTH
from db.viewer import Viewer
from db.words import Entity

Key = tuple[str, str]
"""Kind and record id."""

_origins = table_of(Origin)
_versions = table_of(RecordVersion)
_messages = table_of(Message)
_conversations = table_of(Conversation)
_feedback = table_of(Feedback)
_sources = table_of(Source)


async def origins(
    connection: AsyncConnection, keys: Collection[Key], place: Place, *, viewer: Viewer
) -> dict[Key, Any]:
    """The origins of records that are known, with their entity, id, import and time of change."""
    by_kind: dict[str, set[str]] = defaultdict(set)
    for kind, record_id in keys:
        by_kind[kind].add(record_id)
    found: dict[Key, Any] = {}
    for kind, record_ids in by_kind.items():
        for some in chunks(record_ids):
            rows = await connection.execute(
                sa.select(
                    _origins.c.entity_id,
                    _origins.c.entity,
                    _origins.c.record_id,
                    _origins.c.import_id,
                    _origins.c.position,
                    _origins.c.source_updated_at,
                ).where(
                    _origins.c.workspace_id == viewer.workspace_id,
                    _origins.c.system == place.system,
                    _origins.c.account == place.account,
                    _origins.c.kind == kind,
                    _origins.c.record_id.in_(some),
                )
            )
            found |= {(kind, row.record_id): row for row in rows}
    return found


async def kinds(connection: AsyncConnection, place: Place, *, viewer: Viewer) -> list[str]:
    """The kinds of the records known from there: a step through the index for each."""

    def after(kind: Any) -> sa.ScalarSelect[str]:
        least = sa.select(sa.func.min(_origins.c.kind)).where(
            _origins.c.workspace_id == viewer.workspace_id,
            _origins.c.system == place.system,
            _origins.c.account == place.account,
        )
        return (least if kind is None else least.where(_origins.c.kind > kind)).scalar_subquery()

    found = sa.select(after(None).label("kind")).cte("found", recursive=True)
    found = found.union_all(sa.select(after(found.c.kind)).where(found.c.kind.is_not(None)))
    rows = await connection.execute(sa.select(found.c.kind).where(found.c.kind.is_not(None)))
    return list(rows.scalars())


async def seen(
    connection: AsyncConnection, entities: Collection[UUID], digests: Collection[str], *, viewer: Viewer
) -> set[tuple[UUID, str]]:
    """Which of these versions of these records were imported before."""
    found: set[tuple[UUID, str]] = set()
    wanted = set(digests)
    for some in chunks(entities):
        for hashes in chunks(wanted):
            rows = await connection.execute(
                sa.select(_versions.c.entity_id, _versions.c.digest).where(
                    _versions.c.workspace_id == viewer.workspace_id,
                    _versions.c.entity_id.in_(some),
                    _versions.c.digest.in_(hashes),
                )
            )
            found |= {(row.entity_id, row.digest) for row in rows}
    return found


async def rows(
    connection: AsyncConnection,
    column: sa.Column[Any],
    values: Collection[Any],
    *,
    viewer: Viewer,
    where: sa.ColumnElement[bool] | None = None,
    order_by: Iterable[sa.Column[Any]] = (),
) -> dict[Any, list[dict[str, Any]]]:
    """All rows of the column's table that have one of the values in it, by value; generated columns are left out."""
    found: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    table = column.table
    columns = [each for each in table.columns if each.computed is None]
    for some in chunks(values):
        result = await connection.execute(
            sa.select(*columns)
            .where(column.in_(some), table.c.workspace_id == viewer.workspace_id, *([] if where is None else [where]))
            .order_by(*order_by)
        )
        for row in result.mappings():
            found[row[column.name]].append(dict(row))
    return found


async def message_rows(
    connection: AsyncConnection, conversations: Collection[UUID], *, viewer: Viewer
) -> dict[UUID, list[Any]]:
    """What a tree needs of all messages of conversations, in their order, by conversation."""
    found: dict[UUID, list[Any]] = defaultdict(list)
    for some in chunks(conversations):
        result = await connection.execute(
            sa.select(
                _messages.c.id,
                _messages.c.conversation_id,
                _messages.c.sequence,
                _messages.c.parent_id,
                _messages.c.branch_position,
                _messages.c.timestamp,
                _messages.c.created_at,
                _messages.c.role,
                _messages.c.tool_call_id,
                _messages.c.external_id,
                _messages.c.version,
                sa.func.substr(_messages.c.content, 1, OPENING_LENGTH).label("opening"),
                _origins.c.record_id,
                _origins.c.id_type,
                _origins.c.import_id,
                _origins.c.position,
                _origins.c.source_updated_at,
            )
            .join_from(_messages, _origins, _origins.c.entity_id == _messages.c.id, isouter=True)
            .where(_messages.c.conversation_id.in_(some), _messages.c.workspace_id == viewer.workspace_id)
            .order_by(_messages.c.conversation_id, _messages.c.sequence)
        )
        for row in result:
            found[row.conversation_id].append(row)
    return found


async def nested_feedback(
    connection: AsyncConnection, conversations: Collection[UUID], *, viewer: Viewer
) -> dict[UUID, dict[Key, dict[str, Any]]]:
    """The feedback that came within the records of conversations, by conversation and by kind and record id."""
    found: dict[UUID, dict[Key, dict[str, Any]]] = defaultdict(dict)
    columns = [each for each in _feedback.columns if each.computed is None]
    for some in chunks(conversations):
        result = await connection.execute(
            sa.select(*columns, _origins.c.kind, _origins.c.record_id)
            .join_from(_feedback, _origins, _origins.c.entity_id == _feedback.c.id)
            .where(
                _feedback.c.conversation_id.in_(some),
                _feedback.c.workspace_id == viewer.workspace_id,
                _origins.c.position.is_(None),
            )
        )
        for row in result.mappings():
            found[row["conversation_id"]][row["kind"], row["record_id"]] = dict(row)
    return found


async def feedback_on(
    connection: AsyncConnection, messages: Collection[UUID], citations: Collection[UUID], *, viewer: Viewer
) -> set[UUID]:
    """The feedback that goes when these messages and citations are deleted."""
    found: set[UUID] = set()
    for column, values in ((_feedback.c.message_id, messages), (_feedback.c.reference_id, citations)):
        for some in chunks(values):
            result = await connection.execute(
                sa.select(_feedback.c.id).where(column.in_(some), _feedback.c.workspace_id == viewer.workspace_id)
            )
            found.update(result.scalars())
    return found


async def external_ids(
    connection: AsyncConnection, table: sa.Table, values: Collection[str], *, viewer: Viewer
) -> dict[str, UUID]:
    """The rows of the workspace that have these external ids."""
    found: dict[str, UUID] = {}
    for some in chunks(values):
        result = await connection.execute(
            sa.select(table.c.external_id, table.c.id).where(
                table.c.workspace_id == viewer.workspace_id, table.c.external_id.in_(some)
            )
        )
        found |= {row.external_id: row.id for row in result}
    return found


async def sources(connection: AsyncConnection, identities: Collection[str], *, viewer: Viewer) -> Mapping[str, Any]:
    """The sources of these identities, with what each of them lacks."""
    found: dict[str, Any] = {}
    for some in chunks(identities):
        result = await connection.execute(
            sa.select(
                _sources.c.id,
                _sources.c.identity,
                *(_sources.c[name].is_(None).label(name) for name in ("title", "url", "kind", "text", "metadata")),
            ).where(_sources.c.workspace_id == viewer.workspace_id, _sources.c.identity.in_(some))
        )
        found |= {row.identity: row for row in result}
    return found


async def conversations_of(
    connection: AsyncConnection, record_ids: Collection[str], place: Place, *, viewer: Viewer
) -> dict[str, list[Any]]:
    """The conversations of records with these ids, of whatever kind, as `messages_of` gives messages: `id` is None."""
    every_kind = await kinds(connection, place, viewer=viewer)
    found: dict[str, list[Any]] = defaultdict(list)
    for some in chunks(record_ids):
        result = await connection.execute(
            sa.select(
                _origins.c.record_id,
                sa.null().label("id"),
                _conversations.c.id.label("conversation_id"),
                _conversations.c.created_at,
                _origins.c.record_id.label("conversation"),
            )
            .join_from(_origins, _conversations, _conversations.c.id == _origins.c.entity_id)
            .where(
                _origins.c.workspace_id == viewer.workspace_id,
                _origins.c.system == place.system,
                _origins.c.account == place.account,
                _origins.c.kind.in_(every_kind),
                _origins.c.record_id.in_(some),
                _origins.c.entity == Entity.CONVERSATION,
            )
        )
        for row in result:
            found[row.record_id].append(row)
    return found


async def messages_of(
    connection: AsyncConnection, record_ids: Collection[str], place: Place, *, viewer: Viewer
) -> dict[str, list[Any]]:
    """The messages of records with these ids, of whatever kind, with their conversation's record id."""
    of_conversation = _origins.alias()
    every_kind = await kinds(connection, place, viewer=viewer)
    found: dict[str, list[Any]] = defaultdict(list)
    for some in chunks(record_ids):
        result = await connection.execute(
            sa.select(
                _origins.c.record_id,
                _messages.c.id,
                _messages.c.conversation_id,
                _messages.c.created_at,
                of_conversation.c.record_id.label("conversation"),
            )
            .join_from(_origins, _messages, _messages.c.id == _origins.c.entity_id)
            .join(of_conversation, of_conversation.c.entity_id == _messages.c.conversation_id, isouter=True)
            .where(
                _origins.c.workspace_id == viewer.workspace_id,
                _origins.c.system == place.system,
                _origins.c.account == place.account,
                _origins.c.kind.in_(every_kind),
                _origins.c.record_id.in_(some),
                _origins.c.entity == Entity.MESSAGE,
            )
        )
        for row in result:
            found[row.record_id].append(row)
    return found
