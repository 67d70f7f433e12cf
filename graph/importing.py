"""What `colloquy import` does: finds the files, tells their formats, imports them and says what became of each."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from db import audit, workspaces
from db.database import Database
from db.errors import InvalidInput
from db.interchange.base import Format
from db.interchange.colloquy import Colloquy
from db.interchange.colloquy_import import NativeImporter
from db.interchange.detect import Ambiguous, NoData, Undetected, detect
from db.interchange.formats import READABLE as FORMATS
from db.interchange.importer import Importer, Options, Stopped
from db.interchange.reading import Limits
from db.interchange.records import Source, open_source
from db.interchange.report import FileReport, Tally
from db.origins import ACCOUNT_LENGTH
from db.viewer import DEFAULT_VIEWER, PROGRAM, Viewer
from graph.settings import Settings

TAKEN: Final = 0
"""The exit code where all was taken."""

REFUSED: Final = 1
"""The exit code where something was refused."""

_NAMED: Final = 100
"""Files that the audit log names of an import."""

_PLAIN_STEP: Final = 10_000
"""Records after which a line says how far a large file is, where there is no terminal."""


async def run_import(
    database: Database,
    paths: Sequence[str],
    *,
    format: str | None = None,
    workspace: str = "default",
    account: str = "",
    strict: bool = False,
    settings: Settings | None = None,
    console: Console | None = None,
) -> int:
    """Import files, folders and standard input (`-`), and give the exit code: 0 all taken, 1 something refused.

    Raises InvalidInput where the command itself is wrong: a path, format or workspace that is not there, or a file that
    could be of several formats.
    """
    settings = settings or Settings.load()
    console = console or Console(highlight=False, soft_wrap=True)
    forced = _format(format)
    if len(account) > ACCOUNT_LENGTH:
        raise InvalidInput(f"the account's label has at most {ACCOUNT_LENGTH} characters", field="account")
    files = list(dict.fromkeys(file for path in paths for file in _files(path)))
    viewer = await viewer_of(database, workspace)
    limits = Limits(
        record_bytes=settings.import_record_bytes,
        object_bytes=settings.import_object_bytes,
        depth=settings.import_depth,
    )
    own = _own_files(database)
    plan = [_planned(file, forced, own, named=file in paths) for file in files]
    options = Options(account=account, strict=strict, limits=limits)
    await audit.record(database, "import", details=_told(files), viewer=viewer)
    importer = Importer(database, viewer=viewer, options=options)
    native = NativeImporter(database, viewer=viewer, options=options, report=importer.report)
    run = _Run(importer, native, console)
    try:
        for planned in plan:
            await run.file(planned)
    except asyncio.CancelledError:
        console.print("Interrupted: what was stored stays, and the same command imports the rest.")
        raise
    except Stopped:
        run.say_of(importer.report.files[-1])
        console.print("Stopped at the first refusal, as --strict asks.")
    before = [(file, len(file.refusals), file.tally.copy()) for file in importer.report.files]
    report = await importer.finish()
    for file_report, refused, tally in before:
        # Feedback that waited for its message until the end is stored or refused only now.
        late = FileReport(file_report.name, file_report.format, Tally(file_report.tally - tally))
        late.tally.pop(("records", "refused"), None)
        if late.tally:
            console.print(f"{escape(late.line())}, now that what it is about is here")
        for refusal in file_report.refusals[refused:]:
            console.print(f"  refused {escape(str(refusal))}", style="red")
    for line in report.lines():
        console.print(escape(line))
    return REFUSED if report.refusals else TAKEN


def _told(files: Sequence[str]) -> dict[str, object]:
    """What the audit log says of an import: how many files there are, and the names of the first."""
    return {"count": len(files), "files": [Path(file).name for file in files[:_NAMED]]}


def _format(name: str | None) -> Format | Colloquy | None:
    if name is None:
        return None
    if name not in FORMATS:
        raise InvalidInput(f"there is no format {name!r}; there are {', '.join(sorted(FORMATS))}", field="format")
    return FORMATS[name]


async def viewer_of(database: Database, workspace: str) -> Viewer:
    """All rights in the workspace of that name. Raises InvalidInput, naming those there are, where there is none."""
    async with database.read(viewer=PROGRAM) as connection:
        viewer = await workspaces.by_name(connection, workspace, viewer=DEFAULT_VIEWER)
        if viewer is None:
            names = await workspaces.names(connection, viewer=DEFAULT_VIEWER)
            raise InvalidInput(
                f"there is no workspace {workspace!r}; there {'are' if len(names) > 1 else 'is'} {', '.join(names)}",
                field="workspace",
            )
    return viewer


def _files(path: str) -> Iterator[str]:
    """The files that a path means, those of a folder in the order of their names."""
    if path == "-":
        yield path
        return
    try:
        Path(path).stat()
        yield from map(str, _below(Path(path), frozenset()))
    except OSError as error:
        raise InvalidInput(f"{error.filename or path} cannot be read: {error.strerror}", field="paths") from error


def _below(path: Path, above: frozenset[Path]) -> Iterator[Path]:
    """The file itself, or all files below a folder; hidden folders are not looked into, and links never in a circle."""
    real = path.resolve()
    if not path.is_dir() or (above and path.name.startswith(".")):
        yield path
    elif real not in above:
        for entry in sorted(path.iterdir()):
            yield from _below(entry, above | {real})


@dataclass(frozen=True, slots=True)
class _Planned:
    """A file, and what is to be done with it: told before the first is imported, so that wrong use changes nothing."""

    name: str
    format: Format | Colloquy | None = None
    source: Source | None = None
    """Standard input or a pipe, of which the beginning was read already."""
    skipped: str = ""
    refused: str = ""


def _own_files(database: Database) -> frozenset[Path]:
    """The files of the database itself: to open and close one of them would take SQLite's locks from it."""
    if database.path is None:
        return frozenset()
    path = database.path.resolve()
    return frozenset(path.with_name(path.name + suffix) for suffix in ("", "-wal", "-shm", "-journal", ".lock"))


def _is_stream(path: str) -> bool:
    """Whether it can be read once only, from its beginning: standard input, a pipe, a device, a socket."""
    try:
        return path == "-" or not S_ISREG(Path(path).stat().st_mode)
    except OSError:
        return False


def _planned(path: str, forced: Format | Colloquy | None, own: Container[Path], *, named: bool) -> _Planned:
    """What to do with a file; `named`: it stands on the command line. Raises InvalidInput where several formats fit."""
    if path != "-" and Path(path).resolve() in own:
        return _Planned(path, skipped="it is the database that is imported into")
    if Path(path).name.startswith(".") and path != "-":
        return _Planned(path, skipped="it is hidden")
    stream = _is_stream(path)
    if stream and not named:
        return _Planned(path, skipped="it is no file, but a pipe or a device")
    try:
        source = open_source(path)
    except OSError as error:
        return _Planned(path, refused=f"it cannot be read: {error.strerror}")
    with contextlib.nullcontext() if stream else source:
        try:
            found = forced or detect(source, FORMATS)
        except NoData as reason:
            return _Planned(path, skipped=str(reason))
        except Ambiguous as problem:
            raise InvalidInput(f"{path}: {problem}", field="format") from problem
        except Undetected as problem:
            return _Planned(path, refused=str(problem))
    return _Planned(path, found, source if stream else None)


class _Run:
    """One run of the command over its files."""

    def __init__(self, importer: Importer, native: NativeImporter, console: Console) -> None:
        self._importer = importer
        self._native = native
        self._console = console

    async def file(self, planned: _Planned) -> None:
        """Import one file, or say why not. Raises Stopped where the import is strict and something is refused."""
        if planned.skipped:
            report = FileReport(planned.name, skipped=planned.skipped)
            self._importer.report.files.append(report)
            self._console.print(escape(report.line()), style="dim")
            return
        if planned.format is None:
            report = self._importer.refuse(planned.name, planned.refused)
        else:
            try:
                source = planned.source or open_source(planned.name)
            except OSError as error:
                report = self._importer.refuse(planned.name, f"it cannot be read: {error.strerror}")
            else:
                with source, self._progress(source) as progress:
                    if isinstance(planned.format, Colloquy):
                        report = await self._native.file(source, progress=progress)
                    else:
                        report = await self._importer.file(source, planned.format, progress=progress)
        self.say_of(report)

    def say_of(self, report: FileReport) -> None:
        """Print what became of a file."""
        self._console.print(escape(report.line()))
        for line in report.details():
            self._console.print(f"  {escape(line)}", style="red" if line.startswith("refused ") else None)

    @contextlib.contextmanager
    def _progress(self, source: Source) -> Iterator[Callable[[], None]]:
        """What is called after each batch: moves a bar on a terminal, and prints a line now and then elsewhere."""
        if not self._console.is_terminal:
            yield self._line_by_line(source)
            return
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        with Progress(*columns, console=self._console, transient=True) as bar:
            task = bar.add_task(escape(Path(source.name).name), total=source.size)
            yield lambda: bar.update(task, completed=source.position)

    def _line_by_line(self, source: Source) -> Callable[[], None]:
        said = 0

        def say() -> None:
            nonlocal said
            tally = self._importer.report.files[-1].tally
            read = sum(count for (what, _), count in tally.items() if what == "messages")
            if read - said >= _PLAIN_STEP:
                said = read
                of = f", {100 * source.position // source.size} %" if source.size else ""
                self._console.print(f"{escape(source.name)}: {read:,} messages{of}")

        return say
