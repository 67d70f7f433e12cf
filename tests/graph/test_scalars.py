"""The scalars: which texts they take, and what they print."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from graphql import GraphQLError
from hypothesis import given
from hypothesis import strategies as st

from db.columns import Kind
from graph import wire
from graph.leaves import SHORTCUTS, WIRED
from graph.scalars import parse_time, parse_uuid, print_time
from tests.graph.toy import toy_schema


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("2026-03-01T09:30:00Z", "2026-03-01T09:30:00.000000Z"),
        ("2026-03-01t09:30:00z", "2026-03-01T09:30:00.000000Z"),
        ("2026-03-01 09:30:00Z", "2026-03-01T09:30:00.000000Z"),
        ("2026-03-01T09:30:00+00:00", "2026-03-01T09:30:00.000000Z"),
        ("2026-03-01T09:30:00-00:00", "2026-03-01T09:30:00.000000Z"),
        ("2026-03-01T09:30:00+05:45", "2026-03-01T03:45:00.000000Z"),
        ("2026-03-01T09:30:00-23:59", "2026-03-02T09:29:00.000000Z"),
        ("2026-03-01T09:30:00.2Z", "2026-03-01T09:30:00.200000Z"),
        ("2026-03-01T09:30:00.123456Z", "2026-03-01T09:30:00.123456Z"),
        ("2026-03-01T09:30:00.123456999Z", "2026-03-01T09:30:00.123456Z"),
        ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000000Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000000Z"),
        ("2017-01-01T00:59:60.5+01:00", "2017-01-01T00:00:00.000000Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
    ],
)
def test_every_rfc_3339_text_is_taken_and_printed_in_utc(text: str, printed: str) -> None:
    assert print_time(parse_time(text)) == printed


@pytest.mark.parametrize(
    "value",
    [
        "2026-03-01T09:30:00",
        "2026-03-01",
        "2026-03-01T09:30Z",
        "2026-03-01T09:30:00+0100",
        "2026-03-01T09:30:00+01",
        "2026-03-01T09:30:00+24:00",
        "2026-03-01T09:30:00+01:60",
        "2026-03-01T09:30:00.Z",
        "2026-03-01T09:30:00,5Z",
        "2026-03-01T24:00:00Z",
        "2026-03-01T09:60:00Z",
        "2026-03-01T09:30:60Z",
        "2026-03-01T09:30:61Z",
        "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "9999-12-31T23:59:60Z",
        "20260301T093000Z",
        "2026-W09-7T09:30:00Z",
        "２０２６-03-01T09:30:00Z",
        " 2026-03-01T09:30:00Z",
        "2026-03-01T09:30:00Z\n",
        "yesterday",
        "",
        "x" * 100_000,
        1_772_357_400,
        1.5,
        True,
        ["2026-03-01T09:30:00Z"],
        {},
    ],
)
def test_anything_else_is_refused_with_an_example_of_what_would_be_right(value: object) -> None:
    with pytest.raises(GraphQLError) as refused:
        parse_time(value)

    assert "2026-03-01T09:30:00Z" in refused.value.message
    assert len(refused.value.message) < 300
    assert refused.value.extensions == {"code": "BAD_USER_INPUT"}


@given(
    st.datetimes(
        min_value=datetime(2, 1, 1),  # noqa: DTZ001  # hypothesis wants the bounds without an offset
        max_value=datetime(9998, 12, 31),  # noqa: DTZ001  # likewise
        timezones=st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes))),
    )
)
def test_a_moment_survives_being_printed_and_read(moment: datetime) -> None:
    assert parse_time(print_time(moment)) == moment
    assert parse_time(moment.isoformat()) == moment
    assert parse_time(print_time(moment)).tzinfo is UTC


def test_a_time_without_an_offset_is_not_printed() -> None:
    with pytest.raises(ValueError, match="offset"):
        print_time(datetime(2026, 3, 1))  # noqa: DTZ001  # what is tested


def test_the_canonical_form_of_a_uuid_is_taken_in_either_case() -> None:
    text = "0190F7C2-8a1b-7c3d-9e4f-5a6b7c8d9e0f"

    assert parse_uuid(text) == UUID(text)


@pytest.mark.parametrize(
    "value",
    [
        "0190f7c28a1b7c3d9e4f5a6b7c8d9e0f",
        "{0190f7c2-8a1b-7c3d-9e4f-5a6b7c8d9e0f}",
        "urn:uuid:0190f7c2-8a1b-7c3d-9e4f-5a6b7c8d9e0f",
        "0190f7c2-8a1b-7c3d-9e4f-5a6b7c8d9e0g",
        "0190f7c2-8a1b-7c3d-9e4f-5a6b7c8d9e0f\n",
        "",
        7,
        None,
    ],
)
def test_no_other_form_of_a_uuid_is_taken(value: object) -> None:
    with pytest.raises(GraphQLError, match="five groups"):
        parse_uuid(value)


async def test_values_travel_by_literal_and_by_variable() -> None:
    query = """
        query ($t: DateTime!, $v: JSON!, $u: UUID!) {
          a: at(time: $t)  b: at(time: "2026-03-01T10:30:00+01:00")
          c: same(value: $v)  d: same(value: {list: [1, 2.5, "x", true, null]})
          e: uuid(value: $u)
        }
    """
    value = {"list": [1, 2.5, "x", True, None]}
    uuid = "0190f7c2-8a1b-7c3d-9e4f-5a6b7c8d9e0f"

    result = await toy_schema().execute(query, {"t": "2026-03-01T09:30:00Z", "v": value, "u": uuid})

    time = "2026-03-01T09:30:00.000000Z"
    assert result.errors is None
    assert result.data == {"a": time, "b": time, "c": value, "d": value, "e": uuid}


@given(st.datetimes(timezones=st.just(UTC)))
def test_the_quick_ways_to_print_a_time_print_what_the_scalar_does(moment: datetime) -> None:
    quick = SHORTCUTS["DateTime", Kind.MOMENT]
    assert quick["postgresql"](moment) == print_time(moment)
    assert quick["sqlite"]((moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)) == print_time(
        moment
    )


@given(st.datetimes(min_value=datetime(1900, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - likewise
def test_a_time_that_is_left_to_the_encoder_is_written_as_the_scalar_prints_it(moment: datetime) -> None:
    micros = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    for dialect, raw in (("postgresql", moment), ("sqlite", micros)):
        code, objects = WIRED["DateTime", Kind.MOMENT][dialect]
        value = eval(code.format(raw="raw", **{name: name for name in objects}), {"raw": raw, **objects})
        assert wire.encode(value).decode() == f'"{print_time(moment)}"'
