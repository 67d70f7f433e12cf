"""The kinds of records of the native format: what belongs to what, and what need not be written since it follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import sqlalchemy as sa

from db.interchange.colloquy_fields import ID, REQUIRED, Codec, Field, array_of, fields_of, text
from db.interchange.writes import (
    ASSISTANT_TOOLS,
    ASSISTANTS,
    ATTACHMENTS,
    CITATIONS,
    CONTENT_PARTS,
    CONVERSATION_TAGS,
    CONVERSATION_TOOLS,
    CONVERSATIONS,
    FEEDBACK,
    FOLLOW_UPS,
    MESSAGES,
    ORIGINS,
    REASONS,
    SCORES,
    SOURCES,
    TOOL_CALLS,
    TOOLS,
    VERDICTS,
    VERSIONS,
)
from db.origins import Import
from db.record import KEY_LENGTH, table_of
from db.sources import identity_of
from db.words import Entity, PartType

IMPORTS: Final = table_of(Import)

Values = dict[str, Any]


@dataclass(slots=True, eq=False)
class Node:
    """A row with all that belongs to it."""

    values: Values
    """By column."""
    children: dict[str, list[Node]] = field(default_factory=dict)
    """By key."""
    lists: dict[str, list[Any]] = field(default_factory=dict)
    """Lists of texts or ids, by key."""
    origin: Node | None = None
    versions: list[Node] = field(default_factory=list)
    """The versions of the record that imports have seen."""

    def below(self, key: str) -> list[Node]:
        """The rows below it under that key."""
        return self.children.get(key, [])


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node stands, which says some of what is not written."""

    holder: Node | None = None
    index: int = 0
    before: Node | None = None
    """The node before it in its list."""


Implied = Callable[[Node, Place], Values]


@dataclass(frozen=True, slots=True)
class ValueList:
    """A list of texts or ids that is a table of its own."""

    table: sa.Table
    column: str
    codec: Codec


@dataclass(frozen=True, eq=False)
class Kind:
    """A kind of record."""

    name: str
    """What messages call it."""
    table: sa.Table
    fields: tuple[Field, ...]
    owner: str | None = None
    """The column with the id of what it belongs to."""
    lists: Mapping[str, ValueList] = field(default_factory=dict)
    children: Mapping[str, Kind] = field(default_factory=dict)
    entity: Entity | None = None
    """Its word in origins; None: it has none."""
    implies: tuple[str, ...] = ()
    """Columns whose absence means more than a constant."""
    implied: Implied = lambda _node, _place: {}
    """What it means."""

    @cached_property
    def keys(self) -> dict[str, None]:
        """All keys that a record may have, in their order."""
        traced = () if self.entity is None else ("origin", "recordVersions")
        own = (each.group or each.key for each in self.fields)
        return dict.fromkeys([*own, *self.lists, *self.children, *traced])

    @cached_property
    def by_key(self) -> dict[str, Field]:
        """The fields that stand in the record itself."""
        return {each.key: each for each in self.fields if each.group is None}

    @cached_property
    def groups(self) -> dict[str, dict[str, Field]]:
        """The fields that stand in an object, by the object's key and by theirs."""
        found: dict[str, dict[str, Field]] = {}
        for each in self.fields:
            if each.group is not None:
                found.setdefault(each.group, {})[each.key] = each
        return found

    @cached_property
    def required(self) -> list[Field]:
        """The fields that cannot be left out."""
        return [each for each in self.fields if each.default is REQUIRED and each.column not in self.implies]

    @cached_property
    def defaults(self) -> Values:
        """What columns are where nothing is said; that of one that must be given, or is implied, means nothing."""
        return {each.column: each.default for each in self.fields}


def _updated(node: Node, _place: Place) -> Values:
    return {"updated_at": node.values.get("created_at")}


def _with_holder(_node: Node, place: Place) -> Values:
    return {"created_at": place.holder.values["created_at"] if place.holder else None}


def _of_citation(node: Node, place: Place) -> Values:
    return {**_with_holder(node, place), "number": place.index + 1}


def _of_source(node: Node, place: Place) -> Values:
    return {**_updated(node, place), "identity": identity_of(node.values)}


def _of_message(node: Node, place: Place) -> Values:
    texts = [
        part.values["text"]
        for part in node.below("contentParts")
        if part.values["type"] is PartType.TEXT and part.values["text"] is not None
    ]
    sequence = 0 if place.before is None else place.before.values["sequence"] + 1
    return {**_updated(node, place), "sequence": sequence, "content": "\n".join(texts)}


def _of_conversation(node: Node, place: Place) -> Values:
    messages = node.below("messages")
    return {**_updated(node, place), "current_message_id": messages[-1].values["id"] if messages else None}


def _is_share(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("userId"), str) and value.get("access") in ("READ", "WRITE")


_SHARES: Final = array_of('{"userId": text, "access": "READ" or "WRITE"}', _is_share)
_TEXTS: Final = array_of("texts", lambda item: isinstance(item, str))
_WHOLES: Final = array_of("whole numbers", lambda item: isinstance(item, int) and not isinstance(item, bool))

_TIMES: Final = ("updated_at",)
_USAGE: Final = ("input_tokens", "output_tokens", "total_tokens", "cached_input_tokens", "reasoning_tokens")
_METADATA: Final = (
    *("processing_time_ms", "model_version", "ai_transaction_id", "reason", "finish_reason", "system_prompt"),
    "metadata",
)
_SEEN: Final = {
    "seen_message_version": "messageVersion",
    "seen_current_message_id": "currentMessageId",
    "seen_assistant_id": "assistantId",
    "seen_assistant_version": "assistantVersion",
}

ORIGIN: Final = Kind("origin", ORIGINS, fields_of(ORIGINS, without=("entity_id", "entity")), owner="entity_id")
VERSION: Final = Kind("record version", VERSIONS, fields_of(VERSIONS, without=("entity_id",)), owner="entity_id")

IMPORT: Final = Kind("import", IMPORTS, fields_of(IMPORTS))
TOOL: Final = Kind("tool", TOOLS, fields_of(TOOLS), entity=Entity.TOOL, implies=_TIMES, implied=_updated)
ASSISTANT: Final = Kind(
    "assistant",
    ASSISTANTS,
    fields_of(ASSISTANTS),
    lists={"toolIds": ValueList(ASSISTANT_TOOLS, "tool_id", ID)},
    entity=Entity.ASSISTANT,
    implies=_TIMES,
    implied=_updated,
)
SOURCE: Final = Kind(
    "source",
    SOURCES,
    fields_of(SOURCES, without=("citation_count",)),
    entity=Entity.SOURCE,
    implies=(*_TIMES, "identity"),
    implied=_of_source,
)

CITATION: Final = Kind(
    "citation",
    CITATIONS,
    fields_of(
        CITATIONS,
        without=("conversation_id", "message_id", "position"),
        codecs={"breadcrumbs": _TEXTS, "pages": _WHOLES},
    ),
    owner="conversation_id",
    entity=Entity.REFERENCE,
    implies=("created_at", "number"),
    implied=_of_citation,
)


def _list_of(name: str, table: sa.Table, owner: str, implies: tuple[str, ...] = ()) -> Kind:
    """The kind of a list below a record, in which the place is the position."""
    fields = fields_of(table, without=(owner, "position"))
    return Kind(name, table, fields, owner=owner, implies=implies, implied=_with_holder)


PART: Final = _list_of("content part", CONTENT_PARTS, "message_id")
CALL: Final = _list_of("tool call", TOOL_CALLS, "message_id", ("created_at",))
ATTACHMENT: Final = _list_of("attachment", ATTACHMENTS, "message_id", ("created_at",))
FOLLOW_UP: Final = _list_of("follow-up question", FOLLOW_UPS, "message_id")
REASON: Final = _list_of("reason", REASONS, "feedback_id")
SCORE: Final = _list_of("score", SCORES, "feedback_id")
VERDICT: Final = _list_of("citation verdict", VERDICTS, "feedback_id")

MESSAGE: Final = Kind(
    "message",
    MESSAGES,
    fields_of(
        MESSAGES,
        without=("conversation_id", "branch_position", "has_parts"),
        grouped={"metadata": _METADATA, "usage": _USAGE},
        named={"metadata": "extra"},
    ),
    owner="conversation_id",
    children={
        "contentParts": PART,
        "toolCalls": CALL,
        "attachments": ATTACHMENT,
        "followUpQuestions": FOLLOW_UP,
        "citations": CITATION,
    },
    entity=Entity.MESSAGE,
    implies=(*_TIMES, "sequence", "content"),
    implied=_of_message,
)
FEEDBACK_KIND: Final = Kind(
    "piece of feedback",
    FEEDBACK,
    fields_of(FEEDBACK, without=("conversation_id",), grouped={"seen": tuple(_SEEN)}, named=_SEEN),
    owner="conversation_id",
    children={"reasons": REASON, "scores": SCORE, "citationVerdicts": VERDICT},
    entity=Entity.FEEDBACK,
    implies=_TIMES,
    implied=_updated,
)
CONVERSATION: Final = Kind(
    "conversation",
    CONVERSATIONS,
    fields_of(CONVERSATIONS, without=("preview", "message_count", "last_message_id"), codecs={"shared_with": _SHARES}),
    lists={
        "tags": ValueList(CONVERSATION_TAGS, "tag", text(KEY_LENGTH)),
        "toolIds": ValueList(CONVERSATION_TOOLS, "tool_id", ID),
    },
    children={"references": CITATION, "feedback": FEEDBACK_KIND, "messages": MESSAGE},
    entity=Entity.CONVERSATION,
    implies=(*_TIMES, "current_message_id"),
    implied=_of_conversation,
)

SHARED: Final = (IMPORT, TOOL, ASSISTANT, SOURCE)
"""Kinds that conversations refer to, each after those that it refers to itself."""

LINES: Final[Mapping[str, Kind]] = {kind.name: kind for kind in (*SHARED, CONVERSATION)}
"""The kinds that have lines of their own, by the key that says so."""
