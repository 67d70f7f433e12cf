"""The commands that bring data in and out: `colloquy import | export | purge`."""

import asyncio
from typing import Annotated

import typer

from db.errors import InvalidInput
from graph.console import DatabaseOption, errors, output

# What a command needs is imported where it runs, so that help and version are there at once.

data_app = typer.Typer()


@data_app.command("import")
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
    """Import conversations from files of other systems, or of another Colloquy.

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


@data_app.command("export")
def export_(
    format: Annotated[
        str, typer.Option("--format", metavar="NAME", help="A format of import, or markdown, csv, colloquy.")
    ] = "colloquy",
    conversation: Annotated[
        list[str] | None,
        typer.Option("--conversation", metavar="ID", help="Only this conversation; may be given again."),
    ] = None,
    where: Annotated[
        str | None,
        typer.Option(metavar="JSON", help="Only conversations that meet this filter: the API's `where`, as JSON."),
    ] = None,
    import_: Annotated[
        str | None,
        typer.Option("--import", metavar="ID|last", help="Write each file of an import again, as it was."),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output", metavar="PATH", help="A file (.gz compresses it), else standard output; for --import a folder."
        ),
    ] = None,
    deleted: Annotated[
        bool, typer.Option("--deleted", help="Also deleted conversations that can be restored; format colloquy only.")
    ] = False,
    workspace: Annotated[str, typer.Option(metavar="NAME", help="The workspace that is exported.")] = "default",
    database: DatabaseOption = None,
) -> None:
    """Export conversations: in the format they came in, in any other, or everything for another Colloquy.

    JSON formats are written as JSON Lines, one conversation a line. What a format can't hold is counted and named. It
    can be done while a server runs. The exit code is 0 where all was written, 1 where a file of an import could not be
    written again in full, 2 where the command was wrong.
    """
    from graph.settings import Settings

    settings = Settings.load(database_url=database)
    from graph import exporting
    from graph.opening import open_database

    if import_ is not None and (format != "colloquy" or conversation or where):
        raise InvalidInput("--import writes whole files again: give it without --format, --conversation and --where")

    if deleted and (import_ is not None or format != "colloquy"):
        raise InvalidInput("--deleted goes with --format colloquy: other formats know no deletion that can be undone")

    async def run() -> int:
        opened = await open_database(settings, purpose="colloquy export", reads_only=True)
        try:
            if import_ is not None:
                return await exporting.run_export_of_import(
                    opened, import_, output=output, workspace=workspace, console=errors
                )
            return await exporting.run_export(
                opened,
                format=format,
                conversation=conversation or (),
                where=where,
                deleted=deleted,
                output=output,
                workspace=workspace,
                console=errors,
            )
        finally:
            await opened.close()

    code = asyncio.run(run())
    if code:
        raise typer.Exit(code)


@data_app.command()
def purge(database: DatabaseOption = None) -> None:
    """Remove for good what was deleted longer ago than can be undone, and answers of repeatable writes that expired.

    A running server does it every hour; on SQLite it is then the one that writes.
    """
    from db import writing
    from graph.opening import open_database
    from graph.settings import Settings

    settings = Settings.load(database_url=database)

    async def run() -> writing.Purged:
        opened = await open_database(settings, purpose="colloquy purge")
        try:
            return await writing.purge(opened, limits=settings.writes())
        finally:
            await opened.close()

    purged = asyncio.run(run())
    output.print(
        f"Gone for good: {purged.conversations:,} deleted conversations; "
        f"forgotten: {purged.repeats:,} answers of repeatable writes."
    )
