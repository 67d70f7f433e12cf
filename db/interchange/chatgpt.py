"""ChatGPT: conversations of a data export, or one such object, each a `mapping` of nodes.

A node is {id, message, parent, children}. Nodes without a message, such as the root, are no messages here and stay
with the conversation, for the export. The parent of a message is the nearest node above it that has one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from db.interchange import chatgpt_content as content
from db.interchange.base import AssistantDraft, BadRecord, ConversationDraft, Drafted, Format, MessageDraft
from db.interchange.chatgpt_shapes import CONVERSATION, MESSAGE
from db.interchange.drafting import (
    children_of,
    columns_of,
    conversation_columns,
    message_draft,
    named_current,
    noted,
    object_at,
    original_id,
    parents_first,
    put_in_play,
    shown,
    text_at,
)
from db.interchange.shape import Columns, Document, identical
from db.interchange.speakers import speaker
from db.words import MessageRole, OriginSystem

_NODE_KEYS: Final = ("id", "message", "parent", "children")
_ALL: Final = "all"
"""The recipient of what is meant for the reader."""


class ChatGPT:
    """Conversations with a `mapping` of nodes."""

    name = "chatgpt"
    system = OriginSystem.CHATGPT
    title = "ChatGPT"
    array_keys: Sequence[str] = ()
    whole_file = False

    def fits(self, record: object) -> bool:
        """Whether it has a `mapping` of nodes."""
        if not isinstance(record, dict) or not isinstance(record.get("mapping"), dict):
            return False
        first = next(iter(record["mapping"].values()), None)
        return first is None or (isinstance(first, dict) and {"message", "children"} <= first.keys())

    def read(self, record: object) -> Iterator[Drafted]:
        """One conversation. Raises BadRecord for a node that is none, has no speaker, or is its own ancestor."""
        if not isinstance(record, dict):
            raise BadRecord(f"must be an object, not {shown(record)}")
        yield _read(record)

    def write(self, draft: ConversationDraft) -> list[Any]:
        """The record of a conversation."""
        return [_write(draft)]


def _read(record: Document) -> ConversationDraft:
    nodes = object_at(record, "mapping")
    parents = _parents(nodes)
    order = parents_first(parents)
    own = next(
        (each for each in (record.get("conversation_id"), record.get("id")) if isinstance(each, str) and each), None
    )
    values, extra, presence = CONVERSATION.read(record, {"record_id": own, "second_id": own})
    draft = ConversationDraft(kind="conversation", record_id=own, values=values, extra=extra, presence=presence)
    draft.updated_at = values.get("updated_at")
    del values["mapping"]
    current = values.pop("current_node", None)
    if values.pop("archived", False):
        values["archived_at"] = values.get("updated_at") or values.get("created_at")
    if (gizmo := values.pop("gizmo_id", None)) is not None:
        draft.assistant = AssistantDraft(record_id=gizmo, kind="gizmo")
    silent = {key: nodes[key] for key in order if nodes[key].get("message") is None}
    above: dict[str, str | None] = {}
    for key in order:
        parent = parents[key]
        above[key] = None if parent not in parents else above[parent] if parent in silent else parent
        if parent is not None and parent not in parents:
            draft.notes.append(f"message {key}: its parent {parent[:60]} is not there, so it is at the top")
    order = [key for key in order if key not in silent]
    frames = _frames({key: above[key] for key in order}, silent)
    draft.messages = [_read_node(key, nodes[key], above[key], frames[key]) for key in order]
    put_in_play(draft, current)
    if current is not None and current not in nodes:
        draft.notes.append(f"current_node {current[:60]} is not there: the newest message takes its place")
    listed = None if [*silent, *order] == list(nodes) else list(nodes)
    draft.presence = noted(draft.presence, nodes=silent or None, mapping=listed)
    return draft


def _write(draft: ConversationDraft) -> Document:
    presence = draft.presence or {}
    silent: dict[str, Document] = presence.get("nodes") or {}
    frames = _frames({str(message.record_id): message.parent for message in draft.messages}, silent)
    nodes = dict(silent)
    for message in draft.messages:
        nodes[str(message.record_id)] = _write_node(message, frames[str(message.record_id)])
    if (listed := presence.get("mapping")) is not None:
        nodes = {key: nodes[key] for key in listed if key in nodes} | nodes
    values: Columns = {
        **conversation_columns(draft),
        "second_id": original_id(draft),
        "mapping": nodes,
        "archived": draft.values.get("archived_at") is not None,
        "current_node": named_current(draft),
        "gizmo_id": draft.assistant.record_id if draft.assistant is not None else None,
    }
    return CONVERSATION.write(values, draft.extra, presence)


def _parents(nodes: Document) -> dict[str, str | None]:
    parents: dict[str, str | None] = {}
    for key in nodes:
        parent = object_at(nodes, key, "mapping.").get("parent")
        if parent is not None and not isinstance(parent, str):
            raise BadRecord(f"mapping.{key}.parent: must be a text or null, not {shown(parent)}")
        parents[key] = parent
    return parents


def _frames(above: Mapping[str, str | None], silent: Mapping[str, Document]) -> dict[str, Document]:
    """What the nodes with messages say of their places, as far as that follows from the tree."""
    root = next((key for key, node in silent.items() if node.get("parent") is None), None)
    parents = {key: root if parent is None else parent for key, parent in above.items()}
    children = children_of(parents)
    return {key: {"id": key, "parent": parents[key], "children": children.get(key, [])} for key in parents}


def _read_node(key: str, node: Document, parent: str | None, frame: Document) -> MessageDraft:
    where = f"mapping.{key}.message."
    record = object_at(node, "message", f"mapping.{key}.")
    author = object_at(record, "author", where)
    word = text_at(author, "role", f"{where}author.")
    said = object_at(record, "content", where)
    text_at(said, "content_type", f"{where}content.")
    columns = speaker(word)
    recipient = record.get("recipient")
    calls = columns["role"] is MessageRole.ASSISTANT and _is_tool(recipient) and content.is_code(said)
    reading = MESSAGE.read(record, {"node_id": key, "recipient": recipient if calls else _ALL})
    values = reading.values
    values.update(columns)
    del values["said"]
    inner, extra, presence = content.read(said, as_call=calls)
    if calls:
        values["tool_calls"] = [{"name": recipient, "arguments_text": inner.pop("arguments_text")}]
    values.update(inner)
    if values["role"] is MessageRole.TOOL and "author_name" in values:
        values["tool_name"] = values.pop("author_name")
    metadata = values.get("metadata") or {}
    if metadata.get("is_visually_hidden_from_conversation") is True:
        values["visible"] = False
    cited = {(row.get("url"), row.get("start_index")) for row in values.get("references", ())}
    pages = [row for row in content.pages(metadata.get("content_references")) if not _known(row, cited)]
    if pages:
        values["references"] = [*values.get("references", ()), *pages]
    draft = message_draft(reading, kind="node", parent=parent)
    draft.record_id = key
    draft.extra = {**(draft.extra or {}), "content": extra} if extra else draft.extra
    place = {name: value for name, value in node.items() if name != "message"}
    if not identical(place, frame) or tuple(node) != _NODE_KEYS:
        differs = {name: value for name, value in place.items() if value != frame.get(name, ...)}
        draft.presence = noted(draft.presence, node={"keys": list(node), **differs})
    draft.presence = noted(draft.presence, content=presence or None, pages=len(pages) or None)
    return draft


def _is_tool(recipient: object) -> bool:
    return isinstance(recipient, str) and recipient not in ("", _ALL)


def _known(row: Columns, cited: set[tuple[Any, Any]]) -> bool:
    return (row.get("url"), row.get("start_index")) in cited


def _write_node(draft: MessageDraft, frame: Document) -> Document:
    presence = draft.presence or {}
    extra = dict(draft.extra or {})
    values = columns_of(draft)
    values["said"] = content.write(values, extra.pop("content", None), presence.get("content"))
    values["node_id"] = draft.record_id
    values["recipient"] = draft.tool_calls[0]["name"] if draft.tool_calls else _ALL
    if draft.values["role"] == MessageRole.TOOL:
        values["author_name"] = values.get("tool_name")
    if pages := presence.get("pages"):
        values["references"] = values["references"][:-pages]
    place = presence.get("node") or {"keys": _NODE_KEYS}
    whole = {**frame, "message": MESSAGE.write(values, extra, presence), **place}
    return {name: whole[name] for name in place["keys"]}


FORMAT: Final[Format] = ChatGPT()
