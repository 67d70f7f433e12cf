"""Documents that were made to cost a server far more than they cost who sends them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True)
class Attack:
    """A request, and the limit that stops it."""

    name: str
    make: Callable[[], str]
    stopped_by: str
    variables: Callable[[], dict[str, Any]] = dict


def deep_query(levels: int = 10_000) -> str:
    return "{ id " * levels + "}" * levels


def many_aliases(number: int = 100_000) -> str:
    return "{ " + " ".join(f"a{n}: __typename" for n in range(number)) + " }"


def many_tokens(number: int = 1_000_000) -> str:
    return "{" + " a" * number + " }"


def spreads(levels: int, of: str = "Query", each: str = "", leaf: str = "__typename") -> str:
    """Fragments each of which spreads the next one twice: written out they are two to the power of the levels."""
    definitions = [f"fragment F{n} on {of} {{ {each} ...F{n + 1} ...F{n + 1} }}" for n in range(levels)]
    return "\n".join(["{ ...F0 }", *definitions, f"fragment F{levels} on {of} {{ {leaf} }}"])


def nested_spreads(levels: int = 30) -> str:
    """The same, each spread below a field of its own."""
    two = "a{n}: messages(first: 1) {{ nodes {{ conversation {{ ...F{m} }} }} }}"
    both = two + " b{n}: messages(first: 1) {{ nodes {{ conversation {{ ...F{m} }} }} }}"
    definitions = [f"fragment F{n} on Conversation {{ {both.format(n=n, m=n + 1)} }}" for n in range(levels)]
    return "\n".join(
        ["{ conversations { nodes { ...F0 } } }", *definitions, f"fragment F{levels} on Conversation {{ id }}"]
    )


def chain(length: int = 300) -> str:
    """Fragments one below the other, each in a field: no part of it is deep, all of it is."""
    definitions = [f"fragment F{n} on Message {{ parent {{ ...F{n + 1} }} }}" for n in range(length)]
    return "\n".join(['{ message(id: "x") { ...F0 } }', *definitions, f"fragment F{length} on Message {{ id }}"])


def introspection_bomb(levels: int = 20) -> str:
    return "{ __schema { types " + "{ fields { type " * levels + "{ name }" + " } }" * levels + " } }"


def introspection_in_fragments(levels: int = 12) -> str:
    definitions = []
    for n in range(levels):
        both = " ".join(f"{name}{n}: fields {{ type {{ ...T{n + 1} }} }}" for name in "ab")
        definitions.append(f"fragment T{n} on __Type {{ {both} }}")
    return "\n".join(["{ __schema { types { ...T0 } } }", *definitions, f"fragment T{levels} on __Type {{ name }}"])


def many_introspections(number: int = 20) -> str:
    below = "types { fields { args { name } type { fields { name args { name } } } } }"
    return "{ " + " ".join(f"s{n}: __schema {{ {below} }}" for n in range(number)) + " }"


def many_directives(number: int = 1_000) -> str:
    return "{ __typename " + "@skip(if: false) " * number + "}"


def many_times(number: int = 500) -> str:
    return "{ " + "__typename " * number + "}"


def many_unknown_directives(number: int = 10) -> str:
    return "{ __typename " + "@aa " * number + "}"


def many_operations(number: int = 1_000) -> str:
    return " ".join(f"query Q{n} {{ __typename }}" for n in range(number))


def many_mutations(number: int = 25) -> str:
    one = 'deleteMessage(input: {id: "x"}) { deletedMessageIds }'
    return "mutation { " + " ".join(f"m{n}: {one}" for n in range(number)) + " }"


def wide_pages() -> str:
    below = "messages(first: 100) { nodes { conversation { messages(first: 100) { nodes { id } } } } }"
    return f"{{ conversations(first: 100) {{ nodes {{ {below} }} }} }}"


def deep_list(levels: int = 1_000) -> str:
    return "{ conversations(where: " + "{not: " * levels + "{}" + "}" * levels + ") { totalCount } }"


def many_comments(number: int = 100_000) -> str:
    return "#\n" * number + "{ __typename }"


def long_string(length: int = 10_000_000) -> str:
    return '{ conversations(where: {title: {eq: "' + "x" * length + '"}}) { totalCount } }'


WITH_JSON: Final = """query ($v: JSON) {
  conversations(where: {properties: [{path: ["a"], eq: $v}]}) { totalCount }
}"""


def deep_value(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


ATTACKS: Final = [
    Attack("10,000 fields deep", deep_query, "nesting"),
    Attack("100,000 aliases", many_aliases, "source"),
    Attack("800 aliases", lambda: many_aliases(800), "aliases"),
    Attack("a million tokens", many_tokens, "source"),
    Attack("40,000 tokens", lambda: many_tokens(40_000), "tokens"),
    Attack("fragments spread twice, 90 levels", lambda: spreads(90), "fields"),
    Attack("fragments spread twice, 20 levels", lambda: spreads(20), "fields"),
    Attack("fragments spread twice below fields", nested_spreads, "depth"),
    Attack("fragments one below the other", lambda: chain(150), "depth"),
    Attack("introspection within introspection", introspection_bomb, "introspection"),
    Attack("introspection in fragments", introspection_in_fragments, "aliases"),
    Attack("20 introspections", many_introspections, "introspection"),
    Attack("directives", lambda: many_directives(300), "directives"),
    Attack("directives that there are not", many_unknown_directives, "directivesInPlace"),
    Attack("one field 500 times", many_times, "repeats"),
    Attack("1,000 operations", many_operations, "tokens"),
    Attack("25 mutations", many_mutations, "mutations"),
    Attack("pages of pages of pages", wide_pages, "cost"),
    Attack("input objects 1,000 deep", deep_list, "nesting"),
    Attack("100,000 comments", many_comments, "source"),
    Attack("10,000 comments", lambda: many_comments(10_000), "comments"),
    Attack("10 MB in a text", long_string, "source"),
    Attack("10 MB of variables", lambda: WITH_JSON, "variablesSize", lambda: {"v": ["x" * 100] * 100_000}),
    Attack("variables 900 deep", lambda: WITH_JSON, "variablesDepth", lambda: {"v": deep_value(900)}),
]
