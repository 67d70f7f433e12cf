"""Lines of the native format on their way in, and what became of a batch of them."""

from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from db.interchange.colloquy_kinds import ASSISTANT, CONVERSATION, IMPORT, SOURCE, TOOL, Kind, Node
from db.interchange.report import Tally

COUNTED: Final = {
    IMPORT: "imports",
    TOOL: "tools",
    ASSISTANT: "assistants",
    SOURCE: "sources",
    CONVERSATION: "conversations",
}
"""What the report calls them."""


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A line that could be read."""

    kind: Kind
    node: Node
    place: str
    """Where it stands in its file."""
    size: int
    """Its bytes."""

    @property
    def weight(self) -> int:
        """The rows of conversations, messages and feedback in it."""
        return 1 + len(self.node.below("messages")) + len(self.node.below("feedback"))

    @property
    def id(self) -> UUID:
        """The id of its row."""
        own: UUID = self.node.values["id"]
        return own


@dataclass(slots=True)
class Outcome:
    """What became of a batch."""

    mapped: dict[UUID, UUID]
    """Ids of shared rows in the file that have another here, from earlier batches too."""
    tally: Tally = field(default_factory=Tally)
    notes: list[str] = field(default_factory=list)
    refusals: list[tuple[str, str]] = field(default_factory=list)
    """Places of lines, and why they were refused."""

    def refuse(self, line: Line, reason: object) -> None:
        """Refuse a line."""
        self.refusals.append((line.place, str(reason)))
