"""The demo files, read: by system, and as one list of conversations with the times of their messages."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from graph.demo import demo_files

Record = dict[str, Any]

FILES = {path.stem: path for _, path in demo_files()}
CODE = re.compile(r"```.*?```|`[^`]*`", re.DOTALL)
MARKER = re.compile(r"\[(\d{1,2})\](?!\()")


def load(name: str) -> Any:
    return json.loads(FILES[name].read_text(encoding="utf-8"))


def inkeep() -> list[Record]:
    conversations: list[Record] = load("inkeep")["conversations"]
    return conversations


def inkeep_feedback() -> list[Record]:
    page = load("inkeep-feedback")
    given: list[Record] = page["positiveFeedback"] + page["negativeFeedback"]
    return given


def pipeshub() -> list[Record]:
    conversations: list[Record] = load("pipeshub")["conversations"] + load("pipeshub-agents")["conversations"]
    return conversations


def cogsol() -> list[Record]:
    chats: list[Record] = load("cogsol")
    return chats


def athena() -> list[Record]:
    envelopes: list[Record] = load("athena")
    return envelopes


def openwebui() -> list[Record]:
    chats: list[Record] = load("openwebui")
    return chats


def iso(text: str) -> datetime:
    return datetime.fromisoformat(text)


def strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def markers(content: object) -> set[int]:
    """The numbers of the inline citations of a message's text, code left out."""
    return {int(number) for text in strings(content) for number in MARKER.findall(CODE.sub("", text))}


def messages_in_order() -> Iterator[tuple[str, list[datetime]]]:
    """Each conversation's name and the times of its messages, in file order."""
    for c in inkeep():
        yield c["id"], [iso(m["createdAt"]) for m in c["messages"]]
    for c in pipeshub():
        yield c["title"], [iso(m["createdAt"]) for m in c["messages"]]
    for c in cogsol():
        yield c["title"], [iso(m["created_at"]) for m in c["messages"]]
    for c in athena():
        yield c["chat"]["title"], [parsedate_to_datetime(m["timestamp"]) for m in c["interactions"]]
    for c in openwebui():
        yield c["title"], [datetime.fromtimestamp(m["timestamp"], UTC) for m in c["messages"]]


def trees() -> Iterator[tuple[Record, dict[str, Record]]]:
    for chat in openwebui():
        yield chat, chat["history"]["messages"]
