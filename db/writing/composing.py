"""Messages on their way in: the rows that an input asks for, before anything is known of the database."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from db.words import Actor, MessageRole, MessageType, PartType, ProblemCode
from db.writing.problems import Place
from db.writing.shapes import BAD, Look

_PLAIN: Final = (
    *("external_id", "external_url", "role", "role_name", "message_type", "actor", "author_id", "author_name"),
    *("visible", "content_format", "tool_call_id", "tool_name", "confidence", "model", "dw_data", "user_credits"),
    *("properties", "user_properties", "timestamp"),
)
"""Fields of a message's input that are columns as they are."""

BY_ROLE: Final[Mapping[MessageRole, Mapping[str, Any]]] = {
    role: {"role_name": role.lower(), "message_type": message_type, "actor": actor}
    for role, message_type, actor in (
        (MessageRole.USER, MessageType.USER_QUERY, Actor.USER),
        (MessageRole.ASSISTANT, MessageType.BOT_RESPONSE, Actor.AI),
        (MessageRole.SYSTEM, MessageType.SYSTEM, Actor.SYSTEM),
        (MessageRole.TOOL, MessageType.TOOL_RESULT, Actor.SYSTEM),
        (MessageRole.OTHER, MessageType.OTHER, Actor.SYSTEM),
    )
}
"""What follows from the role of a message where its input leaves it out."""

Values = dict[str, Any]


@dataclass(slots=True, eq=False)
class Composed:
    """A message to be written: what its input says, as rows without the ids that only the writing gives.

    A list that is None was left out of the input; where the message is new, it is empty.
    """

    at: Place
    index: int
    uuid: UUID | None = None
    uuid_at: Place = ()
    """Where the uuid stands in the input, if not with the message."""
    row: Values = field(default_factory=dict)
    """Columns that the input gives."""
    parts: list[Values] = field(default_factory=list)
    """Rows of content_parts; they come with `content` in the row."""
    citations: list[Values] | None = None
    """Inputs of references, without nulls."""
    follow_ups: list[Values] | None = None
    calls: list[Values] | None = None
    attachments: list[Values] | None = None
    parent_id: UUID | None = None
    parent_external_id: str | None = None

    @property
    def external_id(self) -> str | None:
        """The client's own id of it."""
        found: str | None = self.row.get("external_id")
        return found

    @property
    def names_parent(self) -> bool:
        """Whether the input says below which message it goes."""
        return self.parent_id is not None or self.parent_external_id is not None

    def complete(self) -> Values:
        """The row with what follows from the role where the input leaves it out."""
        return {**BY_ROLE[self.row["role"]], "content": "", **self.row}


def told(given: Mapping[str, Any]) -> Values:
    """The input without nulls and what is bad: where something is made, null says no more than leaving out."""
    return {name: value for name, value in given.items() if value is not None and value is not BAD}


def compose(given: Mapping[str, Any], at: Place, index: int, look: Look, noted: Collection[Place]) -> Composed:
    """What a message's input asks for; notes where it says nothing, or contradicts itself.

    `noted`: see `needs_content`.
    """
    values = told(given)
    needs_content(values, at, look, noted)
    composed = Composed(at, index, uuid=values.get("uuid"))
    composed.row = {name: values[name] for name in _PLAIN if name in values}
    composed.row.setdefault("role", MessageRole.OTHER)  # only where it is missing or bad, which was noted
    metadata = told(values.get("metadata") or {})
    if "extra" in metadata:
        metadata["metadata"] = metadata.pop("extra")
    composed.row |= metadata | told(values.get("usage") or {})
    composed.citations = _listed(values.get("citations"))
    composed.follow_ups = _listed(values.get("follow_up_questions"))
    composed.calls = _listed(values.get("tool_calls"))
    composed.attachments = _listed(values.get("attachments"))
    composed.parent_id, composed.parent_external_id = values.get("parent_id"), values.get("parent_external_id")
    if composed.parent_id is not None and composed.parent_external_id is not None:
        look.wrong((*at, "parent_external_id"), "Give the parent id or the parent external id, not both.")
    take_content(composed.row, composed.parts, values, at, look)
    if composed.citations:
        is_bad = (*at, "content") in noted or (*at, "content_parts") in noted
        content = None if is_bad else composed.row.get("content", "")
        check_citations(composed.citations, content, (*at, "citations"), look)
    return composed


def _listed(given: Any) -> list[Values] | None:
    return None if given is None else [told(each) if each is not BAD else {} for each in given]


def take_content(row: Values, parts: list[Values], values: Mapping[str, Any], at: Place, look: Look) -> None:
    """Fill in the columns and the parts of what an input says in `content` or in `content_parts`."""
    content, listed = values.get("content"), values.get("content_parts")
    if content is not None and listed is not None:
        look.wrong((*at, "content_parts"), "Give content or content parts, not both.")
    elif listed is not None:
        parts[:] = [_part(each) for each in listed if each is not BAD]
        row["content"] = "\n".join(part["text"] for part in parts if part["type"] is PartType.TEXT)
        row["has_parts"] = [part["type"] for part in parts] not in ([], [PartType.TEXT])
        limit, size = look.limits.content_bytes, len(row["content"].encode())
        if size > limit:
            message = f"The texts of the content parts may have at most {limit:,} bytes together, not {size:,}."
            look.wrong((*at, "content_parts"), message, ProblemCode.TOO_LONG, limit, size)
        if not row["has_parts"]:
            parts.clear()
    elif content is not None:
        row |= {"content": content, "has_parts": False}


_SAYING: Final = ("content", "content_parts", "tool_calls", "attachments")


def needs_content(values: Mapping[str, Any], at: Place, look: Look, noted: Collection[Place]) -> None:
    """Note a message that says nothing: no content, and neither calls of tools nor attachments.

    `noted`: places at which something is wrong already; a field with something wrong in it is there.
    """
    if all(values.get(name) is None and (*at, name) not in noted for name in _SAYING):
        message = "Give content or content parts: the message says nothing."
        look.wrong((*at, "content"), message, ProblemCode.REQUIRED)


def places(look: Look, depth: int) -> frozenset[Place]:
    """The fields, at that depth of the input, with something wrong at them or below."""
    return frozenset(problem.field[:depth] for problem in look.problems.found)


def _part(given: Mapping[str, Any]) -> Values:
    ((kind, value),) = given.items()
    if kind == "text":
        return {"type": PartType.TEXT, "text": value}
    if kind == "reasoning":
        return {"type": PartType.REASONING, "text": value}
    if kind == "image":
        return {"type": PartType.IMAGE, **told(value)}
    if kind == "file":
        return {"type": PartType.FILE, **told(value)}
    return {"type": PartType.OTHER, "other_type": value.get("type"), "payload": value.get("payload")}


def check_citations(citations: list[Values], content: str | None, at: Place, look: Look) -> None:
    """Note citations that contradict themselves or stand outside of the content."""
    for index, citation in enumerate(citations):
        place = (*at, str(index))
        start, end = citation.get("start_index"), citation.get("end_index")
        if start is not None and end is not None and end < start:
            message = f"The end index is {end}; it must not be before the start index, {start}."
            look.wrong((*place, "end_index"), message, ProblemCode.OUT_OF_RANGE)
        for name, value in (("start_index", start), ("end_index", end)):
            if value is not None and content is not None and value > len(content):
                message = (
                    f"The {name.replace('_', ' ')} is {value:,}, and the content ends at {len(content):,}, counted in "
                    "Unicode code points."
                )
                look.wrong((*place, name), message, ProblemCode.OUT_OF_RANGE)
        if "source_id" in citation and "source" in citation:
            look.wrong((*place, "source"), "Give the source id or the source, not both.")
