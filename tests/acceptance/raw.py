"""The sample files, parsed with nothing but the standard library: what the answers of the API are checked against."""

import gzip
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from tests.acceptance.worlds import SHARED

Record = dict[str, Any]

DATA = SHARED / "data"
SEPARATOR = "<::>"


def text(path: Path) -> str:
    content = path.read_bytes()
    return (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8")


def lines(path: Path) -> list[Record]:
    return [json.loads(line) for line in text(path).splitlines()]


@cache
def mtrag_lines() -> list[Record]:
    """MTRAG's conversations, one a line."""
    return lines(DATA / "mtrag" / "mtragun_reference.jsonl.gz")


@cache
def mtrag_evaluations() -> Record:
    """MTRAG's tasks, documents and rated answers."""
    record: Record = json.loads(text(DATA / "mtrag" / "mtrag_human_evaluations.json.gz"))
    return record


def judgements() -> Iterator[tuple[str, str, str, str]]:
    """Task, model, rater and metric of each human judgement."""
    for evaluation in mtrag_evaluations()["evaluations"]:
        for metric, by in evaluation["annotations"].items():
            for rater in by.keys() - {"system", "composite"}:
                yield evaluation["task_id"], evaluation["model_id"], rater, metric


@cache
def mtrag_tasks() -> dict[str, list[Record]]:
    """The tasks of each conversation that was evaluated, in order."""
    found: dict[str, list[Record]] = {}
    for task in mtrag_evaluations()["tasks"]:
        found.setdefault(task["task_id"].partition(SEPARATOR)[0], []).append(task)
    return found


@cache
def oasst_trees() -> dict[str, Record]:
    """OpenAssistant's prompts, by the ids of their trees."""
    path = DATA / "oasst-en100" / "en_100_tree.jsonl.gz"
    return {tree["message_tree_id"]: tree["prompt"] for tree in lines(path)}


def nodes(root: Record) -> Iterator[Record]:
    """A message and all below it."""
    yield root
    for reply in root.get("replies", ()):
        yield from nodes(reply)


@cache
def chatgpt() -> dict[str, Record]:
    """ChatGPT's conversations by their ids; of two with one id the one of the whole export."""
    found: dict[str, Record] = {}
    for path in sorted((DATA / "export-samples" / "chatgpt").iterdir()):
        content = json.loads(text(path))
        for record in content if isinstance(content, list) else [content]:
            found[record["conversation_id"]] = record
    return found


def shown_nodes(conversation: Record) -> list[str]:
    """The ids of the nodes with messages, from the root down to the current node."""
    path: list[str] = []
    mapping, here = conversation["mapping"], conversation["current_node"]
    while here is not None:
        if mapping[here]["message"] is not None:
            path.insert(0, here)
        here = mapping[here]["parent"]
    return path


def real_citations(conversation: Record) -> list[Record]:
    """What the answers cite, without the placeholders."""
    return [
        citation
        for node in conversation["mapping"].values()
        if node["message"] is not None
        for citation in node["message"]["metadata"].get("citations", ())
        if "invalid_reason" not in citation
    ]


def librechat() -> dict[str, Record]:
    """LibreChat's conversations: by their ids the parents of their messages, by the messages' ids."""
    found: dict[str, Record] = {}
    for path in sorted((DATA / "export-samples" / "librechat").iterdir()):
        record = json.loads(text(path))
        parents: Record = {}
        stack = list(record["messages"])
        while stack:
            message = stack.pop()
            parents[message["messageId"]] = message["parentMessageId"]
            stack += message.get("children", ())
        found[record["conversationId"]] = parents
    return found


def claude() -> list[Record]:
    """Claude's conversations."""
    records: list[Record] = json.loads(text(DATA / "export-samples" / "claude" / "claude_example.json.gz"))
    return records


def tau_bench() -> list[Record]:
    """The runs of an agent in OpenAI's chat messages."""
    return lines(DATA / "export-samples" / "openai-chat" / "tau-airline-gpt-4o-trial0.jsonl.gz")
