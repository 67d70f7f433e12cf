"""The command line: `colloquy serve | import | export | purge | workspace | key | db | schema | explorer`."""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from db.errors import ColloquyError, InvalidInput
from graph import __version__
from graph.cli_access import key_app, workspace_app
from graph.cli_data import data_app
from graph.console import DatabaseOption, errors, output, plain

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
app.add_typer(data_app)
app.add_typer(workspace_app, name="workspace")
app.add_typer(key_app, name="key")
app.add_typer(db_app, name="db")
app.add_typer(explorer_app, name="explorer")


def main() -> None:
    """Run the command line; a foreseen failure is one sentence on standard error and exit code 2."""
    try:
        app()
    except ColloquyError as error:
        errors.print(f"[bold red]Error:[/] {plain(error.message)}")
        sys.exit(WRONG_USE)


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
    no_auth: Annotated[
        bool,
        typer.Option("--no-auth", help="Let in whoever shows no key and no token, with all rights, on any address."),
    ] = False,
) -> None:
    """Serve the API, and the explorer for a browser, at /graphql.

    A SQLite file is made and migrated as needed; PostgreSQL is migrated by [bold]colloquy db upgrade[/]. Without keys
    ([bold]colloquy key create[/]) and without an identity provider only this machine is answered.
    """
    from graph.settings import Settings

    settings = Settings.load(database_url=database, host=host, port=port, no_auth=no_auth or None)
    from graph import explorer, serving

    if demo and "database_url" not in settings.model_fields_set:
        settings.database_url = "colloquy-demo.db"
    if settings.explorer:
        explorer.ensure_built(lambda line: output.print(plain(line)))
    serving.serve(
        settings,
        demo=demo,
        say=lambda line: output.print(plain(line)),
        warn=lambda line: output.print(f"[yellow]{plain(line)}[/]"),
    )


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


@db_app.command("secure")
def db_secure(
    role: Annotated[str, typer.Option(help="The role that the server connects as; it is there, and owns no table.")],
    database: DatabaseOption = None,
) -> None:
    """Let a role of PostgreSQL read and write rows, bound by row-level security.

    Run it as the owner of the tables, and again after each upgrade. The server then connects as that role, with
    COLLOQUY_ROW_SECURITY=true.
    """
    from db import migrations, row_security

    async def run() -> None:
        opened = _open(database, "colloquy db secure")
        try:
            if opened.dialect != "postgresql":
                raise InvalidInput("row-level security is PostgreSQL's: a SQLite file has none", field="database")
            await migrations.check(opened)
            await row_security.secure(opened, role)
        finally:
            await opened.close()

    asyncio.run(run())
    output.print(f"The role {plain(role)} reads and writes rows, as the policies let it.")


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
        errors.print(plain(problem))
    if problems:
        errors.print(f"{check} is not the schema of this version. Write it anew: colloquy schema > {check}")
        raise typer.Exit(REFUSED)
    output.print(f"{check} is the schema of this version.")


@explorer_app.command("build")
def explorer_build() -> None:
    """Build the explorer; needs Node.js 20 or later and npm."""
    from graph.explorer import build

    try:
        build.build(lambda line: output.print(plain(line)))
    except build.ExplorerBuildError as error:
        errors.print(f"[bold red]Error:[/] {plain(str(error))}")
        raise typer.Exit(WRONG_USE) from error
