"""Files that go into a database and come out of it again, and whether they are the same."""

import gzip
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from db import jsons
from db.database import Database
from db.interchange.files import Summary, imports_of, write_files
from db.interchange.formats import FORMATS
from db.interchange.importer import Importer, Options
from db.interchange.layout import layout_of
from db.interchange.records import Source, records
from db.interchange.report import Report
from db.viewer import DEFAULT_VIEWER, PROGRAM

Json = dict[str, Any]


def text_of(values: Sequence[object], layout: str = "lines") -> bytes:
    """A file of these records: lines, an array, or values one after the other, each over several lines."""
    if layout == "array":
        return jsons.dump(list(values)).encode()
    if layout == "object":
        return "\n".join(jsons.dump(each).replace("{", "{\n", 1) for each in values).encode()
    return "".join(f"{jsons.dump(each)}\n" for each in values).encode()


async def import_bytes(database: Database, files: Mapping[str, bytes], format: str, *, account: str = "") -> Report:
    """Import files of a format, in one run."""
    importer = Importer(database, viewer=DEFAULT_VIEWER, options=Options(account=account))
    for name, data in files.items():
        await importer.file(Source(name, io.BytesIO(data)), FORMATS[format])
    return await importer.finish()


class _Kept(io.BytesIO):
    """A file in memory whose bytes stay when it is closed."""

    data = b""

    def close(self) -> None:
        self.data = self.getvalue() if not self.closed else self.data
        super().close()


async def export(database: Database, which: UUID | str = "last") -> tuple[dict[str, bytes], Summary]:
    """The files of an import, written again."""
    files: dict[str, _Kept] = {}

    def output(name: str) -> IO[bytes]:
        files[name] = _Kept()
        return files[name]

    async with database.read(viewer=PROGRAM) as connection:
        imports = await imports_of(connection, which, viewer=DEFAULT_VIEWER)
    summary = await write_files(database, viewer=DEFAULT_VIEWER, imports=imports, output=output)
    return {name: file.data for name, file in files.items()}, summary


def values_of(data: bytes) -> tuple[str, list[str]]:
    """The layout of a file and its values, each as canonical text."""
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    layout = layout_of(Source("file", io.BytesIO(data)))
    if layout == "array":
        return layout, [jsons.dump(jsons.parse(data))]
    return layout, [jsons.dump(cut.parse()) for cut in records(Source("file", io.BytesIO(data)))]


def assert_same_file(written: bytes, original: bytes) -> None:
    """Both files have the same layout and the same values: order of keys and tokens of numbers included."""
    (layout, values), (layout_before, before) = values_of(written), values_of(original)
    assert len(values) == len(before)
    for value, other in zip(values, before, strict=True):
        assert value == other
    assert layout == layout_before


async def assert_comes_back(database: Database, data: bytes, format: str, name: str = "file.json") -> Summary:
    """The file is imported, written again, the same, and importing what was written changes nothing."""
    report = await import_bytes(database, {name: data}, format)
    assert not report.refusals, [str(each) for each in report.refusals]
    files, summary = await export(database)
    assert list(files) == [Path(name).name]
    assert_same_file(files[Path(name).name], data)
    assert summary.complete, summary.files[0].notes
    again = await import_bytes(database, files, format)
    assert not again.changed, list(again.lines())
    return summary
