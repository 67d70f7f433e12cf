"""MTRAG: what lines, tasks and evaluations become."""

import copy
from datetime import UTC, datetime
from typing import Any

import pytest

from db.interchange import mtrag_file
from db.interchange.base import BadRecord, ConversationDraft
from db.interchange.mtrag import FORMAT, MESSAGE, read_message
from db.sources import identity_of
from db.words import Actor, FeedbackAuthor
from tests.interchange.drafted import (
    SHARED,
    assert_comes_back,
    assert_same,
    conversation_of,
    needs_samples,
    sample_records,
    whole,
)
from tests.interchange.specimens import records_of

EVALUATIONS, LINE = records_of("mtrag")


def conversations(record: Any) -> list[ConversationDraft]:
    """The conversations of an object of evaluations."""
    return [draft for draft in FORMAT.read(copy.deepcopy(record)) if isinstance(draft, ConversationDraft)]


def test_the_passages_of_a_line_are_citations_of_its_last_answer() -> None:
    draft = conversation_of(FORMAT, LINE)
    assert [len(message.references) for message in draft.messages] == [0, 0, 0, 2]
    first = draft.messages[-1].references[0]
    assert first.values == {"external_id": "d1", "excerpt": "Mules are sterile.", "title": "Mules"}
    assert first.source is not None
    assert first.source.values == {
        "connector": "mtrag",
        "external_id": "d1",
        "text": "Mules are sterile.",
        "title": "Mules",
    }


def test_the_labels_of_a_line_are_properties_and_its_collection_is_the_assistant() -> None:
    draft = conversation_of(FORMAT, LINE)
    assert draft.values["properties"] == {
        "task_type": "rag",
        "turn": "2",
        "dataset": "MT-RAG 2.0",
        "answerability": ["ANSWERABLE"],
        "Question Type": ["Factoid"],
        "Multi-Turn": ["Follow-up"],
    }
    assert draft.assistant is not None
    assert (draft.assistant.record_id, draft.assistant.values) == ("animals", {"name": "animals"})


def test_an_author_is_a_person_or_a_model() -> None:
    asked, human, _, model = conversation_of(FORMAT, LINE).messages
    assert (asked.values["actor"], asked.values["author_id"]) == (Actor.USER, "p-1")
    assert (human.values["actor"], human.values["author_id"]) == (Actor.STAFF, "p-2")
    assert (model.values["actor"], model.values["model"]) == (Actor.AI, "mixtral-8")
    assert "author_id" not in model.values


def test_order_is_the_place_in_the_list_and_not_the_time() -> None:
    times = [message.values["timestamp"] for message in conversation_of(FORMAT, LINE).messages]
    assert times != sorted(times)
    assert times[0] == datetime(2024, 8, 8, 12, 8, 18, tzinfo=UTC)


@pytest.mark.parametrize("at", [0, 1723118898, 10**11 - 1, 10**11, -1, 1723118898.0, None, "1723118898"])
@pytest.mark.parametrize("text", ["A hybrid.", "Ünlü", "\0", "\ud800", ""])
@pytest.mark.parametrize("own", ["p-1", "ö", "\0", "", "x" * 513, 7])
def test_the_quick_way_reads_what_the_shape_reads(at: object, text: str, own: object) -> None:
    for kind in ("human", "model", "robot"):
        metadata = {"author_type": kind, "author_id": own, "created_at": at}
        record = {"speaker": "agent", "text": text, "metadata": metadata}
        assert read_message(record) == MESSAGE.read(record)


def test_a_line_without_oddities_leaves_nothing_behind() -> None:
    draft = assert_comes_back(FORMAT, LINE)
    assert [(each.extra, each.presence) for each in (draft, *draft.messages)] == [(None, None)] * 5


def test_a_conversation_is_rebuilt_from_its_tasks_with_other_answers_as_siblings() -> None:
    (draft,) = conversations(EVALUATIONS)
    assert [(message.kind, message.record_id, message.parent) for message in draft.messages] == [
        ("task", "t9<::>1", None),
        ("answer", "t9<::>1#reference", "t9<::>1"),
        ("answer", "t9<::>1#harbour-o", "t9<::>1"),
        ("task", "t9<::>2", "t9<::>1#reference"),
        ("answer", "t9<::>2#reference", "t9<::>2"),
        ("answer", "t9<::>2#harbour-o", "t9<::>2"),
    ]
    assert (draft.record_id, draft.current) == ("t9", "t9<::>2#reference")
    assert [len(message.references) for message in draft.messages] == [0, 1, 0, 0, 2, 0]
    assert draft.messages[2].values["model"] == "harbour-o"


def test_a_rater_s_judgements_are_one_piece_of_feedback_with_words_of_the_scale() -> None:
    (draft,) = conversations(EVALUATIONS)
    first, second = draft.messages[1].feedback
    assert first.values == {
        "author_kind": FeedbackAuthor.EVALUATOR,
        "author_id": "r1",
        "created_at": datetime(2024, 10, 10, 14, 9, 43, tzinfo=UTC),
        "properties": {"duration": 467.0},
    }
    assert first.scores == [{"name": "fluent", "value": 4.0, "label": "Yes"}, {"name": "wins", "value": 50.0}]
    assert [score["value"] for score in second.scores] == [1.0, 100.0]


def test_what_programs_computed_and_what_a_task_says_are_properties() -> None:
    (draft,) = conversations(EVALUATIONS)
    assert draft.messages[1].values["properties"] == {"system": {"RougeL": 0.5}, "composite": {"agg": 1}}
    assert draft.messages[0].values["properties"]["Answerability"] == ["ANSWERABLE"]


def test_a_changed_judgement_shows_in_what_is_written_and_nothing_else_does() -> None:
    drafts = conversations(EVALUATIONS)
    drafts[0].messages[1].feedback[0].scores[0]["value"] = 1.0
    expected = copy.deepcopy(EVALUATIONS)
    expected["evaluations"][0]["annotations"]["fluent"]["r1"]["value"] = "1"
    assert_same(mtrag_file.write(drafts), expected)


def test_an_input_that_does_not_repeat_what_was_said_is_kept_and_told() -> None:
    record = copy.deepcopy(EVALUATIONS)
    record["tasks"][1]["input"][0]["text"] = "Another question"
    drafts = conversations(record)
    assert drafts[0].notes == ["task t9<::>2: its input is not what was said before, and is kept as it is"]
    assert_same(mtrag_file.write(drafts), record)


def test_turns_without_tasks_of_their_own_are_messages() -> None:
    record = copy.deepcopy(EVALUATIONS)
    del record["tasks"][0]
    record["evaluations"] = [each for each in record["evaluations"] if each["task_id"] == "t9<::>2"]
    drafts = conversations(record)
    assert [message.kind for message in drafts[0].messages] == ["turn", "turn", "task", "answer", "answer"]
    assert_same(mtrag_file.write(drafts), record)


def test_each_conversation_has_a_version_of_its_own() -> None:
    record = copy.deepcopy(EVALUATIONS)
    other = copy.deepcopy(record["tasks"][0])
    record["tasks"].append({**other, "task_id": "t8<::>1"})
    before = [draft.digest for draft in conversations(record)]
    record["tasks"][-1]["Turn"] = "7"
    after = [draft.digest for draft in conversations(record)]
    assert before[0] == after[0]
    assert before[1] != after[1]


def broken(name: str, index: int, **values: Any) -> dict[str, Any]:
    record: dict[str, Any] = copy.deepcopy(EVALUATIONS)
    record[name][index] |= values
    return record


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({**LINE, "input": [{"text": "x"}]}, "input[0].speaker: must be a text, but is missing"),
        ({**LINE, "contexts": 1}, "contexts: must be a list of objects, not a number"),
        ({**LINE, "targets": []}, "targets: must hold the answer that the contexts belong to, but is empty"),
        (broken("tasks", 0, targets=[]), "must end with the question, targets hold its one answer"),
        (broken("tasks", 0, contexts=[{"document_id": "d9"}]), "contexts: there is no document 'd9'"),
        (broken("tasks", 0, task_id="t9<::>2"), "tasks: one task_id is there twice"),
        (broken("evaluations", 0, task_id="t9<::>7"), "evaluations: there is no task 't9<::>7'"),
        (broken("evaluations", 2, model_id="reference"), "evaluations: t9<::>1 has two of the model 'reference'"),
        (broken("documents", 0, document_id=None), "documents[0].document_id: must be a text, not null"),
    ],
)
def test_a_record_without_what_it_needs_is_refused(record: Any, reason: str) -> None:
    with pytest.raises(BadRecord) as refusal:
        list(FORMAT.read(record))
    assert reason in str(refusal.value)


@needs_samples
def test_both_real_files_agree_with_what_is_known_of_them() -> None:
    folder = SHARED / "data/mtrag"
    lines = [conversation_of(FORMAT, record) for record in sample_records(folder / "mtragun_reference.jsonl.gz")]
    rebuilt = conversations(whole(folder / "mtrag_human_evaluations.json.gz"))
    found: list[set[str | None]] = []
    for drafts, counts in ((lines, (507, 4_382, 1_180, 1_152)), (rebuilt, (20, 636, 395, 350))):
        messages = [message for draft in drafts for message in draft.messages]
        references = [reference for message in messages for reference in message.references]
        found.append({identity_of(reference.source.values) for reference in references if reference.source})
        assert (len(drafts), len(messages), len(references), len(found[-1])) == counts
    assert len(found[0] | found[1]) == 1_488
    answers = [message for draft in rebuilt for message in draft.messages]
    feedback = [each for message in answers for each in message.feedback]
    assert (len(feedback), sum(len(each.scores) for each in feedback)) == (1_431, 7_087)
    assert {each.values["author_kind"] for each in feedback} == {FeedbackAuthor.EVALUATOR}
    assert not any("rating" in each.values for each in feedback)
    cited = [message for message in answers if message.references]
    assert all(message.values.get("author_id") == "reference" for message in cited)
