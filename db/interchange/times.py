"""The shapes in which systems write a moment, read into UTC and written again.

    http-date                           Sat, 21 Sep 2024 11:56:39 GMT
    iso:<separator><digits><zone>       2024-09-21T11:56:39.123Z is iso:T3Z, 2024-09-21 11:56:39 is "iso: 0"
    date                                2024-09-21, taken as midnight
    unix, unix-ms, unix-us, unix-ns     seconds, milli-, micro-, nanoseconds since 1970, a whole number
    unix-float ...                      the same as a number with a fraction or an exponent
    unix-text ...                       the same as digits in a string

The unit of a number is told by its size: milliseconds from 1e11 on, microseconds from 1e14, nanoseconds from 1e17,
below that seconds. So milliseconds before 3 March 1973 would be misread. ISO text without a zone is taken as UTC.
"""

import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from functools import lru_cache
from typing import Final

HTTP_DATE: Final = "http-date"
DATE: Final = "date"
ISO_SECONDS: Final = "iso:T0Z"
ISO_MILLISECONDS: Final = "iso:T3Z"
ISO_MICROSECONDS: Final = "iso:T6Z"
ISO_MICROSECONDS_OFFSET: Final = "iso:T6+00:00"
UNIX: Final = "unix"
UNIX_FLOAT: Final = "unix-float"
UNIX_TEXT: Final = "unix-text"
UNIX_MS: Final = "unix-ms"
UNIX_MS_TEXT: Final = "unix-ms-text"

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
# The first moment stands for no time at all in Go and .NET, and asyncpg stores the first and the last as infinities.
_NO_MOMENTS: Final = frozenset((datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)))
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# Each unit, the size from which on a number is taken to be in it, and its length in nanoseconds.
_UNITS: Final = (("unix-ns", 10**17, 1), ("unix-us", 10**14, 10**3), ("unix-ms", 10**11, 10**6), ("unix", 0, 10**9))
_LENGTHS: Final = {unit: length for unit, _, length in _UNITS}
_TOO_LARGE: Final = 10**21
_SHOWN: Final = 40  # characters of a wrong text in a message

# Shorter digits are years, days or counts rather than seconds since 1970.
_digits: Final = re.compile(r"-?[0-9]{9,21}").fullmatch
_http_date: Final = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), ([0-9]{1,2}) ([A-Z][a-z]{2}) ([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) GMT"
).fullmatch
_iso: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:([Tt ])([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.([0-9]{1,9}))?)?)( ?(?:[Zz]|UTC|[+-][0-9]{2}(?::?[0-5][0-9])?))?)?"
).fullmatch
_iso_shape: Final = re.compile(r"iso:([Tt ])([0-9])(.*)").fullmatch


class NotATime(ValueError):
    """A value that names no moment in the years 1 to 9999; the very first and the very last of these are none."""


def parse_time(value: object) -> datetime | None:
    """The moment that a JSON value names, in UTC; None for null. Raises `NotATime`.

    What is finer than a microsecond is cut off, but a number with a fraction is rounded, exactly, by its text.
    """
    return None if value is None else _read(value)[0]


def shape_of(value: object) -> str:
    """The shape in which a JSON value names a moment, for `render_time`. Raises `NotATime`, for null as well."""
    return _read(value)[1]


def render_time(moment: datetime, shape: str) -> str | int | float:
    """Write a moment in a shape; what the shape has no place for is cut off.

    `render_time(parse_time(value), shape_of(value))` is the value again, unless it was written in an unusual way: a
    wrong weekday, leading zeros, more digits than microseconds have. Raises ValueError for a moment without a time zone
    and for a shape that there is not.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    moment = moment.astimezone(UTC)
    if shape == HTTP_DATE:
        day, month = _DAYS[moment.weekday()], _MONTHS[moment.month - 1]
        return f"{day}, {moment.day:02} {month} {moment.year:04} {moment:%H:%M:%S} GMT"
    if shape == DATE:
        return moment.date().isoformat()
    if found := _iso_shape(shape):
        separator, digits, zone = found[1], int(found[2]), found[3]
        local = moment.astimezone(_zone(zone)).replace(tzinfo=None)
        fraction = f".{local.microsecond:06}000"[: digits + 1] if digits else ""
        return f"{local.isoformat(separator, 'seconds')}{fraction}{zone}"
    unit = shape.removesuffix("-float").removesuffix("-text")
    if unit not in _LENGTHS:
        raise ValueError(f"{shape!r} is no shape of time")
    nanoseconds, length = (moment - _EPOCH) // _MICROSECOND * 1_000, _LENGTHS[unit]
    if shape.endswith("-float"):
        return nanoseconds / length
    whole = nanoseconds // length
    return str(whole) if shape.endswith("-text") else whole


def _read(value: object) -> tuple[datetime, str]:
    found = _read_any(value)
    if found is None or found[0] in _NO_MOMENTS:
        raise NotATime(f"{_shown(value)} is not a time: an ISO 8601 time, an HTTP date or a Unix time would be one")
    return found


def _read_any(value: object) -> tuple[datetime, str] | None:
    try:
        if isinstance(value, str):
            if iso := _iso(value):
                return _read_iso(iso)
            if _digits(value):
                moment, unit = _read_number(int(value))
                return moment, f"{unit}-text"
            if http := _http_date(value):
                day, month, year, *clock = http.groups()
                hour, minute, second = map(int, clock)
                month_number = _MONTHS.index(month) + 1
                return datetime(int(year), month_number, int(day), hour, minute, second, tzinfo=UTC), HTTP_DATE
        elif isinstance(value, float):
            # The text tells more than the number: a token's own one, or the shortest that means this number.
            moment, unit = _read_number(Decimal(repr(value)))
            return moment, f"{unit}-float"
        elif isinstance(value, int) and not isinstance(value, bool):
            return _read_number(value)
    except (ValueError, ArithmeticError):
        pass
    return None


def _read_iso(iso: re.Match[str]) -> tuple[datetime, str]:
    date, separator, clock, fraction, zone = iso.groups(default="")
    if not clock:
        return datetime.fromisoformat(date).replace(tzinfo=UTC), DATE
    moment = datetime.fromisoformat(f"{date}T{clock[:15]}").replace(tzinfo=_zone(zone))
    return moment.astimezone(UTC), f"iso:{separator}{len(fraction)}{zone}"


def _read_number(number: int | Decimal) -> tuple[datetime, str]:
    size = -number if number < 0 else number
    if not size < _TOO_LARGE:
        raise ValueError("too large")
    unit, length = next((unit, length) for unit, smallest, length in _UNITS if size >= smallest)
    microseconds = number * length // 1_000 if isinstance(number, int) else round(number * length / 1_000)
    return _EPOCH + _MICROSECOND * microseconds, unit


@lru_cache(maxsize=256)
def _zone(text: str) -> timezone:
    text = text.strip()
    if text in ("", "Z", "z", "UTC"):
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if text[0] == "-" else offset)


def _shown(value: object) -> str:
    if isinstance(value, str):
        return repr(value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…")
    if isinstance(value, (list, dict)):
        return "an array" if isinstance(value, list) else "an object"
    if isinstance(value, int) and abs(value) >= _TOO_LARGE:
        return "a number of this size"
    return "null" if value is None else repr(value).lower()[:_SHOWN]
