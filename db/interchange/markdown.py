"""Conversations as documents for people: the branch in play, with what is cited, called, attached and thought of it.

They are not imported again. What messages say is Markdown already and stays as it is; all other texts are escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

from db import jsons
from db.interchange.base import ConversationDraft, FeedbackDraft, MessageDraft, ReferenceDraft
from db.interchange.keys import Columns
from db.interchange.losses import OFF_BRANCH
from db.interchange.markdown_text import code, contained, escaped, fenced, lines, link, quoted
from db.interchange.places import places
from db.interchange.told import own_id, times_of
from db.titles import UNTITLED, made_title
from db.words import ContentFormat, MessageRole, MessageStatus, PartType

LEFT_OUT: Final = (
    *(OFF_BRANCH, "properties", "userProperties", "config", "origin.extra", "tools", "references"),
    *("messages.properties", "messages.userProperties", "messages.metadata", "messages.usage", "messages.dwData"),
    *("messages.origin.extra", "messages.citations.context", "messages.citations.metadata"),
    *("messages.citations.startIndex", "messages.citations.endIndex", "messages.attachments.text"),
)
"""What these documents don't say, by the names of the API."""

_EXCERPT_LENGTH: Final = 300
"""Characters of a cited passage that are shown."""
_ROLES: Final = {
    MessageRole.USER: "User",
    MessageRole.ASSISTANT: "Assistant",
    MessageRole.SYSTEM: "System",
    MessageRole.TOOL: "Tool",
}
_LANGUAGES: Final = {ContentFormat.JSON: "json", ContentFormat.HTML: "html"}


def markdown(draft: ConversationDraft) -> str:
    """A conversation as a document, with a line feed at its end."""
    there = places(draft)
    on_branch = set(there.branch)
    blocks = [f"# {escaped(_title(draft)) or UNTITLED}", _about(draft)]
    if off := len(draft.messages) - len(on_branch):
        blocks.append(f"*{_counted(off, 'message')} on other branches.*")
    if prompt := draft.values.get("system_prompt"):
        blocks += ["System prompt:", quoted(contained(prompt))]
    blocks += [_opinion(feedback) for feedback in draft.feedback]
    for key, message in zip(there.parents, draft.messages, strict=True):
        if key in on_branch:
            blocks += _message(message, draft)
    if not draft.messages:
        blocks.append("*No messages.*")
    return "\n\n".join(block for block in blocks if block) + "\n"


def _title(draft: ConversationDraft) -> str:
    title: str = draft.values.get("title") or ""
    said = (each.values for each in draft.messages if each.values.get("role") == MessageRole.USER)
    return title or made_title(next((text for each in said if (text := each.get("content"))), None))


def _about(draft: ConversationDraft) -> str:
    values = draft.values
    assistant = None if draft.assistant is None else draft.assistant.values.get("name") or draft.assistant.record_id
    facts = (
        _when(values.get("created_at")),
        _named("by", values.get("owner_id")),
        _named("with", assistant),
        _named("model", values.get("model")),
        _named("tags:", ", ".join(draft.tags)),
        _named("status", _word(values.get("execution_status"), "AVAILABLE")),
        escaped(values.get("fail_reason") or ""),
        "archived" if values.get("archived_at") is not None else "",
        link("original", values["external_url"]) if values.get("external_url") else "",
        code(own_id(draft) or ""),
    )
    return " · ".join(fact for fact in facts if fact)


def _message(message: MessageDraft, draft: ConversationDraft) -> Iterator[str]:
    values = message.values
    times = times_of(message, draft)
    who = _ROLES.get(values["role"]) or values.get("role_name") or "Other"
    name = values.get("tool_name") or values.get("author_name") or values.get("author_id")
    heading = (
        escaped(who),
        escaped(name or ""),
        _when(times.get("timestamp") or times.get("created_at"), seconds=True),
    )
    yield f"## {' · '.join(fact for fact in heading if fact)}"
    facts = (
        _named("model", values.get("model")),
        _named("status", _word(values.get("status"), MessageStatus.COMPLETE)),
        escaped(values.get("fail_reason") or ""),
        _named("confidence", values.get("confidence")),
        "" if values.get("visible", True) else "hidden from readers",
    )
    if told := " · ".join(fact for fact in facts if fact):
        yield f"*{told}*"
    yield from _content(message)
    for call in message.tool_calls:
        yield f"Calls {code(call.get('name') or '') or 'a tool'}:"
        yield _json(call.get("arguments_text") or "")
    yield _list("Sources", map(_citation, message.references))
    yield _list("Attachments", map(_attachment, message.attachments))
    yield _list("Follow-up questions", (escaped(row.get("question") or "") for row in message.follow_ups))
    yield from (_opinion(feedback) for feedback in message.feedback)


def _content(message: MessageDraft) -> Iterator[str]:
    values = message.values
    if message.parts is None:
        yield _text(values.get("content") or "", values)
        return
    for part in message.parts:
        kind = PartType(part["type"])
        if kind is PartType.TEXT:
            yield _text(part.get("text") or "", values)
        elif kind is PartType.REASONING:
            yield quoted(f"*Reasoning*\n\n{contained(part.get('text') or '')}")
        elif kind is PartType.OTHER:
            yield escaped(part.get("other_type") or "")
            yield fenced(_indented(part.get("payload")), "json")
        else:
            yield link(part.get("name") or kind.lower(), _address(part.get("url")))


def _address(url: str | None) -> str | None:
    """The address of a picture or file, unless it is the picture itself."""
    return None if url and url.startswith("data:") else url


def _text(content: str, values: Columns) -> str:
    form = values.get("content_format")
    if not content.strip():
        return ""
    if values["role"] == MessageRole.TOOL:
        return _json(content)
    if form in _LANGUAGES:
        return fenced(content, _LANGUAGES[form])
    return lines(content) if form == ContentFormat.TEXT else contained(content)


def _json(text: str) -> str:
    """A block of code: indented where it is JSON."""
    try:
        return fenced(_indented(jsons.parse(text)), "json")
    except jsons.Malformed:
        return fenced(text)


def _indented(value: Any) -> str:
    """JSON for readers; lists and objects within the outer one stand on a line each."""
    if isinstance(value, dict) and value:
        members = ",\n".join(f"  {jsons.dump(name)}: {jsons.dump(each)}" for name, each in value.items())
        return f"{{\n{members}\n}}"
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(f"  {jsons.dump(each)}" for each in value) + "\n]"
    return jsons.dump(value)


def _citation(reference: ReferenceDraft) -> str:
    source = {} if reference.source is None else reference.source.values
    row = {**source, **{name: value for name, value in reference.values.items() if value is not None}}
    number = row.get("shown_number") or row.get("number")
    title = row.get("title") or row.get("label") or row.get("url") or row.get("external_id") or "Untitled"
    facts = [link(title, row.get("url"))]
    for name, said, between in (("pages", "page ", ", "), ("breadcrumbs", "", " > ")):
        listed = row.get(name)
        if isinstance(listed, list) and listed:
            facts.append(escaped(f"{said}{between.join(map(str, listed))}"))
    excerpt = " ".join((row.get("excerpt") or row.get("description") or "").split())
    shown = excerpt if len(excerpt) <= _EXCERPT_LENGTH else f"{excerpt[: _EXCERPT_LENGTH - 1]}…"
    return "".join((f"\\[{number}\\] " if number else "", ", ".join(facts), f": {escaped(shown)}" if shown else ""))


def _attachment(row: Columns) -> str:
    size = row.get("size")
    facts = (escaped(row.get("media_type") or ""), "" if size is None else _counted(size, "byte"))
    told = ", ".join(fact for fact in facts if fact)
    name = row.get("name") or row.get("external_id") or "attachment"
    return link(name, _address(row.get("url"))) + (f" ({told})" if told else "")


def _opinion(feedback: FeedbackDraft) -> str:
    """Feedback in one paragraph."""
    values = feedback.values
    comments = ("comment", "positive_comment", "negative_comment", "suggestion")
    facts = [
        (values.get("rating") or "").lower(),
        _named("by", values.get("author_id")),
        *(escaped(f"“{values[name]}”") for name in comments if values.get(name)),
        *(escaped(" ".join(filter(None, (row.get("label"), row.get("details"))))) for row in feedback.reasons),
        *(_score(row) for row in feedback.scores),
    ]
    told = " · ".join(fact for fact in facts if fact)
    return f"Feedback: {told}" if told else ""


def _score(row: Columns) -> str:
    value = f"{row.get('value', 0):g}"
    return escaped(f"{row.get('name', '')} {value}{' ' + row['label'] if row.get('label') else ''}")


def _list(title: str, items: Iterable[str]) -> str:
    found = [f"- {item or '–'}" for item in items]
    return f"{title}:\n\n" + "\n".join(found) if found else ""


def _named(name: str, value: str | None) -> str:
    return f"{name} {escaped(value)}" if value else ""


def _word(value: Any, usual: str) -> str | None:
    return None if value is None or value == usual else str(value).lower()


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' * (count != 1)}"


def _when(time: datetime | None, *, seconds: bool = False) -> str:
    if time is None:
        return ""
    return f"{time.astimezone(UTC).replace(tzinfo=None).isoformat(' ', 'seconds' if seconds else 'minutes')} UTC"
