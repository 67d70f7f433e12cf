"""The operations that clients really send are executed by the engine, and answered as graphql-core answers them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import OperationDefinitionNode, OperationType, parse, validate

import graph.explorer
from db.database import Database
from graph.execution import metrics
from tests.acceptance import engine_runs
from tests.acceptance.engine_ways import SCHEMA, Asked, arranged, compared
from tests.acceptance.worlds import KINDS, SHARED, World
from tests.graph.asking import OPERATIONS, Client

ROOT = Path(__file__).parents[2]
BESIDE = SHARED / "design" / "operations"
EXAMPLES = Path(graph.explorer.__file__).parent / "examples"


def documents() -> dict[str, str]:
    """The documents of queries of this repository and of the folder beside it, by where they stand."""
    found = {
        f"{path.parent.name}/{path.stem}": path.read_text(encoding="utf-8")
        for folder in (OPERATIONS, EXAMPLES, BESIDE)
        for path in sorted(folder.glob("*.graphql"))
    }
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found |= {f"README {n}": text for n, text in enumerate(re.findall(r"```graphql\n(.*?)```", readme, re.DOTALL))}
    return {name: text for name, text in found.items() if _is_query(text)}


def _is_query(text: str) -> bool:
    """Whether it holds a query of the schema as it is; those beside this repository are ahead of it."""
    document = parse(text)
    kinds = [each.operation for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    return kinds == [OperationType.QUERY] and not validate(SCHEMA, document)


DOCUMENTS = documents()


@pytest.fixture(autouse=True)
def in_an_arranged_world() -> Iterator[None]:
    """Faults are told."""
    with arranged():
        yield


@pytest.fixture(scope="session", params=KINDS)
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Something of everything."""
    return engine_runs.whole(request, tmp_path_factory)


async def given_in(database: Database) -> dict[str, Any]:
    """Values of the variables, by their names."""
    asked = "{ conversations(where: {messageCount: {gt: 1}}) { nodes { id currentMessage { id } } } " + " ".join(
        f"{field}(first: 1) {{ nodes {{ id }} }}" for field in ("assistants", "sources")
    )
    data = await Client(database).ask(asked + " }")
    talk = next(node for node in data["conversations"]["nodes"] if node["currentMessage"])
    message, (assistant,), (source,) = (
        talk["currentMessage"]["id"],
        data["assistants"]["nodes"],
        data["sources"]["nodes"],
    )
    found = {"id": talk["id"], "message": message, "messageId": message}
    found |= {"assistant": assistant["id"], "assistantId": assistant["id"], "sourceId": source["id"]}
    found |= {"from": "2000-01-01T00:00:00Z", "to": "2100-01-01T00:00:00+01:00", "since": "2020-01-01T00:00:00Z"}
    return found | {"path": ["plan"], "prefix": "https://", "urlPrefix": "https://", "text": "refund"}


async def alike(database: Database, text: str) -> None:
    """The engine takes the operation, and answers as graphql-core does."""
    (operation,) = [each for each in parse(text).definitions if isinstance(each, OperationDefinitionNode)]
    assert operation.name is not None, "clients name their operations"
    given = await given_in(database)
    if operation.name.value == "Sources":
        given["id"] = given["sourceId"]
    declared = {each.variable.name.value for each in operation.variable_definitions or ()}
    values = {name: value for name, value in given.items() if name in declared}
    before = metrics["planned"]
    answer, difference = await compared(Asked(database, text, values, name=operation.name.value))
    assert difference is None, difference
    assert answer.errors == ()
    assert metrics["planned"] - before == 3  # by its three ways


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_an_operation_of_clients_is_answered_alike_where_there_is_everything(whole: World, name: str) -> None:
    async with whole.opened() as database:
        await alike(database, DOCUMENTS[name])


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_an_operation_of_clients_is_answered_alike_over_the_demo(demo: World, name: str) -> None:
    async with demo.opened() as database:
        await alike(database, DOCUMENTS[name])


def test_the_documents_are_found() -> None:
    assert len([name for name in DOCUMENTS if name.startswith("operations/") and "-" not in name.split("/")[1]]) >= 4
    assert len([name for name in DOCUMENTS if name.startswith("examples/")]) == 6
    assert "README 0" in DOCUMENTS
