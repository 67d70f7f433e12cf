"""Inputs of every mutation that are refused, with the codes and places of all that is wrong with them."""

from uuid import UUID

from db.viewer import DEFAULT_WORKSPACE_ID
from tests.acceptance.mutations import Input, Scene, unknown

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
        ("createWorkspace", {"name": "Annex"}, {("TAKEN", "name")}),
        ("createWorkspace", {"name": " "}, {("INVALID", "name")}),
        ("createWorkspace", {"name": "x" * 513}, {("TOO_LONG", "name")}),
        ("deleteWorkspace", {"id": at.workspace, "confirmName": "annex"}, {("INVALID", "confirmName")}),
        ("deleteWorkspace", {"id": unknown("Workspace"), "confirmName": "Annex"}, {("NOT_FOUND", "id")}),
        ("deleteWorkspace", {"id": at.key, "confirmName": "Annex"}, {("INVALID", "id")}),
        (
            "deleteWorkspace",
            {"id": unknown("Workspace", DEFAULT_WORKSPACE_ID), "confirmName": "main"},
            {("UNSUPPORTED", "id"), ("INVALID", "confirmName")},
        ),
        (
            "createApiKey",
            {"name": nul, "scope": "READ", "expiresAt": "2020-01-01T00:00:00Z"},
            {("INVALID", "name"), ("OUT_OF_RANGE", "expiresAt")},
        ),
        ("createApiKey", {"name": "x" * 513, "scope": "ADMIN"}, {("TOO_LONG", "name")}),
        ("revokeApiKey", {"id": unknown("ApiKey")}, {("NOT_FOUND", "id")}),
        ("revokeApiKey", {"id": at.workspace}, {("INVALID", "id")}),
        ("createUserToken", {}, {("REQUIRED", "userId")}),
        ("createUserToken", {"userId": None}, {("REQUIRED", "userId")}),
        (
            "createUserToken",
            {"userId": "bob", "anonymous": True, "expiresInSeconds": 59},
            {("INVALID", "userId"), ("OUT_OF_RANGE", "expiresInSeconds")},
        ),
        (
            "createUserToken",
            {"userId": "x" * 513, "expiresInSeconds": 30 * 24 * 3600 + 1},
            {("TOO_LONG", "userId"), ("OUT_OF_RANGE", "expiresInSeconds")},
        ),
        *(
            ("claimConversations", {"anonymousToken": token}, {("INVALID", "anonymousToken")})
            for token in ("", "nonsense", at.visitor[:-4], at.user)
        ),
    ]
