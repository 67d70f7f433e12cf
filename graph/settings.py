"""All that the environment decides: `COLLOQUY_...` variables, or a `.env` file in the working folder."""

import os
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal, Self

from dotenv.parser import Binding, parse_stream
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from db.database import DatabaseSettings
from db.errors import ColloquyError
from db.writing.limits import Limits

PREFIX = "COLLOQUY_"

DOTENV = Path(".env")

KIBIBYTE = 1024
MEBIBYTE = 1024 * KIBIBYTE


class WrongSettings(ColloquyError):
    """Settings that cannot be: the message names each of them, and what it would take."""


class Settings(BaseSettings):
    """The settings, each the variable of its name in capitals behind `COLLOQUY_`. Sizes are bytes, times seconds."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=DOTENV, env_file_encoding="utf-8", extra="ignore")

    database_url: Annotated[str, Field(min_length=1)] = "colloquy.db"
    """A SQLite file's path, or postgresql://user:password@host:port/name."""
    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    """0: any free port; the server prints it."""
    explorer: bool = True
    """Whether GET /graphql shows GraphiQL to a browser."""
    engine: Literal["on", "off"] = "on"
    """off: queries are executed field by field by graphql-core, for comparisons."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    access_log: bool = False
    """A line for each request."""
    reader_connections: Annotated[int, Field(ge=1, le=64)] = 8
    """Connections that read a SQLite file."""
    readers_at_once: Annotated[int, Field(ge=1, le=64)] = 2
    """Reads of a SQLite file that run at the same time; one that takes long stops counting."""
    pool_size: Annotated[int, Field(ge=1, le=500)] = 10
    """Connections to PostgreSQL."""
    statements: Annotated[int, Field(ge=0, le=100_000)] = 300
    """Prepared statements that each connection to PostgreSQL keeps, for queries and as many for all else; 0: none."""
    pool_timeout: Annotated[float, Field(gt=0, le=600)] = 10.0
    """How long a request waits for a connection."""
    busy_timeout: Annotated[float, Field(ge=0, le=600)] = 5.0
    """How long SQLite waits for another process that holds the file."""
    concurrent_requests: Annotated[int, Field(ge=1)] = 2000
    """Connections and requests at a time; one more is answered 503."""
    graceful_shutdown: Annotated[int, Field(ge=0, le=600)] = 10
    """How long a stopping server waits for its requests."""
    import_record_bytes: Annotated[int, Field(ge=1024)] = 64 * MEBIBYTE
    """A larger record of an imported file is refused."""
    import_object_bytes: Annotated[int, Field(ge=1024)] = 256 * MEBIBYTE
    """A larger file that is one object is refused."""
    import_depth: Annotated[int, Field(ge=1, le=5000)] = 1000
    """Levels of nesting in an imported record."""
    max_content_bytes: Annotated[int, Field(ge=KIBIBYTE)] = MEBIBYTE
    """A longer text, such as a message's content, is refused, and so is a larger JSON value that is no property."""
    max_properties_bytes: Annotated[int, Field(ge=KIBIBYTE)] = 64 * KIBIBYTE
    """Larger properties, userProperties, config or metadata are refused, each measured as JSON without blanks."""
    max_messages: Annotated[int, Field(ge=1)] = 10_000
    """Messages in one call."""
    max_conversations: Annotated[int, Field(ge=1)] = 1_000
    """Conversations in one call, as when many are tagged."""
    max_tags: Annotated[int, Field(ge=1)] = 100
    """Tags of a conversation."""
    max_items: Annotated[int, Field(ge=1)] = 1_000
    """Citations, parts, tool calls, attachments, suggested questions, reasons, scores or verdicts in one list."""
    max_json_levels: Annotated[int, Field(ge=1, le=900)] = 100
    """Levels of objects and arrays in a JSON value of a mutation."""
    idempotency_hours: Annotated[int, Field(ge=1, le=24 * 365)] = 24
    """How long the answer of a write is kept for those who repeat it with its key."""
    undo_days: Annotated[int, Field(ge=0, le=3650)] = 30
    """How long a deleted conversation can be restored."""

    @classmethod
    def load(cls, **given: object) -> Self:
        """The settings of the environment; those given (and not None) win.

        Raises WrongSettings, naming every wrong one: a value that cannot be, a name that is nearly one of these, a
        line of the .env file that cannot be read.
        """
        chosen = {name: value for name, value in given.items() if value is not None}
        bindings = _bindings()
        wrong = _unreadable(bindings) + cls._misspelt([*os.environ, *(binding.key or "" for binding in bindings)])
        try:
            settings = cls(**chosen)  # type: ignore[arg-type]  # pydantic validates them
        except ValidationError as error:
            for problem in error.errors():
                name = str(problem["loc"][0])
                shown = "--" + name.removesuffix("_url") if name in chosen else _variable(name)
                wrong.append(f"{shown}: {problem['msg']}")
        if wrong:
            raise WrongSettings("Settings that cannot be:\n" + "\n".join(f"  {line}" for line in wrong))
        return settings

    @classmethod
    def _misspelt(cls, names: list[str]) -> list[str]:
        """A line for each name that is nearly a setting's; others may be an orchestrator's, and are passed over."""
        known = [_variable(name) for name in cls.model_fields]
        ours = [name for name in names if name.upper().startswith(PREFIX) and name.upper() not in known]
        matches = {name: get_close_matches(name.upper(), known, n=1, cutoff=0.9) for name in ours}
        return [f"{name}: there is no such setting; {match[0]} is one" for name, match in matches.items() if match]

    def database(self) -> DatabaseSettings:
        """The part that the database takes."""
        return DatabaseSettings(
            readers=self.reader_connections,
            readers_at_once=self.readers_at_once,
            pool_size=self.pool_size,
            statements=self.statements,
            pool_timeout=self.pool_timeout,
            busy_timeout=self.busy_timeout,
        )

    def writes(self) -> Limits:
        """The part that writes take."""
        return Limits(
            content_bytes=self.max_content_bytes,
            properties_bytes=self.max_properties_bytes,
            messages=self.max_messages,
            conversations=self.max_conversations,
            tags=self.max_tags,
            items=self.max_items,
            json_levels=self.max_json_levels,
            repeats=timedelta(hours=self.idempotency_hours),
            undo=timedelta(days=self.undo_days),
        )


def _variable(name: str) -> str:
    return PREFIX + name.upper()


def _bindings() -> list[Binding]:
    """The lines of the .env file as its reader takes them. Raises WrongSettings where it is no text."""
    if not DOTENV.is_file():
        return []
    try:
        with DOTENV.open(encoding="utf-8") as lines:
            return list(parse_stream(lines))
    except UnicodeDecodeError as error:
        raise WrongSettings(f"{DOTENV.absolute()} is no UTF-8 text") from error


def _unreadable(bindings: list[Binding]) -> list[str]:
    """A line for each of ours that cannot be read; the same file may hold those of other programs."""
    return [
        f"{DOTENV}, line {binding.original.line}: not of the form NAME=value"
        for binding in bindings
        if binding.error and PREFIX in binding.original.string
    ]
