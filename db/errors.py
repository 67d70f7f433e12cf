"""The failures that this package foresees, as one tree.

ColloquyError
├── InvalidInput        a value that a client gave is not what the field takes
│   └── InvalidCursor   a cursor that is mangled, or of another list, field, order or direction
├── Forbidden           there, but not for the viewer's role to do
├── NotFound            nothing there, or nothing that the viewer may see
├── SchemaBehind        the database's tables are older (or newer) than this program
├── DatabaseBusy        no connection to the database came free in time
├── DatabaseInUse       another process is the writer of this SQLite file
└── DatabaseUnfit       the database lacks what the program needs (version, locale)

Their messages are written for the person who made the mistake, and may leave the server as they are.
"""


class ColloquyError(Exception):
    """A foreseen failure: its message may be shown, `code` is stable, `field` names the input at fault."""

    code: str = "BAD_USER_INPUT"

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class InvalidInput(ColloquyError):
    """A value that the field doesn't take; the message says what it would take."""


class InvalidCursor(InvalidInput):
    """A cursor that this list did not give."""


class Forbidden(ColloquyError):
    """Something that the viewer's role may not do; the message says whose role may."""

    code = "FORBIDDEN"


class NotFound(ColloquyError):
    """Nothing there, or nothing that the viewer may see: the two are not told apart."""


class SchemaBehind(ColloquyError):
    """The database's schema is not the one that this program was written for."""

    code = "INTERNAL_SERVER_ERROR"


class DatabaseBusy(ColloquyError):
    """No connection came free within `pool_timeout`: more is asked than the database answers."""

    code = "TIMEOUT"


class DatabaseInUse(ColloquyError):
    """Another process holds the writer's lock of this SQLite file."""

    code = "INTERNAL_SERVER_ERROR"


class DatabaseUnfit(ColloquyError):
    """The database server or file lacks something that the program needs; the message says what to do."""

    code = "INTERNAL_SERVER_ERROR"
