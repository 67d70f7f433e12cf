"""What is measured: each case an operation, the data that it reads, and who takes part."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from bench import operations
from bench.peers import graphile_operations

Body = Callable[[UUID], bytes]
"""Of the conversation in the middle of the list the body of a request."""


@dataclass(frozen=True, slots=True)
class Case:
    """An operation that all servers answer."""

    name: str
    world: str
    """The database that it reads, of `bench.worlds`."""
    body: Body
    graphile: Body
    """The same in the words of PostGraphile's schema."""
    connections: tuple[int, ...] = ()
    """Clients at a time, where they are not those that the command line says."""
    needs_data: bool = True
    """Whether it says anything of the database: else it is measured on one only, and beside bare Starlette."""


CASES: Final = {
    case.name: case
    for case in (
        Case("inbox", "inbox", lambda _: operations.inbox(), lambda _: graphile_operations.inbox()),
        Case("small", "inbox", operations.small, graphile_operations.small),
        Case("deep", "inbox", operations.deep, graphile_operations.deep),
        Case(
            "typename",
            "inbox",
            lambda _: operations.typename(),
            lambda _: operations.typename(),
            needs_data=False,
        ),
        Case("wide", "broad", lambda _: operations.wide(), lambda _: graphile_operations.wide(), connections=(1,)),
    )
}
