"""Whether two servers answer the same."""

import json
from typing import Any, Final

from bench.lineup import Sameness
from bench.servers import BenchmarkFailed

CURSORS: Final = frozenset({"cursor", "startCursor", "endCursor"})


def check(name: str, expected: bytes, given: bytes, same: Sameness) -> None:
    """Raise BenchmarkFailed, with the first difference, unless the answers are the same in the sense of `same`."""
    wanted, found = json.loads(expected), json.loads(given)
    if same is Sameness.OBJECTS:
        if "errors" in found:
            raise BenchmarkFailed(f"{name} answers with errors: {str(found['errors'])[:500]}")
        if objects(found) != objects(wanted):
            raise BenchmarkFailed(f"{name} answers with {objects(found)} objects instead of {objects(wanted)}")
        return
    if same is Sameness.BUT_CURSORS:
        wanted, found = _without_cursors(wanted), _without_cursors(found)
    if place := difference(wanted, found):
        raise BenchmarkFailed(f"{name} answers otherwise than the others: {place}")


def objects(value: Any) -> int:
    """The number of objects that have an id."""
    if isinstance(value, dict):
        return ("id" in value) + sum(map(objects, value.values()))
    return sum(map(objects, value)) if isinstance(value, list) else 0


def _without_cursors(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: f"a {type(below).__name__}" if key in CURSORS else _without_cursors(below)
            for key, below in value.items()
        }
    return [_without_cursors(below) for below in value] if isinstance(value, list) else value


def difference(expected: object, given: object, path: str = "$") -> str:
    """Where two JSON values first differ, and how; empty where they are equal. The order of keys is free."""
    if isinstance(expected, dict) and isinstance(given, dict) and expected.keys() == given.keys():
        return next(
            (found for key in expected if (found := difference(expected[key], given[key], f"{path}.{key}"))), ""
        )
    if isinstance(expected, list) and isinstance(given, list) and len(expected) == len(given):
        pairs = enumerate(zip(expected, given, strict=True))
        return next((found for place, (one, two) in pairs if (found := difference(one, two, f"{path}[{place}]"))), "")
    if type(expected) is type(given) and expected == given:
        return ""
    return f"{path} is {str(given)[:300]} instead of {str(expected)[:300]}"
