"""What the comparisons of the four systems share."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

Record = dict[str, Any]

FOLDER = Path(__file__).parent.parent / "vendor"


@dataclass(frozen=True, slots=True)
class Compared:
    """A field of a vendor's record, what it says, and what the API says."""

    table: str
    """The table of the documentation, by its heading."""
    field: str
    """The field, as that table names it."""
    vendor: Any
    api: Any


def of(table: str, pairs: Mapping[str, tuple[Any, Any]]) -> Iterator[Compared]:
    """The comparisons of one record: by field the vendor's value, in the API's terms, and the API's."""
    for field, (vendor, api) in pairs.items():
        yield Compared(table, field, vendor, api)


def load(name: str) -> Any:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


def without(record: Record, *names: str) -> Record:
    return {name: value for name, value in record.items() if name not in names}


def members(record: Record, *names: str) -> Record:
    return {name: record[name] for name in names}


def by_record(nodes: list[Record]) -> dict[str, Record]:
    """Objects of the API by the ids that they have in their own system."""
    found = {node["origin"]["recordId"]: node for node in nodes}
    assert len(found) == len(nodes)
    return found


def http_date(text: str) -> str:
    return printed(parsedate_to_datetime(text))


def iso(text: str) -> str:
    return printed(datetime.fromisoformat(text))


def seconds(number: float) -> str:
    return printed(datetime.fromtimestamp(number, UTC))


def milliseconds(number: int | str) -> str:
    """A number of milliseconds, or its digits; another text is an ISO time."""
    if isinstance(number, str) and not number.isdigit():
        return iso(number)
    return printed(datetime.fromtimestamp(int(number) // 1000, UTC).replace(microsecond=int(number) % 1000 * 1000))


def printed(moment: datetime) -> str:
    """A time as the API prints it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
