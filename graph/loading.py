"""The loaders of one operation: many fields that ask for a key each become one statement for all of the keys.

The loaders batch and do not remember: a subscription would be given old values, and a place in the document some of
whose keys are known would go on in two halves.

Which reads become one is decided by where they stand, and never by which statement happens to be answered first. A load
stands in the scope of the read that its parent came from, or in that of the whole operation; within a scope, reads that
are equal, arguments included, are one loader. All that hangs on one read is asked for together, so that the number of
statements follows from the shape of the operation alone.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from graphql import GraphQLResolveInfo
from graphql.pyutils import Path
from strawberry.dataloader import DataLoader

from db.database import Database
from db.viewer import Viewer

Read = Callable[..., Coroutine[Any, Any, Any]]
"""A verb of `db`: `read(connection, keys, *arguments, viewer=viewer, **options)` answers with a mapping of the keys."""

Place = tuple[str, ...]
"""Where a field stands in the answer, list indexes left out: its name and its parent's type, then those of its parent,
and so on outwards."""


def place_of(path: Path | None) -> Place:
    """The place of a path."""
    steps: list[str] = []
    while path is not None:
        if path.typename is not None:  # an index of a list has no type
            steps += (str(path.key), path.typename)
        path = path.prev
    return tuple(steps)


class Loader:
    """A batch read with all of its arguments but the keys."""

    __slots__ = ("_gathering", "_inner", "_loaders", "_read", "below")

    def __init__(self, loaders: "Loaders", read: Callable[[list[Any]], Awaitable[list[Any]]]) -> None:
        self._loaders = loaders
        self._read = read
        self._inner: DataLoader[Any, Any] = DataLoader(self._load, cache=False)
        self._gathering = False
        self.below: dict[object, Loader] = {}
        """The scope of what hangs on the rows of this read."""

    def __call__(self, key: object) -> Awaitable[Any]:
        """What the read has for the key.

        Shielded: graphql-core cancels the siblings of a non-null field that failed. No waiter may take the answer away
        from others, and a statement that is broken off costs its connection, where reading it to its end costs little.
        """
        if not self._gathering:
            self._gathering = True
            self._loaders.begin()
        answer = asyncio.ensure_future(self._inner.load(key))
        # Whoever is cancelled asks no more, and asyncio would log the failure that comes then as forgotten.
        answer.add_done_callback(_take_note)
        return asyncio.shield(answer)

    async def _load(self, keys: list[Any]) -> list[Any]:
        self._gathering = False
        try:
            return await self._read(keys)
        finally:
            self._loaders.end()


def _take_note(answer: asyncio.Future[Any]) -> None:
    if not answer.cancelled():
        answer.exception()


class Loaders:
    """All loaders of one operation."""

    __slots__ = ("_idle", "_places", "_running", "_scopes", "database", "viewer")

    def __init__(self, database: Database, viewer: Viewer) -> None:
        self.database = database
        self.viewer = viewer
        self._scopes: dict[tuple[Place, str | None], dict[object, Loader]] = {((), None): {}}
        self._places: dict[Place, PlaceLoaders] = {}
        self._running = 0
        self._idle: asyncio.Future[None] | None = None

    def begin(self) -> None:
        """A batch begins to gather its keys."""
        self._running += 1

    def end(self) -> None:
        """A batch has been read, or failed."""
        self._running -= 1
        if not self._running and self._idle is not None and not self._idle.done():
            self._idle.set_result(None)

    async def settled(self) -> None:
        """Wait for the reads that nobody waits for any more, as after an error: none outlives its operation."""
        while self._running:
            self._idle = asyncio.get_running_loop().create_future()
            await self._idle

    def at(self, info: GraphQLResolveInfo[Any]) -> "PlaceLoaders":
        """The loaders for the field that `info` is about."""
        place = place_of(info.path)
        if (known := self._places.get(place)) is None:
            known = self._places[place] = PlaceLoaders(self, place, self._scope(place))
        return known

    def hang(self, place: Place, type_name: str | None, loader: Loader) -> None:
        """Let what stands below the place hang on this read: below rows of that type where the place has several.

        A place's first read is the one that its rows come from.
        """
        self._scopes.setdefault((place, type_name), loader.below)

    def _scope(self, place: Place) -> dict[object, Loader]:
        for cut in range(2, len(place) + 1, 2):
            for type_name in (place[cut - 1], None):
                if (scope := self._scopes.get((place[cut:], type_name))) is not None:
                    return scope
        raise AssertionError("the operation itself is a scope")


class PlaceLoaders:
    """The loaders for one place of the answer."""

    __slots__ = ("_loaders", "_place", "_scope")

    def __init__(self, loaders: Loaders, place: Place, scope: dict[object, Loader]) -> None:
        self._loaders = loaders
        self._place = place
        self._scope = scope

    def batch(
        self, read: Read, *arguments: object, missing: object = None, of_type: str | None = None, **options: object
    ) -> Loader:
        """The loader of a verb that takes many keys and answers with a mapping; `missing` is for those not in it."""
        database, viewer = self._loaders.database, self._loaders.viewer

        async def load(keys: list[Any]) -> list[Any]:
            distinct = list(dict.fromkeys(keys))
            found = await database.ask(
                lambda connection: read(connection, distinct, *arguments, viewer=viewer, **options), viewer=viewer
            )
            return [found.get(key, missing) for key in keys]

        return self._of(_identity(read, arguments, options), load, of_type)

    def whole(self, read: Read, *arguments: object, **options: object) -> Loader:
        """The loader of a verb without keys; ask it with None."""
        database, viewer = self._loaders.database, self._loaders.viewer

        async def load(keys: list[Any]) -> list[Any]:
            found = await database.ask(
                lambda connection: read(connection, *arguments, viewer=viewer, **options), viewer=viewer
            )
            return [found] * len(keys)

        return self._of(_identity(read, arguments, options), load, None)

    def _of(self, identity: object, load: Callable[[list[Any]], Awaitable[list[Any]]], of_type: str | None) -> Loader:
        if (known := self._scope.get(identity)) is None:
            known = self._scope[identity] = Loader(self._loaders, load)
        self._loaders.hang(self._place, of_type, known)
        return known


def _identity(read: Read, arguments: tuple[object, ...], options: dict[str, object]) -> object:
    # Conditions are dicts, which cannot be keys; their text says types and values (1, 1.0 and True differ).
    return (read, repr((arguments, options))) if arguments or options else read
