"""Operations that have been looked at, with their plans."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final
from weakref import WeakValueDictionary

from graphql import FragmentDefinitionNode, GraphQLSchema, OperationDefinitionNode, print_ast
from graphql.execution.collect_fields import FragmentDetails
from graphql.execution.values import VariableValues

from graph.arguments import Variables
from graph.documents import KEPT_CHARACTERS, KEPT_DOCUMENTS, KEPT_LENGTH
from graph.execution.plan import Plan, Planner, Unplanned
from graph.execution.run import metrics, mode
from graph.kept import LastUsed

logger = logging.getLogger("colloquy.execution")

KEPT_PLANS: Final = 4
"""Plans of one operation that are kept: it has as many as its @skip and @include have combinations of values."""


class Operation:
    """An operation of a valid document, with its plans."""

    def __init__(
        self, schema: GraphQLSchema, node: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]
    ) -> None:
        self.schema = schema
        self.node = node
        self.fragments = dict(fragments)
        self.details = {name: FragmentDetails(fragment) for name, fragment in fragments.items()}
        self._booleans = [
            each.variable.name.value
            for each in node.variable_definitions or ()
            if print_ast(each.type).strip("!") == "Boolean"
        ]
        """All that @skip and @include can read, on which a plan depends."""
        self.variables = Variables(schema, node)
        self._plans: OrderedDict[tuple[Any, ...], Plan | str] = OrderedDict()
        _ALIVE[id(node)] = self

    def plan(self, variables: VariableValues, dialect: str) -> Plan | None:
        """The plan for these values of variables; None where the operation is graphql-core's."""
        if mode.get() == "off":
            return None
        key: tuple[Any, ...] = (dialect,)
        if self._booleans:
            key = (dialect, *map(variables.coerced.get, self._booleans))
        plan = self._plans.get(key)
        if plan is None:
            try:
                plan = Planner(self, variables, dialect).plan()
            except (Unplanned, RecursionError) as why:
                plan = str(why)
                logger.debug("An operation is left to graphql-core: %s", plan)
            self._plans[key] = plan
            if len(self._plans) > KEPT_PLANS:
                self._plans.popitem(last=False)
        if isinstance(plan, str):
            metrics[f"graphql-core: {plan}"] += 1
            return None
        metrics["planned"] += 1
        return plan


_ALIVE: WeakValueDictionary[int, Operation] = WeakValueDictionary()
"""All that somebody keeps, by the identity of their nodes."""

KEPT: LastUsed[int, Operation] = LastUsed(KEPT_DOCUMENTS, KEPT_CHARACTERS, KEPT_LENGTH)
"""The last used of those that nobody else keeps: of documents that were not prepared. It weighs their characters."""


def operation_of(
    schema: GraphQLSchema, node: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> Operation:
    """The operation of a node of a document, by the nodes' identity: they hash by what they hold, which takes long."""
    found = KEPT.get(id(node)) or _ALIVE.get(id(node))
    is_it = found is not None and found.node is node and found.schema is schema
    if found is None or not is_it or any(found.fragments.get(name) is not each for name, each in fragments.items()):
        found = Operation(schema, node, fragments)
        KEPT.keep(id(node), found, sum(len(print_ast(each)) for each in (node, *fragments.values())))
    return found
