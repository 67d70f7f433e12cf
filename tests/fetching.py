"""Where prepared statements go to the drivers: on each kind of connection that only fetches, and past SQLAlchemy."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from db import inline, prepared
from db.bare import Bare

Fetch = Callable[[Any, str, Sequence[Any]], Awaitable[Sequence[Any]]]
"""Takes a connection, the text of a statement and its parameters, and gives the rows."""

_PLACES: tuple[tuple[Any, str], ...] = (
    *((kind, "fetch") for kind in Bare.__subclasses__()),
    (prepared, "_fetch_past"),
)

assert (inline.InlineConnection, "fetch") in _PLACES


@contextmanager
def fetching(changed: Callable[[Fetch], Fetch]) -> Iterator[None]:
    """Let all that is fetched be fetched as `changed` of the way in which it would be."""
    before = [getattr(owner, name) for owner, name in _PLACES]
    for (owner, name), fetch in zip(_PLACES, before, strict=True):
        setattr(owner, name, changed(fetch))
    try:
        yield
    finally:
        for (owner, name), fetch in zip(_PLACES, before, strict=True):
            setattr(owner, name, fetch)
