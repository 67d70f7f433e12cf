"""The second wall, on PostgreSQL: the database itself shows a role that owns nothing what the viewer may see."""

from dataclasses import replace
from random import Random
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from db import row_security, walls
from db.bare import PostgresBare
from db.database import Database, DatabaseSettings, database_url
from db.errors import DatabaseUnfit
from db.record import new_id
from db.tables import metadata
from db.viewer import DEFAULT_VIEWER, DEFAULT_WORKSPACE_ID, PROGRAM, Asker, Viewer
from db.words import MessageRole
from db.writing import create_conversation, purge
from tests import postgres
from tests.access.walls.secured import secured_database
from tests.access.walls.test_writes import inputs
from tests.access.walls.worlds import ME, ME_AND_PUBLIC, MadeUp, answered, asked
from tests.db.builders import START, World, at
from tests.db.writing.scenes import build_talk

ELSEWHERE = Viewer(UUID("00000000-0000-7000-8000-00000000000a"))
WHERE: dict[str, Any] = {
    "conversations": {"has_feedback": True},
    "messages": {"has_citations": True},
    "feedback": {"rating": {"is_null": False}},
}


async def raw(database: Database, table: str, *, viewer: Asker) -> set[Any]:
    """The keys of all rows of a table that a plain statement finds, the first wall taken down."""
    keys = ", ".join(f"{column.name}::text" for column in metadata.tables[table].primary_key)

    async def work(connection: Any) -> Any:
        assert isinstance(connection, PostgresBare)
        connection.wall = None
        return await connection.fetch(f"SELECT {keys} FROM {table}", ())

    return {tuple(row) for row in await database.look(work, viewer=viewer)}


def keys_of(made: MadeUp, table: str, *, seen: bool) -> set[Any]:
    names = [column.name for column in metadata.tables[table].primary_key]
    return {
        tuple(str(row[name]) for name in names)
        for name_of, row, is_seen in made.rows
        if name_of == table and (is_seen or not seen)
    }


@pytest.mark.parametrize("viewer", [ME, ME_AND_PUBLIC], ids=["own", "own and public"])
async def test_a_plain_statement_finds_what_the_viewer_may_see(viewer: Viewer) -> None:
    made = MadeUp(Random(3), viewer).build()
    async with secured_database() as (owner, server):
        async with owner.write(viewer=PROGRAM) as connection:
            await made.insert(connection, alone=False)
        for table in {name for name, _, _ in made.rows}:
            assert await raw(server, table, viewer=viewer) == keys_of(made, table, seen=True), table
            assert await raw(server, table, viewer=DEFAULT_VIEWER) == keys_of(made, table, seen=False), table
            assert await raw(server, table, viewer=PROGRAM) == keys_of(made, table, seen=False), table
            assert await raw(server, table, viewer=ELSEWHERE) == set(), table
            assert await raw(server, table, viewer=replace(viewer, user_id="")) <= keys_of(made, table, seen=False)


async def test_every_table_has_policies_and_shows_nothing_to_who_has_not_said_who_asks() -> None:
    async with secured_database() as (owner, server):
        async with owner.write(viewer=PROGRAM) as connection:
            await MadeUp(Random(5), ME).build().insert(connection, alone=False)
            found = await connection.execute(
                sa.text(
                    "SELECT relname FROM pg_class WHERE relkind = 'r' AND relrowsecurity AND relnamespace = "
                    "current_schema()::regnamespace"
                )
            )
            assert set(metadata.tables) <= set(found.scalars())
        silent = Database.open(server.url)
        try:
            for table in metadata.tables:
                assert await raw(silent, table, viewer=DEFAULT_VIEWER) == set(), table
            with pytest.raises(DatabaseUnfit, match="COLLOQUY_ROW_SECURITY=true"):
                await row_security.check(silent)
        finally:
            await silent.close()


async def test_a_row_cannot_be_put_where_its_writer_may_not() -> None:
    async with secured_database() as (owner, server):
        async with owner.write(viewer=PROGRAM) as connection:
            values = {"id": ELSEWHERE.workspace_id, "name": "another", "created_at": START}
            await connection.execute(sa.insert(metadata.tables["workspaces"]).values(values))
            theirs = await World(connection).conversation(owner_id="you")
        for workspace_id, owner_id in ((ELSEWHERE.workspace_id, "me"), (DEFAULT_WORKSPACE_ID, "you")):
            row = {"id": new_id(), "workspace_id": workspace_id, "owner_id": owner_id, "title": "x"}
            with pytest.raises(sa.exc.DBAPIError, match="row-level security"):
                async with server.write(viewer=ME) as connection:
                    await connection.execute(
                        sa.insert(metadata.tables["conversations"]).values(**row, last_activity_at=START)
                    )
        for text in (f"UPDATE conversations SET title = 'x' WHERE id = '{theirs}'", "DELETE FROM conversations"):
            async with server.write(viewer=ME) as connection:
                await connection.execution_options(**{walls.WALL: None})  # the first wall is taken down
                assert (await connection.exec_driver_sql(text)).rowcount == 0


@pytest.mark.parametrize("viewer", [ME, ME_AND_PUBLIC], ids=["own", "own and public"])
async def test_every_verb_answers_as_without_the_second_wall(viewer: Viewer) -> None:
    made = MadeUp(Random(11), viewer).build()
    async with secured_database() as (owner, server):
        async with owner.write(viewer=PROGRAM) as connection:
            await made.insert(connection, alone=False)
        for who in (viewer, DEFAULT_VIEWER):
            for name, verb, args, options in asked(made, WHERE):
                with_it = await answered(server, verb, *args, viewer=who, **options)
                without = await answered(owner, verb, *args, viewer=who, **options)
                assert with_it == without, (name, args, options)


async def test_writes_do_what_they_do_without_it() -> None:
    async with secured_database() as (owner, server):
        for viewer in (ME, DEFAULT_VIEWER):
            async with owner.write(viewer=PROGRAM) as connection:
                world = World(connection)
                talk = await build_talk(world, 2, owner_id="me")
                source = await world.source(title="t", citation_count=1)
                await world.reference(talk.id, talk.messages[1], 0, source_id=source)
                staffs = await world.feedback(talk.id, talk.messages[1], author_id="staff")
                own = await world.feedback(talk.id, talk.messages[1], author_id="me")
            for verb, values in inputs(talk, own):
                await verb(server, values, viewer=viewer)
            assert (str(staffs),) not in await raw(owner, "feedback", viewer=PROGRAM), "it went with its message"
            assert (str(source),) not in await raw(owner, "sources", viewer=PROGRAM) or viewer is DEFAULT_VIEWER
        said = [{"role": MessageRole.USER, "content": str(n)} for n in range(5)]
        many = {"messages": said, "idempotency_key": "k"}
        first, again = [await create_conversation(server, many, viewer=ME) for _ in range(2)]
        assert first.row is not None
        assert again.row is not None
        assert first.row.id == again.row.id
        async with owner.write(viewer=PROGRAM) as connection:
            gone = await World(connection).conversation(owner_id="you", deleted_at=at(0))
        assert (await purge(server)).conversations >= 1
        assert (str(gone),) not in await raw(owner, "conversations", viewer=PROGRAM)


async def test_the_settings_are_sent_again_only_where_another_one_asks() -> None:
    async with secured_database() as (_, server):

        async def work(connection: Any) -> Any:
            return await connection.fetch("SELECT 1", ())

        with pytest.MonkeyPatch.context() as patch:
            told: list[Any] = []
            original = PostgresBare.tell

            async def noted(self: PostgresBare, given: Any, *, here: bool = False) -> None:
                before = self.told
                await original(self, given, here=here)
                told.append(before != self.told)

            patch.setattr(PostgresBare, "tell", noted)
            for viewer in (DEFAULT_VIEWER, DEFAULT_VIEWER, ME, ME, DEFAULT_VIEWER):
                await server.look(work, viewer=viewer)
        assert told == [True, False, True, False, True]


async def test_a_role_that_no_policy_binds_is_refused() -> None:
    async with secured_database() as (owner, _):
        async with owner.read(viewer=PROGRAM) as connection:
            name = (await connection.execute(sa.text("SELECT current_user"))).scalar_one()
        with pytest.raises(DatabaseUnfit, match="superuser"):
            await row_security.secure(owner, name)
        with pytest.raises(DatabaseUnfit, match="there is no role"):
            await row_security.secure(owner, "nobody_of_that_name")
        unbound = Database.open(owner.url, DatabaseSettings(row_security=True))
        try:
            with pytest.raises(DatabaseUnfit, match="colloquy db secure"):
                await row_security.check(unbound)
        finally:
            await unbound.close()


async def test_a_role_that_owns_a_table_is_refused() -> None:
    name = await postgres.create_database()
    owner = Database.open(database_url(postgres.url(name)))
    role = f"owner_{new_id().hex}"
    try:
        async with owner.write(viewer=PROGRAM) as connection:
            await connection.exec_driver_sql(f"CREATE ROLE {role} LOGIN")
            await connection.exec_driver_sql(f"ALTER TABLE messages OWNER TO {role}")
        with pytest.raises(DatabaseUnfit, match="owns the table messages"):
            await row_security.secure(owner, role)
    finally:
        async with owner.write(viewer=PROGRAM) as connection:
            await connection.exec_driver_sql(f"REASSIGN OWNED BY {role} TO CURRENT_USER")
            await connection.exec_driver_sql(f"DROP ROLE {role}")
        await owner.close()
        await postgres.drop_database(name)
