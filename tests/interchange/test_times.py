"""Times come in many shapes, mean one moment, and go out again as they came."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.interchange import times
from db.interchange.times import NotATime, parse_time, render_time, shape_of
from db.jsons import FloatToken, IntToken, parse

MOMENT = datetime(2024, 9, 21, 11, 56, 39, tzinfo=UTC)
SEVEN_SHAPES = [
    ("Sat, 21 Sep 2024 11:56:39 GMT", "http-date", MOMENT),
    ("2024-09-21T11:56:39.123456+00:00", "iso:T6+00:00", MOMENT.replace(microsecond=123456)),
    (1726919799, "unix", MOMENT),
    (1726919799.25, "unix-float", MOMENT.replace(microsecond=250_000)),
    ("2024-09-21T11:56:39.123Z", "iso:T3Z", MOMENT.replace(microsecond=123_000)),
    (1726919799123, "unix-ms", MOMENT.replace(microsecond=123_000)),
    ("1726919799123", "unix-ms-text", MOMENT.replace(microsecond=123_000)),
]
MORE_SHAPES = [
    ("1726919799", "unix-text", MOMENT),
    (1726919799123456, "unix-us", MOMENT.replace(microsecond=123456)),
    (1726919799123456000, "unix-ns", MOMENT.replace(microsecond=123456)),
    (1726919799123.5, "unix-ms-float", MOMENT.replace(microsecond=123_500)),
    ("2024-09-21T11:56:39Z", "iso:T0Z", MOMENT),
    ("2024-09-21 11:56:39", "iso: 0", MOMENT),
    ("2024-09-21 11:56:39.123456 UTC", "iso: 6 UTC", MOMENT.replace(microsecond=123456)),
    ("2024-09-21T08:26:39-03:30", "iso:T0-03:30", MOMENT),
    ("2024-09-21 13:56:39+02", "iso: 0+02", MOMENT),
    ("2024-09-21T13:56:39.1+0200", "iso:T1+0200", MOMENT.replace(microsecond=100_000)),
    ("2024-09-21", "date", MOMENT.replace(hour=0, minute=0, second=0)),
    (0, "unix", datetime(1970, 1, 1, tzinfo=UTC)),
    (-1.5, "unix-float", datetime(1969, 12, 31, 23, 59, 58, 500_000, tzinfo=UTC)),
    ("0001-01-01T00:00:01Z", "iso:T0Z", datetime(1, 1, 1, 0, 0, 1, tzinfo=UTC)),
    ("9999-12-31T23:59:59.999998Z", "iso:T6Z", datetime(9999, 12, 31, 23, 59, 59, 999998, tzinfo=UTC)),
]


@pytest.mark.parametrize(("value", "shape", "moment"), SEVEN_SHAPES + MORE_SHAPES)
def test_a_time_of_every_shape_is_read_named_and_written_again(
    value: str | float, shape: str, moment: datetime
) -> None:
    assert parse_time(value) == moment
    assert shape_of(value) == shape
    written = render_time(moment, shape)
    assert written == value
    assert type(written) is type(value)


def test_a_time_that_was_read_is_in_utc() -> None:
    for value, _, _ in SEVEN_SHAPES + MORE_SHAPES:
        moment = parse_time(value)
        assert moment is not None
        assert moment.tzinfo is UTC


def test_null_is_no_time_and_no_error() -> None:
    assert parse_time(None) is None


@pytest.mark.parametrize(
    "value",
    [
        "yesterday",
        "",
        "2024",
        "20240921",
        "0000-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999Z",
        "9999-12-31T23:59:59-01:00",
        "0001-01-01T00:00:00+01:00",
        "2024-02-30T00:00:00Z",
        "2024-09-21T25:00:00Z",
        "2024-09-21T11:56:39+99:00",
        "2024-09-21T11:56:39\n",
        "2024-W38-6T11:56:39Z",
        "٢٠٢٤-09-21T11:56:39Z",
        "Sat, 31 Feb 2024 11:56:39 GMT",
        "Sat, 21 Foo 2024 11:56:39 GMT",
        "9" * 22,
        "x" * 1_000_000,
        True,
        False,
        float("nan"),
        float("inf"),
        FloatToken("1e999999999"),
        IntToken("9" * 5_000),
        10**30,
        -62_135_596_801,
        [],
        {"$date": "2024-09-21"},
    ],
    ids=lambda value: repr(value)[:30],
)
def test_nonsense_is_refused_in_a_short_message(value: object) -> None:
    for read in (parse_time, shape_of):
        with pytest.raises(NotATime, match="is not a time: an ISO 8601 time") as caught:
            read(value)
        assert len(str(caught.value)) < 150


def test_null_has_no_shape() -> None:
    with pytest.raises(NotATime, match="null is not a time"):
        shape_of(None)


@pytest.mark.parametrize(
    ("text", "microsecond"),
    [
        ("1700000000.1234565", 123456),  # a tie: to the even neighbour, which the nearest float is not below
        ("1700000000.1234575", 123458),
        ("1700000000.12345650000001", 123457),
        ("1700000000.9999999", 0),
        ("1700000000.50", 500_000),
    ],
)
def test_a_fraction_is_rounded_by_its_text_and_not_by_its_float(text: str, microsecond: int) -> None:
    moment = parse_time(FloatToken(text))
    assert moment is not None
    assert moment.microsecond == microsecond


def test_text_finer_than_a_microsecond_is_cut_off() -> None:
    assert parse_time("2024-09-21T11:56:39.123456999Z") == MOMENT.replace(microsecond=123456)
    assert parse_time(1726919799123456999) == MOMENT.replace(microsecond=123456)


def test_a_wrong_weekday_is_read_and_written_right() -> None:
    assert parse_time("Mon, 21 Sep 2024 11:56:39 GMT") == MOMENT
    assert render_time(MOMENT, times.HTTP_DATE) == "Sat, 21 Sep 2024 11:56:39 GMT"


def test_a_shape_without_place_for_a_fraction_cuts_it_off() -> None:
    moment = MOMENT.replace(microsecond=999_999)
    assert render_time(moment, times.UNIX) == 1726919799
    assert render_time(moment, times.UNIX_MS_TEXT) == "1726919799999"
    assert render_time(moment, times.HTTP_DATE) == "Sat, 21 Sep 2024 11:56:39 GMT"
    assert render_time(moment, times.ISO_MILLISECONDS) == "2024-09-21T11:56:39.999Z"


def test_a_moment_of_another_zone_is_written_as_the_same_moment() -> None:
    there = MOMENT.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert render_time(there, times.ISO_SECONDS) == "2024-09-21T11:56:39Z"
    assert render_time(there, "iso:T0+05:30") == "2024-09-21T17:26:39+05:30"


def test_a_moment_without_a_zone_and_an_unknown_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="needs a time zone"):
        render_time(datetime(2024, 9, 21), times.UNIX)  # noqa: DTZ001 - what is refused here
    with pytest.raises(ValueError, match="'unix-weeks' is no shape"):
        render_time(MOMENT, "unix-weeks")


moments = st.datetimes(datetime(1973, 3, 4), datetime(5000, 1, 1)).map(  # noqa: DTZ001 - the zone is set here
    lambda moment: moment.replace(tzinfo=UTC)
)
zones = st.sampled_from(["Z", "z", "", " UTC", "+00:00", "-03:30", "+0545", "+02", " +02:00", "-12:00"])
iso_shapes = st.builds("iso:{}{}{}".format, st.sampled_from("T t"), st.integers(0, 9), zones)
shapes = st.one_of(
    iso_shapes,
    st.sampled_from(["http-date", "date"]),
    st.builds(
        "{}{}".format,
        st.sampled_from(["unix", "unix-ms", "unix-us", "unix-ns"]),
        st.sampled_from(["", "-text"]),
    ),
    st.just("unix-float"),
)


@given(moments, shapes)
def test_what_was_written_in_a_shape_is_written_the_same_again(moment: datetime, shape: str) -> None:
    written = render_time(moment, shape)
    assert shape_of(written) == shape
    read = parse_time(written)
    assert read is not None
    assert render_time(read, shape) == written


@given(moments, st.sampled_from(["iso:T6Z", "iso: 6+05:30", "unix-us", "unix-ns-text"]))
def test_microseconds_survive_the_shapes_that_have_them(moment: datetime, shape: str) -> None:
    assert parse_time(render_time(moment, shape)) == moment


@given(st.integers(100_000_000, 4_000_000_000), st.integers(0, 999_999))
def test_seconds_with_up_to_six_decimals_are_exact(seconds: int, fraction: int) -> None:
    value = parse(f"{seconds}.{fraction:06}")
    moment = parse_time(value)
    assert moment is not None
    assert (int(moment.timestamp()), moment.microsecond) == (seconds, fraction)


@given(
    st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.from_regex(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*"))
)
def test_anything_is_a_time_or_refused(value: object) -> None:
    try:
        moment = parse_time(value)
    except NotATime:
        return
    assert moment is not None
    assert shape_of(value)
