"""Mutations that come upon rows which no verb would write, or that name what is another's where chance seldom does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final
from uuid import UUID

from graphql import OperationType, parse, validate

from db.words import Role
from graph import ids
from graph.schema import schema
from tests.access.crossing.operations import Operation
from tests.access.crossing.people import Person
from tests.access.crossing.pools import Pool
from tests.access.crossing.runs import Run
from tests.access.crossing.strays import CALL, TITLE, VISITED, WRITTEN
from tests.access.crossing.world import SAME, Row

_TALK: Final = "conversation { id title preview messageCount tags version assistant { id } }"
_MESSAGE: Final = "message { id content sequence citations { id title } }"

_SHOWN: Final = {
    "createConversation": _TALK,
    "updateConversation": _TALK,
    "forkConversation": _TALK,
    "tagConversations": "conversations { id tags version }",
    "untagConversations": "conversations { id tags version }",
    "logConversation": f"{_TALK} counts {{ inserted updated unchanged }}",
    "addMessages": f"{_TALK} counts {{ inserted updated unchanged }}",
    "setCurrentMessage": _TALK,
    "deleteMessage": f"{_TALK} deletedMessageIds",
    "setCitations": _MESSAGE,
    "giveFeedback": "feedback { id rating comment }",
    "updateAssistant": "assistant { id version tools { id } }",
    "deleteAssistant": "deletedAssistantId",
    "deleteTool": "deletedToolId",
    "claimConversations": "claimedCount",
    "deleteWorkspace": "deletedWorkspaceId",
}
"""What each mutation is asked to give."""


class _Here:
    """Ids of a workspace's rows, and of the others'."""

    def __init__(self, run: Run, person: Person) -> None:
        self._rows, self._here = run.world.rows, person.viewer.workspace_id
        self.talks = self.own("conversations")
        self.talk = self.talks[WRITTEN]
        self.said = [row for row in self.own("messages") if row["conversation_id"] == self.talk["id"]]
        self.strays = [row for row in self.others("messages", strays=True) if row["conversation_id"] == self.talk["id"]]

    def own(self, table: str) -> list[Row]:
        """The workspace's rows of a table."""
        return [row for row in self._rows[table] if row["workspace_id"] == self._here]

    def others(self, table: str, *, strays: bool = False) -> list[Row]:
        """Those of the other workspace; or of the third."""
        third = self._rows["workspaces"][2]["id"]
        return [
            row
            for row in self._rows[table]
            if row["workspace_id"] != self._here and (row["workspace_id"] == third) is strays
        ]


def operations(run: Run) -> Iterator[tuple[Operation, Person]]:
    """The operations, each with who asks it."""
    pools = {pool.person.name: pool for pool in run.pools}
    for person in run.people:
        pool = pools.get(person.name)
        if pool is None:
            continue
        if person.viewer.role is Role.ADMIN:
            for root, given in _of_admin(_Here(run, person)):
                yield _made(root, given, pool), person
            row = next(row for row in run.world.rows["workspaces"] if row["id"] == person.viewer.workspace_id)
            yield _made("deleteWorkspace", {"id": _id("Workspace", row), "confirmName": row["name"]}, pool), person
        elif pool.token and "visitor" not in person.name:
            yield _made("claimConversations", {"anonymousToken": pool.token}, pool), person


def _made(root: str, given: Mapping[str, Any], pool: Pool) -> Operation:
    type_name = f"{root[0].upper()}{root[1:]}Input"
    shown = f"{{ {_SHOWN[root]} userErrors {{ field message code }} }}"
    text = f"mutation Asked($input: {type_name}!) {{ {root}(input: $input) {shown} }}"
    assert validate(schema._schema, parse(text)) == [], text
    return Operation(OperationType.MUTATION, text, {"input": dict(given)}, pool, (root,), ())


def _of_admin(here: _Here) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from _of_talks(here)
    yield from _of_messages(here)
    yield from _of_feedback(here)
    yield from _of_tools(here)


def _of_talks(here: _Here) -> Iterator[tuple[str, dict[str, Any]]]:
    talk = _id("Conversation", here.talk)
    tag = next(row["tag"] for row in here.own("conversation_tags") if row["conversation_id"] == here.talk["id"])
    assert tag == SAME, "it has this tag"
    (stray,) = (
        row["tag"] for row in here.others("conversation_tags", strays=True) if row["conversation_id"] == here.talk["id"]
    )
    yield "tagConversations", {"ids": [talk], "tags": ["new"]}
    yield "untagConversations", {"ids": [talk], "tags": [tag, stray]}
    yield "updateConversation", {"id": talk, "title": "new", "tags": ["new"]}
    yield "updateConversation", {"id": talk, "like": True, "comment": "new"}
    yield "updateConversation", {"id": _id("Conversation", here.talks[VISITED]), "like": None}
    yield "createConversation", {"title": "new", "assistantId": _id("Assistant", here.others("assistants")[0])}
    for row in here.others("conversations"):
        if row["external_id"] is not None:
            for root in ("createConversation", "logConversation"):
                yield root, {"title": "new", "externalId": row["external_id"]}
    for row in here.others("assistants"):
        if row["external_id"] is not None:
            yield "logConversation", {"title": "new", "assistant": {"externalId": row["external_id"]}}
    # What a stray says at the end of the branch in play, and more: laid against what is there, since it has no ids.
    said = {"role": "USER", "content": here.strays[0]["content"], "toolCallId": CALL}
    messages = [said, {"role": "USER", "content": "new"}]
    yield "logConversation", {"uuid": str(here.talk["id"]), "tags": ["new"], "messages": messages}


def _of_messages(here: _Here) -> Iterator[tuple[str, dict[str, Any]]]:
    talk, new = _id("Conversation", here.talk), {"role": "ASSISTANT", "content": "new"}
    unused = here.own("tools")[2]
    for given in (
        {"toolCalls": [{"name": "new", "callId": CALL, "toolId": _id("Tool", unused)}]},
        {"parentId": _id("Message", here.strays[0])},
        {"parentId": _id("Message", here.others("messages")[0])},
        {"externalId": here.strays[0]["external_id"]},
        {"citations": [{"sourceId": _id("Source", here.others("sources")[0])}]},
    ):
        yield "addMessages", {"conversationId": talk, "messages": [new | given]}
    for stray in here.strays:
        yield "forkConversation", {"messageId": _id("Message", stray)}
        yield "setCurrentMessage", {"messageId": _id("Message", stray)}
    for row in here.said:
        message = _id("Message", row)
        yield "forkConversation", {"messageId": message}
        yield "setCurrentMessage", {"messageId": message}
        yield "deleteMessage", {"id": message}
        yield "setCitations", {"messageId": message, "citations": []}
        yield "setCitations", {"messageId": message, "citations": [{"source": {"title": TITLE}}]}
    message, source = _id("Message", here.said[1]), _id("Source", here.others("sources")[0])
    yield "setCitations", {"messageId": message, "citations": [{"sourceId": source}]}


def _of_feedback(here: _Here) -> Iterator[tuple[str, dict[str, Any]]]:
    talk, said = here.talk, here.said[1]
    owner = {"authorId": talk["owner_id"], "authorKind": "END_USER"}
    message = _id("Message", said)
    for target in (_id("Conversation", talk), message, _id("Conversation", here.talks[VISITED])):
        for author in (owner, {"authorId": "new", "authorKind": "END_USER"}):
            yield "giveFeedback", {"targetId": target, "rating": "POSITIVE", "comment": "new", **author}
    # On this one hang reasons of others.
    first = [row for row in here.own("messages") if row["conversation_id"] == here.talks[0]["id"]][1]
    author = {"authorId": here.talks[0]["owner_id"], "authorKind": "END_USER"}
    yield "giveFeedback", {"targetId": _id("Message", first), "reasons": [{"label": "new"}], **author}
    foreign, cited = here.others("messages")[1], here.others("citations")[1]
    seen = {"currentMessageId": _id("Message", foreign)}
    yield "giveFeedback", {"targetId": message, "comment": "new", "seen": seen}
    verdicts = [{"referenceId": _id("Reference", cited), "verdict": "POSITIVE"}]
    yield "giveFeedback", {"targetId": message, "citationVerdicts": verdicts}


def _of_tools(here: _Here) -> Iterator[tuple[str, dict[str, Any]]]:
    helper, tools = here.own("assistants")[0], here.own("tools")
    yield "updateAssistant", {"id": _id("Assistant", helper), "toolIds": [_id("Tool", tool) for tool in tools[:2]]}
    for row in here.own("assistants"):
        yield "deleteAssistant", {"id": _id("Assistant", row)}
    for row in tools:
        yield "deleteTool", {"id": _id("Tool", row)}


def _id(type_name: str, row: Mapping[str, Any]) -> str:
    key: UUID = row["id"]
    return ids.encode(type_name, key)
