"""Properties: the keys and values that the free JSON of conversations, messages and feedback holds, for filters."""

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from db import reads
from db.errors import InvalidInput
from db.json_filters import path_of, path_text, text_of, value_at
from db.jsons import parse
from db.operators import starting_with
from db.viewer import Viewer

_OWNERS: Final = {"conversation": "conversations", "message": "messages", "feedback": "feedback"}


async def property_keys(
    connection: AsyncConnection,
    field: str,
    on: str,
    path: Sequence[str],
    prefix: str | None = None,
    first: int = 100,
    *,
    viewer: Viewer,
) -> list[tuple[str, int]]:
    """The keys of the objects at the path, and how many records have each there; the most used first.

    `field` is properties, user_properties or metadata, `on` conversation, message or feedback; of the keys only those
    count that begin with the prefix, whatever the case. Raises InvalidInput for a path that is too long, and for
    metadata of anything but messages.
    """
    rows, column = _column(field, on)
    steps = path_of(path, "path")
    if connection.dialect.name == "postgresql":
        found = value_at(column, steps)
        plain = sa.case((sa.func.jsonb_typeof(found) == "object", found), else_=_empty("{}"))
        keys = sa.func.jsonb_object_keys(plain, type_=sa.Text()).table_valued("key").render_derived(name="keys")
    else:
        keys = _listed(sa.func.colloquy_json_keys(column, path_text(steps)))
    key: sa.ColumnElement[Any] = sa.type_coerce(next(iter(keys.c)), sa.Text())
    uses = sa.func.count().label("uses")
    statement = (
        sa.select(key.label("key"), uses)
        .select_from(rows.join(keys, sa.true()))
        .where(*_seen(rows, column, viewer), starting_with(key, prefix) if prefix else sa.true())
        .group_by(key)
        .order_by(uses.desc(), _by_code_point(key, connection))
        .limit(first)
    )
    return [(row.key, row.uses) for row in await connection.execute(statement)]


async def property_values(
    connection: AsyncConnection,
    field: str,
    on: str,
    path: Sequence[str],
    prefix: str | None = None,
    first: int = 100,
    *,
    viewer: Viewer,
) -> list[tuple[Any, int]]:
    """The values at the path, and how many records have each there; the most used first. null is no value.

    Of a list its members count, each once a record. With a prefix only the texts that begin with it, whatever the case.
    Raises InvalidInput as property_keys does.
    """
    rows, column = _column(field, on)
    steps = path_of(path, "path")
    if connection.dialect.name == "postgresql":
        found = value_at(column, steps)
        members = sa.case(
            (sa.func.jsonb_typeof(found) == "array", found),
            (found.is_(None), _empty("[]")),
            else_=sa.func.jsonb_build_array(found),
        )
        values = (
            sa.func.jsonb_array_elements(members, type_=JSONB()).table_valued("value").render_derived(name="members")
        )
        value = sa.type_coerce(next(iter(values.c)), JSONB())
        is_text = sa.func.jsonb_typeof(value) == "string"
        text = text_of(value)
        # Numbers that are equal are one group, of which the shortest spelling is shown.
        shown: sa.ColumnElement[Any] = sa.func.min(
            sa.collate(
                sa.case(
                    (
                        sa.func.jsonb_typeof(value) == "number",
                        sa.cast(sa.func.trim_scale(sa.cast(value, sa.Numeric())), sa.Text()),
                    ),
                    else_=sa.cast(value, sa.Text()),
                ),
                "C",
            )
        ).label("shown")
        group, some = value, value != sa.literal_column("'null'::jsonb", JSONB())
    else:
        values = _listed(sa.func.colloquy_json_members(column, path_text(steps)))
        value = sa.type_coerce(next(iter(values.c)), sa.Text())
        is_text = sa.func.substr(value, 1, 1) == '"'
        text = sa.func.json_extract(value, "$", type_=sa.Text())
        group, shown, some = value, value.label("shown"), sa.true()
    uses = sa.func.count(rows.c.id.distinct()).label("uses")
    begins = sa.and_(is_text, starting_with(text, prefix)) if prefix else sa.true()
    statement = (
        sa.select(shown, uses)
        .select_from(rows.join(values, sa.true()))
        .where(*_seen(rows, column, viewer), some, begins)
        .group_by(group)
        .order_by(uses.desc(), shown)
        .limit(first)
    )
    return [(parse(row.shown), row.uses) for row in await connection.execute(statement)]


def _column(field: str, on: str) -> tuple[sa.Table, sa.ColumnElement[Any]]:
    rows = reads.table(_OWNERS[on])
    if f"{field}_copy" not in rows.c:
        raise InvalidInput(f"{on} has no {field}", field="field")
    return rows, rows.c[f"{field}_copy"]


def _seen(rows: sa.Table, column: sa.ColumnElement[Any], viewer: Viewer) -> list[reads.Condition]:
    conversation = rows.c.id if rows.name == "conversations" else rows.c.conversation_id
    return [rows.c.workspace_id == viewer.workspace_id, column.is_not(None), reads.living(conversation, viewer)]


def _empty(text: str) -> sa.ColumnElement[Any]:
    return sa.literal_column(f"'{text}'::jsonb", JSONB())


def _listed(texts: sa.ColumnElement[Any]) -> sa.TableValuedAlias:
    """The members of a JSON list, as rows, on SQLite."""
    return sa.func.json_each(texts).table_valued("value", name="listed")


def _by_code_point(text: sa.ColumnElement[Any], connection: AsyncConnection) -> sa.ColumnElement[Any]:
    return sa.collate(text, "C") if connection.dialect.name == "postgresql" else text
