"""Filters over the samples find what a plain Python filter over the same records finds, on both databases."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.acceptance import raw
from tests.acceptance.reading import conversations_of, counted, crawl
from tests.acceptance.worlds import SHARED
from tests.graph.asking import Client

if not (SHARED / "data").is_dir():
    pytest.skip("the samples are not beside this repository", allow_module_level=True)

Where = dict[str, Any]
Line = raw.Record

DECEMBER = datetime(2024, 12, 1, tzinfo=UTC)


def said(line: Line) -> list[Line]:
    messages: list[Line] = [*line["input"], *line["targets"]]
    return messages


def began(line: Line) -> float:
    at: float = line["input"][0]["metadata"]["created_at"]
    return at


def titles(line: Line) -> list[str | None]:
    return [context.get("title") for context in line["contexts"]]


def always(_: object) -> bool:
    return True


def never(_: object) -> bool:
    return False


def prop(*path: str, **condition: Any) -> Where:
    return {"properties": [{"path": list(path), **condition}]}


LINES: dict[str, tuple[Where, Callable[[Line], bool]]] = {
    "a property is a text": (prop("turn", eq="3"), lambda line: line["turn"] == "3"),
    "a property is not a text": (prop("turn", ne="3"), lambda line: line["turn"] != "3"),
    "a property is one of some texts": (prop("turn", **{"in": ["1", "9"]}), lambda line: line["turn"] in ("1", "9")),
    "a property is ordered by code point": (prop("turn", gte="2"), lambda line: line["turn"] >= "2"),
    "no text is above a number": (prop("turn", gte=2), never),
    "a place in a list": (prop("answerability", "0", eq="PARTIAL"), lambda line: line["answerability"][0] == "PARTIAL"),
    "a list has a label": (prop("Question Type", has="Opinion"), lambda line: "Opinion" in line["Question Type"]),
    "a property begins with": (
        prop("Multi-Turn", "0", startsWith="clari"),
        lambda line: line["Multi-Turn"][0].lower().startswith("clari"),
    ),
    "a path that is there": (prop("Question Type", "1", exists=True), lambda line: len(line["Question Type"]) > 1),
    "not a property": (
        {"not": prop("Multi-Turn", has="Follow-up")},
        lambda line: "Follow-up" not in line["Multi-Turn"],
    ),
    "begun after": ({"createdAt": {"gte": "2024-12-01T00:00:00Z"}}, lambda line: began(line) >= DECEMBER.timestamp()),
    "begun before, in another zone": (
        {"createdAt": {"lt": "2024-12-01T02:00:00+02:00"}},
        lambda line: began(line) < DECEMBER.timestamp(),
    ),
    "last active in a window": (
        {"lastActivityAt": {"gt": "2024-09-01T00:00:00Z", "lte": "2025-01-01T00:00:00Z"}},
        lambda line: (
            datetime(2024, 9, 1, tzinfo=UTC).timestamp()
            < max(message["metadata"]["created_at"] for message in said(line))
            <= datetime(2025, 1, 1, tzinfo=UTC).timestamp()
        ),
    ),
    "cites nothing": ({"hasCitations": False}, lambda line: not line["contexts"]),
    "cites a title": (
        {"references": {"title": {"contains": "JUDGES roster"}}},
        lambda line: any("judges roster" in (title or "").lower() for title in titles(line)),
    ),
    "cites something without a title": (
        {"references": {"title": {"isNull": True}}},
        lambda line: any(title is None for title in titles(line)),
    ),
    "does not cite a title": (
        {"not": {"references": {"title": {"startsWith": "Judges"}}}},
        lambda line: not any((title or "").lower().startswith("judges") for title in titles(line)),
    ),
    "a model asked": (
        {"messages": {"role": {"eq": "USER"}, "actor": {"eq": "AI"}}},
        lambda line: any(m["speaker"] == "user" and m["metadata"]["author_type"] == "model" for m in line["input"]),
    ),
    "a person answered": (
        {"messages": {"role": {"eq": "ASSISTANT"}, "actor": {"eq": "STAFF"}}},
        lambda line: any(m["speaker"] == "agent" and m["metadata"]["author_type"] == "human" for m in said(line)),
    ),
    "a message of a model": (
        {"messages": {"model": {"eq": "mixtral-8x22b-instruct-v01"}}},
        lambda line: any(m["metadata"]["author_id"] == "mixtral-8x22b-instruct-v01" for m in said(line)),
    ),
    "a message contains": (
        {"messages": {"content": {"contains": "BATTERY"}}},
        lambda line: any("battery" in m["text"].lower() for m in said(line)),
    ),
    "so many messages": ({"messageCount": {"gte": 10, "lt": 14}}, lambda line: 10 <= len(said(line)) < 14),
    "one of several ids": (
        {"recordId": {"in": [line["conversation_id"] for line in raw.mtrag_lines()[::50]]}},
        lambda line: line in raw.mtrag_lines()[::50],
    ),
    "one or the other, and not a third": (
        {
            "or": [prop("Question Type", has="Comparative"), prop("Question Type", has="How-To")],
            "not": {"hasCitations": False},
            "and": [{"messageCount": {"gt": 2}}],
        },
        lambda line: bool(
            {"Comparative", "How-To"} & set(line["Question Type"]) and line["contexts"] and len(said(line)) > 2
        ),
    ),
    "an empty or": ({"or": []}, never),
    "an empty and": ({"and": []}, always),
}
"""Conditions on MTRAG's conversations, and the same on the lines of its file."""

NEVER = {"no text is above a number", "an empty or"}


@pytest.mark.parametrize("name", LINES)
async def test_conversations_are_found_as_their_records_are(samples_client: Client, name: str) -> None:
    where, holds = LINES[name]
    lines = {"and": [{"origin": {"eq": "MTRAG"}}, prop("dataset", eq="MT-RAG 2.0")]}
    both = {"and": [lines, where]}
    rows = await crawl(samples_client, "conversations", "origin { recordId }", both)
    expected = {line["conversation_id"] for line in raw.mtrag_lines() if holds(line)}
    assert {row["origin"]["recordId"] for row in rows} == expected
    assert bool(expected) == (name not in NEVER)


async def test_each_collection_is_an_assistant_to_filter_by(samples_client: Client) -> None:
    found = {}
    data = await samples_client.ask("{ assistants(first: 100) { nodes { id name conversations { totalCount } } } }")
    for assistant in data["assistants"]["nodes"]:
        where = {"assistantId": {"eq": assistant["id"]}}
        found[assistant["name"]] = await counted(samples_client, "conversations", where)
        assert found[assistant["name"]] == assistant["conversations"]["totalCount"]
    assert {name: found[name] for name in ("govt", "clapnq", "ibmcloud", "fiqa")} == {
        "govt": 157,
        "clapnq": 142,
        "ibmcloud": 131,
        "fiqa": 77,
    }


def value_of(entry: raw.Record) -> float:
    """A judgement's number."""
    return float(entry["value"])


def rated(metric: str, holds: Callable[[float], bool]) -> set[tuple[str, str, str]]:
    """Task, model and rater of the judgements for which it holds."""
    evaluations = {(each["task_id"], each["model_id"]): each for each in raw.mtrag_evaluations()["evaluations"]}
    return {
        (task, model, rater)
        for task, model, rater, name in raw.judgements()
        if name == metric and holds(value_of(evaluations[task, model]["annotations"][metric][rater]))
    }


SCORES: dict[str, tuple[Where, Callable[[float], bool]]] = {
    "faithfulness": ({"lte": 1}, lambda value: value <= 1),
    "completeness": ({"gt": 1, "lt": 4}, lambda value: 1 < value < 4),
    "naturalness": ({"gte": 4}, lambda value: value >= 4),
    "win-rate": ({"gte": 100}, lambda value: value >= 100),
    "appropriateness": ({}, always),
}


@pytest.mark.parametrize("metric", SCORES)
async def test_feedback_and_what_has_it_are_found_by_scores(samples_client: Client, metric: str) -> None:
    bounds, holds = SCORES[metric]
    where = {"score": {"name": metric, **bounds}}
    expected = rated(metric, holds)
    assert expected
    assert await counted(samples_client, "feedback", where) == len(expected)
    answers = {(task, model) for task, model, _ in expected}
    assert await counted(samples_client, "messages", {"feedback": where}) == len(answers)
    conversations = await crawl(
        samples_client, "conversations", "origin { recordId }", {"messages": {"feedback": where}}
    )
    own = {task.partition(raw.SEPARATOR)[0] for task, _ in answers}
    assert {row["origin"]["recordId"] for row in conversations} == own
    # Feedback on messages is feedback in their conversation.
    assert await counted(samples_client, "conversations", {"feedback": where}) == len(own)


async def test_feedback_is_found_by_its_author_and_time(samples_client: Client) -> None:
    evaluations = raw.mtrag_evaluations()["evaluations"]
    by_rater: dict[str, dict[tuple[str, str], float]] = {}
    for each in evaluations:
        for metric in each["annotations"].values():
            for rater, entry in metric.items():
                if "timestamp" in entry:
                    by_rater.setdefault(rater, {})[each["task_id"], each["model_id"]] = entry["timestamp"]
    assert len(by_rater) == 7
    noon = datetime(2024, 10, 10, 12, tzinfo=UTC)
    for rater, judged in by_rater.items():
        where: Where = {"authorId": {"eq": rater}}
        assert await counted(samples_client, "feedback", where) == len(judged)
        where["createdAt"] = {"gte": noon.isoformat()}
        later = [at for at in judged.values() if at >= noon.timestamp()]
        assert await counted(samples_client, "feedback", where) == len(later)


async def test_messages_are_found_by_their_labels_text_and_time(samples_client: Client) -> None:
    tasks = [task for tasks in raw.mtrag_tasks().values() for task in tasks]
    for label in ("ANSWERABLE", "UNANSWERABLE", "PARTIAL"):
        where = prop("Answerability", has=label)
        expected = [task for task in tasks if label in task["Answerability"]]
        assert await counted(samples_client, "messages", where) == len(expected)
    runs = [message for run in raw.tau_bench() for message in run["messages"]]
    names = {message["name"] for message in runs if message["role"] == "tool"}
    for name in names:
        where = {"toolName": {"eq": name}}
        found = [message for message in runs if message["role"] == "tool" and message["name"] == name]
        assert await counted(samples_client, "messages", where) == len(found)
    mine = {row["id"] for row in (await conversations_of(samples_client, "CLAUDE")).values()}
    chats = [message for chat in raw.claude() for message in chat["chat_messages"]]
    where = {"conversationId": {"in": sorted(mine)}, "role": {"eq": "USER"}}
    assert await counted(samples_client, "messages", where) == len([m for m in chats if m["sender"] == "human"])
    where = {"conversationId": {"in": sorted(mine)}, "timestamp": {"lt": "2025-04-01T00:00:00Z"}}
    early = [m for m in chats if datetime.fromisoformat(m["created_at"]) < datetime(2025, 4, 1, tzinfo=UTC)]
    assert await counted(samples_client, "messages", where) == len(early)
