"""Lists and nulls: what each shape of field makes of a value, a null, an error and a value that does not fit."""

from typing import Any

import pytest
from graphql import GraphQLObjectType, get_named_type, is_leaf_type, is_non_null_type

from tests.execution.asking import SCHEMA, same
from tests.execution.data import sampled
from tests.execution.plain import WORDS

MISSING = "Cannot return null for non-nullable field Sample.{}."
NO_LIST = "Expected Iterable, but did not find one for field 'Sample.{}'."
NO_INT = "Int cannot represent non-integer value: {}"


def selection(field: str) -> str:
    """The field, with selections if it is of objects."""
    sample = SCHEMA.get_type("Sample")
    assert isinstance(sample, GraphQLObjectType)
    is_leaf = is_leaf_type(get_named_type(sample.fields[field].type))
    return f"{{ {field}{'' if is_leaf else ' { value maybe }'} }}"


@pytest.mark.parametrize("word", WORDS, ids=str)
async def test_every_value_in_every_shape_of_field(word: str | None) -> None:
    """Below a field that may be null, and up to the root."""
    sample = SCHEMA.get_type("Sample")
    assert isinstance(sample, GraphQLObjectType)
    world = sampled(word)
    for name, field in sample.fields.items():
        selected = selection(name)
        answer = await same(f"{{ sample {selected} }}", world=world)
        up_to_the_root = await same(f"{{ sureSample {selected} }}", world=world)
        if answer.value["sample"] is None:
            assert is_non_null_type(field.type)
            assert up_to_the_root.value is None
        else:
            assert answer.value["sample"] == up_to_the_root.value["sureSample"]


@pytest.mark.parametrize(
    ("field", "word", "value", "errors"),
    [
        # Int
        ("number", "one", 1, {}),
        ("number", None, None, {}),
        ("number", "text", None, {"number": NO_INT.format("'text'")}),
        ("number", "error", None, {"number": "refused"}),
        ("number", "given error", None, {"number": "given"}),
        # Int!
        ("sureNumber", "one", 1, {}),
        ("sureNumber", None, ..., {"sureNumber": MISSING.format("sureNumber")}),
        ("sureNumber", "text", ..., {"sureNumber": NO_INT.format("'text'")}),
        ("sureNumber", "error", ..., {"sureNumber": "refused"}),
        # [Int]
        ("numbers", "list", [1, 2], {}),
        ("numbers", "empty", [], {}),
        ("numbers", None, None, {}),
        ("numbers", "null in list", [1, None, 3], {}),
        ("numbers", "text in list", [1, None, 3], {"numbers.1": NO_INT.format("'text'")}),
        ("numbers", "error in list", [1, None, 3], {"numbers.1": "given"}),
        ("numbers", "error", None, {"numbers": "refused"}),
        ("numbers", "one", None, {"numbers": NO_LIST.format("numbers")}),
        # [Int!]
        ("numbersAllSure", "list", [1, 2], {}),
        ("numbersAllSure", None, None, {}),
        ("numbersAllSure", "null in list", None, {"numbersAllSure.1": MISSING.format("numbersAllSure")}),
        ("numbersAllSure", "text in list", None, {"numbersAllSure.1": NO_INT.format("'text'")}),
        ("numbersAllSure", "error in list", None, {"numbersAllSure.1": "given"}),
        ("numbersAllSure", "error", None, {"numbersAllSure": "refused"}),
        # [Int]!
        ("sureNumbers", "null in list", [1, None, 3], {}),
        ("sureNumbers", "error in list", [1, None, 3], {"sureNumbers.1": "given"}),
        ("sureNumbers", None, ..., {"sureNumbers": MISSING.format("sureNumbers")}),
        ("sureNumbers", "error", ..., {"sureNumbers": "refused"}),
        # [Int!]!
        ("sureNumbersAllSure", "list", [1, 2], {}),
        ("sureNumbersAllSure", "null in list", ..., {"sureNumbersAllSure.1": MISSING.format("sureNumbersAllSure")}),
        ("sureNumbersAllSure", "error in list", ..., {"sureNumbersAllSure.1": "given"}),
        ("sureNumbersAllSure", None, ..., {"sureNumbersAllSure": MISSING.format("sureNumbersAllSure")}),
        # [[Int]], [[Int!]], [[Int!]!]!
        ("lists", "lists", [[1], [2, 3], []], {}),
        ("lists", "null list in lists", [[1], None], {}),
        ("lists", "null in lists", [[1, None], [3]], {}),
        ("lists", "text in lists", [[1, 2], [None]], {"lists.1.0": NO_INT.format("'text'")}),
        ("lists", "number in lists", [[1], None], {"lists.1": NO_LIST.format("lists")}),
        ("listsOfSure", "null list in lists", [[1], None], {}),
        ("listsOfSure", "null in lists", [None, [3]], {"listsOfSure.0.1": MISSING.format("listsOfSure")}),
        ("listsAllSure", "lists", [[1], [2, 3], []], {}),
        ("listsAllSure", "null list in lists", ..., {"listsAllSure.1": MISSING.format("listsAllSure")}),
        ("listsAllSure", "null in lists", ..., {"listsAllSure.0.1": MISSING.format("listsAllSure")}),
        # what may be iterated and is no list
        ("numbers", "tuple", [1, 2], {}),
        ("numbers", "set", [1], {}),
        ("texts", "text", None, {"texts": NO_LIST.format("texts")}),
        ("texts", "empty text", None, {"texts": NO_LIST.format("texts")}),
        ("texts", "bytes", None, {"texts": NO_LIST.format("texts")}),
        ("numbers", "keys", [1], {}),
        # leaves of other types
        ("number", "true", 1, {}),
        ("number", "float", 1, {}),
        ("number", "half", None, {"number": NO_INT.format("1.5")}),
        ("number", "longest", 2**31 - 1, {}),
        ("number", "least", -(2**31), {}),
        ("number", "long", None, {"number": "Int cannot represent non 32-bit signed integer value: 2147483648"}),
        ("float", "one", 1, {}),
        ("float", "true", 1, {}),
        ("float", "nan", None, {"float": "Float cannot represent non numeric value: nan"}),
        ("float", "infinity", None, {"float": "Float cannot represent non numeric value: inf"}),
        ("boolean", "one", True, {}),
        ("boolean", "text", None, {"boolean": "Boolean cannot represent a non boolean value: 'text'"}),
        ("text", "one", "1", {}),
        ("text", "true", "true", {}),
        ("id", "one", "1", {}),
        ("mood", "calm", "CALM", {}),
        ("mood", "text", None, {"mood": "Enum 'Mood' cannot represent value: 'text'"}),
        ("sureMood", "text", ..., {"sureMood": "Enum 'Mood' cannot represent value: 'text'"}),
        # objects
        ("box", "box", {"value": 1, "maybe": None}, {}),
        ("box", None, None, {}),
        ("box", "null box", None, {"box.value": "Cannot return null for non-nullable field Box.value."}),
        ("box", "error", None, {"box": "refused"}),
        ("sureBox", None, ..., {"sureBox": MISSING.format("sureBox")}),
        ("sureBox", "null box", ..., {"sureBox.value": "Cannot return null for non-nullable field Box.value."}),
        ("boxes", "null in boxes", [{"value": 1, "maybe": None}, None], {}),
        ("boxes", "error in boxes", [{"value": 1, "maybe": None}, None], {"boxes.1": "given"}),
        ("boxesAllSure", "null in boxes", None, {"boxesAllSure.1": MISSING.format("boxesAllSure")}),
        ("boxesAllSure", "error in boxes", None, {"boxesAllSure.1": "given"}),
        ("sureBoxes", "null in boxes", [{"value": 1, "maybe": None}, None], {}),
        ("sureBoxesAllSure", "null in boxes", ..., {"sureBoxesAllSure.1": MISSING.format("sureBoxesAllSure")}),
        ("boxes", "object in boxes", [{"value": 1, "maybe": None}, None], ...),
    ],
)
async def test_the_table_of_nullability(field: str, word: str | None, value: Any, errors: Any) -> None:
    """`...` as the value: the null goes on to the object around; as the errors: some error."""
    answer = await same(f"{{ sample {selection(field)} }}", world=sampled(word))
    assert answer.value == {"sample": None if value is ... else {field: value}}
    if errors is ...:
        assert answer.errors
    else:
        assert answer.messages == {f"sample.{path}": message for path, message in errors.items()}


async def test_a_null_of_each_branch_ends_at_the_nearest_that_may_be_null() -> None:
    answer = await same(
        "{ a: sample { sureNumber } b: sample { number numbers listsOfSure } }", world=sampled("null in lists")
    )
    assert answer.value["a"] is None
    assert answer.value["b"] == {"number": None, "numbers": [None, None], "listsOfSure": [None, [3]]}
