"""The parents of new messages, before anything else is known of them: who is below whom in one list.

A message names its parent, or goes below the one before it in the list that is not refused: refusing one changes what
the next one is below. Each message is looked at once, and again only where it was part of a circle that was broken.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from uuid import UUID

Above = int | UUID | None
"""What a message is below: another one of the list, by its place; one that is there; or where the list begins."""


@dataclass(slots=True)
class Parents:
    """What the messages of a list are below."""

    above: dict[int, Above] = field(default_factory=dict)
    """By place, of all that are not refused."""
    circling: list[int] = field(default_factory=list)
    """Those that name a parent which is below themselves: they are refused."""
    orphans: list[int] = field(default_factory=list)
    """Those that name a parent which is refused: they are refused with it."""


def parents_of(
    count: int, named: Mapping[int, Above], *, settled: Mapping[int, UUID], refused: Collection[int], lenient: bool
) -> Parents:
    """Settle what each of so many messages is below.

    `named`: the parents of those that name one. `settled`: the ids of those that are there already, and whose parents
    are no question. Where nothing is written if anything is refused (not `lenient`), there are no orphans.
    """
    found, gone = Parents(dict(settled)), set(refused)
    before = {place: place - 1 for place in range(count) if place not in named}
    for start in range(count):
        way, depths = [start], {start: 0}
        while way:
            place = way[-1]
            if place in found.above or place in gone:
                del depths[way.pop()]
                continue
            while before.get(place) in gone:
                before[place] -= 1
            above = named[place] if place in named else before[place] if before[place] >= 0 else None
            if not isinstance(above, int) or above in found.above:
                found.above[place] = above
            elif above in depths:
                guilty = [each for each in way[depths[above] :] if each in named]
                found.circling += guilty
                gone.update(guilty)
                while guilty[0] in depths:
                    del depths[way.pop()]
            elif above not in gone:
                depths[above] = len(way)
                way.append(above)
            elif lenient:
                found.orphans.append(place)
                gone.add(place)
            else:
                found.above[place] = None
    return found
