"""The floor on SQLite: the standard library's driver, an operation and its answer whole in one thread.

In the thread of the event loop it would be a little faster still, but one slow read would hold up all other requests.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from bench import floor_json, floor_wide
from bench.floor_json import Driver, exact

WORKSPACE: Final = "00000000000070008000000000000001"
GROUPS: Final = (8, 4, 4, 4, 12)
"""The digits of a uuid between its hyphens."""
DIGITS: Final = sum(GROUPS)
READERS: Final = 1
"""Threads that read: the interpreter's lock lets more of them gain nothing."""

_INBOX: Final = (
    "SELECT c.id, c.title, c.preview, c.last_activity_at, c.message_count, a.id, a.name "
    "FROM conversations AS c LEFT JOIN assistants AS a ON a.id = c.assistant_id "
    "WHERE c.workspace_id = ? AND c.deleted_at IS NULL ORDER BY c.last_activity_at DESC, c.id DESC LIMIT ?"
)
_SMALL: Final = "SELECT id, title FROM conversations WHERE workspace_id = ? AND id = ?"
_WIDE: Final = (
    f"SELECT {', '.join(floor_wide.CONVERSATION)} FROM conversations "
    "WHERE workspace_id = ? AND deleted_at IS NULL ORDER BY last_activity_at DESC, id DESC LIMIT ?"
)
_WIDE_MESSAGES: Final = (
    f"SELECT conversation_id, {', '.join(floor_wide.MESSAGE)} FROM messages "
    "WHERE conversation_id IN ({}) AND branch_position < ? ORDER BY conversation_id, branch_position"
)
_CITING: Final = (
    # The page of each source by itself: SQLite has no LATERAL, and a window would read all that cites it.
    "SELECT c.source_id, c.id, c.number, m.id, m.role, m.created_at, v.id, v.title, v.message_count "
    "FROM citations AS c JOIN conversations AS v ON v.id = c.conversation_id "
    "JOIN messages AS m ON m.id = c.message_id "
    "WHERE c.source_id = ? AND v.deleted_at IS NULL ORDER BY c.id DESC LIMIT ?"
)


class Sqlite:
    """The operations on SQLite."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._threads = ThreadPoolExecutor(READERS)
        self._local = threading.local()

    async def open(self) -> None:
        """Nothing: each thread opens its own connection when it needs one."""

    async def inbox(self, first: int, messages: int) -> bytes:
        """The newest conversations."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._inbox, first, messages)

    async def small(self, id: str) -> bytes:
        """One conversation."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._small, id)

    async def deep(self, id: str, messages: int, references: int) -> bytes:
        """One conversation and what cites the same sources."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._deep, id, messages, references)

    async def wide(self, first: int, messages: int) -> bytes:
        """Conversations and messages with all their scalar fields."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._wide, first, messages)

    def _inbox(self, first: int, messages: int) -> bytes:
        read = self._connection().execute
        found = read(_INBOX, (WORKSPACE, first + 1)).fetchall()
        ids = [row[0] for row in found[:first]]
        tags: dict[str, list[str]] = {}
        for key, tag in read(
            "SELECT conversation_id, tag FROM conversation_tags "
            f"WHERE conversation_id IN ({_marks(ids)}) ORDER BY conversation_id, position",
            ids,
        ):
            tags.setdefault(key, []).append(tag)
        listed = read(
            "SELECT id, conversation_id, role, content, confidence, created_at FROM messages "
            f"WHERE conversation_id IN ({_marks(ids)}) AND branch_position <= ? "
            "ORDER BY conversation_id, branch_position",
            (*ids, messages),
        ).fetchall()
        keys = [row[0] for row in listed]
        citations = read(
            "SELECT message_id, id, number, title, url, excerpt FROM citations "
            f"WHERE message_id IN ({_marks(keys)}) ORDER BY message_id, position",
            keys,
        ).fetchall()
        rows = [(*row, tags.get(row[0], ())) for row in found]
        return floor_json.inbox(_DRIVER, rows, listed, citations, first, messages)

    def _small(self, id: str) -> bytes:
        return floor_json.small(
            _DRIVER, self._connection().execute(_SMALL, (WORKSPACE, id.replace("-", ""))).fetchone()
        )

    def _deep(self, id: str, messages: int, references: int) -> bytes:
        read = self._connection().execute
        row = read(_SMALL, (WORKSPACE, id.replace("-", ""))).fetchone()
        listed = read(
            "SELECT id, role, content FROM messages "
            "WHERE conversation_id = ? AND branch_position IS NOT NULL ORDER BY branch_position LIMIT ?",
            (row[0], messages),
        ).fetchall()
        keys = [row[0] for row in listed]
        citations = read(
            "SELECT c.message_id, c.id, c.number, c.title, s.id, s.title, s.url "
            "FROM citations AS c JOIN sources AS s ON s.id = c.source_id "
            f"WHERE c.message_id IN ({_marks(keys)}) ORDER BY c.message_id, c.position",
            keys,
        ).fetchall()
        sources = {row[4] for row in citations}
        citing = [row for source in sources for row in read(_CITING, (source, references))]
        return floor_json.deep(_DRIVER, row, listed, citations, citing)

    def _wide(self, first: int, messages: int) -> bytes:
        read = self._connection().execute
        found = read(_WIDE, (WORKSPACE, first)).fetchall()
        keys = [row[0] for row in found]
        listed = read(_WIDE_MESSAGES.format(_marks(keys)), (*keys, messages)).fetchall()
        return floor_wide.wide(_DRIVER, found, listed)

    def _connection(self) -> sqlite3.Connection:
        opened: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if opened is None:
            opened = sqlite3.connect(f"file:{quote(self._path)}?mode=ro", uri=True, isolation_level=None)
            opened.execute("PRAGMA query_only=ON")
            opened.execute("PRAGMA cache_size=-16384")
            self._local.connection = opened
        return opened


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))


def _texts(before: str, keys: Sequence[Any], behind: str) -> bytes:
    """Uuids are stored as 32 digits: of all of them at once the first, the second, and so on is moved to its place."""
    pattern = f"{before}{'-'.join('_' * length for length in GROUPS)}{behind}".encode("ascii")
    places = [place for place, letter in enumerate(pattern) if letter == ord("_")]
    digits = "".join(keys).encode("ascii")
    text = bytearray(pattern * len(keys))
    for number, place in enumerate(places):
        text[place :: len(pattern)] = digits[number::DIGITS]
    return bytes(text)


def _times(values: Iterable[int | None]) -> list[Any]:
    # A double holds these microseconds exactly enough: its steps are a quarter of one until the year 2242.
    at = datetime.fromtimestamp
    return [
        None if value is None else at(value / 1e6, UTC) if value % 1_000_000 else exact(at(value / 1e6, UTC))
        for value in values
    ]


_DRIVER: Final = Driver(_texts, _times, lambda micros: micros)
