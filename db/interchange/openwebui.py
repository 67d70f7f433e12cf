"""Open WebUI: chats, as objects of their own or wrapped as its server exports them ({"id", "user_id", "chat": {...}}).

The tree is `history.messages`, a map; `messages` repeats the branch in play and is kept only where it differs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from db.interchange import converters as c
from db.interchange.base import BadRecord, ConversationDraft, Drafted, FeedbackDraft, Format, MessageDraft
from db.interchange.drafting import (
    branch_to,
    children_of,
    columns_of,
    conversation_columns,
    message_draft,
    named_current,
    noted,
    object_at,
    parents_first,
    put_in_play,
    shown,
    text_at,
)
from db.interchange.openwebui_shapes import ANNOTATION, ANSWER, CHAT, HISTORY, OTHER_MESSAGE, WRAPPED, WRAPPER
from db.interchange.openwebui_sources import source_of
from db.interchange.shape import Columns, Document, Shape, identical
from db.interchange.speakers import speaker
from db.words import MessageRole, MessageStatus, OriginSystem


class OpenWebUI:
    """Chats with a `history`."""

    name = "openwebui"
    system = OriginSystem.OPEN_WEBUI
    title = "Open WebUI"
    array_keys: Sequence[str] = ()
    whole_file = False

    def fits(self, record: object) -> bool:
        """Whether it is a chat, or wraps one, whose `history` is a map of messages."""
        if not isinstance(record, dict):
            return False
        chat = record.get("chat", record)
        history = chat.get("history") if isinstance(chat, dict) else None
        return isinstance(history, dict) and isinstance(history.get("messages"), dict)

    def read(self, record: object) -> Iterator[Drafted]:
        """One conversation. Raises BadRecord for messages without a role, and for those that are below themselves."""
        if not isinstance(record, dict):
            raise BadRecord(f"must be an object, not {shown(record)}")
        yield _read(record)

    def write(self, draft: ConversationDraft) -> list[Any]:
        """The record of a conversation."""
        return [_write(draft)]


def _read(record: Document) -> ConversationDraft:
    wrapped = "chat" in record and "history" not in record
    chat = object_at(record, "chat") if wrapped else record
    where = "chat.history" if wrapped else "history"
    nodes = object_at(object_at(chat, "history", "chat." if wrapped else ""), "messages", f"{where}.")
    models = chat.get("models")
    first = models[0] if isinstance(models, list) and models else None
    model = c.KEY.load(first) if isinstance(first, str) else None
    given: Columns = {"models": None if model is None else [model]}
    draft = ConversationDraft(kind="chat")
    if wrapped:
        outer, draft.extra, draft.presence = WRAPPER.read(record)
        del outer["chat"]
        inner, extra, presence = WRAPPED.read(
            chat, given | {"outer_id": outer.get("record_id"), "outer_title": outer.get("title")}
        )
        draft.values = {**inner, **outer}
        draft.extra = {**(draft.extra or {}), "chat": extra} if extra else draft.extra
        draft.presence = noted(draft.presence, chat=presence or {})
    else:
        draft.values, draft.extra, draft.presence = CHAT.read(chat, given)
    values = draft.values
    repeated = values.pop("messages", None)
    history, more, differs = HISTORY.read(values.pop("history"))
    draft.extra = {**(draft.extra or {}), "history": more} if more else draft.extra
    draft.presence = noted(draft.presence, history=differs)
    draft.record_id = values.pop("record_id", None)
    draft.tags = values.pop("tags", [])
    draft.updated_at = values.get("updated_at")
    if values.pop("archived", False):
        values["archived_at"] = values.get("updated_at") or values.get("created_at")
    if values.get("config") == {}:
        del values["config"]
    if model is not None:
        values["model"] = model
    parents = _parents(nodes, f"{where}.messages")
    order = parents_first(parents)
    above = {key: parents[key] if parents[key] in parents else None for key in order}
    frames = _frames(above)
    draft.messages = [_read_message(nodes[key], frames[key], f"{where}.messages.{key}.") for key in order]
    current = history.get("current")
    put_in_play(draft, current)
    if order != list(nodes):
        draft.presence = noted(draft.presence, listed=list(nodes))
    _compare(draft, repeated, [nodes[key] for key in branch_to(current, above)])
    return draft


def _parents(nodes: Document, where: str) -> dict[str, str | None]:
    parents: dict[str, str | None] = {}
    for key in nodes:
        parent = object_at(nodes, key, f"{where}.").get("parentId")
        if parent is not None and not isinstance(parent, str):
            raise BadRecord(f"{where}.{key}.parentId: must be a text or null, not {shown(parent)}")
        parents[key] = parent
    return parents


def _frames(above: Mapping[str, str | None]) -> dict[str, Columns]:
    """What messages say of their places, as far as that follows from the tree."""
    children = children_of(above)
    return {key: {"key": key, "above": parent, "below": children.get(key, [])} for key, parent in above.items()}


def _compare(draft: ConversationDraft, repeated: Any, branch: list[Document]) -> None:
    """Keep of the repeated branch what doesn't follow from the tree: its keys, or all of it where it differs."""
    if repeated is None:
        draft.presence = noted(draft.presence, unrepeated=True)
        return
    keys: list[list[str] | None] = []
    follows = isinstance(repeated, list) and len(repeated) == len(branch)
    for one, other in zip(repeated, branch, strict=True) if follows else ():
        if not isinstance(one, dict) or not all(
            key in other and identical(value, other[key]) for key, value in one.items()
        ):
            follows = False
            break
        keys.append(None if list(one) == list(other) else list(one))
    if not follows:
        draft.presence = noted(draft.presence, branch=repeated)
        if repeated != []:
            draft.notes.append("messages: is not the branch of history that it should repeat, and is kept as it is")
    elif any(key is not None for key in keys):
        draft.presence = noted(draft.presence, branch_keys=keys)


def _shape_of(role: object) -> Shape:
    return ANSWER if role == MessageRole.ASSISTANT else OTHER_MESSAGE


def _read_message(record: Document, frame: Columns, where: str) -> MessageDraft:
    word = text_at(record, "role", where)
    columns = speaker(word)
    status = _status(record)
    given = {**frame, "done": status is not MessageStatus.STOPPED}
    reading = _shape_of(columns["role"]).read(record, given)
    if reading.presence is not None and "content" in reading.presence.get("refused", ()):
        raise BadRecord(f"{where}content: must be a text or a list of parts, not {shown(record['content'])}")
    values = reading.values
    values.update(columns)
    if status is not MessageStatus.COMPLETE:
        values["status"] = status
    questions = values.pop("questions", [])
    annotation = values.pop("annotation", None)
    draft = message_draft(reading, parent=frame["above"], source=source_of)
    draft.record_id = frame["key"]
    draft.follow_ups = [{"question": question} for question in questions]
    if annotation is not None:
        opinion, extra, presence = ANNOTATION.read(annotation)
        reason = opinion.pop("reason", None)
        reasons = [] if reason is None else [{"label": reason}]
        draft.feedback = [
            FeedbackDraft(kind="annotation", values=opinion, reasons=reasons, extra=extra, presence=presence)
        ]
    return draft


def _status(record: Document) -> MessageStatus:
    if record.get("error"):
        return MessageStatus.FAILED
    return MessageStatus.STOPPED if record.get("done") is False else MessageStatus.COMPLETE


def _write(draft: ConversationDraft) -> Document:
    presence = draft.presence or {}
    extra = dict(draft.extra or {})
    frames = _frames({str(message.record_id): message.parent for message in draft.messages})
    nodes = {
        str(message.record_id): _write_message(message, frames[str(message.record_id)]) for message in draft.messages
    }
    above = {key: frame["above"] for key, frame in frames.items()}
    if (listed := presence.get("listed")) is not None:
        nodes = {key: nodes[key] for key in listed if key in nodes} | nodes
    current = named_current(draft)
    branch: Any = [nodes[key] for key in branch_to(current, above)]
    if (keys := presence.get("branch_keys")) is not None and len(keys) == len(branch):
        branch = [
            whole if some is None else {key: whole[key] for key in some if key in whole}
            for whole, some in zip(branch, keys, strict=True)
        ]
    model = draft.values.get("model")
    values = conversation_columns(draft) | {
        "tags": draft.tags,
        "archived": draft.values.get("archived_at") is not None,
        "config": draft.values.get("config") or {},
        "models": None if model is None else [model],
        "history": HISTORY.write(
            {"messages": nodes, "current": current}, extra.pop("history", None), presence.get("history")
        ),
        "messages": None if presence.get("unrepeated") else presence.get("branch", branch),
        "outer_id": draft.record_id,
    }
    values["outer_title"] = values.get("title")
    if "chat" not in presence:
        return CHAT.write(values, extra, presence)
    values["chat"] = WRAPPED.write(values, extra.pop("chat", None), presence["chat"])
    return WRAPPER.write(values, extra, presence)


def _write_message(draft: MessageDraft, frame: Columns) -> Document:
    values = columns_of(draft) | frame
    status = draft.values.get("status")
    values["done"] = status != MessageStatus.STOPPED
    values["questions"] = [row["question"] for row in draft.follow_ups]
    if draft.feedback:
        opinion = draft.feedback[0]
        reason = opinion.reasons[0]["label"] if opinion.reasons else None
        values["annotation"] = ANNOTATION.write({**opinion.values, "reason": reason}, opinion.extra, opinion.presence)
    return _shape_of(draft.values["role"]).write(values, draft.extra, draft.presence)


FORMAT: Final[Format] = OpenWebUI()
