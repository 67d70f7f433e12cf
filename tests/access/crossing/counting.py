"""Counts of the plain model: how many there are of what somebody sees."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from tests.access.crossing.people import Sight
from tests.access.crossing.world import SAME

ASKED: Final = """{
    conversations { totalCount }
    deleted: conversations(deleted: true) { totalCount }
    messages { totalCount }
    feedback { totalCount }
    assistants { totalCount }
    tools { totalCount nodes { id conversations(first: 1) { totalCount } } }
    sources(first: 100) { totalCount nodes { id citationCount references(first: 1) { totalCount } } }
    tags(prefix: "common") { tag count }
    propertyValues(field: PROPERTIES, path: ["same"]) { value count }
    ofMessages: propertyValues(field: METADATA, on: MESSAGE, path: ["same"]) { value count }
    propertyKeys(field: USER_PROPERTIES, on: MESSAGE, prefix: "same") { key count }
    all: conversations(first: 100) { nodes { id messageCount messages(first: 1, allBranches: true) { totalCount }
        references(first: 1) { totalCount } feedback(first: 1) { totalCount } } }
}"""
"""All counts of the API that depend on who asks."""


def counts_of(sight: Sight, ids: Any) -> dict[str, Any]:
    """The answer, by the model; `ids` makes the id of a node."""
    rows = sight.rows
    talks = [row for row in rows["conversations"] if row["deleted_at"] is None]
    living = {row["id"] for row in talks}

    def of(name: str) -> list[dict[str, Any]]:
        return [row for row in rows[name] if row["conversation_id"] in living]

    def number(found: list[Any]) -> dict[str, int]:
        return {"totalCount": len(found)}

    def with_same(found: list[dict[str, Any]], column: str) -> int:
        return sum(row[column] is not None for row in found)

    used = Counter(row["tool_id"] for row in of("conversation_tools"))
    cited = Counter(row["source_id"] for row in of("citations"))
    said, referred = (Counter(row["conversation_id"] for row in of(name)) for name in ("messages", "citations"))
    on_itself = Counter(
        row["conversation_id"] for row in of("feedback") if row["message_id"] is None and row["reference_id"] is None
    )
    same = {"tag": SAME, "count": sum(row["tag"] == SAME for row in of("conversation_tags"))}
    values = with_same(talks, "properties"), with_same(of("messages"), "metadata")
    return {
        "conversations": number(talks),
        "deleted": {"totalCount": len(rows["conversations"]) - len(talks)},
        "messages": number(of("messages")),
        "feedback": number(of("feedback")),
        "assistants": number(rows["assistants"]),
        "tools": number(rows["tools"])
        | {
            "nodes": [
                {"id": ids("Tool", row["id"]), "conversations": {"totalCount": used[row["id"]]}}
                for row in rows["tools"]
            ]
        },
        "sources": number(rows["sources"])
        | {
            "nodes": [
                {
                    "id": ids("Source", row["id"]),
                    "citationCount": row["citation_count"],
                    "references": {"totalCount": cited[row["id"]]},
                }
                for row in rows["sources"]
            ]
        },
        "tags": [same] if same["count"] else [],
        "propertyValues": [{"value": SAME, "count": values[0]}] if values[0] else [],
        "ofMessages": [{"value": SAME, "count": values[1]}] if values[1] else [],
        "propertyKeys": [{"key": "same", "count": with_same(of("messages"), "user_properties")}],
        "all": {
            "nodes": [
                {
                    "id": ids("Conversation", row["id"]),
                    "messageCount": said[row["id"]],
                    "messages": {"totalCount": said[row["id"]]},
                    "references": {"totalCount": referred[row["id"]]},
                    "feedback": {"totalCount": on_itself[row["id"]]},
                }
                for row in talks
            ]
        },
    }


def unordered(answer: Any) -> Any:
    """The answer without the order of its lists."""
    if isinstance(answer, dict):
        return {name: unordered(value) for name, value in answer.items()}
    return sorted((unordered(each) for each in answer), key=repr) if isinstance(answer, list) else answer
