"""OpenAssistant: message trees with ranks and votes, or single messages that name their tree.

What volunteers say of a message, emojis and labels, is one piece of feedback without an author: a score each, whose
count is the number of votes; the value of an emoji is that number too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from db.interchange import converters as c
from db.interchange.base import BadRecord, ConversationDraft, Drafted, FeedbackDraft, Format, MessageDraft
from db.interchange.drafting import (
    columns_of,
    conversation_columns,
    message_draft,
    noted,
    object_at,
    objects_at,
    original_id,
    shown,
    text_at,
)
from db.interchange.shape import Columns, Document, Key, Shape, identical
from db.interchange.speakers import speaker
from db.words import Actor, FeedbackAuthor, IdType, MessageRole, OriginSystem

_TREE: Final = Shape(
    "tree",
    [
        Key("message_tree_id", "record_id", c.RECORD_ID, made=True),
        Key("tree_state", "properties.tree_state"),
        Key("prompt", "prompt", c.JSON, always=True),
    ],
)


def _message(*more: Key, above: Key) -> Shape:
    return Shape(
        "message",
        [
            Key("message_id", "record_id", c.RECORD_ID, made=True),
            above,
            Key("user_id", "author_id", c.ID),
            Key("created_date", "timestamp", c.time("iso:T6+00:00")),
            Key("text", "content", always=True, default=""),
            Key("role", "role_name", c.KEY, always=True),
            Key("lang", "properties.lang"),
            Key("review_count", "properties.review_count", c.INTEGER),
            Key("review_result", "properties.review_result", c.BOOL),
            Key("deleted", "properties.deleted", c.BOOL),
            Key("rank", "rank", c.INTEGER),
            Key("synthetic", "properties.synthetic", c.BOOL),
            Key("model_name", "model", c.KEY),
            Key("emojis", "emojis", c.OBJECT),
            Key("labels", "labels", c.OBJECT),
            *more,
        ],
    )


_ROOT: Final = _message(
    Key("replies", "replies", c.JSON, always=True, default=[]),
    above=Key("parent_id", "above", given=True, always=False),
)
_REPLY: Final = _message(
    Key("replies", "replies", c.JSON, always=True, default=[]), above=Key("parent_id", "above", given=True)
)
_ROW: Final = _message(Key("message_tree_id", "tree"), above=Key("parent_id", "above"))

_SPEAKERS: Final = ("prompter", "assistant")
_VOTES: Final = "votes"


class OpenAssistant:
    """Trees of messages, and single messages."""

    name = "openassistant"
    system = OriginSystem.OPENASSISTANT
    title = "OpenAssistant"
    array_keys: Sequence[str] = ()
    whole_file = False

    def fits(self, record: object) -> bool:
        """Whether it is a tree, or a message that names its tree or its parent."""
        if not isinstance(record, dict):
            return False
        if "prompt" in record:
            prompt = record["prompt"]
            return "message_tree_id" in record and isinstance(prompt, dict) and "message_id" in prompt
        return (
            {"message_id", "text"} <= record.keys()
            and record.get("role") in _SPEAKERS
            and not record.keys().isdisjoint({"message_tree_id", "parent_id"})
        )

    def read(self, record: object) -> Iterator[Drafted]:
        """A conversation, or a message of one. Raises BadRecord where a message has no id or no speaker."""
        if not isinstance(record, dict):
            raise BadRecord(f"must be an object, not {shown(record)}")
        yield _read_tree(record) if "prompt" in record else _read_row(record)

    def write(self, draft: ConversationDraft) -> list[Any]:
        """The records of a conversation: itself, or the single messages that it was made for."""
        if draft.loose:
            return [_write_row(message, draft) for message in draft.messages]
        return [_write(draft)]


def _write(draft: ConversationDraft) -> Document:
    below: dict[str | None, list[Document]] = {}
    for message in reversed(draft.messages):
        replies = below.pop(message.record_id, [])[::-1]
        shape = _ROOT if message.parent is None else _REPLY
        values = _columns(message) | {"above": message.parent, "replies": replies}
        document = shape.write(values, message.extra, message.presence)
        below.setdefault(message.parent, []).append(document)
    roots = below.get(None, [])
    values = conversation_columns(draft) | {"prompt": roots[-1] if roots else None}
    return _TREE.write(values, draft.extra, draft.presence)


def _read_tree(record: Document) -> ConversationDraft:
    root = object_at(record, "prompt")
    values, extra, presence = _TREE.read(record)
    del values["prompt"]
    draft = ConversationDraft(
        kind="tree", record_id=values.pop("record_id", None), values=values, extra=extra, presence=presence
    )
    best: dict[str, str] = {}
    seen: set[str] = set()
    stack: list[tuple[Document, str | None, str]] = [(root, None, "prompt")]
    while stack:
        document, parent, where = stack.pop()
        own = text_at(document, "message_id", f"{where}.")
        if own in seen:
            raise BadRecord(f"{where}.message_id: {own[:60]} is there twice")
        seen.add(own)
        replies = objects_at(document, "replies", f"{where}.") if "replies" in document else []
        shape = _ROOT if parent is None else _REPLY
        draft.messages.append(_read_message(shape, document, {"above": parent}, parent, where))
        if replies:
            best[own] = str(min(enumerate(replies), key=_rank)[1].get("message_id"))
        stack += [(reply, own, f"{where}.replies[{index}]") for index, reply in enumerate(replies)][::-1]
    current = draft.messages[0].record_id
    while current in best:
        current = best[current]
    draft.current = current
    times_ = [message.values["timestamp"] for message in draft.messages if "timestamp" in message.values]
    if times_:
        values["created_at"] = min(times_)
    return draft


def _rank(reply: tuple[int, Document]) -> tuple[int, int]:
    """The best of several replies is the one ranked first, else the first."""
    index, document = reply
    rank = document.get("rank")
    return (rank, index) if isinstance(rank, int) and not isinstance(rank, bool) else (1 << 31, index)


def _read_row(record: Document) -> ConversationDraft:
    text_at(record, "message_id")
    parent = record.get("parent_id")
    if parent is not None and not isinstance(parent, str):
        raise BadRecord(f"parent_id: must be a text or null, not {shown(parent)}")
    message = _read_message(_ROW, record, {}, parent, "")
    tree = message.values.pop("tree", None)
    message.values.pop("above", None)
    draft = ConversationDraft(kind="tree", record_id=tree, loose=True, whole=False, messages=[message])
    if tree is None and parent is None:
        # A tree has the id of its first message.
        draft.record_id, draft.id_type = message.record_id, IdType.PLACE
    return draft


def _write_row(message: MessageDraft, draft: ConversationDraft) -> Document:
    values = _columns(message) | {"above": message.parent, "tree": original_id(draft)}
    return _ROW.write(values, message.extra, message.presence)


def _read_message(shape: Shape, record: Document, given: Columns, parent: str | None, where: str) -> MessageDraft:
    word = text_at(record, "role", f"{where}." if where else "")
    reading = shape.read(record, given)
    values = reading.values
    values.update(speaker(word))
    values.pop("replies", None)
    properties = values.get("properties", {})
    synthetic = properties.get("synthetic") is True
    if synthetic:
        values["actor"] = Actor.AI
    elif values["role"] is MessageRole.ASSISTANT:
        # A volunteer in the assistant's part.
        values["actor"] = Actor.STAFF
    if properties.get("deleted") is True:
        values["visible"] = False
    emojis, labels = values.pop("emojis", None), values.pop("labels", None)
    draft = message_draft(reading, parent=parent)
    votes = _read_votes(emojis, labels)
    if votes.scores:
        draft.feedback = [votes]
    elif emojis is not None or labels is not None:
        draft.presence = noted(draft.presence, votes=[emojis, labels])
    return draft


def _read_votes(emojis: Document | None, labels: Document | None) -> FeedbackDraft:
    scores: list[Columns] = []
    presence: Document = {}
    extra: Document = {}
    for name, count in (emojis or {}).items():
        if type(count) is int and 0 <= count < 1 << 31 and name:
            scores.append({"name": name, "value": float(count), "count": count})
        else:
            extra.setdefault("emojis", {})[name] = count
    if emojis is not None:
        presence["emojis"] = len(scores)
        if "emojis" in extra:
            presence["emoji_names"] = list(emojis)
    for name, label in (labels or {}).items():
        row = _label(name, label)
        if row is None:
            extra.setdefault("labels", {})[name] = label
        else:
            scores.append(row)
    if labels is not None:
        presence["labels"] = list(labels) if "labels" in extra else True
    return FeedbackDraft(
        kind=_VOTES,
        values={"author_kind": FeedbackAuthor.EVALUATOR},
        scores=scores,
        extra=extra or None,
        presence=None if presence == {"emojis": len(scores)} else presence,
    )


def _label(name: str, label: object) -> Columns | None:
    if not isinstance(label, dict) or not name:
        return None
    value, count = label.get("value"), label.get("count")
    if type(count) is not int or not 0 <= count < 1 << 31 or type(value) is not float:
        return None
    row: Columns = {"name": name, "value": value, "count": count}
    return row if identical(_write_label(row), label) else None


def _write_label(row: Columns) -> Document:
    return {"value": row["value"], "count": row["count"]}


def _columns(message: MessageDraft) -> Columns:
    values = columns_of(message)
    votes = next((each for each in message.feedback if each.kind == _VOTES), None)
    if votes is None:
        values["emojis"], values["labels"] = (message.presence or {}).get("votes", (None, None))
        return values
    presence = votes.presence or {"emojis": len(votes.scores)}
    extra = votes.extra or {}
    rows = [(row.get("position", index), row) for index, row in enumerate(votes.scores)]
    if "emojis" in presence:
        emojis = {row["name"]: row["count"] for position, row in rows if position < presence["emojis"]}
        values["emojis"] = _in_order(emojis | extra.get("emojis", {}), presence.get("emoji_names"))
    if "labels" in presence:
        labels = {row["name"]: _write_label(row) for position, row in rows if position >= presence.get("emojis", 0)}
        names = presence["labels"]
        values["labels"] = _in_order(labels | extra.get("labels", {}), None if names is True else names)
    return values


def _in_order(values: Document, names: list[str] | None) -> Document:
    return values if names is None else {name: values[name] for name in names if name in values}


FORMAT: Final[Format] = OpenAssistant()
