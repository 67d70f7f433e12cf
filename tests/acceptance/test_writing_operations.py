"""The writing operations of clients, over HTTP, on both databases: right answers, and one effect however often sent.

Each is sent as this repository has it, and as the folder beside it has it where that is there.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from httpx2 import ASGITransport, AsyncClient

from db.database import Database
from graph import ids
from graph.app import create_app
from graph.negotiation import GRAPHQL_TYPE
from graph.settings import Settings
from tests.acceptance.worlds import SHARED
from tests.graph import world
from tests.graph.asking import OPERATIONS
from tests.graph.world import node

BESIDE = SHARED / "design" / "operations"

PARCEL, TICKET, DONE = node("Conversation", "parcel"), node("Conversation", "ticket"), node("Message", "done")
UUID_MADE = "0190f7c2-8a1b-7c3d-9e4f-5a6b7c8d9e0f"
MADE = ids.encode("Message", UUID(UUID_MADE))


@dataclass
class Sender:
    """Sends documents as a client does."""

    http: AsyncClient
    folder: Path

    async def send(self, document: str, **variables: Any) -> Any:
        """The payload of the mutation in that file, or of that document; an error of the request is a failed test."""
        if "{" not in document:
            [path] = self.folder.glob(f"*{document}.graphql")
            document = path.read_text()
        body = {"query": document, "variables": variables}
        response = await self.http.post("/graphql", json=body, headers={"accept": GRAPHQL_TYPE})
        answer = response.json()
        assert response.status_code == 200, answer
        assert "errors" not in answer, answer
        [payload] = answer["data"].values()
        return payload


@pytest.fixture(params=["ours", "beside"])
async def sender(request: pytest.FixtureRequest, database: Database) -> AsyncIterator[Sender]:
    """Sends to the application over the small world of `tests.graph.world`."""
    folder = OPERATIONS if request.param == "ours" else BESIDE
    if not folder.is_dir():
        pytest.skip("the operations are not beside this repository")
    await world.build(database)
    app = create_app(Settings(explorer=False), database=database)
    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=ASGITransport(app), base_url="http://localhost") as http,
    ):
        yield Sender(http, folder)


async def thread(sender: Sender, id: str) -> list[str]:
    """The contents of the branch in play."""
    document = "query ($id: ID!) { conversation(id: $id) { messages(first: 100) { nodes { content } } } }"
    return [each["content"] for each in (await sender.send(document, id=id))["messages"]["nodes"]]


async def test_a_question_is_sent_once_however_often_the_browser_tries(sender: Sender) -> None:
    question = {"conversationId": PARCEL, "uuid": UUID_MADE, "content": "And now?", "key": "k-1"}
    first = await sender.send("send-message", **question)
    again = await sender.send("send-message", **question)
    assert again == first
    assert first["conversation"].pop("lastActivityAt").endswith("Z")
    assert first == {
        "conversation": {"id": PARCEL, "version": 2, "messageCount": 7, "currentMessage": {"id": MADE}},
        "messages": [
            {
                "id": MADE,
                "sequence": 7,
                "role": "USER",
                "content": "And now?",
                "status": "COMPLETE",
                "parent": {"id": DONE},
            }
        ],
        "userErrors": [],
    }
    assert (await thread(sender, PARCEL))[-2:] == ["It is late [1].\nSorry [2].", "And now?"]
    other = await sender.send("send-message", **question | {"content": "Something else"})
    assert (other["conversation"], other["messages"]) == (None, [])
    assert [each["code"] for each in other["userErrors"]] == ["IDEMPOTENCY_MISMATCH"]
    taken = await sender.send("send-message", **question | {"key": "k-2"})
    assert [(each["field"], each["code"]) for each in taken["userErrors"]] == [(["messages", "0", "uuid"], "TAKEN")]


async def test_another_branch_comes_into_play_and_its_end_is_given(sender: Sender) -> None:
    first = await sender.send("switch-branch", messageId=node("Message", "other"), last=2)
    assert await sender.send("switch-branch", messageId=node("Message", "other"), last=2) == first
    found = first["conversation"]
    edges = found["messages"].pop("edges")
    cursor = edges[0]["cursor"]
    assert first == {
        "conversation": {
            "id": PARCEL,
            "version": 2,
            "currentMessage": {"id": node("Message", "again")},
            "messages": {"pageInfo": {"hasPreviousPage": True, "startCursor": cursor}},
        },
        "userErrors": [],
    }
    assert [edge["node"] for edge in edges] == [
        {
            "id": node("Message", "other"),
            "sequence": 5,
            "role": "ASSISTANT",
            "content": "No idea.",
            "siblings": {"index": 1, "count": 2, "previous": {"id": node("Message", "calls")}, "next": None},
        },
        {
            "id": node("Message", "again"),
            "sequence": 6,
            "role": "USER",
            "content": "Really?",
            "siblings": {"index": 0, "count": 1, "previous": None, "next": None},
        },
    ]
    assert await thread(sender, PARCEL) == ["Where is my parcel?", "No idea.", "Really?"]
    back = await sender.send("switch-branch", messageId=node("Message", "calls"))
    assert back["conversation"]["currentMessage"] == {"id": DONE}
    wrong = await sender.send("switch-branch", messageId=PARCEL)
    assert wrong["conversation"] is None
    assert [(each["field"], each["code"]) for each in wrong["userErrors"]] == [(["messageId"], "INVALID")]


async def test_an_answer_is_rated_once_and_the_next_rating_takes_its_place(sender: Sender) -> None:
    rating = {
        "targetId": DONE,
        "rating": "NEGATIVE",
        "comment": "Half right.",
        "reasons": [{"label": "incomplete", "details": "no date"}, {"label": "rude"}],
        "citationVerdicts": [
            {"verdict": "NEGATIVE", "score": 0.25, "referenceId": node("Reference", "cite-1")},
            {"verdict": "MISSING", "title": "Strikes", "url": "https://news.example/strikes"},
        ],
        "idempotencyKey": "k-1",
    }
    first = await sender.send("rate-answer", input=rating)
    assert await sender.send("rate-answer", input=rating) == first
    own = first["feedback"]["id"]
    assert first == {
        "feedback": {
            "id": own,
            "rating": "NEGATIVE",
            "comment": "Half right.",
            "reasons": [{"label": "incomplete", "details": "no date"}, {"label": "rude", "details": None}],
            "citationVerdicts": [
                {
                    "verdict": "NEGATIVE",
                    "score": 0.25,
                    "comment": None,
                    "reference": {"id": node("Reference", "cite-1")},
                    "title": None,
                    "url": None,
                },
                {
                    "verdict": "MISSING",
                    "score": None,
                    "comment": None,
                    "reference": None,
                    "title": "Strikes",
                    "url": "https://news.example/strikes",
                },
            ],
            "target": {"id": DONE, "viewerFeedback": {"id": own, "rating": "NEGATIVE"}},
        },
        "userErrors": [],
    }
    better = await sender.send("rate-answer", input={"targetId": DONE, "rating": "POSITIVE"})
    assert (better["feedback"]["id"], better["feedback"]["reasons"]) == (own, [])
    assert better["feedback"]["target"] == {"id": DONE, "viewerFeedback": {"id": own, "rating": "POSITIVE"}}


async def test_a_conversation_and_a_citation_are_rated_the_same_way(sender: Sender) -> None:
    liked = await sender.send("rate-answer", input={"targetId": TICKET, "rating": "POSITIVE"})
    own = liked["feedback"]["id"]
    assert liked["feedback"]["target"] == {
        "id": TICKET,
        "like": True,
        "viewerFeedback": {"id": own, "rating": "POSITIVE"},
    }
    cited = await sender.send("rate-answer", input={"targetId": node("Reference", "listed"), "comment": "Old."})
    assert cited["feedback"]["target"] == {"id": node("Reference", "listed")}
    wrong = await sender.send("rate-answer", input={"targetId": node("Tool", "lookup"), "rating": "POSITIVE"})
    assert wrong["feedback"] is None
    assert [(each["field"], each["code"]) for each in wrong["userErrors"]] == [(["targetId"], "INVALID")]


async def test_a_transcript_is_logged_turn_by_turn_and_only_what_is_new_comes_in(sender: Sender) -> None:
    turns: list[Any] = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Where is my parcel?"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "c-1", "type": "function", "function": {"name": "lookup", "arguments": '{"id": 7}'}}],
        },
        {"role": "tool", "tool_call_id": "c-1", "content": "delayed"},
        {"role": "assistant", "content": "It is late."},
    ]
    call = {
        "thread": "thread-9",
        "assistant": "bot-3",
        "user": "ada",
        "tags": ["web"],
        "properties": {"page": "/orders"},
    }
    first = await sender.send("log-conversation", messages=turns, **call)
    own = first["conversation"]["id"]
    assert first == {
        "conversation": {"id": own, "version": 1},
        "counts": {"inserted": 5, "updated": 0, "unchanged": 0, "rejected": 0},
        "userErrors": [],
    }
    again = await sender.send("log-conversation", messages=turns, **call)
    assert again == {
        "conversation": {"id": own, "version": 1},
        "counts": {"inserted": 0, "updated": 0, "unchanged": 5, "rejected": 0},
        "userErrors": [],
    }
    more = [{"role": "user", "content": "Thanks."}, {"role": "assistant", "content": "Welcome."}]
    grown = await sender.send("log-conversation", messages=[*turns, *more], **call)
    assert grown["conversation"] == {"id": own, "version": 2}
    assert grown["counts"] == {"inserted": 2, "updated": 0, "unchanged": 5, "rejected": 0}
    last = {"role": "user", "content": "Bye."}
    cut = await sender.send("log-conversation", messages=[turns[-1], *more, last], **call)
    assert cut["counts"] == {"inserted": 1, "updated": 0, "unchanged": 3, "rejected": 0}
    assert (await thread(sender, own))[-4:] == ["It is late.", "Thanks.", "Welcome.", "Bye."]
    read = """
    query ($id: ID!) {
      conversation(id: $id) {
        ownerId tags properties messageCount
        assistant { externalId }
        messages(first: 100) { nodes { role toolCalls { name result { content } } } }
      }
    }
    """
    found = await sender.send(read, id=own)
    nodes = found.pop("messages")["nodes"]
    assert found == {
        "ownerId": "ada",
        "tags": ["web"],
        "properties": {"page": "/orders"},
        "messageCount": 8,
        "assistant": {"externalId": "bot-3"},
    }
    assert [each["role"] for each in nodes[:4]] == ["SYSTEM", "USER", "ASSISTANT", "TOOL"]
    assert nodes[2]["toolCalls"] == [{"name": "lookup", "result": {"content": "delayed"}}]


async def test_a_question_that_is_edited_is_a_version_beside_it(sender: Sender) -> None:
    sender.folder = OPERATIONS
    edit = {"id": node("Message", "ask"), "content": "Where is it?", "version": 1, "key": "k-1"}
    first = await sender.send("edit-question", **edit)
    assert await sender.send("edit-question", **edit) == first
    made = first["message"]
    assert made == {
        "id": made["id"],
        "content": "Where is it?",
        "role": "USER",
        "parent": None,
        "siblings": {"index": 1, "count": 2, "previous": {"id": node("Message", "ask")}},
        "conversation": {"id": PARCEL, "version": 2, "currentMessage": {"id": made["id"]}},
    }
    stale = await sender.send("edit-question", **edit | {"version": 7, "key": "k-2"})
    assert stale == {
        "message": None,
        "userErrors": [{"field": ["expectedVersion"], "code": "STALE_VERSION", "currentVersion": 1}],
    }
    assert await thread(sender, PARCEL) == ["Where is it?"]


async def test_no_mutation_is_run_by_get(sender: Sender) -> None:
    document = f'mutation {{ deleteConversation(input: {{id: "{PARCEL}"}}) {{ deletedConversationId }} }}'
    response = await sender.http.get("/graphql", params={"query": document})
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert len(await thread(sender, PARCEL)) == 4
