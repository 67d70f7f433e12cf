"""Inkeep's fields, compared."""

import json
from collections.abc import Iterator

from tests.acceptance.fields.comparing import Compared, Record, by_record, load, milliseconds, of

VERDICTS = {"positive": "POSITIVE", "negative": "NEGATIVE", "new": "MISSING"}
SPEAKERS = {"user": ("USER", "USER"), "assistant": ("ASSISTANT", "AI"), "agent": ("ASSISTANT", "STAFF")}
CONVERSATION = "OpenAIConversation"
MESSAGE = "OpenAIExtendedMessage"


def compared(data: Record) -> Iterator[Compared]:
    rows = by_record(data["conversations"]["nodes"])
    [feedback] = load("inkeep/feedback.json")["negativeFeedback"]
    embedded = feedback["conversation"]
    for record in (*load("inkeep/conversations.json")["conversations"], embedded):
        row = rows[record["id"]]
        yield from _conversation(record, row)
        messages = by_record(row["messages"]["nodes"])
        for message in record["messages"]:
            yield from _message(message, messages[message["id"]])
    message = by_record(rows[embedded["id"]]["messages"]["nodes"])[feedback["messageId"]]
    [given] = message["feedback"]
    yield from _feedback(feedback, given)
    yield from of(
        "Feedback",
        {
            "conversation": (embedded["messages"][0]["content"], message["content"]),
            "message": (feedback["message"]["content"], message["content"]),
        },
    )


def _conversation(record: Record, row: Record) -> Iterator[Compared]:
    ticket = row["supportTicketConversation"]
    assistant = row["assistant"]
    owner = record.get("userProperties", {}).get("userId")
    yield from of(
        CONVERSATION,
        {
            "id": (record["id"], row["origin"]["recordId"]),
            "externalId": (record["externalId"], row["externalId"]),
            "externalUrl": (record["externalUrl"], row["externalUrl"]),
            "type": (record["type"].upper(), row["type"]),
            "supportTicketConversationId": (
                (record["supportTicketConversationId"],) * 2,
                (row["supportTicketConversationId"], ticket and ticket["origin"]["recordId"]),
            ),
            "createdAt": (milliseconds(record["createdAt"]), row["createdAt"]),
            "updatedAt": (milliseconds(record["updatedAt"]), row["updatedAt"]),
            "projectId": (record["projectId"], row["projectId"]),
            "integrationId": (
                (record["integrationId"],) * 2,
                (row["integrationId"], assistant and assistant["origin"]["recordId"]),
            ),
            "properties": (record.get("properties"), row["properties"]),
            "userProperties": ((record.get("userProperties"), owner), (row["userProperties"], row["ownerId"])),
            "tags": (record.get("tags", []), row["tags"]),
            "visibility": (record["visibility"].upper(), row["visibility"]),
            "messages": ([each["id"] for each in record["messages"]], list(by_record(row["messages"]["nodes"]))),
        },
    )
    if "messagesOpenAIFormat" in record:
        written = [_chat_message(message) for message in row["messagesOpenAIFormat"]]
        yield from of(CONVERSATION, {"messagesOpenAIFormat": (record["messagesOpenAIFormat"], written)})


def _chat_message(row: Record) -> Record:
    """A message of the API as OpenAI's API writes it: without what it has not."""
    calls = [
        {"id": call["callId"], "type": call["type"], "function": call["function"]} for call in row["toolCalls"] or ()
    ]
    message = {"role": row["role"], "name": row["name"], "content": row["content"], "tool_calls": calls or None}
    return {name: value for name, value in message.items() if value is not None}


def _message(message: Record, row: Record) -> Iterator[Compared]:
    content, parts = message["content"], row["contentParts"]
    author = message.get("userProperties", {}).get("id")
    calls = message.get("tool_calls", [])
    pairs = {
        "id": (message["id"], row["origin"]["recordId"]),
        "type": (message["type"].upper(), row["conversation"]["type"]),
        "conversationId": (message["conversationId"], row["conversation"]["origin"]["recordId"]),
        "externalId": (message["externalId"], row["externalId"]),
        "externalUrl": (message["externalUrl"], row["externalUrl"]),
        "createdAt": ((milliseconds(message["createdAt"]),) * 2, (row["createdAt"], row["timestamp"])),
        "updatedAt": (milliseconds(message["updatedAt"]), row["updatedAt"]),
        "role": (
            (message["role"], *SPEAKERS[message["role"]]),
            (row["roleName"], row["role"], row["actor"]),
        ),
        "name": (message.get("name"), row["authorName"]),
        "properties": (message.get("properties"), row["properties"]),
        "userProperties": ((message.get("userProperties"), author), (row["userProperties"], row["authorId"])),
        "tool_calls[].id": ([call["id"] for call in calls], [call["callId"] for call in row["toolCalls"]]),
        "tool_calls[].function.name": (
            [call["function"]["name"] for call in calls],
            [call["name"] for call in row["toolCalls"]],
        ),
        "tool_calls[].function.arguments": (
            [(call["function"]["arguments"], json.loads(call["function"]["arguments"])) for call in calls],
            [(call["argumentsText"], call["arguments"]) for call in row["toolCalls"]],
        ),
    }
    if isinstance(content, str):
        pairs["content, a text"] = (content, row["content"])
    else:
        texts = [part["text"] for part in content if part["type"] == "text"]
        images = [part["image_url"] for part in content if part["type"] == "image_url"]
        shown = [part for part in parts if part["__typename"] == "ImagePart"]
        kinds = {"text": "TextPart", "image_url": "ImagePart"}
        pairs["content, a list"] = (
            ([kinds[part["type"]] for part in content], "\n".join(texts)),
            ([part["__typename"] for part in parts], row["content"]),
        )
        pairs["content[].text"] = (texts, [part["text"] for part in parts if part["__typename"] == "TextPart"])
        pairs["content[].image_url.url"] = ([image["url"] for image in images], [part["url"] for part in shown])
        pairs["content[].image_url.detail"] = (
            [image["detail"] for image in images],
            [part["detail"] for part in shown],
        )
    yield from of(MESSAGE, pairs)
    for link, citation in zip(message.get("links", ()), row["citations"], strict=True):
        yield from _link(link, citation)


def _link(link: Record, row: Record) -> Iterator[Compared]:
    yield from of(
        MESSAGE,
        {
            "links[].label": (link.get("label"), row["label"]),
            "links[].url": ((link["url"],) * 2, (row["url"], row["source"]["url"])),
            "links[].title": (link.get("title"), row["title"]),
            "links[].description": (link.get("description"), row["description"]),
            "links[].type": (link.get("type"), row["kind"]),
            "links[].breadcrumbs": (link.get("breadcrumbs", []), row["breadcrumbs"]),
        },
    )


def _feedback(feedback: Record, row: Record) -> Iterator[Compared]:
    sources, verdicts = feedback["sources"], row["citationVerdicts"]
    yield from of(
        "Feedback",
        {
            "id": ((feedback["id"],) * 2, (row["externalId"], row["origin"]["recordId"])),
            "type": (feedback["type"].upper(), row["rating"]),
            "messageId": (feedback["messageId"], row["message"]["origin"]["recordId"]),
            "details": (feedback["details"], row["comment"]),
            "reasons[].label": (
                [reason["label"] for reason in feedback["reasons"]],
                [reason["label"] for reason in row["reasons"]],
            ),
            "reasons[].details": (
                [reason["details"] for reason in feedback["reasons"]],
                [reason["details"] for reason in row["reasons"]],
            ),
            "sources[].type": ([VERDICTS[each["type"]] for each in sources], [each["verdict"] for each in verdicts]),
            "sources[].title": ([each["title"] for each in sources], [each["title"] for each in verdicts]),
            "sources[].url": ([each["url"] for each in sources], [each["url"] for each in verdicts]),
            "properties": (feedback["properties"], row["properties"]),
            "userProperties": (
                (feedback["userProperties"], feedback["userProperties"]["userId"]),
                (row["userProperties"], row["authorId"]),
            ),
            "createdAt": (milliseconds(feedback["createdAt"]), row["createdAt"]),
            "updatedAt": (milliseconds(feedback["updatedAt"]), row["updatedAt"]),
        },
    )
