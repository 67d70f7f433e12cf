"""Connections: pages of a list with cursors, as Relay's specification has them.

A connection's page is read before the connection is given out, and only if the operation selects more of it than
`totalCount`, which runs a statement of its own when it is selected.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Generic, TypeVar

import strawberry
from graphql import (
    BooleanValueNode,
    FieldNode,
    FragmentSpreadNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
)

from db.errors import InvalidInput
from db.paging import MAX_SIZE, Page, Slice
from graph.access.roles import ROLES, Roles
from graph.context import Info, loaders_of
from graph.declared import PLANNED, Asked, Paged, PagePart, Read
from graph.relations import taking

T = TypeVar("T")

First = Annotated[
    int | None,
    strawberry.argument(
        description=(
            "How many items from the start of the list (or after `after`): 1 to 100. "
            "Without `first` and `last`: the first 20. Not together with `last`."
        )
    ),
]
After = Annotated[
    str | None,
    strawberry.argument(description="A cursor of this list: the page begins behind its item. Goes with `first`."),
]
Last = Annotated[
    int | None,
    strawberry.argument(
        description=(
            "How many items from the end of the list (or before `before`): 1 to 100, given in the list's own order. "
            "Not together with `first`."
        )
    ),
]
Before = Annotated[
    str | None,
    strawberry.argument(description="A cursor of this list: the page ends in front of its item. Goes with `last`."),
]


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    """Relay's PageInfo; its parent is an `Ends`."""

    has_next_page: bool = strawberry.field(
        description="Whether items follow this page, in whichever direction it was asked for.",
        metadata={PLANNED: PagePart.HAS_NEXT},
    )
    has_previous_page: bool = strawberry.field(
        description="Whether items come before this page, in whichever direction it was asked for.",
        metadata={PLANNED: PagePart.HAS_PREVIOUS},
    )
    start_cursor: str | None = strawberry.field(
        description="The cursor of the first item: give it to `before` for the page in front. Null on an empty page.",
        metadata={PLANNED: PagePart.START_CURSOR},
    )
    end_cursor: str | None = strawberry.field(
        description="The cursor of the last item: give it to `after` for the page behind. Null on an empty page.",
        metadata={PLANNED: PagePart.END_CURSOR},
    )


@strawberry.type(name="Edge", description="An item of a page with its place in the list.")
class Edge(Generic[T]):
    """Relay's edge; its parent is an `Item`."""

    cursor: str = strawberry.field(
        description=(
            "The item's place in this list, in this order: for `after` and `before`. It stays right while items come "
            "and go. Opaque; other lists and other orders refuse it."
        ),
        metadata={PLANNED: PagePart.CURSOR},
    )
    node: T = strawberry.field(description="The item itself.", metadata={PLANNED: PagePart.NODE})


@strawberry.type(name="Connection", description="A page of a list, with the cursors to page on from it.")
class Connection(Generic[T]):
    """Relay's connection; its parent is a `Listing`."""

    edges: list[Edge[T]] = strawberry.field(
        description="The items of the page, each with its cursor.", metadata={PLANNED: PagePart.EDGES}
    )
    nodes: list[T] = strawberry.field(
        description="The items of the page without cursors, for whom `pageInfo` is enough.",
        metadata={PLANNED: PagePart.NODES},
    )
    page_info: PageInfo = strawberry.field(
        description="Whether there is more, and from where to page on.", metadata={PLANNED: PagePart.PAGE_INFO}
    )
    total_count: int = strawberry.field(
        description=(
            "How many items the whole list has under these conditions, whatever the page. Counted only when selected; "
            "select nothing else and no item is read."
        ),
        metadata={PLANNED: PagePart.TOTAL_COUNT},
    )


class Item:
    """A row and the slice that it lies in."""

    __slots__ = ("_slice", "node")

    def __init__(self, slice: Slice, row: Any) -> None:
        self._slice = slice
        self.node = row

    @property
    def cursor(self) -> str:
        """The row's place in the list."""
        return self._slice.cursor(self.node)


class Ends:
    """The ends of a slice."""

    __slots__ = ("_slice",)

    def __init__(self, slice: Slice) -> None:
        self._slice = slice

    @property
    def has_next_page(self) -> bool:
        """Whether rows follow."""
        return self._slice.has_next

    @property
    def has_previous_page(self) -> bool:
        """Whether rows come before."""
        return self._slice.has_previous

    @property
    def start_cursor(self) -> str | None:
        """The place of the first row."""
        return self._slice.cursor(self._slice.rows[0]) if self._slice.rows else None

    @property
    def end_cursor(self) -> str | None:
        """The place of the last row."""
        return self._slice.cursor(self._slice.rows[-1]) if self._slice.rows else None


class Listing:
    """What the fields of a connection are read from: a slice, and a way to count."""

    __slots__ = ("_count", "_slice")

    def __init__(self, slice: Slice | None, count: Callable[[], Awaitable[int]]) -> None:
        self._slice = slice
        self._count = count

    @property
    def slice(self) -> Slice:
        """The page."""
        assert self._slice is not None, "whoever selects more than totalCount has had the page read"
        return self._slice

    @property
    def nodes(self) -> Any:
        """The rows of the page."""
        return self.slice.rows

    @property
    def edges(self) -> list[Item]:
        """The rows of the page, each with its cursor."""
        found = self.slice
        return [Item(found, row) for row in found.rows]

    @property
    def page_info(self) -> Ends:
        """The ends of the page."""
        return Ends(self.slice)

    @property
    def total_count(self) -> Awaitable[int]:
        """The number of rows on all pages, counted now."""
        return self._count()


class Pages:
    """One place in a document where pages are asked for: how to read and to count, once for all of its parents."""

    __slots__ = ("_count", "_read", "_wanted")

    def __init__(self, info: Info, asked: Asked, *, has_parent: bool) -> None:
        loaders = loaders_of(info)
        load = loaders.batch if has_parent else loaders.whole
        none: dict[str, Any] = {"missing": 0} if has_parent else {}
        self._read = load(asked.read, *asked.arguments, **asked.options)
        assert asked.count is not None, "connections have a totalCount"
        self._count = load(asked.count, **none, **asked.count_options)
        self._wanted = wants_rows(info)

    async def of(self, key: object) -> Listing:
        """The page of the parent with this key; None for a list without a parent."""
        return Listing(await self._read(key) if self._wanted else None, lambda: self._count(key))


def paged(read: Read, ask: Callable[..., Asked], description: str) -> Any:
    """A field that is a page of a list of the parent's; the arguments of `ask` are the field's.

    Whatever `ask` asks gives rows with the columns of `read`.
    """

    async def resolve(root: Any, info: Info, **given: Any) -> Any:
        return await info.context.once(info, lambda: Pages(info, ask(**given), has_parent=True)).of(root.id)

    taking(resolve, ask)
    return strawberry.field(resolver=resolve, description=description, metadata={PLANNED: Paged(read, ask)})


def listed(read: Read, ask: Callable[..., Asked], description: str, roles: Roles | None = None) -> Any:
    """A field of the root that is a page of a list; the arguments of `ask` are the field's."""

    async def resolve(info: Info, **given: Any) -> Any:
        return await Pages(info, ask(**given), has_parent=False).of(None)

    taking(resolve, ask)
    metadata = {PLANNED: Paged(read, ask), ROLES: roles}
    return strawberry.field(resolver=resolve, description=description, metadata=metadata)


def page(first: int | None, after: str | None, last: int | None, before: str | None) -> Page:
    """The page that the arguments ask for, null being the same as left out.

    Raises:
        InvalidInput: a size out of 1 to 100, or both sizes.
    """
    return Page.of(first=given(first), after=given(after), last=given(last), before=given(before))


def given(value: T | None) -> T | None:
    """The value of an argument; None where it was left out."""
    return None if value is strawberry.UNSET else value


def limit(first: int | None) -> int:
    """The length of a list without cursors, by default the longest.

    Raises:
        InvalidInput: it is out of 1 to 100.
    """
    if first is None or first is strawberry.UNSET:
        return MAX_SIZE
    if not 1 <= first <= MAX_SIZE:
        raise InvalidInput(f"first is {first}: it must be from 1 to {MAX_SIZE}", field="first")
    return first


def wants_rows(info: Info) -> bool:
    """Whether the selection below a connection holds anything but `totalCount` and `__typename`."""
    return any(_wants_rows(info, node.selection_set) for node in info._raw_info.field_nodes)


def _wants_rows(info: Info, selections: SelectionSetNode | None) -> bool:
    for selection in selections.selections if selections is not None else ():
        if not _is_included(info, selection):
            continue
        if isinstance(selection, FieldNode):
            if selection.name.value not in ("totalCount", "__typename"):
                return True
        elif isinstance(selection, FragmentSpreadNode):
            if _wants_rows(info, info._raw_info.fragments[selection.name.value].selection_set):
                return True
        elif _wants_rows(info, getattr(selection, "selection_set", None)):
            return True
    return False


def _is_included(info: Info, selection: SelectionNode) -> bool:
    for directive in selection.directives or ():
        name = directive.name.value
        if name in ("skip", "include"):
            condition = (directive.arguments or ())[0].value
            if isinstance(condition, VariableNode):
                holds = bool(info.variable_values[condition.name.value])
            else:
                holds = isinstance(condition, BooleanValueNode) and condition.value
            if holds is (name == "skip"):
                return False
    return True
