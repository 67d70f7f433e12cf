"""What tests of writes begin with, and how they ask."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from db.database import Database
from db.record import new_id
from db.tables import metadata
from db.viewer import DEFAULT_VIEWER, PROGRAM, Viewer
from db.words import Actor, MessageRole, MessageType
from db.writing.outcome import Outcome
from db.writing.problems import Problem, Rejected
from tests.db.builders import START, World, at

ME = DEFAULT_VIEWER
STRANGER = Viewer(UUID("00000000-0000-7000-8000-00000000000a"))

ANSWER = {
    "role": MessageRole.ASSISTANT,
    "role_name": "assistant",
    "message_type": MessageType.BOT_RESPONSE,
    "actor": Actor.AI,
}


@dataclass
class Talk:
    """A conversation and its messages, in order."""

    id: UUID
    messages: list[UUID] = field(default_factory=list)


async def build_talk(world: World, length: int = 0, **values: Any) -> Talk:
    """A conversation with a thread of questions and answers."""
    talk = Talk(await world.conversation(**values))
    for sequence in range(length):
        role = ANSWER if sequence % 2 else {}
        parent = talk.messages[-1] if talk.messages else None
        made = await world.message(talk.id, sequence, parent_id=parent, created_at=at(sequence), **role)
        talk.messages.append(made)
    last = talk.messages[-1] if talk.messages else None
    await world.update("conversations", talk.id, message_count=length, last_message_id=last, current_message_id=last)
    return talk


async def talk_of(database: Database, length: int = 0, *, viewer: Viewer = ME, **values: Any) -> Talk:
    """The same, in a transaction of its own."""
    async with database.write(viewer=PROGRAM) as connection:
        return await build_talk(World(connection, viewer), length, **values)


async def add_branch(world: World, talk: Talk, below: UUID, sequence: int) -> UUID:
    """An answer that is not on the branch in play."""
    made = await world.message(talk.id, sequence, parent_id=below, branch_position=None, **ANSWER)
    await world.update("conversations", talk.id, message_count=sequence + 1, last_message_id=made)
    return made


async def strangers_workspace(database: Database) -> None:
    """Make the workspace of someone else."""
    async with database.write(viewer=PROGRAM) as connection:
        values = {"id": STRANGER.workspace_id, "name": "another", "created_at": START}
        await connection.execute(sa.insert(metadata.tables["workspaces"]).values(values))


async def stored_row(database: Database, table: str, row_id: UUID) -> dict[str, Any]:
    """A row as it is stored."""
    (found,) = await rows(database, table, id=row_id)
    return found


async def rows(database: Database, table: str, **equal: Any) -> list[dict[str, Any]]:
    """The rows with these values, by position where they have one."""
    t = metadata.tables[table]
    columns = [column for column in t.columns if column.computed is None]
    statement = sa.select(*columns).where(*(t.c[name] == value for name, value in equal.items()))
    if "position" in t.c:
        statement = statement.order_by(t.c.position)
    async with database.read(viewer=PROGRAM) as connection:
        return [dict(each) for each in (await connection.execute(statement)).mappings()]


async def refusal(write: Awaitable[Outcome]) -> list[Problem]:
    """What is wrong with a write that is refused."""
    with pytest.raises(Rejected) as caught:
        await write
    return list(caught.value.problems)


def told(problems: Sequence[Problem]) -> list[tuple[str, tuple[str, ...]]]:
    """Code and place of each problem."""
    return [(problem.code.value, problem.field) for problem in problems]


def unknown() -> UUID:
    """An id that nothing has."""
    return new_id()


async def written(write: Awaitable[Outcome]) -> Any:
    """The row that a write leaves."""
    outcome = await write
    assert outcome.row is not None
    return outcome.row
