"""Each check lets pass what a field takes, and says of all else what is wrong, where, and by how much."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID, uuid4

import pytest

from db.record import new_id
from db.words import ProblemCode, Rating
from db.writing.json_shapes import json_object, json_value
from db.writing.limits import Limits
from db.writing.problems import Problem
from db.writing.shapes import (
    BAD,
    Check,
    Look,
    Shape,
    flag,
    identifier,
    listed,
    made_id,
    moment,
    named,
    number,
    short,
    text,
    whole,
    word,
)

LIMITS = Limits(content_bytes=8, properties_bytes=12, items=2)
AT = ("messages", "3", "external_id")


def looked(check: Check, value: Any, limits: Limits = LIMITS) -> tuple[Any, list[Problem]]:
    """What a check gives, and what it notes."""
    look = Look(limits)
    return check(value, AT, look), look.problems.found


def deep(levels: int) -> Any:
    value: Any = []
    for _ in range(levels):
        value = [value]
    return value


NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ANY_ID, MADE_ID = uuid4(), new_id()
NO_NUL = "can't be stored: character 2 is a NUL."
NO_HALF = "can't be stored: character 1 is half of a surrogate pair."

TAKEN: list[tuple[str, Check, Any, Any]] = [
    ("text", text, "", ""),
    ("text of the most bytes", text, "äöü12", "äöü12"),
    ("short", short(3), "abc", "abc"),
    ("short and blank", short(3, blank=True), " ", " "),
    ("word", word(Rating), "POSITIVE", Rating.POSITIVE),
    ("flag", flag, False, False),
    ("whole", whole(0, 2), 2, 2),
    ("number", number(0, 1), 1, 1.0),
    ("moment", moment, NOON.astimezone(timezone(timedelta(hours=2))), NOON),
    ("identifier", identifier, ANY_ID, ANY_ID),
    ("made id", made_id, MADE_ID, MADE_ID),
    ("json", json_value(), {"a": 10}, {"a": 10}),
    ("json of the most bytes", json_value(), "äöü", "äöü"),
    ("json object", json_object(), {"a": [None]}, {"a": [None]}),
    ("list", listed(text), ("a", "b"), ["a", "b"]),
    ("empty list", listed(text), [], []),
    ("shape", Shape({"a": text}), {"a": None}, {"a": None}),
    ("one of", Shape({"a": text, "b": text}, one_of=True), {"b": "x"}, {"b": "x"}),
]


@pytest.mark.parametrize(("check", "value", "given"), [pytest.param(*rest, id=name) for name, *rest in TAKEN])
def test_what_fits_is_taken(check: Check, value: Any, given: Any) -> None:
    found, problems = looked(check, value)
    assert (found, problems) == (given, [])
    assert type(found) is type(given)


REFUSED: list[tuple[str, Check, Any, str, str]] = [
    ("no text", text, 5, "INVALID", "must be a text."),
    ("NUL", text, "a\0", "INVALID", NO_NUL),
    ("half a pair", text, "\ud800", "INVALID", NO_HALF),
    ("no short text", short(3), None, "INVALID", "must be a text."),
    ("blank", short(3), " \n", "INVALID", "must not be blank."),
    ("NUL in a short text", short(3), "a\0", "INVALID", NO_NUL),
    ("another word", word(Rating), "GOOD", "INVALID", "must be one of POSITIVE, NEGATIVE."),
    ("a number as word", word(Rating), 5, "INVALID", "must be one of POSITIVE, NEGATIVE."),
    ("no flag", flag, 1, "INVALID", "must be true or false."),
    ("no whole number", whole(), 1.0, "INVALID", "must be a whole number."),
    ("a flag as whole number", whole(), True, "INVALID", "must be a whole number."),
    ("too low", whole(1, 5), 0, "OUT_OF_RANGE", "must be from 1 to 5, not 0."),
    ("beyond 32 bits", whole(0), 2**31, "OUT_OF_RANGE", "must be from 0 to 2,147,483,647, not 2,147,483,648."),
    ("no number", number(), "1", "INVALID", "must be a number."),
    ("a flag as number", number(), True, "INVALID", "must be a number."),
    ("infinity", number(), math.inf, "OUT_OF_RANGE", "must be a number of 64 bits."),
    ("no number at all", number(), math.nan, "OUT_OF_RANGE", "must be a number of 64 bits."),
    ("beyond 64 bits", number(), 10**400, "OUT_OF_RANGE", "must be a number of 64 bits."),
    ("too high", number(0, 1), 1.5, "OUT_OF_RANGE", "must be from 0 to 1, not 1.5."),
    ("less than nothing", number(0), -0.5, "OUT_OF_RANGE", "must be 0 or more, not -0.5."),
    ("no time", moment, "2026", "INVALID", "must be a time with an offset."),
    ("no offset", moment, NOON.replace(tzinfo=None), "INVALID", "must be a time with an offset."),
    (
        "before the first year",
        moment,
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=2))),
        "OUT_OF_RANGE",
        "must be of the years 1 to 9999.",
    ),
    ("no id", identifier, str(ANY_ID), "INVALID", "must be an id."),
    ("another version", made_id, ANY_ID, "INVALID", "must be a UUID of version 7."),
    ("a text as made id", made_id, str(MADE_ID), "INVALID", "must be a UUID of version 7."),
    ("no JSON", json_value(), object(), "INVALID", "must be JSON."),
    ("infinity in JSON", json_value(), [math.inf], "INVALID", "must be JSON."),
    ("NUL in JSON", json_value(), "a\0", "INVALID", NO_NUL),
    ("half a pair in a name", json_value(), {"\udc00": 1}, "INVALID", NO_HALF),
    ("no object", json_object(), [], "INVALID", "must be a JSON object."),
    ("no list", listed(text), "ab", "INVALID", "must be a list."),
    ("an empty list", listed(text, least=1), [], "REQUIRED", "must not be empty."),
    ("no input object", Shape({}), [], "INVALID", "must be an object."),
    ("none of", Shape({"a": text}, one_of=True), {}, "INVALID", "takes exactly one of a."),
    ("two of", Shape({"a": text, "b": text}, one_of=True), {"a": "", "b": ""}, "INVALID", "takes exactly one of a, b."),
]


@pytest.mark.parametrize(
    ("check", "value", "code", "message"), [pytest.param(*rest, id=name) for name, *rest in REFUSED]
)
def test_what_does_not_fit_is_refused_at_its_place_and_the_message_names_the_field(
    check: Check, value: Any, code: str, message: str
) -> None:
    found, problems = looked(check, value)
    assert found is BAD
    (problem,) = problems
    assert (problem.code, problem.field, problem.message) == (code, AT, f"The external id {message}")
    assert (problem.limit, problem.actual) == (None, None)


MEASURED: list[tuple[str, Check, Any, str, int, int]] = [
    ("text", text, "a" * 9, "TOO_LONG", 8, 9),
    ("text in bytes", text, "ä" * 5, "TOO_LONG", 8, 10),
    ("short text in characters", short(3), "äöüß", "TOO_LONG", 3, 4),
    ("json", json_value(), {"a": "xy"}, "TOO_LONG", 8, 10),
    ("json in bytes of UTF-8", json_value(), "äöüß", "TOO_LONG", 8, 10),
    ("properties", json_object(), {"a": "1234567"}, "TOO_LONG", 12, 15),
    ("deep json", json_value(), deep(2000), "TOO_MANY", 100, 2001),
    ("list", listed(text), ["", "", ""], "TOO_MANY", 2, 3),
]


@pytest.mark.parametrize(
    ("check", "value", "code", "limit", "actual"), [pytest.param(*rest, id=name) for name, *rest in MEASURED]
)
def test_what_is_too_large_is_refused_with_the_limit_and_the_actual_size(
    check: Check, value: Any, code: str, limit: int, actual: int
) -> None:
    found, problems = looked(check, value)
    assert found is BAD
    (problem,) = problems
    assert (problem.code, problem.field, problem.limit, problem.actual) == (code, AT, limit, actual)
    assert f"{limit:,}" in problem.message
    assert f"{actual:,}" in problem.message


def test_texts_in_json_that_do_not_fit_are_told_each_at_its_place() -> None:
    value = {"a": ["ok", {"b": "x\0"}], "c": "\udc00", "\0": {"d": "\0"}}
    found, problems = looked(json_value(), value, replace(LIMITS, content_bytes=100))
    assert found is BAD
    assert sorted((problem.field[len(AT) :], problem.message) for problem in problems) == [
        ((), "The external id can't be stored: character 1 is a NUL."),
        (("a", "1", "b"), "The b can't be stored: character 2 is a NUL."),
        (("c",), "The c can't be stored: character 1 is half of a surrogate pair."),
    ]


def test_an_element_that_is_wrong_keeps_its_place_and_the_others_are_taken() -> None:
    found, problems = looked(listed(whole()), [1, None, "x", BAD, 5], replace(LIMITS, items=5))
    assert found == [1, BAD, BAD, BAD, 5]
    assert [(problem.code, problem.field, problem.message) for problem in problems] == [
        ("REQUIRED", (*AT, "1"), "Element 1 of external id must not be null."),
        ("INVALID", (*AT, "2"), "Element 2 of external id must be a whole number."),
    ]


def test_a_field_that_is_wrong_is_left_out_and_the_others_are_taken() -> None:
    shape = Shape(
        {"a": text, "b": text, "c": text, "d": flag, "e": flag, "f": flag},
        required=("a", "b", "c"),
        never_null=("d",),
    )
    found, problems = looked(shape, {"a": "x", "b": None, "d": None, "e": 5, "f": BAD, "g": 1})
    assert found == {"a": "x"}
    assert sorted((problem.code, problem.field[-1], problem.message) for problem in problems) == [
        ("INVALID", "e", "The e must be true or false."),
        ("INVALID", "g", "There is no field g here."),
        ("REQUIRED", "b", "The b must not be null."),
        ("REQUIRED", "c", "The c is missing."),
        ("REQUIRED", "d", "The d must not be null."),
    ]


def test_the_one_field_of_an_input_is_not_null() -> None:
    found, problems = looked(Shape({"a": text, "b": text}, one_of=True), {"a": None})
    assert found is BAD
    assert [(problem.code, problem.field) for problem in problems] == [("REQUIRED", (*AT, "a"))]


def test_an_input_may_be_extended() -> None:
    shape = Shape({"a": text}, required=("a",), never_null=("b",), one_of=True).with_fields(b=flag)
    assert set(shape.fields) == {"a", "b"}
    assert (shape.required, shape.never_null, shape.one_of) == (("a",), ("b",), True)


@pytest.mark.parametrize(
    ("at", "name"),
    [
        ((), "The input"),
        (("title",), "The title"),
        (("messages", "3", "external_id"), "The external id"),
        (("content_parts", "0"), "Element 0 of content parts"),
        (("7",), "Element 7"),
    ],
)
def test_a_place_is_named_in_words(at: tuple[str, ...], name: str) -> None:
    assert named(at) == name


def test_an_id_is_a_uuid_of_any_version() -> None:
    assert looked(identifier, UUID(int=0)) == (UUID(int=0), [])


def test_json_has_a_number_of_levels() -> None:
    """What is deeper could be written, and not be read again."""
    look = Look(Limits(json_levels=3))
    check = json_value()
    assert check([[[1]]], ("config",), look) == [[[1]]]
    assert check({"a": [{}, {}, {}, []]}, ("config",), look) is not BAD
    assert look.problems.found == []
    assert check([[[{}]]], ("config",), look) is BAD
    (problem,) = look.problems.found
    assert (problem.code, problem.field, problem.limit, problem.actual) == (ProblemCode.TOO_MANY, ("config",), 3, 4)
