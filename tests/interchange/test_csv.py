"""Conversations as rows: a row a message, cells as the header names them, and nothing that a spreadsheet would run."""

import csv
from io import StringIO

import pytest
from hypothesis import given, settings

from db.interchange.base import ConversationDraft
from db.interchange.csv_rows import HEADER, LEFT_OUT, rows, text
from tests.interchange.written import whole
from tests.interchange.written_any import drafts


def table(draft: ConversationDraft) -> list[dict[str, str]]:
    """The rows as a reader of such files has them."""
    return list(csv.DictReader(StringIO(text([HEADER, *rows(draft)]), newline="")))


def test_every_message_is_a_row_also_those_of_other_branches() -> None:
    found = table(whole())
    assert [row["message_id"] for row in found] == ["m-1", "m-2", "m-3", "m-4", "m-5"]
    assert [row["on_branch"] for row in found] == ["false", "true", "true", "true", "true"]
    assert [row["parent_id"] for row in found] == ["", "", "m-2", "m-3", "m-4"]


def test_a_row_says_what_the_message_and_its_conversation_are() -> None:
    answer = table(whole())[-1]
    expected = {
        "conversation_id": "0195a1b2-0000-7000-8000-000000000001",
        "conversation_external_id": "bread-1",
        "title": "Freezing bread",
        "tags": "bread, cold",
        "assistant": "Baker",
        "sequence": "4",
        "role": "ASSISTANT",
        "status": "FAILED",
        "content": "Yes [1], for three months.",
        "content_format": "TEXT",
        "model": "oven-1",
        "timestamp": "2026-03-04T05:10:07.891234Z",
        "citation_count": "1",
        "cited": "Freezing",
        "rating": "NEGATIVE",
        "comment": "Wrong",
        "conversation_properties": '{"shop":"north"}',
    }
    assert {name: answer[name] for name in expected} == expected


def test_a_conversation_without_messages_has_no_row() -> None:
    assert table(ConversationDraft(record_id="c")) == []
    assert "conversations without messages" in LEFT_OUT


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r"])
def test_a_cell_is_never_a_formula(begin: str) -> None:
    draft = whole()
    draft.messages[0].values["content"] = f"{begin}1+1"
    assert table(draft)[0]["content"] == f"'{begin}1+1"


def test_line_feeds_quotes_and_commas_stay_in_their_cell() -> None:
    draft = whole()
    draft.messages[0].values["content"] = 'a "b",\r\nc\nd'
    assert table(draft)[0]["content"] == 'a "b",\r\nc\nd'


@settings(max_examples=30)
@given(draft=drafts())
def test_whatever_is_written_here_makes_rows(draft: ConversationDraft) -> None:
    found = table(draft)
    assert len(found) == len(draft.messages)
    assert all(row.keys() == set(HEADER) for row in found)
    contents = [message.values.get("content", "") for message in draft.messages]
    assert [row["content"].removeprefix("'") for row in found] == [content.removeprefix("'") for content in contents]
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in found for cell in row.values())
