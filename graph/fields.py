"""Fields that are computed from columns of the parent's row, without the cost of a resolver.

A field whose name is a column's needs nothing: it resolves by attribute. A field that differs from its columns names
them and the function of their values, so that whoever executes an operation knows which columns it needs.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from strawberry.types.field import StrawberryField
from typing_extensions import override  # typing has it from Python 3.12 on

from graph import ids
from graph.declared import PLANNED, Computed, Part, Stored

INT_MIN, INT_MAX = -(2**31), 2**31 - 1
"""What GraphQL's Int holds."""


class ComputedField(StrawberryField):
    """A field that resolves by its `Computed`; like a plain attribute it gets no Info and no arguments."""

    @override
    def get_result(self, source: Any, info: Any, args: list[Any], kwargs: Any) -> Any:
        return self.metadata["computed"](source)


def _planned(declared: Computed | Part | Stored, description: str) -> Any:
    return ComputedField(description=description, metadata={"computed": declared, PLANNED: declared})


def computed(*columns: str, by: Callable[..., Any], description: str) -> Any:
    """A field that is `by` of the values of the columns."""
    return _planned(Computed(columns, by), description)


def part(*columns: str, description: str) -> Any:
    """A field that is an object over the parent's own row, null where none of the columns has a value."""
    return _planned(Part(columns), description)


def of_row(function: Callable[[Any], Any], description: str) -> Any:
    """A field that is a function of the whole parent, which is no row."""
    return ComputedField(description=description, metadata={"computed": function})


def column(name: str, description: str) -> Any:
    """A field that is a column of another name."""
    return _planned(Stored(name), description)


def node_id(type_name: str) -> Any:
    """The `id` field of a Node type."""
    return _planned(
        Computed(("id",), partial(ids.encode, type_name), as_text=True, all_of=partial(ids.encode_all, type_name)),
        "The opaque id, unique among all objects: use it as the cache key, and to read the object again with "
        f'`node`. It is base64url("{type_name}:uuid") without padding.',
    )


def integer(name: str, description: str) -> Any:
    """A nullable Int column of numbers that were imported: null where the number is beyond 32 bits.

    An error would be the truth as well, but many clients drop a whole answer for one error.
    """
    return computed(name, by=within_int, description=description)


def within_int(value: int | None) -> int | None:
    """The number, or None where an Int cannot hold it."""
    return value if value is not None and INT_MIN <= value <= INT_MAX else None


def list_of(name: str, description: str) -> Any:
    """A list field over a JSON column that is null where there are no items."""
    return computed(name, by=lambda value: value or [], description=description)
