"""How much a document may ask: the numbers, and the errors that tell them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import fields as dataclass_fields
from typing import Any, Final, cast

from graphql import GraphQLError
from graphql.language.parser import MAX_NESTING_DEPTH
from strawberry.types.execution import ParseOptions

from db.viewer import Viewer
from db.words import Role
from graph.errors import ErrorCode, coded

MEBIBYTE: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one operation may be at most; each is a setting (`graph.settings`)."""

    source: int = 100_000
    """Characters of a document."""
    tokens: int = 2_500
    """Tokens of a document: names, numbers, strings, brackets."""
    comments: int = 500
    """Comments of a document."""
    depth: int = 15
    """Fields below each other, the root's and the leaf among them; introspection is not counted."""
    aliases: int = 30
    """Aliases, with all fragments written out, as are all of the following."""
    root_fields: int = 20
    """Different fields of the root."""
    mutations: int = 5
    """Fields of a mutation's root, each of which is one write."""
    directives: int = 20
    """Uses of directives."""
    directives_in_place: int = 5
    """Directives of one field, fragment or operation: those that there are can't be repeated."""
    repeats: int = 20
    """Times that one field is written, under one key, in one pair of braces."""
    fields: int = 10_000
    """Fields."""
    introspected: int = 100_000
    """Objects that introspection could give, from the schema's size."""
    cost: int = 100_000
    """Nodes that the operation could return; see `graph.access.cost`."""
    ids: int = 100
    """Ids in one list."""
    variables_depth: int = 20
    """Objects and lists within each other in the variables; writes of staff may hold JSON of `max_json_levels` more."""
    variables_size: int = MEBIBYTE
    """Characters of the variables, and one for each value; what staff write is bounded by the body's size alone."""
    introspection: bool = True
    """Whether the schema may be asked for itself; if not, errors suggest no names either."""

    def parsing(self) -> ParseOptions:
        """What the parser has to stop at."""
        options = {
            "max_lexical_tokens": self.tokens,
            "max_comments": self.comments,
            "max_source_length": self.source,
        }
        return cast("ParseOptions", options)  # strawberry hands on whatever is in it


DEFAULT_BOUNDS: Final = Bounds()

_ENDLESS: Final = 2**62

_NUMBERS: Final[dict[str, Any]] = {each.name: _ENDLESS for each in dataclass_fields(Bounds) if each.type == "int"}

UNBOUNDED: Final = Bounds(**_NUMBERS)
"""For documents that are trusted whatever they ask: of tests and benchmarks."""


@dataclass(frozen=True, slots=True)
class RateLimits:
    """Points in a minute; 0: as many as they like."""

    keys: int = 10_000_000
    """Of a key, and of a member of staff who has signed in."""
    users: int = 1_000_000
    """Of an end user."""


WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "source": ("The document has {} characters", "Send what varies in `variables`."),
    "tokens": ("The document has more than {1} tokens", "Split it, or send what varies in `variables`."),
    "comments": ("The document has more than {1} comments", "Leave them out."),
    "nesting": ("The document has more than {1} brackets within each other", "Ask in several steps."),
    "depth": ("The operation is {} fields deep", "Ask in several steps."),
    "aliases": ("The operation has {} aliases, its fragments written out", "Ask in several requests."),
    "rootFields": ("The operation has {} fields of the root", "Ask in several requests."),
    "mutations": ("The operation has {} mutations", "Send several requests, or use a mutation that takes a list."),
    "directives": ("The operation has {} directives, its fragments written out", "Leave some out."),
    "directivesInPlace": ("One place has {} directives", "Leave some out."),
    "repeats": ("A field is written {} times in one place", "Once is enough."),
    "fields": ("The operation has {} fields, its fragments written out", "Spread fewer fragments."),
    "introspection": ("The operation asks for some {} parts of the schema", "Ask for fewer."),
    "introspectionDepth": ("Lists of the schema's parts stand within each other {} times", "Ask in several steps."),
    "cost": ("The operation could return {} nodes", "Ask for smaller pages, or for fewer lists within lists."),
    "ids": ("A list holds {} ids", "Ask in several requests."),
    "variablesDepth": ("The variables are more than {1} levels deep", "Send flatter ones."),
    "variablesSize": ("The variables have more than {1} characters", "Send them in several requests."),
}
"""For each limit what is too much, with its figure, and what helps; where counting stops at the limit it says so."""


def exceeded(limit: str, maximum: int, actual: int) -> GraphQLError:
    """The error of who asks too much. Where counting stops at the limit, `actual` is one more than that."""
    what, advice = WORDS[limit]
    found = what.format(f"{actual:,}", f"{maximum:,}")
    most = "." if "{1}" in what else f"; {maximum:,} is the most."
    return coded(f"{found}{most} {advice}", ErrorCode.LIMIT_EXCEEDED, limit=limit, maximum=maximum, actual=actual)


_STOPPED: Final = re.compile(r"contains more than (\d+) (tokens|comments|code points)\. Parsing aborted")
_NESTED: Final = "is nested too deeply. Parsing aborted"


def parsing_refused(error: GraphQLError, text: str) -> GraphQLError | None:
    """The error to tell in place of the parser's, if that one has stopped at a limit."""
    if (stopped := _STOPPED.search(error.message)) is not None:
        maximum, what = int(stopped[1]), stopped[2]
        if what == "code points":
            return exceeded("source", maximum, len(text))
        return exceeded(what, maximum, maximum + 1)
    if _NESTED in error.message:
        return exceeded("nesting", MAX_NESTING_DEPTH, MAX_NESTING_DEPTH + 1)
    return None


def variables_refused(
    variables: Mapping[str, Any], bounds: Bounds, viewer: Viewer | None, json_levels: int
) -> GraphQLError | None:
    """The error of variables that are too deep or too large; each value is looked at once, without recursion.

    Args:
        variables: as they came, JSON's objects, lists and values.
        bounds: the limits.
        viewer: who asks; for who may write for others the limits of writes hold.
        json_levels: how deep the JSON is that such a viewer may write.
    """
    writes = viewer is not None and viewer.role in _WRITING
    deepest = bounds.variables_depth + (json_levels if writes else 0)
    room = _ENDLESS if writes else bounds.variables_size
    left = room - len(variables)
    for name, value in variables.items():
        kind = type(value)
        if kind is dict or kind is list:
            break
        left -= len(name) + (len(value) if kind is str else 0)
    else:  # as nearly always
        return None if left >= 0 else exceeded("variablesSize", bounds.variables_size, bounds.variables_size + 1)
    depth, level = 0, [variables]
    while level:
        depth += 1
        if depth > deepest:
            return exceeded("variablesDepth", deepest, depth)
        below: list[Any] = []
        for each in level:
            if isinstance(each, dict):
                room -= sum(map(len, each))
                values: Iterable[Any] = each.values()
            else:
                values = each
            room -= len(each)
            if room < 0:
                return exceeded("variablesSize", bounds.variables_size, bounds.variables_size + 1)
            for value in values:
                if (kind := type(value)) is str:
                    room -= len(value)
                elif kind is dict or kind is list:
                    below.append(value)
        level = below
    return None if room >= 0 else exceeded("variablesSize", bounds.variables_size, bounds.variables_size + 1)


_WRITING: Final = frozenset({Role.EDITOR, Role.ADMIN, Role.INGEST})
