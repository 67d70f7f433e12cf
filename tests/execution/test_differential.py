"""The engine and graphql-core answer generated operations alike, on data with nulls, oddities and failing reads."""

import os
from functools import partial
from random import Random
from typing import Any, Final

from graphql import DocumentNode, GraphQLInputType, parse, validate
from hypothesis import given, settings
from hypothesis import strategies as st

from db.errors import InvalidInput
from tests.execution.asking import SCHEMA, asking
from tests.execution.data import spoilt, turns
from tests.execution.equal import Asked, differing
from tests.execution.operations import Spot, operation
from tests.execution.plain import WORDS
from tests.execution.reads import Fault
from tests.execution.shrinking import shrunk
from tests.execution.tables import FAILING, id_of, number_of

OPERATIONS = int(os.environ.get("COLLOQUY_OPERATIONS", "300"))
"""Operations that are tried; 20,000 take about ten minutes."""

IDS = ("what", "", id_of("Letter", 1))


def values(random: Random, spot: Spot, _type: GraphQLInputType) -> Any:
    """Ids, cursors and sizes that find something, as a rule."""
    match spot.argument:
        case "id":
            return _id(random, "Person" if spot.field == "person" else None)
        case "ids":
            return [_id(random, None) for _ in range(random.randint(0, 4))]
        case "first" | "last":
            return random.choice((1, 2, 3, 5, 100, None)) if random.random() < 0.97 else 0
        case "after" | "before":
            return random.choice(("at1", "at2", "at4", None)) if random.random() < 0.9 else "at23"
        case "n":
            return random.choice((1, 2, 3, 4, 5, 6)) if random.random() < 0.9 else random.choice((7, 100))
    return NotImplemented


def _id(random: Random, type_name: str | None) -> str:
    if random.random() < 0.1:
        return random.choice(IDS)
    return id_of(type_name or random.choice(("Person", "Pet", "House")), random.randint(1, 8))


RARE: Final = {
    "version": 0.3,
    "echo": 0.5,
    "broken": 0.2,
    "sureBroken": 0.05,
    "nothing": 0.05,
    "sample": 0.3,
    "sureSample": 0.1,
    "sureNth": 0.3,
    "sureNodes": 0.3,
}
"""Fields of the root that say little, or leave nothing of the answer where they fail."""


def weight(type_name: str, field: str) -> float:
    """How often a field is asked for."""
    if type_name == "Query":
        return RARE.get(field, 1)
    return 1


def drawn(seed: int) -> Asked | None:
    """The operation of a seed, with its world; None where it is not valid."""
    random = Random(seed)
    text, variables = operation(SCHEMA, random, values, weight=weight)
    if random.random() < 0.1:
        text += "\nquery Other { __typename nth { id } }"
    document: DocumentNode = parse(text)
    if validate(SCHEMA, document):
        return None
    dialect = random.choice(("sqlite", "postgresql"))
    share = random.choice((0, 0, 0.02, 0.1))
    faults = _faults(random)
    world = spoilt(random, dialect, share)
    world.tables["samples"][0]["word"] = random.choice(list(WORDS))
    world.faults.update(faults)
    if dialect == "postgresql" and random.random() < 0.4:
        world.pause = turns(random.randint(0, 4))
    return asking(
        document,
        variables,
        name="Asked",
        world=world,
        spare=random.random() < 0.3,
        free=0 if random.random() < 0.01 else None,
    )


def _faults(random: Random) -> dict[str, Fault]:
    if random.random() < 0.6:
        return {}
    faults: dict[str, Fault] = {}
    # A field that waits for several reads (`nodes`) tells the one that fails first: one of them fails at most.
    together = random.choice(("people", "houses", "pets"))
    names = [name for name in FAILING if name not in ("people", "houses", "pets") or name == together]
    for name in random.sample(names, random.randint(1, 2)):
        kind = InvalidInput if random.random() < 0.7 else RuntimeError
        keys = None
        if name.startswith("each"):
            keys = frozenset(number_of("Person", random.randint(1, 6)) for _ in range(2))
        faults[name] = Fault(partial(kind, f"{name} failed"), keys)
    return faults


@settings(max_examples=OPERATIONS, deadline=None)
@given(seed=st.integers(0, 2**64))
async def test_generated_operations_are_answered_alike(seed: int) -> None:
    asked = drawn(seed)
    if asked is None:
        return
    difference = await differing(asked)
    assert difference is None, f"seed {seed}: {await shrunk(asked)}"
