"""Pieces of Markdown that stay what they are, whatever text is put into them (CommonMark 0.31)."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, urlsplit

_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>()#+!|~&])")
_LINE: Final = re.compile(r"\r\n|\n|\r")
_FENCE: Final = re.compile(r"(?P<marks>`{3,}|~{3,})(?P<info>.*)", re.DOTALL)
_END: Final = re.compile(r" {0,3}(`{3,}|~{3,})[ \t]*")
_NESTING: Final = re.compile(r"`{3}|~{3}|^ {0,3}<")
"""Code that doesn't begin at the margin, and HTML."""
_RUNS: Final = re.compile(r"[`~]{3,}")
# Characters of an address that stay as they are.
_ADDRESS: Final = "!#$%&'()*+,/:;=?@[]~"
_LEADING: Final = re.compile(r"^(\s*)([-=]|[0-9]+[.)])", re.MULTILINE)


def escaped(text: str) -> str:
    """Text in one line that is read as it is, without any markup."""
    return _LEADING.sub(_at_start, _SPECIAL.sub(r"\\\1", " ".join(text.split())))


def _at_start(found: re.Match[str]) -> str:
    space, mark = found.groups()
    return f"{space}{mark[:-1]}\\{mark[-1]}"


def lines(text: str) -> str:
    """Text of several lines that is read as it is, without any markup."""
    found = [escaped(line) for line in _LINE.split(text)]
    return "\n".join(
        f"{line}\\" if line and below else line for line, below in zip(found, [*found[1:], ""], strict=True)
    )


def code(text: str) -> str:
    """Text in one line, as code."""
    text = " ".join(text.split())
    marks = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    edge = " " if text[:1] == "`" or text[-1:] == "`" else ""
    return f"{marks}{edge}{text}{edge}{marks}" if text else ""


def fenced(text: str, language: str = "") -> str:
    """A block of code, in a fence that is longer than any in the text."""
    longest = max((len(run) for run in _RUNS.findall(text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def quoted(text: str) -> str:
    """Markdown in a quotation, out of which nothing gets."""
    return "\n".join(f"> {line}".rstrip() for line in _LINE.split(text))


def link(text: str, url: str | None) -> str:
    """A link; an address that is none of the web's is shown, and leads nowhere."""
    name = escaped(text)
    if not url:
        return name
    try:
        scheme = urlsplit(url).scheme.lower()
    except ValueError:
        scheme = ""
    if scheme not in ("http", "https"):
        return f"{name} ({code(url)})" if name else code(url)
    return f"[{name or escaped(url)}](<{quote(url, safe=_ADDRESS, errors='replace')}>)"


def contained(text: str) -> str:
    """Markdown that ends where it ends, so that what follows is no part of a block that it opens.

    A block of code that was left open gets its end. Where code or HTML might be nested in something else, all of the
    text becomes a quotation.
    """
    fence = ""
    for line in _LINE.split(text):
        if fence:
            if (end := _END.fullmatch(line)) and end[1].startswith(fence):
                fence = ""
        elif (found := _FENCE.fullmatch(line)) and "`" not in found["info"]:
            fence = found["marks"]
        elif _NESTING.search(line):
            return quoted(text)
    return f"{text}\n{fence}" if fence else text
