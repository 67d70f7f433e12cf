"""Completion by the specification's algorithm: nulls, errors and paths as graphql-core gives them.

Whatever the generated functions do not know, a null where none may be, a value that does not fit, a failed read, a bad
argument, is completed again here, over the rows that are there already: slower, and to be read beside section 6.4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphql import GraphQLError, GraphQLOutputType, is_list_type, is_non_null_type, located_error
from graphql.pyutils import is_iterable

if TYPE_CHECKING:
    from graph.execution.run import Run
    from graph.execution.selection import Item, Step
    from graph.places import Place

Path = list[str | int]


class Careful:
    """One completion of a run."""

    def __init__(self, run: Any) -> None:
        self.run: Run = run  # none for a value that no row is below
        self.errors: list[GraphQLError] = []

    def data(self) -> tuple[dict[str, Any] | None, list[GraphQLError]]:
        """The answer's data and its errors."""
        try:
            return self.run.plan.root.object(self, (), []), self.errors
        except GraphQLError as error:
            return None, [*self.errors, error]

    def field(self, item: Item, row: Any, path: Path) -> Any:
        """Execute a field ("ExecuteField"). Raises the located error of one that is never null."""
        try:
            return self.complete(item, item.place.type, item.value(self, row), path)
        except Exception as error:  # whatever a field raises is an error of the answer
            return self._handled(error, item.place, item.place.type, path)

    def complete(self, item: Item, type_: GraphQLOutputType, value: Any, path: Path) -> Any:
        """Complete a value ("CompleteValue")."""
        if isinstance(value, Exception):
            raise value
        if is_non_null_type(type_):
            completed = self.complete(item, type_.of_type, value, path)
            if completed is None:
                raise TypeError(f"Cannot return null for non-nullable field {item.place.parent}.{item.place.name}.")
            return completed
        if value is None:
            return None
        if is_list_type(type_):
            if not is_iterable(value):
                where = f"{item.place.parent}.{item.place.name}"
                raise GraphQLError(f"Expected Iterable, but did not find one for field '{where}'.")
            return [self._element(item, type_.of_type, each, [*path, index]) for index, each in enumerate(value)]
        return item.named(self, value, path)

    def _element(self, item: Item, type_: GraphQLOutputType, value: Any, path: Path) -> Any:
        try:
            return self.complete(item, type_, value, path)
        except Exception as error:  # likewise
            return self._handled(error, item.place, type_, path)

    def _handled(self, error: Exception, place: Place, type_: GraphQLOutputType, path: Path) -> None:
        """Handle a field's error: it ends here in a null, or goes on to the next one outwards that may be null."""
        located = located_error(error, place.nodes, path)
        if is_non_null_type(type_):
            raise located from None
        self.errors.append(located)

    def found(self, step: Step, key: Any) -> Any:
        """What a step has for a key, None where nothing. Raises what the read failed with."""
        if key is None and step.parent is not None:
            return None
        if (failed := self.run.failures.get(step.index)) is not None:
            raise failed
        return self.run.found[step.index].get(key)
