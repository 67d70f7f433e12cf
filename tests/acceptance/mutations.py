"""Every mutation of the API: an input that does something, what to ask of its payload, and inputs that are refused."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from db.record import new_id
from graph import ids
from tests.graph.asking import Client

Input = dict[str, Any]
CONVERSATION = (
    "conversation { id version title tags messageCount updatedAt deletedAt archivedAt currentMessage { id } }"
)
MESSAGE = "message { id version content status sequence parent { id } citations { id } followUpQuestions { question } }"
MADE = "id version name updatedAt"
ERRORS = "userErrors { field code message limit actual currentVersion }"


@dataclass(frozen=True, slots=True)
class Scene:
    """What the inputs speak of, as ids of the API."""

    conversation: str
    question: str
    answer: str
    sibling: str
    """Beside the answer, and not in play."""
    citation: str
    assistant: str
    tool: str
    free_assistant: str
    """Used by nothing, like the tool."""
    feedback: str
    deleted: str
    """A conversation that was deleted."""
    other: str
    """A message of another conversation."""


async def write(client: Client, mutation: str, given: Input, selection: str) -> Any:
    """The payload of a mutation."""
    kind = mutation[0].upper() + mutation[1:]
    document = f"mutation ($input: {kind}Input!) {{ {mutation}(input: $input) {{ {selection} {ERRORS} }} }}"
    return (await client.ask(document, input=given))[mutation]


async def scene(client: Client) -> Scene:
    """A world of one conversation that everything hangs on, and what stands beside it."""

    async def made(mutation: str, given: Input, selection: str) -> Any:
        payload = await write(client, mutation, given, selection)
        assert payload["userErrors"] == []
        return payload

    assistant = (await made("createAssistant", {"name": "Harbour"}, "assistant { id }"))["assistant"]["id"]
    free = (await made("createAssistant", {"name": "Idle"}, "assistant { id }"))["assistant"]["id"]
    tool = (await made("createTool", {"name": "timetable"}, "tool { id }"))["tool"]["id"]
    said = [
        {"role": "USER", "content": "Is the ferry late?"},
        {"role": "ASSISTANT", "content": "Yes [1].", "citations": [{"title": "Timetable", "url": "https://t.example"}]},
    ]
    talk = {"title": "Ferries", "assistantId": assistant, "ownerId": "ada", "externalId": "t-1", "tags": ["sea"]}
    conversation = (await made("createConversation", {**talk, "messages": said}, "conversation { id }"))["conversation"]
    messages = "messages(first: 9) { nodes { id citations { id } } }"
    rows = (await client.ask(f"query ($id: ID!) {{ conversation(id: $id) {{ {messages} }} }}", id=conversation["id"]))[
        "conversation"
    ]["messages"]["nodes"]
    again = {"id": rows[1]["id"], "message": {"role": "ASSISTANT", "content": "An hour."}}
    sibling = (await made("regenerateMessage", again, "message { id }"))["message"]["id"]
    await made("setCurrentMessage", {"messageId": rows[1]["id"]}, "conversation { id }")
    vote = {"targetId": rows[1]["id"], "rating": "POSITIVE", "authorId": "ada"}
    feedback = (await made("giveFeedback", vote, "feedback { id }"))["feedback"]["id"]
    gone = (await made("createConversation", {"title": "Gone", "externalId": "g"}, "conversation { id }"))[
        "conversation"
    ]["id"]
    await made("deleteConversation", {"id": gone}, "deletedConversationId")
    elsewhere = {"title": "Elsewhere", "messages": [{"role": "USER", "content": "hello"}]}
    other = (await made("createConversation", elsewhere, "conversation { currentMessage { id } }"))["conversation"]
    return Scene(
        *(conversation["id"], rows[0]["id"], rows[1]["id"], sibling, rows[1]["citations"][0]["id"]),
        *(assistant, tool, free, feedback, gone, other["currentMessage"]["id"]),
    )


@dataclass(frozen=True, slots=True)
class Case:
    """A mutation."""

    given: Callable[[Scene], Input]
    """An input that does something."""
    selection: str
    other: Input
    """What another input has otherwise."""
    versioned: bool = False
    """Whether it takes an expectedVersion."""


def _said(content: str = "And back?") -> list[Input]:
    return [{"uuid": str(new_id()), "role": "USER", "content": content}]


CASES: dict[str, Case] = {
    "createConversation": Case(
        lambda _: {"uuid": str(new_id()), "title": "Trains", "messages": _said()}, CONVERSATION, {"title": "Buses"}
    ),
    "updateConversation": Case(
        lambda at: {"id": at.conversation, "title": "Boats", "properties": {"a": 1}, "like": True},
        CONVERSATION,
        {"title": "Ships"},
        True,
    ),
    "setExecutionStatus": Case(
        lambda at: {"id": at.conversation, "status": "PENDING"}, CONVERSATION, {"status": "ERROR"}, True
    ),
    "archiveConversation": Case(lambda at: {"id": at.conversation}, CONVERSATION, {"expectedVersion": 1}, True),
    "unarchiveConversation": Case(lambda at: {"id": at.conversation}, CONVERSATION, {"expectedVersion": 1}, True),
    "deleteConversation": Case(
        lambda at: {"id": at.conversation}, "deletedConversationId restorableUntil", {"expectedVersion": 1}, True
    ),
    "restoreConversation": Case(
        lambda at: {"id": at.deleted}, CONVERSATION, {"id": ids.encode("Conversation", new_id())}
    ),
    "forkConversation": Case(
        lambda at: {"messageId": at.answer, "uuid": str(new_id())}, CONVERSATION, {"title": "Copy"}
    ),
    "tagConversations": Case(
        lambda at: {"ids": [at.conversation], "tags": ["late"]}, "conversations { id version tags }", {"tags": ["x"]}
    ),
    "untagConversations": Case(
        lambda at: {"ids": [at.conversation], "tags": ["sea"]}, "conversations { id version tags }", {"tags": ["x"]}
    ),
    "logConversation": Case(
        lambda _: {
            "externalId": "t-1",
            "openaiMessages": [
                {"role": "user", "content": "Is the ferry late?"},
                {"role": "assistant", "content": "No."},
            ],
        },
        f"{CONVERSATION} messages {{ id content }} counts {{ inserted updated unchanged rejected }}",
        {"openaiMessages": []},
    ),
    "addMessages": Case(
        lambda at: {"conversationId": at.conversation, "messages": _said()},
        f"{CONVERSATION} messages {{ id content }} counts {{ inserted updated unchanged rejected }}",
        {"messages": _said("Never mind")},
        True,
    ),
    "editMessage": Case(
        lambda at: {"id": at.question, "uuid": str(new_id()), "content": "Is it?"},
        MESSAGE,
        {"content": "Is it so?"},
        True,
    ),
    "regenerateMessage": Case(lambda at: {"id": at.answer, "uuid": str(new_id())}, MESSAGE, {"uuid": str(new_id())}),
    "setCurrentMessage": Case(lambda at: {"messageId": at.sibling}, CONVERSATION, {"expectedVersion": 1}, True),
    "deleteMessage": Case(
        lambda at: {"id": at.answer}, f"{CONVERSATION} deletedMessageIds", {"expectedVersion": 9}, True
    ),
    "setCitations": Case(
        lambda at: {"messageId": at.answer, "citations": [{"title": "Notice", "url": "https://n.example"}]},
        MESSAGE,
        {"citations": []},
        True,
    ),
    "setFollowUpQuestions": Case(
        lambda at: {"messageId": at.answer, "followUpQuestions": [{"question": "Why?"}]},
        MESSAGE,
        {"followUpQuestions": []},
        True,
    ),
    "giveFeedback": Case(
        lambda at: {"targetId": at.answer, "rating": "NEGATIVE", "authorId": "bo", "reasons": [{"label": "wrong"}]},
        "feedback { id rating comment reasons { label } updatedAt seen { messageVersion assistantVersion } }",
        {"rating": "POSITIVE"},
    ),
    "withdrawFeedback": Case(
        lambda at: {"id": at.feedback},
        "withdrawnFeedbackId target { ... on Message { id } }",
        {"id": ids.encode("Feedback", new_id())},
    ),
    "createAssistant": Case(
        lambda at: {"uuid": str(new_id()), "name": "Helm", "toolIds": [at.tool]},
        f"assistant {{ {MADE} tools {{ id }} }}",
        {"name": "Rudder"},
    ),
    "updateAssistant": Case(
        lambda at: {"id": at.assistant, "name": "Quay"}, f"assistant {{ {MADE} }}", {"name": "Pier"}, True
    ),
    "deleteAssistant": Case(
        lambda at: {"id": at.free_assistant}, "deletedAssistantId assistant { id }", {"expectedVersion": 9}, True
    ),
    "createTool": Case(
        lambda _: {"uuid": str(new_id()), "name": "tides", "parameters": {"type": "object"}},
        f"tool {{ {MADE} }}",
        {"name": "winds"},
    ),
    "updateTool": Case(lambda at: {"id": at.tool, "name": "board"}, f"tool {{ {MADE} }}", {"name": "list"}, True),
    "deleteTool": Case(lambda at: {"id": at.tool}, "deletedToolId tool { id }", {"expectedVersion": 9}, True),
}


def unknown(type_name: str, key: UUID | None = None) -> str:
    """The id of something that is not there."""
    return ids.encode(type_name, key or new_id())


OLD = str(UUID("11111111-1111-4111-8111-111111111111"))
"""A UUID of version 4."""


def refusals(at: Scene, taken: str) -> list[tuple[str, Input, set[tuple[str, str]]]]:
    """Inputs that are refused, with the codes and places of all that is wrong; `taken`: the uuid of a message."""
    long, nul, talk, many = "x" * (1024 * 1024 + 1), "a\0b", at.conversation, ["t"] * 101
    question = {"role": "USER", "content": "q"}
    return [
        (
            "createConversation",
            {
                "uuid": OLD,
                "title": " ",
                "assistantId": at.tool,
                "ownerId": "",
                "tags": ["ok", ""],
                "properties": {"a": "x" * 65_536},
                "config": [1],
                "externalId": "t-1",
                "temperature": 1,
                "systemPrompt": nul,
                "messages": [{"role": "USER", "content": long}, {"role": "USER"}, {**question, "parentId": at.other}],
            },
            {
                *(("INVALID", field) for field in ("uuid", "title", "assistantId", "ownerId", "tags.1", "config")),
                *(("INVALID", "systemPrompt"), ("TOO_LONG", "properties"), ("TAKEN", "externalId")),
                *(("TOO_LONG", "messages.0.content"), ("REQUIRED", "messages.1.content")),
                ("WRONG_CONVERSATION", "messages.2.parentId"),
            },
        ),
        ("createConversation", {"externalId": "g"}, {("TAKEN", "externalId")}),
        ("createConversation", {"tags": [f"{n}" for n in range(101)]}, {("TOO_MANY", "tags")}),
        (
            "updateConversation",
            {"id": talk, "expectedVersion": 99, "visibility": None, "assistantId": unknown("Assistant"), "tags": many},
            {
                ("REQUIRED", "visibility"),
                ("NOT_FOUND", "assistantId"),
                ("TOO_MANY", "tags"),
                ("STALE_VERSION", "expectedVersion"),
            },
        ),
        ("updateConversation", {"id": unknown("Conversation"), "title": "t"}, {("NOT_FOUND", "id")}),
        ("updateConversation", {"id": at.deleted, "title": "t"}, {("NOT_FOUND", "id")}),
        ("setExecutionStatus", {"id": talk, "status": "ENDED"}, {("INVALID_TRANSITION", "status")}),
        *(
            (name, {"id": at.question}, {("INVALID", "id")})
            for name in ("archiveConversation", "unarchiveConversation")
        ),
        *((name, {"id": "nonsense"}, {("INVALID", "id")}) for name in ("deleteConversation", "restoreConversation")),
        ("restoreConversation", {"id": unknown("Conversation")}, {("NOT_FOUND", "id")}),
        (
            "forkConversation",
            {"messageId": unknown("Message"), "title": ""},
            {("NOT_FOUND", "messageId"), ("INVALID", "title")},
        ),
        ("tagConversations", {"ids": [talk, unknown("Conversation")], "tags": ["a"]}, {("NOT_FOUND", "ids.1")}),
        ("untagConversations", {"ids": [at.answer], "tags": [nul]}, {("INVALID", "ids.0"), ("INVALID", "tags.0")}),
        (
            "logConversation",
            {"externalId": "g", "openaiMessages": [{"role": "user", "content": 7}, "hello"], "messages": []},
            {
                ("TAKEN", "externalId"),
                ("INVALID", "openaiMessages.0.content"),
                ("INVALID", "openaiMessages.1"),
                ("INVALID", "openaiMessages"),
            },
        ),
        (
            "addMessages",
            {
                "conversationId": talk,
                "expectedVersion": 77,
                "messages": [
                    {
                        **question,
                        "uuid": taken,
                        "citations": [{"sourceId": unknown("Source"), "number": 0, "relevanceScore": 2}],
                    },
                    {**question, "externalId": "a", "parentExternalId": "b"},
                    {**question, "externalId": "b", "parentExternalId": "a"},
                    {
                        **question,
                        "contentParts": [{"text": "t"}],
                        "toolCalls": [{"name": "f", "toolId": unknown("Tool")}],
                    },
                    {
                        **question,
                        "parentId": unknown("Message"),
                        "attachments": [{"size": -1}],
                        "metadata": {"reason": nul},
                    },
                ],
            },
            {
                *(("TAKEN", "messages.0.uuid"), ("NOT_FOUND", "messages.0.citations.0.sourceId")),
                *(
                    ("OUT_OF_RANGE", "messages.0.citations.0.number"),
                    ("OUT_OF_RANGE", "messages.0.citations.0.relevanceScore"),
                ),
                *(("CYCLE", "messages.1.parentExternalId"), ("CYCLE", "messages.2.parentExternalId")),
                *(("INVALID", "messages.3.contentParts"), ("NOT_FOUND", "messages.3.toolCalls.0.toolId")),
                *(("NOT_FOUND", "messages.4.parentId"), ("OUT_OF_RANGE", "messages.4.attachments.0.size")),
                *(("INVALID", "messages.4.metadata.reason"), ("STALE_VERSION", "expectedVersion")),
            },
        ),
        ("addMessages", {"conversationId": talk, "messages": [question] * 10_001}, {("TOO_MANY", "messages")}),
        ("editMessage", {"id": at.question, "uuid": OLD}, {("INVALID", "uuid"), ("REQUIRED", "content")}),
        ("editMessage", {"id": unknown("Message"), "content": "x"}, {("NOT_FOUND", "id")}),
        ("regenerateMessage", {"id": at.question}, {("UNSUPPORTED", "id")}),
        (
            "regenerateMessage",
            {"id": at.answer, "message": {"role": "ASSISTANT", "parentId": at.question}},
            {("INVALID", "message.parentId"), ("REQUIRED", "message.content")},
        ),
        ("setCurrentMessage", {"messageId": talk}, {("INVALID", "messageId")}),
        ("deleteMessage", {"id": unknown("Message")}, {("NOT_FOUND", "id")}),
        (
            "setCitations",
            {"messageId": at.answer, "citations": [{"startIndex": 5, "endIndex": 2}, {"endIndex": 10_000}]},
            {("OUT_OF_RANGE", "citations.0.endIndex"), ("OUT_OF_RANGE", "citations.1.endIndex")},
        ),
        (
            "setFollowUpQuestions",
            {"messageId": at.answer, "followUpQuestions": [{"question": nul}]},
            {("INVALID", "followUpQuestions.0.question")},
        ),
        ("giveFeedback", {"targetId": at.tool, "rating": "POSITIVE"}, {("INVALID", "targetId")}),
        ("giveFeedback", {"targetId": at.answer}, {("REQUIRED", "")}),
        (
            "giveFeedback",
            {
                "targetId": at.answer,
                "seen": {"currentMessageId": at.other},
                "citationVerdicts": [{"referenceId": unknown("Reference")}],
                "comment": "c",
            },
            {("WRONG_CONVERSATION", "seen.currentMessageId"), ("NOT_FOUND", "citationVerdicts.0.referenceId")},
        ),
        ("withdrawFeedback", {"id": unknown("Feedback")}, {("NOT_FOUND", "id")}),
        (
            "createAssistant",
            {"name": "", "toolIds": [unknown("Tool")]},
            {("INVALID", "name"), ("NOT_FOUND", "toolIds.0")},
        ),
        (
            "updateAssistant",
            {"id": at.assistant, "name": None, "expectedVersion": 5},
            {("REQUIRED", "name"), ("STALE_VERSION", "expectedVersion")},
        ),
        ("deleteAssistant", {"id": at.assistant}, {("IN_USE", "id")}),
        ("createTool", {"name": "x" * 513, "parameters": 1}, {("TOO_LONG", "name"), ("INVALID", "parameters")}),
        ("updateTool", {"id": unknown("Tool"), "kind": None}, {("REQUIRED", "kind"), ("NOT_FOUND", "id")}),
        ("deleteTool", {"id": unknown("Tool")}, {("NOT_FOUND", "id")}),
    ]
