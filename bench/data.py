"""The database of the inbox: conversations of a help desk, the same ones for the same numbers.

Written with `db.bulk`, table by table: it fills a database much faster than any client of the server could.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any, Final
from uuid import UUID

from db import bulk, tables
from db.conversations import PREVIEW_LENGTH
from db.database import Database
from db.record import EPOCH, MICROSECOND, table_of
from db.viewer import DEFAULT_VIEWER, PROGRAM
from db.words import Actor, MessageRole, MessageType

BATCH: Final = 10_000
"""Messages written in one transaction, about."""

_START: Final = datetime(2025, 1, 6, 8, 0, 0, 417_351, tzinfo=UTC)
_CONFIDENCE: Final = ("Very High", "High", "Medium", "Low", "Unknown")
_TAGS: Final = ("billing", "bug", "export", "feature request", "login", "mobile", "onboarding", "permissions", "sync")
_NAMES: Final = ("Help desk", "Billing guide", "Developer docs", "Onboarding coach", "Status desk", "Sales desk")
_THINGS: Final = (
    "the shared calendar",
    "a recurring invoice",
    "the mobile app",
    "our single sign-on",
    "the weekly report",
    "an archived project",
    "the public link",
    "the export of contacts",
    "a guest's access",
    "the webhook",
    "the notification digest",
    "the storage quota",
)
_TROUBLES: Final = (
    "shows last month's numbers",
    "asks for the password twice",
    "stops after the first page",
    "sends two mails for one change",
    "is missing for three colleagues",
    "takes minutes to open",
    "lost its colours",
    "cannot be renamed",
)
_QUESTIONS: Final = (
    "Since this morning {thing} {trouble}. Is that known, and what can I do until it is mended?",
    "How do I find out why {thing} {trouble}?",
    "A customer says that {thing} {trouble}, but I don't see it here. Where should I look first?",
    "Can I undo it myself when {thing} {trouble}, or does it need an administrator?",
)
_ANSWERS: Final = (
    "When {thing} {trouble}, the cause is nearly always a setting that was copied from another workspace [1]. ",
    "That happens after a change of plan: {thing} keeps its old limits until the next full hour [2]. ",
    "Please open **Settings → Activity** and look for the entry with today's date; it names who changed it. ",
    "Administrators can put it back under *History*, and nothing that was written since then is lost. ",
    "If it still {trouble} after that, send us the number at the foot of the page and we look into the logs. ",
    "For {other} the same steps hold, with one difference: the owner has to confirm them by mail. ",
)


@dataclass(frozen=True, slots=True)
class Shape:
    """How much belongs to what."""

    messages: int = 20
    """Messages of a conversation."""
    citations: int = 2
    """Citations of a message that has some."""
    everywhere: bool = False
    """Every message has citations; else every second one, the assistant's."""


INBOX: Final = Shape()
"""Many conversations of usual length."""

BROAD: Final = Shape(messages=100, citations=10, everywhere=True)
"""Long conversations, of which each message has many citations."""


@dataclass(frozen=True, slots=True)
class _World:
    """The rows that conversations point at."""

    assistants: list[dict[str, Any]]
    sources: list[dict[str, Any]]


async def fill(database: Database, *, messages: int, shape: Shape = INBOX, seed: int = 7) -> UUID:
    """Fill an empty database with that many messages, rounded up to whole conversations.

    Returns the id of the conversation in the middle of the list.
    """
    chance = random.Random(seed)
    count = -(-messages // shape.messages)
    batch = max(1, BATCH // shape.messages)
    world = _world(chance, count)
    used = [0] * len(world.sources)
    middle = UUID(int=0)
    async with database.write(viewer=PROGRAM) as connection:
        await bulk.insert(connection, table_of(tables.Assistant), world.assistants, viewer=DEFAULT_VIEWER)
        await bulk.insert(connection, table_of(tables.Source), world.sources, viewer=DEFAULT_VIEWER)
    for first in range(0, count, batch):
        rows: dict[str, list[dict[str, Any]]] = {"conversations": [], "tags": [], "messages": [], "citations": []}
        for number in range(first, min(count, first + batch)):
            for kind, row in _conversation(chance, number, world, used, shape):
                rows[kind].append(row)
        if first <= count // 2 < first + batch:
            middle = rows["conversations"][count // 2 - first]["id"]
        async with database.write(viewer=PROGRAM) as connection:
            for kind, model in (
                ("conversations", tables.Conversation),
                ("tags", tables.ConversationTag),
                ("messages", tables.Message),
                ("citations", tables.Reference),
            ):
                await bulk.insert(connection, table_of(model), rows[kind], viewer=DEFAULT_VIEWER)
    counted = {source["id"]: uses for source, uses in zip(world.sources, used, strict=True)}
    async with database.write(viewer=PROGRAM) as connection:
        await bulk.add(connection, table_of(tables.Source).c.citation_count, counted, viewer=DEFAULT_VIEWER)
    return middle


def _id(chance: random.Random, at: datetime) -> UUID:
    """A UUIDv7 of that time whose random part is the same in every run."""
    milliseconds = (at - EPOCH) // MICROSECOND // 1000
    random_bits = chance.getrandbits(74)
    value = milliseconds << 80 | 7 << 76 | (random_bits >> 62) << 64 | 0b10 << 62 | random_bits & ((1 << 62) - 1)
    return UUID(int=value)


def _stamps(at: datetime) -> dict[str, Any]:
    return {"created_at": at, "updated_at": at}


def _world(chance: random.Random, conversations: int) -> _World:
    assistants = [
        {"id": _id(chance, _START), "name": name, "model": "in-house-2", **_stamps(_START)} for name in _NAMES
    ]
    sources = []
    for number in range(max(20, conversations // 5)):
        url = f"https://docs.example.com/guide/{number:04}"
        sources.append(
            {
                "id": _id(chance, _START),
                "identity": blake2b(url.encode(), digest_size=16).hexdigest(),
                "title": f"Guide {number}: {chance.choice(_THINGS)}",
                "url": url,
                **_stamps(_START),
            }
        )
    return _World(assistants, sources)


def _conversation(
    chance: random.Random, number: int, world: _World, used: list[int], shape: Shape
) -> Iterator[tuple[str, dict[str, Any]]]:
    at = _START + timedelta(minutes=11 * number, microseconds=chance.randrange(1_000_000))
    conversation = _id(chance, at)
    thing = chance.choice(_THINGS)
    messages: list[dict[str, Any]] = []
    citations: list[dict[str, Any]] = []
    for place in range(shape.messages):
        moment = at + timedelta(seconds=17 * place, microseconds=chance.randrange(1_000_000))
        asks = place % 2 == 0
        message = {
            "id": _id(chance, moment),
            "conversation_id": conversation,
            "sequence": place,
            "parent_id": messages[-1]["id"] if messages else None,
            "branch_position": place,
            "role": MessageRole.USER if asks else MessageRole.ASSISTANT,
            "role_name": "user" if asks else "assistant",
            "message_type": MessageType.USER_QUERY if asks else MessageType.BOT_RESPONSE,
            "actor": Actor.USER if asks else Actor.AI,
            "content": _text(chance, thing, asks=asks),
            "confidence": None if asks else chance.choice(_CONFIDENCE),
            "timestamp": moment,
            **_stamps(moment),
        }
        messages.append(message)
        if shape.everywhere or not asks:
            citations.extend(_citations(chance, message, moment, world, used, shape.citations))
    last = messages[-1]
    yield (
        "conversations",
        {
            "id": conversation,
            "title": messages[0]["content"][:60],
            "preview": messages[0]["content"][:PREVIEW_LENGTH],
            "assistant_id": chance.choice(world.assistants)["id"],
            "last_activity_at": last["created_at"],
            "message_count": len(messages),
            "last_message_id": last["id"],
            "current_message_id": last["id"],
            "owner_id": f"user-{number % 400}",
            "created_at": at,
            "updated_at": last["created_at"],
        },
    )
    for place, tag in enumerate(chance.sample(_TAGS, number % 4)):
        yield "tags", {"conversation_id": conversation, "tag": tag, "position": place}
    yield from (("messages", message) for message in messages)
    yield from (("citations", citation) for citation in citations)


def _citations(
    chance: random.Random, message: dict[str, Any], at: datetime, world: _World, used: list[int], count: int
) -> Iterator[dict[str, Any]]:
    for place, index in enumerate(chance.sample(range(len(world.sources)), count)):
        source = world.sources[index]
        used[index] += 1
        yield {
            "id": _id(chance, at),
            "conversation_id": message["conversation_id"],
            "message_id": message["id"],
            "position": place,
            "number": place + 1,
            "source_id": source["id"],
            "title": source["title"],
            "url": source["url"],
            "excerpt": f"Copied settings hold until {chance.choice(_THINGS)} is opened.",
            "created_at": at,
        }


def _text(chance: random.Random, thing: str, *, asks: bool) -> str:
    """A question of about a hundred characters, or an answer of two to three hundred."""
    filled = {"thing": thing, "trouble": chance.choice(_TROUBLES), "other": chance.choice(_THINGS)}
    templates = [chance.choice(_QUESTIONS)] if asks else chance.sample(_ANSWERS, chance.choice((2, 3)))
    return "".join(templates).format_map(filled).strip()
