"""What is wrong with the input of a write: all of it at once, each with its place in the input."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from db.errors import ColloquyError
from db.words import ProblemCode

Place = tuple[str, ...]
"""Where in the input: ("messages", "3", "external_id"); empty: the input as a whole."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong."""

    code: ProblemCode
    message: str
    field: Place = ()
    limit: int | None = None
    """The most that is taken, where there was more: bytes, characters or elements, as the message says."""
    actual: int | None = None
    current_version: int | None = None
    """The version as it is, where the one expected is another."""


class Rejected(ColloquyError):
    """A write that was not done, for these reasons; nothing of it was written."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = tuple(problems)


class Problems:
    """The problems of one input as they are found."""

    def __init__(self, found: Iterable[Problem] = ()) -> None:
        self.found: list[Problem] = list(found)

    def add(
        self,
        code: ProblemCode,
        message: str,
        at: Place,
        *,
        limit: int | None = None,
        actual: int | None = None,
        current_version: int | None = None,
    ) -> None:
        """Note a problem."""
        self.found.append(Problem(code, message, at, limit, actual, current_version))

    def any_at(self, at: Place) -> bool:
        """Whether something is wrong at that place or below it."""
        return any(problem.field[: len(at)] == at for problem in self.found)

    def elements(self, of: str) -> set[int]:
        """The elements of the list at the top of the input with something wrong in them."""
        return {
            int(problem.field[1])
            for problem in self.found
            if len(problem.field) > 1 and problem.field[0] == of and problem.field[1].isdecimal()
        }

    def elsewhere(self, than: str) -> bool:
        """Whether something is wrong that is not within an element of that list."""
        return any(
            not (len(problem.field) > 1 and problem.field[0] == than and problem.field[1].isdecimal())
            for problem in self.found
        )
