"""What the operations of clients answer and how many statements that takes, on both databases.

Longer than other modules, since answers are compared whole.
"""

from typing import Any

from graph.execution import switched
from tests.graph import world
from tests.graph.asking import Client
from tests.graph.world import node


async def test_the_inbox_takes_four_statements_whatever_it_shows(client: Client, statements: list[str]) -> None:
    """The page, the tags, the assistants, the current messages."""
    data = await client.ask("inbox", first=20)
    assert len(statements) == 4
    first = data["conversations"]["edges"][0]["node"]
    assert first == {
        "id": node("Conversation", "parcel"),
        "title": "A parcel that is late",
        "preview": "Where is my parcel?",
        "lastActivityAt": "2026-03-02T02:10:00.000000Z",
        "archivedAt": None,
        "executionStatus": "AVAILABLE",
        "visibility": "PRIVATE",
        "messageCount": 6,
        "tags": ["urgent", "billing"],
        "assistant": {"id": node("Assistant", "clerk"), "name": "Clerk"},
        "currentMessage": {
            "id": node("Message", "done"),
            "roleName": "assistant",
            "actor": "AI",
            "status": "COMPLETE",
        },
    }
    statements.clear()
    for size in (1, 100):
        await client.ask("inbox", first=size)
    assert len(statements) == 8


async def test_the_inbox_can_be_scrolled_to_its_end(client: Client) -> None:
    seen: list[str] = []
    after = None
    while True:
        page = (await client.ask("inbox", first=7, after=after))["conversations"]
        seen += [edge["node"]["title"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        assert after == page["edges"][-1]["cursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    plain = [f"Plain {n:02}" for n in reversed(range(world.PLAIN))]
    assert seen == ["A parcel that is late", "Ticket 7", *plain]


PERIOD: dict[str, Any] = {"from": "2026-03-01T00:00:00Z", "to": "2026-03-02T00:00:00Z"}

FILTERS: list[tuple[dict[str, Any], int]] = [
    ({}, 20),
    ({"archived": True}, 3),
    ({"tags": {"hasAny": ["urgent"]}}, 1),
    ({"tags": {"hasAll": ["urgent", "billing"]}}, 1),
    ({"tags": {"isEmpty": True}}, 1),
    ({"title": {"startsWith": "PLAIN 1"}}, 10),
    ({"not": {"title": {"startsWith": "plain"}}}, 2),
    ({"or": [{"externalId": {"eq": "T-7"}}, {"ownerId": {"in": ["ada"]}}]}, 2),
    ({"and": [{"like": {"eq": False}}, {"like": {"isNull": False}}]}, 1),
    ({"assistantId": {"isNull": True}}, 1),
    ({"type": {"ne": "CHAT"}}, 1),
    ({"origin": {"eq": "COGSOL"}, "recordId": {"eq": "812"}}, 1),
    ({"properties": [{"path": ["page", "path", "0"], "eq": "docs"}]}, 1),
    ({"properties": [{"path": ["n"], "gte": 20}, {"path": ["plan"], "startsWith": "FR"}]}, 4),
    ({"properties": [{"path": ["amount"], "lt": 12.75}]}, 1),
    ({"messages": {"role": {"eq": "TOOL"}, "visible": False}}, 1),
    ({"messages": {"metadata": [{"path": ["trace"], "exists": True}]}}, 1),
    ({"references": {"messageId": {"isNull": True}}}, 1),
    ({"feedback": {"score": {"name": "accuracy", "gte": 0.5}}}, 1),
    ({"messageCount": {"in": [1, 6]}}, 2),
    ({"createdAt": {"lt": "2026-03-01T10:31:00+01:00"}}, 2),
    ({"hasCitations": False}, 1),
]
"""Conditions, and how many conversations of the first 20 meet them."""


async def test_conversations_are_filtered(client: Client) -> None:
    found = []
    for where, _ in FILTERS:
        data = await client.ask("inbox", first=20, where=where)
        found.append((where, len(data["conversations"]["edges"])))
    assert found == FILTERS


async def test_filters_take_ids_of_their_own_type(client: Client) -> None:
    data = await client.ask("inbox", where={"assistantId": {"in": [node("Assistant", "clerk")]}})
    assert [edge["node"]["title"] for edge in data["conversations"]["edges"]] == ["A parcel that is late"]


async def test_the_side_bar_takes_four_statements(client: Client, statements: list[str]) -> None:
    data = await client.ask("side-bar", path=["plan"], tags="B")
    assert len(statements) == 4
    assert data == {
        "tags": [{"tag": "billing", "count": world.PLAIN + 1}],
        "assistants": {
            "nodes": [
                {"id": node("Assistant", "clerk"), "name": "Clerk"},
                {"id": node("Assistant", "guide"), "name": "Guide"},
            ]
        },
        "propertyKeys": [
            {"key": "plan", "count": world.PLAIN + 1},
            {"key": "n", "count": world.PLAIN},
            {"key": "amount", "count": 1},
            {"key": "page", "count": 1},
        ],
        "propertyValues": [{"value": "free", "count": world.PLAIN}, {"value": "pro", "count": 1}],
    }


async def test_a_thread_takes_thirteen_statements(client: Client, statements: list[str]) -> None:
    """The conversation; its assistant, current message and page; of the messages parts, siblings, citations, questions,
    calls, attachments; the messages beside the siblings, the sources of the citations, the results of the calls."""
    data = await client.ask("thread", id=node("Conversation", "parcel"))
    assert len(statements) == 13
    messages = [edge["node"] for edge in data["conversation"]["messages"]["edges"]]
    assert [message["sequence"] for message in messages] == [1, 2, 4]
    ask, calls, done = messages
    assert ask["contentParts"] == [{"__typename": "TextPart", "text": "Where is my parcel?"}]
    assert ask["siblings"] == {"index": 0, "count": 1, "previous": None, "next": None}
    assert calls["contentParts"] == []
    assert calls["siblings"] == {"index": 0, "count": 2, "previous": None, "next": {"id": node("Message", "other")}}
    assert calls["toolCalls"] == [
        {
            "id": node("ToolCall", "call"),
            "name": "lookup_parcel",
            "arguments": {"id": 7},
            "argumentsText": '{"id": 7}',
            "result": {"id": node("Message", "result"), "content": '{"state": "delayed"}'},
        },
        {
            "id": node("ToolCall", "call-2"),
            "name": "think",
            "arguments": None,
            "argumentsText": "{broken",
            "result": None,
        },
    ]
    assert [part["__typename"] for part in done["contentParts"]] == [
        "ReasoningPart",
        "TextPart",
        "TextPart",
        "ImagePart",
        "FilePart",
        "OtherPart",
    ]
    assert done["contentParts"][3:] == [
        {"__typename": "ImagePart", "url": "https://img.example/map.png", "detail": "low"},
        {"__typename": "FilePart", "name": "slip.pdf", "mediaType": "application/pdf", "url": None},
        {"__typename": "OtherPart", "type": "chart", "payload": {"bars": [1, 2]}},
    ]
    assert done["citations"] == [
        {
            "id": node("Reference", "cite-1"),
            "number": 1,
            "title": "Parcels",
            "pages": [3],
            "breadcrumbs": [],
            "relevanceScore": None,
            "source": {
                "id": node("Source", "parcels"),
                "title": "Parcels",
                "url": "https://docs.example/parcels",
                "connector": "wiki",
            },
        },
        {
            "id": node("Reference", "cite-2"),
            "number": 2,
            "title": "Refunds",
            "pages": [],
            "breadcrumbs": ["Help", "Money"],
            "relevanceScore": 0.5,
            "source": {
                "id": node("Source", "refunds"),
                "title": "Refunds",
                "url": "https://docs.example/refunds",
                "connector": None,
            },
        },
    ]
    assert done["followUpQuestions"] == [{"question": "Can I get a refund?", "confidence": "High"}]


async def test_a_thread_is_read_backwards_from_its_end(client: Client) -> None:
    last = await client.ask("thread", id=node("Conversation", "parcel"), last=1)
    page = last["conversation"]["messages"]
    assert [edge["node"]["sequence"] for edge in page["edges"]] == [4]
    assert (page["pageInfo"]["hasPreviousPage"], page["pageInfo"]["hasNextPage"]) == (True, False)
    earlier = await client.ask(
        "thread", id=node("Conversation", "parcel"), last=5, before=page["pageInfo"]["startCursor"]
    )
    page = earlier["conversation"]["messages"]
    assert [edge["node"]["sequence"] for edge in page["edges"]] == [1, 2]
    assert (page["pageInfo"]["hasPreviousPage"], page["pageInfo"]["hasNextPage"]) == (False, True)


async def test_the_branch_around_a_message_takes_five_statements(client: Client, statements: list[str]) -> None:
    """The conversation, the page, the siblings, those beside them, the citations."""
    data = await client.ask("around", id=node("Conversation", "parcel"), message=node("Message", "other"), first=2)
    assert len(statements) == 5
    shown = data["conversation"]["messages"]
    sequences = [edge["node"]["sequence"] for edge in shown["edges"]]
    assert 5 in sequences
    assert set(sequences) < {1, 5, 6}
    whole = await client.ask("around", id=node("Conversation", "parcel"), message=node("Message", "other"))
    assert [edge["node"]["sequence"] for edge in whole["conversation"]["messages"]["edges"]] == [1, 5, 6]


async def test_the_dashboard_takes_fourteen_statements(client: Client, statements: list[str]) -> None:
    """Six counts and the page of complaints; their reasons, conversations, messages and verdicts; of the messages the
    parents and citations, of the verdicts the references."""
    data = await client.ask("dashboard", assistant=node("Assistant", "clerk"), **PERIOD)
    assert len(statements) == 14
    numbers = {name: value["totalCount"] for name, value in data.items() if name != "complaints"}
    assert numbers == {"all": 1, "failed": 0, "unsure": 1, "uncited": 0, "up": 1, "down": 2}
    answer, conversation = data["complaints"]["nodes"]
    assert answer["comment"] == "Half right."
    assert answer["reasons"] == [{"label": "incomplete", "details": "no date"}]
    assert answer["message"]["parent"] == {"id": node("Message", "result"), "content": '{"state": "delayed"}'}
    assert answer["citationVerdicts"] == [
        {"verdict": "NEGATIVE", "title": None, "reference": {"id": node("Reference", "cite-2"), "title": "Refunds"}},
        {"verdict": "MISSING", "title": "Strikes", "reference": None},
    ]
    assert (conversation["comment"], conversation["message"]) == ("Too slow.", None)


async def test_the_report_on_sources_takes_nine_statements(client: Client, statements: list[str]) -> None:
    """The sources, the one source, the conversations and their number; of the source a page of references and their
    number; of these feedback, messages and conversations."""
    data = await client.ask("sources", prefix="HTTPS://docs", id=node("Source", "refunds"))
    assert len(statements) == 9
    assert [source["title"] for source in data["sources"]["nodes"]] == ["Refunds", "Parcels"]
    references = data["source"]["references"]
    assert len(references["nodes"]) == 5
    assert references["totalCount"] == world.PLAIN + 1  # without the deleted conversation's
    assert data["complained"] == {
        "totalCount": 1,
        "nodes": [{"id": node("Conversation", "parcel"), "title": "A parcel that is late"}],
    }


async def test_a_count_alone_reads_no_rows(client: Client, statements: list[str]) -> None:
    data = await client.ask(
        "query ($no: Boolean!) { conversations { __typename totalCount ...More @include(if: $no) nodes @skip(if: true)"
        " { id } } } fragment More on ConversationConnection { nodes { id } }",
        no=False,
    )
    assert data == {"conversations": {"__typename": "ConversationConnection", "totalCount": world.PLAIN + 2}}
    assert ["count(" in text and "LIMIT" not in text for text in statements] == [True]
    statements.clear()
    data = await client.ask(
        "{ assistants { nodes { conversations { totalCount } tools { conversations { totalCount } } } } }"
    )
    assert [assistant["conversations"]["totalCount"] for assistant in data["assistants"]["nodes"]] == [1, world.PLAIN]
    assert len(statements) == 4


async def test_field_by_field_the_same_list_under_two_names_is_one_statement(
    client: Client, statements: list[str]
) -> None:
    with switched("off"):
        await client.ask(
            "{ a: conversations(first: 3) { nodes { id } } b: conversations(first: 3) { nodes { title } } }"
        )
        assert len(statements) == 1
        statements.clear()
        await client.ask("{ a: conversations(first: 3) { nodes { id } } b: conversations(first: 4) { nodes { id } } }")
        assert len(statements) == 2


async def test_the_pages_of_many_conversations_are_one_statement(client: Client, statements: list[str]) -> None:
    data = await client.ask(
        "{ conversations(first: 100) { nodes {"
        " messages(first: 1) { nodes { content } pageInfo { hasNextPage } totalCount } } } }"
    )
    assert len(statements) == 3
    shown = [conversation["messages"] for conversation in data["conversations"]["nodes"]]
    assert shown[0] == {
        "nodes": [{"content": "Where is my parcel?"}],
        "pageInfo": {"hasNextPage": True},
        "totalCount": 4,
    }
    assert shown[1] == {"nodes": [{"content": "Opened by mail."}], "pageInfo": {"hasNextPage": False}, "totalCount": 1}


async def test_like_and_comment_are_one_statement_for_all_conversations(client: Client, statements: list[str]) -> None:
    await client.ask("{ conversations { nodes { like comment } } }")
    assert len(statements) == 2


EVERYTHING = """
query ($first: Int!) {
  conversations(first: $first) {
    nodes {
      tools { name assistants { name } } origin { recordId } supportTicketConversation { id } forkedFrom { id }
      lastMessage { id } references { nodes { number } } feedback { nodes { rating scores { name } } }
      messagesOpenAIFormat { role content }
      messages(allBranches: true) {
        nodes {
          parent { id } feedback { id target { __typename } seen { assistant { name } } } conversation { id }
          citations { message { id } feedback { id } } toolCalls { tool { name } } origin { kind }
        }
      }
    }
  }
}
"""


async def test_the_number_of_statements_follows_from_the_shape(client: Client, statements: list[str]) -> None:
    await client.ask(EVERYTHING, first=1)
    one = len(statements)
    statements.clear()
    await client.ask(EVERYTHING, first=25)
    assert len(statements) == one
