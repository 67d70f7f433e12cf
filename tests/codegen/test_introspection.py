"""What the running server says of its schema, against the file that clients are generated from."""

from pathlib import Path

from graphql import GraphQLSchema, build_client_schema, build_schema, get_introspection_query, lexicographic_sort_schema
from graphql.utilities import print_schema
from httpx2 import ASGITransport, AsyncClient

from graph.app import create_app
from graph.settings import Settings

FILE = Path(__file__).parent.parent.parent / "schema.graphql"


def printed(schema: GraphQLSchema) -> str:
    return print_schema(lexicographic_sort_schema(schema))


async def test_introspection_over_http_equals_the_schema_file(tmp_path: Path) -> None:
    app = create_app(Settings(database_url=str(tmp_path / "colloquy.db"), explorer=False))
    query = get_introspection_query(
        specified_by_url=True,
        schema_description=True,
        directive_is_repeatable=True,
        input_value_deprecation=True,
        one_of=True,
    )
    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=ASGITransport(app), base_url="http://localhost") as client,
    ):
        response = await client.post("/graphql", json={"query": query})
    answer = response.json()

    assert "errors" not in answer
    assert printed(build_client_schema(answer["data"])) == printed(build_schema(FILE.read_text()))
