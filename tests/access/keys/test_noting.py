"""Which operations are noted as reads."""

import pytest
from graphql import GraphQLObjectType, parse

from db.database import Database
from db.journal import Journal
from graph.access.noting import WITHOUT_CONTENT, note_read
from graph.access.survey import Surveyor
from graph.schema import schema
from tests.access.keys.people import ADMIN, EDITOR, OPEN, USER, audited


def content_of(text: str) -> tuple[str, ...]:
    facts = Surveyor(schema._schema).survey(parse(text)).operation(None)
    assert facts is not None
    return facts.content


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_what_has_content_is_noted_by_its_fields(database: Database) -> None:
    journal = Journal(database)
    note_read(journal, EDITOR, "Inbox", content_of("{ viewer { role } conversations { totalCount } tags { tag } }"))
    note_read(journal, ADMIN, "Who", content_of("{ viewer { role } rateLimit { cost } __schema { types { name } } }"))
    note_read(None, ADMIN, "Nobody", ["conversations"])
    for viewer in (OPEN, USER):
        note_read(journal, viewer, None, ["conversations"])
    await journal.flush()
    assert [row["details"] for row in await audited(database)] == [
        {"fields": ["conversations", "tags"], "operation": "Inbox"}
    ]


def test_a_field_of_the_root_has_content_unless_it_is_known_to_have_none() -> None:
    query = schema._schema.query_type
    assert isinstance(query, GraphQLObjectType)
    own = {name for name in WITHOUT_CONTENT if not name.startswith("__")}
    assert own == {"viewer", "rateLimit", "workspaces", "apiKeys", "auditLog"}
    assert own < set(query.fields)
