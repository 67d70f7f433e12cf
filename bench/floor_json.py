"""What the floor answers: the rows of its statements as JSON.

Node ids are encoded a column at a time: texts of a length that three divides are encoded in one go and cut apart. Times
are left to orjson, which is faster than datetime itself, but for those without microseconds: it would leave out the
zeros.
"""

import zlib
from binascii import b2a_base64
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
UUID_LENGTH: Final = 36


@dataclass(frozen=True, slots=True)
class Driver:
    """How a database's driver gives ids and times, a column at a time."""

    texts: Callable[[str, Sequence[Any], str], bytes]
    """The uuids as text, each with this in front of it and that behind it, all in one."""
    times: Callable[[Iterable[Any]], list[Any]]
    """Times as orjson takes them; None stays None."""
    micros: Callable[[Any], int]
    """A time as microseconds since 1970."""

    def ids(self, kind: str, keys: Sequence[Any]) -> list[str]:
        """The node ids of records of that type."""
        length = len(kind) + 1 + UUID_LENGTH
        filler = "\0" * (-length % 3)
        text = b2a_base64(self.texts(f"{kind}:", keys, filler), newline=False).decode("ascii")
        step = (length + len(filler)) // 3 * 4
        size = step - len(filler)
        return [text[start : start + size] for start in range(0, len(text), step)]


def dumps(data: dict[str, Any]) -> bytes:
    """The answer."""
    return orjson.dumps({"data": data}, option=orjson.OPT_UTC_Z)


def exact(moment: datetime) -> Any:
    """A time as orjson writes it with six digits, whatever they are."""
    return moment if moment.microsecond else moment.strftime("%Y-%m-%dT%H:%M:%S.000000Z")


def grouped(pairs: Iterable[tuple[Any, Any]]) -> dict[Any, list[Any]]:
    """The values of each key, in their order."""
    groups: dict[Any, list[Any]] = {}
    for key, value in pairs:
        if key in groups:
            groups[key].append(value)
        else:
            groups[key] = [value]
    return groups


def inbox(
    driver: Driver, found: Sequence[Any], messages: Sequence[Any], citations: Sequence[Any], first: int, size: int
) -> bytes:
    """The newest conversations: rows with their assistant and their tags."""
    cited: dict[Any, list[Any]] = {}
    for name, (of, _, number, title, url, excerpt) in zip(
        driver.ids("Reference", [row[1] for row in citations]), citations, strict=True
    ):
        citation = {"id": name, "number": number, "title": title, "url": url, "excerpt": excerpt}
        if of in cited:
            cited[of].append(citation)
        else:
            cited[of] = [citation]
    listed: dict[Any, list[Any]] = {}
    for name, at, (key, of, role, content, confidence, _) in zip(
        driver.ids("Message", [row[0] for row in messages]),
        driver.times([row[5] for row in messages]),
        messages,
        strict=True,
    ):
        message = {
            "id": name,
            "role": role,
            "content": content,
            "confidence": confidence,
            "createdAt": at,
            "citations": cited.get(key, ()),
        }
        if of in listed:
            listed[of].append(message)
        else:
            listed[of] = [message]
    page = found[:first]
    answering = [row[5] for row in page if row[5] is not None]
    assistants = dict(zip(answering, driver.ids("Assistant", answering), strict=True))
    edges = [
        {
            "cursor": _cursor(driver, active, key),
            "node": {
                "id": name,
                "title": title,
                "preview": preview,
                "lastActivityAt": at,
                "messageCount": count,
                "tags": tags,
                "assistant": None if assistant is None else {"id": assistants[assistant], "name": called},
                "messages": _page(listed.get(key, []), size),
            },
        }
        for name, at, (key, title, preview, active, count, assistant, called, tags) in zip(
            driver.ids("Conversation", [row[0] for row in page]),
            driver.times([row[3] for row in page]),
            page,
            strict=True,
        )
    ]
    info = {"hasNextPage": len(found) > first, "endCursor": edges[-1]["cursor"] if edges else None}
    return dumps({"conversations": {"edges": edges, "pageInfo": info}})


def _page(nodes: list[Any], size: int) -> dict[str, Any]:
    return {"nodes": nodes[:size], "pageInfo": {"hasNextPage": len(nodes) > size}}


def _cursor(driver: Driver, active: Any, key: Any) -> str:
    """The cursor that the server gives: what it is bound to and the key of the row, behind a check sum."""
    digits = driver.texts("", [key], "").replace(b"-", b"").decode("ascii")
    text = f'["conversations:LAST_ACTIVITY_AT-,id-",[{driver.micros(active)},"{digits}"]]'.encode()
    packed = b2a_base64(zlib.crc32(text).to_bytes(4, "big") + text, newline=False)
    return packed.rstrip(b"=").translate(_URL_SAFE).decode("ascii")


_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")


def small(driver: Driver, row: Sequence[Any]) -> bytes:
    """One conversation's title."""
    return dumps({"conversation": {"id": driver.ids("Conversation", [row[0]])[0], "title": row[1]}})


def deep(
    driver: Driver, row: Sequence[Any], messages: Sequence[Any], citations: Sequence[Any], citing: Sequence[Any]
) -> bytes:
    """One conversation and what else cites its sources: citations have their source, those the message that cites."""
    references = grouped(
        (
            of,
            {
                "id": name,
                "number": number,
                "message": {
                    "id": message,
                    "role": role,
                    "createdAt": at,
                    "conversation": {"id": conversation, "title": title, "messageCount": count},
                },
            },
        )
        for name, message, at, conversation, (of, _, number, _, role, _, _, title, count) in zip(
            driver.ids("Reference", [row[1] for row in citing]),
            driver.ids("Message", [row[3] for row in citing]),
            driver.times([row[5] for row in citing]),
            driver.ids("Conversation", [row[6] for row in citing]),
            citing,
            strict=True,
        )
    )
    keys = list({row[4] for row in citations})
    sources = dict(zip(keys, driver.ids("Source", keys), strict=True))
    cited = grouped(
        (
            of,
            {
                "id": name,
                "number": number,
                "title": title,
                "source": {
                    "id": sources[source],
                    "title": called,
                    "url": url,
                    "references": {"nodes": references.get(source, ())},
                },
            },
        )
        for name, (of, _, number, title, source, called, url) in zip(
            driver.ids("Reference", [row[1] for row in citations]), citations, strict=True
        )
    )
    nodes = [
        {"id": name, "role": role, "content": content, "citations": cited.get(key, ())}
        for name, (key, role, content) in zip(
            driver.ids("Message", [row[0] for row in messages]), messages, strict=True
        )
    ]
    name = driver.ids("Conversation", [row[0]])[0]
    return dumps({"conversation": {"id": name, "title": row[1], "messages": {"nodes": nodes}}})


def node_id(kind: str, id: str) -> str:
    """The id that the server gives, of one record."""
    return b2a_base64(f"{kind}:{id}".encode(), newline=False).rstrip(b"=").decode("ascii")
