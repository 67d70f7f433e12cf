"""Smaller operations that show the same: selections, directives and arguments are left out as long as it differs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from graphql import (
    ArgumentNode,
    DirectiveNode,
    DocumentNode,
    FragmentDefinitionNode,
    Node,
    NoUnusedFragmentsRule,
    NoUnusedVariablesRule,
    SelectionNode,
    VariableDefinitionNode,
    parse,
    print_ast,
    specified_rules,
    validate,
)

from tests.execution.equal import Asked, differing

LEFT_OUT = (SelectionNode, DirectiveNode, ArgumentNode, FragmentDefinitionNode, VariableDefinitionNode)

RULES = [rule for rule in specified_rules if rule not in (NoUnusedFragmentsRule, NoUnusedVariablesRule)]
"""What is not used is left out in its turn."""


async def shrunk(asked: Asked) -> str:
    """The smallest operation found that still differs, and how."""
    again = True
    while again:
        again = False
        for document in smaller(asked.document):
            # Read again, so that no node of it has a plan already.
            less = replace(asked, document=parse(print_ast(document)))
            if not validate(asked.schema, document, RULES) and await _differs(less):
                asked, again = less, True
                break
    difference = await differing(asked)
    return f"{difference}\n\n{print_ast(asked.document)}\n\n{asked.variables}"


async def _differs(asked: Asked) -> bool:
    return await differing(asked) is not None


def smaller(node: Any) -> Iterator[Any]:
    """The node, each time with one thing left out, or with the selections of a field in its place."""
    if not isinstance(node, Node):
        return
    for key in node.keys:
        held = getattr(node, key)
        if isinstance(held, Node):
            for each in smaller(held):
                yield _changed(node, key, each)
        elif isinstance(held, tuple):
            for index, member in enumerate(held):
                rest = (*held[:index], *held[index + 1 :])
                if isinstance(member, LEFT_OUT) and (rest or key != "selections"):
                    yield _changed(node, key, rest)
                inner = getattr(getattr(member, "selection_set", None), "selections", None)
                if key == "selections" and inner is not None and len(inner) == 1:
                    yield _changed(node, key, (*held[:index], *inner, *held[index + 1 :]))
                for each in smaller(member):
                    yield _changed(node, key, (*held[:index], each, *held[index + 1 :]))


def _changed(node: Any, key: str, value: Any) -> Any:
    kept = {each: getattr(node, each) for each in node.keys}
    made = type(node)(**{**kept, key: value})
    return DocumentNode(definitions=made.definitions) if isinstance(made, DocumentNode) else made
