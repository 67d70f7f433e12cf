"""OpenAssistant: what trees, ranks and votes become."""

import copy
from collections import Counter
from typing import Any

import pytest

from db.interchange.base import BadRecord
from db.interchange.openassistant import FORMAT
from db.words import Actor, FeedbackAuthor, MessageRole
from tests.interchange.drafted import assert_comes_back, conversation_of, needs_samples, sample_records, samples
from tests.interchange.specimens import records_of

TREE, ROW = records_of("openassistant")


def test_replies_are_a_tree_with_ranks_whose_best_branch_is_in_play() -> None:
    draft = conversation_of(FORMAT, TREE)
    told = [(message.record_id, message.parent, message.values.get("rank")) for message in draft.messages]
    assert told == [("o1", None, None), ("o2", "o1", 1), ("o3", "o1", 0), ("o4", "o3", None)]
    assert draft.current == "o4"


def test_volunteers_in_the_assistant_s_part_are_people_and_models_are_not() -> None:
    draft = conversation_of(FORMAT, TREE)
    assert [(message.values["role"], message.values["actor"]) for message in draft.messages[:2]] == [
        (MessageRole.USER, Actor.USER),
        (MessageRole.ASSISTANT, Actor.STAFF),
    ]
    record = copy.deepcopy(TREE)
    record["prompt"]["replies"][0]["synthetic"] = True
    assert conversation_of(FORMAT, record).messages[1].values["actor"] is Actor.AI


def test_emojis_and_labels_are_the_scores_of_one_piece_of_feedback() -> None:
    draft = conversation_of(FORMAT, TREE)
    (votes,) = draft.messages[2].feedback
    assert votes.values == {"author_kind": FeedbackAuthor.EVALUATOR}
    assert votes.scores == [{"name": "+1", "value": 5.0, "count": 5}, {"name": "quality", "value": 0.75, "count": 3}]
    assert draft.messages[0].feedback == []


def test_what_is_said_of_a_message_are_its_properties() -> None:
    draft = conversation_of(FORMAT, TREE)
    assert draft.values["properties"] == {"tree_state": "ready_for_export"}
    assert draft.messages[0].values["properties"]["lang"] == "en"
    assert draft.messages[3].values["visible"] is False


def test_a_row_is_a_message_of_its_tree() -> None:
    draft = assert_comes_back(FORMAT, ROW)
    (message,) = draft.messages
    assert (draft.record_id, draft.loose, draft.whole) == ("o8", True, False)
    assert (message.record_id, message.parent, message.values["author_id"]) == ("o9", "o8", "v-1")


def test_the_first_message_of_a_tree_names_it() -> None:
    row = {"message_id": "o8", "parent_id": None, "text": "Hi", "role": "prompter"}
    assert assert_comes_back(FORMAT, row).record_id == "o8"


def broken(**reply: Any) -> dict[str, Any]:
    record: dict[str, Any] = copy.deepcopy(TREE)
    record["prompt"]["replies"][1] |= reply
    return record


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (broken(message_id="o2"), "prompt.replies[1].message_id: o2 is there twice"),
        (broken(message_id=4), "prompt.replies[1].message_id: must be a text, not a number"),
        (broken(role=None), "prompt.replies[1].role: must be a text, not null"),
        (broken(replies=[0]), "prompt.replies[1].replies[0]: must be an object, not a number"),
        ({**ROW, "parent_id": 1}, "parent_id: must be a text or null, not a number"),
        ({"message_tree_id": "x", "prompt": None}, "prompt: must be an object, not null"),
    ],
)
def test_a_record_without_what_it_needs_is_refused(record: Any, reason: str) -> None:
    with pytest.raises(BadRecord) as refusal:
        list(FORMAT.read(record))
    assert str(refusal.value) == reason


@needs_samples
def test_the_hundred_trees_have_their_branches_ranks_and_votes() -> None:
    (path,) = samples("data/oasst-en100")
    drafts = [conversation_of(FORMAT, record) for record in sample_records(path)]
    messages = [message for draft in drafts for message in draft.messages]
    branches = Counter(message.parent for message in messages if message.parent is not None)
    votes: Counter[str] = Counter()
    for message in messages:
        for feedback in message.feedback:
            votes.update({score["name"]: score["count"] for score in feedback.scores})
    assert (len(drafts), len(messages), sum(count > 1 for count in branches.values())) == (100, 1_167, 260)
    assert sum("rank" in message.values for message in messages) == 641
    assert (votes["+1"], votes["-1"]) == (1_825, 568)
