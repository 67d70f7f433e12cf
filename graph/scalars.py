"""The scalars of the API that are not GraphQL's own: DateTime, JSON and UUID, each with its specification."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from uuid import UUID

import strawberry
from strawberry.scalars import JSON
from strawberry.types.scalar import ScalarDefinition

from db.columns import Kind
from graph.errors import bad_user_input
from graph.leaves import SHORTCUTS, WIRED, Unusual, hyphened

SHOWN = 64
"""How many characters of a refused value an error message repeats."""

_RFC_3339 = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))",
    re.ASCII,
)
_RFC_9562 = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)


def print_time(value: datetime) -> str:
    """A time as the API gives it: UTC, six digits of microseconds, Z.

    Raises:
        ValueError: the time has no offset, so that nobody knows which moment it is.
    """
    if value.tzinfo is None:
        raise ValueError("A time without an offset can't be given out.")
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def parse_time(value: object) -> datetime:
    """The moment that an RFC 3339 text names, in UTC; digits beyond the microsecond are cut off.

    A leap second (23:59:60 UTC) is the moment after it, as in POSIX time.

    Raises:
        GraphQLError: BAD_USER_INPUT, for anything else, a time without an offset included.
    """
    matched = _RFC_3339.fullmatch(value) if isinstance(value, str) else None
    if matched is None:
        raise _refused_time(value)
    year, month, day, hour, minute, second = map(int, matched.groups()[:6])
    fraction, sign, offset_hours, offset_minutes = matched.groups()[6:]
    microsecond = int((fraction or "")[:6].ljust(6, "0"))
    offset = timedelta(hours=int(offset_hours or 0), minutes=int(offset_minutes or 0))
    is_leap = second == 60
    try:
        local = datetime(year, month, day, hour, minute, 59 if is_leap else second, microsecond, tzinfo=UTC)
        moment = local + offset if sign == "-" else local - offset
        if not is_leap:
            return moment
        if (moment.hour, moment.minute) != (23, 59):
            raise _refused_time(value)
        return moment.replace(microsecond=0) + timedelta(seconds=1)
    except (ValueError, OverflowError):
        raise _refused_time(value) from None


def parse_uuid(value: object) -> UUID:
    """A UUID in the one text form of RFC 9562, in letters of either case.

    Raises:
        GraphQLError: BAD_USER_INPUT, for any other form (braces, urn:, without hyphens).
    """
    if isinstance(value, str) and _RFC_9562.fullmatch(value):
        return UUID(value)
    raise bad_user_input(
        "A UUID is 32 hexadecimal digits in five groups, like 0190f7c2-8a1b-7c3d-9e4f-5a6b7c8d9e0f; "
        f"got {_shown(value)}."
    )


def _refused_time(value: object) -> Exception:
    return bad_user_input(
        "A DateTime is an RFC 3339 date and time with its offset from UTC, like 2026-03-01T09:30:00Z or "
        f"2026-03-01T10:30:00.250+01:00; got {_shown(value)}."
    )


def _shown(value: object) -> str:
    if not isinstance(value, str):
        return f"a {_JSON_TYPES.get(type(value), 'value of another type')}"
    return f'"{value}"' if len(value) <= SHOWN else f'"{value[:SHOWN]}…"'


_JSON_TYPES: dict[type, str] = {bool: "boolean", int: "number", float: "number", list: "list", dict: "object"}

SCALARS: Mapping[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description=(
            "A moment as RFC 3339 text. Given out in UTC with six digits of microseconds and Z "
            "(2026-03-01T09:30:00.250000Z); taken with any offset, but never without one."
        ),
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=print_time,
        parse_value=parse_time,
    ),
    JSON: strawberry.scalar(
        name="JSON",
        description="Any JSON value: object, list, string, number, boolean or null.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259",
    ),
    UUID: strawberry.scalar(
        name="UUID",
        description="A UUID as RFC 9562 text. One that a client makes for a new record is of version 7.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc9562",
        serialize=str,
        parse_value=parse_uuid,
    ),
}
"""For `StrawberryConfig(scalar_map=SCALARS)`."""


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_IN_THE_HOUR = [f"{minute:02}:{second:02}." for minute in range(60) for second in range(60)]


@lru_cache(maxsize=4096)
def _hour(hours: int) -> str:
    """The text of an hour since 1970, as far as the colon behind it."""
    return (_EPOCH + timedelta(hours=hours)).isoformat()[:14]


def _printed(value: datetime) -> str:
    """`print_time` of what PostgreSQL gives, in a third of the time; it is UTC but for the two infinities."""
    if value.tzinfo is not UTC:
        raise Unusual
    since = value - _EPOCH
    hours, seconds = divmod(since.seconds, 3600)
    return f"{_hour(since.days * 24 + hours)}{_IN_THE_HOUR[seconds]}{since.microseconds:06}Z"


def _printed_micros(microseconds: int) -> str:
    """`print_time` of what SQLite stores, likewise."""
    hours, rest = divmod(microseconds, 3_600_000_000)
    seconds, rest = divmod(rest, 1_000_000)
    return f"{_hour(hours)}{_IN_THE_HOUR[seconds]}{rest:06}Z"


SHORTCUTS["DateTime", Kind.MOMENT] = {"postgresql": _printed, "sqlite": _printed_micros}
# orjson writes a time that has microseconds just so, and much faster. Until 2096 a double of seconds is nearer to its
# microsecond than to any other one.
WIRED["DateTime", Kind.MOMENT] = {
    "postgresql": (
        "({raw} if {raw}.microsecond and {raw}.tzinfo is not None else {otherwise}({raw}))",
        {"otherwise": _printed},
    ),
    "sqlite": (
        "({at}({raw} / 1e6, {utc}) if {raw} % 1000000 and 0 < {raw} < 4000000000000000 else {otherwise}({raw}))",
        {"at": datetime.fromtimestamp, "utc": UTC, "otherwise": _printed_micros},
    ),
}
SHORTCUTS["UUID", Kind.UUID] = {"postgresql": str, "sqlite": hyphened}
