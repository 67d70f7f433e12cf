"""What the commands have in common: where they print, and the option that names the database."""

from typing import Annotated

import typer
from rich.console import Console

output = Console(highlight=False, soft_wrap=True)
errors = Console(stderr=True, highlight=False, soft_wrap=True)

DatabaseOption = Annotated[
    str | None,
    typer.Option(
        "--database",
        metavar="URL|PATH",
        help="A SQLite file's path, or postgresql://user@host/name. "
        "Default: COLLOQUY_DATABASE_URL, else the file colloquy.db here.",
        show_default=False,
    ),
]


def plain(text: str) -> str:
    """The text with nothing in it that rich would take for markup."""
    return text.replace("[", r"\[")
