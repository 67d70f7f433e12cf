"""Records with one thing wrong or unusual: what formats must give back as it was, or refuse with a reason."""

import copy
from collections.abc import Callable, Iterator
from random import Random
from typing import Any, Final

from db.interchange.base import BadRecord
from tests.interchange.drafted import assert_same

Path = tuple[str | int, ...]

ODD: Final[tuple[Any, ...]] = (
    None, "", "odd", 0, 7, -1.5, 1e300, 10**40, True, False, [], {}, [None], ["a"], [{}], {"a": None}, "\x00\ud800",
    "2024-02-30", "2024-02-29T12:00:00Z", 1704629915.5, {"type": "odd"}, [{"type": "text", "text": "x"}], "x" * 600,
)  # fmt: skip


def paths(value: Any, at: Path = ()) -> Iterator[Path]:
    """The places of all values within a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*at, key)
        yield from paths(inner, (*at, key))


def mutated(record: Any, random: Random) -> Any:
    """A copy of the record with one value taken out, replaced, joined by an unknown one, or moved to the end."""
    result = copy.deepcopy(record)
    path = random.choice(list(paths(result)))
    holder = result
    for key in path[:-1]:
        holder = holder[key]
    match random.choice(("remove", "replace", "add", "move")):
        case "remove":
            del holder[path[-1]]
        case "replace":
            holder[path[-1]] = copy.deepcopy(random.choice(ODD))
        case "add" if isinstance(holder, dict):
            holder["unheardOf"] = copy.deepcopy(random.choice(ODD))
        case _ if isinstance(holder, dict):
            holder[path[-1]] = holder.pop(path[-1])
        case _:
            holder.append(copy.deepcopy(holder[path[-1]]))
    return result


def assert_kept_or_refused(again: Callable[[Any], Any], record: Any, seed: int) -> str:
    """A mutated record comes back unchanged, or is refused; then the reason is returned."""
    odd = mutated(record, Random(seed))
    try:
        written = again(copy.deepcopy(odd))
    except BadRecord as error:
        return str(error)
    assert_same(written, odd)
    return ""
