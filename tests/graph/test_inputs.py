"""What verbs get of an input, and how a place that they name is written by the API."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from db import writing
from db.words import MessageRole, ProblemCode
from db.writing.performing import Verb
from db.writing.problems import Problem
from db.writing.shapes import BAD
from graph.conversations.inputs import LogConversationInput, TagConversationsInput, UpdateConversationInput
from graph.feedback.inputs import GiveFeedbackInput
from graph.inputs import Form, form_of
from graph.messages.inputs import AddMessagesInput
from graph.schema import schema
from tests.graph.world import key, node

PARCEL, DONE, CITED = node("Conversation", "parcel"), node("Message", "done"), node("Reference", "cite-1")
ROLE = MessageRole.USER


def verbs() -> dict[str, Verb]:
    return {name: verb for name, verb in vars(writing).items() if isinstance(verb, Verb)}


def input_of(verb: str) -> type:
    definition: Any = schema.get_type_by_name("".join(part.capitalize() for part in verb.split("_")) + "Input")
    origin: type = definition.origin
    return origin


@pytest.mark.parametrize("verb", sorted(verbs()))
def test_an_input_has_the_fields_that_its_verb_takes(verb: str) -> None:
    names = {entry.name for entry in form_of(input_of(verb)).by_shown.values()}
    if verb == "claim_conversations":  # the verb takes the user that the token is found to name
        names = {"anonymous_user_id" if name == "anonymous_token" else name for name in names}
    assert names - {"idempotency_key"} == set(verbs()[verb].shape.fields)


def test_what_is_left_out_is_not_there_and_null_is_none() -> None:
    given = form_of(UpdateConversationInput).convert({"id": PARCEL, "title": None, "externalId": "x"})
    assert given == ({"id": key("parcel"), "title": None, "external_id": "x"}, [])


def test_names_are_snake_case_all_the_way_down_and_values_stay_as_they_are() -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    message = {
        "role": ROLE,
        "parentId": DONE,
        "contentParts": [{"image": {"url": "https://img.example/1", "detail": None}}],
        "citations": [{"sourceId": node("Source", "refunds"), "source": {"externalId": "7"}, "pages": [1, 2]}],
        "metadata": {"processingTimeMs": 1.5, "extra": {"camelCase": {"sourceId": "not ours"}}},
        "timestamp": at,
    }
    values, problems = form_of(AddMessagesInput).convert({"conversationId": PARCEL, "messages": [message]})
    assert problems == []
    assert values == {
        "conversation_id": key("parcel"),
        "messages": [
            {
                "role": ROLE,
                "parent_id": key("done"),
                "content_parts": [{"image": {"url": "https://img.example/1", "detail": None}}],
                "citations": [{"source_id": key("refunds"), "source": {"external_id": "7"}, "pages": [1, 2]}],
                "metadata": {"processing_time_ms": 1.5, "extra": {"camelCase": {"sourceId": "not ours"}}},
                "timestamp": at,
            }
        ],
    }


def test_every_bad_id_is_a_problem_and_the_rest_is_converted() -> None:
    values, problems = form_of(TagConversationsInput).convert({"ids": [PARCEL, DONE, "no id", "é"], "tags": ["a"]})
    assert values == {"ids": [key("parcel"), BAD, BAD, BAD], "tags": ["a"]}
    assert problems == [
        Problem(
            ProblemCode.INVALID,
            "Element 1 of ids must be the id of a Conversation, not of a Message.",
            ("ids", "1"),
        ),
        Problem(ProblemCode.INVALID, "Element 2 of ids must be the id of a Conversation.", ("ids", "2")),
        Problem(ProblemCode.INVALID, "Element 3 of ids must be the id of a Conversation.", ("ids", "3")),
    ]


@pytest.mark.parametrize(
    ("id", "target"),
    [
        (PARCEL, ("conversations", key("parcel"))),
        (DONE, ("messages", key("done"))),
        (CITED, ("citations", key("cite-1"))),
    ],
)
def test_the_target_of_feedback_is_a_table_and_a_uuid(id: str, target: tuple[str, UUID]) -> None:
    assert form_of(GiveFeedbackInput).convert({"targetId": id}) == ({"target": target}, [])


def test_a_target_of_another_type_is_a_problem_that_names_all_that_would_do() -> None:
    values, [problem] = form_of(GiveFeedbackInput).convert({"targetId": node("Tool", "lookup")})
    assert values == {"target": BAD}
    assert problem.field == ("target_id",)
    assert problem.message == (
        "The target id must be the id of a Conversation or a Message or a Reference, not of a Tool."
    )


@pytest.mark.parametrize(
    ("input_type", "place", "shown"),
    [
        (AddMessagesInput, (), []),
        (AddMessagesInput, ("conversation_id",), ["conversationId"]),
        (
            AddMessagesInput,
            ("messages", "3", "follow_up_questions", "0", "question"),
            ["messages", "3", "followUpQuestions", "0", "question"],
        ),
        (
            AddMessagesInput,
            ("messages", "3", "properties", "snake_key"),
            ["messages", "3", "properties", "snake_key"],
        ),
        (
            LogConversationInput,
            ("openai_messages", "3", "tool_calls", "0"),
            ["openaiMessages", "3", "tool_calls", "0"],
        ),
        (LogConversationInput, ("assistant", "external_id"), ["assistant", "externalId"]),
        (GiveFeedbackInput, ("target",), ["targetId"]),
        (GiveFeedbackInput, ("target_id",), ["targetId"]),
        (GiveFeedbackInput, ("seen", "current_message_id"), ["seen", "currentMessageId"]),
    ],
)
def test_a_place_is_written_with_the_names_of_the_api(input_type: type, place: tuple[str, ...], shown: Any) -> None:
    assert form_of(input_type).trace(place)[1] == shown


def test_places_come_in_the_order_of_the_input_and_elements_by_their_number() -> None:
    form: Form = form_of(AddMessagesInput)
    places = [
        (),
        ("conversation_id",),
        ("messages",),
        ("messages", "2"),
        ("messages", "2", "parent_id"),
        ("messages", "2", "content"),
        ("messages", "10", "uuid"),
        ("expected_version",),
        ("idempotency_key",),
    ]
    places_back = places[::-1]
    assert sorted(places_back, key=lambda place: form.trace(place)[0]) == places
