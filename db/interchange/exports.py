"""The formats that conversations are exported in, with what their files are called and how they are served."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from db.interchange import csv_rows, markdown
from db.interchange.formats import FORMATS

COLLOQUY: Final = "colloquy"
MARKDOWN: Final = "markdown"
CSV: Final = "csv"

_JSONL: Final = "application/jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """A format of exports."""

    name: str
    title: str
    """What people call it."""
    media_type: str = _JSONL
    extension: str = "jsonl"
    """The end of a file's name, without the dot."""
    lines: bool = True
    """Whether a file has one JSON record a line."""
    imports: bool = True
    """Whether `colloquy import` reads it."""
    left_out: tuple[str, ...] = ()
    """What it never has, by the names of the API; of formats that are imported again each export counts its losses."""


EXPORTS: Final[Mapping[str, Export]] = {
    COLLOQUY: Export(name=COLLOQUY, title="Colloquy"),
    **{name: Export(name=name, title=each.title) for name, each in FORMATS.items()},
    MARKDOWN: Export(
        name=MARKDOWN,
        title="Markdown",
        media_type="text/markdown; charset=utf-8",
        extension="md",
        lines=False,
        imports=False,
        left_out=markdown.LEFT_OUT,
    ),
    CSV: Export(
        name=CSV,
        title="CSV",
        media_type="text/csv; charset=utf-8; header=present",
        extension="csv",
        lines=False,
        imports=False,
        left_out=csv_rows.LEFT_OUT,
    ),
}
"""The formats, by name. Native records hold everything; those of other formats hold what these have a place for."""
