"""For each field of the table of roles a real operation, and how to tell whether it reached what it was to reach."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from tests.access.roles.world import HERE, Area, World

Given = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Read:
    """A query; it reaches things where their mark is in its answer."""

    document: str
    variables: Callable[[Area], Given] = lambda _: {}
    mark: Callable[[Area], str] = lambda area: area.mark
    before: Callable[[World, Area], Awaitable[None]] | None = None


@dataclass(frozen=True, slots=True)
class Write:
    """A mutation; it reaches things where it is done."""

    given: Callable[[Area], Given]
    before: Callable[[World, Area], Awaitable[Given | None]] | None = None
    """What is made ready; what it gives is given too."""
    absent: frozenset[str] = frozenset({"NOT_FOUND"})
    """The codes of an input that names what isn't there for who asks."""
    done: frozenset[str] = frozenset()
    """The codes of an input that is refused all the same, and only after what it names was found."""
    refers: bool = True
    """Whether it names anything that is there already."""
    makes: bool = False
    """Whether it makes something new, and leaves what is there as it is."""


def _id(name: str) -> Callable[[Area], Given]:
    return lambda area: {"id": area[name]}


def _by_id(field: str, below: str, name: str | None = None) -> Read:
    return Read(f"query ($id: ID!) {{ {field}(id: $id) {{ {below} }} }}", _id(name or field))


def _null(type_name: str, field: str, name: str, below: str = "") -> Read:
    document = f"query ($id: ID!) {{ node(id: $id) {{ ... on {type_name} {{ {field} {below} }} }} }}"
    return Read(document, _id(name), before=_originate if field == "origin" else None)


async def _originate(world: World, area: Area) -> None:
    if "originated" not in area.ids:
        await world.with_origins(area)
        area.ids["originated"] = ""


def _origin(type_name: str, name: str) -> Read:
    return _null(type_name, "origin", name, "{ recordId }")


READS: Final[dict[str, Read]] = {
    "__typename": Read("{ __typename }"),
    "__schema": Read("{ __schema { queryType { name } } }"),
    "__type": Read('{ __type(name: "Query") { name } }'),
    "viewer": Read("{ viewer { role kind } }"),
    "rateLimit": Read("{ rateLimit { remaining } }"),
    "conversation": _by_id("conversation", "title"),
    "conversations": Read("{ conversations(first: 100) { totalCount nodes { title } } }"),
    "conversationByExternalId": Read(
        "query ($x: String!) { conversationByExternalId(externalId: $x) { title } }", lambda area: {"x": area.mark}
    ),
    "message": _by_id("message", "content", "question"),
    "messages": Read("{ messages(first: 100) { totalCount nodes { content } } }"),
    "feedback": Read("{ feedback(first: 100) { totalCount nodes { comment } } }"),
    "source": _by_id("source", "title"),
    "sources": Read("{ sources(first: 100) { totalCount nodes { title } } }"),
    "node": Read("query ($id: ID!) { node(id: $id) { ... on Message { content } } }", _id("answer")),
    "nodes": Read(
        "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Message { content } ... on Feedback { comment } } }",
        lambda area: {"ids": [area["answer"], area["feedback"]]},
    ),
    "tags": Read("{ tags(first: 100) { tag count } }"),
    "propertyKeys": Read("{ propertyKeys(field: PROPERTIES, on: CONVERSATION, first: 100) { key } }"),
    "propertyValues": Read(
        "query ($path: [String!]!) { propertyValues(field: PROPERTIES, on: CONVERSATION, path: $path) { value } }",
        lambda area: {"path": [area.mark]},
    ),
    "assistant": _by_id("assistant", "name"),
    "assistants": Read("{ assistants(first: 100) { nodes { name } } }"),
    "tool": _by_id("tool", "name"),
    "tools": Read("{ tools(first: 100) { nodes { name } } }"),
    "workspaces": Read("{ workspaces { name } }", mark=lambda area: area.workspace),
    "apiKeys": Read("{ apiKeys { name } }"),
    "auditLog": Read(
        "query ($id: ID!) { auditLog(where: { nodeId: { eq: $id } }) { nodes { action nodeId } } }",
        _id("conversation"),
        lambda area: area["conversation"],
    ),
    **{
        f"{type_name}.{field}": _null(type_name, field, type_name.lower())
        for type_name in ("Assistant", "Conversation")
        for field in ("systemPrompt", "model", "config")
    },
    **{
        f"{type_name}.temperature": Read(_by_id(name, "temperature").document, _id(name), lambda _: "0.5")
        for type_name, name in (("Assistant", "assistant"), ("Conversation", "conversation"))
    },
    "MessageMetadata.systemPrompt": _by_id("message", "metadata { systemPrompt }", "answer"),
    "Conversation.origin": _origin("Conversation", "conversation"),
    "Message.origin": _origin("Message", "question"),
    "Feedback.origin": _origin("Feedback", "feedback"),
    "Source.origin": _origin("Source", "source"),
    "Assistant.origin": _origin("Assistant", "assistant"),
    "Tool.origin": _origin("Tool", "tool"),
    "Conversation.export": Read(
        "query ($id: ID!) { conversation(id: $id) { export(format: MARKDOWN) { content } } }", _id("conversation")
    ),
}


def _archived(mutation: str) -> Callable[[World, Area], Awaitable[None]]:
    async def before(world: World, area: Area) -> None:
        await world.written(area.workspace, mutation, {"id": area["conversation"]}, "__typename")

    return before


async def _regenerated(world: World, area: Area) -> None:
    await world.written(area.workspace, "regenerateMessage", {"id": area["answer"]}, "__typename")


def _said(area: Area) -> list[Given]:
    return [{"role": "USER", "content": f"And {area.mark}?"}]


async def _visited(world: World, area: Area) -> Given:
    """A conversation of a visitor who has not signed in, for each area's owner another kind of visitor."""
    named = area.ids.get("visitor")
    visitor = named or await world.user_token(workspace=area.workspace)
    answer = await world.change(visitor, "createConversation", {"title": "A visit"}, "userErrors { code }")
    assert answer.body["data"]["createConversation"]["userErrors"] == [], answer
    return {"anonymousToken": visitor}


WRITES: Final[dict[str, Write]] = {
    "createConversation": Write(
        lambda area: {"title": "A new one", "assistantId": area["assistant"], "messages": _said(area)}, makes=True
    ),
    "updateConversation": Write(lambda area: {"id": area["conversation"], "title": "Another title"}),
    "archiveConversation": Write(_id("conversation")),
    "unarchiveConversation": Write(_id("conversation"), _archived("archiveConversation")),
    "deleteConversation": Write(_id("conversation")),
    "restoreConversation": Write(_id("conversation"), _archived("deleteConversation")),
    "forkConversation": Write(lambda area: {"messageId": area["answer"]}, makes=True),
    "tagConversations": Write(lambda area: {"ids": [area["conversation"]], "tags": ["another"]}),
    "untagConversations": Write(lambda area: {"ids": [area["conversation"]], "tags": [area.mark]}),
    "logConversation": Write(lambda area: {"externalId": area.mark, "messages": _said(area)}),
    "addMessages": Write(lambda area: {"conversationId": area["conversation"], "messages": _said(area)}),
    "editMessage": Write(lambda area: {"id": area["question"], "content": "Said otherwise"}),
    "regenerateMessage": Write(_id("answer")),
    "setCurrentMessage": Write(lambda area: {"messageId": area["answer"]}, _regenerated),
    "deleteMessage": Write(_id("answer")),
    "withdrawFeedback": Write(_id("feedback")),
    "giveFeedback": Write(lambda area: {"targetId": area["question"], "rating": "POSITIVE"}),
    "setExecutionStatus": Write(lambda area: {"id": area["conversation"], "status": "PENDING"}),
    "setCitations": Write(lambda area: {"messageId": area["answer"], "citations": [{"title": "Another"}]}),
    "setFollowUpQuestions": Write(
        lambda area: {"messageId": area["answer"], "followUpQuestions": [{"question": "Why?"}]}
    ),
    "createAssistant": Write(lambda area: {"name": "A new one", "toolIds": [area["tool"]]}, makes=True),
    "updateAssistant": Write(lambda area: {"id": area["assistant"], "name": "Another name"}),
    "deleteAssistant": Write(_id("assistant")),
    "createTool": Write(lambda _: {"name": "A new one"}, refers=False, makes=True),
    "updateTool": Write(lambda area: {"id": area["tool"], "name": "Another name"}),
    "deleteTool": Write(_id("tool")),
    "createApiKey": Write(lambda _: {"scope": "READ"}, refers=False, makes=True),
    "revokeApiKey": Write(_id("key")),
    "createUserToken": Write(lambda _: {"userId": "zoe"}, refers=False, makes=True),
    "createWorkspace": Write(lambda area: {"name": f"new {area.mark}"}, refers=False, makes=True),
    # Not deleted: the name that has to be confirmed is another one, which is told of one's own workspace alone.
    "deleteWorkspace": Write(
        lambda area: {"id": area["workspace"], "confirmName": "another"}, done=frozenset({"INVALID"}), makes=True
    ),
    "claimConversations": Write(lambda _: {}, _visited, absent=frozenset({"INVALID"}), refers=False, makes=True),
}


def in_reach(word: str, area: Area, mine: Area) -> bool:
    """Whether a word of the table lets the things of an area be reached by who owns those of another."""
    return area is mine if word == "own" else area.workspace == HERE
