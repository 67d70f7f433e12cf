"""JSON goes through unchanged, and what is not JSON is told, never a crash."""

import copy
import json
import math
import pickle
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db import deep
from db.jsons import (
    FloatToken,
    IntToken,
    Malformed,
    canonical_hash,
    clean_text,
    dump,
    parse,
    parse_start,
    same,
)

NUMBERS = [
    "0", "-0", "-0.0", "1", "1.0", "1.00", "0.10", "1e2", "1E2", "1E+2", "1e-7", "1e-07", "1e+16", "1e16", "100.0",
    "18446744073709551617", "-170141183460469231731687303715884105729", "1e999", "-1e999", "1e-999",
    "0.1000000000000000055511151231257827", "123456789012345678901234567890.5", "9" * 4_300, "-" + "9" * 4_300,
    "9" * 4_301, "-" + "9" * 100_000,
]  # fmt: skip

number_tokens = st.from_regex(r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?([eE][-+]?[0-9]{1,4})?", fullmatch=True)
texts = st.text(st.characters(exclude_categories=()))  # lone surrogates and all
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize("token", NUMBERS, ids=lambda token: token[:30])
def test_a_number_is_written_with_the_text_it_was_read_with(token: str) -> None:
    assert dump(parse(token)) == token
    assert dump(parse(f'{{"a": [{token}, {token}]}}')) == f'{{"a":[{token},{token}]}}'


@given(number_tokens)
def test_every_number_keeps_its_text(token: str) -> None:
    value = parse(token)
    assert dump(value) == token
    assert isinstance(value, int) == token.lstrip("-").isdigit()


def test_a_token_is_the_number_that_it_writes() -> None:
    value: Any = parse("[1.50, -0, 1e2]")
    assert value == [1.5, 0, 100.0]
    assert [type(number) for number in value] == [FloatToken, IntToken, FloatToken]
    assert [str(number) for number in value] == ["1.50", "-0", "1e2"]
    assert type(parse("1.5")) is float
    assert type(parse("15")) is int


def test_a_number_beyond_a_float_is_infinite_and_keeps_its_text() -> None:
    value: Any = parse("-1e999")
    assert value == -math.inf
    assert value.token == "-1e999"


def test_an_integer_too_long_to_convert_is_the_largest_one_and_keeps_its_text() -> None:
    value: Any = parse("-" + "7" * 1_000_000)
    assert value == -(10**4_300) + 1
    assert len(str(value)) == 1_000_001


@pytest.mark.parametrize("token", ["1.00", "-0", "9" * 5_000])
def test_copies_of_a_token_keep_its_text(token: str) -> None:
    value = parse(token)
    for again in (copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
        assert dump(again) == token


@given(values)
def test_what_was_written_is_read_as_the_same(value: object) -> None:
    text = dump(value)
    assert text.isascii()
    assert dump(parse(text)) == text
    assert text == json.dumps(value, separators=(",", ":"))


@given(values, st.booleans())
def test_loops_write_and_read_as_recursion_does(value: object, sort_keys: bool) -> None:
    text = dump(value, sort_keys=sort_keys)
    assert "".join(deep.pieces(value, sort_keys=sort_keys)) == text
    again = deep.Reader(json.dumps(value, indent=1), 100).whole()
    assert dump(again) == dump(value)


@given(st.text(alphabet='[]{}",:01.eE-+ntrfalsu\\ \n'))
def test_loops_refuse_what_recursion_refuses(text: str) -> None:
    def outcome(read: Any) -> object:
        try:
            return dump(read())
        except (Malformed, json.JSONDecodeError):
            return None

    assert outcome(lambda: deep.Reader(text, 100).whole()) == outcome(lambda: parse(text))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "breaks off, expecting value at line 1, column 1"),
        (b"  \n ", "breaks off, expecting value"),
        (b'{"a": 1', "breaks off, expecting ',' delimiter at line 1, column 8"),
        (b'{"a":\n"b', "breaks off, unterminated string starting at line 2, column 1"),
        (b'{"a":\n nonsense}', "^expecting value at line 2, column 2"),
        (b'{"a": NaN}', "^not a JSON number: NaN at line 1, column 7"),
        (b"[1,\n-Infinity]", "^not a JSON number: -Infinity at line 2, column 1"),
        (b"[1] 2", "^extra data at line 1, column 5"),
        (b"01", "^extra data"),
        (b'{"a": 1, "b"}', "^expecting ':' delimiter"),
        (b"{'a': 1}", "^expecting property name enclosed in double quotes"),
        (b'"a\nb"', "^invalid control character at line"),
        (b'"a\0b"', "^invalid control character at line"),
        (b'{"a":\n"\xc3\xa9\xff"}', r"^invalid UTF-8 \(byte 0xff\) at line 2, column 3"),
        (b'"\xed\xa0\x80"', "^invalid UTF-8"),
        ("[1]".encode("utf-16"), r"^invalid UTF-8 \(byte 0xff\) at line 1, column 1"),
    ],
)
def test_what_is_not_json_is_refused_with_its_place(text: bytes, message: str) -> None:
    with pytest.raises(Malformed, match=message):
        parse(text)


def test_places_are_counted_from_the_line_that_the_text_begins_on() -> None:
    with pytest.raises(Malformed, match="at line 1,201, column 1"):
        parse(b"[1,\nx]", line=1_200)
    with pytest.raises(Malformed, match="at line 1,201, column 1"):
        parse(b"[1,\n\xff]", line=1_200)


def test_a_byte_order_mark_is_skipped() -> None:
    assert parse(b"\xef\xbb\xbf[1]") == [1]
    assert parse("\ufeff[1]") == [1]


def test_nesting_is_accepted_up_to_the_limit_and_refused_beyond() -> None:
    for opening, closing, inner in (("[", "]", ""), ('{"a":', "}", "1.00"), ('[{"a":', "}]", '"x"')):
        times = 1_000 // (opening.count("[") + opening.count("{"))
        text = opening * times + inner + closing * times
        assert dump(parse(text)) == text
        with pytest.raises(Malformed, match="nested deeper than 1,000 levels at line 1"):
            parse(f"[{text}]")
    with pytest.raises(Malformed, match="nested deeper than 3 levels at line 1, column 4"):
        parse("[[[[]]]]", max_depth=3)
    assert parse("[[[]],[[]]]", max_depth=3) == [[[]], [[]]]


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, '[{"a":' * 100_000 + "1"])
def test_hostile_nesting_is_refused_before_it_ends(text: str) -> None:
    with pytest.raises(Malformed, match="nested deeper than 1,000 levels"):
        parse(text)


def test_depth_does_not_depend_on_how_much_stack_is_left() -> None:
    text = "[" * 1_000 + "]" * 1_000

    def below(frames: int) -> str:
        return below(frames - 1) if frames else dump(parse(text))

    depth = 0
    frame = sys._getframe()
    while frame.f_back:
        frame, depth = frame.f_back, depth + 1
    assert below(sys.getrecursionlimit() - depth - 60) == text


def test_deep_values_are_written_compared_and_hashed() -> None:
    value = parse("[" * 100_000 + "]" * 100_000, max_depth=100_000)
    assert dump(value) == "[" * 100_000 + "]" * 100_000
    assert same(value, value)
    assert len(canonical_hash(value)) == 64
    loop: list[object] = []
    loop.append(loop)
    with pytest.raises(ValueError, match="nested deeper than 100,000 levels"):
        dump(loop)


@pytest.mark.parametrize("value", [math.nan, math.inf, [FloatToken("1.0"), math.nan]])
def test_what_json_cannot_hold_is_not_written(value: object) -> None:
    with pytest.raises(ValueError, match="Out of range float values"):
        dump(value)
    with pytest.raises(TypeError):
        dump({"a": {1, 2}, "b": FloatToken("1.0")})


def test_lone_surrogates_and_nul_go_through() -> None:
    text = r'"a\ud800b\u0000c\udc00\ud83d\ude00"'
    value = parse(text)
    assert value == "a\ud800b\0c\udc00\U0001f600"
    assert dump(value) == text


def test_of_members_with_the_same_name_the_last_one_counts() -> None:
    assert dump(parse('{"a": 1, "b": 2, "a": 3}')) == '{"a":3,"b":2}'


def test_different_types_and_texts_of_numbers_are_different() -> None:
    kinds = ["1", "1.0", "1.00", "true", '"1"', "null", "1e0", "[1]", '{"a":1}', "-0", "0", "0.0", "-0.0"]
    for a in kinds:
        for b in kinds:
            assert same(parse(a), parse(b)) == (a == b)
            assert (canonical_hash(parse(a)) == canonical_hash(parse(b))) == (a == b)


def test_the_order_of_members_counts_unless_it_is_waived() -> None:
    a, b = parse('{"a": {"x": 1.00, "y": 2}, "b": [1, 2]}'), parse('{"b": [1, 2], "a": {"y": 2, "x": 1.00}}')
    assert not same(a, b)
    assert same(a, b, order=False)
    assert not same(a, parse('{"b": [2, 1], "a": {"y": 2, "x": 1.00}}'), order=False)
    assert not same(a, parse('{"b": [1, 2], "a": {"y": 2, "x": 1.0}}'), order=False)


def test_white_space_and_escapes_do_not_change_the_hash() -> None:
    assert canonical_hash(parse('{"é": [1, 2.50]}')) == canonical_hash(parse('{ "\\u00e9":[1,2.50] }\n'))


@given(values, st.data())
def test_the_start_of_a_value_is_read_as_far_as_it_goes(value: object, data: st.DataObject) -> None:
    text = dump({"first": 1, "rest": value})
    start: Any = parse_start(text[: data.draw(st.integers(1, len(text)))])
    assert isinstance(start, dict)
    assert start.get("first", 1) == 1
    assert parse_start(text) == {"first": 1, "rest": value}


def test_the_start_of_a_value_has_no_half_scalars() -> None:
    assert parse_start('{"a": [1, {"b": "x", "c": 12') == {"a": [1, {"b": "x"}]}
    assert parse_start('{"a": "x", "b": "half') == {"a": "x"}
    assert parse_start('{"a": "x", "b') == {"a": "x"}
    assert parse_start(b'{"a": "x", "b": "\xc3') == {"a": "x"}
    assert parse_start('{"a": [1, nonsense, 2], "b": 3}') == {"a": [1]}
    with pytest.raises(Malformed, match="expecting value"):
        parse_start("nonsense")


@given(texts)
def test_clean_text_can_be_stored_and_differs_only_where_it_must(text: str) -> None:
    clean = clean_text(text)
    assert clean.encode().decode() == clean
    assert len(clean) == len(text)
    for was, now in zip(text, clean, strict=True):
        assert now == ("\ufffd" if was == "\0" or 0xD800 <= ord(was) < 0xE000 else was)
