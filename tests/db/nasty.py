"""Records that filters get wrong: written to a database, and given back as the plain records of the model."""

import random
from collections.abc import Sequence
from typing import Any

from db.jsons import clean_text, dump, parse
from db.words import Entity, FeedbackAuthor, MessageRole, OriginSystem, Rating
from tests.db.builders import START, World, at
from tests.db.filter_model import Record

TEXTS = [
    *("", " ", "a", "A", "b", "aB", "ab%", "a_b", "a\\b", "%", "_", "\\", "'", '"', "null", "1", "true", "0"),
    *(
        "é",
        "É",
        "e\u0301",
        "ß",
        "ẞ",
        "İ",
        "i",
        "I",
        "ΣΑΣ",
        "σας",
        "ж",
        "Ж",
        "ǆ",
        "ǅ",
        "漢字",
        "\U0001f600",
        "\uffee",
        "\ufffd",
    ),
]
"""Texts as columns hold them."""

HOSTILE = [*TEXTS, "a\0", "\ud800", "b\udfff"]
"""Texts as clients and sources send them."""

NUMBERS = [
    *("0", "-0", "-0.0", "1", "1.0", "1.00", "1e0", "10", "1e1", "-1", "0.1", "0.10", "0.30000000000000004", "1e400"),
    *("9007199254740993", "9007199254740992", "9007199254740992.0", "18446744073709551616", "1e-400", "2.5"),
    *("123456789012345678901234567890", "1.7976931348623157e308"),
]

VALUES: list[Any] = [
    *HOSTILE,
    *map(parse, NUMBERS),
    *(True, False, None, [], {}, [1], ["a", 1, True, None], [[1], {"a": 1}], {"a": 1}, {"a": None}),
    *({"b": [1, "a"], "a": {"x": 1}}, {"a": {"x": parse("1.0")}, "b": [1, "a"]}, ["é", "É"], [parse("1.0"), "1"]),
]

KEYS = ["a", "b", "A", "é", "", "0", "1", "-1", "01", "+1", " 1", "a.b", '"', "a\0", "a\ufffd", "\ud800"]

PATHS = [
    *([key] for key in KEYS),
    *(
        [],
        ["a", "b"],
        ["a", "0"],
        ["a", "1"],
        ["a", "-1"],
        ["a", " 1"],
        ["a", "01"],
        ["a", "b", "0", "a"],
        ["b", "1", "a"],
    ),
    *(["a", "99999999999999999999"], ["1"], ["x", "y"], ["a", "٠"], ["b", "0", "0"], ["0", "0"], ["0", "a"]),
]


def _document(chance: random.Random, depth: int = 0) -> Any:
    roll = chance.random()
    if depth == 3 or (depth and roll < 0.5):
        return chance.choice(VALUES)
    if roll < 0.75:
        return [_document(chance, depth + 1) for _ in range(chance.randrange(4))]
    return {chance.choice(KEYS): _document(chance, depth + 1) for _ in range(chance.randrange(1, 6))}


def _documents(chance: random.Random) -> list[Any]:
    fixed: list[Any] = [
        *({"a": one, "b": other} for one, other in zip(VALUES[::2], VALUES[1::2], strict=False)),
        *([], {}, ["a", ["b"]], "text", 5, True, None, {"a": parse("1e999999")}, [parse("1e-20000")]),
        {"a": [0, 1, 2], "-1": "minus", "01": "octal"},
        {"a": {"0": "key", "-1": "key", " 1": "key", "01": "key"}},
        {"a": ["zero", "one"], "0": ["zero"]},
        {"a\0": 1, "a\ufffd": 2},
    ]
    return fixed + [_document(chance) for _ in range(60 - len(fixed))]


class Records:
    """The records of the model, by what they are."""

    def __init__(self) -> None:
        self.conversations: list[Record] = []
        self.messages: list[Record] = []
        self.feedback: list[Record] = []


async def build(world: World) -> Records:
    """Sixty conversations with what belongs to them, the same ones every time."""
    chance = random.Random(20)
    documents = _documents(chance)
    records = Records()

    def some(values: Sequence[Any], nothing: float = 0.3) -> Any:
        return None if chance.random() < nothing else chance.choice(values)

    def stored(document: Any) -> str | None:
        return None if document is None else dump(document)

    assistants = [await world.assistant() for _ in range(2)]
    source = await world.source()

    async def add_feedback(conversation: Record, message: Record | None, reference: Record | None, **more: Any) -> None:
        documents_of = {"properties": some(documents, 0.5), "user_properties": some(documents, 0.7)}
        values = {
            "rating": some(list(Rating)),
            "comment": some(TEXTS),
            "author_id": some(TEXTS),
            "author_kind": chance.choice(list(FeedbackAuthor)),
            "created_at": at(chance.randrange(3)),
            **more,
        }
        message_id = message["id"] if message else None
        reference_id = reference["id"] if reference else None
        id = await world.feedback(  # noqa: A001 - the record's key
            conversation["id"], message_id, reference_id=reference_id, **values, **documents_of
        )
        reasons = [chance.choice(TEXTS) for _ in range(chance.randrange(3))]
        scores = [(chance.choice(["stars", "tone"]), chance.randrange(4) / 2) for _ in range(chance.randrange(3))]
        for position, label in enumerate(reasons):
            await world.insert("feedback_reasons", feedback_id=id, position=position, label=label)
        for position, (name, value) in enumerate(scores):
            await world.insert("feedback_scores", feedback_id=id, position=position, name=name, value=value)
        record = {
            **values,
            **{name: stored(document) for name, document in documents_of.items()},
            "id": id,
            "conversation_id": conversation["id"],
            "message_id": message_id,
            "reference_id": reference_id,
            "assistant_id": conversation["assistant_id"],
            "reasons": reasons,
            "scores": scores,
        }
        conversation["feedback"].append(record)
        records.feedback.append(record)
        if message:
            message["feedback"].append(record)
        if record.get("is_owners") and record["rating"] is not None:
            conversation["like"] = record["rating"] is Rating.POSITIVE

    for number in range(60):
        documents_of = {"properties": documents[number], "user_properties": some(documents, 0.5)}
        values = {
            "title": chance.choice(TEXTS),
            "assistant_id": some(assistants),
            "owner_id": some(TEXTS),
            "model": some(TEXTS, 0.6),
            "message_count": chance.randrange(4),
            "created_at": at(chance.randrange(3)),
            "archived_at": some([START], 0.6),
        }
        conversation: Record = {
            **values,
            **{name: stored(document) for name, document in documents_of.items()},
            "id": await world.conversation(**values, **documents_of),
            "tags": [],
            "like": None,
            "messages": [],
            "references": [],
            "feedback": [],
            "origin": None,
            "record_id": None,
        }
        records.conversations.append(conversation)
        conversation["tags"] = chance.sample(TEXTS, chance.randrange(4))
        await world.tag(conversation["id"], *conversation["tags"])
        if chance.random() < 0.5:
            conversation["origin"] = chance.choice([OriginSystem.COGSOL, OriginSystem.INKEEP])
            conversation["record_id"] = f"{chance.choice(TEXTS)}{number % 7}"
            await world.origin(
                conversation["id"],
                conversation["record_id"],
                system=conversation["origin"],
                account=str(number),
                entity=Entity.CONVERSATION,
            )
        for sequence in range(chance.randrange(3)):
            documents_of = {name: some(documents, 0.6) for name in ("properties", "user_properties", "metadata")}
            values = {
                "role": chance.choice(list(MessageRole)),
                "content": chance.choice(TEXTS),
                "confidence": some(TEXTS),
                "visible": chance.random() < 0.7,
                "timestamp": some([at(0), at(1)]),
            }
            message: Record = {
                **values,
                **{name: stored(document) for name, document in documents_of.items()},
                "id": await world.message(conversation["id"], sequence, **values, **documents_of),
                "conversation_id": conversation["id"],
                "references": [],
                "feedback": [],
            }
            conversation["messages"].append(message)
            records.messages.append(message)
        for position in range(chance.randrange(3)):
            cited = some(conversation["messages"], 0.4) if conversation["messages"] else None
            values = {
                "source_id": some([source]),
                "title": some(TEXTS),
                "url": some(TEXTS),
                "kind": some(TEXTS),
                "relevance_score": some([0.0, 0.5, 1.0]),
            }
            message_id = cited["id"] if cited else None
            reference = {
                **values,
                "message_id": message_id,
                "id": await world.reference(conversation["id"], message_id, position, **values),
            }
            conversation["references"].append(reference)
            if cited:
                cited["references"].append(reference)
                if chance.random() < 0.3:
                    await add_feedback(conversation, cited, reference)
        if chance.random() < 0.5:
            await add_feedback(conversation, None, None, is_owners=True)
        for message in conversation["messages"]:
            if chance.random() < 0.4:
                await add_feedback(conversation, message, None)
    assert all(clean_text(text) == text for text in TEXTS)
    return records
