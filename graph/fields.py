"""Fields that are computed from columns of the parent's row, without the cost of a resolver.

A field whose name is a column's needs nothing: it resolves by attribute. A field that differs from its columns names
them and the function of their values, so that whoever executes an operation knows which columns it needs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import Any

from strawberry.types.field import StrawberryField
from typing_extensions import override  # typing has it from Python 3.12 on

from graph import ids

INT_MIN, INT_MAX = -(2**31), 2**31 - 1
"""What GraphQL's Int holds."""


@dataclass(frozen=True, slots=True)
class Computed:
    """A function of columns of the parent; `metadata["computed"]` of a field."""

    columns: tuple[str, ...]
    by: Callable[..., Any]

    def __call__(self, row: Any) -> Any:
        """The value of the field for this parent."""
        return self.by(*[getattr(row, column) for column in self.columns])


class ComputedField(StrawberryField):
    """A field that resolves by its `Computed`; like a plain attribute it gets no Info and no arguments."""

    @override
    def get_result(self, source: Any, info: Any, args: list[Any], kwargs: Any) -> Any:
        return self.metadata["computed"](source)


def computed(*columns: str, by: Callable[..., Any], description: str) -> Any:
    """A field that is `by` of the values of the columns."""
    return ComputedField(description=description, metadata={"computed": Computed(columns, by)})


def of_row(function: Callable[[Any], Any], description: str) -> Any:
    """A field that is a function of the whole parent."""
    return ComputedField(description=description, metadata={"computed": function})


def column(name: str, description: str) -> Any:
    """A field that is a column of another name."""
    return ComputedField(description=description, metadata={"computed": attrgetter(name)})


def node_id(type_name: str) -> Any:
    """The `id` field of a Node type."""
    return computed(
        "id",
        by=partial(ids.encode, type_name),
        description=(
            "The opaque id, unique among all objects: use it as the cache key, and to read the object again with "
            f'`node`. It is base64url("{type_name}:uuid") without padding.'
        ),
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
