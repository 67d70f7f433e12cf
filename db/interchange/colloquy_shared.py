"""Stores imports, tools, assistants and sources of the native format: new ones, later states of known ones.

What is known here under another id (an assistant of the same origin or external id, a source of the same identity) is
not stored a second time: conversations of the file then refer to the one that is here.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from db import bulk, reads
from db.interchange import colloquy_known, known
from db.interchange.base import BadRecord
from db.interchange.colloquy_kinds import ASSISTANT, IMPORTS, SOURCE, TOOL, Kind, Node
from db.interchange.colloquy_merging import merged_shared, origin_key, told
from db.interchange.colloquy_outcome import COUNTED, Line, Outcome
from db.interchange.colloquy_rows import rows_where, shared_nodes
from db.interchange.writes import ASSISTANT_TOOLS, ORIGINS, TOOLS, VERSIONS
from db.viewer import Viewer

MAX_MAPPED: Final = 100_000
"""Shared rows of a file that may be here under another id."""

_Key = tuple[str, ...]


async def store_shared(
    connection: AsyncConnection, kind: Kind, lines: Sequence[Line], outcome: Outcome, *, viewer: Viewer
) -> None:
    """Store lines of one kind, no two of which have the same id. Raises bulk.RowsRefused."""
    if not lines:
        return
    owners = await colloquy_known.owners(connection, kind.table, [line.id for line in lines], viewer=viewer)
    mine = [own for own, owner in owners.items() if owner.mine]
    rows = await rows_where(
        connection, kind.table, reads.one_of(kind.table.c.id, mine), order=[kind.table.c.id], viewer=viewer
    )
    here = {node.values["id"]: node for node in await shared_nodes(connection, kind, rows, viewer=viewer)}
    for line in lines:
        if "toolIds" in line.node.lists:
            tools = (outcome.mapped.get(own, own) for own in line.node.lists["toolIds"])
            line.node.lists["toolIds"] = list(dict.fromkeys(tools))
    targets = await _targets(connection, lines, viewer=viewer)
    taken = await _taken(connection, kind, lines, viewer=viewer)
    new: list[Node] = []
    changed: list[Node] = []
    for line in lines:
        try:
            if line.id in owners and not owners[line.id].mine:
                raise BadRecord(f"{kind.name}.id: {line.id} is taken, by a row of another workspace")
            _check_targets(kind, line.node, targets)
            other = _other(kind, line, taken, known_here=line.id in here)
        except BadRecord as error:
            outcome.refuse(line, error)
            continue
        if other is not None:
            if len(outcome.mapped) >= MAX_MAPPED:
                outcome.refuse(line, f"{kind.name}: more than {MAX_MAPPED:,} are here under another id")
                continue
            outcome.mapped[line.id] = other
            outcome.notes.append(f"{line.place}: {kind.name} {line.id} is here as {other}, which stays as it is")
            outcome.tally.note(COUNTED[kind], "unchanged")
            continue
        taken |= dict.fromkeys(_keys(kind, line.node), line.id)
        outcome.tally.note(COUNTED[kind], _weigh(kind, line.node, here.get(line.id), new, changed))
    await _write(connection, kind, new, changed, viewer=viewer)


def _weigh(kind: Kind, coming: Node, here: Node | None, new: list[Node], changed: list[Node]) -> str:
    """Note what is to be written, and give the word for what becomes of the line."""
    if here is None:
        new.append(coming)
        return "new"
    before = told(kind, here)
    merged = merged_shared(here, coming)
    if told(kind, merged) != before:
        changed.append(merged)
        return "updated"
    return "unchanged" if told(kind, coming) == before else "older"


def _keys(kind: Kind, node: Node) -> list[_Key]:
    """What is one row's only, beside the id."""
    found: list[_Key] = [] if node.origin is None else [("origin", *origin_key(node.origin))]
    if kind is SOURCE and node.values["identity"] is not None:
        found.append(("identity", node.values["identity"]))
    if kind in (TOOL, ASSISTANT) and node.values["external_id"] is not None:
        found.append(("externalId", node.values["external_id"]))
    return found


async def _taken(
    connection: AsyncConnection, kind: Kind, lines: Sequence[Line], *, viewer: Viewer
) -> dict[_Key, UUID | None]:
    """Whose the keys of these lines are here; None: a row's of another kind."""
    keys = {key for line in lines for key in _keys(kind, line.node)}
    taken: dict[_Key, UUID | None] = {}
    origins = {origin_key(line.node.origin) for line in lines if line.node.origin is not None}
    for key, row in (await colloquy_known.origins(connection, origins, viewer=viewer)).items():
        taken["origin", *key] = row.entity_id if row.entity is kind.entity else None
    identities = {key[1] for key in keys if key[0] == "identity"}
    for identity, own in (await colloquy_known.identities(connection, identities, viewer=viewer)).items():
        taken["identity", identity] = own
    external = {key[1] for key in keys if key[0] == "externalId"}
    if external:
        for external_id, own in (await known.external_ids(connection, kind.table, external, viewer=viewer)).items():
            taken["externalId", external_id] = own
    return taken


def _other(kind: Kind, line: Line, taken: Mapping[_Key, UUID | None], *, known_here: bool) -> UUID | None:
    """The row that this one is here, where that is another. Raises BadRecord where it cannot be both."""
    others = {key: taken[key] for key in _keys(kind, line.node) if taken.get(key, line.id) != line.id}
    if not others:
        return None
    key, other = next(iter(others.items()))
    if known_here or len(set(others.values())) > 1 or other is None:
        raise BadRecord(
            f"{kind.name}.{key[0]}: {' '.join(key[1:])} is that of another row here, {other or 'of another kind'}"
        )
    return other


async def _targets(connection: AsyncConnection, lines: Sequence[Line], *, viewer: Viewer) -> set[UUID]:
    """Which of the tools and imports that lines refer to are here."""
    tools = {own for line in lines for own in line.node.lists.get("toolIds", ())}
    imports = {line.node.origin.values["import_id"] for line in lines if line.node.origin is not None} - {None}
    return await colloquy_known.there(connection, TOOLS, tools, viewer=viewer) | await colloquy_known.there(
        connection, IMPORTS, imports, viewer=viewer
    )


def _check_targets(kind: Kind, node: Node, targets: set[UUID]) -> None:
    for index, own in enumerate(node.lists.get("toolIds", ())):
        if own not in targets:
            raise BadRecord(f"{kind.name}.toolIds[{index}]: there is no tool {own}: its line must come before")
    import_id = None if node.origin is None else node.origin.values["import_id"]
    if import_id is not None and import_id not in targets:
        raise BadRecord(f"{kind.name}.origin.importId: there is no import {import_id}: its line must come before")


async def _write(
    connection: AsyncConnection, kind: Kind, new: Sequence[Node], changed: Sequence[Node], *, viewer: Viewer
) -> None:
    columns = [field.column for field in kind.fields]
    await bulk.insert(
        connection, kind.table, [{name: node.values[name] for name in columns} for node in new], viewer=viewer
    )
    await bulk.update(
        connection,
        kind.table,
        [node.values for node in changed],
        columns=[name for name in columns if name != "id"],
        viewer=viewer,
    )
    again = [node.values["id"] for node in changed]
    if kind is ASSISTANT:
        await bulk.delete(connection, ASSISTANT_TOOLS.c.assistant_id, again, viewer=viewer)
        links = [
            {"assistant_id": node.values["id"], "tool_id": tool_id, "position": position}
            for node in (*new, *changed)
            for position, tool_id in enumerate(node.lists.get("toolIds", ()))
        ]
        await bulk.insert(connection, ASSISTANT_TOOLS, links, viewer=viewer)
    for table in (ORIGINS, VERSIONS):
        await bulk.delete(connection, table.c.entity_id, again, viewer=viewer)
    traces = [trace_of(kind, node) for node in (*new, *changed)]
    await bulk.insert(connection, ORIGINS, [row for origins, _ in traces for row in origins], viewer=viewer)
    await bulk.insert(connection, VERSIONS, [row for _, versions in traces for row in versions], viewer=viewer)


def trace_of(kind: Kind, node: Node) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The rows of a node's origin, if it has one, and of its versions."""
    own = node.values["id"]
    origins = [] if node.origin is None else [{**node.origin.values, "entity_id": own, "entity": kind.entity}]
    return origins, [{**version.values, "entity_id": own} for version in node.versions]
