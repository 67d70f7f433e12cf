"""What was used last is kept, as much of it as there is room for: how much there is may be for clients to decide."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class LastUsed(Generic[K, V]):
    """Values by key; where there is no room for another one, those that were not used for longest go.

    Args:
        number: how many are kept at most.
        room: how much they weigh together at most.
        heaviest: what weighs more is not kept, as too many others would go for it.
    """

    __slots__ = ("_heaviest", "_lock", "_number", "_room", "_values", "_weights", "weight")

    def __init__(self, number: int, room: int, heaviest: int) -> None:
        self._number, self._room, self._heaviest = number, room, heaviest
        self._values: OrderedDict[K, V] = OrderedDict()
        self._weights: dict[K, int] = {}
        self._lock = Lock()
        self.weight = 0
        """How much all that is kept weighs."""

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: K) -> V | None:
        """What is kept of a key; it has been used now."""
        if (found := self._values.get(key)) is None:
            return None
        try:  # noqa: SIM105 - suppress() takes longer than all the rest
            self._values.move_to_end(key)
        except KeyError:  # another thread has dropped it just now
            pass
        return found

    def keep(self, key: K, value: V, weight: int) -> None:
        """Keep a value that weighs so much, in the place of the one that the key had."""
        with self._lock:
            self._drop(key)
            if weight > self._heaviest:
                return
            self._values[key] = value
            self._weights[key] = weight
            self.weight += weight
            while len(self._values) > self._number or self.weight > self._room:
                self._drop(next(iter(self._values)))

    def _drop(self, key: K) -> None:
        if key in self._values:
            del self._values[key]
            self.weight -= self._weights.pop(key)
