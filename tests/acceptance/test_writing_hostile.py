"""Clients that come at the same moment, repeat what is long gone, and send what nobody would: nothing is lost, nothing
is half written, and what is wrong is told where it stands."""

import asyncio
import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from db.database import Database
from db.record import now
from db.writing import performing
from db.writing.limits import DEFAULT_LIMITS
from db.writing.purging import purge
from graph.access.limits import UNBOUNDED
from tests.acceptance.mutations import ERRORS, Input, unknown, write
from tests.acceptance.worlds import imported
from tests.graph.asking import Client
from tests.interchange import stored

VENDOR = Path(__file__).parent / "vendor"

HOUR = timedelta(hours=1)
FOREVER = replace(DEFAULT_LIMITS, repeats=timedelta(days=365))
"""Limits with which answers outlive what they are about."""

CONVERSATION = "conversation { id version messageCount currentMessage { id } }"
READ = "query ($id: ID!) { conversation(id: $id) { %s } }"


@pytest.fixture
async def client(database: Database) -> Client:
    return Client(database)


async def done(client: Client, mutation: str, given: Input, selection: str) -> Any:
    """The payload of a mutation that nothing is wrong with."""
    payload = await write(client, mutation, given, selection)
    assert payload["userErrors"] == [], payload
    return payload


async def talk(client: Client, *said: str, **given: Any) -> Any:
    """A new conversation in which this was said."""
    messages = [{"role": "USER", "content": each} for each in said]
    return (await done(client, "createConversation", {**given, "messages": messages}, CONVERSATION))["conversation"]


async def read(client: Client, id: str, selection: str) -> Any:
    return (await client.ask(READ % selection, id=id))["conversation"]


def codes(payloads: list[Any]) -> Counter[tuple[str, ...]]:
    return Counter(tuple(error["code"] for error in payload["userErrors"]) for payload in payloads)


def told(payload: Any) -> list[tuple[str, str]]:
    return [(error["code"], ".".join(error["field"])) for error in payload["userErrors"]]


# at the same moment


async def test_of_many_updates_of_the_same_version_exactly_one_wins(client: Client) -> None:
    here = await talk(client)
    stale = {"id": here["id"], "expectedVersion": here["version"]}
    payloads = await asyncio.gather(
        *(write(client, "updateConversation", {**stale, "title": f"t{n}"}, CONVERSATION) for n in range(12))
    )
    assert codes(payloads) == {(): 1, ("STALE_VERSION",): 11}
    assert {error["currentVersion"] for payload in payloads for error in payload["userErrors"]} == {2}


async def test_messages_that_come_at_once_are_one_thread_in_which_none_is_missing(client: Client) -> None:
    here = await talk(client)
    selection = f"messages {{ id sequence }} {CONVERSATION}"
    payloads = await asyncio.gather(
        *(
            done(
                client,
                "addMessages",
                {"conversationId": here["id"], "messages": [{"role": "USER", "content": f"m{n}"}]},
                selection,
            )
            for n in range(30)
        )
    )
    assert sorted(payload["messages"][0]["sequence"] for payload in payloads) == list(range(30))
    assert sorted(payload["conversation"]["version"] for payload in payloads) == list(range(2, 32))
    for payload in payloads:
        assert payload["conversation"]["currentMessage"]["id"] == payload["messages"][0]["id"]
        assert payload["conversation"]["messageCount"] == payload["messages"][0]["sequence"] + 1
    found = await read(client, here["id"], "messageCount messages(first: 100) { nodes { id content parent { id } } }")
    nodes = found["messages"]["nodes"]
    assert (found["messageCount"], len(nodes)) == (30, 30)
    assert [node["parent"] and node["parent"]["id"] for node in nodes] == [None, *(node["id"] for node in nodes[:-1])]
    await stored.check(client.database)


async def test_a_log_finds_the_conversation_that_another_one_makes_at_this_moment(client: Client) -> None:
    for number in range(8):
        thread = {"externalId": f"thread-{number}", "assistant": {"externalId": f"bot-{number}"}}
        chat = {"openaiMessages": [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi"}]}
        selection = f"{CONVERSATION} counts {{ inserted unchanged }}"
        logs = [done(client, "logConversation", {**thread, **chat}, selection) for _ in range(4)]
        created, *logged = await asyncio.gather(
            write(client, "createConversation", {"externalId": f"thread-{number}"}, CONVERSATION), *logs
        )
        assert told(created) in ([], [("TAKEN", "externalId")])
        assert len({payload["conversation"]["id"] for payload in logged}) == 1
        assert sorted(payload["counts"]["inserted"] for payload in logged) == [0, 0, 0, 2]
    await stored.check(client.database)


async def test_who_cites_the_same_documents_in_any_order_waits_in_turn(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried_again: list[Any] = []
    may_pass = performing._may_pass

    def note(error: Exception) -> bool:
        tried_again.extend(getattr(each, "sqlstate", None) for each in performing._causes(error))
        return may_pass(error)

    monkeypatch.setattr(performing, "_may_pass", note)
    urls = [f"https://docs.example/{number}" for number in range(8)]
    seed = random.Random(7)

    def citations() -> list[Input]:
        named = [{"url": url, "title": seed.choice((None, "T"))} for url in seed.sample(urls, 6)]
        return [*named, {"title": "of its own"}]

    async def answers(id: str) -> None:
        for _ in range(4):
            answer = {"role": "ASSISTANT", "content": "So.", "citations": citations()}
            given = {"conversationId": id, "messages": [answer]}
            (made,) = (await done(client, "addMessages", given, "messages { id }"))["messages"]
            await done(client, "setCitations", {"messageId": made["id"], "citations": citations()}, "message { id }")
            await done(client, "forkConversation", {"messageId": made["id"]}, "conversation { id }")
            if seed.random() < 0.5:
                await done(client, "deleteMessage", {"id": made["id"]}, "deletedMessageIds")

    async def logs(thread: str) -> None:
        for _ in range(6):
            turns = [
                {"externalId": str(turn), "role": "ASSISTANT", "content": "So.", "citations": citations()}
                for turn in range(3)
            ]
            await done(client, "logConversation", {"externalId": thread, "messages": turns}, "messages { id }")

    conversations = [(await talk(client))["id"] for _ in range(4)]
    await asyncio.gather(*map(answers, conversations), logs("one"), logs("two"))
    assert "40P01" not in tried_again, "two waited for each other"
    await stored.check(client.database)


async def test_conversations_are_tagged_in_opposite_orders_at_once(client: Client) -> None:
    own = [(await talk(client))["id"] for _ in range(6)]
    selection = "conversations { id tags }"
    await asyncio.gather(
        *(
            done(
                client,
                "tagConversations" if number % 3 else "untagConversations",
                {"ids": own[:: 1 if number % 2 else -1], "tags": [f"t{number % 4}"]},
                selection,
            )
            for number in range(16)
        )
    )
    await stored.check(client.database)


# what is gone


async def test_a_call_is_repeated_after_what_it_made_was_deleted(client: Client) -> None:
    here = await talk(client, "Where is my parcel?")
    question = here["currentMessage"]["id"]
    rating = {"targetId": question, "rating": "NEGATIVE", "idempotencyKey": "rate"}
    edit = {"id": question, "content": "Where is it?", "idempotencyKey": "edit"}
    feedback = "feedback { id rating target { ... on Message { id } } }"
    message = "message { id content siblings { count } conversation { id } }"
    rated = (await done(client, "giveFeedback", rating, feedback))["feedback"]
    edited = (await done(client, "editMessage", edit, message))["message"]
    for each in (question, edited["id"]):
        await done(client, "deleteMessage", {"id": each}, "deletedMessageIds")

    again = (await done(client, "giveFeedback", rating, "feedback { id rating }"))["feedback"]
    assert again == {"id": rated["id"], "rating": "NEGATIVE"}
    again = (await done(client, "editMessage", edit, "message { id content conversation { id } }"))["message"]
    assert again == {"id": edited["id"], "content": "Where is it?", "conversation": {"id": here["id"]}}
    for mutation, given, selection, place in (
        ("giveFeedback", rating, feedback, ["giveFeedback", "feedback", "target"]),
        ("editMessage", edit, message, ["editMessage", "message", "siblings"]),
    ):
        await told_as_gone(client, mutation, given, selection, place)

    await done(client, "deleteConversation", {"id": here["id"]}, "deletedConversationId")
    past = now() + DEFAULT_LIMITS.undo + HOUR
    assert (await purge(client.database, at=past, limits=FOREVER)).conversations == 1
    within = "message { id conversation { id } }"
    await told_as_gone(client, "editMessage", edit, within, ["editMessage", "message", "conversation"])


async def told_as_gone(client: Client, mutation: str, given: Input, selection: str, place: list[str]) -> None:
    kind = f"{mutation[0].upper()}{mutation[1:]}Input"
    document = f"mutation ($input: {kind}!) {{ {mutation}(input: $input) {{ {selection} {ERRORS} }} }}"
    _, (error,) = await client.both(document, input=given)
    assert (error["path"], error["message"]) == (place, "What stands here was deleted meanwhile.")
    assert error["extensions"]["code"] != "INTERNAL_SERVER_ERROR"


async def test_what_was_purged_does_not_come_back(client: Client) -> None:
    here = await talk(client, "Hello", externalId="e")
    await done(client, "deleteConversation", {"id": here["id"]}, "deletedConversationId")
    await purge(client.database, at=now() + DEFAULT_LIMITS.undo + HOUR)
    assert told(await write(client, "restoreConversation", {"id": here["id"]}, CONVERSATION)) == [("NOT_FOUND", "id")]
    assert (await talk(client, "Hello again", externalId="e"))["id"] != here["id"]


@pytest.mark.parametrize("system", ["athena", "cogsol", "inkeep", "pipeshub"])
async def test_what_is_changed_here_survives_that_its_file_is_imported_again(client: Client, system: str) -> None:
    assert (await imported(client.database, [VENDOR / system]))[0] == 0
    nodes = (
        "nodes { id messages(first: 50) { nodes { id role citations { id } } } feedback(first: 9) { nodes { id } } }"
    )
    found = (await client.ask(f"{{ conversations(first: 50) {{ {nodes} }} }}"))["conversations"]["nodes"]
    for each in found:
        messages = [message["id"] for message in each["messages"]["nodes"]]
        title = {"id": each["id"], "title": "Changed here", "tags": ["here"], "like": True, "comment": "Said here."}
        await done(client, "updateConversation", {**title, "properties": {"here": 1}}, CONVERSATION)
        await done(client, "editMessage", {"id": messages[0], "content": "Edited here"}, "message { id }")
        await done(client, "setCurrentMessage", {"messageId": messages[-1]}, CONVERSATION)
        cited = {"messageId": messages[-1], "citations": [{"title": "New", "url": "https://new.example"}]}
        await done(client, "setCitations", cited, "message { id }")
        turn = [{"role": "USER", "content": "And?"}, {"role": "ASSISTANT", "content": "No."}]
        added = {"conversationId": each["id"], "messages": turn}
        (_, answer) = (await done(client, "addMessages", added, "messages { id }"))["messages"]
        await done(client, "giveFeedback", {"targetId": answer["id"], "rating": "NEGATIVE"}, "feedback { id }")
        if len(messages) > 2:
            await done(client, "deleteMessage", {"id": messages[1]}, "deletedMessageIds")
    await stored.check(client.database)
    before = await everything_but_runs(client.database)
    code, said = await imported(client.database, [VENDOR / system])
    assert code == 0, said
    assert await everything_but_runs(client.database) == before
    for each in found:
        document = READ % f"export(format: {system.upper()}) {{ content losses {{ field }} }}"
        assert "Changed here" in (await client.ask(document, id=each["id"]))["conversation"]["export"]["content"] or (
            system in ("athena", "inkeep")  # which have no titles
        )


async def everything_but_runs(database: Database) -> dict[str, Any]:
    found = await stored.everything(database)
    return {name: rows for name, rows in found.items() if name not in ("imports", "import_files", "import_records")}


# in one request


async def test_mutations_of_one_request_come_one_after_the_other_and_each_answer_is_of_its_moment(
    client: Client,
) -> None:
    client.bounds = UNBOUNDED  # these are more mutations than one request may have
    here = await talk(client, "Hello")
    document = """
    mutation ($a: UpdateConversationInput!, $b: UpdateConversationInput!, $add: AddMessagesInput!, $id: ID!) {
      one: updateConversation(input: $a) { ...Changed }
      wrong: updateConversation(input: { id: "nothing", title: "" }) { ...Changed }
      two: updateConversation(input: $b) { ...Changed }
      added: addMessages(input: $add) {
        messages { content parent { content conversation { messageCount messages(last: 1) { nodes { content } } } } }
      }
      gone: deleteConversation(input: { id: $id }) { deletedConversationId }
      late: updateConversation(input: $a) { ...Changed }
      back: restoreConversation(input: { id: $id }) { conversation { title tags } }
    }
    fragment Changed on UpdateConversationPayload {
      it: conversation { title tags like viewerFeedback { rating } messages(first: 9) { nodes { content } } }
      userErrors { field code }
    }
    """
    data = await client.ask(
        document,
        id=here["id"],
        a={"id": here["id"], "title": "A", "tags": ["1"], "like": True},
        b={"id": here["id"], "title": "B", "tags": ["2", "3"], "like": False},
        add={"conversationId": here["id"], "messages": [{"role": "ASSISTANT", "content": "Hi"}]},
    )

    def changed(title: str, tags: list[str], like: bool) -> Any:
        rating = {"rating": "POSITIVE" if like else "NEGATIVE"}
        said = {"nodes": [{"content": "Hello"}]}
        return {"title": title, "tags": tags, "like": like, "viewerFeedback": rating, "messages": said}

    assert data["one"] == {"it": changed("A", ["1"], True), "userErrors": []}
    assert data["two"] == {"it": changed("B", ["2", "3"], False), "userErrors": []}
    assert told(data["wrong"]) == [("INVALID", "title"), ("INVALID", "id")]
    within = {"messageCount": 2, "messages": {"nodes": [{"content": "Hi"}]}}
    assert data["added"]["messages"] == [
        {"content": "Hi", "parent": {"content": "Hello", "conversation": within}},
    ]
    assert data["gone"] == {"deletedConversationId": here["id"]}
    assert told(data["late"]) == [("NOT_FOUND", "id")]
    assert data["back"] == {"conversation": {"title": "B", "tags": ["2", "3"]}}


# what nobody would send


async def test_what_is_wrong_inside_of_json_is_told_where_it_stands(client: Client) -> None:
    wrong = {"properties": {"a": [{"b": "ok"}, "x\0"]}, "config": {"\0": {"c": "\0"}}, "messages": []}
    payload = await write(client, "createConversation", wrong, CONVERSATION)
    assert told(payload) == [("INVALID", "properties.a.1"), ("INVALID", "config")]
    assert [error["message"] for error in payload["userErrors"]] == [
        "Element 1 of a can't be stored: character 2 is a NUL.",
        "The config can't be stored: character 1 is a NUL.",
    ]
    call = {"id": "c", "type": "function", "function": {"name": "", "arguments": "{}"}}
    chat = [
        {"role": "user", "content": "x\0"},
        {"role": "user", "content": [{"type": "text", "text": "\0"}]},
        {"role": "assistant", "tool_calls": [call]},
    ]
    payload = await write(client, "logConversation", {"openaiMessages": chat}, CONVERSATION)
    assert [place for _, place in told(payload)] == [
        "openaiMessages.0.content",
        "openaiMessages.1.content.0.text",
        "openaiMessages.2.tool_calls.0.function.name",
    ]


async def test_messages_of_errors_read_well_whatever_the_field_is_called(client: Client) -> None:
    here = await talk(client, "Hello")
    turn = {"role": "USER", "content": "x", "usage": {"inputTokens": -1}, "metadata": {"processingTimeMs": -0.5}}
    cited = {"citations": [{"startIndex": 5, "title": "T"}]}
    given = {
        "assistantId": here["id"],
        "tags": [f"t{number}" for number in range(101)],
        "userProperties": {"a": "x" * 70_000},
        "messages": [{**turn, **cited}],
    }
    payload = await write(client, "createConversation", given, CONVERSATION)
    assert {".".join(error["field"]): error["message"] for error in payload["userErrors"]} == {
        "assistantId": "The assistant id must be the id of an Assistant, not of a Conversation.",
        "tags": "The tags may have at most 100 elements, not 101.",
        "userProperties": "The user properties may have at most 65,536 bytes as JSON, not 70,008.",
        "messages.0.usage.inputTokens": "The input tokens must be from 0 to 2,147,483,647, not -1.",
        "messages.0.metadata.processingTimeMs": "The processing time ms must be 0 or more, not -0.5.",
        "messages.0.citations.0.startIndex": (
            "The start index is 5, and the content ends at 1, counted in Unicode code points."
        ),
    }


async def test_limits_hold_for_what_comes_in_steps(client: Client) -> None:
    here = await talk(client)
    own = {"id": here["id"]}
    await done(client, "updateConversation", {**own, "properties": {"a": "x" * 40_000}}, CONVERSATION)
    payload = await write(client, "updateConversation", {**own, "properties": {"b": "x" * 40_000}}, CONVERSATION)
    (error,) = payload["userErrors"]
    assert (error["code"], error["field"], error["limit"], error["actual"]) == (
        *("TOO_LONG", ["properties"], 65_536),
        80_000 + len('{"a":"","b":""}'),
    )
    await done(client, "updateConversation", {**own, "tags": [f"t{number}" for number in range(99)]}, CONVERSATION)
    tagged = {"ids": [here["id"]], "tags": ["t1", "last"]}
    await done(client, "tagConversations", tagged, "conversations { id }")
    payload = await write(client, "tagConversations", {**tagged, "tags": ["one more"]}, "conversations { id }")
    (error,) = payload["userErrors"]
    assert (error["code"], error["field"], error["limit"], error["actual"]) == ("TOO_MANY", ["ids", "0"], 100, 101)


async def test_the_edges_of_numbers_and_of_time_are_kept(client: Client) -> None:
    here = await talk(client)
    turn = {
        "role": "ASSISTANT",
        "content": "\U0001f600" * 64,
        "usage": {"inputTokens": 2**31 - 1},
        "userCredits": -(2**31),
        "metadata": {"processingTimeMs": 1e308},
        "properties": {"n": [1, 1.0, -0.0, 10**30, 5e-324]},
    }
    first, last = "0001-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z"
    given = {"conversationId": here["id"], "messages": [{**turn, "timestamp": at} for at in (first, last)]}
    selection = "messages { timestamp usage { inputTokens } userCredits metadata { processingTimeMs } properties }"
    await done(client, "addMessages", given, selection)
    found = await read(client, here["id"], f"lastActivityAt messages(first: 9) {{ nodes {selection[9:]} }}")
    assert found["lastActivityAt"] == last
    for node, at in zip(found["messages"]["nodes"], (first, last), strict=True):
        assert (node["timestamp"], node["usage"]["inputTokens"], node["userCredits"]) == (at, 2**31 - 1, -(2**31))
        assert node["metadata"]["processingTimeMs"] == 1e308
        assert repr(node["properties"]) == repr({"n": [1, 1.0, -0.0, 10**30, 5e-324]})


async def test_every_version_that_is_not_there_is_stale(client: Client) -> None:
    here = await talk(client, "Hello")
    message = here["currentMessage"]["id"]
    for mutation, given in (
        ("updateConversation", {"id": here["id"], "title": "T"}),
        ("addMessages", {"conversationId": here["id"], "messages": []}),
        ("setCurrentMessage", {"messageId": message}),
        ("editMessage", {"id": message, "content": "x"}),
        ("setCitations", {"messageId": message, "citations": []}),
        ("setFollowUpQuestions", {"messageId": message, "followUpQuestions": []}),
        ("deleteMessage", {"id": message}),
    ):
        for version in (0, -1, 2**31 - 1):
            payload = await write(client, mutation, {**given, "expectedVersion": version}, "__typename")
            (error,) = payload["userErrors"]
            assert (error["code"], error["currentVersion"]) == ("STALE_VERSION", 1), (mutation, error)


FAMILY = "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"


@pytest.mark.parametrize("drawn", ["e\u0301", FAMILY, "\U0001f44d\U0001f3fd", "\u05e9\u05c1", "\u0915\u093f"])
async def test_a_title_and_a_preview_never_end_in_the_middle_of_what_is_drawn_as_one(
    client: Client, drawn: str
) -> None:
    for shift in range(len(drawn)):
        said = "x" * shift + drawn * 200
        made = {"messages": [{"role": "USER", "content": said}]}
        opened = (await done(client, "createConversation", made, "conversation { title preview }"))["conversation"]
        assert said.startswith(opened["preview"])
        for beginning, most in ((opened["title"].removesuffix("…"), 80), (opened["preview"], 200)):
            assert most - len(drawn) - 1 <= len(beginning) <= most
            assert (len(beginning) - shift) % len(drawn) == 0


async def test_all_is_told_at_once_also_where_the_message_or_conversation_is_not_there(client: Client) -> None:
    turn = {"role": "USER", "content": "x", "citations": [{"sourceId": unknown("Source")}]}
    turn |= {"toolCalls": [{"name": "t", "toolId": unknown("Tool")}]}
    added = {"conversationId": unknown("Conversation"), "messages": [turn]}
    assert told(await write(client, "addMessages", added, "counts { inserted }")) == [
        ("NOT_FOUND", "conversationId"),
        ("NOT_FOUND", "messages.0.citations.0.sourceId"),
        ("NOT_FOUND", "messages.0.toolCalls.0.toolId"),
    ]
    again = {"id": unknown("Message"), "message": turn}
    assert told(await write(client, "regenerateMessage", again, "message { id }")) == [
        ("NOT_FOUND", "id"),
        ("NOT_FOUND", "message.citations.0.sourceId"),
        ("NOT_FOUND", "message.toolCalls.0.toolId"),
    ]


async def test_ids_of_other_types_and_of_nothing_are_told_at_their_places(client: Client) -> None:
    here = await talk(client, "Hello")
    own = here["currentMessage"]["id"]
    given = {
        "conversationId": own,
        "expectedVersion": 3,
        "messages": [
            {"role": "USER", "content": "x", "parentId": here["id"]},
            {"role": "USER", "content": "x", "toolCalls": [{"name": "t"}, {"name": "t", "toolId": "=?"}]},
            {"role": "USER", "content": "x", "citations": [{"sourceId": unknown("Source")}], "uuid": str(uuid4())},
        ],
    }
    payload = await write(client, "addMessages", given, f"{CONVERSATION} messages {{ id }}")
    assert told(payload) == [
        ("INVALID", "conversationId"),
        ("INVALID", "messages.0.parentId"),
        ("INVALID", "messages.1.toolCalls.1.toolId"),
        ("INVALID", "messages.2.uuid"),
        ("NOT_FOUND", "messages.2.citations.0.sourceId"),
    ]
    tagged = {
        "ids": [unknown("Conversation") + "==", here["id"] + "=", own, ""],
        "tags": ["t"],
        "onError": "REJECT_BAD",
    }
    payload = await write(client, "tagConversations", tagged, "conversations { id }")
    assert payload["conversations"] == [None, {"id": here["id"]}, None, None]
    assert told(payload) == [("NOT_FOUND", "ids.0"), ("INVALID", "ids.2"), ("INVALID", "ids.3")]
