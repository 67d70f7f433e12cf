"""ShareGPT: what turns become."""

from typing import Any

import pytest

from db.interchange.base import BadRecord
from db.interchange.sharegpt import FORMAT
from db.words import MessageRole
from tests.interchange.drafted import assert_comes_back, conversation_of, needs_samples, sample_records, samples
from tests.interchange.specimens import records_of

(RECORD,) = records_of("sharegpt")


def test_turns_are_messages_of_known_speakers() -> None:
    draft = conversation_of(FORMAT, RECORD)
    told = [(message.values["role"], message.values["role_name"]) for message in draft.messages]
    assert told == [
        (MessageRole.USER, "human"),
        (MessageRole.ASSISTANT, "gpt"),
        (MessageRole.TOOL, "observation"),
    ]
    assert (draft.linear, draft.record_id, draft.values["system_prompt"]) == (True, "identity_7", "Answer in one line.")
    assert draft.values["properties"] == {"source": "handmade"}
    assert draft.extra == {"tools": "[]"}


def test_a_speaker_of_another_kind_keeps_the_word() -> None:
    record = {"id": "x", "conversations": [{"from": "narrator", "value": "Once"}]}
    values = assert_comes_back(FORMAT, record).messages[0].values
    assert (values["role"], values["role_name"]) == (MessageRole.OTHER, "narrator")


@pytest.mark.parametrize("key", ["conversations", "conversation", "items", "messages"])
def test_the_list_has_several_names(key: str) -> None:
    record = {"id": "x", key: [{"from": "human", "value": "Hi"}]}
    assert FORMAT.fits(record)
    assert len(assert_comes_back(FORMAT, record).messages) == 1


def test_turns_may_have_roles_and_contents() -> None:
    record = {"conversations": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"}]}
    assert FORMAT.fits(record)
    draft = assert_comes_back(FORMAT, record)
    assert [message.values["content"] for message in draft.messages] == ["Hi", "Ho"]


def test_a_record_without_oddities_leaves_nothing_behind() -> None:
    draft = assert_comes_back(FORMAT, {"id": "x", "conversations": [{"from": "human", "value": "Hi"}]})
    assert [(each.extra, each.presence) for each in (draft, *draft.messages)] == [(None, None)] * 2


@pytest.mark.parametrize(
    ("turn", "reason"),
    [
        ({"value": "Hi"}, "conversations[0].from: must be a text, but is missing"),
        ({"from": 1, "value": "Hi"}, "conversations[0].from: must be a text, not a number"),
        ({"from": "human", "value": 5}, "conversations[0].value: must be a text, not a number"),
        ([], "conversations[0]: must be an object, not an array"),
    ],
)
def test_a_record_without_what_it_needs_is_refused(turn: Any, reason: str) -> None:
    with pytest.raises(BadRecord) as refusal:
        list(FORMAT.read({"id": "x", "conversations": [turn]}))
    assert str(refusal.value) == reason


@needs_samples
def test_a_real_set_has_its_conversations_and_turns() -> None:
    (path,) = samples("data/export-samples/sharegpt")
    drafts = [conversation_of(FORMAT, record) for record in sample_records(path)]
    assert (len(drafts), sum(len(draft.messages) for draft in drafts)) == (500, 2_000)
