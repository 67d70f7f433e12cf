"""What a client is told of an input that is wrong, and that nothing of it is written."""

from dataclasses import replace

import pytest

from db.viewer import DEFAULT_VIEWER
from db.writing.limits import DEFAULT_LIMITS
from graph.context import Context
from graph.schema import schema
from graph.settings import Settings
from tests.graph.asking import Client
from tests.graph.world import node

PARCEL, TICKET = node("Conversation", "parcel"), node("Conversation", "ticket")
DONE = node("Message", "done")
ERRORS = "userErrors { field message code limit actual currentVersion }"

ADD = f"""
mutation ($input: AddMessagesInput!) {{
  addMessages(input: $input) {{
    conversation {{ id version messageCount currentMessage {{ content parent {{ id }} }} }}
    messages {{ content parent {{ id }} citations {{ number source {{ title }} }} }}
    counts {{ inserted updated unchanged rejected }}
    {ERRORS}
  }}
}}
"""
MESSAGES = "query ($id: ID!) { conversation(id: $id) { version messages(allBranches: true) { totalCount } } }"


async def test_all_that_is_wrong_is_told_at_once_and_in_order_and_nothing_is_written(client: Client) -> None:
    before = await client.ask(MESSAGES, id=TICKET)
    data = await client.ask(
        ADD,
        input={
            "conversationId": TICKET,
            "messages": [
                {"role": "USER", "content": "fine"},
                {"role": "USER", "content": "x", "parentId": TICKET, "externalId": " "},
                {"role": "USER"},
                {
                    "role": "ASSISTANT",
                    "content": "x" * 2**20 + "é",
                    "citations": [{"title": "fine"}, {"sourceId": "mangled", "relevanceScore": 2}],
                    "toolCalls": [{"name": "find", "toolId": node("Tool", "nobody")[:-1]}],
                },
                {"role": "USER", "content": "x", "parentId": node("Message", "nobody")},
                {"role": "USER", "content": "x", "parentId": DONE},
            ],
            "expectedVersion": 7,
        },
    )
    added = data["addMessages"]
    errors = {".".join(each["field"]): each for each in added.pop("userErrors")}
    assert added == {
        "conversation": None,
        "messages": [],
        "counts": {"inserted": 0, "updated": 0, "unchanged": 0, "rejected": 0},
    }
    assert [(place, each["code"]) for place, each in errors.items()] == [
        ("messages.1.externalId", "INVALID"),
        ("messages.1.parentId", "INVALID"),
        ("messages.2.content", "REQUIRED"),
        ("messages.3.content", "TOO_LONG"),
        ("messages.3.citations.1.sourceId", "INVALID"),
        ("messages.3.citations.1.relevanceScore", "OUT_OF_RANGE"),
        ("messages.3.toolCalls.0.toolId", "INVALID"),
        ("messages.4.parentId", "NOT_FOUND"),
        ("messages.5.parentId", "WRONG_CONVERSATION"),
        ("expectedVersion", "STALE_VERSION"),
    ]
    assert errors["messages.1.parentId"]["message"] == (
        "The parent id must be the id of a Message, not of a Conversation."
    )
    assert errors["messages.3.content"] == {
        "field": ["messages", "3", "content"],
        "message": "The content may have at most 1,048,576 bytes, not 1,048,578.",
        "code": "TOO_LONG",
        "limit": 2**20,
        "actual": 2**20 + 2,
        "currentVersion": None,
    }
    assert errors["messages.3.toolCalls.0.toolId"]["message"] == "The tool id must be the id of a Tool."
    assert errors["expectedVersion"]["currentVersion"] == 1
    assert await client.ask(MESSAGES, id=TICKET) == before


async def test_with_the_policy_to_reject_the_bad_the_good_are_written_and_keep_their_places(client: Client) -> None:
    data = await client.ask(
        ADD,
        input={
            "conversationId": TICKET,
            "messages": [
                {"role": "USER", "content": "first"},
                {"role": "USER", "content": "lost", "parentId": "mangled"},
                {"role": "ASSISTANT", "content": "second", "citations": [{"sourceId": node("Source", "refunds")}]},
            ],
            "onError": "REJECT_BAD",
        },
    )
    first = data["addMessages"]["messages"][2]["parent"]["id"]
    assert data["addMessages"] == {
        "conversation": {
            "id": TICKET,
            "version": 2,
            "messageCount": 3,
            "currentMessage": {"content": "second", "parent": {"id": first}},
        },
        "messages": [
            {"content": "first", "parent": {"id": node("Message", "ticket-1")}, "citations": []},
            None,
            {
                "content": "second",
                "parent": {"id": first},
                "citations": [{"number": 1, "source": {"title": "Refunds"}}],
            },
        ],
        "counts": {"inserted": 2, "updated": 0, "unchanged": 0, "rejected": 1},
        "userErrors": [
            {
                "field": ["messages", "1", "parentId"],
                "message": "The parent id must be the id of a Message.",
                "code": "INVALID",
                "limit": None,
                "actual": None,
                "currentVersion": None,
            }
        ],
    }


async def test_a_repeated_call_gives_the_first_answer_and_another_input_is_refused(client: Client) -> None:
    given = {"conversationId": TICKET, "messages": [{"role": "USER", "content": "once"}], "idempotencyKey": "k"}
    first = await client.ask(ADD, input=given)
    assert await client.ask(ADD, input=given) == first
    assert first["addMessages"]["conversation"]["messageCount"] == 2
    other = await client.ask(ADD, input={**given, "conversationId": PARCEL})
    [refusal] = other["addMessages"]["userErrors"]
    assert (refusal["field"], refusal["code"]) == (["idempotencyKey"], "IDEMPOTENCY_MISMATCH")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # which is not asked
@pytest.mark.parametrize(
    ("given", "code"),
    [
        ('{conversationId: "x", messages: [{role: POET, content: "x"}]}', "GRAPHQL_VALIDATION_FAILED"),
        ('{conversationId: "x", messages: [{content: "x"}]}', "GRAPHQL_VALIDATION_FAILED"),
        ('{conversationId: "x", messages: [null]}', "GRAPHQL_VALIDATION_FAILED"),
        ('{conversationId: "x"}', "GRAPHQL_VALIDATION_FAILED"),
        ('{conversationId: "x", messages: [], color: "red"}', "GRAPHQL_VALIDATION_FAILED"),
        (
            '{conversationId: "x", messages: [{role: USER, contentParts: [{text: "x", reasoning: "y"}]}]}',
            "GRAPHQL_VALIDATION_FAILED",
        ),
        ('{conversationId: "x", messages: [{role: USER, uuid: "x", content: "x"}]}', "BAD_USER_INPUT"),
        ('{conversationId: "x", messages: [{role: USER, timestamp: "noon", content: "x"}]}', "BAD_USER_INPUT"),
        ('{conversationId: "x", messages: [{role: USER, userCredits: 3000000000}]}', "GRAPHQL_VALIDATION_FAILED"),
    ],
)
async def test_what_is_no_input_of_this_schema_is_an_error_of_the_request(
    client: Client, given: str, code: str, statements: list[str]
) -> None:
    data, errors = await client.both(f"mutation {{ addMessages(input: {given}) {{ userErrors {{ code }} }} }}")
    assert data is None
    assert [each["extensions"]["code"] for each in errors] == [code]
    assert statements == []


async def test_the_limits_are_those_of_the_server(client: Client) -> None:
    limits = replace(DEFAULT_LIMITS, messages=1, content_bytes=4)
    messages = [{"role": "USER", "content": "12345"}]
    for given, expected in (
        (messages, (["messages", "0", "content"], "TOO_LONG", 4, 5)),
        (messages * 2, (["messages"], "TOO_MANY", 1, 2)),
    ):
        result = await schema.execute(
            ADD,
            variable_values={"input": {"conversationId": TICKET, "messages": given}},
            context_value=Context(client.database, DEFAULT_VIEWER, limits),
        )
        assert result.data is not None
        [refusal] = result.data["addMessages"]["userErrors"]
        assert (refusal["field"], refusal["code"], refusal["limit"], refusal["actual"]) == expected


def test_the_settings_are_the_default_limits_unless_they_say_otherwise() -> None:
    assert Settings().writes() == DEFAULT_LIMITS
    assert Settings(max_tags=7, undo_days=1).writes() == replace(DEFAULT_LIMITS, tags=7, undo=DEFAULT_LIMITS.undo / 30)


async def test_a_stale_version_is_told_with_the_current_one(client: Client) -> None:
    document = f"""
    mutation ($id: ID!, $version: Int, $title: String) {{
      updateConversation(input: {{id: $id, expectedVersion: $version, title: $title}}) {{
        conversation {{ title version preview }} {ERRORS}
      }}
    }}
    """
    first = await client.ask(document, id=PARCEL, version=1, title="Found")
    second = await client.ask(document, id=PARCEL, version=1, title="Lost")
    third = await client.ask(document, id=PARCEL, version=2, title=None)
    assert first["updateConversation"]["conversation"] == {
        "title": "Found",
        "version": 2,
        "preview": "Where is my parcel?",
    }
    assert second["updateConversation"]["conversation"] is None
    [stale] = second["updateConversation"]["userErrors"]
    assert (stale["field"], stale["code"], stale["currentVersion"]) == (["expectedVersion"], "STALE_VERSION", 2)
    assert third["updateConversation"]["conversation"]["title"] == "Where is my parcel?"


@pytest.mark.parametrize(
    ("assistant", "code"),
    [
        pytest.param(DONE, "INVALID", id="of another type"),
        pytest.param("mangled", "INVALID", id="no id"),
        pytest.param(node("Assistant", "nobody"), "NOT_FOUND", id="unknown"),
    ],
)
async def test_a_place_in_a_transcript_keeps_the_names_of_its_client(client: Client, assistant: str, code: str) -> None:
    data = await client.ask(
        """
        mutation ($assistant: ID!, $messages: [JSON!]) {
          logConversation(input: {externalId: "t", assistant: {id: $assistant}, openaiMessages: $messages}) {
            conversation { id } messages { id } counts { rejected } userErrors { field code }
          }
        }
        """,
        assistant=assistant,
        messages=[{"role": "user", "content": "fine"}, {"role": "assistant", "tool_calls": [{"id": "no function"}]}],
    )
    assert data["logConversation"] == {
        "conversation": None,
        "messages": [],
        "counts": {"rejected": 0},
        "userErrors": [
            {"field": ["assistant", "id"], "code": code},
            {"field": ["openaiMessages", "1", "tool_calls", "0"], "code": "INVALID"},
        ],
    }
