"""The wall around an end user: whatever a statement asks, the tables that it names hold only what this viewer may see.

Every statement that a restricted viewer's connection executes is given common table expressions in front, one for each
table that it names, under the table's own name:

    WITH conversations AS NOT MATERIALIZED (SELECT own.* FROM conversations AS own WHERE own.owner_id = $3 ...)
    SELECT ...

A name in a FROM means the nearest thing of that name, and so the joins, filters, counts and subqueries of the statement
find nothing else. An UPDATE or DELETE names its table itself, past all of these: its WHERE is given the same condition.
What a text could get around this with is refused (`db.statement_texts`), and so are locks, which PostgreSQL would not
take through an expression: `db.writing.rows` has the condition in its own statements.

`db.wall_rules` says for each table what is seen of it; of one that has no rule, nothing. Staff and keys have no wall,
and pay nothing for it.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any, Final, NamedTuple, Self

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.statement_texts import Anatomy, Unwalled, anatomy_of
from db.viewer import Viewer
from db.wall_rules import HELPERS, NOTHING, RULES, Rule

WALL: Final = "colloquy_wall"
"""The execution option in which a connection of SQLAlchemy has its wall."""

KEPT: Final = 512
"""Texts with their walls that are kept."""


class Wall(NamedTuple):
    """The wall of one viewer on a database of one kind."""

    dialect: str
    workspace: Any
    """As the driver takes it."""
    user: str
    public: bool

    @classmethod
    def of(cls, viewer: Viewer, dialect: str, *, reads: bool = True) -> Self | None:
        """The viewer's wall; None for who sees all of the workspace. What is public can be read, and not changed."""
        owner = viewer.owns
        if owner is None:
            return None
        workspace = viewer.workspace_id if dialect == "postgresql" else viewer.workspace_id.hex
        return cls(dialect, workspace, owner, viewer.sees_public and reads)

    def around(self, text: str, parameters: Sequence[Any]) -> tuple[str, tuple[Any, ...]]:
        """The statement inside of the wall, and its parameters. Raises Unwalled."""
        walled = _walled(text, self.dialect, self.public)
        return walled.text, self._given(walled, parameters)

    def around_many(self, text: str, many: Sequence[Sequence[Any]]) -> tuple[str, list[tuple[Any, ...]]]:
        """The same of a statement that is executed many times. Raises Unwalled."""
        walled = _walled(text, self.dialect, self.public)
        return walled.text, [self._given(walled, each) for each in many]

    def _given(self, walled: _Walled, parameters: Sequence[Any]) -> tuple[Any, ...]:
        if not isinstance(parameters, tuple | list):
            raise Unwalled("parameters go by their places")
        ours = tuple(self.user if name == "user" else self.workspace for name in walled.names)
        if self.dialect == "sqlite":
            return (*ours, *parameters)
        if ours and len(parameters) != walled.numbered:
            raise Unwalled(f"{len(parameters)} parameters for a statement with {walled.numbered}")
        return (*parameters, *ours)


class _Walled(NamedTuple):
    text: str
    names: tuple[str, ...]
    """The wall's own parameters: in front of the statement's on SQLite, behind them on PostgreSQL."""
    numbered: int
    """The statement's parameters, as PostgreSQL numbers them."""


def _tables() -> dict[str, sa.Table]:
    from db.tables import metadata  # not above: the tables' modules need the connections that need this one

    return dict(metadata.tables)


@lru_cache(maxsize=KEPT)
def _walled(text: str, dialect: str, public: bool) -> _Walled:
    tables = _tables()
    anatomy = anatomy_of(text, dialect, tables)
    if anatomy is None:
        return _Walled(text, (), 0)
    mentioned = list(anatomy.mentioned)
    if anatomy.changed:
        text = _confined(text, anatomy, tables[anatomy.changed])
        mentioned.append(anatomy.changed)
    if not mentioned:
        return _Walled(text, (), 0)
    expressions, names = _expressions(mentioned, dialect, public, anatomy.numbered, tables)
    return _Walled(_within(text, anatomy, expressions, dialect), names, anatomy.numbered)


def _confined(text: str, anatomy: Anatomy, table: sa.Table) -> str:
    """An UPDATE or DELETE whose WHERE has the condition that the row is seen."""
    target = anatomy.target
    assert target is not None, "what changes rows names their table"
    same = " AND ".join(f"seen.{column.name} = {target.text}.{column.name}" for column in table.primary_key)
    seen = f"EXISTS (SELECT 1 FROM {table.name} AS seen WHERE {same})"
    behind = [token for token in anatomy.tokens if not token.depth and token.start > target.start]
    where = next((token for token in behind if token.word == "WHERE"), None)
    end = next((token.start for token in behind if token.word == "RETURNING"), len(text))
    if where is None:
        return f"{text[:end].rstrip()} WHERE {seen} {text[end:]}".rstrip()
    return f"{text[: where.end]} {seen} AND ({text[where.end : end].strip()}) {text[end:]}".rstrip()


def _expressions(
    mentioned: Sequence[str], dialect: str, public: bool, numbered: int, tables: dict[str, sa.Table]
) -> tuple[str, tuple[str, ...]]:
    """The expressions for these tables and those that they need, and the parameters of these."""
    ordered: dict[str, str] = {}

    def add(name: str) -> None:
        if name in ordered:
            return
        if name in HELPERS:
            text, needs = HELPERS[name]
            text = text.format(across="CROSS" if dialect == "sqlite" else "")  # SQLite: in this order
        else:
            rule = RULES.get(name, NOTHING)
            text, needs = _expression(tables[name], rule, dialect, public), rule.needs
        for each in needs:
            add(each)
        ordered[name] = text

    for name in mentioned:
        add(name)
    names: list[str] = []

    def placed(match: re.Match[str]) -> str:
        name = match.group(1)
        if dialect == "sqlite":
            names.append(name)
            return "?"
        if name not in names:
            names.append(name)
        return f"${numbered + 1 + names.index(name)}"

    return re.sub(r":(user|workspace)\b", placed, ", ".join(ordered.values())), tuple(names)


def _expression(table: sa.Table, rule: Rule, dialect: str, public: bool) -> str:
    where = f"({rule.where} OR {rule.public})" if public and rule.public else rule.where
    if rule.fence:
        where = f"{rule.fence} AND {where}"
    # SQLite's expressions see themselves: the table is named with its schema there.
    schema, rowid = ("main.", "own.rowid AS rowid, ") if dialect == "sqlite" else ("", "")
    columns = "own.*"
    if rule.masked or rule.computed:
        computed = dict(rule.computed)
        columns = ", ".join(_column(column, rule, computed, dialect) for column in table.columns)
    join = f" {rule.join}" if rule.join else ""
    source = f"{schema}{table.name} AS own{join}"
    return f"{table.name} AS NOT MATERIALIZED (SELECT {rowid}{columns} FROM {source} WHERE {where})"


def _column(column: sa.Column[Any], rule: Rule, computed: dict[str, str], dialect: str) -> str:
    if column.name in rule.masked:
        kind = column.type.compile(dialect=_DIALECTS[dialect])
        return f"CAST(NULL AS {kind}) AS {column.name}"
    if column.name in computed:
        return f"{computed[column.name]} AS {column.name}"
    return f"own.{column.name}"


_DIALECTS: Final[dict[str, sa.Dialect]] = {
    name: sa.engine.make_url(f"{name}://").get_dialect()() for name in ("sqlite", "postgresql+asyncpg")
}
_DIALECTS["postgresql"] = _DIALECTS.pop("postgresql+asyncpg")


def _within(text: str, anatomy: Anatomy, expressions: str, dialect: str) -> str:
    """The statement behind its expressions."""
    first, second = anatomy.tokens[0], anatomy.tokens[1]
    if first.word != "WITH":
        return f"WITH {expressions} {text}"
    recursive = second.word == "RECURSIVE"
    if recursive and dialect == "postgresql":
        # Not into its own list, where our names would mean themselves. A lone subquery's rows come in its own order.
        if anatomy.target is not None:
            raise Unwalled("it changes rows by recursion")
        return f"WITH {expressions} SELECT * FROM ({text}) AS found"
    return f"WITH {expressions}, {text[(second.end if recursive else first.end) :].lstrip()}"


def forget() -> None:
    """Forget the texts that are kept: a rule was changed."""
    _walled.cache_clear()


def wall_of(connection: AsyncConnection) -> Wall | None:
    """The wall of a connection of SQLAlchemy."""
    sync = connection.sync_connection
    return None if sync is None else sync.get_execution_options().get(WALL)


def build(engine: sa.Engine) -> None:
    """Let each statement of an engine go to the driver inside of the wall that its connection has."""

    @sa.event.listens_for(engine, "before_cursor_execute", retval=True)
    def inside(
        connection: sa.Connection, _cursor: Any, text: str, parameters: Any, _context: Any, executemany: bool
    ) -> tuple[str, Any]:
        wall: Wall | None = connection.get_execution_options().get(WALL)
        if wall is None:
            return text, parameters
        return wall.around_many(text, parameters) if executemany else wall.around(text, parameters)


@asynccontextmanager
async def lifted(connection: AsyncConnection) -> AsyncIterator[None]:
    """Let the block's statements go around the wall: for what a write has to see to beyond what its viewer sees.

    Such as the counters of sources, and others' feedback on a message that is deleted. What the viewer named was found
    inside of the wall before, and nothing that is read here is told.
    """
    raw: Any = connection
    if hasattr(raw, "wall"):  # the inline connections of SQLite
        wall, raw.wall = raw.wall, None
        try:
            yield
        finally:
            raw.wall = wall
        return
    before = wall_of(connection)
    if before is None:
        yield
        return
    sync: Any = connection.sync_connection
    bare = sync.info.get("bare")  # of PostgreSQL, whose policies are a wall as well
    told = None if bare is None else bare.told
    await connection.execution_options(**{WALL: None})
    try:
        if told is not None:
            await bare.tell((told[0], "", ""), here=True)
        yield
        if told is not None:  # what fails is rolled back with all of it, this too
            await bare.tell(told, here=True)
    finally:
        await connection.execution_options(**{WALL: before})
