"""Exports: many conversations as the bytes of a file, or one as a text; what a format can't hold is counted."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from db import conversations, jsons
from db.database import Database
from db.errors import InvalidInput, NotFound
from db.filters import Where
from db.interchange import colloquy, csv_rows
from db.interchange.exports import COLLOQUY, CSV, EXPORTS, MARKDOWN
from db.interchange.foreign import converted
from db.interchange.markdown import markdown
from db.interchange.own import in_own_format, own_format
from db.interchange.rebuilding import Rebuilt, rebuild
from db.interchange.streaming import each, snapshot
from db.viewer import Viewer

_RULE: Final = "\n---\n\n"
"""What stands between two conversations in Markdown."""


@dataclass(frozen=True, slots=True)
class Exported:
    """One conversation in a format."""

    content: str
    losses: Counter[str] = field(default_factory=Counter)
    """How often what the format can't hold, by its name in the API."""


async def export_one(database: Database, conversation_id: UUID, name: str, *, viewer: Viewer) -> Exported | None:
    """A conversation in the format of that name; None where there is none. Raises InvalidInput for another name."""
    known(name)
    if name == COLLOQUY:
        async with snapshot(database, viewer=viewer) as connection:
            if conversation_id not in await conversations.by_ids(connection, [conversation_id], viewer=viewer):
                return None
            return Exported((await colloquy.export_one(connection, conversation_id, viewer=viewer)).decode())
    async with snapshot(database, viewer=viewer) as connection:
        found = await rebuild(connection, [conversation_id], viewer=viewer)
    if not found:
        return None
    pieces, losses = _pieces(found[0], name)
    return Exported((csv_rows.text([csv_rows.HEADER]) if name == CSV else "") + pieces, losses)


class Exporting:
    """An export of many conversations. Take its `pieces`; when these are at their end, the counts are right."""

    def __init__(
        self,
        database: Database,
        name: str,
        *,
        viewer: Viewer,
        ids: Sequence[UUID] | None = None,
        where: Where | None = None,
        include_deleted: bool = False,
        progress: Callable[[int], None] = lambda _done: None,
    ) -> None:
        """All conversations, or those of the ids that meet the filter. Raises InvalidInput for an unknown format.

        `include_deleted`: also those that can still be restored, in Colloquy's own format.

        `progress` is told how many conversations are done, after each piece.
        """
        known(name)
        self._database = database
        self._name = name
        self._viewer = viewer
        self._ids = ids
        self._where = where
        self._include_deleted = include_deleted
        self._progress = progress
        self.conversations = 0
        self.messages = 0
        self.losses: Counter[str] = Counter()
        """How often what the format can't hold, by its name in the API."""

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """The file, a piece at a time: memory does not grow with the number of conversations.

        Raises NotFound where one of the ids is no conversation, InvalidInput for a filter that is none.
        """
        await self._check_ids()
        if self._name == COLLOQUY:
            lines = colloquy.export_lines(
                self._database,
                viewer=self._viewer,
                ids=self._ids,
                where=self._where,
                include_deleted=self._include_deleted,
                progress=self._count,
            )
            async with contextlib.aclosing(lines):
                async for line in lines:
                    yield line
            return
        if self._name == CSV:
            yield csv_rows.text([csv_rows.HEADER]).encode()
        async for portion in each(self._database, viewer=self._viewer, ids=self._ids, where=self._where):
            for rebuilt in portion:
                text, losses = _pieces(rebuilt, self._name)
                self.losses += losses
                self.messages += len(rebuilt.draft.messages)
                if self._name == MARKDOWN and self.conversations:
                    text = _RULE + text
                self._count(self.conversations + 1)
                if text:
                    yield text.encode()

    def _count(self, done: int) -> None:
        self.conversations = done
        self._progress(done)

    async def _check_ids(self) -> None:
        if self._ids is None:
            return
        async with self._database.read(viewer=self._viewer) as connection:
            found = await conversations.by_ids(connection, list(self._ids), viewer=self._viewer)
        for row_id in self._ids:
            if row_id not in found or (found[row_id].deleted_at is not None and not self._include_deleted):
                raise NotFound(f"there is no conversation {row_id}", field="conversation")


def known(name: str) -> None:
    """Raise InvalidInput, naming all there are, for what is no format of exports."""
    if name not in EXPORTS:
        raise InvalidInput(f"there is no format {name!r}; there are {', '.join(sorted(EXPORTS))}", field="format")


def _pieces(rebuilt: Rebuilt, name: str) -> tuple[str, Counter[str]]:
    """A conversation as it stands in a file."""
    if name == MARKDOWN:
        return markdown(rebuilt.draft), Counter()
    if name == CSV:
        return csv_rows.text(csv_rows.rows(rebuilt.draft)), Counter()
    own = own_format(rebuilt.system) == name
    found = in_own_format(rebuilt, name) if own else converted(rebuilt.draft, name)
    return "".join(f"{jsons.dump(document)}\n" for document in found.documents), found.losses
