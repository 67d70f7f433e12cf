"""Variables and arguments, looked at once: what graphql-core and strawberry would give, at a fraction of the time.

Nearly all variables are a plain ID, String, Int or Boolean that is right as it is. Everything else, a wrong value
included, goes the way of graphql-core.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import graphql
from graphql.execution.get_variable_signature import get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource, get_argument_values, get_variable_values
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField

from graph.leaves import INT_MAX, INT_MIN

MAX_COERCION_ERRORS: Final = 50
"""Errors of variables that are told, as in graphql-core."""

NO_VARIABLES: Final = VariableValues({}, {})

_PLAIN: Final[Mapping[str, Callable[[Any], bool]]] = {
    "ID": lambda value: type(value) is str,
    "String": lambda value: type(value) is str,
    "Boolean": lambda value: type(value) is bool,
    "Int": lambda value: type(value) is int and INT_MIN <= value <= INT_MAX,
}
"""For the scalars of GraphQL itself: whether a value is one without being changed."""

_SAMPLES: Final = {"ID": "", "String": "", "Boolean": True, "Int": 1}


class Variables:
    """The variables of an operation."""

    def __init__(self, schema: graphql.GraphQLSchema, operation: graphql.OperationDefinitionNode) -> None:
        self._schema = schema
        self._definitions = operation.variable_definitions or ()
        self._plain: list[tuple[str, Any, Callable[[Any], bool], bool, bool]] | None = []
        """The name, the signature, what is right, whether null is not, and whether it may be left out."""
        for definition in self._definitions:
            signature = get_variable_signature(schema, definition)
            is_plain = None if isinstance(signature, graphql.GraphQLError) else _PLAIN.get(_bare(signature.type))
            if is_plain is None or isinstance(signature, graphql.GraphQLError):
                self._plain = None
                return
            required = graphql.is_non_null_type(signature.type)
            optional = not required and definition.default_value is None
            self._plain.append((signature.name, signature, is_plain, required, optional))

    def coerce(self, given: Mapping[str, Any]) -> VariableValues | list[graphql.GraphQLError]:
        """The values, or what is wrong with them."""
        if not self._definitions:
            return NO_VARIABLES
        if self._plain is not None:
            sources, coerced = {}, {}
            for name, signature, is_plain, required, optional in self._plain:
                value = given.get(name, graphql.Undefined)
                if value is graphql.Undefined and optional:
                    continue
                if not is_plain(value) and (value is not None or required):
                    break
                sources[name] = VariableValueSource(signature, value)
                coerced[name] = value
            else:
                return VariableValues(sources, coerced)
        return get_variable_values(self._schema, self._definitions, dict(given), max_errors=MAX_COERCION_ERRORS)


def asking(
    schema: graphql.GraphQLSchema,
    definition: graphql.GraphQLField,
    field: StrawberryField,
    node: graphql.FieldNode,
    function: Callable[..., Any],
) -> Callable[[VariableValues], Any]:
    """A function of a field's arguments as a function of the variables.

    It raises what the function raises, and what is wrong with the arguments.
    """
    converter = schema.extensions["strawberry-definition"].schema_converter

    def arguments(variables: VariableValues) -> dict[str, Any]:
        given = get_argument_values(definition, node, variables)
        return convert_arguments(given, field.arguments, converter.scalar_registry, converter.config)

    given = {each.name.value: each.value for each in node.arguments or ()}
    plain: list[tuple[str, str, bool, bool]] = []
    sources, samples = {}, {}
    for name, value in given.items():
        if "$" not in graphql.print_ast(value):
            continue
        type_ = definition.args[name].type
        if not isinstance(value, graphql.VariableNode) or _bare(type_) not in _PLAIN:
            return lambda variables: function(**arguments(variables))
        variable = value.name.value
        python_name = next(
            each.python_name
            for each in field.arguments
            if converter.config.name_converter.get_graphql_name(each) == name
        )
        required, argument = graphql.is_non_null_type(type_), definition.args[name]
        has_default = argument.default is not None or argument.default_value is not graphql.Undefined
        plain.append((python_name, variable, required, not required and not has_default))
        samples[variable] = _SAMPLES[_bare(type_)]
        sources[variable] = VariableValueSource(None, samples[variable])  # type: ignore[arg-type]  # nobody looks at it
    try:
        known = arguments(VariableValues(sources, samples))
        if not plain:
            asked = function(**known)
            return lambda _variables: asked
    except Exception:  # it is told again, with its place, by each run
        return lambda variables: function(**arguments(variables))

    def ask(variables: VariableValues) -> Any:
        coerced, filled = variables.coerced, dict(known)
        for python_name, variable, required, optional in plain:
            if variable not in coerced and optional:
                del filled[python_name]
                continue
            value = coerced.get(variable)
            if value is None and (required or variable not in coerced):
                return function(**arguments(variables))
            filled[python_name] = value
        return function(**filled)

    if len(plain) != 1 or len(known) != 1:
        return ask
    ((only, its_variable, _, _),) = plain

    def ask_by_one(variables: VariableValues) -> Any:
        value = variables.coerced.get(its_variable)
        return ask(variables) if value is None else function(**{only: value})

    return ask_by_one


def _bare(type_: Any) -> str:
    """The name of a type that may be non-null, and is no list; of others a text that names none."""
    return str(type_).removesuffix("!")
