"""What single fields give, and what is seen by whom.

Longer than other modules, since answers are compared whole.
"""

from db.viewer import Viewer
from tests.graph import world
from tests.graph.asking import Client
from tests.graph.world import key, node

ELSEWHERE = Viewer(key("another workspace"))


async def test_a_conversation_has_all_that_is_known_of_it(client: Client) -> None:
    data = await client.ask(
        """
        query ($id: ID!) { conversation(id: $id) {
          type like comment tags sharedWith { userId access } properties config externalId ownerId version
          origin { system account kind recordId extra importedAt }
          supportTicketConversation { title } forkedFrom { content } tools { name kind }
          lastMessage { content } feedback { totalCount nodes { id comment } }
          references { totalCount nodes { title number } }
          own: references(where: {messageId: {isNull: true}}) { totalCount nodes { title } }
          archivedAt deletedAt
        } }
        """,
        id=node("Conversation", "parcel"),
    )
    assert data["conversation"] == {
        "type": "CHAT",
        "like": False,
        "comment": "Too slow.",
        "tags": ["urgent", "billing"],
        "sharedWith": [{"userId": "ben", "access": "READ"}],
        "properties": {"page": {"path": ["docs", "refunds"]}, "plan": "pro", "amount": 12.5},
        "config": {"top_p": 0.9},
        "externalId": "chat-1",
        "ownerId": "ada",
        "version": 1,
        "origin": {
            "system": "COGSOL",
            "account": "",
            "kind": "chat",
            "recordId": "812",
            "extra": {"color": "red"},
            "importedAt": "2026-03-01T09:35:00.000000Z",
        },
        "supportTicketConversation": {"title": "Ticket 7"},
        "forkedFrom": {"content": "Opened by mail."},
        "tools": [{"name": "lookup_parcel", "kind": "FUNCTION"}],
        "lastMessage": {"content": "Really?"},
        "feedback": {
            "totalCount": 2,
            "nodes": [
                {"id": node("Feedback", "stars"), "comment": None},
                {"id": node("Feedback", "owners"), "comment": "Too slow."},
            ],
        },
        "references": {
            "totalCount": 3,
            "nodes": [
                {"title": "Terms", "number": 1},
                {"title": "Parcels", "number": 1},
                {"title": "Refunds", "number": 2},
            ],
        },
        "own": {"totalCount": 1, "nodes": [{"title": "Terms"}]},
        "archivedAt": None,
        "deletedAt": None,
    }


async def test_a_message_has_metadata_and_usage_only_where_something_is_known(client: Client) -> None:
    fields = (
        "metadata { finishReason extra processingTimeMs } usage { inputTokens outputTokens totalTokens } userCredits"
    )
    data = await client.ask(
        f"query ($a: ID!, $b: ID!) {{ calls: message(id: $a) {{ {fields} }} ask: message(id: $b) {{ {fields} }} }}",
        a=node("Message", "calls"),
        b=node("Message", "ask"),
    )
    assert data == {
        "calls": {
            "metadata": {"finishReason": "tool_calls", "extra": {"trace": "t-1"}, "processingTimeMs": None},
            "usage": {"inputTokens": 30, "outputTokens": 7, "totalTokens": None},
            "userCredits": None,
        },
        "ask": {"metadata": None, "usage": None, "userCredits": 5},
    }


async def test_a_number_beyond_32_bits_is_null_and_no_error(client: Client) -> None:
    data = await client.ask(
        "query ($id: ID!) { message(id: $id) { attachments { name size } } }", id=node("Message", "ticket-1")
    )
    assert data["message"]["attachments"] == [{"name": "slip.pdf", "size": 2048}, {"name": "film.mkv", "size": None}]


async def test_the_openai_form_of_a_conversation_is_the_wire_form(client: Client, statements: list[str]) -> None:
    data = await client.ask(
        """
        query ($id: ID!) { conversation(id: $id) { messagesOpenAIFormat {
          role name content tool_call_id: toolCallId
          tool_calls: toolCalls { id: callId type function { name arguments } }
        } } }
        """,
        id=node("Conversation", "parcel"),
    )
    assert len(statements) == 4
    assert data["conversation"]["messagesOpenAIFormat"] == [
        {"role": "user", "name": "Ada", "content": "Where is my parcel?", "tool_call_id": None, "tool_calls": None},
        {
            "role": "assistant",
            "name": None,
            "content": None,
            "tool_call_id": None,
            "tool_calls": [
                {"id": "call-1", "type": "function", "function": {"name": "lookup_parcel", "arguments": '{"id": 7}'}},
                {"id": "call_1", "type": "function", "function": {"name": "think", "arguments": "{broken"}},
            ],
        },
        {
            "role": "tool",
            "name": "lookup_parcel",
            "content": '{"state": "delayed"}',
            "tool_call_id": "call-1",
            "tool_calls": None,
        },
        {
            "role": "assistant",
            "name": None,
            "content": [
                {"type": "text", "text": "It is late [1]."},
                {"type": "text", "text": "Sorry [2]."},
                {"type": "image_url", "image_url": {"url": "https://img.example/map.png", "detail": "low"}},
                {"type": "file", "file": {"filename": "slip.pdf"}},
                {"bars": [1, 2]},
            ],
            "tool_call_id": None,
            "tool_calls": None,
        },
    ]


async def test_feedback_says_what_it_is_on_and_what_was_seen(client: Client) -> None:
    data = await client.ask(
        """
        { feedback(where: {comment: {isNull: true}}, orderBy: [{field: CREATED_AT, direction: ASC}]) { nodes {
            target { __typename ... on Conversation { id heading: title } ... on Reference { id title }
                     ... on Message { id content } } } }
          half: feedback(where: {comment: {contains: "HALF"}}) { nodes {
            target { __typename ... on Message { id } } message { id } authorKind scores { name value label count }
            seen { messageVersion currentMessage { id } assistant { name } assistantVersion } } }
        }
        """
    )
    assert data["feedback"]["nodes"] == [
        {
            "target": {
                "__typename": "Conversation",
                "id": node("Conversation", "parcel"),
                "heading": "A parcel that is late",
            }
        },
        {"target": {"__typename": "Reference", "id": node("Reference", "cite-1"), "title": "Parcels"}},
    ]
    assert data["half"]["nodes"] == [
        {
            "target": {"__typename": "Message", "id": node("Message", "done")},
            "message": {"id": node("Message", "done")},
            "authorKind": "END_USER",
            "scores": [{"name": "accuracy", "value": 0.5, "label": "fair", "count": 3}],
            "seen": {
                "messageVersion": 1,
                "currentMessage": {"id": node("Message", "done")},
                "assistant": {"name": "Clerk"},
                "assistantVersion": None,
            },
        }
    ]


async def test_assistants_and_tools_know_each_other_and_their_conversations(client: Client) -> None:
    data = await client.ask(
        """
        query ($id: ID!) {
          assistant(id: $id) {
            name config tools { name } conversations(first: 1, orderBy: [{field: TITLE}]) { nodes { title } } }
          tools { totalCount nodes { name parameters assistants { name } conversations { nodes { title } } } }
          none: tools(where: {kind: {eq: MCP}}) { totalCount }
        }
        """,
        id=node("Assistant", "clerk"),
    )
    assert data["assistant"] == {
        "name": "Clerk",
        "config": None,
        "tools": [{"name": "search_docs"}, {"name": "lookup_parcel"}],
        "conversations": {"nodes": [{"title": "A parcel that is late"}]},
    }
    assert data["tools"] == {
        "totalCount": 2,
        "nodes": [
            {
                "name": "lookup_parcel",
                "parameters": {"type": "object"},
                "assistants": [{"name": "Clerk"}],
                "conversations": {"nodes": [{"title": "A parcel that is late"}]},
            },
            {
                "name": "search_docs",
                "parameters": None,
                "assistants": [{"name": "Clerk"}],
                "conversations": {"nodes": []},
            },
        ],
    }
    assert data["none"] == {"totalCount": 0}


NAMES = {
    "Conversation": "parcel",
    "Message": "done",
    "ToolCall": "call",
    "Attachment": "slip",
    "Reference": "cite-1",
    "Source": "parcels",
    "Assistant": "clerk",
    "Tool": "lookup",
    "Feedback": "owners",
}


async def test_every_node_is_read_again_by_its_id(client: Client, statements: list[str]) -> None:
    wanted = [node(type_name, name) for type_name, name in NAMES.items()]
    data = await client.ask(
        "query ($ids: [ID!]!) "
        "{ nodes(ids: $ids) { __typename id ... on Conversation { title } ... on ToolCall { name } } }",
        ids=[*wanted, node("Message", "nobody")],
    )
    assert data["nodes"] == [
        {
            "__typename": type_name,
            "id": wanted[index],
            **({"title": "A parcel that is late"} if type_name == "Conversation" else {}),
            **({"name": "lookup_parcel"} if type_name == "ToolCall" else {}),
        }
        for index, type_name in enumerate(NAMES)
    ] + [None]
    assert len(statements) == len(NAMES)
    for one in wanted:
        assert (await client.ask("query ($id: ID!) { node(id: $id) { id } }", id=one))["node"] == {"id": one}


async def test_a_padded_id_is_as_good(client: Client) -> None:
    padded = node("Tool", "lookup")
    padded += "=" * (-len(padded) % 4)
    data = await client.ask("query ($id: ID!) { tool(id: $id) { id name } }", id=padded)
    assert data["tool"] == {"id": node("Tool", "lookup"), "name": "lookup_parcel"}


async def test_a_conversation_is_found_by_the_applications_own_id(client: Client) -> None:
    data = await client.ask(
        '{ a: conversationByExternalId(externalId: "T-7") { title } '
        'b: conversationByExternalId(externalId: "t-7") { title } }'
    )
    assert data == {"a": {"title": "Ticket 7"}, "b": None}


async def test_what_is_deleted_is_listed_apart_and_nowhere_else(client: Client) -> None:
    data = await client.ask(
        """
        query ($conversation: ID!, $message: ID!, $call: ID!, $source: ID!) {
          conversations(deleted: true) { totalCount nodes { title } }
          conversation(id: $conversation) { deletedAt messages { totalCount nodes { id } } }
          message(id: $message) { id }
          node(id: $call) { id }
          messages(where: {content: {contains: "deleted with"}}) { totalCount }
          feedback { totalCount }
          source(id: $source) { references { totalCount } }
        }
        """,
        conversation=node("Conversation", "gone"),
        message=node("Message", "gone-1"),
        call=node("ToolCall", "gone-call"),
        source=node("Source", "refunds"),
    )
    assert data == {
        "conversations": {"totalCount": 1, "nodes": [{"title": "Gone"}]},
        "conversation": {"deletedAt": "2026-03-02T18:51:00.000000Z", "messages": {"totalCount": 0, "nodes": []}},
        "message": None,
        "node": None,
        "messages": {"totalCount": 0},
        "feedback": {"totalCount": 4},
        "source": {"references": {"totalCount": world.PLAIN + 1}},
    }


async def test_another_workspace_sees_nothing_of_this_one(client: Client) -> None:
    data = await client.ask(
        """
        query ($ids: [ID!]!, $id: ID!) {
          nodes(ids: $ids) { id } conversation(id: $id) { id } conversations { totalCount } messages { totalCount }
          feedback { totalCount } assistants { totalCount } tools { totalCount } sources { totalCount }
          tags { tag } propertyKeys(field: PROPERTIES) { key } conversationByExternalId(externalId: "T-7") { id }
        }
        """,
        viewer=ELSEWHERE,
        ids=[node(type_name, name) for type_name, name in NAMES.items()],
        id=node("Conversation", "parcel"),
    )
    assert data == {
        "nodes": [None] * len(NAMES),
        "conversation": None,
        "conversations": {"totalCount": 0},
        "messages": {"totalCount": 0},
        "feedback": {"totalCount": 0},
        "assistants": {"totalCount": 0},
        "tools": {"totalCount": 0},
        "sources": {"totalCount": 0},
        "tags": [],
        "propertyKeys": [],
        "conversationByExternalId": None,
    }


async def test_the_discovery_of_properties_goes_down_a_path(client: Client) -> None:
    data = await client.ask(
        """
        { keys: propertyKeys(field: PROPERTIES, path: ["page"]) { key count }
          values: propertyValues(field: PROPERTIES, path: ["page", "path"], prefix: "D") { value count }
          extra: propertyKeys(field: METADATA, on: MESSAGE) { key count } }
        """
    )
    assert data == {
        "keys": [{"key": "path", "count": 1}],
        "values": [{"value": "docs", "count": 1}],
        "extra": [{"key": "trace", "count": 1}],
    }
