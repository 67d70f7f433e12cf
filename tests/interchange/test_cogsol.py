"""CogSol's chats, messages and reports become conversations, messages and feedback, and come back as they were."""

import copy
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db import jsons
from db.interchange.base import (
    BadRecord,
    ConversationDraft,
    DetachedAssistantDraft,
    DetachedFeedbackDraft,
    PassedOver,
)
from db.interchange.cogsol import CogSol, write_report
from db.words import Actor, ExecutionStatus, IdType, MessageRole, MessageType, Rating, ToolKind
from tests.interchange.vendors import (
    Document,
    anything,
    conversation_of,
    documents,
    feedback_of,
    ids,
    numbers,
    objects,
    scalars,
    stored,
    texts,
    times,
    words,
)

COGSOL = CogSol()

QUESTION: Document = {
    "id": 31,
    "role": "user",
    "content": "Do you ship on Sundays?",
    "msg_num": 1,
    "attachments": [{"original_file_name": "order.pdf", "file_content": "two pallets"}],
    "tool_call_id": None,
    "function_name": None,
    "likes": None,
    "visible": True,
    "metadata": {"user_id": ["USR-7"]},
    "system_prompt": None,
    "functions": None,
    "created_at": "2025-05-28T14:32:50.100Z",
    "updated_at": "2025-05-28T14:32:50.100Z",
}
SEARCH: Document = {
    **QUESTION,
    "id": 32,
    "role": "tool",
    "content": "1 block found",
    "msg_num": 2,
    "attachments": [],
    "tool_call_id": "call_1",
    "function_name": "docs_search",
    "visible": False,
    "metadata": {},
}
ANSWER: Document = {
    **SEARCH,
    "id": 33,
    "role": "assistant",
    "content": "No [1].",
    "msg_num": 3,
    "tool_call_id": None,
    "function_name": None,
    "likes": False,
    "visible": True,
    "system_prompt": "Be brief",
    "functions": {"docs_search": {}},
}
CHAT: Document = {
    "id": 640,
    "messages": [QUESTION, SEARCH, ANSWER],
    "references": [
        {"reference_num": 1, "source": "Shipping, p. 2", "showed_num": 1},
        {"reference_num": 2, "source": "FAQ"},
    ],
    "title": "Sundays",
    "like": True,
    "comment": "Quick",
    "created_at": "2025-05-28T14:32:50.000Z",
    "updated_at": "2025-05-28T14:33:02.274Z",
    "matrix_mode": True,
    "execution_status": "PROCESSING",
    "assistant": 42,
    "tools": [7, 9],
}
READ: Document = {
    "id": 34,
    "role": "assistant",
    "content": "No [1].",
    "msg_num": 1,
    "usr_msg_num": "1",
    "fixed": None,
    "metadata": None,
    "references": [{"reference_num": 1, "source": "Shipping, p. 2"}],
    "created_at": "2025-05-28T14:32:50.000Z",
    "updated_at": "2025-05-28T14:32:50.000Z",
}
SHORT: Document = {
    "id": 641,
    "title": "Mondays",
    "assistant": 42,
    "messages": [READ],
    "max_responses": "20",
    "max_msg_length": "500",
    "comment": None,
    "like": None,
    "created_at": "2025-05-28T14:32:50.000Z",
    "updated_at": "2025-05-28T14:33:02.274Z",
    "matrix_mode": False,
    "execution_status": "RUNNING",
}
REPORT: Document = {
    "id": 3,
    "chat": 640,
    "category": "INCORRECT",
    "reason": "NOT_IN_DOCS",
    "severity": "HIGH",
    "topic": "shipping",
    "comments": "It does ship on Sundays.",
    "status": "OPEN",
    "created_at": "2025-05-29T10:00:00.000Z",
    "updated_at": "2025-05-29T10:00:00.000Z",
}


def back(draft: ConversationDraft) -> Any:
    return COGSOL.write(stored(draft))


def test_each_field_of_a_chat_has_its_place() -> None:
    draft = conversation_of(COGSOL, copy.deepcopy(CHAT))
    assert (draft.record_id, draft.id_type, draft.kind, draft.whole) == ("640", IdType.NUMBER, "chat", True)
    assert draft.values == {
        "title": "Sundays",
        "owner_id": "USR-7",
        "matrix_mode": True,
        "execution_status": ExecutionStatus.PROCESSING,
        "created_at": datetime(2025, 5, 28, 14, 32, 50, tzinfo=UTC),
        "updated_at": datetime(2025, 5, 28, 14, 33, 2, 274000, tzinfo=UTC),
    }
    assert [reference.values for reference in draft.references] == [
        {"number": 1, "label": "Shipping, p. 2", "shown_number": 1},
        {"number": 2, "label": "FAQ"},
    ]
    assert draft.assistant is not None
    assert (draft.assistant.record_id, draft.assistant.id_type) == ("42", IdType.NUMBER)
    assert [(tool.record_id, tool.values) for tool in draft.tools] == [
        ("7", {"kind": ToolKind.OTHER}),
        ("9", {"kind": ToolKind.OTHER}),
    ]


def test_like_and_comment_are_the_owners_feedback() -> None:
    [feedback] = conversation_of(COGSOL, CHAT).feedback
    assert feedback.kind == "like"
    assert feedback.values == {
        "is_owners": True,
        "rating": Rating.POSITIVE,
        "comment": "Quick",
        "author_id": "USR-7",
    }
    assert conversation_of(COGSOL, SHORT).feedback == []


def test_each_field_of_a_message_has_its_column() -> None:
    question, search, answer = conversation_of(COGSOL, copy.deepcopy(CHAT)).messages
    assert question.attachments == [{"name": "order.pdf", "text": "two pallets"}]
    assert question.values["metadata"] == {"user_id": ["USR-7"]}
    assert question.feedback == []
    assert (search.values["role"], search.values["message_type"]) == (MessageRole.TOOL, MessageType.TOOL_RESULT)
    assert (search.values["tool_call_id"], search.values["tool_name"]) == ("call_1", "docs_search")
    assert search.values["visible"] is False
    assert answer.values == {
        "role_name": "assistant",
        "role": MessageRole.ASSISTANT,
        "message_type": MessageType.BOT_RESPONSE,
        "actor": Actor.AI,
        "content": "No [1].",
        "visible": True,
        "metadata": {},
        "system_prompt": "Be brief",
        "properties": {"functions": {"docs_search": {}}},
        "timestamp": datetime(2025, 5, 28, 14, 32, 50, 100000, tzinfo=UTC),
        "created_at": datetime(2025, 5, 28, 14, 32, 50, 100000, tzinfo=UTC),
        "updated_at": datetime(2025, 5, 28, 14, 32, 50, 100000, tzinfo=UTC),
    }
    [liked] = answer.feedback
    assert (liked.kind, liked.values) == ("likes", {"rating": Rating.NEGATIVE})


def test_canonical_documents_leave_neither_extra_nor_presence() -> None:
    draft = conversation_of(COGSOL, copy.deepcopy(CHAT))
    for row in (draft, *draft.messages, *draft.feedback, *draft.messages[2].feedback):
        assert (row.extra, row.presence) == (None, None)
    assert jsons.same(back(draft), [CHAT])


def test_the_short_form_of_a_chat_and_the_readers_form_of_a_message_are_forms() -> None:
    draft = conversation_of(COGSOL, copy.deepcopy(SHORT))
    assert draft.presence == {"form": "chat"}
    assert draft.values["execution_status"] is ExecutionStatus.PROCESSING
    assert draft.values["config"] == {"max_responses": "20", "max_msg_length": "500"}
    assert draft.messages[0].presence == {"form": "reader"}
    assert draft.messages[0].values["properties"] == {"usr_msg_num": "1"}
    assert draft.messages[0].references[0].values == {"number": 1, "label": "Shipping, p. 2"}
    assert jsons.same(back(draft), [SHORT])


def test_messages_that_are_a_text_as_documented_are_kept() -> None:
    document = {**CHAT, "messages": "string"}
    draft = conversation_of(COGSOL, document)
    assert (draft.messages, draft.extra) == ([], {"messages": "string"})
    assert draft.notes == ["messages is a text, not a list: it is kept, but makes no messages"]
    assert jsons.same(back(draft), [document])


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("AVAILABLE", ExecutionStatus.AVAILABLE),
        ("PENDING", ExecutionStatus.PENDING),
        ("RUNNING", ExecutionStatus.PROCESSING),
        ("PROCESSING", ExecutionStatus.PROCESSING),
        ("ERROR", ExecutionStatus.ERROR),
        ("ENDED", ExecutionStatus.ENDED),
    ],
)
def test_words_of_status_are_mapped_and_come_back(word: str, status: ExecutionStatus) -> None:
    for document in ({**CHAT, "execution_status": word}, {**SHORT, "execution_status": word}):
        draft = conversation_of(COGSOL, copy.deepcopy(document))
        assert draft.values["execution_status"] is status
        assert jsons.same(back(draft), [document])


def test_a_message_alone_makes_a_loose_conversation() -> None:
    draft = conversation_of(COGSOL, {**ANSWER, "msg_num": 17})
    assert (draft.kind, draft.record_id, draft.loose, draft.whole) == ("loose", None, True, False)
    assert draft.messages[0].extra == {"msg_num": 17}
    assert jsons.same(back(draft), [{**ANSWER, "msg_num": 17}])


def test_a_report_is_feedback_on_its_chat() -> None:
    detached = feedback_of(COGSOL, copy.deepcopy(REPORT))
    assert (detached.message_id, detached.conversation_id) == ("", "640")
    draft = detached.feedback
    assert (draft.record_id, draft.kind, draft.extra, draft.presence) == ("3", "report", None, None)
    assert draft.reasons == [{"label": "NOT_IN_DOCS"}]
    assert draft.values["comment"] == "It does ship on Sundays."
    assert draft.values["properties"] == {
        "category": "INCORRECT",
        "severity": "HIGH",
        "topic": "shipping",
        "status": "OPEN",
    }
    assert jsons.same(write_report(detached), REPORT)


def test_an_assistants_configuration_is_an_assistant() -> None:
    record = {"id": 42, "description": "Shipping help", "system_prompt": "Be brief", "temperature": 0.3}
    record |= {"generation_config": "default", "tools": [7], "colors": None}
    [drafted] = COGSOL.read(record)
    assert isinstance(drafted, DetachedAssistantDraft)
    draft = drafted.assistant
    assert (draft.record_id, draft.kind, draft.id_type) == ("42", "assistant", IdType.NUMBER)
    assert draft.values["name"] == draft.values["description"] == "Shipping help"
    assert draft.values["config"] == {"generation_config": "default"}
    assert [tool.record_id for tool in draft.tools] == ["7"]


def test_other_configuration_is_passed_over_by_name() -> None:
    tool = {"id": 7, "name": "docs", "description": "d", "parameters": [], "retrieval_id": 1}
    assert COGSOL.fits(tool)
    assert list(COGSOL.read(tool)) == [PassedOver(what="CogSol retrieval tools")]


def test_a_page_of_a_list_is_recognised() -> None:
    assert COGSOL.fits({"count": 0, "next": None, "previous": None, "results": []})


def test_a_change_made_here_shows_and_nothing_else_does() -> None:
    document = {**CHAT, "execution_status": "RUNNING", "like": None}
    draft = conversation_of(COGSOL, copy.deepcopy(document))
    draft.messages[2].values["content"] = "Yes."
    draft.feedback[0].values["rating"] = Rating.NEGATIVE
    assert back(draft) == [{**document, "like": False, "messages": [QUESTION, SEARCH, {**ANSWER, "content": "Yes."}]}]


@pytest.mark.parametrize(
    "record", [{"id": "a", "messages": []}, {"role": "user", "content": "Hi"}, [], {"assistant": "x", "title": "y"}]
)
def test_what_is_not_cogsols_is_not_claimed(record: object) -> None:
    assert not COGSOL.fits(record)
    with pytest.raises(BadRecord):
        list(COGSOL.read(record))


def test_a_wrong_list_of_messages_is_refused_by_name() -> None:
    with pytest.raises(BadRecord, match="messages: must be a list of objects, not a number"):
        list(COGSOL.read({**CHAT, "messages": 7}))


references = documents({"reference_num": numbers, "source": texts, "showed_num": numbers})
messages = documents(
    {
        "id": ids,
        "role": st.sampled_from(["user", "assistant", "tool", "system", "robot"]),
        "content": texts,
        "msg_num": st.integers(0, 4),
        "usr_msg_num": texts,
        "fixed": texts,
        "attachments": st.lists(documents({"original_file_name": texts, "file_content": anything}), max_size=2),
        "tool_call_id": words,
        "function_name": words,
        "likes": st.booleans(),
        "visible": st.booleans(),
        "metadata": objects | texts,
        "system_prompt": texts,
        "functions": objects,
        "references": st.lists(references, max_size=2) | texts,
        "created_at": times,
        "updated_at": times,
    },
    keep=("role", "content", "msg_num"),
)
chats = documents(
    {
        "id": ids,
        "title": texts,
        "assistant": ids,
        "messages": st.lists(messages, max_size=3),
        "references": st.lists(references, max_size=2),
        "like": st.booleans(),
        "comment": texts,
        "matrix_mode": st.booleans(),
        "execution_status": st.sampled_from(["AVAILABLE", "RUNNING", "PROCESSING", "ENDED", "BROKEN"]),
        "tools": st.lists(ids | scalars, max_size=3),
        "max_responses": anything,
        "metadata": objects,
        "created_at": times,
        "updated_at": times,
    },
    keep=("assistant", "messages", "execution_status"),
)


@given(messages)
@settings(max_examples=60, deadline=None)
def test_any_message_comes_back(document: Document) -> None:
    assert jsons.same(back(conversation_of(COGSOL, copy.deepcopy(document))), [document])


@given(chats)
@settings(max_examples=60, deadline=None)
def test_any_chat_comes_back(document: Document) -> None:
    assert jsons.same(back(conversation_of(COGSOL, copy.deepcopy(document))), [document])


@given(documents(dict.fromkeys(REPORT, anything) | {"id": ids, "chat": ids, "reason": words}, keep=tuple(REPORT)))
@settings(max_examples=80, deadline=None)
def test_any_report_comes_back(document: Document) -> None:
    detached = stored(feedback_of(COGSOL, copy.deepcopy(document)))
    assert isinstance(detached, DetachedFeedbackDraft)
    assert jsons.same(write_report(detached), document)
