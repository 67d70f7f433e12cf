"""CogSol's fields, compared."""

from collections.abc import Iterator

from tests.acceptance.fields.comparing import Compared, Record, by_record, iso, load, members, of, without

STATUS = {"PROCESSING": "PROCESSING"}
RATINGS = {True: ["POSITIVE"], False: ["NEGATIVE"], None: []}
REPORTED = ("category", "severity", "topic", "status")


def compared(data: Record) -> Iterator[Compared]:
    [chat], [report], [assistant] = (load(f"cogsol/{name}.json") for name in ("chats", "reports", "assistants"))
    [row] = data["conversations"]["nodes"]
    yield from _chat(chat, row)
    yield from _references(chat["references"], row["references"]["nodes"])
    messages = row["messages"]["nodes"]
    for position, (message, node) in enumerate(zip(chat["messages"], messages, strict=True), 1):
        yield from of("FullMessage, Message", {"msg_num": (message["msg_num"], position)})
        yield from _message(message, node)
    yield from _report(report, row)
    yield from _assistant(assistant, row["assistant"])


def _chat(chat: Record, row: Record) -> Iterator[Compared]:
    tools = [tool["origin"]["recordId"] for tool in row["tools"]]
    limits = ("max_responses", "max_msg_length")
    yield from of(
        "FullChat",
        {
            "id": (str(chat["id"]), row["origin"]["recordId"]),
            "messages": (
                [message["content"] for message in chat["messages"]],
                [message["content"] for message in row["messages"]["nodes"]],
            ),
            "references": (len(chat["references"]), len(row["references"]["nodes"])),
            "title": (chat["title"], row["title"]),
            "like": (chat["like"], row["like"]),
            "comment": (chat["comment"], row["comment"]),
            "created_at": (iso(chat["created_at"]), row["createdAt"]),
            "updated_at": (iso(chat["updated_at"]), row["updatedAt"]),
            "matrix_mode": (chat["matrix_mode"], row["matrixMode"]),
            "execution_status": (STATUS[chat["execution_status"]], row["executionStatus"]),
            "assistant": (str(chat["assistant"]), row["assistant"]["origin"]["recordId"]),
            "tools": ([str(tool) for tool in chat["tools"]], tools),
            **{name: (chat[name], row["config"][name]) for name in limits},
            # The chat's own metadata has no user_id; that of its first message has.
            "metadata": ((chat["metadata"], "RIDER-31"), (row["properties"], row["ownerId"])),
        },
    )


def _references(references: list[Record], rows: list[Record]) -> Iterator[Compared]:
    for reference, row in zip(references, rows, strict=True):
        yield from of(
            "Reference",
            {
                "reference_num": (reference["reference_num"], row["number"]),
                "source": ((reference["source"], None), (row["label"], row["source"])),
                "showed_num": (reference.get("showed_num"), row["shownNumber"]),
            },
        )


def _message(message: Record, row: Record) -> Iterator[Compared]:
    references = message.get("references", [])
    noted = {name: message[name] for name in ("usr_msg_num", "fixed", "functions") if message.get(name) is not None}
    yield from of(
        "FullMessage, Message",
        {
            "id": (str(message["id"]), row["origin"]["recordId"]),
            "role": ((message["role"].upper(), message["role"]), (row["role"], row["roleName"])),
            "content": (message["content"], row["content"]),
            **{name: (value, row["properties"][name]) for name, value in noted.items()},
            "attachments[].original_file_name": (
                [each["original_file_name"] for each in message.get("attachments", ())],
                [each["name"] for each in row["attachments"]],
            ),
            "attachments[].file_content": (
                [each["file_content"] for each in message.get("attachments", ())],
                [each["text"] for each in row["attachments"]],
            ),
            "tool_call_id": (message.get("tool_call_id"), row["toolCallId"]),
            "function_name": (message.get("function_name"), row["toolName"]),
            "likes": (RATINGS[message.get("likes")], [given["rating"] for given in row["feedback"]]),
            "visible": (message.get("visible", True), row["visible"]),
            "metadata": (message["metadata"], row["metadata"]["extra"]),
            "system_prompt": (message.get("system_prompt"), row["metadata"]["systemPrompt"]),
            "references": (len(references), len(row["citations"])),
            "created_at": ((iso(message["created_at"]),) * 2, (row["createdAt"], row["timestamp"])),
            "updated_at": (iso(message["updated_at"]), row["updatedAt"]),
        },
    )
    yield from _references(references, row["citations"])


def _report(report: Record, chat: Record) -> Iterator[Compared]:
    row = by_record([each for each in chat["feedback"]["nodes"] if each["origin"]])[str(report["id"])]
    yield from of(
        "ChatReport",
        {
            "id": (str(report["id"]), row["origin"]["recordId"]),
            "chat": (str(report["chat"]), row["conversation"]["origin"]["recordId"]),
            "reason": ([{"label": report["reason"]}], row["reasons"]),
            "comments": (report["comments"], row["comment"]),
            **{name: (report[name], row["properties"][name]) for name in REPORTED},
            "created_at": (iso(report["created_at"]), row["createdAt"]),
            "updated_at": (iso(report["updated_at"]), row["updatedAt"]),
        },
    )


def _assistant(assistant: Record, row: Record) -> Iterator[Compared]:
    named = (
        "id",
        "description",
        "system_prompt",
        "temperature",
        "initial_message",
        "tools",
        "created_at",
        "updated_at",
    )
    others = {name: value for name, value in without(assistant, *named).items() if value is not None}
    yield from of(
        "Assistant",
        {
            "id": (str(assistant["id"]), row["origin"]["recordId"]),
            "description": ((assistant["description"],) * 2, (row["description"], row["name"])),
            "system_prompt": (assistant["system_prompt"], row["systemPrompt"]),
            "temperature": (assistant["temperature"], row["temperature"]),
            "initial_message": (assistant["initial_message"], row["initialMessage"]),
            "tools": (
                [str(tool) for tool in assistant["tools"]],
                [tool["origin"]["recordId"] for tool in row["tools"]],
            ),
            "all others": (others, members(row["config"], *others)),
        },
    )
