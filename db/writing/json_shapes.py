"""What JSON in inputs looks like: checks as in `db.writing.shapes`, of values whose members are the client's own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from db import deep, jsons
from db.words import ProblemCode
from db.writing.limits import Limits
from db.writing.problems import Place
from db.writing.shapes import BAD, UNFIT, Check, Look, Measure, fits, named

_COUNTED_LEVELS: Final = 10_000


def content_bytes(limits: Limits) -> int:
    """The limit of JSON that is no property: that of a text."""
    return limits.content_bytes


def properties_bytes(limits: Limits) -> int:
    """The limit of properties."""
    return limits.properties_bytes


def json_value(measure: Measure = content_bytes) -> Check:
    """Any JSON, measured without blanks."""

    def check(value: Any, at: Place, look: Look) -> Any:
        try:
            written = jsons.dump(value)
        except (TypeError, ValueError):
            return look.wrong(at, f"{named(at)} must be JSON.")
        if "\\u0000" in written or "\\ud" in written:
            unfit = [place for place, each in _texts(value, at) if not fits(each, place, look)]
            if unfit:
                return BAD
        deepest = look.limits.json_levels
        # It has no more levels than brackets.
        if written.count("[") + written.count("{") > deepest and (levels := _levels(value)) > deepest:
            message = f"{named(at)} may have at most {deepest:,} levels of objects and arrays, not {levels:,}."
            return look.wrong(at, message, ProblemCode.TOO_MANY, deepest, levels)
        limit = measure(look.limits)
        if len(written) > limit and (size := _size(value, written)) > limit:
            message = f"{named(at)} may have at most {limit:,} bytes as JSON, not {size:,}."
            return look.wrong(at, message, ProblemCode.TOO_LONG, limit, size)
        return value

    return check


def _levels(value: Any) -> int:
    return deep.survey(value, _COUNTED_LEVELS)[0]


def _size(value: Any, written: str) -> int:
    """The bytes of the value as UTF-8, of which `written` is the text with all but ASCII escaped."""
    if "\\u" not in written:
        return len(written)
    try:
        return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())
    except RecursionError:
        return len(written)


def _texts(value: Any, at: Place) -> Iterator[tuple[Place, str]]:
    """All texts in a JSON value, each with its place; a member's name that does not fit has that of its object."""
    waiting: list[tuple[Place, Any]] = [(at, value)]
    while waiting:
        place, each = waiting.pop()
        if isinstance(each, str):
            yield place, each
        elif isinstance(each, dict):
            for name, inner in each.items():
                if UNFIT.search(name):
                    yield place, name
                else:
                    waiting.append(((*place, name), inner))
        elif isinstance(each, list):
            waiting += [((*place, str(index)), inner) for index, inner in enumerate(each)]


def json_object(measure: Measure = properties_bytes) -> Check:
    """A JSON object."""
    any_json = json_value(measure)

    def check(value: Any, at: Place, look: Look) -> Any:
        if not isinstance(value, dict):
            return look.wrong(at, f"{named(at)} must be a JSON object.")
        return any_json(value, at, look)

    return check
