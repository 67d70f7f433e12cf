"""The commands for who may come in: `colloquy workspace create|list|delete` and `colloquy key create|list|revoke`."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import typer

from db.errors import DatabaseInUse, InvalidInput
from db.words import KeyScope
from graph.console import DatabaseOption, errors, output, plain

# What a command needs is imported where it runs, so that help and version are there at once.
if TYPE_CHECKING:
    from db.database import Database

T = TypeVar("T")

workspace_app = typer.Typer(help="Workspaces: tenants that see nothing of each other.", no_args_is_help=True)
key_app = typer.Typer(help="Keys: what programs show to be let in.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The workspace's name.", show_default=False)]
WorkspaceOption = Annotated[str, typer.Option(metavar="NAME", help="The workspace of the key.")]

_SPAN: Final = re.compile(r"(\d{1,5})([dh])")
_HOURS: Final = {"d": 24, "h": 1}


@workspace_app.command("create")
def workspace_create(name: NameArgument, database: DatabaseOption = None) -> None:
    """Make a workspace."""

    async def run(opened: Database) -> None:
        from db import writing
        from db.viewer import DEFAULT_VIEWER

        await writing.create_workspace(opened, {"name": name}, viewer=DEFAULT_VIEWER)

    _run(run, database, "colloquy workspace create", instead="createWorkspace")
    output.print(
        plain(f"The workspace {name} is there. A key of it: colloquy key create --workspace {name} --scope admin")
    )


@workspace_app.command("list")
def workspace_list(database: DatabaseOption = None) -> None:
    """Name all workspaces, each with its id; it can be done while a server runs."""

    async def run(opened: Database) -> list[Any]:
        from db import workspaces
        from db.viewer import DEFAULT_VIEWER, PROGRAM

        return await opened.ask(lambda connection: workspaces.every(connection, viewer=DEFAULT_VIEWER), viewer=PROGRAM)

    for row in _run(run, database, "colloquy workspace list", reads_only=True):
        output.print(plain(f"{row.name}  {_id('Workspace', row.id)}  made {_moment(row.created_at)}"))


@workspace_app.command("delete")
def workspace_delete(
    name: NameArgument,
    confirm: Annotated[
        str | None,
        typer.Option("--confirm", metavar="NAME", help="The name once more; without it the command asks for it."),
    ] = None,
    database: DatabaseOption = None,
) -> None:
    """Delete a workspace with all that is in it, its keys and its audit log among that. There is no way back."""
    if confirm is None:
        if not sys.stdin.isatty():
            raise InvalidInput(f"give --confirm {name}: nobody can be asked here", field="confirm")
        confirm = typer.prompt(f"All of {name} will be gone for good. Its name once more", err=True)

    async def run(opened: Database) -> None:
        from db import writing
        from db.viewer import DEFAULT_VIEWER
        from graph.importing import viewer_of

        found = await viewer_of(opened, name)
        values = {"id": found.workspace_id, "confirm_name": confirm}
        await writing.delete_workspace(opened, values, viewer=DEFAULT_VIEWER)

    _run(run, database, "colloquy workspace delete", instead="deleteWorkspace")
    output.print(plain(f"The workspace {name} is gone, with all that was in it."))


@key_app.command("create")
def key_create(
    scope: Annotated[
        KeyScope,
        typer.Option(
            case_sensitive=False,
            help="read: reads. write: reads and writes. ingest: logs and streams, reads nothing. admin: everything.",
            show_default=False,
        ),
    ],
    workspace: WorkspaceOption = "default",
    name: Annotated[str | None, typer.Option(metavar="TEXT", help="What people call the key.")] = None,
    expires: Annotated[
        str | None,
        typer.Option(
            metavar="DATE|TIME", help="Its last day in UTC, such as 2027-12-31, or how long it is good: 90d, 12h."
        ),
    ] = None,
    database: DatabaseOption = None,
) -> None:
    """Make a key, and print its secret: once, alone on standard output, as in KEY=$(colloquy key create --scope read).

    Only a hash of it is kept: nobody can print it again.
    """
    until = None if expires is None else expiry(expires, datetime.now(UTC))

    async def run(opened: Database) -> tuple[Any, str]:
        from db import keys
        from graph.importing import viewer_of

        return await keys.create(opened, name, scope, until, viewer=await viewer_of(opened, workspace))

    row, secret = _run(run, database, "colloquy key create", instead="createApiKey")
    errors.print(plain(f"{_described(row)}, of the workspace {workspace}. Its secret, told this once:"))
    sys.stdout.write(f"{secret}\n")
    sys.stdout.flush()


@key_app.command("list")
def key_list(workspace: WorkspaceOption = "default", database: DatabaseOption = None) -> None:
    """Name the keys of a workspace, the newest first; it can be done while a server runs."""

    async def run(opened: Database) -> list[Any]:
        return await _keys(opened, workspace)

    for row in _run(run, database, "colloquy key list", reads_only=True):
        output.print(plain(_described(row)))


@key_app.command("revoke")
def key_revoke(
    key: Annotated[
        str,
        typer.Argument(metavar="PREFIX|ID", help="The key: its first 12 characters, or its id.", show_default=False),
    ],
    workspace: WorkspaceOption = "default",
    database: DatabaseOption = None,
) -> None:
    """Revoke a key for good, and with it the tokens that were made with it.

    Other processes of PostgreSQL that have just let it in notice within seconds.
    """

    async def run(opened: Database) -> Any:
        from db import keys
        from graph.importing import viewer_of

        found = [
            row for row in await _keys(opened, workspace) if key in (row.prefix, str(row.id), _id("ApiKey", row.id))
        ]
        if len(found) != 1:
            reason = "several keys begin so: give the id" if found else "there is no such key"
            raise InvalidInput(f"{reason}; `colloquy key list --workspace {workspace}` shows them", field="key")
        return await keys.revoke(opened, found[0].id, viewer=await viewer_of(opened, workspace))

    output.print(plain(_described(_run(run, database, "colloquy key revoke", instead="revokeApiKey"))))


def expiry(text: str, at: datetime) -> datetime:
    """Until when a key is good: the end of a day, or so many days or hours from `at` on. Raises InvalidInput."""
    wrong = InvalidInput("--expires takes a day of the future, such as 2027-12-31, or a time such as 90d or 12h")
    try:
        if (span := _SPAN.fullmatch(text)) is not None:
            until = at + timedelta(hours=int(span[1]) * _HOURS[span[2]])
        else:
            until = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC) + timedelta(days=1)
    except (ValueError, OverflowError):
        raise wrong from None
    if until <= at:
        raise wrong
    return until


async def _keys(opened: Database, workspace: str) -> list[Any]:
    from db import keys
    from graph.importing import viewer_of

    viewer = await viewer_of(opened, workspace)
    return await opened.ask(lambda connection: keys.every(connection, viewer=viewer), viewer=viewer)


def _described(row: Any) -> str:
    """A key in a line, without its secret."""
    parts = [f"{row.prefix}...  {row.scope.value.lower()}", _id("ApiKey", row.id)]
    if row.name is not None:
        parts.append(f'"{row.name}"')
    parts.append(f"made {_moment(row.created_at)}")
    for label, moment in (("expires", row.expires_at), ("last used", row.last_used_at), ("revoked", row.revoked_at)):
        if moment is not None:
            parts.append(f"{label} {_moment(moment)}")
    return "  ".join(parts)


def _id(type_name: str, key: Any) -> str:
    from graph import ids

    return ids.encode(type_name, key)


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _run(
    work: Callable[[Database], Coroutine[Any, Any, T]],
    database: str | None,
    purpose: str,
    *,
    instead: str = "",
    reads_only: bool = False,
) -> T:
    """Do some work on the database; `instead`: the mutation that does the same while a server holds a SQLite file."""
    from graph.opening import open_database
    from graph.settings import Settings

    settings = Settings.load(database_url=database)

    async def run() -> T:
        try:
            opened = await open_database(settings, purpose=purpose, reads_only=reads_only)
        except DatabaseInUse as error:
            raise DatabaseInUse(
                f"{error.message} While a server runs, it can do this itself: send it the mutation {instead}, "
                "signed in as an admin (without any key yet: from this machine)."
            ) from None
        try:
            return await work(opened)
        finally:
            await opened.close()

    return asyncio.run(run())
