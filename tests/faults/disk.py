"""A disk that lost its power: the files as they may be then, made from the log of what a process did to them.

What was synced is there. Of what was written or cut off after the last sync of a file, any part may be: a write is torn
into sectors, and each of them is there or not. A name that was given or taken since the last sync of the folder may
have been or not. `writes_log.c` says what the records are.
"""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from random import Random

_HEAD = struct.Struct("=5Q")
_SOURCE = Path(__file__).with_name("writes_log.c")


class Kind(IntEnum):
    """What a record is of."""

    NAME = 0
    WRITE = 1
    TRUNCATE = 2
    SYNC = 3
    CREATE = 4
    UNLINK = 5
    RENAME = 6
    SYNC_FOLDER = 7
    ACKNOWLEDGED = 8


@dataclass(frozen=True, slots=True)
class Record:
    """Something that the process did; `second` is the number of a rename's new name."""

    kind: Kind
    name: int
    offset: int
    data: bytes
    second: int


def library(folder: Path) -> Path:
    """Compile the library that keeps the log."""
    path = folder / "writes_log.so"
    command = ["gcc", "-O2", "-shared", "-fPIC", "-o", str(path), str(_SOURCE), "-ldl", "-lpthread"]
    subprocess.run(command, check=True)
    return path


def why_not() -> str:
    """Why this machine can't keep a log of writes; empty where it can."""
    if not hasattr(os, "sched_getaffinity"):
        return "a log of writes is kept on Linux only"
    return "" if shutil.which("gcc") else "gcc is not on this machine"


def variables(log: Path, database: Path, library: Path) -> dict[str, str]:
    """The environment of a process whose writes to the database's files are logged, its standard output as well."""
    return {
        "LD_PRELOAD": str(library),
        "WRITES_LOG": str(log),
        "WRITES_DATABASE": str(database),
        "WRITES_FOLDER": str(database.parent),
        "WRITES_ACKNOWLEDGED": "1",
    }


def records(log: Path) -> Iterator[Record]:
    """The records of a log."""
    content = memoryview(log.read_bytes())
    at = 0
    while at < len(content):
        kind, name, offset, length, second = _HEAD.unpack_from(content, at)
        at += _HEAD.size
        has_data = kind in (Kind.NAME, Kind.WRITE, Kind.ACKNOWLEDGED)
        data = bytes(content[at : at + length]) if has_data else b""
        at += len(data)
        yield Record(Kind(kind), name, offset, data, second)


@dataclass
class _File:
    synced: bytearray = field(default_factory=bytearray)
    since: list[Record] = field(default_factory=list)
    """Writes and truncations after the last sync."""

    def sync(self) -> None:
        for record in self.since:
            _apply(self.synced, record)
        self.since.clear()


class Disk:
    """A disk whose power is still on."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        """`files`: what was there, and synced, before the log began."""
        self._paths: dict[int, str] = {}
        self._named = {path: _File(bytearray(content)) for path, content in files.items()}
        self._named_synced = dict(self._named)
        self.acknowledged = 0
        """The last number that the process held for done."""

    def do(self, record: Record) -> None:
        """Go on by a record."""
        if record.kind is Kind.NAME:
            self._paths[record.name] = record.data.decode()
        elif record.kind is Kind.ACKNOWLEDGED:
            self.acknowledged = int(record.data.split()[-1])
        elif record.kind is Kind.SYNC_FOLDER:
            self._named_synced = dict(self._named)
        elif record.kind is Kind.CREATE:
            self._named[self._paths[record.name]] = _File()
        elif record.kind is Kind.UNLINK:
            del self._named[self._paths[record.name]]
        elif record.kind is Kind.RENAME:
            self._named[self._paths[record.second]] = self._named.pop(self._paths[record.name])
        elif record.kind is Kind.SYNC:
            self._named[self._paths[record.name]].sync()
        else:
            self._named[self._paths[record.name]].since.append(record)

    def cut(self, chance: Random) -> dict[str, bytes]:
        """The files as they may be after the power is cut now."""
        likely, sector = chance.choice((0.0, 0.1, 0.5, 0.9, 1.0)), chance.choice((512, 4096))
        files = {}
        for path in self._named.keys() | self._named_synced.keys():
            ways = [self._named.get(path), self._named_synced.get(path)]
            file = ways[0] if ways[0] is ways[1] else chance.choice(ways)
            if file is None:
                continue
            content = bytearray(file.synced)
            for record in file.since:
                if record.kind is Kind.TRUNCATE:
                    if chance.random() < likely:
                        _apply(content, record)
                else:
                    for piece in _torn(record, sector):
                        if chance.random() < likely:
                            _apply(content, piece)
            files[path] = bytes(content)
        return files


def _torn(record: Record, sector: int) -> Iterator[Record]:
    """A write as one for each sector of the disk that it touches."""
    start, end = record.offset, record.offset + len(record.data)
    while start < end:
        next_ = min(end, (start // sector + 1) * sector)
        data = record.data[start - record.offset : next_ - record.offset]
        yield Record(Kind.WRITE, record.name, start, data, 0)
        start = next_


def _apply(content: bytearray, record: Record) -> None:
    if record.kind is Kind.TRUNCATE:
        if len(content) > record.offset:
            del content[record.offset :]
        else:
            content.extend(bytes(record.offset - len(content)))
        return
    if len(content) < record.offset:
        content.extend(bytes(record.offset - len(content)))
    content[record.offset : record.offset + len(record.data)] = record.data
