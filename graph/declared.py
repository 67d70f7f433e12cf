"""What a field says of itself, once, for both ways of executing: level by level, and field by field.

Each stands on its field as `metadata["planned"]`. A field without one is planned if it has no resolver: it is the
column of its own name.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Final, Protocol
from uuid import UUID

from db.columns import Column
from db.errors import ColloquyError, NotFound

PLANNED: Final = "planned"
"""The key of a field's metadata under which it says how it can be planned."""


class Shape(Enum):
    """What a read has for a key: a row, or a list of rows."""

    ONE = auto()
    MANY = auto()


class Read(Protocol):
    """A batch read: `read(connection, keys, *arguments, viewer=, columns=, **options)` maps keys to raw rows.

    A raw row is the driver's: its key, then the columns asked for.
    """

    @property
    def columns(self) -> Mapping[str, Column]:
        """The columns that it can give."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """A coroutine that reads."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A column of another name than the field."""

    column: str

    def __call__(self, row: Any) -> Any:
        """The column's value of this parent."""
        return getattr(row, self.column)


@dataclass(frozen=True, slots=True)
class Computed:
    """A function of columns of the parent's row.

    It gives a leaf, a list of leaves, or Python objects whose fields are attributes. With `as_text` it is given UUIDs
    as their text, which costs less. `all_of` does the same for the driver's values of a whole column, which may cost a
    lot less.
    """

    columns: tuple[str, ...]
    by: Callable[..., Any]
    as_text: bool = False
    all_of: Callable[[Sequence[Any]], Sequence[Any]] | None = None

    def __call__(self, row: Any) -> Any:
        """The value of the field for this parent."""
        return self.by(*[getattr(row, column) for column in self.columns])


@dataclass(frozen=True, slots=True)
class Part:
    """An object whose parent is the parent's own row; null where none of the columns has a value."""

    columns: tuple[str, ...]

    def __call__(self, row: Any) -> Any:
        """The row again, or None."""
        return row if any(getattr(row, name) is not None for name in self.columns) else None


@dataclass(frozen=True, eq=False, slots=True)
class Relation:
    """For each parent what `read` has for its `key`."""

    read: Read
    key: str = "id"
    """The parent's column with the key; where that is null nothing is read."""
    shape: Shape = Shape.ONE
    required: bool = False
    """Whether the field is never null: where the read has nothing, what stands here was deleted at this very moment."""


@dataclass(frozen=True, eq=False, slots=True)
class Derived:
    """A leaf, or Python objects, made of what `read` has for the parent's key.

    `by(found, *values)`: found is a tuple of the columns `needs`, or None, or with Shape.MANY a list of such; the
    values are those of the parent's `columns`. Where the parent's column `when` is false nothing is read.
    """

    read: Read
    needs: tuple[str, ...]
    by: Callable[..., Any]
    shape: Shape = Shape.ONE
    key: str = "id"
    columns: tuple[str, ...] = ()
    when: str | None = None


class OneByOne:
    """A batch read of a verb that takes one key: what it refuses for a key stands in the key's place."""

    def __init__(self, verb: Any) -> None:
        self._verb = verb

    @property
    def columns(self) -> Mapping[str, Column]:
        """The verb's."""
        columns: Mapping[str, Column] = self._verb.columns
        return columns

    async def __call__(self, connection: Any, keys: Sequence[Any], *arguments: Any, **options: Any) -> dict[Any, Any]:
        """Read for one key after the other; SQLite's rows have the digits of a UUID."""
        found: dict[Any, Any] = {}
        for key in keys:
            try:
                one = UUID(key) if isinstance(key, str) else key
                found[key] = await self._verb(connection, one, *arguments, **options)
            except ColloquyError as error:
                found[key] = error
        return found


@dataclass(slots=True)
class Asked:
    """What a field's arguments ask of which read: `read(connection, keys, *arguments, **options)`.

    `count` counts the rows of all pages.
    """

    read: Read
    arguments: tuple[Any, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    count: Callable[..., Any] | None = None
    count_options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, slots=True)
class Paged:
    """A page of a list for each parent, or of a list without one; `ask(**arguments)` says which.

    Whatever read is asked, it gives the columns of `read`.
    """

    read: Read
    ask: Callable[..., Asked]
    key: str = "id"


@dataclass(frozen=True, eq=False, slots=True)
class Found:
    """A row by what the arguments name: `pick(**arguments)` gives the key.

    Where that is a UUID, `text(**arguments)` may give its text, which may cost less.
    """

    read: Read
    pick: Callable[..., Any]
    text: Callable[..., str] | None = None

    def raw(self, dialect: str) -> Callable[..., Any]:
        """What gives the key as rows have it."""
        pick, text = self.pick, self.text
        if text is None:
            return lambda **given: raw_key(pick(**given), dialect)
        return text if dialect != "sqlite" else lambda **given: text(**given).replace("-", "")


def raw_key(key: Any, dialect: str) -> Any:
    """A key as rows have it."""
    return (key.hex if dialect == "sqlite" else str(key)) if isinstance(key, UUID) else key


@dataclass(frozen=True, eq=False, slots=True)
class Chosen:
    """A row of one of several types (or with `many` a list of such, with nulls for what is not there).

    `pick` gives the type's name and the key, or a list of these: of the parent's `columns`, or without columns of the
    field's arguments.
    """

    reads: Mapping[str, Read]
    pick: Callable[..., Any]
    columns: tuple[str, ...] = ()
    many: bool = False
    required: bool = False


def gone() -> NotFound:
    """The error of a field that is never null and has nothing to show: nobody made a mistake."""
    return NotFound("What stands here was deleted meanwhile.")


class PagePart(Enum):
    """The fields of connections and edges, and PageInfo's; their metadata says which one they are."""

    EDGES = auto()
    NODES = auto()
    NODE = auto()
    CURSOR = auto()
    PAGE_INFO = auto()
    TOTAL_COUNT = auto()
    HAS_NEXT = auto()
    HAS_PREVIOUS = auto()
    START_CURSOR = auto()
    END_CURSOR = auto()


MAX_COLUMN_SETS: Final = 50
"""Sets of columns that a read is asked for by themselves; beyond, it is asked for all of its columns.

Each set is a statement that the database parses, and there are 2^columns sets.
"""

_COLUMN_SETS: dict[Read, set[frozenset[str]]] = {}


def fitting(read: Read, columns: Sequence[str]) -> Sequence[str]:
    """These columns, or all that the read has where it has been asked for too many sets of them.

    They come in the read's own order: each order would be a statement as well, and there are many more than sets.
    """
    sets, wanted = _COLUMN_SETS.setdefault(read, set()), frozenset(columns)
    if wanted not in sets:
        if len(sets) >= MAX_COLUMN_SETS:
            return tuple(read.columns)
        sets.add(wanted)
    return tuple(name for name in read.columns if name in wanted)
