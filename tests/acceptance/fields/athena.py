"""Athena's fields, compared."""

from collections.abc import Iterator

from tests.acceptance.fields.comparing import (
    Compared,
    Record,
    by_record,
    http_date,
    load,
    members,
    of,
    seconds,
    without,
)

ROLES = {"USER": ("USER", "USER_QUERY"), "AI": ("ASSISTANT", "BOT_RESPONSE")}
SETTINGS = ("response_length", "created_from", "chat_message_type", "default_options")


def compared(data: Record) -> Iterator[Compared]:
    chats = by_record(data["conversations"]["nodes"])
    [brain] = load("athena/brains.json")
    whole, history = load("athena/chats.json")
    for record in (whole, history):
        row = chats[record["chat"]["chat_id"]]
        yield from _chat(record["chat"], row)
        yield from _brain(brain, row["assistant"])
        yield from of(
            "Chat",
            {"recent_chat_history": (_said(record["chat"]), [_shown(message) for message in row["messages"]["nodes"]])},
        )
    messages = by_record(chats[whole["chat"]["chat_id"]]["messages"]["nodes"])
    for interaction in whole["interactions"]:
        yield from _interaction(interaction, messages[str(interaction["id"])])


def _chat(chat: Record, row: Record) -> Iterator[Compared]:
    yield from of(
        "Chat",
        {
            "chat_id": (chat["chat_id"], row["origin"]["recordId"]),
            "title": (chat["title"], row["title"]),
            "user_id": (chat["user_id"], row["ownerId"]),
            "brain_id": (chat["brain_id"], row["assistant"]["origin"]["recordId"]),
            "model": (chat["model"], row["model"]),
            "system_message": (chat["system_message"], row["systemPrompt"]),
            "temperature": (chat["temperature"], row["temperature"]),
            "created_at": (http_date(chat["created_at"]), row["createdAt"]),
            "last_updated": (http_date(chat["last_updated"]), row["updatedAt"]),
        },
    )
    if "sp_metadata" in chat:
        config = row["config"]
        yield from of("Chat", {"sp_metadata": (chat["sp_metadata"], row["properties"])})
        yield from of("Chat", {name: (chat[name], config[name]) for name in SETTINGS})


def _said(chat: Record) -> list[tuple[str, str, str]]:
    """The pairs as questions and answers, one after the other."""
    return [
        (actor, pair[key]["content"], seconds(pair[key]["timestamp"]))
        for pair in chat["recent_chat_history"]
        for actor, key in (("USER", "user_input"), ("AI", "model_response"))
    ]


def _shown(message: Record) -> tuple[str, str, str]:
    return message["actor"], message["content"], message["timestamp"]


def _interaction(turn: Record, row: Record) -> Iterator[Compared]:
    yield from of(
        "ChatInteraction",
        {
            "id": (str(turn["id"]), row["origin"]["recordId"]),
            "thread_id": (turn["thread_id"], row["conversation"]["origin"]["recordId"]),
            "actor": (
                (turn["actor"], turn["actor"], *ROLES[turn["actor"]]),
                (row["actor"], row["roleName"], row["role"], row["messageType"]),
            ),
            "message": (turn["message"], row["content"]),
            "model": (turn.get("model"), row["model"]),
            "reference": (len(turn["reference"]), len(row["citations"])),
            "dw_data": (turn.get("dw_data"), row["dwData"]),
            "metadata": (turn["metadata"], row["metadata"]["extra"]),
            "user_credits": (turn.get("user_credits"), row["userCredits"]),
            "timestamp": (http_date(turn["timestamp"]), row["timestamp"]),
            "created_at": (http_date(turn["created_at"]), row["createdAt"]),
        },
    )
    for reference, citation in zip(turn["reference"], row["citations"], strict=True):
        if "document_id" in reference:
            yield from _document(reference, citation)
        elif "document_type" in reference:
            yield from _old_document(reference, citation)
        else:
            yield from of(
                "a reference, as of 2024-10",
                {"any other object": ((reference, None), (citation["metadata"], citation["source"]))},
            )


def _document(document: Record, row: Record) -> Iterator[Compared]:
    source = row["source"]
    fields = {"document_id": "externalId", "name": "title", "type": "kind", "url": "url"}
    yield from of(
        "a reference, as of 2024-10",
        {name: ((document[name],) * 2, (row[field], source[field])) for name, field in fields.items()}
        | {"all others": (without(document, *fields), row["metadata"])},
    )


def _old_document(document: Record, row: Record) -> Iterator[Compared]:
    source = row["source"]
    shared = {"id": "externalId", "title": "title", "document_type": "kind", "url": "url"}
    own = {"content": "excerpt", "chunk_header": "context", "description": "description"}
    others = without(document, *shared, *own)
    yield from of(
        "as of 2024-05",
        {name: ((document[name],) * 2, (row[field], source[field])) for name, field in shared.items()}
        | {name: (document[name], row[field]) for name, field in own.items()}
        | {"all others": (_given(others), _given(row["metadata"]))},
    )


def _given(record: Record) -> Record:
    """A key that is null need not be kept as one."""
    return {name: value for name, value in record.items() if value is not None}


def _brain(brain: Record, row: Record) -> Iterator[Compared]:
    named = ("brain_id", "title", "description", "created_on", "updated_on")
    others = without(brain, *named)
    yield from of(
        "Brain",
        {
            "brain_id": (brain["brain_id"], row["origin"]["recordId"]),
            "title": (brain["title"], row["name"]),
            "description": (brain["description"], row["description"]),
            "created_on": (seconds(brain["created_on"]), row["createdAt"]),
            "updated_on": (seconds(brain["updated_on"]), row["updatedAt"]),
            "all others": (others, members(row["config"], *others)),
        },
    )
