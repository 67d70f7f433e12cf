"""Documents that come again are parsed and validated once.

Strawberry's caches count documents, not their size: 128 documents of a megabyte each would be gigabytes of nodes.
Clients send the same short texts again and again; a long one is parsed anew each time.
"""

from collections.abc import Iterator
from typing import Final

from strawberry.extensions import ParserCache, ValidationCache

KEPT_DOCUMENTS: Final = 512
"""Documents that are kept, the last used ones."""

KEPT_LENGTH: Final = 10_000
"""Characters of the longest document that is kept."""


class KeptParses(ParserCache):
    """Parses a document that is not kept yet."""

    def __init__(self) -> None:
        super().__init__(maxsize=KEPT_DOCUMENTS)

    def on_parse(self) -> Iterator[None]:
        """Take the kept document in place of parsing the text."""
        if len(self.execution_context.query or "") > KEPT_LENGTH:
            yield
        else:
            yield from super().on_parse()


class KeptValidations(ValidationCache):
    """Validates a document that is not kept yet."""

    def __init__(self) -> None:
        super().__init__(maxsize=KEPT_DOCUMENTS)

    def on_validate(self) -> Iterator[None]:
        """Take what validation found before."""
        if len(self.execution_context.query or "") > KEPT_LENGTH:
            yield
        else:
            yield from super().on_validate()
