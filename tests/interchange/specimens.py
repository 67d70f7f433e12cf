"""Files of every format beside the four systems', with all that the formats know; invented for the tests."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from db.interchange.formats import FORMATS
from tests.interchange.drafted import sample_records

FILES: Final = Path(__file__).parent / "files"

BY_FORMAT: Final[dict[str, list[Path]]] = {
    name: sorted([*FILES.glob(f"{name}.json*"), *FILES.glob(f"{name}-*.json*")])
    for name in (
        "openai",
        "chatgpt",
        "claude",
        "librechat",
        "openwebui",
        "sharegpt",
        "chatbotui",
        "openassistant",
        "mtrag",
    )
}
"""The files by the name of their format."""


def records_of(name: str) -> list[Any]:
    """The records of a format's files."""
    keys = FORMATS[name].array_keys
    return [record for path in BY_FORMAT[name] for record in sample_records(path, keys)]


def every_record() -> Iterator[tuple[str, Any]]:
    """Each record of each format, with the format's name."""
    for name in BY_FORMAT:
        for record in records_of(name):
            yield name, record
