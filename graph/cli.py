"""The command line: `colloquy serve | import | db | schema | explorer`."""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from db.errors import ColloquyError, InvalidInput
from graph import __version__

# What a command needs is imported where it runs, so that help and version are there at once.
if TYPE_CHECKING:
    from db.database import Database

REFUSED = 1
"""The exit code where something was refused or is not as it should be."""

WRONG_USE = 2
"""The exit code where the command itself was wrong, or could not begin."""

app = typer.Typer(
    help="A GraphQL API server for AI conversations. Start with: colloquy serve --demo",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
db_app = typer.Typer(help="The database's tables.", no_args_is_help=True)
explorer_app = typer.Typer(help="The explorer (GraphiQL) that a browser gets at /graphql.", no_args_is_help=True)
app.add_typer(db_app, name="db")
app.add_typer(explorer_app, name="explorer")

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


def main() -> None:
    """Run the command line; a foreseen failure is one sentence on standard error and exit code 2."""
    try:
        app()
    except ColloquyError as error:
        errors.print(f"[bold red]Error:[/] {_plain(error.message)}")
        sys.exit(WRONG_USE)


def _plain(text: str) -> str:
    """The text with nothing in it that rich would take for markup."""
    return text.replace("[", r"\[")


def _show_version(value: bool) -> None:
    if value:
        output.print(f"colloquy {__version__}")
        raise typer.Exit


@app.callback()
def colloquy(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and end.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """A GraphQL API server for AI conversations."""


@app.command()
def serve(
    database: DatabaseOption = None,
    host: Annotated[str | None, typer.Option(help="The address to listen on.", show_default="127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(help="The port; 0 takes any free one.", show_default="8000")] = None,
    demo: Annotated[
        bool,
        typer.Option("--demo", help="Fill an empty database with demo conversations (default file: colloquy-demo.db)."),
    ] = False,
) -> None:
    """Serve the API, and the explorer for a browser, at /graphql.

    A SQLite file is made and migrated as needed; PostgreSQL is migrated by [bold]colloquy db upgrade[/].
    """
    from graph.settings import Settings

    settings = Settings.load(database_url=database, host=host, port=port)
    from graph import explorer, serving

    if demo and "database_url" not in settings.model_fields_set:
        settings.database_url = "colloquy-demo.db"
    if settings.explorer:
        explorer.ensure_built(lambda line: output.print(_plain(line)))
    serving.serve(settings, demo=demo, say=lambda line: output.print(_plain(line)))


@app.command("import")
def import_(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="PATH...", help="Files and folders; - reads standard input.", show_default=False),
    ],
    format: Annotated[
        str | None, typer.Option("--format", metavar="NAME", help="The format, where it cannot be told from the file.")
    ] = None,
    workspace: Annotated[
        str, typer.Option(metavar="NAME", help="The workspace that the records come into.")
    ] = "default",
    account: Annotated[
        str,
        typer.Option(
            metavar="LABEL", help="Tells two accounts of one system apart, whose records may have the same ids."
        ),
    ] = "",
    strict: Annotated[
        bool, typer.Option("--strict", help="Stop at the first refused record, and take nothing of its file.")
    ] = False,
    database: DatabaseOption = None,
) -> None:
    """Import conversations from files of other systems.

    JSON, JSON Lines and both gzipped; the format is detected and said. Running it again changes nothing that did not
    change. The exit code is 0 where all was taken, 1 where something was refused, 2 where the command was wrong.
    """
    from graph.settings import Settings

    settings = Settings.load(database_url=database)
    from graph import importing
    from graph.opening import open_database

    async def run() -> int:
        opened = await open_database(settings, purpose="colloquy import")
        try:
            return await importing.run_import(
                opened,
                paths,
                format=format,
                workspace=workspace,
                account=account,
                strict=strict,
                settings=settings,
                console=output,
            )
        finally:
            await opened.close()

    code = asyncio.run(run())
    if code:
        raise typer.Exit(code)


@db_app.command("upgrade")
def db_upgrade(database: DatabaseOption = None) -> None:
    """Bring the tables to this version, all or nothing."""
    from db import migrations

    async def run() -> tuple[str | None, str]:
        opened = _open(database, "colloquy db upgrade")
        try:
            return await migrations.upgrade(opened)
        finally:
            await opened.close()

    before, after = asyncio.run(run())
    output.print(
        f"The tables are at revision {after}" + (" already." if before == after else f" (before: {before or 'none'}).")
    )


@db_app.command("check")
def db_check(database: DatabaseOption = None) -> None:
    """Say whether the tables are of this version; the exit code is 2 where they aren't."""
    from db import migrations

    async def run() -> None:
        opened = _open(database, "colloquy db check")
        try:
            await migrations.check(opened)
        finally:
            await opened.close()

    asyncio.run(run())
    output.print(f"The tables are at revision {migrations.head()}, as this version needs them.")


def _open(database: str | None, purpose: str) -> "Database":
    from db.database import Database, database_url
    from graph.settings import Settings

    settings = Settings.load(database_url=database)
    return Database.open(database_url(settings.database_url), settings.database(), purpose=purpose)


@app.command()
def schema(
    check: Annotated[
        Path | None,
        typer.Option(
            "--check",
            metavar="FILE",
            help="Compare with this file, name breaking changes; exit code 1 where they differ.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
) -> None:
    """Print the GraphQL schema, for code generators and reviews."""
    from graph.schema import sdl
    from graph.schema_check import compare

    if check is None:
        sys.stdout.write(sdl())
        return
    try:
        written = check.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{check} is no UTF-8 text", field="check") from error
    problems = compare(written, sdl())
    for problem in problems:
        errors.print(_plain(problem))
    if problems:
        errors.print(f"{check} is not the schema of this version. Write it anew: colloquy schema > {check}")
        raise typer.Exit(REFUSED)
    output.print(f"{check} is the schema of this version.")


@explorer_app.command("build")
def explorer_build() -> None:
    """Build the explorer; needs Node.js 20 or later and npm."""
    from graph.explorer import build

    try:
        build.build(lambda line: output.print(_plain(line)))
    except build.ExplorerBuildError as error:
        errors.print(f"[bold red]Error:[/] {_plain(str(error))}")
        raise typer.Exit(WRONG_USE) from error
