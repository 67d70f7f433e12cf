"""All that the environment decides: `COLLOQUY_...` variables, or a `.env` file in the working folder.

It is over 300 lines long because each setting is a line or two here, its range and its meaning, and nowhere else.
"""

import os
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal, Self

from dotenv.parser import Binding, parse_stream
from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from db.database import DatabaseSettings
from db.errors import ColloquyError
from db.writing.limits import Limits
from graph.access.bodies import BodyLimits
from graph.access.capacity import ConnectionLimits, OperationLimits
from graph.access.limits import Bounds, RateLimits

PREFIX = "COLLOQUY_"

DOTENV = Path(".env")

Algorithm = Literal[
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"
]  # fmt: skip
"""What a token of an identity provider may be signed with: a private key, of which only the public one is here."""

KIBIBYTE = 1024
MEBIBYTE = 1024 * KIBIBYTE


def _listed(value: object) -> object:
    """The words of a setting that is a list: between commas or blanks."""
    return value.replace(",", " ").split() if isinstance(value, str) else value


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
    queries_by_get: bool = True
    """Whether a query in a URL is answered; if not, with 405, and queries take POST as mutations do."""
    engine: Literal["on", "off"] = "on"
    """off: queries are executed field by field by graphql-core, for comparisons."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    access_log: bool = False
    """A line for each request."""
    reader_connections: Annotated[int, Field(ge=1, le=64)] = 8
    """Connections that read a SQLite file."""
    readers_at_once: Annotated[int, Field(ge=1, le=64)] = 1
    """Reads of a SQLite file that run at the same time; one that takes long stops counting."""
    pool_size: Annotated[int, Field(ge=1, le=500)] = 10
    """Connections to PostgreSQL."""
    row_security: bool = False
    """Whether PostgreSQL's own policies are told who asks; the role in `database_url` is then made fit by
    `colloquy db secure`, and owns no table."""
    statements: Annotated[int, Field(ge=0, le=100_000)] = 300
    """Prepared statements that each connection to PostgreSQL keeps, for queries and as many for all else; 0: none."""
    pool_timeout: Annotated[float, Field(gt=0, le=600)] = 10.0
    """How long a request waits for a connection."""
    busy_timeout: Annotated[float, Field(ge=0, le=600)] = 5.0
    """How long SQLite waits for another process that holds the file."""
    connections: Annotated[int, Field(ge=1)] = 2000
    """Connections at a time. For one more, one goes that asks for nothing; where there is none, the new one."""
    sockets: Annotated[int, Field(ge=1)] = 1000
    """WebSockets at a time, of all connections; one more is answered 503."""
    socket_frames: Annotated[int, Field(ge=1)] = 200
    """Frames a second that a WebSocket may send; more close it."""
    header_timeout: Annotated[float, Field(gt=0, le=600)] = 10.0
    """How long the head of a request may take, from its first byte or from the beginning of the connection."""
    header_bytes: Annotated[int, Field(ge=1024, le=MEBIBYTE)] = 64 * KIBIBYTE
    """A request with a larger head is answered 431."""
    body_timeout: Annotated[float, Field(gt=0, le=3600)] = 10.0
    """How long the body of a request may take; one that takes longer is answered 408."""
    body_bytes: Annotated[int, Field(ge=1024)] = MEBIBYTE
    """A larger body is answered 413, unless the request shows a key that writes."""
    ingest_body_bytes: Annotated[int, Field(ge=1024)] = 20 * MEBIBYTE
    """The same for requests that show a key of scope write, ingest or admin."""
    write_timeout: Annotated[float, Field(gt=0, le=3600)] = 30.0
    """A client that takes nothing, or less than a kilobyte a second, of what waits for it for so long is cut off."""
    idle_timeout: Annotated[float, Field(gt=0, le=3600)] = 15.0
    """How long a connection is kept for its next request, unless its place is needed."""
    execution_timeout: Annotated[float, Field(gt=0, le=3600)] = 10.0
    """How long an operation may run; then it is given up, and its statement broken off in the database."""
    operations_at_once: Annotated[int, Field(ge=1)] = 100
    """Operations that run at a time."""
    operations_per_key: Annotated[int, Field(ge=1)] = 50
    """Operations of one key, or of one end user, that run at a time."""
    operations_waiting: Annotated[int, Field(ge=0)] = 200
    """Operations that wait until they may run, half of them of one key at most; one more is answered 503 or 429."""
    document_characters: Annotated[int, Field(ge=1)] = 100_000
    """Characters of a document."""
    document_tokens: Annotated[int, Field(ge=1)] = 2_500
    """Tokens of a document: names, numbers, strings, brackets."""
    document_comments: Annotated[int, Field(ge=0)] = 500
    """Comments of a document."""
    query_depth: Annotated[int, Field(ge=1)] = 15
    """Fields of an operation below each other, the first and the last among them; introspection is not counted."""
    query_aliases: Annotated[int, Field(ge=0)] = 30
    """Aliases of an operation, its fragments written out."""
    query_root_fields: Annotated[int, Field(ge=1)] = 20
    """Fields that an operation begins with."""
    query_mutations: Annotated[int, Field(ge=1)] = 5
    """Mutations in one request."""
    query_directives: Annotated[int, Field(ge=0)] = 20
    """Directives of an operation, its fragments written out."""
    query_directives_in_place: Annotated[int, Field(ge=0)] = 5
    """Directives of one field, fragment or operation."""
    query_repeats: Annotated[int, Field(ge=1)] = 20
    """Times that one field is written, under one key, in one pair of braces."""
    query_fields: Annotated[int, Field(ge=1)] = 10_000
    """Fields of an operation, its fragments written out."""
    query_ids: Annotated[int, Field(ge=1)] = 100
    """Ids in one list."""
    query_cost: Annotated[int, Field(ge=1)] = 100_000
    """Nodes that an operation could return."""
    variables_depth: Annotated[int, Field(ge=1)] = 20
    """Objects and lists within each other in the variables; staff may write JSON of max_json_levels more."""
    variables_characters: Annotated[int, Field(ge=1)] = MEBIBYTE
    """Characters of the variables, where the viewer may not write for others: then the body's size decides alone."""
    introspection: bool = True
    """Whether the schema may be asked for itself; if not, errors suggest no names either."""
    introspection_parts: Annotated[int, Field(ge=1)] = 100_000
    """Parts of the schema that introspection could give, by the averages of the schema."""
    rate_limit: Annotated[int, Field(ge=0)] = 10_000_000
    """Nodes that a key, or a member of staff, may ask for in a minute; 0: as many as they like."""
    user_rate_limit: Annotated[int, Field(ge=0)] = 1_000_000
    """Nodes that an end user may ask for in a minute; 0: as many as they like."""
    trusted_documents: str = ""
    """The file of trusted documents, as GraphQL Code Generator and relay-compiler write it; empty: there are none."""
    trusted_only: bool = False
    """Whether no other documents may be executed."""
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
    user_token_hours: Annotated[int, Field(ge=1, le=24 * 366)] = 720
    """For how long a token of `createUserToken` may be asked for."""
    audit_reads: bool = True
    """Whether the audit log has what staff and keys read; it always has changes, exports and imports."""
    audit_queue: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000
    """Reads that wait to be written to the audit log; of more it says how many there were."""
    no_auth: bool = False
    """Whoever shows no key and no token has all rights in the default workspace, on whatever address."""
    allowed_origins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)] = ()
    """Origins of the pages that may ask beside the server's own, such as https://chat.example.com; *: all."""
    token_secret: Annotated[SecretStr, Field(min_length=32)] | None = None
    """Signs the end users' tokens that the server makes; none: a random one, kept in the database."""
    end_users_see_public: bool = False
    """Whether end users can read conversations of others whose visibility is PUBLIC."""
    jwt_issuer: str = ""
    """The `iss` of the identity provider's tokens, to the letter; empty: there is no provider."""
    jwt_audience: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)] = ()
    """One of these must be in `aud` of the provider's tokens."""
    jwt_jwks: str = ""
    """The provider's key set: an https URL (http of this machine), or a file."""
    jwt_algorithms: Annotated[tuple[Algorithm, ...], NoDecode, BeforeValidator(_listed), Field(min_length=1)] = (
        "RS256",
        "ES256",
    )
    """What the provider's tokens may be signed with."""
    jwt_clock_skew: Annotated[float, Field(ge=0, le=600)] = 60.0
    """How far the provider's clock may be from this machine's."""
    jwt_user_claim: Annotated[str, Field(min_length=1)] = "sub"
    """The claim with the user's id."""
    jwt_role_claim: str = ""
    """The claim with END_USER, VIEWER, EDITOR or ADMIN, or a list of them; empty: all are end users."""
    jwt_workspace_claim: str = ""
    """The claim with the workspace's name or id; empty: all are of `jwt_workspace`."""
    jwt_workspace: Annotated[str, Field(min_length=1)] = "default"
    """The workspace of the provider's users where no claim says it."""

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
            row_security=self.row_security,
        )

    def bodies(self) -> BodyLimits:
        """The part that the bodies of requests take."""
        return BodyLimits(self.body_bytes, max(self.body_bytes, self.ingest_body_bytes), self.body_timeout)

    def connected(self) -> ConnectionLimits:
        """The part that connections take."""
        return ConnectionLimits(
            most=self.connections,
            sockets=self.sockets,
            head_seconds=self.header_timeout,
            head_bytes=self.header_bytes,
            write_seconds=self.write_timeout,
            idle_seconds=self.idle_timeout,
            frames=self.socket_frames,
        )

    def operations(self) -> OperationLimits:
        """The part that running operations take."""
        return OperationLimits(
            at_once=self.operations_at_once,
            per_key=self.operations_per_key,
            waiting=self.operations_waiting,
            seconds=self.execution_timeout,
        )

    def bounds(self) -> Bounds:
        """The part that documents and their variables take."""
        return Bounds(
            source=self.document_characters,
            tokens=self.document_tokens,
            comments=self.document_comments,
            depth=self.query_depth,
            aliases=self.query_aliases,
            root_fields=self.query_root_fields,
            mutations=self.query_mutations,
            directives=self.query_directives,
            directives_in_place=self.query_directives_in_place,
            repeats=self.query_repeats,
            fields=self.query_fields,
            introspected=self.introspection_parts,
            cost=self.query_cost,
            ids=self.query_ids,
            variables_depth=self.variables_depth,
            variables_size=self.variables_characters,
            introspection=self.introspection,
        )

    def rates(self) -> RateLimits:
        """The part that each viewer's minute takes."""
        return RateLimits(self.rate_limit, self.user_rate_limit)

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
            user_token=timedelta(hours=self.user_token_hours),
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
