"""Athena's chats and interactions become conversations and messages, and come back as they were."""

import copy
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db import jsons
from db.interchange.athena import Athena
from db.interchange.base import BadRecord, ConversationDraft, DetachedAssistantDraft, PassedOver
from db.words import Actor, IdType, MessageRole, MessageType
from tests.interchange.vendors import (
    Document,
    anything,
    conversation_of,
    documents,
    ids,
    numbers,
    objects,
    scalars,
    stored,
    texts,
    times,
    words,
)

ATHENA = Athena()

QUESTION: Document = {
    "id": 71,
    "actor": "USER",
    "message": "Which suppliers deliver on Mondays?",
    "metadata": {},
    "reference": [],
    "thread_id": "thread-1",
    "timestamp": "Mon, 05 Aug 2024 09:00:01 GMT",
    "created_at": "Mon, 05 Aug 2024 09:00:02 GMT",
}
TARGET: Document = {
    "id": 12,
    "document_id": "doc-a",
    "brain_id": "brain-1",
    "name": "plan.pdf",
    "type": "file",
    "status": "COMPLETE",
    "url": "https://files.test/plan.pdf",
    "created_at": "Sun, 04 Aug 2024 17:40:19 GMT",
    "metadata": None,
}
ANSWER: Document = {
    "id": 72,
    "actor": "AI",
    "message": "Two of them.",
    "model": "gpt-4o-mini",
    "metadata": {"lang": "en"},
    "dw_data": {"sql": "select 2", "rows": [[2]]},
    "reference": [TARGET, {"note": "any object"}],
    "thread_id": "thread-1",
    "timestamp": "Mon, 05 Aug 2024 09:00:09 GMT",
    "created_at": "Mon, 05 Aug 2024 09:00:10 GMT",
    "user_credits": 31,
}
CHAT: Document = {
    "chat_id": "thread-1",
    "title": "Suppliers",
    "user_id": "user-1",
    "brain_id": "brain-1",
    "model": "gpt-4o-mini",
    "system_message": "Be short.",
    "temperature": 0.2,
    "response_length": "SHORT",
    "created_from": "API",
    "sp_metadata": {},
    "created_at": "Mon, 05 Aug 2024 09:00:00 GMT",
    "last_updated": "Mon, 05 Aug 2024 09:00:10 GMT",
}
RECORD: Document = {"chat": CHAT, "interactions": [QUESTION, ANSWER]}
HISTORY: list[Document] = [
    {
        "id": 9,
        "user_input": {"content": "Hello?", "timestamp": 1722848400},
        "model_response": {"content": "Hello.", "timestamp": 1722848403},
    }
]


def back(draft: ConversationDraft) -> Any:
    return ATHENA.write(stored(draft))


def at(hour: int, minute: int, second: int) -> datetime:
    return datetime(2024, 8, 5, hour, minute, second, tzinfo=UTC)


def test_each_field_of_an_interaction_has_its_column() -> None:
    draft = conversation_of(ATHENA, copy.deepcopy(RECORD))
    question, answer = draft.messages
    assert (question.record_id, question.id_type, question.kind) == ("71", IdType.NUMBER, "interaction")
    assert answer.values == {
        "role_name": "AI",
        "role": MessageRole.ASSISTANT,
        "message_type": MessageType.BOT_RESPONSE,
        "actor": Actor.AI,
        "content": "Two of them.",
        "model": "gpt-4o-mini",
        "metadata": {"lang": "en"},
        "dw_data": {"sql": "select 2", "rows": [[2]]},
        "timestamp": at(9, 0, 9),
        "created_at": at(9, 0, 10),
        "user_credits": 31,
    }
    assert question.values["actor"] is Actor.USER
    document, other = answer.references
    assert document.values["external_id"] == "doc-a"
    assert (document.values["title"], document.values["kind"]) == ("plan.pdf", "file")
    assert document.source is not None
    assert document.source.values == {
        "external_id": "doc-a",
        "title": "plan.pdf",
        "kind": "file",
        "url": "https://files.test/plan.pdf",
    }
    assert other.values == {"metadata": {"note": "any object"}}
    assert other.source is None


def test_each_field_of_a_chat_has_its_column() -> None:
    draft = conversation_of(ATHENA, copy.deepcopy(RECORD))
    assert (draft.record_id, draft.kind, draft.whole, draft.loose) == ("thread-1", "chat", True, False)
    assert draft.values == {
        "title": "Suppliers",
        "owner_id": "user-1",
        "model": "gpt-4o-mini",
        "system_prompt": "Be short.",
        "temperature": 0.2,
        "config": {"response_length": "SHORT", "created_from": "API"},
        "properties": {},
        "created_at": at(9, 0, 0),
        "updated_at": at(9, 0, 10),
    }
    assert draft.assistant is not None
    assert (draft.assistant.record_id, draft.assistant.kind) == ("brain-1", "brain")


def test_canonical_documents_leave_neither_extra_nor_presence() -> None:
    for document in (RECORD, CHAT, QUESTION, ANSWER):
        draft = conversation_of(ATHENA, copy.deepcopy(document))
        for row in (draft, *draft.messages):
            assert (row.extra, row.presence) == (None, None)


def test_an_interaction_alone_belongs_to_its_thread_or_to_none() -> None:
    draft = conversation_of(ATHENA, QUESTION)
    assert (draft.record_id, draft.kind, draft.whole, draft.loose) == ("thread-1", "chat", False, True)
    alone = conversation_of(ATHENA, {name: value for name, value in QUESTION.items() if name != "thread_id"})
    assert (alone.record_id, alone.kind) == (None, "loose")


def test_the_messages_of_a_chatbots_log_are_canonical_too() -> None:
    logged = {
        "id": 5,
        "actor": "USER",
        "message": "Hi",
        "reference": [],
        "thread_id": "thread-9",
        "created_at": "2024-05-20T06:46:09.010233+00:00",
        "timestamp": None,
    }
    assert ATHENA.fits({"chat_messages": [logged]})
    draft = conversation_of(ATHENA, logged)
    assert draft.messages[0].presence == {"form": "log"}
    assert "timestamp" not in draft.messages[0].values
    assert jsons.same(back(draft), [logged])


def test_pairs_of_the_history_are_messages_where_there_are_no_interactions() -> None:
    document = {**CHAT, "recent_chat_history": HISTORY}
    draft = conversation_of(ATHENA, document)
    assert [(message.values["content"], message.values["role"]) for message in draft.messages] == [
        ("Hello?", MessageRole.USER),
        ("Hello.", MessageRole.ASSISTANT),
    ]
    assert draft.messages[0].values["timestamp"] == at(9, 0, 0)
    assert draft.presence is None
    assert jsons.same(back(draft), [document])


def test_pairs_that_say_what_the_interactions_say_are_not_stored_twice() -> None:
    derived = [
        {
            "id": 71,
            "user_input": {"content": QUESTION["message"], "timestamp": 1722848401},
            "model_response": {"content": ANSWER["message"], "timestamp": 1722848409},
        }
    ]
    document = {"chat": {**CHAT, "recent_chat_history": derived}, "interactions": [QUESTION, ANSWER]}
    draft = conversation_of(ATHENA, document)
    assert draft.presence == {"history": "derived"}
    assert (len(draft.messages), draft.notes) == (2, [])
    assert jsons.same(back(draft), [document])


def test_pairs_that_differ_from_the_interactions_are_kept_and_reported() -> None:
    document = {"chat": {**CHAT, "recent_chat_history": HISTORY}, "interactions": [QUESTION, ANSWER]}
    draft = conversation_of(ATHENA, document)
    assert len(draft.messages) == 2
    assert draft.notes == ["recent_chat_history differs from the interactions: it is kept, but makes no messages"]
    assert jsons.same(back(draft), [document])


def test_documents_of_the_first_generation_are_sources_too() -> None:
    old = {"id": "d1", "title": "Terms", "content": "Pay in 30 days.", "document_type": "url", "url": "https://a.test"}
    draft = conversation_of(ATHENA, {**ANSWER, "reference": [old]})
    reference = draft.messages[0].references[0]
    assert reference.values == {
        "external_id": "d1",
        "title": "Terms",
        "excerpt": "Pay in 30 days.",
        "kind": "url",
        "url": "https://a.test",
    }
    assert draft.messages[0].presence is None
    assert jsons.same(back(draft), [{**ANSWER, "reference": [old]}])


def test_metadata_that_are_a_word_are_kept_as_extra() -> None:
    draft = conversation_of(ATHENA, {**CHAT, "sp_metadata": "N/A"})
    assert draft.extra == {"sp_metadata": "N/A"}
    assert jsons.same(back(draft), [{**CHAT, "sp_metadata": "N/A"}])


def test_a_change_made_here_shows_and_nothing_else_does() -> None:
    draft = conversation_of(ATHENA, copy.deepcopy({"chat": {**CHAT, "num": 2}, "interactions": [QUESTION, ANSWER]}))
    draft.values["title"] = "Renamed"
    draft.messages[1].values["user_credits"] = 30
    [document] = back(draft)
    assert document["chat"] == {**CHAT, "title": "Renamed", "num": 2}
    assert document["interactions"] == [QUESTION, {**ANSWER, "user_credits": 30}]


def test_brains_are_assistants_and_chatbots_are_passed_over() -> None:
    brain = {"brain_id": "b1", "title": "Handbook", "description": "All rules", "type": "unstructured", "org_uuid": "o"}
    [drafted] = ATHENA.read(brain)
    assert isinstance(drafted, DetachedAssistantDraft)
    assert drafted.assistant.record_id == "b1"
    assert drafted.assistant.values["name"] == "Handbook"
    assert list(ATHENA.read({"id": "c", "brain_id": "b1", "urls": None, "api_key": "k"})) == [
        PassedOver(what="Athena chatbots")
    ]


@pytest.mark.parametrize(
    "record", [{"id": "a", "messages": []}, {"message": "Hi"}, [], "text", {"role": "user", "content": "Hi"}]
)
def test_what_is_not_athenas_is_not_claimed(record: object) -> None:
    assert not ATHENA.fits(record)
    with pytest.raises(BadRecord):
        list(ATHENA.read(record))


def test_a_wrong_list_is_refused_by_name() -> None:
    with pytest.raises(BadRecord, match=r"interactions\[1\]: must be an object, not a text"):
        list(ATHENA.read({"chat": CHAT, "interactions": [QUESTION, "Hi"]}))


targets = (
    documents(
        dict.fromkeys(("document_id", "brain_id", "name", "type", "status", "url"), texts)
        | {"id": ids, "created_at": times, "metadata": objects | st.none()},
        keep=("document_id",),
    )
    | documents(
        {"id": ids, "title": texts, "content": texts, "url": texts, "created_on": numbers, "document_type": words},
        keep=("document_type",),
    )
    | objects
)
interactions = documents(
    {
        "id": ids,
        "actor": st.sampled_from(["USER", "AI", "OPERATOR"]),
        "message": texts,
        "model": words,
        "metadata": objects,
        "dw_data": objects,
        "reference": st.lists(targets, max_size=2),
        "thread_id": st.sampled_from(["t1", "t2"]),
        "timestamp": times,
        "created_at": times,
        "user_credits": numbers,
    },
    keep=("actor", "message"),
)
pairs = documents(
    {
        "id": ids,
        "user_input": documents({"content": texts, "timestamp": times}),
        "model_response": documents({"content": texts, "timestamp": times}),
    }
)
chats = documents(
    {
        "chat_id": st.just("t1"),
        "title": texts,
        "user_id": words,
        "brain_id": words,
        "model": words,
        "system_message": texts,
        "temperature": numbers,
        "response_length": words,
        "created_from": words,
        "sp_metadata": objects | scalars,
        "created_at": times,
        "last_updated": times,
        "default_options": anything,
        "recent_chat_history": st.lists(pairs, max_size=2),
    },
    keep=("chat_id", "title"),
)


@given(interactions)
@settings(max_examples=60, deadline=None)
def test_any_interaction_comes_back(document: Document) -> None:
    assert jsons.same(back(conversation_of(ATHENA, copy.deepcopy(document))), [document])


@given(chats, st.lists(interactions, max_size=2))
@settings(max_examples=60, deadline=None)
def test_any_chat_comes_back_alone_and_with_its_interactions(chat: Document, said: list[Document]) -> None:
    for document in (chat, {"chat": chat, "interactions": said}):
        assert jsons.same(back(conversation_of(ATHENA, copy.deepcopy(document))), [document])
