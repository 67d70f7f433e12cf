"""Every mutation of the API: an input that does something, who gives it, and what to ask of its payload."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from db.record import new_id
from db.viewer import DEFAULT_VIEWER, DEFAULT_WORKSPACE_ID, Viewer
from db.words import Role, ViewerKind
from graph import ids
from graph.access import tokens
from tests.graph.asking import Client

Input = dict[str, Any]
CONVERSATION = (
    "conversation { id version title tags messageCount updatedAt deletedAt archivedAt currentMessage { id } }"
)
MESSAGE = "message { id version content status sequence parent { id } citations { id } followUpQuestions { question } }"
MADE = "id version name updatedAt"
ERRORS = "userErrors { field code message limit actual currentVersion }"

USER = Viewer(DEFAULT_WORKSPACE_ID, "ann", role=Role.END_USER, kind=ViewerKind.END_USER)
"""An end user who has signed in."""


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
    workspace: str
    """Another one, by the name of Annex."""
    key: str
    visitor: str
    """The token of an anonymous visitor, who has begun a conversation."""
    other_visitor: str
    user: str
    """The token of somebody who is not anonymous."""


async def write(client: Client, mutation: str, given: Input, selection: str, viewer: Viewer = DEFAULT_VIEWER) -> Any:
    """The payload of a mutation."""
    kind = mutation[0].upper() + mutation[1:]
    document = f"mutation ($input: {kind}Input!) {{ {mutation}(input: $input) {{ {selection} {ERRORS} }} }}"
    return (await client.ask(document, viewer, input=given))[mutation]


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
    workspace = (await made("createWorkspace", {"name": "Annex"}, "workspace { id }"))["workspace"]["id"]
    key = (await made("createApiKey", {"name": "nightly", "scope": "READ"}, "apiKey { id }"))["apiKey"]["id"]
    granted = [
        (await made("createUserToken", whom, "token"))["token"]
        for whom in ({"anonymous": True}, {"anonymous": True}, {"userId": "ada"})
    ]
    visitor = tokens.read(await tokens.secret_of(client.database), granted[0]).user_id
    await made("createConversation", {"title": "Begun before", "ownerId": visitor}, "conversation { id }")
    return Scene(
        *(conversation["id"], rows[0]["id"], rows[1]["id"], sibling, rows[1]["citations"][0]["id"]),
        *(assistant, tool, free, feedback, gone, other["currentMessage"]["id"], workspace, key, *granted),
    )


@dataclass(frozen=True, slots=True)
class Case:
    """A mutation."""

    given: Callable[[Scene], Input]
    """An input that does something."""
    selection: str
    other: Input | Callable[[Scene], Input]
    """What another input with the same key has otherwise."""
    versioned: bool = False
    """Whether it takes an expectedVersion."""
    keyed: bool = True
    """Whether it takes an idempotencyKey: what tells a secret does not, since that is kept nowhere to be told again."""
    viewer: Viewer = DEFAULT_VIEWER
    """Who may do it."""

    def otherwise(self, at: Scene) -> Input:
        """What another input has otherwise, in this scene."""
        return self.other if isinstance(self.other, dict) else self.other(at)


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
    "createWorkspace": Case(lambda _: {"name": "Docks"}, "workspace { id name createdAt }", {"name": "Piers"}),
    "deleteWorkspace": Case(
        lambda at: {"id": at.workspace, "confirmName": "Annex"}, "deletedWorkspaceId", {"confirmName": "annex"}
    ),
    "createApiKey": Case(
        lambda _: {"name": "ci", "scope": "WRITE", "expiresAt": "2100-01-01T00:00:00Z"},
        "apiKey { id name prefix scope expiresAt } secret",
        {},
        keyed=False,
    ),
    "revokeApiKey": Case(
        lambda at: {"id": at.key}, "apiKey { id prefix revokedAt }", {"id": ids.encode("ApiKey", new_id())}
    ),
    "createUserToken": Case(lambda _: {"userId": "bob", "expiresInSeconds": 600}, "token expiresAt", {}, keyed=False),
    "claimConversations": Case(
        lambda at: {"anonymousToken": at.visitor},
        "claimedCount",
        lambda at: {"anonymousToken": at.other_visitor},
        viewer=USER,
    ),
}


def unknown(type_name: str, key: UUID | None = None) -> str:
    """The id of something that is not there."""
    return ids.encode(type_name, key or new_id())
