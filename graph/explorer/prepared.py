"""The prepared operations that the explorer opens: files beside this module, each with its title in the first line."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent / "examples"


@dataclass(frozen=True, slots=True)
class Example:
    """An operation that needs no id: it runs on any data. `variables` are empty where it takes none."""

    title: str
    description: str
    query: str
    variables: dict[str, Any]


def examples() -> list[Example]:
    """The examples, in the order in which they are shown.

    A file opens with comment lines: the first is the title, the others the description. Variables stand in a JSON
    file of the same name.
    """
    return [_read(path) for path in sorted(FOLDER.glob("*.graphql"))]


def _read(path: Path) -> Example:
    query = path.read_text(encoding="utf-8")
    comments: list[str] = []
    for line in query.splitlines():
        if not line.startswith("#"):
            break
        comments.append(line.removeprefix("#").strip())
    variables = path.with_suffix(".json")
    return Example(
        title=comments[0],
        description=" ".join(comments[1:]),
        query=query,
        variables=json.loads(variables.read_text(encoding="utf-8")) if variables.is_file() else {},
    )
