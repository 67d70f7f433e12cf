"""A format of our own, whose records say nearly what drafts say: for tests of the importer."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from db.database import Database
from db.interchange.base import (
    AssistantDraft,
    BadRecord,
    ConversationDraft,
    DetachedAssistantDraft,
    DetachedFeedbackDraft,
    DetachedSourceDraft,
    Drafted,
    FeedbackDraft,
    MessageDraft,
    PassedOver,
    ReferenceDraft,
    SourceDraft,
    ToolDraft,
    VerdictDraft,
)
from db.interchange.importer import Importer, Options
from db.interchange.records import Source
from db.interchange.report import Report
from db.jsons import dump
from db.viewer import DEFAULT_VIEWER, Viewer
from db.words import Actor, IdType, MessageRole, MessageType, OriginSystem, Verdict

Json = dict[str, Any]


def at(minutes: int | None) -> datetime | None:
    """A time, so many minutes after a certain one."""
    return None if minutes is None else datetime.fromtimestamp(1_700_000_000 + 60 * minutes, UTC)


def _id(record: Json) -> dict[str, Any]:
    own = record.get("id")
    id_type = IdType.NUMBER if isinstance(own, int) else IdType.STRING
    return {"record_id": None if own is None else str(own), "id_type": id_type}


def _told(**values: Any) -> Json:
    return {name: value for name, value in values.items() if value is not None}


def _source(record: Json) -> SourceDraft:
    values = _told(**{name: record.get(name) for name in ("connector", "external_id", "url", "title", "text")})
    return SourceDraft(**_id(record), kind="document", values=values)


def _reference(record: Json) -> ReferenceDraft:
    values = _told(url=record.get("url"), label=record.get("label"), excerpt=record.get("excerpt"))
    return ReferenceDraft(values=values, source=_source(record["source"]) if "source" in record else None)


def _feedback(record: Json) -> FeedbackDraft:
    return FeedbackDraft(
        **_id(record),
        kind="feedback",
        values=_told(rating=record.get("rating"), comment=record.get("comment"), created_at=at(record.get("time"))),
        updated_at=at(record.get("updated")),
        reference=record.get("reference"),
        reasons=[{"label": label} for label in record.get("reasons", ())],
        scores=[{"name": name, "value": value} for name, value in record.get("scores", {}).items()],
        verdicts=[
            VerdictDraft(values={"verdict": Verdict.NEGATIVE}, reference=place) for place in record.get("bad", ())
        ],
    )


def _message(record: Json) -> MessageDraft:
    role = MessageRole(record.get("role", "USER"))
    return MessageDraft(
        **_id(record),
        kind="message",
        parent=None if record.get("parent") is None else str(record["parent"]),
        values=_told(
            role=role,
            role_name=role.lower(),
            message_type=MessageType.USER_QUERY if role is MessageRole.USER else MessageType.BOT_RESPONSE,
            actor=Actor.USER if role is MessageRole.USER else Actor.AI,
            content=record.get("text", ""),
            timestamp=at(record.get("time")),
            created_at=at(record.get("time")),
            external_id=record.get("external_id"),
            tool_call_id=record.get("answers"),
            input_tokens=record.get("tokens"),
            properties=record.get("properties"),
        ),
        updated_at=at(record.get("updated")),
        parts=record.get("parts"),
        references=[_reference(each) for each in record.get("cites", ())],
        tool_calls=[{"call_id": call, "name": "search", "arguments_text": "{}"} for call in record.get("calls", ())],
        attachments=[{"name": name} for name in record.get("files", ())],
        follow_ups=[{"question": question} for question in record.get("next", ())],
        feedback=[_feedback(each) for each in record.get("feedback", ())],
    )


def _conversation(record: Json) -> ConversationDraft:
    return ConversationDraft(
        **_id(record),
        kind="chat",
        values=_told(
            title=record.get("title"), external_id=record.get("external_id"), updated_at=at(record.get("updated"))
        ),
        updated_at=at(record.get("updated")),
        messages=[_message(each) for each in record["messages"]],
        linear=record.get("linear", True),
        current=record.get("current"),
        whole=record.get("whole", True),
        loose=record.get("loose", False),
        references=[_reference(each) for each in record.get("cites", ())],
        feedback=[_feedback(each) for each in record.get("feedback", ())],
        assistant=_assistant(record["assistant"]) if "assistant" in record else None,
        tools=[_tool(each) for each in record.get("tools", ())],
        tags=record.get("tags", []),
        extra=record.get("extra"),
    )


def _tool(record: Json) -> ToolDraft:
    return ToolDraft(**_id(record), kind="tool", values=_told(name=record.get("name")))


def _assistant(record: Json) -> AssistantDraft:
    return AssistantDraft(
        **_id(record),
        kind="assistant",
        values=_told(name=record.get("name"), model=record.get("model")),
        tools=[_tool(each) for each in record.get("tools", ())],
        updated_at=at(record.get("updated")),
    )


class Toy:
    """Reads what the functions above describe."""

    name = "toy"
    system = OriginSystem.COLLOQUY
    title = "Toy"
    array_keys: Sequence[str] = ("chats",)
    whole_file = False

    def fits(self, record: object) -> bool:
        return isinstance(record, dict) and bool(record.keys() & {"messages", "about", "chats", "event"})

    def read(self, record: object) -> Iterator[Drafted]:
        if not isinstance(record, dict):
            raise BadRecord("a record must be an object")
        if "event" in record:
            yield PassedOver(what="toy events")
        elif "about" in record:
            yield DetachedFeedbackDraft(
                message_id=str(record["about"]), conversation_id=record.get("chat"), feedback=_feedback(record)
            )
        elif "source" in record:
            yield DetachedSourceDraft(source=_source(record["source"]))
        elif "assistant" in record and "messages" not in record:
            yield DetachedAssistantDraft(assistant=_assistant(record["assistant"]))
        elif "messages" in record:
            yield _conversation(record)
        else:
            raise BadRecord("messages: must be a list of messages, but is missing")

    def write(self, draft: ConversationDraft) -> list[Any]:
        raise AssertionError(f"the importer writes nothing, not even {draft.record_id}")


def source_of(*records: Json, name: str = "toy.jsonl") -> Source:
    """A file with a record a line."""
    return Source(name, BytesIO("\n".join(map(dump, records)).encode()))


async def import_toys(
    database: Database, *files: Sequence[Json], viewer: Viewer = DEFAULT_VIEWER, options: Options | None = None
) -> Report:
    """Import files of these records, in one run."""
    importer = Importer(database, viewer=viewer, options=options)
    for number, records in enumerate(files):
        await importer.file(source_of(*records, name=f"toy-{number}.jsonl"), Toy())
    return await importer.finish()
