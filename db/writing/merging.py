"""Merging JSON objects as RFC 7396 says: a member that is given is set, null removes it, objects are merged."""

from collections.abc import Mapping
from typing import Any


def merge(value: Any, patch: Any) -> Any:
    """The value as the patch leaves it; neither of the two is changed.

    Members keep their places, new ones come after them. Nesting of any depth is no danger.
    """
    if not isinstance(patch, Mapping):
        return patch
    merged: dict[str, Any] = dict(value) if isinstance(value, Mapping) else {}
    waiting: list[tuple[dict[str, Any], Mapping[str, Any]]] = [(merged, patch)]
    while waiting:
        target, changes = waiting.pop()
        for name, change in changes.items():
            if change is None:
                target.pop(name, None)
            elif isinstance(change, Mapping):
                before = target.get(name)
                inner: dict[str, Any] = dict(before) if isinstance(before, Mapping) else {}
                target[name] = inner
                waiting.append((inner, change))
            else:
                target[name] = change
    return merged
