"""What an operation is executed with: the database, who asks, the limits of writes, and the loaders of this one."""

from collections.abc import Callable
from typing import Any, TypeVar

import strawberry

from db.database import Database
from db.viewer import Viewer
from db.writing.limits import DEFAULT_LIMITS, Limits
from graph.loading import Loaders, Place, PlaceLoaders, place_of

T = TypeVar("T")


class Context:
    """The context of one operation.

    A WebSocket has one context for all of its operations; the schema gives each of them one of its own, and ends an
    operation when its last read has ended (`graph.boundary`).
    """

    __slots__ = ("_loaders", "_memo", "database", "limits", "viewer")

    def __init__(self, database: Database, viewer: Viewer, limits: Limits = DEFAULT_LIMITS) -> None:
        self.database = database
        self.viewer = viewer
        self.limits = limits
        self._loaders: Loaders | None = None
        self._memo: dict[Place, Any] = {}

    @property
    def loaders(self) -> Loaders:
        """The loaders of what is executed field by field."""
        if self._loaders is None:
            self._loaders = Loaders(self.database, self.viewer)
        return self._loaders

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


Info = strawberry.Info[Context, None]
"""What resolvers of this schema are given."""


def loaders_of(info: Info) -> PlaceLoaders:
    """The loaders for the field that `info` is about."""
    return info.context.loaders.at(info._raw_info)
