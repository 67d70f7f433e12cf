"""What must be in a database after a stream of writes, kept beside it in plain Python, and what is there."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from db.database import Database, database_url
from tests.interchange import stored

BELOW = ("citations", "follow_up_questions", "tool_calls", "attachments")
"""The tables of what a message has many of."""

NOTHING_BELOW = (0, 0, 0, 0)


@dataclass
class Said:
    """A message."""

    parent: UUID | None
    content: str
    below: tuple[int, ...] = NOTHING_BELOW
    """How many rows it has in each of the tables of `BELOW`."""
    opinions: dict[str, str] = field(default_factory=dict)
    """What the authors of feedback say of it."""


@dataclass
class Talk:
    """A conversation."""

    version: int = 1
    model: str | None = None
    archived: bool = False
    deleted: bool = False
    tags: list[str] = field(default_factory=list)
    said: dict[UUID, Said] = field(default_factory=dict)
    """The messages, the oldest first."""
    current: UUID | None = None

    def under(self, message_id: UUID) -> set[UUID]:
        """A message and all that is below it."""
        found = {message_id}
        for each, said in self.said.items():  # parents come first
            if said.parent in found:
                found.add(each)
        return found

    def newest_leaf(self, below: UUID | None) -> UUID | None:
        """The end of the way down from a message, or from the top, that takes the newest reply each time."""
        children: dict[UUID | None, UUID] = {said.parent: each for each, said in self.said.items()}
        while below in children:
            below = children[below]
        return below

    def forget(self, message_id: UUID) -> None:
        """Delete a message with its branch; what comes into play is the newest branch of those left beside it."""
        parent = self.said[message_id].parent
        gone = self.under(message_id)
        self.said = {each: said for each, said in self.said.items() if each not in gone}
        if self.current in gone:
            self.current = self.newest_leaf(parent)


World = dict[UUID, Talk]
"""The conversations by their ids."""


async def world_of(database: Database) -> World:
    """What is in the database."""
    world: World = {}
    for row in await stored.rows(database, "conversations"):
        world[row["id"]] = Talk(
            version=row["version"],
            model=row["model"],
            archived=row["archived_at"] is not None,
            deleted=row["deleted_at"] is not None,
            current=row["current_message_id"],
        )
    for row in await stored.rows(database, "conversation_tags", "conversation_id", "position"):
        world[row["conversation_id"]].tags.append(row["tag"])
    below = {name: Counter([row["message_id"] for row in await stored.rows(database, name)]) for name in BELOW}
    opinions: dict[UUID, dict[str, str]] = defaultdict(dict)
    for row in await stored.rows(database, "feedback"):
        opinions[row["message_id"]][row["author_id"]] = row["comment"]
    for row in await stored.rows(database, "messages", "conversation_id", "sequence"):
        world[row["conversation_id"]].said[row["id"]] = Said(
            parent=row["parent_id"],
            content=row["content"],
            below=tuple(below[name][row["id"]] for name in BELOW),
            opinions=opinions[row["id"]],
        )
    return world


async def keys_of(database: Database) -> set[str]:
    """The keys of the writes that the database has done."""
    return {row["key"] for row in await stored.rows(database, "repeats")}


class Looker:
    """Looks at databases that come one after the other under one URL; the engines stay, and know their statements."""

    def __init__(self, url: str) -> None:
        self._database = Database.open(database_url(url), purpose="look")

    async def look(self) -> tuple[set[str], World]:
        """The keys of the writes that were done, and what is there, after a check of all that must hold of it."""
        await stored.check(self._database)
        found = await keys_of(self._database), await world_of(self._database)
        await self.leave()
        return found

    async def leave(self) -> None:
        """Close all connections, so that the database may be replaced."""
        await self._database.reader.dispose()

    async def close(self) -> None:
        """End it."""
        await self._database.close()


def differences(expected: World, found: World) -> Iterator[str]:
    """What is otherwise than it must be."""
    for talk_id in expected.keys() | found.keys():
        one, other = expected.get(talk_id), found.get(talk_id)
        if one is None or other is None:
            yield f"conversation {talk_id} is {'not to be there' if one is None else 'missing'}"
            continue
        for name in ("version", "model", "archived", "deleted", "tags", "current"):
            if (wanted := getattr(one, name)) != (there := getattr(other, name)):
                yield f"conversation {talk_id}: {name} is {there}, not {wanted}"
        for message_id in one.said.keys() | other.said.keys():
            if (said := one.said.get(message_id)) != (read := other.said.get(message_id)):
                yield f"conversation {talk_id}: message {message_id} is {read}, not {said}"
