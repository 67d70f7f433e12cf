"""From what shapes read to drafts and back, for records that have ids of their own and lists of rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeVar

from db.interchange.base import (
    AssistantDraft,
    BadRecord,
    ConversationDraft,
    Draft,
    MessageDraft,
    ReferenceDraft,
    SourceDraft,
)
from db.interchange.drafting import original_id, shown
from db.interchange.keys import Columns, Document, Reading
from db.interchange.speakers import speaker
from db.words import IdType

AnyDraft = TypeVar("AnyDraft", bound=Draft)

_LISTS: Final = ("tool_calls", "attachments", "follow_ups")


def fill(draft: AnyDraft, reading: Reading, id_key: str, id_type: IdType = IdType.STRING) -> AnyDraft:
    """Give the draft what was read: its id, whose key and canonical type are told, its columns and the rest."""
    values, draft.extra, draft.presence = reading
    draft.record_id = values.pop("record_id", None)
    raw = ((reading.presence or {}).get("raw") or {}).get(id_key)
    if raw is not None:
        id_type = IdType.STRING if isinstance(raw, str) else IdType.NUMBER
    draft.id_type = IdType.PLACE if draft.record_id is None else id_type
    draft.updated_at = values.get("updated_at")
    draft.values = values
    return draft


def fill_message(
    draft: MessageDraft,
    reading: Reading,
    id_key: str,
    id_type: IdType = IdType.STRING,
) -> MessageDraft:
    """The same for a message: its lists go to where a draft has them, and `role_name` tells its speaker."""
    fill(draft, reading, id_key, id_type)
    values = draft.values
    for name in _LISTS:
        if name in values:
            setattr(draft, name, values.pop(name))
    draft.references = references(values.pop("references", ()))
    word = values.setdefault("role_name", "")
    told = speaker(word)
    values |= {name: told[name] for name in ("role", "message_type", "actor")}
    return draft


def references(rows: Iterable[Columns]) -> list[ReferenceDraft]:
    """References of what was read of them."""
    return [ReferenceDraft(values=row) for row in rows]


def happened(draft: MessageDraft) -> None:
    """The record's time of creation is when the message happened, in systems that have no other time for that."""
    if "created_at" in draft.values:
        draft.values["timestamp"] = draft.values["created_at"]


def id_of(draft: Draft | None) -> str | None:
    """The original id of a draft; None where there is none, or one that was made here."""
    return None if draft is None else original_id(draft)


def columns(draft: Draft) -> Columns:
    """The columns of a draft with its original id."""
    return {**draft.values, "record_id": id_of(draft)}


def message_columns(draft: MessageDraft) -> Columns:
    """The same for a message, with its lists of rows."""
    lists = {name: getattr(draft, name) for name in _LISTS}
    return columns(draft) | lists | {"references": [reference.values for reference in draft.references]}


def source(**values: Any) -> SourceDraft | None:
    """A source of the values that there are; None where nothing identifies it."""
    there = {name: value for name, value in values.items() if value is not None}
    return SourceDraft(values=there) if "external_id" in there or "url" in there else None


def assistant(record_id: str | None, kind: str, id_type: IdType = IdType.STRING) -> AssistantDraft | None:
    """The assistant of that id; None where there is no id."""
    return AssistantDraft(record_id=record_id, id_type=id_type, kind=kind) if record_id else None


def objects(record: Mapping[str, Any], name: str) -> list[Document]:
    """The list of objects under a key, [] for none and for null. Raises BadRecord where it is something else."""
    value = record.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise BadRecord(f"{name}: must be a list of objects, not {shown(value)}")
    for index, item in enumerate(value):
        if not isinstance(item, dict):
            raise BadRecord(f"{name}[{index}]: must be an object, not {shown(item)}")
    return value


def record_object(record: object) -> Document:
    """The record, which must be an object. Raises BadRecord where it isn't."""
    if not isinstance(record, dict):
        raise BadRecord(f"a record must be an object, not {shown(record)}")
    return record


def refuse(draft: Draft, key: str, raw: Any) -> None:
    """Keep a value in the draft's extra that its columns don't give back."""
    draft.extra = {**(draft.extra or {}), key: raw}
    note(draft, "refused", [*(noted(draft, "refused") or ()), key])


def note(draft: Draft, key: str, value: Any) -> None:
    """Note something in the draft's presence."""
    draft.presence = {**(draft.presence or {}), key: value}


def noted(draft: Draft, key: str) -> Any:
    """What was noted in the draft's presence, or None."""
    return (draft.presence or {}).get(key)


def take_for_granted(draft: Draft, key: str) -> None:
    """Don't note that the key of the time is there that says when the record changed: that time tells."""
    presence = draft.presence or {}
    if draft.updated_at is not None and key in presence.get("present", ()):
        kept = [each for each in presence["present"] if each != key]
        rest = {name: value for name, value in presence.items() if name != "present"}
        draft.presence = {**rest, **({"present": kept} if kept else {})} or None


def granted(draft: Draft, key: str) -> Document | None:
    """The draft's presence, telling also of the key that was taken for granted."""
    if draft.updated_at is None:
        return draft.presence
    presence = draft.presence or {}
    return {**presence, "present": [*presence.get("present", ()), key]}


def loose(message: MessageDraft, *, thread: str | None = None, kind: str = "loose") -> ConversationDraft:
    """A conversation for a message that came without one: that of its thread, else one of its own."""
    return ConversationDraft(
        record_id=thread,
        id_type=IdType.PLACE if thread is None else IdType.STRING,
        kind="loose" if thread is None else kind,
        messages=[message],
        linear=True,
        whole=False,
        loose=True,
    )


def first_object(value: object) -> Document | None:
    """The first element of a list, where it is an object: enough to tell what the list holds."""
    return value[0] if isinstance(value, list) and value and isinstance(value[0], dict) else None
