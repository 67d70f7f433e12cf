"""From what shapes read to drafts and back, and checks of a record's frame that name the field that is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from heapq import heapify, heappop, heappush
from typing import Any, Final

from db.interchange.base import BadRecord, ConversationDraft, Draft, MessageDraft, ReferenceDraft, SourceDraft
from db.interchange.fitting import ID_KEY
from db.interchange.keys import Columns, Document, Reading
from db.jsons import canonical_hash
from db.words import IdType

_KINDS: Final[Mapping[type, str]] = {dict: "an object", list: "an array", str: "a text", bool: "true or false"}


def shown(value: object) -> str:
    """The kind of a JSON value, as a message names it."""
    return "null" if value is None else _KINDS.get(type(value), "a number")


def text_at(record: Mapping[str, Any], key: str, where: str = "") -> str:
    """The text under a key. Raises BadRecord where there is none."""
    value = record.get(key)
    if isinstance(value, str):
        return value
    raise BadRecord(f"{where}{key}: must be a text, {_instead(record, key)}")


def object_at(record: Mapping[str, Any], key: str, where: str = "") -> Document:
    """The object under a key. Raises BadRecord where there is none."""
    value = record.get(key)
    if isinstance(value, dict):
        return value
    raise BadRecord(f"{where}{key}: must be an object, {_instead(record, key)}")


def objects_at(record: Mapping[str, Any], key: str, where: str = "") -> list[Document]:
    """The list of objects under a key. Raises BadRecord where there is none."""
    value = record.get(key)
    if not isinstance(value, list):
        raise BadRecord(f"{where}{key}: must be a list of objects, {_instead(record, key)}")
    for index, item in enumerate(value):
        if not isinstance(item, dict):
            raise BadRecord(f"{where}{key}[{index}]: must be an object, not {shown(item)}")
    return value


def _instead(record: Mapping[str, Any], key: str) -> str:
    return f"not {shown(record[key])}" if key in record else "but is missing"


def cited_page(row: Columns) -> SourceDraft | None:
    """The source of a citation of a web page: what its address, and without one its title, says."""
    values = {name: row[name] for name in ("title", "url", "kind") if row.get(name) is not None}
    return SourceDraft(values=values, kind="page") if "url" in values or "title" in values else None


def message_draft(
    reading: Reading,
    *,
    kind: str = "message",
    parent: str | None = None,
    source: Callable[[Columns], SourceDraft | None] = cited_page,
) -> MessageDraft:
    """A message of what a shape read: columns of its row, and lists of rows by the names that drafts have for them.

    The time when it happened is also that of its row. `source` makes the source that a citation cites.
    """
    values, extra, presence = reading
    take = values.pop
    draft = MessageDraft(values=values, kind=kind, parent=parent, extra=extra, presence=presence)
    draft.record_id = take("record_id", None)
    draft.parts = take("parts", None)
    if "references" in values:
        draft.references = [ReferenceDraft(values=row, source=source(row)) for row in take("references")]
    if "tool_calls" in values:
        draft.tool_calls = take("tool_calls")
    if "attachments" in values:
        draft.attachments = take("attachments")
    if "follow_ups" in values:
        draft.follow_ups = take("follow_ups")
    if (at := values.get("timestamp")) is not None:
        values["created_at"] = at
    return draft


def columns_of(draft: MessageDraft) -> Columns:
    """What a shape writes a message from: the inverse of `message_draft`."""
    return {
        **draft.values,
        "record_id": original_id(draft),
        "parts": draft.parts,
        "references": [reference.values for reference in draft.references],
        "tool_calls": draft.tool_calls,
        "attachments": draft.attachments,
        "follow_ups": draft.follow_ups,
    }


def conversation_columns(draft: ConversationDraft) -> Columns:
    """What a shape writes a conversation from: its columns and its id, without those that were made here."""
    values: Columns = {**draft.values, "record_id": original_id(draft)}
    if values.get("title_made"):
        values.pop("title", None)
    return values


def original_id(draft: Draft) -> str | None:
    """The id that the record had; None where it was named by its place."""
    if draft.id_type is IdType.PLACE:
        return None
    original: str | None = (draft.presence or {}).get(ID_KEY, draft.record_id)
    return original


def own_id(draft: Draft) -> str | None:
    """The id that the record had, or the one that its place gave it."""
    own = original_id(draft)
    return draft.record_id if own is None else own


def id_type_of(value: object) -> IdType:
    """The JSON type of an id."""
    return IdType.STRING if value is None or isinstance(value, str) else IdType.NUMBER


def own_digest(*pieces: object) -> str:
    """The hash of the part of a record that one of its conversations is made of."""
    return canonical_hash(list(pieces))


def parents_first(parents: Mapping[str, str | None]) -> list[str]:
    """Ids in the order given, but each after its parent. Raises BadRecord for a cycle and for an empty id.

    A parent that is not among the ids is none.
    """
    if "" in parents:
        raise BadRecord("the id of a message must not be empty")
    order = list(parents)
    done: set[str] = set()
    for key, parent in parents.items():
        if parent in parents and parent not in done:
            break
        done.add(key)
    else:
        return order
    place = {key: index for index, key in enumerate(order)}
    children: dict[str, list[int]] = {}
    ready: list[int] = []
    for key, parent in parents.items():
        if parent is not None and parent in parents:
            children.setdefault(parent, []).append(place[key])
        else:
            ready.append(place[key])
    heapify(ready)
    result: list[str] = []
    while ready:
        key = order[heappop(ready)]
        result.append(key)
        for child in children.get(key, ()):
            heappush(ready, child)
    if len(result) < len(order):
        left = set(order).difference(result)
        raise BadRecord(f"message {next(key for key in order if key in left)}: its parents form a cycle")
    return result


def children_of(parents: Mapping[str, str | None]) -> dict[str, list[str]]:
    """The ids below each key, in the order given."""
    children: dict[str, list[str]] = {}
    for key, parent in parents.items():
        if parent is not None:
            children.setdefault(parent, []).append(key)
    return children


def branch_to(leaf: str | None, parents: Mapping[str, str | None]) -> list[str]:
    """The ids from the root to a leaf; none where it isn't there or is below itself."""
    branch: list[str] = []
    while leaf is not None and leaf in parents and len(branch) <= len(parents):
        branch.append(leaf)
        leaf = parents[leaf]
    return branch[::-1] if len(branch) <= len(parents) else []


def leaf_in_play(draft: ConversationDraft, named: str | None = None) -> str | None:
    """The end of the branch that goes on newest below the message named as current, or else of the newest branch."""
    if not draft.messages:
        return None
    newest = {message.parent: message.record_id for message in draft.messages}
    leaf = named if any(message.record_id == named for message in draft.messages) else draft.messages[-1].record_id
    while leaf is not None and leaf in newest:
        leaf = newest[leaf]
    return leaf


def put_in_play(draft: ConversationDraft, named: str | None) -> None:
    """Put the branch in play that the record names by a message; the name is kept where that is no leaf."""
    draft.current = leaf_in_play(draft, named)
    if draft.current != named:
        draft.presence = noted(draft.presence, current=[draft.current, named])


def named_current(draft: ConversationDraft) -> str | None:
    """The message that the record names as current: the leaf in play, unless it named another that means the same."""
    leaf, named = (draft.presence or {}).get("current", (..., None))
    return named if draft.current == leaf else draft.current


def noted(presence: Document | None, **notes: Any) -> Document | None:
    """The presence with more noted down; what is None is not."""
    more = {name: note for name, note in notes.items() if note is not None}
    return {**(presence or {}), **more} if more else presence
