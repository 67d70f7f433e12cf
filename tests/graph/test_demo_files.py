"""The demo files: each in the shape of its format, and together one world without loose ends."""

import json
import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from graph.demo import demo_files
from tests.graph.demo_world import (
    FILES,
    Record,
    athena,
    cogsol,
    inkeep,
    inkeep_feedback,
    iso,
    load,
    markers,
    messages_in_order,
    openwebui,
    pipeshub,
    strings,
    trees,
)

FIRST_DAY, DAY_AFTER = datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 11, 16, tzinfo=UTC)
HOST = re.compile(r"https?://([^/\s\"'`<>)…]+)")
EMAIL = re.compile(r"[\w.]+@([\w.-]*\w)")


def words(text: str) -> list[str]:
    return text.split()


INKEEP_CONVERSATION = words(
    "id externalId externalUrl type supportTicketConversationId createdAt updatedAt projectId integrationId "
    "properties userProperties tags visibility messages"
)
INKEEP_MESSAGE = set(words("id type externalId externalUrl conversationId createdAt updatedAt role content"))
COGSOL_CHAT = words(
    "id title assistant messages references like comment created_at updated_at matrix_mode execution_status tools"
)
COGSOL_MESSAGE = words(
    "id role content msg_num attachments tool_call_id function_name likes visible metadata system_prompt functions "
    "created_at updated_at"
)
PIPESHUB_MESSAGE = set(words("_id messageType content contentFormat createdAt updatedAt"))
PIPESHUB_CATEGORIES = set(
    words(
        "incorrect_information missing_information irrelevant_information unclear_explanation poor_citations "
        "excellent_answer helpful_citations well_explained other"
    )
)
CONFIDENCES = {"Very High", "High", "Medium", "Low", "Unknown"}
ATHENA_DOCUMENT = words("id document_id brain_id name type status url created_at metadata")


def test_the_files_are_those_in_the_folder_and_feedback_comes_after_its_conversations() -> None:
    folder = next(iter(FILES.values())).parent
    assert sorted(path.name for _, path in demo_files()) == sorted(p.name for p in folder.glob("*.json*"))
    assert {name for name, _ in demo_files()} == {"athena", "cogsol", "pipeshub", "inkeep", "openwebui"}
    assert list(FILES).index("inkeep") < list(FILES).index("inkeep-feedback")


@pytest.mark.parametrize("path", [path for _, path in demo_files()], ids=lambda p: p.name)
def test_a_file_is_readable_utf8_and_reads_as_it_was_written(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert json.dumps(json.loads(text), ensure_ascii=False, indent=2) + "\n" == text


def test_the_world_has_two_dozen_conversations_of_a_readable_length() -> None:
    lengths = {name: len(times) for name, times in messages_in_order()}
    stored = sum(lengths.values()) + sum(len(tree) - len(chat["messages"]) for chat, tree in trees())
    assert 24 <= len(lengths) <= 32
    assert 150 <= stored <= 250
    assert all(3 <= length <= 20 for length in lengths.values())


def test_every_time_lies_in_the_season_and_rises_within_its_conversation() -> None:
    for name, times in messages_in_order():
        assert times == sorted(times), name
        assert FIRST_DAY <= times[0] <= times[-1] < DAY_AFTER, name


def test_ids_are_unique_within_their_system() -> None:
    owners: dict[str, list[object]] = {
        "inkeep conversations": [c["id"] for c in inkeep()],
        "inkeep messages": [m["id"] for c in inkeep() for m in c["messages"]],
        "inkeep feedback": [f["id"] for f in inkeep_feedback()],
        "pipeshub": [c["_id"] for c in pipeshub()] + [m["_id"] for c in pipeshub() for m in c["messages"]],
        "cogsol chats": [c["id"] for c in cogsol()],
        "cogsol messages": [m["id"] for c in cogsol() for m in c["messages"]],
        "athena": [m["id"] for c in athena() for m in c["interactions"]],
        "athena threads": [c["chat"]["chat_id"] for c in athena()],
        "openwebui": [chat["id"] for chat in openwebui()] + [key for _, tree in trees() for key in tree],
    }
    for owner, ids in owners.items():
        assert [key for key, n in Counter(ids).items() if n > 1] == [], owner


def test_every_inline_number_of_an_answer_is_one_of_its_citations() -> None:
    found = 0
    for c in inkeep():
        for m in c["messages"]:
            assert markers(m["content"]) <= set(range(1, len(m.get("links") or ()) + 1)), m["id"]
            assert [link["label"] for link in m.get("links") or ()] == [
                str(n) for n, _ in enumerate(m.get("links") or (), 1)
            ]
            found += len(markers(m["content"]))
    for c in pipeshub():
        for m in c["messages"]:
            assert markers(m["content"]) == set(range(1, len(m.get("citations", ())) + 1)), m["content"]
            found += len(markers(m["content"]))
    for c in athena():
        for m in c["interactions"]:
            assert markers(m["message"]) == set(range(1, len(m["reference"]) + 1)), m["id"]
            found += len(markers(m["message"]))
    for c in cogsol():
        numbers = {r["reference_num"] for r in c["references"]}
        assert set().union(*(markers(m["content"]) for m in c["messages"] if m["role"] == "assistant")) == numbers
        found += len(numbers)
    assert found >= 60


def test_the_same_documents_are_cited_again_and_again() -> None:
    urls = Counter(link["url"] for c in inkeep() for m in c["messages"] for link in m.get("links") or ())
    urls.update(r["url"] for c in athena() for m in c["interactions"] for r in m["reference"])
    urls.update(
        cited["citationData"]["metadata"]["webUrl"]
        for c in pipeshub()
        for m in c["messages"]
        for cited in m.get("citations", ())
    )
    assert len([url for url, times in urls.items() if times >= 3]) >= 6
    assert urls["https://help.ternandtide.example/ferry-cancellations"] >= 4  # from three systems


def test_no_host_and_no_mail_address_could_be_anybodys() -> None:
    for path in FILES.values():
        for text in strings(json.loads(path.read_text(encoding="utf-8"))):
            for host in HOST.findall(text) + EMAIL.findall(text):
                assert host == "example.com" or host.endswith((".example", ".example.com")), host


def test_inkeep_conversations_have_every_required_key_and_an_exact_projection() -> None:
    page = load("inkeep")
    assert page["total"] == page["count"] == len(page["conversations"])
    for c in page["conversations"]:
        projected = ["messagesOpenAIFormat"] if c["type"] == "openai" else []
        assert list(c) == INKEEP_CONVERSATION + projected
        assert c["tags"]
        assert c["properties"]["channel"]
        assert c["visibility"] in {"private", "public"}
        for m in c["messages"]:
            assert set(m) >= INKEEP_MESSAGE
            assert set(m) - INKEEP_MESSAGE <= {"name", "links", "properties", "userProperties", "tool_calls"}
            assert (m["type"], m["conversationId"]) == (c["type"], c["id"])
            assert all(json.loads(call["function"]["arguments"]) for call in m.get("tool_calls", ()))
        if projected:
            assert c["messagesOpenAIFormat"] == [
                {key: m[key] for key in ("role", "name", "content", "tool_calls") if key in m} for m in c["messages"]
            ]


def test_an_inkeep_copilot_conversation_names_a_ticket_that_is_there() -> None:
    types = {c["id"]: c["type"] for c in inkeep()}
    linked = [c for c in inkeep() if c["supportTicketConversationId"]]
    assert [types[c["supportTicketConversationId"]] for c in linked] == ["support_ticket"]
    assert set(types.values()) == {"openai", "support_ticket", "support_copilot"}


def test_inkeep_feedback_is_about_assistant_messages_that_are_there() -> None:
    page = load("inkeep-feedback")
    answers = {m["id"]: iso(m["createdAt"]) for c in inkeep() for m in c["messages"] if m["role"] == "assistant"}
    for kind in ("positive", "negative"):
        given = page[f"{kind}Feedback"]
        assert page[f"{kind}FeedbackCount"] == len(given) >= 4
        for feedback in given:
            assert feedback["type"] == kind
            assert iso(feedback["createdAt"]) > answers[feedback["messageId"]]
            assert all(set(reason) == {"label", "details"} for reason in feedback["reasons"])
            assert all(source["type"] in {"positive", "negative", "new"} for source in feedback["sources"] or ())


def test_cogsol_chats_are_full_chats_with_numbered_messages() -> None:
    for c in cogsol():
        assert list(c) == COGSOL_CHAT
        assert [m["msg_num"] for m in c["messages"]] == list(range(1, len(c["messages"]) + 1))
        assert len(set(c["tools"])) == len(c["tools"]) > 0
        for m in c["messages"]:
            assert list(m) == COGSOL_MESSAGE
            assert m["content"]
            assert (m["role"] == "tool") == bool(m["tool_call_id"]) == bool(m["function_name"])
            assert iso(m["created_at"]) <= iso(m["updated_at"]) <= iso(c["updated_at"])
    assert {c["execution_status"] for c in cogsol()} == {"AVAILABLE", "PROCESSING", "ERROR"}
    assert {c["like"] for c in cogsol()} == {True, False, None}


def test_pipeshub_answers_hold_citations_and_feedback_in_their_own_words() -> None:
    for name in ("pipeshub", "pipeshub-agents"):
        page = load(name)
        assert page["pagination"]["totalCount"] == len(page["conversations"])
    talks = pipeshub()
    people = {c["userId"] for c in talks} | {s["userId"] for c in talks for s in c["sharedWith"]}
    for c in talks:
        assert c["isShared"] == bool(c["sharedWith"]) == ("shareLink" in c)
        assert c["lastActivityAt"] == round(iso(c["messages"][-1]["createdAt"]).timestamp() * 1000)
        for m in c["messages"]:
            assert set(m) >= PIPESHUB_MESSAGE
            assert (m["messageType"] == "bot_response") == ("confidence" in m)
            cited = {citation["citationId"] for citation in m.get("citations", ())}
            for citation in m.get("citations", ()):
                assert citation["citationId"] == citation["citationData"]["_id"]
                assert 0 < citation["relevanceScore"] <= 1
            for question in m.get("followUpQuestions", ()):
                assert question["confidence"] in CONFIDENCES
            for feedback in m.get("feedback", ()):
                assert feedback["feedbackProvider"] in people
                assert set(feedback["categories"]) <= PIPESHUB_CATEGORIES
                assert all(1 <= score <= 5 for score in feedback.get("ratings", {}).values())
                assert {verdict["citationId"] for verdict in feedback.get("citationFeedback", ())} <= cited
    assert {c["status"] for c in talks} == {"Complete", "Failed"}
    assert {m["messageType"] for c in talks for m in c["messages"]} == {"user_query", "bot_response", "error", "system"}
    assert len([c for c in talks if c.get("isArchived")]) == 2
    assert [c["agentKey"] for c in talks if "agentKey" in c] == ["rota-planner"]


def test_a_pipeshub_excerpt_stands_in_the_passage_that_it_is_from() -> None:
    for c in pipeshub():
        for m in c["messages"]:
            for citation in m.get("citations", ()):
                assert citation["excerpt"] in citation["citationData"]["content"]


def test_one_pipeshub_citation_id_is_one_passage() -> None:
    passages: dict[str, list[Record]] = {}
    for c in pipeshub():
        for m in c["messages"]:
            for citation in m.get("citations", ()):
                passages.setdefault(citation["citationId"], []).append(citation["citationData"])
    assert all(copy == copies[0] for copies in passages.values() for copy in copies)
    assert any(len(copies) > 1 for copies in passages.values())


def test_athena_interactions_belong_to_their_chat_and_credits_only_fall() -> None:
    for c in athena():
        turns = c["interactions"]
        assert {turn["thread_id"] for turn in turns} == {c["chat"]["chat_id"]}
        balances = [turn["user_credits"] for turn in turns if turn["actor"] == "AI"]
        assert balances == sorted(balances, reverse=True)
        for turn in turns:
            assert ("model" in turn) == (turn["actor"] == "AI")
            assert all(list(document) == ATHENA_DOCUMENT for document in turn["reference"])
            data = turn.get("dw_data")
            if data:
                assert all(len(row) == len(data["columns"]) for row in data["rows"])
    assert any("error" in turn.get("dw_data", {}) for c in athena() for turn in c["interactions"])


def test_openwebui_trees_are_whole_and_show_the_branch_in_play() -> None:
    for chat, tree in trees():
        for key, message in tree.items():
            assert message["id"] == key
            assert message["childrenIds"] == [k for k, m in tree.items() if m["parentId"] == key]
            parent = tree.get(message["parentId"])
            assert parent is None or parent["timestamp"] <= message["timestamp"]
            assert parent is not None or message["parentId"] is None
        path: list[Record] = []
        here = chat["history"]["currentId"]
        while here:
            path.insert(0, tree[here])
            here = tree[here]["parentId"]
        assert chat["messages"] == path
        assert chat["meta"]["tags"]


def test_the_trees_have_edits_and_regenerated_answers_up_to_three_siblings() -> None:
    versions = Counter((chat["id"], m["parentId"], m["role"]) for chat, tree in trees() for m in tree.values())
    widest = {role: max(n for (*_, r), n in versions.items() if r == role) for role in ("user", "assistant")}
    assert widest == {"user": 3, "assistant": 3}
