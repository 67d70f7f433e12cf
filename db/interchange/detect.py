"""Tells the format of a file from its first records, and data from what is none."""

from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from itertools import islice
from pathlib import PurePath
from typing import Final, Protocol, TypeVar

from db.interchange.layout import WINDOW, layout_of
from db.interchange.records import Source, peek, records
from db.jsons import Malformed, parse, parse_start

SAMPLE: Final = 20
"""Records at the beginning of a file that are looked at."""

OBJECT_WINDOW: Final = 16 * WINDOW
"""Bytes of a file that is one object that are looked at, where its first MiB is of no format."""

_DATA_SUFFIXES: Final = frozenset({".json", ".jsonl", ".ndjson"})


class Recognised(Protocol):
    """What is told of a format: the keys of its envelopes, and whether a record has its marks."""

    array_keys: Sequence[str]

    def fits(self, record: object) -> bool:
        """Whether a parsed record has this format's marks."""
        ...


Known = TypeVar("Known", bound=Recognised)


class NoData(Exception):
    """The file is no data of conversations; the message says what it is, for the line that passes it over."""


class Undetected(ValueError):
    """The file is data, but of no format that is known, or of several; the message says what to do."""


class Ambiguous(Undetected):
    """Several formats fit: which it is only a person can say."""


def detect(source: Source, formats: Mapping[str, Known]) -> Known:
    """The one format that the first records have the marks of; the source can still be read from its beginning.

    Raises NoData, Ambiguous or Undetected.
    """
    layout = layout_of(source)
    if source.problem and layout in ("empty", "not-json"):
        raise Undetected(source.problem)
    if layout == "empty":
        raise NoData("it is empty")
    if layout == "not-json":
        if looks_like_data(source.name) or source.name == "-":
            raise Undetected("it is not JSON")
        raise NoData("it is no data")
    fitting: set[str] | None = None
    for record in _sample(source):
        found = {name for name, each in formats.items() if each.fits(record)}
        if not found:
            continue
        # A record that could be of two formats is decided by those after it.
        fitting = found if fitting is None or not fitting & found else fitting & found
        if len(fitting) == 1:
            return formats[fitting.pop()]
    if fitting:
        names = sorted(fitting)
        raise Ambiguous(
            f"it could be {', '.join(names[:-1])} or {names[-1]}: say which it is with --format {names[0]}, for example"
        )
    if _has_no_records(source, formats):
        raise NoData("it has no records")
    if looks_like_data(source.name) or source.name == "-":
        raise Undetected(f"it is of no format that is known here ({', '.join(sorted(formats))})")
    raise NoData("it is no data")


def _has_no_records(source: Source, formats: Mapping[str, Known]) -> bool:
    """Whether the file is an empty list, alone or in the envelope of some format, such as the last page of a list."""
    head = source.sniff(WINDOW)
    try:
        value = parse(head) if len(head) < WINDOW else None
    except Malformed:
        return False
    if isinstance(value, dict):
        lists = [value[key] for each in formats.values() for key in each.array_keys if key in value]
        return bool(lists) and all(each == [] for each in lists)
    return value == []


def _sample(source: Source) -> Iterator[object]:
    """The first records; an object is looked at whole, whatever arrays it has."""
    first = peek(source)
    if first is None:
        return
    yield first
    if layout_of(source) == "object":
        yield from _more_of(source)
        return
    head = source.sniff(WINDOW)
    for cut in islice(records(Source(source.name, BytesIO(head))), 1, SAMPLE):
        try:
            yield cut.parse()
        except Malformed:
            continue


def _more_of(source: Source) -> Iterator[object]:
    """More of an object that is larger than the beginning that was looked at: its marks may come late."""
    if len(source.sniff(WINDOW)) == WINDOW:
        head = source.sniff(OBJECT_WINDOW)
        try:
            yield parse(head) if len(head) < OBJECT_WINDOW else parse_start(head)
        except Malformed:
            return


def looks_like_data(name: str) -> bool:
    """Whether a file's name says that it is JSON, gzipped or not."""
    path = PurePath(name.lower())
    return (PurePath(path.stem).suffix if path.suffix == ".gz" else path.suffix) in _DATA_SUFFIXES
