"""PipesHub's conversations and messages become rows and come back as they were."""

import copy
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db import jsons
from db.interchange.base import BadRecord, ConversationDraft, DetachedAssistantDraft, PassedOver
from db.interchange.pipeshub import PipesHub
from db.words import (
    Actor,
    ContentFormat,
    ConversationType,
    ExecutionStatus,
    FeedbackAuthor,
    MessageRole,
    MessageType,
    Rating,
    Verdict,
)
from tests.interchange.vendors import (
    Document,
    anything,
    conversation_of,
    documents,
    ids,
    numbers,
    objects,
    stored,
    texts,
    times,
    words,
)

PIPESHUB = PipesHub()

QUESTION: Document = {
    "_id": "65a0000000000000000000a1",
    "messageType": "user_query",
    "content": "What does the plan cost?",
    "contentFormat": "MARKDOWN",
    "createdAt": "2026-03-02T02:39:50.000Z",
    "updatedAt": "2026-03-02T02:39:50.000Z",
}
FEEDBACK: Document = {
    "isHelpful": True,
    "ratings": {"accuracy": 5, "clarity": 4},
    "categories": ["well_explained"],
    "comments": {"positive": "Clear", "negative": "Long", "suggestions": "Add a table"},
    "citationFeedback": [{"citationId": "c1", "isRelevant": False, "relevanceScore": 2, "comment": "Old"}],
    "followUpQuestionsHelpful": False,
}
ANSWER: Document = {
    "_id": "65a0000000000000000000a2",
    "messageType": "bot_response",
    "content": "Twelve a month [1].",
    "contentFormat": "HTML",
    "citations": [{"citationId": "c1", "relevanceScore": 0.75, "excerpt": "12 a month", "context": "Prices"}],
    "confidence": "High",
    "followUpQuestions": [{"question": "A year?", "confidence": "Low", "reasoning": "Prices differ"}],
    "feedback": [FEEDBACK],
    "metadata": {"processingTimeMs": 1200, "modelVersion": "2025-11", "aiTransactionId": "tx", "reason": "Because"},
    "createdAt": "2026-03-02T02:39:53.000Z",
    "updatedAt": "2026-03-02T02:40:00.123Z",
}
CONVERSATION: Document = {
    "_id": "65a000000000000000000011",
    "userId": "65a000000000000000000021",
    "orgId": "65a000000000000000000031",
    "title": "Prices",
    "initiator": "65a000000000000000000021",
    "status": "FAILED",
    "failReason": "The model was away",
    "modelInfo": {"modelKey": "m1", "modelName": "gpt-4o", "modelProvider": "openAI", "chatMode": "quick"},
    "isShared": True,
    "shareLink": "https://app.test/s/1",
    "sharedWith": [{"userId": "u2", "accessLevel": "write"}],
    "isArchived": False,
    "lastActivityAt": 1772419200123,
    "createdAt": "2026-03-02T02:39:50.000Z",
    "updatedAt": "2026-03-02T02:40:00.123Z",
    "messages": [QUESTION, ANSWER],
}
CITED: Document = {
    "citationId": "c9",
    "citationData": {
        "_id": "c9",
        "content": "Twelve a month, billed yearly.",
        "chunkIndex": 4,
        "citationType": "vectordb|document",
        "metadata": {
            "recordId": "r1",
            "recordName": "prices.md",
            "recordType": "FILE",
            "connector": "drive",
            "webUrl": "https://drive.test/prices",
            "pageNum": [2, 3],
            "topics": ["prices"],
        },
    },
    "relevanceScore": 0.5,
}


def back(draft: ConversationDraft) -> Any:
    return PIPESHUB.write(stored(draft))


def test_each_field_of_a_message_has_its_place() -> None:
    question, draft = conversation_of(PIPESHUB, copy.deepcopy(CONVERSATION)).messages
    assert draft.record_id == "65a0000000000000000000a2"
    assert draft.values == {
        "role_name": "bot_response",
        "role": MessageRole.ASSISTANT,
        "message_type": MessageType.BOT_RESPONSE,
        "actor": Actor.AI,
        "content": "Twelve a month [1].",
        "content_format": ContentFormat.HTML,
        "confidence": "High",
        "processing_time_ms": 1200.0,
        "model_version": "2025-11",
        "ai_transaction_id": "tx",
        "reason": "Because",
        "timestamp": datetime(2026, 3, 2, 2, 39, 53, tzinfo=UTC),
        "created_at": datetime(2026, 3, 2, 2, 39, 53, tzinfo=UTC),
        "updated_at": datetime(2026, 3, 2, 2, 40, 0, 123000, tzinfo=UTC),
    }
    assert [reference.values for reference in draft.references] == [
        {"external_id": "c1", "relevance_score": 0.75, "excerpt": "12 a month", "context": "Prices"}
    ]
    assert draft.follow_ups == [{"question": "A year?", "confidence": "Low", "reasoning": "Prices differ"}]
    assert (question.values["role"], question.values["actor"]) == (MessageRole.USER, Actor.USER)


def test_each_field_of_feedback_has_its_place() -> None:
    [feedback] = conversation_of(PIPESHUB, copy.deepcopy(ANSWER)).messages[0].feedback
    assert feedback.values == {
        "rating": Rating.POSITIVE,
        "positive_comment": "Clear",
        "negative_comment": "Long",
        "suggestion": "Add a table",
        "follow_up_questions_helpful": False,
    }
    assert feedback.scores == [{"name": "accuracy", "value": 5.0}, {"name": "clarity", "value": 4.0}]
    assert feedback.reasons == [{"label": "well_explained"}]
    [verdict] = feedback.verdicts
    assert verdict.reference == 0
    assert verdict.values == {"verdict": Verdict.NEGATIVE, "score": 2.0, "comment": "Old"}


def test_what_the_server_adds_to_feedback_has_its_place_too() -> None:
    server = {
        "isHelpful": False,
        "categories": [],
        "unusedFollowUpQuestions": ["A year?"],
        "source": "admin",
        "feedbackProvider": "u3",
        "timestamp": 1772419200123,
        "metrics": {"timeToFeedback": 3},
    }
    draft = conversation_of(PIPESHUB, {**ANSWER, "feedback": [server]})
    [feedback] = draft.messages[0].feedback
    assert feedback.values == {
        "rating": Rating.NEGATIVE,
        "author_kind": FeedbackAuthor.STAFF,
        "author_id": "u3",
        "created_at": datetime(2026, 3, 2, 2, 40, 0, 123000, tzinfo=UTC),
        "properties": {"unusedFollowUpQuestions": ["A year?"], "metrics": {"timeToFeedback": 3}},
    }
    assert jsons.same(back(draft), [{**ANSWER, "feedback": [server]}])


def test_a_verdict_on_what_is_not_cited_comes_back() -> None:
    document = {**ANSWER, "feedback": [{**FEEDBACK, "citationFeedback": [{"citationId": "gone", "isRelevant": True}]}]}
    draft = conversation_of(PIPESHUB, copy.deepcopy(document))
    assert draft.messages[0].feedback[0].verdicts[0].reference is None
    assert jsons.same(back(draft), [document])


def test_each_field_of_a_conversation_has_its_place() -> None:
    draft = conversation_of(PIPESHUB, copy.deepcopy(CONVERSATION))
    assert (draft.record_id, draft.kind, draft.whole) == ("65a000000000000000000011", "conversation", True)
    assert draft.values == {
        "owner_id": "65a000000000000000000021",
        "properties": {"orgId": "65a000000000000000000031", "initiator": "65a000000000000000000021"},
        "title": "Prices",
        "execution_status": ExecutionStatus.ERROR,
        "fail_reason": "The model was away",
        "model": "gpt-4o",
        "config": {"modelKey": "m1", "modelProvider": "openAI", "chatMode": "quick"},
        "share_url": "https://app.test/s/1",
        "shared_with": [{"userId": "u2", "access": "WRITE"}],
        "last_activity_at": datetime(2026, 3, 2, 2, 40, 0, 123000, tzinfo=UTC),
        "created_at": datetime(2026, 3, 2, 2, 39, 50, tzinfo=UTC),
        "updated_at": datetime(2026, 3, 2, 2, 40, 0, 123000, tzinfo=UTC),
    }


def test_canonical_documents_leave_neither_extra_nor_presence() -> None:
    draft = conversation_of(PIPESHUB, copy.deepcopy(CONVERSATION))
    for row in (draft, *draft.messages, *draft.messages[1].feedback):
        assert (row.extra, row.presence) == (None, None)
    assert jsons.same(back(draft), [CONVERSATION])


def test_the_python_clients_spelling_is_taken_and_comes_back() -> None:
    document = {
        "id": "65a0000000000000000000a2",
        "message_type": "bot_response",
        "content": "Twelve.",
        "content_format": "MARKDOWN",
        "citations": [{"citation_id": "c1", "relevance_score": 0.75}],
        "follow_up_questions": [{"question": "A year?"}],
        "feedback": [{"is_helpful": True, "categories": [], "citation_feedback": [{"citation_id": "c1"}]}],
        "metadata": {"processing_time_ms": 12.5, "ai_transaction_id": "tx"},
        "created_at": "2026-03-02T02:39:53.000Z",
        "updated_at": "2026-03-02T02:39:53.000Z",
    }
    draft = conversation_of(PIPESHUB, copy.deepcopy(document))
    message = draft.messages[0]
    assert message.record_id == "65a0000000000000000000a2"
    assert message.values["ai_transaction_id"] == "tx"
    assert message.references[0].values == {"external_id": "c1", "relevance_score": 0.75}
    assert message.feedback[0].verdicts[0].reference == 0
    assert jsons.same(back(draft), [document])


def test_what_the_server_knows_of_a_citation_makes_a_source() -> None:
    document = {**ANSWER, "citations": [CITED], "feedback": []}
    draft = conversation_of(PIPESHUB, copy.deepcopy(document))
    [reference] = draft.messages[0].references
    assert reference.source is not None
    assert reference.source.values == {
        "external_id": "r1",
        "connector": "drive",
        "title": "prices.md",
        "url": "https://drive.test/prices",
        "kind": "FILE",
    }
    assert reference.values == {
        "external_id": "c9",
        "description": "Twelve a month, billed yearly.",
        "kind": "vectordb|document",
        "title": "prices.md",
        "url": "https://drive.test/prices",
        "pages": [2, 3],
        "relevance_score": 0.5,
        "metadata": {
            "_id": "c9",
            "chunkIndex": 4,
            "recordId": "r1",
            "recordType": "FILE",
            "connector": "drive",
            "topics": ["prices"],
        },
    }
    assert draft.messages[0].extra is None
    assert jsons.same(back(draft), [document])


def test_a_page_is_no_whole_and_its_messages_are_put_in_order() -> None:
    page = {**CONVERSATION, "messages": [ANSWER, QUESTION], "pagination": {"page": 1, "totalCount": 2}}
    draft = conversation_of(PIPESHUB, copy.deepcopy(page))
    assert draft.whole is False
    assert [message.record_id for message in draft.messages] == [QUESTION["_id"], ANSWER["_id"]]
    assert draft.extra == {"pagination": {"page": 1, "totalCount": 2}}
    assert jsons.same(back(draft), [page])


@pytest.mark.parametrize("archived", [True, False, None])
def test_an_archived_conversation_is_archived_since_its_last_activity(archived: bool | None) -> None:
    document = {**CONVERSATION, "isArchived": archived}
    draft = conversation_of(PIPESHUB, copy.deepcopy(document))
    assert draft.values.get("archived_at") == (draft.values["last_activity_at"] if archived else None)
    assert jsons.same(back(draft), [document])


def test_a_conversation_with_an_agent_has_it_as_its_assistant() -> None:
    document = {
        "_id": "a1",
        "agentKey": "agent-7",
        "userId": "u1",
        "orgId": "o1",
        "title": "Help",
        "status": "COMPLETED",
        "isShared": False,
        "sharedWith": [],
        "lastActivityAt": 1772419200123,
        "createdAt": "2026-03-02T02:39:50.000Z",
        "updatedAt": "2026-03-02T02:40:00.123Z",
        "messages": [QUESTION],
    }
    draft = conversation_of(PIPESHUB, copy.deepcopy(document))
    assert draft.assistant is not None
    assert (draft.assistant.record_id, draft.assistant.kind) == ("agent-7", "agent")
    assert draft.values["type"] is ConversationType.AGENT
    assert (draft.extra, draft.presence) == (None, None)
    assert jsons.same(back(draft), [document])


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("None", ExecutionStatus.AVAILABLE),
        ("Complete", ExecutionStatus.AVAILABLE),
        ("COMPLETED", ExecutionStatus.AVAILABLE),
        ("INPROGRESS", ExecutionStatus.PROCESSING),
        ("Inprogress", ExecutionStatus.PROCESSING),
        ("FAILED", ExecutionStatus.ERROR),
        ("Failed", ExecutionStatus.ERROR),
    ],
)
def test_words_of_status_are_mapped_and_come_back(word: str, status: ExecutionStatus) -> None:
    draft = conversation_of(PIPESHUB, {**CONVERSATION, "status": word})
    assert draft.values["execution_status"] is status
    assert jsons.same(back(draft), [{**CONVERSATION, "status": word}])


@pytest.mark.parametrize(
    ("word", "role", "kind", "actor"),
    [
        ("user_query", MessageRole.USER, MessageType.USER_QUERY, Actor.USER),
        ("bot_response", MessageRole.ASSISTANT, MessageType.BOT_RESPONSE, Actor.AI),
        ("error", MessageRole.OTHER, MessageType.ERROR, Actor.SYSTEM),
        ("feedback", MessageRole.OTHER, MessageType.FEEDBACK, Actor.USER),
        ("system", MessageRole.SYSTEM, MessageType.SYSTEM, Actor.SYSTEM),
        ("poll", MessageRole.OTHER, MessageType.OTHER, Actor.SYSTEM),
    ],
)
def test_types_of_messages_say_who_speaks(word: str, role: MessageRole, kind: MessageType, actor: Actor) -> None:
    draft = conversation_of(PIPESHUB, {**QUESTION, "messageType": word})
    values = draft.messages[0].values
    assert (values["role"], values["message_type"], values["actor"]) == (role, kind, actor)
    assert values["role_name"] == word
    assert jsons.same(back(draft), [{**QUESTION, "messageType": word}])


def test_a_message_alone_makes_a_loose_conversation() -> None:
    draft = conversation_of(PIPESHUB, copy.deepcopy(ANSWER))
    assert (draft.kind, draft.record_id, draft.loose, draft.whole) == ("loose", None, True, False)
    assert jsons.same(back(draft), [ANSWER])


def test_an_answer_with_conversations_is_recognised() -> None:
    assert PIPESHUB.fits({"conversations": [CONVERSATION], "pagination": {}, "filters": {}, "meta": {}})
    assert PIPESHUB.fits({"sharedWithMeConversations": [CONVERSATION]})


def test_agents_are_assistants_and_searches_are_passed_over() -> None:
    [drafted] = PIPESHUB.read({"agentKey": "k", "name": "Helper", "systemPrompt": "Help", "tools": ["jira.search"]})
    assert isinstance(drafted, DetachedAssistantDraft)
    assert drafted.assistant.values["name"] == "Helper"
    assert [tool.values["name"] for tool in drafted.assistant.tools] == ["jira.search"]
    search = {"search_id": "s", "query": "prices", "results": []}
    assert list(PIPESHUB.read(search)) == [PassedOver(what="PipesHub searches")]


def test_a_change_made_here_shows_and_nothing_else_does() -> None:
    document = {**CONVERSATION, "status": "Complete"}
    draft = conversation_of(PIPESHUB, copy.deepcopy(document))
    draft.values["archived_at"] = datetime(2026, 4, 1, tzinfo=UTC)
    draft.messages[1].feedback[0].scores[1]["value"] = 1.0
    changed = {**FEEDBACK, "ratings": {"accuracy": 5, "clarity": 1}}
    answer = {**ANSWER, "feedback": [changed]}
    assert back(draft) == [{**document, "isArchived": True, "messages": [QUESTION, answer]}]


@pytest.mark.parametrize(
    "record",
    [
        {"id": "a", "messages": []},
        {"role": "user", "content": "Hi"},
        {"conversationId": "c", "messages": [{"text": "Hi"}], "isArchived": False, "title": "t"},
        [],
    ],
)
def test_what_is_not_pipeshubs_is_not_claimed(record: object) -> None:
    assert not PIPESHUB.fits(record)
    with pytest.raises(BadRecord):
        list(PIPESHUB.read(record))


def test_a_wrong_list_of_messages_is_refused_by_name() -> None:
    with pytest.raises(BadRecord, match=r"messages\[0\]: must be an object, not null"):
        list(PIPESHUB.read({**CONVERSATION, "messages": [None]}))


feedback = documents(
    {
        "isHelpful": st.booleans(),
        "ratings": st.dictionaries(words, numbers, max_size=3) | objects,
        "categories": st.lists(words, max_size=2),
        "comments": documents({"positive": texts, "negative": texts, "suggestions": texts}),
        "citationFeedback": st.lists(
            documents({"citationId": words, "isRelevant": st.booleans(), "relevanceScore": numbers, "comment": texts}),
            max_size=2,
        ),
        "followUpQuestionsHelpful": st.booleans(),
        "source": st.sampled_from(["user", "system", "admin", "auto", "cat"]),
        "feedbackProvider": words,
        "timestamp": times,
        "revisions": anything,
        "_id": ids,
    }
)
citations = documents(
    {
        "citationId": st.sampled_from(["a", "b"]),
        "relevanceScore": numbers,
        "excerpt": texts,
        "context": texts,
        "citationData": documents(
            {
                "_id": words,
                "content": texts,
                "chunkIndex": numbers,
                "citationType": words,
                "createdAt": times,
                "metadata": documents({"recordId": words, "recordName": texts, "webUrl": texts, "pageNum": anything}),
            }
        ),
    }
)
messages = documents(
    {
        "_id": ids,
        "messageType": st.sampled_from(["user_query", "bot_response", "error", "poll"]),
        "content": texts,
        "contentFormat": st.sampled_from(["MARKDOWN", "HTML", "RTF"]),
        "citations": st.lists(citations, max_size=2),
        "confidence": texts,
        "followUpQuestions": st.lists(
            documents({"question": texts, "confidence": texts, "reasoning": texts}), max_size=2
        ),
        "feedback": st.lists(feedback, max_size=2),
        "metadata": documents(
            {"processingTimeMs": numbers, "modelVersion": texts, "aiTransactionId": texts, "reason": texts}
        ),
        "modelInfo": objects,
        "attachments": st.lists(documents({"recordId": ids, "recordName": texts, "mimeType": texts}), max_size=1),
        "createdAt": times,
        "updatedAt": times,
    },
    keep=("messageType", "content"),
)
conversations = documents(
    {
        "_id": ids,
        "userId": ids,
        "orgId": words,
        "title": texts,
        "initiator": words,
        "status": st.sampled_from(["COMPLETED", "None", "Failed", "LOST"]),
        "failReason": texts,
        "modelInfo": documents({"modelKey": words, "modelName": texts, "chatMode": words}),
        "isShared": st.booleans(),
        "shareLink": texts,
        "sharedWith": st.lists(documents({"userId": ids, "accessLevel": st.sampled_from(["read", "own"])}), max_size=2),
        "isArchived": st.booleans(),
        "lastActivityAt": times,
        "createdAt": times,
        "updatedAt": times,
        "metadata": objects,
        "tags": st.lists(texts, max_size=3),
        "agentKey": words,
        "pagination": objects,
        "messages": st.lists(messages, max_size=2),
    },
    keep=("title", "orgId", "lastActivityAt", "messages"),
)


@given(messages)
@settings(max_examples=60, deadline=None)
def test_any_message_comes_back(document: Document) -> None:
    assert jsons.same(back(conversation_of(PIPESHUB, copy.deepcopy(document))), [document])


@given(conversations)
@settings(max_examples=60, deadline=None)
def test_any_conversation_comes_back(document: Document) -> None:
    assert jsons.same(back(conversation_of(PIPESHUB, copy.deepcopy(document))), [document])
