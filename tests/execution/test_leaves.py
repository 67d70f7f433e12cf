"""Columns as leaves: what the driver gives, in whatever form, and what a column should not hold."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from tests.execution.asking import same
from tests.execution.data import changed, world
from tests.execution.reads import Odd


async def test_all_kinds_of_columns_as_leaves(dialect: str) -> None:
    answer = await same(
        """{ nth(n: 2) { id name nickname age steps height weight active trusted mood moodBefore born seen token
             passport badge settings rank loudName initial moodWord } }""",
        world=world(dialect),
    )
    assert answer.value["nth"] == {
        "id": "UGVyc29uOjAwMDAwMDAwLTAwMDAtMDAwMS0wMDAwLTAwMDAwMDAwMDAwMg",
        "name": "Ada 2",
        "nickname": "é",
        "age": 22,
        "steps": 20000,
        "height": 1.8,
        "weight": None,
        "active": True,
        "trusted": False,
        "mood": "CALM",
        "moodBefore": None,
        "born": "2026-03-03T09:30:00.000250Z",
        "seen": "2026-03-01T09:30:00.000252Z",
        "token": "00000010-0000-0000-0000-000000000002",
        "passport": "00000000-0400-0000-0000-000000000002",
        "badge": [2],
        "settings": False,
        "rank": 2,
        "loudName": "ADA 2",
        "initial": "é",
        "moodWord": None,
    }
    assert set(answer.messages) == {"nth.moodWord"}


@pytest.mark.parametrize(
    ("field", "column", "value", "expected"),
    [
        ("steps", "steps", 2**31 - 1, 2**31 - 1),
        ("steps", "steps", -(2**31), -(2**31)),
        ("steps", "steps", Odd(1.0), 1),
        ("steps", "steps", Odd(True), 1),
        ("weight", "weight", 3, 3),
        ("weight", "weight", -0.0, -0.0),
        ("weight", "weight", 1e300, 1e300),
        ("nickname", "nickname", "", ""),
        ("nickname", "nickname", "\U0001f600\n\0", "\U0001f600\n\0"),
        ("moodBefore", "mood_before", Odd("loud"), "LOUD"),
        ("moodWord", "nickname", "calm", "CALM"),
        ("seen", "seen", datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00.000000Z"),
        ("seen", "seen", datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), "9999-12-31T23:59:59.999999Z"),
        ("passport", "passport", UUID(int=2**128 - 1), "ffffffff-ffff-ffff-ffff-ffffffffffff"),
    ],
)
async def test_values_at_the_edge(field: str, column: str, value: Any, expected: Any, dialect: str) -> None:
    answer = await same(f"{{ nth {{ {field} }} }}", world=changed({column: value}, dialect))
    assert (answer.value, answer.messages) == ({"nth": {field: expected}}, {})


@pytest.mark.parametrize(
    ("field", "column", "raw", "message"),
    [
        ("steps", "steps", 2**31, "Int cannot represent non 32-bit signed integer value: 2147483648"),
        ("steps", "steps", "many", "Int cannot represent non-integer value: 'many'"),
        ("steps", "steps", 1.5, "Int cannot represent non-integer value: 1.5"),
        ("weight", "weight", float("nan"), "Float cannot represent non numeric value: nan"),
        ("weight", "weight", float("inf"), "Float cannot represent non numeric value: inf"),
        ("weight", "weight", "heavy", "Float cannot represent non numeric value: 'heavy'"),
        ("moodBefore", "mood_before", "feral", "'feral'"),
        ("moodBefore", "mood_before", "CALM", "'CALM'"),
        ("moodWord", "nickname", "feral", "Enum 'Mood' cannot represent value: 'feral'"),
        ("badge", "badge", "{", ...),
    ],
)
async def test_what_a_column_should_not_hold_is_an_error_of_its_field(
    field: str, column: str, raw: Any, message: Any, dialect: str
) -> None:
    answer = await same(f"{{ nth {{ rank {field} }} }}", world=changed({column: Odd(raw)}, dialect))
    assert answer.value == {"nth": {"rank": 1, field: None}}
    assert list(answer.messages) == [f"nth.{field}"]
    assert message in (answer.messages[f"nth.{field}"], ...)


@pytest.mark.parametrize(
    ("field", "column", "raw"),
    [
        ("name", "name", None),
        ("age", "age", None),
        ("age", "age", "old"),
        ("height", "height", None),
        ("height", "height", float("nan")),
        ("active", "active", None),
        ("mood", "mood", None),
        ("mood", "mood", "feral"),
        ("born", "born", None),
        ("token", "token", None),
        ("settings", "settings", None),
        ("settings", "settings", "null"),
        ("loudName", "name", None),
        ("loudName", "age", None),
        ("loudName", "age", -1),
    ],
)
async def test_a_field_that_is_never_null_takes_its_object_with_it(
    field: str, column: str, raw: Any, dialect: str
) -> None:
    flawed = changed({column: Odd(raw)}, dialect, n=2)
    answer = await same(f"{{ people {{ nodes {{ bestFriend {{ {field} }} }} }} nth {{ rank }} }}", world=flawed)
    nodes = answer.value["people"]["nodes"]
    assert nodes[0] == {"bestFriend": None}
    assert nodes[1]["bestFriend"][field] is not None
    assert list(answer.messages) == [f"people.nodes.0.bestFriend.{field}"]


@pytest.mark.parametrize(("raw", "expected"), [(0, False), (1, True), (2, True), ("", False), ("no", True)])
async def test_sqlite_holds_any_value_as_a_boolean(raw: Any, expected: bool) -> None:
    answer = await same("{ nth { trusted } }", world=changed({"trusted": Odd(raw)}))
    assert (answer.value, answer.errors) == ({"nth": {"trusted": expected}}, ())


@pytest.mark.parametrize("raw", [2**62, -(2**62), "today"])
async def test_a_time_that_sqlite_should_not_hold_is_an_error(raw: Any) -> None:
    answer = await same("{ nth { seen rank } }", world=changed({"seen": Odd(raw)}))
    assert answer.value == {"nth": {"seen": None, "rank": 1}}
    assert list(answer.messages) == ["nth.seen"]


@pytest.mark.parametrize(
    "text",
    ["0", '""', "false", "[]", "{}", '{"a":{"b":[1,null,{"c":1.5}]}}', "1.0", "1e2", "18446744073709551616"],
)
async def test_json_is_given_as_it_is(text: str, dialect: str) -> None:
    answer = await same("{ nth { badge } }", world=changed({"badge": Odd(text)}, dialect))
    assert answer.data.decode() == f'{{"nth":{{"badge":{text}}}}}'


async def test_the_json_null_is_null(dialect: str) -> None:
    answer = await same("{ nth { badge } }", world=changed({"badge": Odd("null")}, dialect))
    assert (answer.value, answer.errors) == ({"nth": {"badge": None}}, ())
