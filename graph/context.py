"""What an operation is executed with: the database, who asks, the limits of writes, and the loaders of this one."""

from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

import strawberry
from strawberry.extensions import SchemaExtension

from db.database import Database
from db.viewer import Viewer
from db.writing.limits import DEFAULT_LIMITS, Limits
from graph.loading import Loaders, Place, PlaceLoaders, place_of

T = TypeVar("T")


class Context:
    """The context of one operation.

    A WebSocket has one context for all of its operations; `OwnContext` gives each of them one of its own.
    """

    __slots__ = ("_memo", "database", "limits", "loaders", "viewer")

    def __init__(self, database: Database, viewer: Viewer, limits: Limits = DEFAULT_LIMITS) -> None:
        self.database = database
        self.viewer = viewer
        self.limits = limits
        self.loaders = Loaders(database, viewer)
        self._memo: dict[Place, Any] = {}

    def anew(self) -> "Context":
        """A context for another operation of the same viewer, which shares no loader with this one."""
        return Context(self.database, self.viewer, self.limits)

    def once(self, info: "Info", make: Callable[[], T]) -> T:
        """What `make` gives, made once for the place in the answer that `info` is about, however many parents it has.

        For what follows from a field's arguments alone, which are the same for all of its parents.
        """
        place = place_of(info._raw_info.path)
        if place in self._memo:
            found: T = self._memo[place]
            return found
        made = self._memo[place] = make()
        return made


class OwnContext(SchemaExtension):
    """Gives each operation a context of its own, and ends the operation when its last read has ended."""

    async def on_operation(self) -> AsyncIterator[None]:
        """Replace the context before the operation is executed."""
        given = self.execution_context.context
        if not isinstance(given, Context):  # what asks for no data, such as introspection, needs none
            yield
            return
        own = self.execution_context.context = given.anew()
        yield
        await own.loaders.settled()


Info = strawberry.Info[Context, None]
"""What resolvers of this schema are given."""


def loaders_of(info: Info) -> PlaceLoaders:
    """The loaders for the field that `info` is about."""
    return info.context.loaders.at(info._raw_info)
