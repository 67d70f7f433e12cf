"""Operations that schemathesis makes up of the schema, sent to a running server: none of them is ever its fault.

`COLLOQUY_OPERATIONS=2000 pytest tests/access/test_schemathesis.py --log-cli-level=info` is the long form.
"""

import json
import logging
import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import graphql
import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.core.result import Ok
from schemathesis.graphql import nodes

from graph.errors import ErrorCode
from graph.negotiation import GRAPHQL_TYPE
from tests.e2e.command import colloquy, running, url_of

OPERATIONS: Final = int(os.environ.get("COLLOQUY_OPERATIONS", "110"))
"""How many are sent, about."""

FAULTS: Final = {ErrorCode.INTERNAL_SERVER_ERROR, ErrorCode.TIMEOUT}
"""Codes that no operation may be answered with."""

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.from_regex(r"[_a-z]{1,8}", fullmatch=True), inner),
    max_leaves=5,
)
MOMENTS = st.floats(-62_135_000_000, 253_402_000_000).map(lambda seconds: EPOCH + timedelta(seconds=seconds))


def written(value: Any) -> str:
    """A value of JSON as a document has it: the keys of objects stand without quotes there."""
    if isinstance(value, list):
        return f"[{', '.join(map(written, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name}: {written(each)}' for name, each in value.items())}}}"
    return json.dumps(value)


schemathesis.graphql.scalar("DateTime", MOMENTS.map(lambda moment: nodes.String(moment.isoformat())))
schemathesis.graphql.scalar("UUID", (st.uuids() | st.just(UUID(int=0))).map(lambda each: nodes.String(str(each))))
schemathesis.graphql.scalar("JSON", JSON.map(written).map(graphql.parse_value))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, str]]]:
    """The address of a server with the demo's conversations, and what an admin sends along."""
    folder = tmp_path_factory.mktemp("schemathesis")
    with running("serve", "--demo", "--port", "0", folder=folder) as process:
        url_of(process)
        process.stop()
    variables = {"COLLOQUY_DATABASE_URL": "colloquy-demo.db"}
    made = colloquy("key", "create", "--scope", "admin", folder=folder, **variables)
    assert made.returncode == 0, made
    # Points are not what is tried here.
    with running("serve", "--port", "0", folder=folder, **variables, COLLOQUY_RATE_LIMIT="0") as process:
        yield url_of(process), {"authorization": f"Bearer {made.stdout.strip()}"}
        assert "Traceback" not in process.output


class Tamer(graphql.Visitor):
    """Lets most of what is made up be a question that has an answer: pages of a size that is taken, ids that exist."""

    def __init__(self, known: list[str]) -> None:
        super().__init__()
        self.known = known
        self.number = 0

    def leave_field(self, field: graphql.FieldNode, *_: object) -> graphql.FieldNode:
        """Not both `first` and `last`; and a cursor only now and then, since hardly one that is made up is one."""
        self.number += 1
        given = {argument.name.value: argument for argument in field.arguments or ()}
        unwanted = {"last"} if "first" in given else set()
        if self.number % 4:
            unwanted |= {"after", "before"}
        kept = tuple(argument for name, argument in given.items() if name not in unwanted)
        return graphql.FieldNode(
            name=field.name,
            alias=field.alias,
            arguments=tuple(self._tamed(argument) for argument in kept),
            directives=field.directives,
            selection_set=field.selection_set,
        )

    def _tamed(self, argument: graphql.ArgumentNode) -> graphql.ArgumentNode:
        name, value = argument.name.value, argument.value
        if name in ("first", "last") and isinstance(value, graphql.IntValueNode):
            value = graphql.IntValueNode(value=str(abs(int(value.value)) % (101 if self.number % 10 == 0 else 5) + 1))
        elif name == "id" and self.number % 3:
            value = graphql.StringValueNode(value=self.known[self.number % len(self.known)])
        return graphql.ArgumentNode(name=argument.name, value=value)

    def leave_object_field(self, field: graphql.ObjectFieldNode, *_: object) -> graphql.ObjectFieldNode | None:
        """Ids of inputs likewise."""
        name = field.name.value
        self.number += 1
        if (
            (name == "id" or name.endswith("Id"))
            and isinstance(field.value, graphql.StringValueNode)
            and self.number % 2
        ):
            value = graphql.StringValueNode(value=self.known[self.number % len(self.known)])
            return graphql.ObjectFieldNode(name=field.name, value=value)
        return None


KNOWN: Final = """
{
  conversations(first: 20) {
    nodes { id messages(first: 3) { nodes { id citations { id source { id } } feedback { id } } } }
  }
  assistants { nodes { id } } tools { nodes { id } } sources(first: 20) { nodes { id } } feedback { nodes { id } }
}
"""


def ids_in(value: Any) -> Iterator[str]:
    """All ids of an answer."""
    if isinstance(value, list):
        for each in value:
            yield from ids_in(each)
    elif isinstance(value, dict):
        if isinstance(value.get("id"), str):
            yield value["id"]
        for each in value.values():
            yield from ids_in(each)


def test_no_operation_is_answered_with_a_fault(served: tuple[str, dict[str, str]]) -> None:
    url, headers = served
    api = schemathesis.graphql.from_url(f"{url}/graphql", headers=headers)
    found = httpx2.post(f"{url}/graphql", json={"query": KNOWN}, headers=headers)
    tamer = Tamer(sorted(set(ids_in(found.json()["data"]))))
    operations = [result.ok() for result in api.get_all_operations() if isinstance(result, Ok)]
    each = -(-OPERATIONS // len(operations))
    seen: Counter[str] = Counter()

    @api.hook("map_body")
    def tame(_context: Any, body: Any) -> Any:
        return graphql.visit(body, tamer)

    with httpx2.Client(headers={**headers, "accept": GRAPHQL_TYPE}, timeout=30) as client:

        def ask(case: Any) -> None:
            answer = client.post(f"{url}/graphql", json={"query": case.body})
            shown = f"{answer.status_code} {answer.text[:500]}\n{case.body[:2000]}"
            assert answer.status_code < 500, shown
            errors = answer.json().get("errors", ())
            codes = {error["extensions"]["code"] for error in errors}
            assert codes <= set(ErrorCode) - FAULTS, shown
            seen.update(codes or ["answered"])
            seen["sent"] += 1

        for operation in operations:
            settled = settings(
                max_examples=each,
                deadline=None,
                database=None,
                phases=[Phase.generate, Phase.shrink],
                suppress_health_check=list(HealthCheck),
            )
            settled(given(operation.as_strategy())(ask))()

    logging.getLogger("tests").info("sent, and by code of the answer: %s", dict(seen))
    assert len(operations) == len(fields_of_the_root(api.client_schema))
    assert seen["sent"] >= min(OPERATIONS, len(operations)), seen
    assert seen["answered"] >= seen["sent"] // 4, f"most of what is sent has an answer: {seen}"


def fields_of_the_root(schema: graphql.GraphQLSchema) -> list[str]:
    """All queries and mutations."""
    roots = (schema.query_type, schema.mutation_type)
    return [name for root in roots if root is not None for name in root.fields]
