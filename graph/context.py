"""What an operation is executed with: the database, who asks, how much they may, and the loaders of this one."""

from collections.abc import Callable
from typing import Any, TypeVar

import strawberry

from db.database import Database
from db.journal import Journal
from db.viewer import Viewer
from db.writing.limits import DEFAULT_LIMITS, Limits
from graph.access.limits import DEFAULT_BOUNDS, Bounds
from graph.access.rate import Limiter, Spent
from graph.access.trusted import Trusted
from graph.access.turnstile import Turnstile
from graph.loading import Loaders, Place, PlaceLoaders, place_of

T = TypeVar("T")


class Context:
    """The context of one operation.

    A WebSocket has one context for all of its operations; the schema gives each of them one of its own, and ends an
    operation when its last read has ended (`graph.boundary`).

    Args:
        database: what is read and written.
        viewer: who asks.
        limits: of what is written.
        bounds: of what is asked.
        limiter: counts what each viewer asks for in a minute; None: nobody does.
        trusted: the documents that are known by id, and whether any other may run.
        turnstile: lets so many operations run at a time; None: as many as come.
        journal: is told who has read something; None: nobody wants to know.
        tells_cost: whether the answer is to say what it cost.
    """

    # What is found out later stands here, and not in the constructor: most contexts never need it.
    cost = 0
    """The nodes that the operation could return, once that is known."""
    rate: Spent | None = None
    """What is left to the viewer in this minute; None where nobody counts."""
    extensions: dict[str, Any] | None = None
    """What goes into the answer's `extensions`."""
    paid = False
    """Whether the operation's points were spent already, on a way that then left it to another."""
    _loaders: Loaders | None = None
    _memo: dict[Place, Any] | None = None

    def __init__(
        self,
        database: Database,
        viewer: Viewer,
        limits: Limits = DEFAULT_LIMITS,
        bounds: Bounds = DEFAULT_BOUNDS,
        limiter: Limiter | None = None,
        trusted: Trusted | None = None,
        turnstile: Turnstile | None = None,
        journal: Journal | None = None,
        tells_cost: bool = False,
    ) -> None:
        self.database = database
        self.viewer = viewer
        self.limits = limits
        self.bounds = bounds
        self.limiter = limiter
        self.trusted = trusted
        self.turnstile = turnstile
        self.journal = journal
        self.tells_cost = tells_cost

    @property
    def loaders(self) -> Loaders:
        """The loaders of what is executed field by field."""
        if self._loaders is None:
            self._loaders = Loaders(self.database, self.viewer)
        return self._loaders

    def anew(self) -> "Context":
        """A context for another operation of the same viewer, which shares no loader with this one.

        What has been paid for and not been executed is what the other one executes.
        """
        other = Context(
            self.database,
            self.viewer,
            self.limits,
            self.bounds,
            self.limiter,
            self.trusted,
            self.turnstile,
            self.journal,
            self.tells_cost,
        )
        if self.paid:
            other.paid, other.rate, self.paid = True, self.rate, False
        return other

    def learn(self, other: "Context") -> None:
        """Take over what one of its operations has found out, for whoever writes the answer's headers."""
        self.cost, self.rate, self.extensions = other.cost, other.rate, other.extensions

    def once(self, info: "Info", make: Callable[[], T]) -> T:
        """What `make` gives, made once for the place in the answer that `info` is about, however many parents it has.

        For what follows from a field's arguments alone, which are the same for all of its parents.
        """
        place = place_of(info._raw_info.path)
        if self._memo is None:
            self._memo = {}
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
