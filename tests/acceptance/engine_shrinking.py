"""Smaller operations that show the same difference."""

from __future__ import annotations

from dataclasses import replace

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    OperationDefinitionNode,
    print_ast,
    validate,
)

from tests.acceptance.engine_ways import SCHEMA, Asked, compared
from tests.execution import shrinking


async def shrunk(asked: Asked, *, lazily: bool = False) -> str:
    """The smallest operation found that still differs, and how."""
    again = True
    while again:
        again = False
        for document in shrinking.smaller(asked.document):
            if validate(SCHEMA, document, shrinking.RULES):
                continue
            less = replace(asked, text=print_ast(used(document)))
            if (await compared(less, lazily=lazily))[1] is not None:
                asked, again = less, True
                break
    difference = (await compared(asked, lazily=lazily))[1]
    return f"{difference}\n\n{asked.text}\n{asked.variables}\n{dict(asked.faults)}"


def used(document: DocumentNode) -> DocumentNode:
    """The document without fragments and variables that nothing uses, which validation refuses."""
    while True:
        text = "\n".join(print_ast(each) for each in document.definitions)
        kept = []
        for definition in document.definitions:
            if isinstance(definition, FragmentDefinitionNode) and f"...{definition.name.value}" not in text:
                continue
            if isinstance(definition, OperationDefinitionNode):
                values = {key: getattr(definition, key) for key in definition.keys}
                values["variable_definitions"] = tuple(
                    each
                    for each in definition.variable_definitions or ()
                    if text.count(f"${each.variable.name.value}") > 1
                )
                definition = OperationDefinitionNode(**values)
            kept.append(definition)
        found = DocumentNode(definitions=tuple(kept))
        if print_ast(found) == print_ast(document):
            return document
        document = found
