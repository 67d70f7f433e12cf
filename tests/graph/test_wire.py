"""JSON on the wire: whatever is written can be read, and no bytes break the reader."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.jsons import parse
from graph import wire

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=[])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON_VALUES)
def test_every_json_value_that_is_written_is_read_back(value: Any) -> None:
    written = wire.encode(value)

    assert json.loads(written) == json.loads(json.dumps(without_nan(value)))


def without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_nan(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_nan(item) for item in value]
    return None if isinstance(value, float) and (value != value or abs(value) == float("inf")) else value


@given(st.binary() | st.text())
def test_no_bytes_break_the_reader(data: bytes | str) -> None:
    with contextlib.suppress(wire.NotJSON):
        wire.decode(data)


def test_a_stored_number_keeps_its_token() -> None:
    assert wire.encode({"price": parse("1.00")}) == b'{"price":1.00}'


def test_stored_json_may_be_as_deep_as_an_import_takes_it() -> None:
    deep = "[" * 1000 + "]" * 1000
    assert wire.encode({"properties": parse(deep)}) == f'{{"properties":{deep}}}'.encode()


FLAT = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(max_size=5)
BODIES = st.dictionaries(
    st.sampled_from(["query", "variables", "operationName"]),
    FLAT | st.dictionaries(st.text(max_size=3), FLAT | st.lists(FLAT, max_size=2), max_size=4),
)


@given(BODIES, st.booleans())
def test_what_is_read_the_quick_way_is_what_is_read_the_other_way(body: dict[str, object], as_ascii: bool) -> None:
    text = json.dumps(body, ensure_ascii=as_ascii).encode()

    quick = wire.decode_flat(text)

    assert quick is None or repr(quick) == repr(wire.decode(text))
    values = [each for item in body.values() for each in (item.values() if isinstance(item, dict) else (item,))]
    if all(isinstance(each, str | bool | None) for each in values):
        assert quick is not None


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"1",
        b"null",
        b"\xff",
        b'{"a": 1.5}',
        b'{"a": 1e5}',
        b'{"a": 12345678901234567890123}',
        b'{"a": {"b": []}}',
        b'{"a": {"b": {}}}',
        b'{"a": NaN}',
        b'{"a": "\\ud800"}',
    ],
)
def test_what_may_be_read_in_two_ways_is_not_read_the_quick_way(text: bytes) -> None:
    assert wire.decode_flat(text) is None
