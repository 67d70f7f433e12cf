"""What the floor answers: the rows of its statements as JSON."""

import zlib
from binascii import b2a_base64
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)

Key = UUID | str
"""An id as the driver gives it: a UUID on PostgreSQL, 32 hexadecimal digits on SQLite."""


@dataclass(frozen=True, slots=True)
class Rows:
    """What the five statements of the inbox give."""

    conversations: Sequence[Any]
    tags: Sequence[Any]
    assistants: Sequence[Any]
    messages: Sequence[Any]
    citations: Sequence[Any]


def rendered(
    rows: Rows, first: int, size: int, text: Callable[[Any], str], instant: Callable[[Any], datetime]
) -> bytes:
    """The inbox as JSON; `text` gives an id with hyphens, `instant` the time of a column."""
    citations: dict[Key, list[dict[str, Any]]] = defaultdict(list)
    for of, key, number, title, url, excerpt in rows.citations:
        name = node_id("Reference", text(key))
        citations[of].append({"id": name, "number": number, "title": title, "url": url, "excerpt": excerpt})
    messages: dict[Key, list[dict[str, Any]]] = defaultdict(list)
    for key, of, role, content, confidence, created in rows.messages:
        messages[of].append(
            {
                "id": node_id("Message", text(key)),
                "role": role,
                "content": content,
                "confidence": confidence,
                "createdAt": _time(instant(created)),
                "citations": citations.get(key, ()),
            }
        )
    tags: dict[Key, list[str]] = defaultdict(list)
    for of, tag in rows.tags:
        tags[of].append(tag)
    assistants = {key: {"id": node_id("Assistant", text(key)), "name": name} for key, name in rows.assistants}
    edges = []
    for key, title, preview, active, count, assistant in rows.conversations[:first]:
        moment, name, listed = instant(active), text(key), messages[key]
        edges.append(
            {
                "cursor": _cursor(moment, name),
                "node": {
                    "id": node_id("Conversation", name),
                    "title": title,
                    "preview": preview,
                    "lastActivityAt": _time(moment),
                    "messageCount": count,
                    "tags": tags.get(key, ()),
                    "assistant": assistants.get(assistant),
                    "messages": {"nodes": listed[:size], "pageInfo": {"hasNextPage": len(listed) > size}},
                },
            }
        )
    info = {"hasNextPage": len(rows.conversations) > first, "endCursor": edges[-1]["cursor"] if edges else None}
    return orjson.dumps({"data": {"conversations": {"edges": edges, "pageInfo": info}}})


def node_id(kind: str, id: str) -> str:
    """The id that the server gives."""
    return b2a_base64(f"{kind}:{id}".encode(), newline=False).rstrip(b"=").decode("ascii")


def _cursor(moment: datetime, id: str) -> str:
    """The cursor that the server gives: what it is bound to and the key of the row, behind a check sum."""
    micros = (moment - EPOCH) // MICROSECOND
    text = f'["conversations:LAST_ACTIVITY_AT-,id-",[{micros},"{id.replace("-", "")}"]]'.encode()
    packed = b2a_base64(zlib.crc32(text).to_bytes(4, "big") + text, newline=False)
    return packed.rstrip(b"=").translate(_URL_SAFE).decode("ascii")


_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")[:-6] + "Z"


def same(moment: datetime) -> datetime:
    """The time of a column of PostgreSQL."""
    return moment


def from_micros(micros: int) -> datetime:
    """The time of a column of SQLite."""
    return EPOCH + timedelta(microseconds=micros)


def hyphened(digits: str) -> str:
    """A uuid as SQLite stores it, with its hyphens."""
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
