"""From any format to any other: what the target can hold arrives, what it can't is counted, and nothing ever breaks."""

import copy
from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db import jsons
from db.interchange.base import BadRecord, ConversationDraft, MessageDraft, Stood
from db.interchange.foreign import TARGETS, UNTELLABLE, converted
from db.interchange.formats import FORMATS
from db.interchange.losses import OFF_BRANCH
from db.interchange.settling import settle
from db.words import PartType
from tests.interchange.conversations import read, specimens
from tests.interchange.drafted import needs_samples, sample_records, samples
from tests.interchange.mutations import mutated
from tests.interchange.specimens import BY_FORMAT
from tests.interchange.written import whole
from tests.interchange.written_any import drafts


def branch(draft: ConversationDraft) -> list[MessageDraft]:
    """The messages of the branch in play."""
    if draft.linear or not draft.messages:
        return draft.messages
    found = {message.record_id: message for message in draft.messages}
    leaf = found.get(draft.current, draft.messages[-1])
    while below := [message for message in draft.messages if message.parent == leaf.record_id]:
        leaf = below[-1]
    path = [leaf]
    while path[-1].parent in found:
        path.append(found[path[-1].parent])
    return path[::-1]


def check(draft: ConversationDraft, target: str) -> None:
    """What is written is the target's own, and says what the draft says, except for what is counted."""
    before = copy.deepcopy(draft)
    result = converted(draft, target)
    assert draft == before
    if not result.documents:
        assert not draft.messages
        assert result.losses == {UNTELLABLE: 1}
        return
    assert all(count > 0 for count in result.losses.values())
    for document in result.documents:
        assert [name for name, form in FORMATS.items() if form.fits(document)] == [target]
        assert jsons.parse(jsons.dump(document)) == document
    (back,) = read(target, result.documents[0])
    form = TARGETS[target]
    if form.tree and not form.one_root:
        expected, found = draft.messages, back.messages
    elif "currentMessage" in result.losses:
        # Another branch than the one in play was read: it begins alike.
        expected, found = branch(draft)[:1], branch(back)[:1]
    else:
        expected, found = branch(draft), branch(back)
    for one, other in zip(expected, found, strict=True):
        assert said(other).startswith(said(one)) or "messages.content" in result.losses
        assert other.values["role"] == one.values["role"] or result.losses["messages.role"]
    if not form.tree:
        assert result.losses[OFF_BRANCH] == len(draft.messages) - len(expected)


def said(message: MessageDraft) -> str:
    """The text of a message."""
    text: str = message.values.get("content") or ""
    return text


@pytest.mark.parametrize("target", list(TARGETS))
@pytest.mark.parametrize("name", list(FORMATS))
def test_every_record_goes_into_every_format(name: str, target: str) -> None:
    for record in specimens(name):
        for draft in read(name, record):
            check(draft, target)


@pytest.mark.parametrize("name", list(FORMATS))
@settings(max_examples=8)
@given(seed=st.integers(0, 10**6), data=st.data())
def test_odd_records_go_into_every_format(name: str, seed: int, data: st.DataObject) -> None:
    odd = mutated(data.draw(st.sampled_from(specimens(name))), Random(seed))
    try:
        found = list(read(name, odd))
    except BadRecord:
        return
    for draft in found:
        for target in TARGETS:
            check(draft, target)


@settings(max_examples=40)
@given(draft=drafts())
def test_whatever_is_written_here_goes_into_every_format(draft: ConversationDraft) -> None:
    for target in TARGETS:
        check(draft, target)


@pytest.mark.parametrize("name", list(FORMATS))
def test_reading_leaves_a_record_as_it_is(name: str) -> None:
    for record in specimens(name):
        before = copy.deepcopy(record)
        for drafted in FORMATS[name].read(record):
            settle(drafted, "digest")
        assert jsons.same(record, before)


@needs_samples
@pytest.mark.parametrize("target", list(TARGETS))
def test_real_records_go_into_every_format(target: str) -> None:
    for name in BY_FORMAT:
        for path in samples(f"data/export-samples/{name}", "*.json*")[:3]:
            for _, record in zip(range(5), sample_records(path, FORMATS[name].array_keys), strict=False):
                for draft in read(name, record):
                    check(draft, target)


def test_what_a_format_cannot_hold_is_counted_by_name() -> None:
    losses = converted(whole(), "sharegpt").losses
    assert losses["tags"] == 2
    assert losses["messages.citations"] == 1
    assert losses["messages.timestamp"] == 4
    assert losses[OFF_BRANCH] == 1
    assert "messages.content" not in losses


def test_times_finer_than_the_format_has_are_counted_apart() -> None:
    losses = converted(whole(), "athena").losses
    assert losses["messages.timestamp, below a second"] == 4
    assert "messages.timestamp" not in losses


@pytest.mark.parametrize("target", [name for name, form in TARGETS.items() if form.tree and not form.one_root])
def test_formats_with_branches_get_all_messages_and_the_branch_in_play(target: str) -> None:
    draft = whole()
    (document, *_) = converted(draft, target).documents
    (back,) = FORMATS[target].read(document)
    assert isinstance(back, ConversationDraft)
    assert [(each.record_id, each.parent) for each in back.messages] == [
        (each.record_id, each.parent) for each in draft.messages
    ]
    assert back.current == draft.current


def test_the_other_formats_get_the_branch_in_play() -> None:
    (document,) = converted(whole(), "chatbotui").documents
    assert [message["content"] for message in document["messages"]][-1] == "Yes [1], for three months."
    assert len(document["messages"]) == 4


def test_a_picture_and_a_file_become_text_where_there_are_no_parts() -> None:
    (document,) = converted(whole(), "sharegpt").documents
    assert document["conversations"][0]["value"] == (
        "Can I freeze this bread?\nhttps://example.org/bread.png\nbread.pdf https://example.org/bread.pdf"
    )


def test_a_picture_that_is_its_own_address_becomes_no_text() -> None:
    draft = whole()
    draft.messages[1].parts = [{"type": PartType.IMAGE, "url": "data:image/png;base64,AAAA", "name": "bread.png"}]
    draft.messages[1].values["content"] = ""
    (document,) = converted(draft, "sharegpt").documents
    assert document["conversations"][0]["value"] == "bread.png"


def test_feedback_on_a_message_goes_to_inkeep_as_a_record_of_its_own() -> None:
    _, feedback = converted(whole(), "inkeep").documents
    assert feedback["messageId"] == "m-5"
    assert feedback["type"] == "negative"
    assert feedback["sources"] == [{"type": "negative", "title": "Freezing", "url": "https://example.org/cold"}]


def test_what_the_owner_says_is_the_like_of_a_cogsol_chat_and_what_others_say_a_report() -> None:
    chat, report = converted(whole(), "cogsol").documents
    assert (chat["like"], chat["comment"]) == (True, "Good bread")
    assert (report["chat"], report["reason"], report["comments"]) == (chat["id"], "length", "Too long")


def test_ids_are_numbers_for_cogsol_where_they_are_such() -> None:
    draft = whole()
    draft.record_id, draft.messages[1].record_id, draft.messages[2].parent = "812", "3", "3"
    (chat, *_) = converted(draft, "cogsol").documents
    assert chat["id"] == 812
    assert [message["id"] for message in chat["messages"]] == [3, "m-3", "m-4", "m-5"]


@pytest.mark.parametrize("target", ["openai", "sharegpt", "mtrag"])
def test_a_property_named_like_a_key_does_not_take_its_place(target: str) -> None:
    draft = whole()
    keys = ("messages", "conversations", "input", "history", "mapping", "projectId", "title", "model")
    draft.values["properties"] = dict.fromkeys(keys, "odd") | {"shop": "north"}
    result = converted(draft, target)
    assert [name for name, form in FORMATS.items() if form.fits(result.documents[0])] == [target]
    assert result.losses["properties"] == 1


def test_made_up_times_are_not_written() -> None:
    draft = whole()
    for message in draft.messages:
        message.stood = Stood(None, None)
        del message.values["timestamp"]
        message.values["created_at"] = message.values["updated_at"] = draft.values["created_at"]
    (document, *_) = converted(draft, "inkeep").documents
    assert {message["createdAt"] for message in document["messages"]} == {None}


def test_a_time_whose_number_would_be_misread_is_written_as_text() -> None:
    draft = whole()
    early = datetime(1971, 2, 3, 4, 5, 6, tzinfo=UTC)
    draft.messages[-1].values["timestamp"] = early
    (document, *_) = converted(draft, "inkeep").documents
    assert document["messages"][-1]["createdAt"] == "1971-02-03T04:05:06.000Z"


@pytest.mark.parametrize("target", list(TARGETS))
def test_a_conversation_without_messages_is_written_or_counted(target: str) -> None:
    result = converted(ConversationDraft(kind="conversation", record_id="c"), target)
    assert bool(result.documents) == (UNTELLABLE not in result.losses)
