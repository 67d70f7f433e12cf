"""What is made just now is told alike, in whatever form it stands; what was there before is not."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Final

import pytest

from db.paging import Keyset
from graph import ids
from tests.access.crossing.alike import alike
from tests.access.crossing.marks import moment
from tests.access.crossing.world import uuid

FORMS: Final[dict[str, Callable[[datetime], object]]] = {
    "seconds": lambda at: int(at.timestamp()),
    "a fraction": datetime.timestamp,
    "milliseconds": lambda at: int(at.timestamp() * 1e3),
    "milliseconds as text": lambda at: str(int(at.timestamp() * 1e3)),
    "microseconds": lambda at: int(at.timestamp() * 1e6),
    "nanoseconds": lambda at: int(at.timestamp()) * 10**9,
    "of the API": lambda at: at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
    "with milliseconds": lambda at: at.isoformat(timespec="milliseconds"),
    "with a space": lambda at: f"{at.replace(tzinfo=None).isoformat(' ', 'seconds')} UTC",
    "of HTTP": lambda at: format_datetime(at, usegmt=True),
    "to the minute": lambda at: f"{at.replace(tzinfo=None).isoformat(' ', 'minutes')} UTC",
}
"""How exports and answers tell a moment."""

TALK: Final = ids.encode("Conversation", uuid(7))


def _answer(value: object, within: int) -> bytes:
    """An answer with the value in a document, which is a text in a document so many times."""
    text: object = {"updatedAt": value, "id": TALK}
    for _ in range(within):
        text = {"content": json.dumps(text)}
    return json.dumps(text).encode()


@pytest.mark.parametrize("within", [0, 1, 2])
@pytest.mark.parametrize("form", FORMS)
def test_times_of_a_write_are_told_alike(form: str, within: int) -> None:
    told = FORMS[form]
    first, then = (datetime.now(UTC) + timedelta(seconds=seconds) for seconds in (0, 130))
    one, other = (_answer(told(at), within) for at in (first, then))
    assert one != other
    assert alike(one, {str(uuid(7))}) == alike(other, {str(uuid(7))})


@pytest.mark.parametrize("within", [0, 1, 2])
@pytest.mark.parametrize("form", FORMS)
def test_moments_of_what_was_there_before_are_not_made_alike(form: str, within: int) -> None:
    for at in (moment(300), datetime.now(UTC) - timedelta(hours=1)):
        text = _answer(FORMS[form](at), within)
        assert alike(text, {str(uuid(7))}) == text


def test_of_a_cursor_only_the_time_of_a_write_is_made_alike() -> None:
    def cursor(at: datetime, number: int) -> bytes:
        return Keyset("feedback", ())._cursor([at, uuid(number)]).encode()

    known = {str(uuid(7)), str(uuid(8))}
    now = datetime.now(UTC)
    assert alike(cursor(now, 7), known) == alike(cursor(now + timedelta(minutes=2), 7), known)
    assert alike(cursor(now, 7), known) != alike(cursor(now, 8), known)
    assert alike(cursor(moment(3), 7), known) == cursor(moment(3), 7)


def test_ids_that_were_made_just_now_are_told_alike_and_others_are_not() -> None:
    known = {str(uuid(7)), str(uuid(8))}
    one, other, made, another = (ids.encode("Message", uuid(number)).encode() for number in (7, 8, 900, 901))
    assert alike(made, known) == alike(another, known)
    assert alike(one, known) == one
    assert alike(other, known) == other
