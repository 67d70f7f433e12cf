"""The second wall, on PostgreSQL: policies that let a role which owns no table see what it was told of who asks.

The first one (`db.walls`) is in the statements; this one is the database's own. Whoever owns the tables is not bound by
it: migrations and imports run as the owner, and the server as a role that `colloquy db secure` has made fit. The server
tells the policies who asks by settings of the connection, where another one asked last; told nothing, they let nobody
see anything.

    colloquy.workspace_id   the workspace; "*": all of them, for the program itself
    colloquy.user_id        "=" and the end user to whose conversations all is confined; "" for staff and keys
    colloquy.sees_public    "on" where that one may read what is public
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.database import Database
from db.errors import DatabaseUnfit
from db.record import made_with
from db.viewer import PROGRAM

_WORKSPACE: Final = "(SELECT current_setting('colloquy.workspace_id', true))"
_HERE: Final = (
    "({key} = (SELECT nullif(nullif(current_setting('colloquy.workspace_id', true), ''), '*')::uuid)"
    f" OR {_WORKSPACE} = '*')"
)
_STAFF: Final = "(SELECT current_setting('colloquy.user_id', true)) = ''"
_USER: Final = "(SELECT substr(current_setting('colloquy.user_id', true), 2))"
_PUBLIC: Final = "(SELECT current_setting('colloquy.sees_public', true)) = 'on'"
_TALK: Final = "EXISTS (SELECT 1 FROM conversations AS talk WHERE talk.id = {table}.conversation_id AND {whose})"

_OF_CONVERSATIONS: Final = ("conversation_tags", "conversation_tools", "messages", "citations")
_OF_MESSAGES: Final = ("content_parts", "follow_up_questions", "attachments", "tool_calls")
_OF_FEEDBACK: Final = ("feedback_reasons", "feedback_scores", "citation_verdicts")
_OF_ALL: Final = ("assistants", "tools", "assistant_tools")
_OF_STAFF: Final = ("origins", "imports", "record_versions", "repeats", "api_keys", "audit_entries")


def _policy(table: str, name: str, kind: str, condition: str, *, key: str = "workspace_id") -> str:
    """A policy for the rows of the workspace that meet the condition."""
    clause = "WITH CHECK" if kind == "INSERT" else "USING"
    return f"CREATE POLICY {name} ON {table} FOR {kind} {clause} ({_HERE.format(key=key)} AND ({condition}))"


def _above(table: str, parent: str, column: str) -> str:
    """Whether the row that this one belongs to is seen."""
    return f"{_STAFF} OR EXISTS (SELECT 1 FROM {parent} AS above WHERE above.id = {table}.{column})"


def policies() -> list[str]:
    """All of them. A table whose policies let nobody in lets nobody in."""
    statements = [
        _policy("workspaces", "seen", "ALL", "true", key="id"),
        _policy("conversations", "owned", "ALL", f"{_STAFF} OR owner_id = {_USER}"),
        _policy("conversations", "public", "SELECT", f"{_PUBLIC} AND visibility = 'PUBLIC'"),
    ]
    for table in _OF_CONVERSATIONS:
        own = _TALK.format(table=table, whose=f"talk.owner_id = {_USER}")
        public = _TALK.format(table=table, whose="talk.visibility = 'PUBLIC'")
        statements.append(_policy(table, "owned", "ALL", f"{_STAFF} OR {own}"))
        statements.append(_policy(table, "public", "SELECT", f"{_PUBLIC} AND {public}"))
    statements += [_policy(table, "seen", "ALL", _above(table, "messages", "message_id")) for table in _OF_MESSAGES]
    talk = _TALK.format(table="feedback", whose=f"(feedback.is_owners AND talk.owner_id = {_USER} OR {{author}})")
    author = f"feedback.author_kind = 'END_USER' AND feedback.author_id = {_USER}"
    statements.append(_policy("feedback", "seen", "ALL", f"{_STAFF} OR {talk.format(author=author)}"))
    statements += [_policy(table, "seen", "ALL", _above(table, "feedback", "feedback_id")) for table in _OF_FEEDBACK]
    cited = "EXISTS (SELECT 1 FROM citations AS said WHERE said.source_id = sources.id)"
    statements.append(_policy("sources", "staff", "ALL", _STAFF))
    statements.append(_policy("sources", "cited", "SELECT", cited))
    for table in _OF_ALL:
        statements.append(_policy(table, "staff", "ALL", _STAFF))
        statements.append(_policy(table, "seen", "SELECT", "true"))
    statements += [_policy(table, "staff", "ALL", _STAFF) for table in _OF_STAFF]
    statements.append(_policy("audit_entries", "noted", "INSERT", "true"))
    statements += [
        f"CREATE POLICY program ON {table} FOR ALL USING ({_WORKSPACE} = '*')"
        for table in ("token_secrets", "rate_points")
    ]
    return statements


def statements() -> list[str]:
    """What makes the policies, and has them hold."""
    made = policies()
    tables = dict.fromkeys(each.split(" ON ")[1].split(" ")[0] for each in made)
    return [*(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY" for table in tables), *made]


def attach(metadata: sa.MetaData) -> None:
    """Let the tables be made with their policies."""
    made_with(metadata, statements(), "postgresql")


async def check(database: Database) -> None:
    """Raise DatabaseUnfit where the policies and the setting don't fit: nothing would be seen, or all of it."""
    async with database.read(viewer=PROGRAM) as connection:
        found = await connection.execute(
            sa.text("SELECT current_user, row_security_active('conversations') AND row_security_active('messages')")
        )
        role, bound = found.one()
    if database.row_security and not bound:
        raise DatabaseUnfit(
            f"COLLOQUY_ROW_SECURITY is on, and the role {role} is not bound by row-level security: it owns the tables, "
            "or may go around it. Connect as another one, made fit by: colloquy db secure --role NAME",
            field="row_security",
        )
    if bound and not database.row_security:
        raise DatabaseUnfit(
            f"The role {role} is bound by row-level security, and would see nothing: set COLLOQUY_ROW_SECURITY=true",
            field="row_security",
        )


async def secure(database: Database, role: str) -> None:
    """Let a role read and write the rows, and nothing else: the one that the server connects as.

    It has to be there already. To be done by the owner of the tables, and again after each migration. Raises
    DatabaseUnfit where the role could get around the policies.
    """
    async with database.write(viewer=PROGRAM) as connection:
        await _check_role(connection, role)
        quoted = connection.dialect.identifier_preparer.quote_identifier(role)
        schema = (await connection.execute(sa.text("SELECT quote_ident(current_schema())"))).scalar_one()
        tables = (await connection.execute(_TABLES)).scalars().all()
        await connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA {schema} TO {quoted}")
        for table in tables:
            rights = _RIGHTS.get(table, "SELECT, INSERT, UPDATE, DELETE")
            await connection.exec_driver_sql(f'GRANT {rights} ON {schema}."{table}" TO {quoted}')


_RIGHTS: Final = {"alembic_version": "SELECT", "audit_entries": "SELECT, INSERT"}
"""Of tables that the server does not change, or only adds to."""

_TABLES: Final = sa.text(
    "SELECT c.relname FROM pg_class AS c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'"
)

_ROLE: Final = sa.text("SELECT oid, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = :role")

_OWNS: Final = sa.text(
    "SELECT c.relname FROM pg_class AS c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'"
    " AND pg_has_role(:role, c.relowner, 'MEMBER') ORDER BY c.relname LIMIT 1"
)


async def _check_role(connection: AsyncConnection, role: str) -> None:
    found = (await connection.execute(_ROLE, {"role": role})).one_or_none()
    if found is None:
        raise DatabaseUnfit(
            f"there is no role {role}. Make it first: CREATE ROLE {role} LOGIN PASSWORD '...'", field="role"
        )
    if found.rolsuper or found.rolbypassrls:
        why = "is a superuser" if found.rolsuper else "has BYPASSRLS"
        raise DatabaseUnfit(f"the role {role} {why}: no policy binds it. Take another one.", field="role")
    owned = (await connection.execute(_OWNS, {"role": role})).scalar_one_or_none()
    if owned is not None:
        raise DatabaseUnfit(
            f"the role {role} owns the table {owned}, or is a member of the role that does: no policy binds it. "
            "Take another one.",
            field="role",
        )
