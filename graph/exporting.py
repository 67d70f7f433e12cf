"""What `colloquy export` does: writes conversations in a format, or the files of an import again."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any, Final
from uuid import UUID

from graphql import GraphQLError, GraphQLInputObjectType, coerce_input_value
from graphql.utilities import validate_input_value
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from strawberry.types.arguments import convert_argument

from db import audit, conversations
from db.database import Database
from db.errors import InvalidInput
from db.interchange.exporting import Exporting, known
from db.interchange.exports import COLLOQUY, EXPORTS
from db.interchange.files import Summary, imports_of, write_files
from db.viewer import Viewer
from graph import ids
from graph.conditions import ConversationWhere
from graph.filters import where_of
from graph.importing import viewer_of
from graph.schema import schema

COMPLETE: Final = 0
"""The exit code where all was written."""

INCOMPLETE: Final = 1
"""The exit code where something of an import's files could not be written again."""


_NAMED: Final = 100
"""Conversations or imports that the audit log names of an export."""


async def run_export(
    database: Database,
    *,
    format: str = COLLOQUY,
    conversation: Sequence[str] = (),
    where: str | None = None,
    deleted: bool = False,
    output: str | None = None,
    workspace: str = "default",
    console: Console,
) -> int:
    """Write conversations to a file or, with no `output` or "-", to standard output. Gives the exit code.

    A file appears when it is complete, and is compressed where its name ends in .gz. Raises InvalidInput for wrong use,
    NotFound for a conversation that is not there.
    """
    known(format)
    viewer = await viewer_of(database, workspace)
    chosen = [_conversation_id(text) for text in conversation] or None
    condition = _where(where)
    async with database.read(viewer=viewer) as connection:
        total = len(chosen) if chosen else await conversations.count(connection, where=condition, viewer=viewer)
        if deleted and not chosen:
            total += await conversations.count(connection, where=condition, deleted=True, viewer=viewer)
    told: dict[str, object] = {"format": format}
    told |= {"conversations": [str(each) for each in chosen[:_NAMED]]} if chosen else {}
    await _note(database, told, viewer, console)
    with _progress(console, total) as progress, _written(output) as stream:
        export = Exporting(
            database, format, viewer=viewer, ids=chosen, where=condition, include_deleted=deleted, progress=progress
        )
        async with contextlib.aclosing(export.pieces()) as pieces:
            async for piece in pieces:
                stream.write(piece)
    where_to = "standard output" if _is_standard(output) else str(output)
    console.print(escape(f"{_count(export.conversations, 'conversation')} exported as {format} to {where_to}"))
    for line in _told(format, export.losses):
        console.print(escape(line))
    return COMPLETE


async def run_export_of_import(
    database: Database, which: str, *, output: str | None = None, workspace: str = "default", console: Console
) -> int:
    """Write each file of an import again, into the folder `output` or, with none, the working folder.

    Raises InvalidInput for wrong use, NotFound where there is no such import, and for a file that is there already.
    """
    viewer = await viewer_of(database, workspace)
    async with database.read(viewer=viewer) as connection:
        rows = await imports_of(connection, which if which == "last" else _uuid(which), viewer=viewer)
    await _note(database, {"imports": [str(row.id) for row in rows[:_NAMED]]}, viewer, console)
    folder = Path(output or ".")
    with _progress(console, None) as progress:
        done = 0

        def count(records: int) -> None:
            nonlocal done
            done += records
            progress(done)

        def opened(name: str) -> contextlib.AbstractContextManager[IO[bytes]]:
            return _file(folder / name, new=True)

        summary: Summary = await write_files(database, viewer=viewer, imports=rows, output=opened, progress=count)
    for file in summary.files:
        console.print(escape(file.line))
        for note in file.notes:
            console.print(f"  {escape(note)}", style="red")
    return COMPLETE if summary.complete else INCOMPLETE


async def _note(database: Database, details: dict[str, object], viewer: Viewer, console: Console) -> None:
    """Note in the audit log what is about to be exported, or say that it can't be noted."""
    if not await audit.record_beside(database, "export", details=details, viewer=viewer):
        console.print("The audit log does not have this export: a server, or another command, is writing the file.")


def _conversation_id(text: str) -> UUID:
    """The uuid of a conversation, given as such or as its id in the API."""
    try:
        return UUID(text)
    except ValueError:
        pass
    try:
        return ids.decode(text, "Conversation", "conversation")
    except GraphQLError as error:
        raise InvalidInput(f"{text!r} is no conversation: give its id or its uuid", field="conversation") from error


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise InvalidInput(f'{text!r} is no import: give its id, or "last"', field="import") from error


def _where(text: str | None) -> Mapping[str, Any] | None:
    """The filter that a text says in JSON, as the API's `where` takes it."""
    if text is None:
        return None
    try:
        given = json.loads(text)
    except ValueError as error:
        raise InvalidInput(f"--where is no JSON: {error}", field="where") from error
    kind = schema._schema.type_map["ConversationWhere"]  # strawberry has no other way to it
    assert isinstance(kind, GraphQLInputObjectType)
    wrong: list[str] = []
    validate_input_value(
        given, kind, lambda error, path: wrong.append(f"{'.'.join(['where', *map(str, path)])}: {error.message}")
    )
    if wrong:
        raise InvalidInput("\n".join(wrong), field="where")
    try:
        argument = convert_argument(
            coerce_input_value(given, kind),
            type_=ConversationWhere,
            scalar_registry=schema.schema_converter.scalar_registry,
            config=schema.config,
        )
        return where_of(argument)
    except GraphQLError as error:
        raise InvalidInput(error.message, field="where") from error


def _is_standard(output: str | None) -> bool:
    return output is None or output == "-"


@contextlib.contextmanager
def _written(output: str | None) -> Iterator[IO[bytes] | gzip.GzipFile]:
    """What the export is written to."""
    if output is None or output == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with _file(Path(output)) as file:
        if not output.endswith(".gz"):
            yield file
            return
        with gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as compressed:
            yield compressed


@contextlib.contextmanager
def _file(path: Path, *, new: bool = False) -> Iterator[IO[bytes]]:
    """A file that takes its name when it is complete, so that there is never half an export under that name.

    Raises InvalidInput where it can't be written, and with `new` where there is one already.
    """
    if path.is_dir():
        raise InvalidInput(f"{path} is a folder: give the name of a file", field="output")
    if new and path.exists():
        raise InvalidInput(f"{path} is there already: give another folder by --output", field="output")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", suffix=".part", delete=False)  # noqa: SIM115 - closed below, and renamed
    except OSError as error:
        raise InvalidInput(f"{path} can't be written: {error.strerror}", field="output") from error
    try:
        with part:
            yield part
            part.flush()
            os.fsync(part.fileno())
        Path(part.name).chmod(0o666 & ~_umask())
        Path(part.name).replace(path)
    except BaseException:
        Path(part.name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    """The permissions that new files of this process don't get: there is no way to read them but to set them."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


@contextlib.contextmanager
def _progress(console: Console, total: int | None) -> Iterator[Callable[[int], None]]:
    """What is told how much is done; it moves a bar where there is a terminal."""
    if not console.is_terminal:
        yield lambda _done: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("exporting", total=total)
        yield lambda done: bar.update(task, completed=done)


def _told(name: str, losses: Counter[str]) -> list[str]:
    """What the format left out."""
    export = EXPORTS[name]
    if export.left_out:
        return [f"{export.title} never has: {', '.join(export.left_out)}"]
    if not losses:
        return []
    listed = ", ".join(
        f"{what} {count:,}" for what, count in sorted(losses.items(), key=lambda item: (-item[1], item[0]))
    )
    return [f"What {export.title} can't hold, and how often: {listed}"]


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"
