"""Texts that differ only in what makes no difference to a database ask the same statements of it."""

import itertools

from graph import codes
from tests.graph.asking import Client


async def test_fields_in_another_order_and_under_other_names_ask_the_same_statements(
    client: Client, statements: list[str]
) -> None:
    asked = set()
    for n, order in enumerate(
        itertools.permutations(["title", "createdAt", "assistant { name id }", "origin { system }"])
    ):
        fields = " ".join(f"f{n}{at}: {field}" for at, field in enumerate(order))
        statements.clear()
        await client.ask(f"query Order{n} {{ conversations {{ nodes {{ {fields} }} }} }}")
        asked.add(frozenset(statements))
    assert len(asked) == 1


async def test_texts_that_differ_in_names_blanks_and_values_have_the_same_code(client: Client) -> None:
    await client.ask("query A { conversations(first: 1) { nodes { id title version } } }")
    before = codes.how_many()

    for n in range(2, 5):
        await client.ask(f"query A{n} {{ conversations(first: {n}) {{ nodes {{ id,  title,  version }} }} }}")

    assert codes.how_many() == before
