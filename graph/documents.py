"""Documents that come again are parsed, validated and prepared once.

A client sends the same few texts again and again. Those that are kept are bounded in their number and in their
characters: nodes, plans and the code of plans take some 200 bytes for each character of a text. A long one is parsed
anew each time, which costs some milliseconds, as does one that was dropped.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

from graphql import ASTValidationRule, DocumentNode, GraphQLError, GraphQLSchema, OperationDefinitionNode
from graphql.language import OperationType
from strawberry.types.execution import ParseOptions

from graph.access.facts import Surveyed
from graph.kept import LastUsed

KEPT_DOCUMENTS: Final = 256
"""Documents that are kept, the last used ones."""

KEPT_CHARACTERS: Final = 100_000
"""Characters of all documents that are kept: some 20 MB of memory, or 150 documents of a web client."""

KEPT_LENGTH: Final = 10_000
"""Characters of the longest document that is kept."""

T = TypeVar("T")


class Run(Protocol):
    """One operation with its variables, ready to be read and completed."""

    def answer(self, then: Callable[[dict[str, Any] | None, list[GraphQLError] | None], T]) -> Awaitable[T]:
        """What `then` makes of the data and the errors; it may be called in another thread."""
        ...


class Prepared(Protocol):
    """A valid document, made ready for execution once."""

    def operation(self, name: str | None) -> OperationDefinitionNode | None:
        """The operation of that name, or the only one; None where there is none such, or several."""
        ...

    def run(
        self, operation: OperationDefinitionNode, variables: Mapping[str, Any] | None, context: Any
    ) -> Run | list[GraphQLError] | None:
        """The run of an operation; errors if the variables are none that it takes; None if graphql-core is needed."""
        ...


Prepare = Callable[[GraphQLSchema, DocumentNode, Surveyed], Prepared]
"""Makes a document ready, given its facts: its runs have to be refused as `graph.access.facts.refused` says."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A valid document, what it was parsed and validated by, what it was prepared to, and what its operations ask."""

    document: DocumentNode
    parse_options: ParseOptions
    rules: frozenset[type[ASTValidationRule]]
    prepared: Prepared | None
    facts: Surveyed

    def is_query(self, operation_name: str | None) -> bool:
        """Whether the operation of that name, or the only one, reads and does nothing else."""
        return {
            node.operation
            for node in self.document.definitions
            if isinstance(node, OperationDefinitionNode)
            and (operation_name is None or (node.name is not None and node.name.value == operation_name))
        } == {OperationType.QUERY}


class Documents:
    """The valid documents that were used last, by their text."""

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept: LastUsed[str, Kept] = LastUsed(KEPT_DOCUMENTS, KEPT_CHARACTERS, KEPT_LENGTH)

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def characters(self) -> int:
        """The characters of all that are kept."""
        return self._kept.weight

    def get(self, text: str | None) -> Kept | None:
        """What is kept of a text."""
        return None if text is None else self._kept.get(text)

    def keep(self, text: str, kept: Kept) -> None:
        """Keep a text's document, unless the text is too long; those that were not used for longest go."""
        self._kept.keep(text, kept, len(text))
