"""What every table has, and the column types that both databases share."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa
import uuid_utils
from sqlalchemy import event
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles
from sqlmodel import Field, SQLModel

from db.jsons import dump, parse

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

KEY_LENGTH = 512
"""Characters in a text that is a key or has an index: PostgreSQL's B-tree takes no more than 2,704 bytes a row."""

SQLModel.metadata.naming_convention = {
    # Batch migrations on SQLite and the comparison of schemas need names that are the same everywhere.
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """An instant in UTC with microseconds: timestamptz on PostgreSQL, an integer of microseconds since 1970 on SQLite.

    SQLite has no type for time, and text in ISO 8601 is twice as long and slower to compare."""

    impl = sa.BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """The column type of the database at hand."""
        postgres = dialect.name == "postgresql"
        return dialect.type_descriptor(sa.TIMESTAMP(timezone=True) if postgres else sa.BigInteger())

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> Any:
        """The value as the driver takes it; a time without an offset is a programming error."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without an offset cannot be stored")
        return value if dialect.name == "postgresql" else (value - EPOCH) // MICROSECOND

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:
        """The stored instant, in UTC."""
        if value is None:
            return None
        if dialect.name == "postgresql":
            moment = cast("datetime", value)
            # asyncpg writes the first and the last moment as infinities, and reads these without an offset.
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        return EPOCH + timedelta(microseconds=value)


class JsonText(sa.types.TypeDecorator[Any]):
    """JSON as ASCII-escaped text, which keeps key order, number tokens, NUL and lone surrogates; None is SQL's NULL.

    jsonb keeps none of these, and SQLAlchemy's JSON has numeric affinity on SQLite (1.0 becomes 1).
    """

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """The value as JSON text."""
        return None if value is None else dump(value)

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> Any:  # noqa: ARG002 - likewise
        """The value that the text says."""
        return None if value is None else parse(value)


class JsonCopy(sa.types.TypeDecorator[Any]):
    """The type of a copy of a JsonText column that filters read: jsonb on PostgreSQL, the text itself on SQLite."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """The column type of the database at hand."""
        return dialect.type_descriptor(postgresql.JSONB() if dialect.name == "postgresql" else sa.Text())


class CopyOf(sa.Computed):
    """The generation of a JsonCopy: stored on PostgreSQL, virtual and so for nothing on SQLite."""

    def __init__(self, column: str) -> None:
        super().__init__(column)
        self.source_column = column


@compiles(CopyOf)
def _copy_on_sqlite(element: CopyOf, _compiler: Any, **_options: Any) -> str:
    return f"GENERATED ALWAYS AS ({element.source_column}) VIRTUAL"


@compiles(CopyOf, "postgresql")
def _copy_on_postgresql(element: CopyOf, _compiler: Any, **_options: Any) -> str:
    return f"GENERATED ALWAYS AS (colloquy_jsonb({element.source_column})) STORED"


def word(enum: type[StrEnum]) -> sa.Enum:
    """The column type of a closed vocabulary: text with a CHECK, so that both databases and a later word are easy."""
    return sa.Enum(
        enum,
        native_enum=False,
        create_constraint=True,
        length=20,
        values_callable=lambda members: [member.value for member in members],
        name=enum.__name__.lower(),
    )


def sorted_text(length: int) -> sa.String:
    """The type of a text that lists are ordered by: by code point, on both databases."""
    return sa.String(length).with_variant(postgresql.VARCHAR(length, collation="C"), "postgresql")


def json_field(name: str | None = None) -> Any:
    """A column of JSON from outside, null where there is none; `name` where the attribute cannot be called so."""
    return Field(default=None, sa_type=JsonText, nullable=True, sa_column_kwargs={"name": name} if name else {})


def json_copy(column: str) -> Any:
    """The generated copy of the JSON column of that name, for filters: costs nothing on SQLite, where it is virtual."""
    return Field(default=None, sa_type=JsonCopy, nullable=True, sa_column_args=(CopyOf(column),))


def key_to(target: str, *, on_delete: str = "CASCADE") -> Any:
    """A required foreign key, `target` being "table.column"."""
    return Field(foreign_key=target, ondelete=cast("Any", on_delete), nullable=False)


def optional_key_to(target: str, *, on_delete: str = "SET NULL") -> Any:
    """A foreign key that may be null."""
    return Field(default=None, foreign_key=target, ondelete=cast("Any", on_delete), nullable=True)


def now() -> datetime:
    """The time of now, in UTC."""
    return datetime.now(UTC)


def new_id(at: datetime | None = None) -> UUID:
    """A UUIDv7 of now, or of the time that a record says it is from; times before 1970 count as 1970."""
    if at is None:
        return UUID(int=uuid_utils.uuid7().int)
    return UUID(int=uuid_utils.uuid7(nanoseconds=max(0, (at - EPOCH) // MICROSECOND) * 1000).int)


class Owned(SQLModel):
    """A row that belongs to a workspace."""

    workspace_id: UUID = key_to("workspaces.id")


class Record(Owned):
    """A row with an identity of its own."""

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime = Field(default_factory=now, sa_type=cast("Any", UtcDateTime), nullable=False)


class Revised(Record):
    """A record that changes: `version` rises by one with every change."""

    updated_at: datetime = Field(default_factory=now, sa_type=cast("Any", UtcDateTime), nullable=False)
    version: int = Field(default=1, nullable=False)


def moment_field(*, nullable: bool = True) -> Any:
    """A column with an instant."""
    return Field(default=None, sa_type=UtcDateTime, nullable=nullable)


def word_field(enum: type[StrEnum], default: StrEnum | None = None, *, nullable: bool = False) -> Any:
    """A column with a word of a closed vocabulary."""
    return Field(default=default, sa_type=cast("Any", word(enum)), nullable=nullable)


def text_field(default: str | None = None, *, nullable: bool = True) -> Any:
    """A column of text of any length."""
    return Field(default=default, sa_type=sa.Text, nullable=nullable)


def made_with(target: sa.Table | sa.MetaData, statements: Iterable[str], dialect: str) -> None:
    """Let a table, or all of them, be made with these statements behind it on a database of that dialect."""
    for statement in statements:
        made = sa.DDL(statement.replace("%", "%%"))  # type: ignore[no-untyped-call]  # SQLAlchemy has no types here
        event.listen(target, "after_create", made.execute_if(dialect=dialect))


def table_of(model: type[SQLModel]) -> sa.Table:
    """The table behind a model, for statements that need rows and no objects."""
    return cast("sa.Table", cast("Any", model).__table__)


def scalar_default(column: sa.Column[Any]) -> Any:
    """The value that a column has where none is given; None where it has no such value, or one that is made."""
    if column.default is None or not column.default.is_scalar:
        return None
    return getattr(column.default, "arg")  # noqa: B009 - only scalar defaults have it, as the stubs know


def partial_index(name: str, *columns: str, where: str, unique: bool = False) -> sa.Index:
    """An index over the rows for which `where` holds, the same on both databases."""
    condition: Callable[[], Any] = lambda: sa.text(where)  # noqa: E731 - one clause for two dialects, made anew for each
    return sa.Index(name, *columns, unique=unique, sqlite_where=condition(), postgresql_where=condition())


def json_index(name: str, column: str) -> sa.Index:
    """A GIN index over a JsonCopy; SQLite has none of its kind."""
    return sa.Index(
        name, column, postgresql_using="gin", postgresql_ops={column: "jsonb_path_ops"}, info={"only": "postgresql"}
    ).ddl_if(dialect="postgresql")
