"""What the payloads of mutations hold."""

from db.viewer import DEFAULT_WORKSPACE_ID, Viewer
from tests.graph.asking import Client
from tests.graph.world import node

PARCEL, TICKET, DONE = node("Conversation", "parcel"), node("Conversation", "ticket"), node("Message", "done")
ERRORS = "userErrors { field message code limit actual currentVersion }"


async def test_mutations_of_one_document_are_done_in_turn_and_each_sees_those_before_it(client: Client) -> None:
    data = await client.ask(
        """
        mutation ($id: ID!) {
          one: tagConversations(input: {ids: [$id], tags: ["new"]}) { conversations { version tags } }
          wrong: untagConversations(input: {ids: [$id, "mangled"], tags: ["new"]}) {
            conversations { id } userErrors { field }
          }
          two: untagConversations(input: {ids: [$id], tags: ["urgent"]}) { conversations { version tags } }
        }
        """,
        id=PARCEL,
    )
    assert data == {
        "one": {"conversations": [{"version": 2, "tags": ["urgent", "billing", "new"]}]},
        "wrong": {"conversations": [], "userErrors": [{"field": ["ids", "1"]}]},
        "two": {"conversations": [{"version": 3, "tags": ["billing", "new"]}]},
    }


async def test_what_can_not_be_deleted_since_it_is_used_is_shown_with_what_uses_it(client: Client) -> None:
    data = await client.ask(
        f"""
        mutation ($assistant: ID!, $tool: ID!) {{
          deleteAssistant(input: {{id: $assistant}}) {{
            deletedAssistantId
            assistant {{ name conversations(first: 1) {{ totalCount nodes {{ id }} }} }}
            {ERRORS}
          }}
          deleteTool(input: {{id: $tool}}) {{
            deletedToolId tool {{ name conversations {{ nodes {{ id }} }} }} userErrors {{ field code }}
          }}
          unknown: deleteTool(input: {{id: $assistant}}) {{ deletedToolId tool {{ id }} userErrors {{ field code }} }}
        }}
        """,
        assistant=node("Assistant", "clerk"),
        tool=node("Tool", "lookup"),
    )
    shown = {"totalCount": 1, "nodes": [{"id": PARCEL}]}
    assert data["deleteAssistant"]["assistant"] == {"name": "Clerk", "conversations": shown}
    assert data["deleteAssistant"]["deletedAssistantId"] is None
    assert [each["code"] for each in data["deleteAssistant"]["userErrors"]] == ["IN_USE"]
    assert data["deleteTool"]["tool"] == {"name": "lookup_parcel", "conversations": {"nodes": [{"id": PARCEL}]}}
    assert data["unknown"] == {
        "deletedToolId": None,
        "tool": None,
        "userErrors": [{"field": ["id"], "code": "INVALID"}],
    }


async def test_what_was_deleted_is_named_by_its_id(client: Client) -> None:
    data = await client.ask(
        f"""
        mutation ($message: ID!, $ticket: ID!, $spare: UUID!) {{
          deleteMessage(input: {{id: $message}}) {{
            deletedMessageIds conversation {{ messageCount currentMessage {{ content }} }} {ERRORS}
          }}
          deleteConversation(input: {{id: $ticket}}) {{ deletedConversationId restorableUntil {ERRORS} }}
          createTool(input: {{uuid: $spare, name: "spare", kind: null}}) {{ tool {{ id kind }} {ERRORS} }}
        }}
        """,
        message=node("Message", "result"),
        ticket=TICKET,
        spare="0190f7c2-8a1b-7c3d-9e4f-5a6b7c8d9e0f",
    )
    gone = data["deleteMessage"]
    assert set(gone["deletedMessageIds"]) == {node("Message", "result"), DONE}
    assert gone["conversation"]["messageCount"] == 4
    assert data["deleteConversation"]["deletedConversationId"] == TICKET
    assert data["deleteConversation"]["restorableUntil"] is not None
    tool = data["createTool"]["tool"]
    assert tool["kind"] == "FUNCTION"
    deleted = await client.ask(
        f"mutation ($id: ID!) {{ deleteTool(input: {{id: $id}}) {{ deletedToolId tool {{ id }} {ERRORS} }} }}",
        id=tool["id"],
    )
    assert deleted["deleteTool"] == {"deletedToolId": tool["id"], "tool": None, "userErrors": []}


async def test_feedback_that_is_withdrawn_leaves_its_target(client: Client) -> None:
    document = f"""
    mutation ($id: ID!) {{
      withdrawFeedback(input: {{id: $id}}) {{
        withdrawnFeedbackId
        target {{
          __typename
          ... on Conversation {{ id like }} ... on Message {{ id content }} ... on Reference {{ id number }}
        }}
        {ERRORS}
      }}
    }}
    """
    targets = {
        "owners": {"__typename": "Conversation", "id": PARCEL, "like": None},
        "on-answer": {"__typename": "Message", "id": DONE, "content": "It is late [1].\nSorry [2]."},
        "on-citation": {"__typename": "Reference", "id": node("Reference", "cite-1"), "number": 1},
    }
    for name, target in targets.items():
        own = node("Feedback", name)
        data = await client.ask(document, id=own)
        assert data["withdrawFeedback"] == {"withdrawnFeedbackId": own, "target": target, "userErrors": []}
    again = await client.ask(document, id=node("Feedback", "owners"))
    assert again["withdrawFeedback"]["withdrawnFeedbackId"] is None
    assert again["withdrawFeedback"]["target"] is None
    assert [each["code"] for each in again["withdrawFeedback"]["userErrors"]] == ["NOT_FOUND"]


async def test_what_a_viewer_says_is_the_viewers_feedback_and_nobody_elses(client: Client) -> None:
    ada, ben = (Viewer(DEFAULT_WORKSPACE_ID, name) for name in ("ada", "ben"))
    document = f"""
    mutation ($input: GiveFeedbackInput!) {{
      giveFeedback(input: $input) {{ feedback {{ id authorId target {{ ... on Message {{ id }} }} }} {ERRORS} }}
    }}
    """
    given = await client.ask(document, ben, input={"targetId": DONE, "rating": "NEGATIVE"})
    assert given["giveFeedback"]["userErrors"] == []
    feedback = given["giveFeedback"]["feedback"]
    assert (feedback["authorId"], feedback["target"]) == ("ben", {"id": DONE})
    own = """
    query ($id: ID!, $message: ID!) {
      conversation(id: $id) { viewerFeedback { comment } }
      message(id: $message) { viewerFeedback { id } }
    }
    """
    assert await client.ask(own, ben, id=PARCEL, message=DONE) == {
        "conversation": {"viewerFeedback": None},
        "message": {"viewerFeedback": {"id": feedback["id"]}},
    }
    assert await client.ask(own, ada, id=PARCEL, message=DONE) == {
        "conversation": {"viewerFeedback": {"comment": "Too slow."}},
        "message": {"viewerFeedback": None},
    }


async def test_the_feedback_of_a_viewer_on_many_rows_is_one_statement(client: Client, statements: list[str]) -> None:
    await client.ask("{ conversations(first: 20) { nodes { viewerFeedback { id } } } }")
    assert len(statements) == 2
