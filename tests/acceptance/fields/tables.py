"""The tables of docs/formats.md: each field of a vendor's documents, and what is said of its place in the API."""

import re
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs" / "formats.md"

_SPAN = re.compile(r"`([^`]+)`")
_PARENTHESES = re.compile(r"\([^()]*(?:\([^()]*\)[^()]*)*\)")


@dataclass(frozen=True, slots=True)
class Documented:
    """A field and where it goes."""

    system: str
    table: str
    field: str
    """Its path in the record; where a row speaks of no key, the row's own words."""
    goes_to: str


def documented() -> list[Documented]:
    """All rows of the tables of the four systems, a row of several fields as several."""
    found: list[Documented] = []
    system, titles = "", list[str]()
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if heading := re.match(r"## .*`--format (\w+)`", line):
            system = heading[1]
        elif line.startswith("## "):
            system = ""
        if not line.startswith("|"):
            titles = []
        elif not system or set(line) <= set("|- "):
            continue
        elif not titles:
            titles = [_plain(cell) for cell in _cells(line)[:-1]]
        else:
            *cells, goes_to = _cells(line)
            for title, cell in zip(titles, cells, strict=True):
                found += [Documented(system, title, field, goes_to) for field in _fields(cell)]
    return found


def coordinates(goes_to: str) -> list[str]:
    """The fields of the API that a row begins with, as Type.field.field, and others that it names with their type.

    One without a type stands beside the one before: of `Conversation.sharedWith.userId`, `access` the second is
    Conversation.sharedWith.access. Behind other words it is no field for sure, and left out.
    """
    found: list[str] = []
    end = 0
    for span in _SPAN.finditer(goes_to):
        path = span[1].partition("(")[0]
        listed = goes_to[end : span.start()] in ("", ", ", " and ")
        if re.fullmatch(r"[A-Z]\w+(\.[a-z]\w+)+", path):
            found.append(path)
        elif found and listed and re.fullmatch(r"[a-z]\w+(\.[a-z]\w+)*", path):
            found.append(f"{found[-1].rpartition('.')[0]}.{path}")
        else:
            continue
        end = span.end()
    return found


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _plain(cell: str) -> str:
    return _PARENTHESES.sub("", cell).replace("`", "").strip()


def _fields(cell: str) -> list[str]:
    """`a[].b`, `c` are a[].b and a[].c; `a`, a text is one field; – is none."""
    fields: list[str] = []
    prefix = ""
    for piece in (piece.strip() for piece in _PARENTHESES.sub("", cell).split(",")):
        name = piece.replace("`", "")
        if name in ("", "–"):
            continue
        if not piece.startswith("`"):
            if fields:
                fields[-1] += f", {name}"
            else:
                fields.append(name)
            continue
        if "." in name and "[]" not in name:
            prefix = prefix[: prefix.rfind("[].") + 3] if "[]." in prefix else ""
        field = name if "[]" in name else prefix + name
        prefix = field[: field.rfind(".") + 1]
        fields.append(field)
    return fields
