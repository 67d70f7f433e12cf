"""Access by the API: what admins see and do, what is shown once, and what others are refused."""

import re
from dataclasses import replace
from typing import Any

import pytest

from db import writing
from db.database import Database
from db.viewer import Viewer
from db.words import ViewerKind
from graph import ids
from graph.access import tokens
from tests.access.keys.people import ADMIN, EDITOR, OPEN, OTHER_ADMIN, OTHERS, USER, audited, other_workspace
from tests.graph.asking import Client

WHO = "{ viewer { kind userId role scope workspace { name } expiresAt } }"
CREATE = """mutation ($input: CreateApiKeyInput!) {
  createApiKey(input: $input) { apiKey { id name prefix scope revokedAt } secret userErrors { field code } }
}"""
REVOKE = """mutation ($id: ID!) {
  revokeApiKey(input: {id: $id}) { apiKey { id revokedAt } userErrors { field code } }
}"""
TOKEN = """mutation ($input: CreateUserTokenInput!) {
  createUserToken(input: $input) { token expiresAt userErrors { field code } }
}"""
CLAIM = """mutation ($input: ClaimConversationsInput!) {
  claimConversations(input: $input) { claimedCount userErrors { field code message } }
}"""
LOG = """query ($where: AuditWhere, $first: Int) {
  auditLog(first: $first, where: $where) {
    totalCount pageInfo { hasNextPage }
    nodes { id at action userId nodeId typeName details apiKey { id prefix } }
  }
}"""
NODE = "query ($id: ID!) { node(id: $id) { __typename id } }"


@pytest.fixture
async def client(database: Database) -> Client:
    await other_workspace(database)
    return Client(database)


@pytest.mark.parametrize(
    ("viewer", "told"),
    [
        (OPEN, {"kind": "OPEN", "userId": None, "role": "ADMIN", "scope": None}),
        (EDITOR, {"kind": "KEY", "userId": None, "role": "EDITOR", "scope": "WRITE"}),
        (USER, {"kind": "END_USER", "userId": "ann", "role": "END_USER", "scope": None}),
    ],
)
async def test_the_viewer_learns_who_it_is(client: Client, viewer: Viewer, told: dict[str, Any]) -> None:
    data = await client.ask(WHO, viewer)
    assert data["viewer"] == {**told, "workspace": {"name": "default"}, "expiresAt": None}


async def test_there_is_no_rate_limit_where_nobody_counts(client: Client) -> None:
    assert await client.ask("{ rateLimit { limit cost remaining resetAt } }", ADMIN) == {"rateLimit": None}


async def test_a_key_is_made_with_its_secret_and_listed_without(client: Client) -> None:
    made = (await client.ask(CREATE, ADMIN, input={"name": "ci", "scope": "READ"}))["createApiKey"]
    assert re.fullmatch(r"clq_r_\w{38}", made["secret"])
    assert made["apiKey"]["prefix"] == made["secret"][:12]
    listed = await client.ask("{ apiKeys { id name prefix scope revokedAt } }", ADMIN)
    assert listed == {"apiKeys": [made["apiKey"]]}
    revoked = (await client.ask(REVOKE, ADMIN, id=made["apiKey"]["id"]))["revokeApiKey"]
    assert revoked["apiKey"]["revokedAt"] is not None
    assert made["secret"] not in repr(await audited(client.database))


async def test_another_workspaces_keys_are_not_there(client: Client) -> None:
    made = (await client.ask(CREATE, OTHER_ADMIN, input={"scope": "READ"}))["createApiKey"]["apiKey"]
    assert await client.ask("{ apiKeys { id } }", ADMIN) == {"apiKeys": []}
    refused = (await client.ask(REVOKE, ADMIN, id=made["id"]))["revokeApiKey"]
    assert refused == {"apiKey": None, "userErrors": [{"field": ["id"], "code": "NOT_FOUND"}]}


async def test_nodes_of_access_are_the_admins_own(client: Client) -> None:
    made = (await client.ask(CREATE, ADMIN, input={"scope": "READ"}))["createApiKey"]["apiKey"]
    (entry,) = (await client.ask(LOG, ADMIN))["auditLog"]["nodes"]
    here, there = ids.encode("Workspace", ADMIN.workspace_id), ids.encode("Workspace", OTHERS)
    for viewer, seen in (
        (ADMIN, {made["id"], entry["id"], here}),
        (OTHER_ADMIN, {there}),
        (EDITOR, {here}),
        (USER, {here}),
        (OPEN, {made["id"], entry["id"], here, there}),
    ):
        found = [(await client.ask(NODE, viewer, id=each))["node"] for each in (made["id"], entry["id"], here, there)]
        assert {node["id"] for node in found if node is not None} == seen, viewer


async def test_the_log_is_filtered_and_names_what_and_with_which_key(client: Client) -> None:
    made = (await client.ask(CREATE, ADMIN, input={"scope": "ADMIN"}))["createApiKey"]["apiKey"]
    with_it = replace(ADMIN, key_id=ids.decode(made["id"], "ApiKey"))
    tool = (await writing.create_tool(client.database, {"name": "t"}, viewer=with_it)).row
    await writing.create_tool(client.database, {"name": "u"}, viewer=with_it)
    assert tool is not None
    node_id = ids.encode("Tool", tool.id)
    log = (await client.ask(LOG, ADMIN, where={"nodeId": {"eq": node_id}}))["auditLog"]
    assert log["totalCount"] == 1
    (entry,) = log["nodes"]
    assert (entry["action"], entry["nodeId"], entry["typeName"]) == ("createTool", node_id, "Tool")
    assert entry["apiKey"] == {"id": made["id"], "prefix": made["prefix"]}
    page = (await client.ask(LOG, ADMIN, first=1, where={"action": {"eq": "createTool"}}))["auditLog"]
    assert (page["totalCount"], page["pageInfo"]["hasNextPage"]) == (2, True)
    refusal = await client.refusal(LOG, where={"nodeId": {"in": [node_id, "no id"]}})
    assert (refusal["code"], refusal["field"]) == ("BAD_USER_INPUT", "where.nodeId.in.1")


async def test_a_token_of_an_admin_signs_an_end_user_in(client: Client) -> None:
    made = (await client.ask(TOKEN, ADMIN, input={"userId": "bob", "expiresInSeconds": 600}))["createUserToken"]
    secret = await tokens.secret_of(client.database)
    read = tokens.read(secret, made["token"])
    assert (read.user_id, read.workspace_id, read.key_id, read.anonymous) == (
        "bob",
        ADMIN.workspace_id,
        ADMIN.key_id,
        False,
    )
    assert made["token"] not in repr(await audited(client.database))
    refused = (await client.ask(TOKEN, ADMIN, input={}))["createUserToken"]
    assert refused == {
        "token": None,
        "expiresAt": None,
        "userErrors": [{"field": ["userId"], "code": "REQUIRED"}],
    }


async def test_what_a_visitor_began_is_claimed_once_and_by_nobody_elsewhere(client: Client) -> None:
    made = (await client.ask(TOKEN, ADMIN, input={"anonymous": True}))["createUserToken"]
    visitor_id = tokens.read(await tokens.secret_of(client.database), made["token"]).user_id
    visitor = replace(USER, user_id=visitor_id, kind=ViewerKind.ANONYMOUS)
    for _ in range(2):
        await writing.create_conversation(client.database, {}, viewer=visitor)
    given = {"anonymousToken": made["token"]}
    elsewhere = (await client.ask(CLAIM, replace(USER, workspace_id=OTHERS), input=given))["claimConversations"]
    assert (elsewhere["claimedCount"], elsewhere["userErrors"][0]["field"]) == (0, ["anonymousToken"])
    for number in (2, 0):
        claimed = (await client.ask(CLAIM, USER, input=given))["claimConversations"]
        assert claimed == {"claimedCount": number, "userErrors": []}
    seen = await client.ask("{ conversations { nodes { ownerId } } }", USER)
    assert seen == {"conversations": {"nodes": [{"ownerId": "ann"}] * 2}}


async def test_a_claim_with_a_key_gives_its_first_answer_again(client: Client) -> None:
    made = (await client.ask(TOKEN, ADMIN, input={"anonymous": True}))["createUserToken"]
    visitor_id = tokens.read(await tokens.secret_of(client.database), made["token"]).user_id
    visitor = replace(USER, user_id=visitor_id, kind=ViewerKind.ANONYMOUS)
    await writing.create_conversation(client.database, {}, viewer=visitor)
    for _ in range(2):
        given = {"anonymousToken": made["token"], "idempotencyKey": "k"}
        assert (await client.ask(CLAIM, USER, input=given))["claimConversations"]["claimedCount"] == 1


async def test_a_token_that_is_none_is_refused_without_being_repeated(client: Client) -> None:
    for text in ("", "nothing", "a.b.c", "x" * 10_000):
        refused = (await client.ask(CLAIM, USER, input={"anonymousToken": text}))["claimConversations"]
        (error,) = refused["userErrors"]
        assert error["field"] == ["anonymousToken"]
        assert not text or text not in error["message"]


async def test_workspaces_are_made_listed_and_deleted_where_the_server_is_open(client: Client) -> None:
    create = 'mutation { createWorkspace(input: {name: "docs"}) { workspace { id name } userErrors { code } } }'
    made = (await client.ask(create, OPEN))["createWorkspace"]["workspace"]
    names = [each["name"] for each in (await client.ask("{ workspaces { name } }", OPEN))["workspaces"]]
    assert names == ["default", "docs", "other"]
    assert await client.ask("{ workspaces { name } }", ADMIN) == {"workspaces": [{"name": "default"}]}
    _, errors = await client.both(create, ADMIN)
    assert [error["extensions"]["code"] for error in errors] == ["FORBIDDEN"]
    assert "command line" in errors[0]["message"]
    delete = """mutation ($id: ID!, $name: String!) {
      deleteWorkspace(input: {id: $id, confirmName: $name}) { deletedWorkspaceId userErrors { field code } }
    }"""
    wrong = (await client.ask(delete, OPEN, id=made["id"], name="doc"))["deleteWorkspace"]
    assert wrong == {"deletedWorkspaceId": None, "userErrors": [{"field": ["confirmName"], "code": "INVALID"}]}
    gone = (await client.ask(delete, OPEN, id=made["id"], name="docs"))["deleteWorkspace"]
    assert gone == {"deletedWorkspaceId": made["id"], "userErrors": []}


@pytest.mark.parametrize(
    "document",
    [
        "{ workspaces { name } }",
        "{ apiKeys { id } }",
        "{ auditLog { totalCount } }",
        "mutation { createApiKey(input: {scope: ADMIN}) { secret } }",
        'mutation { createUserToken(input: {userId: "u"}) { token } }',
    ],
)
@pytest.mark.parametrize("viewer", [EDITOR, USER])
async def test_only_admins_administer(client: Client, document: str, viewer: Viewer) -> None:
    data, errors = await client.both(document, viewer)
    assert [error["extensions"]["code"] for error in errors] == ["FORBIDDEN"]
    assert data is None or set(data.values()) == {None}
    assert await audited(client.database) == []


async def test_an_export_is_noted(client: Client) -> None:
    talk = (await writing.create_conversation(client.database, {}, viewer=EDITOR)).row
    assert talk is not None
    document = "query ($id: ID!) { conversation(id: $id) { export(format: MARKDOWN) { content } } }"
    await client.ask(document, EDITOR, id=ids.encode("Conversation", talk.id))
    last = (await audited(client.database))[-1]
    assert (last["action"], last["node_id"], last["key_id"]) == ("export", talk.id, EDITOR.key_id)
    assert last["details"] == {"format": "markdown"}
