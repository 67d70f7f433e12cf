"""A file or standard input as a stream of bytes: gzip undone, its beginning on view, its progress known."""

import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from stat import S_ISREG
from types import TracebackType
from typing import Final, Protocol, Self

CHUNK_SIZE: Final = 1024 * 1024
"""Bytes read at a time."""

SNIFF_SIZE: Final = 64 * 1024

_GZIP: Final = b"\x1f\x8b"
_BOM: Final = b"\xef\xbb\xbf"
# A damaged block of gzip takes what was undone of it along: small blocks lose little.
_GZIP_BLOCK: Final = 64 * 1024


class Stream(Protocol):
    """What bytes are read from, such as an open file."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes, none at the end."""
        ...

    def close(self) -> None:
        """Give the file back."""
        ...


class Source:
    """Bytes to import: `sniff` looks at the beginning, `chunks` then reads them all, once.

    Gzip is recognised by its first bytes, whatever the file is called; a byte order mark is dropped. What goes wrong
    while reading (gzip cut off or damaged, a failing disk) ends the stream and is told by `problem`.
    """

    def __init__(self, name: str, stream: Stream, *, size: int | None = None, chunk_size: int = CHUNK_SIZE) -> None:
        self.name = name
        self.size = size
        """Bytes of the file as it is stored; None where nobody knows, as for standard input."""
        self.position = 0
        """Bytes of the file, as it is stored, that were read so far."""
        self.problem: str | None = None
        """Why the stream ended before its end, if it did."""
        self._stream = stream
        self._chunk_size = chunk_size
        self._head = b""
        self._blocks = self._open()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the file back; what was not read is lost."""
        self._stream.close()

    def sniff(self, size: int = SNIFF_SIZE) -> bytes:
        """The first bytes, as many as asked for or as there are; `chunks` gives them again."""
        parts = [self._head]
        held = len(self._head)
        while held < size and (block := next(self._blocks, b"")):
            parts.append(block)
            held += len(block)
        self._head = b"".join(parts)
        return self._head[:size]

    def chunks(self) -> Iterator[bytes]:
        """All bytes from the beginning, in pieces that are never empty."""
        head, self._head = self._head, b""
        for start in range(0, len(head), self._chunk_size):
            yield head[start : start + self._chunk_size]
        yield from self._blocks

    def _open(self) -> Iterator[bytes]:
        data = self._read_more(b"", len(_GZIP))
        blocks = self._inflate(data) if data.startswith(_GZIP) else self._plain(data)
        head = b""
        for block in blocks:
            head += block
            if len(head) >= len(_BOM):
                break
        head = head.removeprefix(_BOM)
        if head:
            yield head
        yield from blocks

    def _read(self) -> bytes:
        try:
            data = self._stream.read(self._chunk_size)
        except OSError as error:
            self.problem = f"reading failed: {error.strerror or error}"
            return b""
        self.position += len(data)
        return data

    def _read_more(self, data: bytes, size: int) -> bytes:
        while len(data) < size and (more := self._read()):
            data += more
        return data

    def _plain(self, data: bytes) -> Iterator[bytes]:
        while data:
            yield data
            data = self._read()

    def _inflate(self, data: bytes) -> Iterator[bytes]:
        """Undo gzip, member after member; zeros may pad the end, as tapes do.

        What is damaged may come out as wrong bytes first: only the checksum at a member's end finds all damage.
        """
        while data:
            member = zlib.decompressobj(wbits=31)
            try:
                while not member.eof:
                    block = member.decompress(data, min(_GZIP_BLOCK, self._chunk_size))
                    data = member.unconsumed_tail
                    if not (block or data or member.eof or (data := self._read())):
                        self.problem = self.problem or "the gzip data is cut off"
                        return
                    if block:
                        yield block
            except zlib.error as error:
                self.problem = f"the gzip data is damaged ({error})"
                return
            data = member.unused_data.lstrip(b"\0")
            while not data and (more := self._read()):
                data = more.lstrip(b"\0")


def open_source(path: str | Path, *, chunk_size: int = CHUNK_SIZE, stdin: Stream | None = None) -> Source:
    """Open the file at `path`, or standard input for ``-``.

    Raises OSError when there is no such file or it may not be read.
    """
    if str(path) == "-":
        return Source("-", stdin or sys.stdin.buffer, chunk_size=chunk_size)
    file = Path(path).open("rb")  # noqa: SIM115 - the source closes it
    stat = Path(path).stat()
    return Source(str(path), file, size=stat.st_size if S_ISREG(stat.st_mode) else None, chunk_size=chunk_size)
