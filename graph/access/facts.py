"""What is known of an operation before it is executed, and whether it may be.

A document is surveyed once (`graph.access.survey`) and its facts are kept with it. All that is left for each request is
to compare: who asks with the fields' roles, and the cost with its maximum. Both ways of executing ask here, at the same
point, before the variables are coerced: what is refused is refused alike on both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError, GraphQLField

from db.viewer import Viewer
from db.words import Role
from graph.access.cost import Cost
from graph.access.limits import Bounds, exceeded, variables_refused
from graph.access.noting import WITHOUT_CONTENT
from graph.access.roles import Roles, roles_of, standing, told
from graph.errors import NAME_SHOWN, ErrorCode, coded

if TYPE_CHECKING:
    from graph.context import Context


class Facts:
    """What one operation asks. All counts have its fragments written out."""

    __slots__ = (
        "_fits",
        "_roles",
        "aliases",
        "cleared_by",
        "cleared_for",
        "comments",
        "content",
        "cost",
        "crowd",
        "depth",
        "directives",
        "fields",
        "id_variables",
        "ids",
        "introspected",
        "is_mutation",
        "repeats",
        "root_fields",
        "roots",
        "text",
        "tokens",
        "withheld",
    )

    def __init__(
        self,
        *,
        depth: int,
        aliases: int,
        directives: int,
        crowd: int,
        repeats: int,
        fields: int,
        roots: Mapping[str, GraphQLField | None],
        root_fields: int,
        is_mutation: bool,
        ids: int,
        id_variables: tuple[str, ...],
        introspected: int,
        cost: Cost,
        withheld: str | None,
        text: str,
        tokens: int,
        comments: int,
    ) -> None:
        self.depth = depth
        self.aliases = aliases
        self.directives = directives
        self.crowd = crowd
        """The most directives in one place."""
        self.repeats = repeats
        """How often one key is written in one pair of braces."""
        self.fields = fields
        self.roots: Mapping[str, Roles] = {name: roles_of(name, field) for name, field in roots.items()}
        """Who may ask for each of the root's fields that it asks for."""
        self.root_fields = root_fields
        """How many keys its answer has."""
        self.is_mutation = is_mutation
        self.ids = ids
        """The length of its longest list of ids."""
        self.id_variables = id_variables
        """The variables that are lists of ids."""
        self.introspected = introspected
        self.cost = cost
        self.withheld = withheld
        """The first field of a payload that INGEST may not have."""
        self.text = text
        """The text of the document that it stands in."""
        self.tokens = tokens
        self.comments = comments
        """Both of the document: other limits may hold now than when it was parsed."""
        self.content = tuple(name for name in self.roots if name not in WITHOUT_CONTENT)
        """The root's fields below which somebody's conversations may lie."""
        self._roles: Roles | None = frozenset.intersection(*self.roots.values()) if self.roots else None
        self._fits: Bounds | None = None
        self.cleared_for: Viewer | None = None
        """Who was last found to be allowed to ask it,"""
        self.cleared_by: Bounds | None = None
        """and within which bounds."""

    def misshapen(self, bounds: Bounds) -> GraphQLError | None:
        """The error of an operation that is too large whatever its variables and whoever asks."""
        if self._fits is bounds:
            return None
        counts = (
            ("source", bounds.source, len(self.text)),
            ("tokens", bounds.tokens, min(self.tokens, bounds.tokens + 1)),
            ("comments", bounds.comments, min(self.comments, bounds.comments + 1)),
            ("depth", bounds.depth, self.depth),
            ("aliases", bounds.aliases, self.aliases),
            ("mutations", bounds.mutations, self.root_fields if self.is_mutation else 0),
            ("rootFields", bounds.root_fields, self.root_fields),
            ("directives", bounds.directives, self.directives),
            ("directivesInPlace", bounds.directives_in_place, self.crowd),
            ("repeats", bounds.repeats, self.repeats),
            ("fields", bounds.fields, self.fields),
            ("introspection", bounds.introspected, self.introspected),
            ("ids", bounds.ids, self.ids),
        )
        for limit, maximum, actual in counts:
            if actual > maximum:
                return exceeded(limit, maximum, actual)
        self._fits = bounds
        return None

    def forbidden(self, viewer: Viewer, bounds: Bounds) -> GraphQLError | None:
        """The error of who may not ask this, naming the field and the roles that may."""
        if not bounds.introspection and not self.roots.keys().isdisjoint(("__schema", "__type")):
            return coded("This server doesn't tell its schema.", ErrorCode.FORBIDDEN, field="__schema")
        standing_ = standing(viewer)
        if self._roles is not None and standing_ not in self._roles:
            name, roles = next((name, roles) for name, roles in self.roots.items() if standing_ not in roles)
            return coded(
                f"`{name[:NAME_SHOWN]}` takes one of the roles {told(roles)}; yours is {standing_.value}.",
                ErrorCode.FORBIDDEN,
                field=name[:NAME_SHOWN],
            )
        if self.withheld is not None and viewer.role is Role.INGEST:
            return coded(
                f"`{self.withheld[:NAME_SHOWN]}` is not for the role INGEST, which may read nothing: of a payload it "
                "has `userErrors`, and `id`, `sequence`, `lastSequence` and `status` of what was written.",
                ErrorCode.FORBIDDEN,
                field=self.withheld[:NAME_SHOWN],
            )
        return None

    def too_long(self, variables: Mapping[str, Any], bounds: Bounds) -> GraphQLError | None:
        """The error of a variable that is too long a list of ids."""
        for name in self.id_variables:
            value = variables.get(name)
            if isinstance(value, list) and len(value) > bounds.ids:
                return exceeded("ids", bounds.ids, len(value))
        return None


class Surveyed:
    """The facts of a document's operations."""

    __slots__ = ("_operations", "visits")

    def __init__(self, operations: Mapping[str | None, Facts], visits: int) -> None:
        self._operations = operations
        self.visits = visits
        """How many nodes were visited, each once."""

    def operation(self, name: str | None) -> Facts | None:
        """The facts of the operation of that name, or of the only one."""
        if name is not None:
            return self._operations.get(name)
        return next(iter(self._operations.values())) if len(self._operations) == 1 else None

    def misshapen(self, bounds: Bounds) -> GraphQLError | None:
        """The error of the first of its operations that is too large: such a document is not worth validating."""
        return next((error for each in self._operations.values() if (error := each.misshapen(bounds))), None)


def refused(facts: Facts, variables: Mapping[str, Any] | None, context: Context) -> GraphQLError | None:
    """Why an operation may not be executed with these variables in this context; None: it may.

    The context is told what it costs.
    """
    bounds, given = context.bounds, variables or {}
    if context.trusted is not None and (error := context.trusted.refused(facts.text)) is not None:
        return error
    viewer = context.viewer
    # Whose operation it was last, it mostly is again.
    if facts.cleared_for is not viewer or facts.cleared_by is not bounds:
        if (error := facts.misshapen(bounds) or facts.forbidden(viewer, bounds)) is not None:
            return error
        facts.cleared_for, facts.cleared_by = viewer, bounds
    if given and (error := variables_refused(given, bounds, viewer, context.limits.json_levels)) is not None:
        return error
    if facts.id_variables and (error := facts.too_long(given, bounds)) is not None:
        return error
    cost = facts.cost.constant
    context.cost = cost = facts.cost.of(given) if cost is None else cost
    return exceeded("cost", bounds.cost, cost) if cost > bounds.cost else None
