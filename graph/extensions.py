"""What a schema's extensions are asked for: on every request, when a document is prepared, or not at all.

A document that is known is not parsed and validated again, and what looks at nothing else need not look again. What an
extension looks at is told by the hooks that it has, or by itself: a class attribute `document_only` overrules them.
One that weighs the variables, or who asks, in `on_validate` has to say `document_only = False`.
"""

from collections.abc import Callable
from enum import Enum

from graphql import ASTValidationRule, DocumentNode
from strawberry.extensions import AddValidationRules, MaxTokensLimiter, SchemaExtension
from strawberry.extensions.base_extension import HOOK_METHODS
from strawberry.extensions.context import ParsingContextManager, ValidationContextManager
from strawberry.extensions.runner import SchemaExtensionsRunner
from strawberry.types import ExecutionContext

from graph.access.facts import Surveyed
from graph.access.limits import Bounds
from graph.documents import Documents, Kept

_HOOKS = frozenset({*HOOK_METHODS, "resolve", "get_results"})
_OF_THE_DOCUMENT = frozenset({"on_parse", "on_validate"})
_PREPARING = (AddValidationRules.on_operation, MaxTokensLimiter.on_operation)
"""Hooks round the whole operation which do no more than to set by what a document is parsed and validated."""


class When(Enum):
    """When an extension is asked."""

    NEVER = "it has no hook of its own"
    PREPARING = "when a document is parsed and validated"
    ALWAYS = "on every request"


_KNOWN: dict[type[SchemaExtension], When] = {}


def when(extension: type[SchemaExtension]) -> When:
    """When extensions of a class are asked."""
    if (known := _KNOWN.get(extension)) is None:
        known = _KNOWN[extension] = _classified(extension)
    return known


def _classified(extension: type[SchemaExtension]) -> When:
    hooks = {name for name in _HOOKS if getattr(extension, name) is not getattr(SchemaExtension, name)}
    if not hooks:
        return When.NEVER
    declared: bool | None = getattr(extension, "document_only", None)
    if declared is None:
        if extension.on_operation in _PREPARING:
            hooks.discard("on_operation")
        declared = hooks <= _OF_THE_DOCUMENT
    return When.PREPARING if declared else When.ALWAYS


class Runner(SchemaExtensionsRunner):
    """Enters the hooks of an operation; a known document is taken as it is.

    Parsing finds the document there already. Validation is left with the rules that the document was not validated by,
    such as one that an extension adds for some who ask. Both are asked of the extensions that are asked always.

    A document that is not known is surveyed between the two: one that is too large is not validated.
    """

    def __init__(
        self,
        execution_context: ExecutionContext,
        extensions: list[SchemaExtension],
        documents: Documents,
        survey: Callable[[DocumentNode], Surveyed],
        bounds: Bounds,
    ) -> None:
        super().__init__(execution_context, extensions)
        self._documents = documents
        self._survey = survey
        self._bounds = bounds
        self._kept: Kept | None = None
        self.facts: Surveyed | None = None
        """What the document asks, once it is parsed."""

    def parsing(self) -> ParsingContextManager:
        """Round the parsing. Looked up only here: an extension may have changed the text before."""
        context = self.execution_context
        kept = self._documents.get(context.query)
        if kept is None or context.graphql_document is not None or kept.parse_options != context.parse_options:
            return super().parsing()
        self._kept = kept
        context.graphql_document = kept.document
        return ParsingContextManager(self._asked_always())

    def validation(self) -> ValidationContextManager:
        """Round the validation. An extension may have put another document in the place of the known one."""
        context, kept = self.execution_context, self._kept
        if kept is None or context.graphql_document is not kept.document:
            assert context.graphql_document is not None, "what is not parsed is not validated"
            self.facts = self._survey(context.graphql_document)
            if (error := self.facts.misshapen(self._bounds)) is not None:
                context.pre_execution_errors = [error]
            return super().validation()
        self.facts = kept.facts
        done = kept.rules | self._rules_of_the_document()
        context.validation_rules = tuple(rule for rule in context.validation_rules if rule not in done)
        return ValidationContextManager(self._asked_always())

    def _asked_always(self) -> list[SchemaExtension]:
        return [extension for extension in self.extensions if when(type(extension)) is When.ALWAYS]

    def _rules_of_the_document(self) -> frozenset[type[ASTValidationRule]]:
        """The rules of limiters, which make theirs anew for every request."""
        return frozenset(
            rule
            for extension in self.extensions
            if isinstance(extension, AddValidationRules) and when(type(extension)) is When.PREPARING
            for rule in extension.validation_rules
        )
