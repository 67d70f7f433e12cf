"""The tables of docs/security.md."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

PAGE: Final = Path(__file__).parents[3] / "docs" / "security.md"

NO, YES, OWN, WORKSPACE, RECEIPT, OPEN, NULL = "no", "yes", "own", "workspace", "receipt", "open", "null"
WORDS: Final = {NO, YES, OWN, WORKSPACE, RECEIPT, OPEN, NULL}
"""What can stand in a cell of the table of roles."""


class Row(NamedTuple):
    """A row of the table of roles."""

    to: str
    fields: tuple[str, ...]
    """Of the root, or of a type, as `Type.field`."""
    may: dict[str, str]
    """By who asks, a word."""


class Limit(NamedTuple):
    """A row of the table of limits."""

    what: str
    at_most: str
    setting: str
    answer: str
    limit: str | None


@cache
def text() -> str:
    return PAGE.read_text(encoding="utf-8")


def table(section: str, *heads: str) -> list[list[str]]:
    """The cells of the table of a section that begins with these columns."""
    (part,) = re.findall(rf"^## {re.escape(section)}\n(.*?)(?=^## |\Z)", text(), re.MULTILINE | re.DOTALL)
    lines = iter(part.splitlines())
    begin = "| " + " | ".join(heads) + " |"
    assert any(line.startswith(begin.removesuffix(" |")) for line in lines), f"{section} has no table {begin}"
    assert set(next(lines)) <= set("|-"), "a line of dashes follows"
    rows: list[list[str]] = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    assert rows, f"the table {begin} has rows"
    return rows


def words_in(cell: str) -> tuple[str, ...]:
    """What stands between backticks."""
    return tuple(re.findall(r"`([^`]+)`", cell))


ASKERS: Final = ("ANONYMOUS", "END_USER", "INGEST", "VIEWER", "EDITOR", "ADMIN")


@cache
def roles() -> list[Row]:
    """Who may what."""
    return [
        Row(to, words_in(fields), dict(zip(ASKERS, may, strict=True)))
        for to, fields, *may in table("Who may what", "to", "fields", *ASKERS)
    ]


def scopes() -> dict[str, str]:
    """The role of each scope."""
    return {words_in(scope)[0]: role for scope, role, _ in table("Signing in", "scope", "role", "for")}


def unsayable() -> Iterator[tuple[str, dict[str, Any]]]:
    """Mutations with inputs that end users may not give."""
    for mutation, given in table("Who may what", "mutation", "input"):
        yield words_in(mutation)[0], json.loads(words_in(given)[0])


def limits() -> list[Limit]:
    """The limits."""
    return [
        Limit(what, at_most, words_in(setting)[0], answer, next(iter(words_in(limit)), None))
        for what, at_most, setting, answer, limit in table("Limits", "what", "at most", "setting")
    ]


def codes() -> dict[str, int]:
    """The status of each code."""
    return {words_in(code)[0]: int(status) for code, status, _ in table("Errors", "code", "status", "when")}


def items() -> list[tuple[str, tuple[str, ...]]]:
    """The items of the OWASP cheat sheet, each with the tests that show what is said of it."""
    return [(item, words_in(test)) for item, _, test in table("The OWASP GraphQL cheat sheet", "item")]


def open_or_not() -> list[list[str]]:
    """What is open when."""
    return table("What is open when", "the server listens on")
