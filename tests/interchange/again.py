"""Shows that files come back as they were: each is imported into an empty database of its own and exported again.

python -m tests.interchange.again ../shared/data ../shared/formats
"""

import asyncio
import sys
import tempfile
from io import StringIO
from pathlib import Path

from rich.console import Console

from db.interchange.detect import NoData, Undetected, detect
from db.interchange.formats import READABLE
from db.interchange.records import open_source
from graph.exporting import run_export_of_import
from graph.importing import run_import
from graph.settings import Settings
from tests.interchange.exported import assert_same_file
from tests.interchange.stored import copied_database


async def comes_back(path: Path, folder: Path) -> str | None:
    """What is wrong with the file that an export of its import writes; None where it equals the original."""
    said = StringIO()
    console = Console(file=said, width=10_000)
    async with copied_database(folder) as database:
        if await run_import(database, [str(path)], settings=Settings(), console=console):
            return said.getvalue()
        with tempfile.TemporaryDirectory(dir=folder) as again:
            if await run_export_of_import(database, "last", output=again, console=console):
                return said.getvalue()
            return difference(Path(again) / path.name, path)


def difference(written: Path, original: Path) -> str | None:
    """Where two files differ; None where they are equal by value."""
    try:
        assert_same_file(written.read_bytes(), original.read_bytes())
    except AssertionError as error:
        return str(error)
    return None


def holds_records(path: Path) -> bool:
    """Whether an import takes the file."""
    with open_source(path) as source:
        try:
            detect(source, READABLE)
        except (NoData, Undetected):
            return False
    return True


def main() -> None:
    """Print a line for each file that holds records; the exit code is 1 where one did not come back."""
    given = [Path(argument) for argument in sys.argv[1:]]
    files = [
        file for path in given for file in (sorted(path.rglob("*")) if path.is_dir() else [path]) if file.is_file()
    ]
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        for file in filter(holds_records, files):
            wrong = asyncio.run(comes_back(file, Path(folder)))
            failed = failed or wrong is not None
            print(f"{file}: {'equal' if wrong is None else f'NOT EQUAL: {wrong[:500]}'}", flush=True)  # noqa: T201 - what it is for
    sys.exit(failed)


if __name__ == "__main__":
    main()
