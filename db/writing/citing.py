"""Citations on their way in: each finds its source, or makes it.

The source is the one of the source id; else that of connector and external id, else of the URL; where nothing is known
under these, and where there is only a title, a new one. What the citation says of title and URL holds for the source
where that says nothing itself.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from db import bulk, reads
from db.record import KEY_LENGTH, new_id
from db.sources import identity_of
from db.writing.composing import Values, told
from db.writing.performing import Work
from db.writing.problems import Place
from db.writing.rows import here, lock_sources

_LEARNED: Final = ("title", "url", "kind", "text", "metadata")
"""What a source that is there already may still learn."""

_WANTED: Final = ("id", "identity", *_LEARNED)

_TELLING: Final = frozenset({"external_id", "url", "title", "text", "metadata"})
"""What a source says one of at least; a kind or a connector alone is none."""


class Citing:
    """The citations of one write: sources are asked for together, new ones are written once."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._sources = reads.table("sources")
        self._asked: dict[UUID, list[Place]] = {}
        self._identities: set[str] = set()
        self._by_id: dict[UUID, Values] = {}
        self._by_identity: dict[str, Values] = {}
        self._own: defaultdict[UUID, list[Values]] = defaultdict(list)
        """By message, the sources of its citations that nothing identifies."""
        self._new: dict[UUID, Values] = {}
        self._lessons: dict[UUID, Values] = {}
        self._counts: Counter[UUID] = Counter()
        self._locked: set[UUID] = set()

    def ask(self, citations: Sequence[Mapping[str, Any]], at: Place) -> None:
        """Note what is to be looked up for these inputs of references."""
        for index, citation in enumerate(citations):
            if (source_id := citation.get("source_id")) is not None:
                self._asked.setdefault(source_id, []).append((*at, str(index), "source_id"))
            elif (identity := identity_of(_described(citation))) is not None:
                self._identities.add(identity)

    async def look_up(self) -> None:
        """Look it all up, and note the sources that are not there."""
        if not (self._asked or self._identities):
            return
        rows, work = self._sources, self._work
        wanted = [rows.c[name] for name in _WANTED]
        here = reads.in_workspace(rows, work.viewer.workspace_id)
        if self._asked:
            found = await work.connection.execute(sa.select(*wanted).where(reads.one_of(rows.c.id, self._asked), here))
            self._by_id = {row["id"]: dict(row) for row in found.mappings()}
            for source_id in self._asked.keys() - self._by_id.keys():
                for at in self._asked[source_id]:
                    work.not_found(at, "source")
        for some in bulk.chunks(self._identities):
            found = await work.connection.execute(sa.select(*wanted).where(rows.c.identity.in_(some), here))
            self._by_identity |= {row["identity"]: dict(row) for row in found.mappings()}

    async def look_up_own(self, message_ids: Sequence[UUID]) -> None:
        """Look up the sources that nothing identifies of what these messages cite: cited again, they are the same."""
        if not message_ids:
            return
        rows, citations = self._sources, reads.table("citations")
        statement = (
            sa.select(citations.c.message_id, *(rows.c[name] for name in _WANTED))
            .select_from(citations.join(rows, rows.c.id == citations.c.source_id))
            .where(
                reads.one_of(citations.c.message_id, message_ids),
                rows.c.identity.is_(None),
                reads.in_workspace(citations, self._work.viewer.workspace_id),
            )
            .order_by(citations.c.position)
        )
        for found in (await self._work.connection.execute(statement)).mappings():
            row = dict(found)
            self._own[row.pop("message_id")].append(row)

    def rows(self, citations: Sequence[Mapping[str, Any]], *, conversation_id: UUID, message_id: UUID) -> list[Values]:
        """The rows of these inputs, without ids; see `cite` for what counts them."""
        made = []
        for position, citation in enumerate(citations):
            source = self._source(citation, message_id)
            row = {name: value for name, value in citation.items() if name != "source"}
            described = _described(citation)
            for name in ("title", "url"):
                if name not in row:
                    row[name] = described.get(name) or (source or {}).get(name)
            row.setdefault("number", position + 1)
            made.append(
                {
                    **row,
                    "conversation_id": conversation_id,
                    "message_id": message_id,
                    "position": position,
                    "source_id": None if source is None else source["id"],
                    "created_at": self._work.at,
                }
            )
        return made

    def cite(self, rows: Sequence[Mapping[str, Any]], by: int = 1) -> None:
        """Count that these citations come, or go."""
        for row in rows:
            if row["source_id"] is not None:
                self._counts[row["source_id"]] += by

    def _source(self, citation: Mapping[str, Any], message_id: UUID) -> Values | None:
        if (source_id := citation.get("source_id")) is not None:
            return self._by_id.get(source_id)
        values = _described(citation)
        if not _TELLING & values.keys():
            return None
        identity = identity_of(values)
        if (known := self._known(values, identity, message_id)) is not None:
            lesson = {name: values[name] for name in _LEARNED if known[name] is None and values.get(name)}
            known |= lesson
            if lesson and known["id"] not in self._new:
                self._lessons.setdefault(known["id"], {}).update(lesson)
            return known
        row = {**dict.fromkeys(_LEARNED), **values, "id": new_id(self._work.at), "identity": identity}
        self._new[row["id"]] = row
        if identity is not None:
            self._by_identity[identity] = row
        return row

    def _known(self, values: Values, identity: str | None, message_id: UUID) -> Values | None:
        """The source that this is; where nothing identifies it, one of the same title that the message cites."""
        if identity is not None:
            return self._by_identity.get(identity)
        own = self._own[message_id]
        return next((own.pop(i) for i, each in enumerate(own) if each["title"] == values.get("title")), None)

    async def write_sources(self, others: Collection[UUID] = ()) -> None:
        """Write the new sources, and what known ones learned: before the citations themselves.

        `others`: sources that lose citations in the same write; all that change are locked together.
        """
        work = self._work
        cited = {row["id"] for row in (*self._by_id.values(), *self._by_identity.values())} - self._new.keys()
        await lock_sources(work, (cited | set(others)) - self._locked)
        self._locked |= cited | set(others)
        times = {"created_at": work.at, "updated_at": work.at}
        # In one order, as two who make the same sources wait for each other's.
        rows = [row | times for row in sorted(self._new.values(), key=lambda row: row["identity"] or "")]
        await bulk.insert(work.connection, self._sources, rows, viewer=work.viewer)
        by_columns: defaultdict[tuple[str, ...], list[Values]] = defaultdict(list)
        for source_id, lesson in self._lessons.items():
            by_columns[tuple(sorted(lesson))].append({**lesson, "id": source_id, "updated_at": work.at})
        for columns, learned in sorted(by_columns.items()):
            await bulk.update(
                work.connection, self._sources, learned, columns=(*columns, "updated_at"), viewer=work.viewer
            )
        self._new, self._lessons = {}, {}

    async def write_counts(self) -> None:
        """Bring the counters of the sources up to date."""
        await bulk.add(self._work.connection, self._sources.c.citation_count, self._counts, viewer=self._work.viewer)
        self._counts.clear()


def _described(citation: Mapping[str, Any]) -> Values:
    """What a citation says of its source."""
    values = {name: citation[name] for name in ("title", "url", "kind") if citation.get(name)}
    values |= told(citation.get("source") or {})
    if len(values.get("title") or "") > KEY_LENGTH:
        values["title"] = values["title"][:KEY_LENGTH]  # of the source: the citation keeps it whole
    return values


async def tools_there(work: Work, asked: Mapping[UUID, Sequence[Place]]) -> None:
    """Note the tools that are not there."""
    known = await here(work, "tools", asked) if asked else set()
    for tool_id in asked.keys() - known:
        for at in asked[tool_id]:
            work.not_found(at, "tool")
