"""Chat messages as they go over the wire of OpenAI's API, as messages to be written.

They are read as an import reads them; but what an import would cut or put aside is an error here, since the client can
still mend it. Keys that the format doesn't know are kept as free metadata.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from db import reads
from db.interchange.base import BadRecord, MessageDraft, ReferenceDraft
from db.interchange.fitting import fit
from db.interchange.openai import read_message
from db.words import PartType
from db.writing.composing import Composed, Values
from db.writing.json_shapes import json_object
from db.writing.problems import Place
from db.writing.shapes import BAD, Check, Look, listed, short, text

_OWN: Final = frozenset({"id", "workspace_id", "conversation_id", "created_at", "updated_at", "version", "sequence"})

_WORDS: Final[Mapping[str, Check]] = {
    "role": short(),
    **dict.fromkeys(("name", "tool_call_id", "call_id"), short(blank=True)),
}
"""Texts of a message that columns of some length hold."""

_LIST: Final = listed(lambda element, _at, _look: element)


def compose_wire(given: Sequence[Any], look: Look, name: str = "openai_messages") -> list[Composed]:
    """What these chat messages ask for; notes, at its place, each that is none."""
    made = []
    for index, message in enumerate(given):
        at = (name, str(index))
        if isinstance(message, dict):
            _inspect(message, at, look)
            try:
                made.append(_composed(read_message(message, ""), message, at, index, look))
            except BadRecord as error:
                field, _, why = str(error).partition(": ")
                look.wrong((*at, field), f"The {field} {why}.")
        elif message is not BAD:
            look.wrong(at, "A chat message must be an object with a role.")
    return made


def _inspect(message: Mapping[str, Any], at: Place, look: Look) -> None:
    """Note what is too long, too many, or no call of a tool."""
    for name, check in _WORDS.items():
        if isinstance(message.get(name), str):
            check(message[name], (*at, name), look)
    for name in ("content", "annotations"):
        if isinstance(message.get(name), list):
            _LIST(message[name], (*at, name), look)
    if message.get("tool_calls") is None:
        return
    calls = _LIST(message["tool_calls"], (*at, "tool_calls"), look)
    for index, call in enumerate([] if calls is BAD else calls):
        place = (*at, "tool_calls", str(index))
        if isinstance(called := _called(call).get("name"), str):
            short()(called, (*place, "function" if call.get("function") else "custom", "name"), look)
            if isinstance(call.get("id"), str):
                short(blank=True)(call["id"], (*place, "id"), look)
        elif call is not BAD:
            look.wrong(place, "A tool call must be an object that names a function.")


def _called(call: Any) -> Mapping[str, Any]:
    """What a tool call calls: a function, or a custom tool, which takes a text in place of arguments."""
    called = call.get("function") or call.get("custom") if isinstance(call, dict) else None
    return called if isinstance(called, dict) else {}


def _composed(draft: MessageDraft, message: Mapping[str, Any], at: Place, index: int, look: Look) -> Composed:
    columns = reads.table("messages").columns
    row = {name: value for name, value in draft.values.items() if name in columns and name not in _OWN}
    row = {name: value for name, value in row.items() if value is not None}
    extra = dict(draft.extra or {})
    calls = _calls(message, draft, extra)
    parts = [dict(part) for part in draft.parts or ()]
    if parts:
        row["content"] = "\n".join(part.get("text") or "" for part in parts if part["type"] is PartType.TEXT)
        row["has_parts"] = [part["type"] for part in parts] != [PartType.TEXT]
    row.setdefault("content", "")
    text(row["content"], (*at, "content"), look)
    if extra:
        row["metadata"] = extra
        json_object()(extra, at, look)
    for table, rows in (("messages", [row]), ("tool_calls", calls), ("content_parts", parts)):
        for each in rows:
            try:
                fit(each, reads.table(table))
            except BadRecord as error:
                look.wrong(at, f"{error}.")
    return Composed(
        at,
        index,
        row=row,
        parts=parts if row.get("has_parts") else [],
        calls=calls or None,
        citations=[_citation(reference) for reference in draft.references] or None,
    )


def _calls(message: Mapping[str, Any], draft: MessageDraft, extra: dict[str, Any]) -> list[Values]:
    """The calls of tools; takes one out of `extra` that is told as before calls had ids."""
    legacy = extra.get("function_call")
    if isinstance(legacy, dict) and isinstance(legacy.get("name"), str) and not draft.tool_calls:
        arguments = legacy.get("arguments")
        if legacy.keys() <= {"name", "arguments"} and isinstance(arguments, str | None):
            del extra["function_call"]
            return [{"name": legacy["name"], "arguments_text": arguments}]
    calls: list[Values] = [dict(call) for call in draft.tool_calls or ()]
    told = message.get("tool_calls")
    for call, raw in zip(calls, told if isinstance(told, list) else (), strict=False):
        if "name" not in call:
            call |= {"name": _called(raw).get("name") or "", "arguments_text": _called(raw).get("input")}
    return calls


def _citation(reference: ReferenceDraft) -> Values:
    values = {name: value for name, value in reference.values.items() if value is not None}
    if reference.source is not None:
        values["source"] = dict(reference.source.values)
    return values
