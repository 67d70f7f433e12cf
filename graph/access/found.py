"""What is found below a place of a document, in the form in which it is added to what stands above."""

from __future__ import annotations

from typing import Final

from graph.access.cost import MOST, ZERO, Linear


class Found:
    """What a selection set asks, with all that is below it."""

    __slots__ = (
        "aliases",
        "below_records",
        "cases",
        "cost",
        "crowd",
        "depth",
        "directives",
        "fields",
        "id_variables",
        "ids",
        "introspected",
        "of_payloads",
        "repeats",
        "roots",
        "withheld",
    )

    def __init__(self) -> None:
        self.depth = 0
        self.aliases = 0
        self.directives = 0
        self.crowd = 0
        """The most directives in one place."""
        self.repeats = 0
        """How often one key of the answer is written, at most, in one pair of braces."""
        self.fields = 0
        self.ids = 0
        """Of its lists of ids the longest one that is written out."""
        self.id_variables: frozenset[str] = frozenset()
        """Variables that are lists of ids."""
        self.cost: Linear = ZERO
        self.introspected: Linear = ZERO
        self.cases: dict[str, Linear] = {}
        """What is asked of one type only, where the type is open."""
        self.roots: dict[str, str] = {}
        """The fields, by the keys of the answer; of types that an operation begins with."""
        self.of_payloads: str | None = None
        """The first field that INGEST may not have, this being a payload."""
        self.below_records: str | None = None
        """Likewise, this being a record."""
        self.withheld: str | None = None
        """Likewise, this being where the operation begins."""

    def add(self, other: Found, case: str | None) -> None:
        """Add a fragment's; `case` names the type that it is confined to."""
        self.depth = max(self.depth, other.depth)
        self.introspected = self.introspected.plus(other.introspected)
        if case is None:
            self.cost = self.cost.plus(other.cost)
        else:
            self.cases[case] = self.cases.get(case, ZERO).plus(other.cost)
        self.roots.update(other.roots)
        self.of_payloads = self.of_payloads or other.of_payloads
        self.below_records = self.below_records or other.below_records
        self.withheld = self.withheld or other.withheld
        self.add_counts(other)

    def add_counts(self, below: Found) -> None:
        """Add what is counted alike wherever it stands."""
        self.aliases = min(self.aliases + below.aliases, MOST)
        self.directives = min(self.directives + below.directives, MOST)
        self.fields = min(self.fields + below.fields, MOST)
        self.crowd = max(self.crowd, below.crowd)
        self.repeats = max(self.repeats, below.repeats)
        self.ids = max(self.ids, below.ids)
        if below.id_variables:
            self.id_variables |= below.id_variables


NOTHING: Final = Found()
