"""Who may ask for which field: every field of the root says it, and nobody else is answered."""

from collections.abc import Iterator
from typing import Any

import pytest
from graphql import GraphQLObjectType, get_named_type, is_composite_type, is_required_argument

from db.database import Database
from db.viewer import Viewer
from db.words import Role, ViewerKind
from graph.access import roles
from graph.access.roles import ADMINS, ANYONE, EDITORS, LOGGERS, READERS, ROLES, SENDERS, WRITERS, Roles, metadata_of
from graph.schema import schema
from tests.access.limits.asking import facts, refusal, viewer_of

VIEWERS = [
    *(viewer_of(role) for role in Role),
    viewer_of(Role.END_USER, ViewerKind.ANONYMOUS),
]


def root_fields() -> Iterator[tuple[str, str, Any]]:
    core = schema._schema
    for kind, root in (
        ("query", core.query_type),
        ("mutation", core.mutation_type),
        ("subscription", core.subscription_type),
    ):
        for name, field in (root.fields if root is not None else {}).items():
            yield kind, name, field


def asking(kind: str, name: str, field: Any) -> str:
    """An operation with the one field."""
    given = {each: _literal(argument) for each, argument in field.args.items() if is_required_argument(argument)}
    arguments = f"({', '.join(f'{each}: {value}' for each, value in given.items())})" if given else ""
    below = " { __typename }" if is_composite_type(get_named_type(field.type)) else ""
    return f"{kind} {{ {name}{arguments}{below} }}"


def _literal(argument: Any) -> str:
    type_ = str(argument.type).rstrip("!")
    if type_.startswith("["):
        return "[]"
    named = get_named_type(argument.type)
    if hasattr(named, "values"):
        return str(next(iter(named.values)))
    if hasattr(named, "fields"):
        needed = {each: field for each, field in named.fields.items() if is_required_argument(field)}
        return "{" + ", ".join(f"{each}: {_literal(field)}" for each, field in needed.items()) + "}"
    return {"Int": "1", "Float": "1.0", "Boolean": "true", "DateTime": '"2026-01-01T00:00:00Z"'}.get(type_, '"x"')


def test_every_field_of_the_root_states_its_roles() -> None:
    without = [f"{kind} {name}" for kind, name, field in root_fields() if metadata_of(field).get(ROLES) is None]
    assert without == []


def test_a_field_that_states_none_is_an_admins() -> None:
    assert roles.roles_of("new", None) == ADMINS


STATED: dict[str, Roles] = {
    "conversations": READERS,
    "node": READERS,
    "createConversation": WRITERS,
    "addMessages": SENDERS,
    "logConversation": LOGGERS,
    "setCitations": EDITORS,
    "deleteAssistant": EDITORS,
    "viewer": ANYONE,
    "apiKeys": ADMINS,
    "createUserToken": ADMINS,
    "claimConversations": roles.CLAIMANTS,
}


@pytest.mark.parametrize(("name", "expected"), STATED.items())
def test_the_roles_are_those_of_the_table(name: str, expected: Roles) -> None:
    found = {field_name: metadata_of(field).get(ROLES) for _, field_name, field in root_fields()}
    assert found[name] == expected


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_no_viewer_is_answered_where_the_role_is_not_among_those_stated(database: Database) -> None:
    for kind, name, field in root_fields():
        if kind == "subscription":
            continue
        stated = metadata_of(field)[ROLES]
        for viewer in VIEWERS:
            if roles.standing(viewer) in stated:
                continue
            found = await refusal(database, asking(kind, name, field), viewer=viewer)
            assert found is not None, f"{viewer.role} was let to {name}"
            assert (found["code"], found["field"]) == ("FORBIDDEN", name)
            assert all(role.value in found["message"] for role in stated if isinstance(role, Role))


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("viewer", VIEWERS, ids=lambda viewer: f"{viewer.role}-{viewer.kind}")
async def test_one_field_that_is_forbidden_forbids_the_whole_operation(database: Database, viewer: Viewer) -> None:
    text = "{ conversations { totalCount } ...F } fragment F on Query { __typename audited: auditLog { totalCount } }"
    found = await refusal(database, text, viewer=viewer)
    if viewer.role is Role.ADMIN:
        assert found is None
    else:
        assert found is not None
        assert found["code"] == "FORBIDDEN"
        assert found["field"] == ("conversations" if viewer.role is Role.INGEST else "auditLog")


@pytest.mark.parametrize("text", ["{ __schema { types { name } } }", '{ __type(name: "Query") { name } }'])
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_introspection_is_for_all_but_ingest(database: Database, text: str) -> None:
    for viewer in VIEWERS:
        found = await refusal(database, text, viewer=viewer)
        assert (found is None) is (viewer.role is not Role.INGEST)


ALLOWED = [
    "messages { id sequence status __typename }",
    "conversation { id } userErrors { field message code limit }",
    "...P } } fragment P on AddMessagesPayload { messages { ...M } userErrors { message } } "
    "fragment M on Message { id sequence ... on Node { id",
    "__typename",
]
WITHHELD = {
    "messages { id content }": "addMessages.messages.content",
    "messages { id conversation { id } }": "addMessages.messages.conversation",
    "conversation { title }": "addMessages.conversation.title",
    "counts { inserted }": "addMessages.counts",
    "messages { ...M } } } fragment M on Message { id ... on Node { ...N } } fragment N on Message { parent { id": (
        "addMessages.messages.parent"
    ),
    "m: messages { id: content }": "addMessages.messages.content",
    "status: messages { content }": "addMessages.messages.content",
}


@pytest.mark.parametrize("selection", ALLOWED)
def test_ingest_may_have_what_tells_that_it_was_written(selection: str) -> None:
    assert facts(f"mutation {{ addMessages(input: {{}}) {{ {selection} }} }}").withheld is None


@pytest.mark.parametrize(("selection", "field"), WITHHELD.items())
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_ingest_may_have_nothing_else_of_a_payload(database: Database, selection: str, field: str) -> None:
    text = f'mutation {{ addMessages(input: {{conversationId: "x", messages: []}}) {{ {selection} }} }}'
    found = await refusal(database, text, viewer=viewer_of(Role.INGEST))
    assert found is not None
    assert (found["code"], found["field"]) == ("FORBIDDEN", field)
    assert facts(text).withheld == field


def test_the_payloads_that_ingest_has_hold_nothing_that_is_not_looked_at() -> None:
    """A new field of these payloads is withheld by itself; this says which ones there are."""
    core = schema._schema
    for name in ("AddMessagesPayload", "LogConversationPayload"):
        payload = core.get_type(name)
        assert isinstance(payload, GraphQLObjectType)
        open_ = {
            field
            for field in payload.fields
            if field in roles.INGEST_LEAVES | roles.INGEST_RECORDS | roles.INGEST_WHOLE
        }
        assert open_ <= {"conversation", "messages", "userErrors"}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_what_ingest_may_not_have_others_may(database: Database) -> None:
    text = 'mutation { addMessages(input: {conversationId: "x", messages: []}) { messages { content } } }'
    answer = await refusal(database, text, viewer=viewer_of(Role.EDITOR))
    assert answer is None or answer["code"] != "FORBIDDEN"
