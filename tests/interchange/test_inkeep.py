"""Inkeep's conversations and feedback become rows and come back as they were."""

import copy
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db import jsons
from db.interchange.base import BadRecord, ConversationDraft, DetachedFeedbackDraft, PassedOver
from db.interchange.inkeep import Inkeep, projection, write_feedback
from db.words import Actor, ConversationType, MessageRole, MessageType, PartType, Rating, Verdict, Visibility
from tests.interchange.vendors import (
    Document,
    anything,
    conversation_of,
    documents,
    feedback_of,
    ids,
    objects,
    scalars,
    stored,
    texts,
    times,
    words,
)

INKEEP = Inkeep()

QUESTION: Document = {
    "id": "q1",
    "type": "openai",
    "externalId": None,
    "externalUrl": None,
    "conversationId": "c1",
    "createdAt": "1713419160973",
    "updatedAt": "1744095940659",
    "role": "user",
    "content": [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": "https://img.test/a.png", "detail": "low"}},
        {"type": "text", "text": "And that?"},
    ],
    "userProperties": {"id": 5},
}
ANSWER: Document = {
    "id": "a1",
    "type": "openai",
    "externalId": "ext-a1",
    "externalUrl": "https://chat.test/a1",
    "conversationId": "c1",
    "createdAt": "1713419161973",
    "updatedAt": "1744095940659",
    "role": "assistant",
    "content": "A page of settings.",
    "name": "Helper",
    "links": [
        {
            "label": "1",
            "url": "https://docs.test/settings",
            "title": "Settings",
            "description": "All of them",
            "type": "documentation",
            "breadcrumbs": ["Docs", "Settings"],
        }
    ],
    "properties": {"latency": 12},
    "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "find", "arguments": '{"n":2}'}}],
}
CONVERSATION: Document = {
    "id": "c1",
    "externalId": "ext-1",
    "externalUrl": "https://chat.test/1",
    "type": "openai",
    "supportTicketConversationId": "t1",
    "createdAt": "1713419160973",
    "updatedAt": "1744150710777",
    "projectId": "p1",
    "integrationId": "i1",
    "properties": {"theme": "dark"},
    "userProperties": {"id": 17, "userId": "u-17"},
    "tags": ["billing"],
    "visibility": "public",
    "messages": [QUESTION, ANSWER],
    "messagesOpenAIFormat": [
        {"role": "user", "content": QUESTION["content"]},
        {"role": "assistant", "name": "Helper", "content": ANSWER["content"], "tool_calls": ANSWER["tool_calls"]},
    ],
}
FEEDBACK: Document = {
    "id": "f1",
    "type": "negative",
    "messageId": "a1",
    "createdAt": "1744095941000",
    "reasons": [{"label": "outdated", "details": "Old menu"}],
    "details": "Wrong page",
    "sources": [
        {"type": "negative", "title": "Settings", "url": "https://docs.test/settings"},
        {"type": "new", "title": "Menus", "url": "https://docs.test/menus"},
    ],
    "properties": {"widget": "search"},
    "userProperties": {"userId": "u-3"},
}


def back(draft: ConversationDraft) -> Any:
    return INKEEP.write(stored(draft))


def at(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def test_each_field_of_a_conversation_has_its_column() -> None:
    draft = conversation_of(INKEEP, copy.deepcopy(CONVERSATION))
    assert (draft.record_id, draft.kind, draft.whole) == ("c1", "conversation", True)
    assert draft.values == {
        "external_id": "ext-1",
        "external_url": "https://chat.test/1",
        "type": ConversationType.OPENAI,
        "support_ticket_conversation_id": "t1",
        "created_at": at(1713419160973),
        "updated_at": at(1744150710777),
        "project_id": "p1",
        "integration_id": "i1",
        "properties": {"theme": "dark"},
        "user_properties": {"id": 17, "userId": "u-17"},
        "owner_id": "u-17",
        "visibility": Visibility.PUBLIC,
    }
    assert draft.tags == ["billing"]
    assert draft.assistant is not None
    assert (draft.assistant.record_id, draft.assistant.kind) == ("i1", "integration")


def test_each_field_of_a_message_has_its_place() -> None:
    question, answer = conversation_of(INKEEP, copy.deepcopy(CONVERSATION)).messages
    assert question.values["content"] == "What is this?\nAnd that?"
    assert question.values["author_id"] == "5"
    assert question.parts == [
        {"type": PartType.TEXT, "text": "What is this?"},
        {"type": PartType.IMAGE, "url": "https://img.test/a.png", "detail": "low"},
        {"type": PartType.TEXT, "text": "And that?"},
    ]
    assert answer.parts is None
    assert answer.values == {
        "role_name": "assistant",
        "role": MessageRole.ASSISTANT,
        "message_type": MessageType.BOT_RESPONSE,
        "actor": Actor.AI,
        "content": "A page of settings.",
        "author_name": "Helper",
        "external_id": "ext-a1",
        "external_url": "https://chat.test/a1",
        "properties": {"latency": 12},
        "timestamp": at(1713419161973),
        "created_at": at(1713419161973),
        "updated_at": at(1744095940659),
    }
    assert answer.tool_calls == [{"call_id": "call_1", "name": "find", "arguments_text": '{"n":2}'}]
    [link] = answer.references
    assert link.values == {
        "label": "1",
        "url": "https://docs.test/settings",
        "title": "Settings",
        "description": "All of them",
        "kind": "documentation",
        "breadcrumbs": ["Docs", "Settings"],
    }
    assert link.source is not None
    assert link.source.values == {"url": "https://docs.test/settings", "title": "Settings", "kind": "documentation"}


def test_canonical_documents_leave_neither_extra_nor_presence() -> None:
    draft = conversation_of(INKEEP, copy.deepcopy(CONVERSATION))
    for row in (draft, *draft.messages):
        assert (row.extra, row.presence) == (None, None)
    assert jsons.same(back(draft), [CONVERSATION])


def test_the_openai_format_is_not_stored_where_it_says_what_the_messages_say() -> None:
    assert jsons.same(projection([QUESTION, ANSWER]), CONVERSATION["messagesOpenAIFormat"])


def test_an_openai_format_that_differs_is_kept_and_reported() -> None:
    document = {**CONVERSATION, "messagesOpenAIFormat": [{"role": "user", "content": "Something else"}]}
    draft = conversation_of(INKEEP, copy.deepcopy(document))
    assert draft.extra == {"messagesOpenAIFormat": document["messagesOpenAIFormat"]}
    assert draft.notes == ["messagesOpenAIFormat differs from messages: it is kept as it is"]
    assert jsons.same(back(draft), [document])


def test_times_in_iso_and_parts_without_a_payload_come_back() -> None:
    message = {
        **QUESTION,
        "createdAt": "2025-04-08T22:18:30.777Z",
        "content": [{"type": "text"}, {"type": "image_url"}],
    }
    draft = conversation_of(INKEEP, message)
    assert draft.messages[0].parts == [{"type": PartType.TEXT}, {"type": PartType.IMAGE}]
    assert draft.messages[0].values["content"] == ""
    assert jsons.same(back(draft), [message])


def test_people_answer_tickets() -> None:
    ticket: Document = {name: value for name, value in CONVERSATION.items() if name != "messagesOpenAIFormat"}
    said: Document = {"type": "support_ticket", "links": [], "content": None}
    ticket |= {
        "type": "support_ticket",
        "messages": [{**QUESTION, **said, "role": "customer"}, {**ANSWER, **said, "role": "agent"}],
    }
    draft = conversation_of(INKEEP, copy.deepcopy(ticket))
    assert draft.values["type"] is ConversationType.SUPPORT_TICKET
    customer, agent = (message.values for message in draft.messages)
    assert (customer["role"], customer["actor"], customer["role_name"]) == (MessageRole.USER, Actor.USER, "customer")
    assert (agent["role"], agent["actor"], agent["role_name"]) == (MessageRole.ASSISTANT, Actor.STAFF, "agent")
    assert (draft.extra, draft.presence) == (None, None)
    assert jsons.same(back(draft), [ticket])


def test_a_message_alone_belongs_to_its_conversation() -> None:
    draft = conversation_of(INKEEP, copy.deepcopy(ANSWER))
    assert (draft.record_id, draft.kind, draft.loose, draft.whole) == ("c1", "conversation", True, False)
    assert jsons.same(back(draft), [ANSWER])


def test_the_python_clients_spelling_is_taken_and_comes_back() -> None:
    document = {
        "id": "c2",
        "external_id": None,
        "type": "openai",
        "created_at": "2025-04-08T22:18:30.777Z",
        "integration_id": "i1",
        "messages": [{"id": "m", "role": "user", "content": "Hi", "conversation_id": "c2", "toolCalls": []}],
        "messages_open_ai_format": [{"role": "user", "content": "Hi", "toolCalls": []}],
    }
    draft = conversation_of(INKEEP, copy.deepcopy(document))
    assert draft.values["integration_id"] == "i1"
    assert (draft.extra, draft.notes) == (None, [])
    assert jsons.same(back(draft), [document])


def test_each_field_of_feedback_has_its_place() -> None:
    detached = feedback_of(INKEEP, copy.deepcopy(FEEDBACK))
    assert (detached.message_id, detached.conversation_id) == ("a1", None)
    draft = detached.feedback
    assert (draft.record_id, draft.kind, draft.extra, draft.presence) == ("f1", "feedback", None, None)
    assert draft.values == {
        "external_id": "f1",
        "rating": Rating.NEGATIVE,
        "comment": "Wrong page",
        "author_id": "u-3",
        "properties": {"widget": "search"},
        "user_properties": {"userId": "u-3"},
        "created_at": at(1744095941000),
    }
    assert draft.reasons == [{"label": "outdated", "details": "Old menu"}]
    assert [verdict.values["verdict"] for verdict in draft.verdicts] == [Verdict.NEGATIVE, Verdict.MISSING]
    assert jsons.same(write_feedback(detached, None, None), FEEDBACK)


def test_feedback_brings_along_what_it_embeds() -> None:
    document = {**FEEDBACK, "conversation": CONVERSATION, "message": ANSWER}
    conversation, detached = INKEEP.read(copy.deepcopy(document))
    assert isinstance(conversation, ConversationDraft)
    assert isinstance(detached, DetachedFeedbackDraft)
    assert conversation.digest == jsons.canonical_hash(CONVERSATION)
    assert (detached.message_id, detached.conversation_id) == ("a1", "c1")
    assert [verdict.reference for verdict in detached.feedback.verdicts] == [0, None]
    assert detached.feedback.extra is None
    assert jsons.same(write_feedback(detached, CONVERSATION, ANSWER), document)


def test_an_embedded_message_that_differs_is_kept_with_the_feedback() -> None:
    other = {**ANSWER, "content": "Something else"}
    conversation, detached = INKEEP.read({**FEEDBACK, "conversation": CONVERSATION, "message": other})
    assert isinstance(conversation, ConversationDraft)
    assert isinstance(detached, DetachedFeedbackDraft)
    assert conversation.notes == ["message a1 differs from the one that its feedback embeds: that is kept there"]
    assert detached.feedback.extra == {"message": other}


def test_a_message_embedded_without_its_conversation_is_imported() -> None:
    conversation, detached = INKEEP.read({**FEEDBACK, "message": ANSWER})
    assert isinstance(conversation, ConversationDraft)
    assert isinstance(detached, DetachedFeedbackDraft)
    assert (conversation.record_id, conversation.whole) == ("c1", False)
    assert detached.conversation_id == "c1"


def test_answers_with_lists_are_recognised() -> None:
    assert INKEEP.fits({"conversations": [CONVERSATION], "total": 1, "pageSize": 20, "count": 1})
    assert INKEEP.fits({"positiveFeedbackCount": 0, "positiveFeedback": [], "negativeFeedback": [FEEDBACK]})


@pytest.mark.parametrize(
    ("record", "what"),
    [
        ({"id": "e", "type": "click", "entityType": "message", "createdAt": "2025-01-01T00:00:00Z"}, "Inkeep events"),
        ({"id": "s", "question": "Why?", "conversationIds": []}, "Inkeep semantic threads"),
        ({"status": "ok", "data": {"result": [], "total": 0}}, "Inkeep query results"),
    ],
)
def test_other_records_are_passed_over_by_name(record: Document, what: str) -> None:
    assert INKEEP.fits(record)
    assert list(INKEEP.read(record)) == [PassedOver(what=what)]


def test_a_change_made_here_shows_and_nothing_else_does() -> None:
    draft = conversation_of(INKEEP, copy.deepcopy(CONVERSATION))
    draft.tags = ["billing", "urgent"]
    draft.messages[1].values["content"] = "Another page."
    answer = {**ANSWER, "content": "Another page."}
    format_ = [
        CONVERSATION["messagesOpenAIFormat"][0],
        {**CONVERSATION["messagesOpenAIFormat"][1], "content": "Another page."},
    ]
    assert back(draft) == [
        {
            **CONVERSATION,
            "tags": ["billing", "urgent"],
            "messages": [QUESTION, answer],
            "messagesOpenAIFormat": format_,
        }
    ]


@pytest.mark.parametrize(
    "record", [{"id": "a", "messages": []}, {"role": "user", "content": "Hi"}, {"type": "message", "role": "user"}, []]
)
def test_what_is_not_inkeeps_is_not_claimed(record: object) -> None:
    assert not INKEEP.fits(record)
    with pytest.raises(BadRecord):
        list(INKEEP.read(record))


def test_a_wrong_list_of_messages_is_refused_by_name() -> None:
    with pytest.raises(BadRecord, match=r"messages\[1\]: must be an object, not a text"):
        list(INKEEP.read({**CONVERSATION, "messages": [QUESTION, "Hi"]}))


parts = documents(
    {
        "type": st.sampled_from(["text", "image_url", "audio"]),
        "text": texts,
        "image_url": documents({"url": texts, "detail": st.sampled_from(["auto", "low"])}),
    }
)
calls = documents(
    {"id": words, "type": st.just("function"), "function": documents({"name": words, "arguments": texts})}
)
links = documents(
    {"label": texts, "url": texts, "title": texts, "type": words, "breadcrumbs": st.lists(texts | scalars, max_size=2)}
)
messages = documents(
    {
        "id": ids,
        "type": st.sampled_from(["openai", "support_ticket"]),
        "externalId": words,
        "externalUrl": texts,
        "conversationId": st.sampled_from(["c1", "c2"]),
        "createdAt": times,
        "updatedAt": times,
        "role": st.sampled_from(["user", "assistant", "system", "agent", "owl"]),
        "content": texts | st.lists(parts | texts, max_size=3),
        "name": texts,
        "links": st.lists(links, max_size=2),
        "properties": objects,
        "userProperties": objects | documents({"id": ids, "userId": ids}),
        "tool_calls": st.lists(calls, max_size=2),
    },
    keep=("type", "role", "conversationId"),
)
conversations = documents(
    {
        "id": ids,
        "externalId": words,
        "externalUrl": texts,
        "type": st.sampled_from(["openai", "support_ticket", "support_copilot"]),
        "supportTicketConversationId": words,
        "createdAt": times,
        "updatedAt": times,
        "projectId": words,
        "integrationId": words,
        "properties": objects,
        "userProperties": objects,
        "tags": st.lists(texts, max_size=3),
        "visibility": st.sampled_from(["public", "private", "secret"]),
        "messages": st.lists(messages, max_size=3),
        "messagesOpenAIFormat": anything,
    },
    keep=("type", "messages"),
)


@st.composite
def truthful(draw: st.DrawFn) -> Document:
    document = draw(conversations)
    return {**document, "messagesOpenAIFormat": projection(document["messages"])}


@given(conversations | truthful())
@settings(max_examples=60, deadline=None)
def test_any_conversation_comes_back(document: Document) -> None:
    assert jsons.same(back(conversation_of(INKEEP, copy.deepcopy(document))), [document])


@given(messages)
@settings(max_examples=50, deadline=None)
def test_any_message_comes_back(document: Document) -> None:
    assert jsons.same(back(conversation_of(INKEEP, copy.deepcopy(document))), [document])


@given(
    documents(
        {
            "id": ids,
            "type": st.sampled_from(["positive", "negative"]),
            "messageId": words,
            "createdAt": times,
            "updatedAt": times,
            "reasons": st.lists(documents({"label": texts, "details": texts}), max_size=2),
            "details": texts,
            "sources": st.lists(
                documents({"type": st.sampled_from(["positive", "new", "odd"]), "title": texts, "url": texts}),
                max_size=2,
            ),
            "properties": objects,
            "userProperties": objects,
        },
        keep=("type", "messageId"),
    )
)
@settings(max_examples=50, deadline=None)
def test_any_feedback_comes_back(document: Document) -> None:
    detached = stored(feedback_of(INKEEP, copy.deepcopy(document)))
    assert isinstance(detached, DetachedFeedbackDraft)
    assert jsons.same(write_feedback(detached, None, None), document)
