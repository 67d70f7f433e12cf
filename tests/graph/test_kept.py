"""What the server keeps to be quick is bounded, whatever its clients send."""

import gc
import itertools
import random
import weakref
from typing import Any

import pytest
from graphql import FragmentDefinitionNode, GraphQLSchema, OperationDefinitionNode, parse
from graphql.execution.values import VariableValues
from hypothesis import given
from hypothesis import strategies as st

from graph.access.survey import Surveyor
from graph.arguments import NO_VARIABLES
from graph.boundary import ColloquySchema
from graph.declared import MAX_COLUMN_SETS, fitting
from graph.documents import KEPT_CHARACTERS, KEPT_DOCUMENTS, KEPT_LENGTH, Documents, Kept
from graph.execution import Operation, operations
from graph.execution.operations import KEPT_PLANS
from graph.kept import LastUsed
from graph.prepared import Prepared
from graph.schema import schema
from tests.graph import toy
from tests.graph.core_prepared import CorePrepared

NUMBER, ROOM, HEAVIEST = 4, 20, 9


def how_many() -> tuple[int, int]:
    """Operations that the executor keeps, and their characters."""
    return len(operations.KEPT), operations.KEPT.weight


def definitions(text: str) -> tuple[OperationDefinitionNode, dict[str, FragmentDefinitionNode]]:
    document = parse(text)
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    operation = next(each for each in document.definitions if isinstance(each, OperationDefinitionNode))
    return operation, fragments


def core() -> GraphQLSchema:
    return schema._schema


@given(st.lists(st.tuples(st.integers(0, 9), st.none() | st.integers(0, 12))))
def test_the_last_used_are_kept_as_many_as_there_is_room_for(steps: list[tuple[int, int | None]]) -> None:
    kept: LastUsed[int, int] = LastUsed(NUMBER, ROOM, HEAVIEST)
    model: dict[int, int] = {}  # the weights, the one that was used last at the end
    for key, weight in steps:
        if weight is None:
            if key in model:
                model[key] = model.pop(key)
            assert kept.get(key) == model.get(key)
            continue
        kept.keep(key, weight, weight)
        model.pop(key, None)
        if weight <= HEAVIEST:
            model[key] = weight
        while len(model) > NUMBER or sum(model.values()) > ROOM:
            model.pop(next(iter(model)))
        assert (len(kept), kept.weight) == (len(model), sum(model.values()))
    assert {key: kept.get(key) for key in range(10) if kept.get(key) is not None} == model


async def test_the_documents_that_are_kept_have_only_so_many_characters() -> None:
    toys = ColloquySchema(query=toy.Query, mutation=toy.Mutation, prepare=CorePrepared)
    texts = [f"{{ a{n}: hello }}".ljust(KEPT_LENGTH) for n in range(KEPT_CHARACTERS // KEPT_LENGTH + 2)]
    for text in texts:
        await toys.execute(text)

    assert toys.documents.characters == KEPT_CHARACTERS
    assert len(toys.documents) == KEPT_CHARACTERS // KEPT_LENGTH
    assert [toys.ready(text, None) is None for text in texts] == [True, True, *[False] * len(toys.documents)]


def alive() -> int:
    gc.collect()
    return sum(isinstance(each, Operation) for each in gc.get_objects())


def test_documents_that_never_come_again_leave_no_more_behind_than_is_kept() -> None:
    before, elsewhere = alive(), how_many()
    chance, documents = random.Random(1), Documents()
    for n in range(KEPT_DOCUMENTS + 20):
        fields = " ".join(f"{name}{n}: {name}" for name in chance.sample(["id", "title", "createdAt", "version"], 2))
        text = f"query New{n} {{ conversations {{ nodes {{ {fields} }} }} }}"
        document = parse(text)
        facts = Surveyor(core()).survey(document)
        prepared = Prepared(core(), document, facts)
        documents.keep(text, Kept(document, {}, frozenset(), prepared, facts))
        node = prepared.operation(None)
        assert node is not None
        plan = operations.operation_of(core(), node, {}).plan(NO_VARIABLES, "sqlite")
        assert plan is not None
        assert plan.functions(wired=True)

    assert len(documents) == KEPT_DOCUMENTS
    assert alive() - before == KEPT_DOCUMENTS
    assert how_many() == elsewhere


def test_of_the_plans_of_an_operation_only_some_are_kept() -> None:
    names = ["a", "b", "c"]
    fields = " ".join(f"{name}: id @include(if: ${name})" for name in names)
    heads = ", ".join(f"${name}: Boolean!" for name in names)
    node, fragments = definitions(f"query ({heads}) {{ conversations {{ nodes {{ __typename {fields} }} }} }}")
    operation = Operation(core(), node, fragments)
    plans = []
    for values in itertools.product([True, False], repeat=len(names)):
        coerced = operation.variables.coerce(dict(zip(names, values, strict=True)))
        assert isinstance(coerced, VariableValues)
        plan = operation.plan(coerced, "sqlite")
        assert plan is not None
        assert operation.plan(coerced, "sqlite") is plan
        plans.append(weakref.ref(plan))
        del plan
    gc.collect()

    assert [plan() is None for plan in plans] == [n < len(plans) - KEPT_PLANS for n in range(len(plans))]


def test_the_operation_of_a_prepared_document_is_planned_once_for_both_ways() -> None:
    document = parse("{ conversations { nodes { id } } }")
    node, fragments = definitions("{ conversations { nodes { id } } }")
    prepared = Prepared(core(), document, Surveyor(core()).survey(document))
    own = prepared.operation(None)
    assert own is not None

    assert operations.operation_of(core(), own, {}) is operations.operation_of(core(), own, {})
    assert operations.KEPT.get(id(own)) is None, "the document keeps it"
    assert operations.operation_of(core(), node, fragments) is operations.operation_of(core(), node, fragments)
    assert operations.KEPT.get(id(node)) is not None


def test_an_operation_of_a_long_document_is_not_kept() -> None:
    fields = " ".join(f"a{n}: id" for n in range(KEPT_LENGTH // 5))
    node, fragments = definitions(
        f"{{ conversations {{ nodes {{ ...F }} }} }} fragment F on Conversation {{ {fields} }}"
    )
    before = how_many()

    operations.operation_of(core(), node, fragments)

    assert how_many() == before


class Wide:
    """A read of many columns."""

    columns: dict[str, Any] = {f"c{n:02}": None for n in range(MAX_COLUMN_SETS + 2)}

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """It is never called."""
        raise AssertionError(f"this reads nothing: {arguments} {options}")


def test_the_order_in_which_columns_are_selected_makes_no_other_statement() -> None:
    read = Wide()

    assert fitting(read, ["c02", "c00", "c01"]) == fitting(read, ["c01", "c02", "c00"]) == ("c00", "c01", "c02")


@pytest.mark.parametrize("times", [1, 2])
def test_after_so_many_sets_of_columns_all_are_read(times: int) -> None:
    read = Wide()
    for _ in range(times):
        for n in range(MAX_COLUMN_SETS):
            assert fitting(read, [f"c{n:02}"]) == (f"c{n:02}",)
    assert fitting(read, [f"c{MAX_COLUMN_SETS:02}"]) == tuple(read.columns)
    assert fitting(read, ["c00"]) == ("c00",)
