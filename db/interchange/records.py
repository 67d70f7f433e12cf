"""The records of a file, one after the other; memory does not grow with the file."""

from collections.abc import Container, Iterator
from io import BytesIO
from typing import Final

from db import jsons
from db.interchange.cut import ENVELOPE, Cut
from db.interchange.cutter import BreaksOff, Cutter
from db.interchange.layout import WINDOW, Layout, layout_of
from db.interchange.source import Source, open_source

__all__ = [
    "ENVELOPE",
    "MAX_OBJECT_BYTES",
    "MAX_RECORD_BYTES",
    "Cut",
    "Layout",
    "Source",
    "layout_of",
    "open_source",
    "peek",
    "records",
    "whole",
]

MAX_RECORD_BYTES: Final = 64 * 1024 * 1024
MAX_OBJECT_BYTES: Final = 256 * 1024 * 1024


def records(
    source: Source,
    *,
    max_record_bytes: int = MAX_RECORD_BYTES,
    max_object_bytes: int = MAX_OBJECT_BYTES,
    array_keys: Container[str] = (),
) -> Iterator[Cut]:
    """Cut the records out of a source, in their order; what cannot be cut is a cut with a problem, never an exception.

    Lines, or values one after the other: each is a record. An array: each element is one. An object: it is one record,
    of up to `max_object_bytes`; but if some of `array_keys` are keys of arrays in it, their elements are the records,
    `path` being the key, and the object itself is the last cut, `ENVELOPE`, with these arrays empty in their places.
    """
    layout = layout_of(source)
    cutter = Cutter(source, max_record_bytes, max_object_bytes, array_keys)
    if layout == "not-json":
        yield Cut(0, 1, None, "not JSON")
        return
    try:
        yield from cutter.lines() if layout == "lines" else cutter.array() if layout == "array" else cutter.values()
    except BreaksOff as end:
        why = source.problem or "the file breaks off"
        yield Cut(cutter.index, end.line, None, f"{why} within the {end.inside} that begins on this line", end.path)
    else:
        if source.problem:
            yield Cut(cutter.index, cutter.line(), None, f"{source.problem}; what may follow this line was not read")


def whole(source: Source, *, max_bytes: int = MAX_OBJECT_BYTES) -> Cut:
    """The whole of a source as one record; beyond `max_bytes` a cut with a problem, of which no more is held."""
    parts: list[bytes] = []
    held = 0
    for chunk in source.chunks():
        held += len(chunk)
        if held > max_bytes:
            return Cut(0, 1, None, f"the file is one record of more than {max_bytes:,} bytes, which is the limit")
        parts.append(chunk)
    return Cut(0, 1, b"".join(parts), source.problem)


def peek(source: Source) -> object | None:
    """The first record that is JSON, for a look at its keys; `records` still gives it afterwards.

    An object is looked at whole, whatever arrays it has. Of a record that does not end within the first MiB it is the
    part that stands there. None where there is no record.
    """
    layout = layout_of(source)
    if layout in ("empty", "not-json"):
        return None
    head = source.sniff(WINDOW)
    for cut in records(Source(source.name, BytesIO(head))):
        try:
            return cut.parse()
        except jsons.Malformed:
            continue
    try:
        start = jsons.parse_start(head)
    except jsons.Malformed:
        return None
    if layout == "array":
        return start[0] if isinstance(start, list) and start else None
    return start
