"""PipesHub's fields, compared."""

from collections.abc import Iterator

from tests.acceptance.fields.comparing import Compared, Record, by_record, iso, load, members, milliseconds, of

STATUS = {"FAILED": "ERROR", "Complete": "AVAILABLE"}
SPEAKERS = {
    "user_query": ("USER_QUERY", "USER", "USER"),
    "bot_response": ("BOT_RESPONSE", "ASSISTANT", "AI"),
    "error": ("ERROR", "OTHER", "SYSTEM"),
}
KEPT = (
    *("orgId", "initiator", "archivedBy", "isDeleted", "deletedBy", "conversationErrors", "metadata"),
    "conversationSource",
)
SETTINGS = ("modelKey", "modelProvider", "chatMode", "modelFriendlyName")
RATINGS = {True: "POSITIVE", False: "NEGATIVE"}
AUTHORS = {"admin": "STAFF", None: "END_USER"}


def compared(data: Record) -> Iterator[Compared]:
    rows = by_record(data["conversations"]["nodes"])
    for record in load("pipeshub/conversations.json"):
        row = rows[record["_id"]]
        yield from _conversation(record, row)
        messages = by_record(row["messages"]["nodes"])
        for message in record["messages"]:
            yield from _message(message, messages[message["_id"]])
    [agent] = load("pipeshub/agents.json")
    [conversation] = [row for row in rows.values() if row["type"] == "AGENT"]
    yield from _agent(agent, conversation["assistant"])


def _conversation(record: Record, row: Record) -> Iterator[Compared]:
    shares = row["sharedWith"]
    pairs = {
        "_id": (record["_id"], row["origin"]["recordId"]),
        "userId": (record["userId"], row["ownerId"]),
        "title": (record["title"], row["title"]),
        "status": (STATUS[record["status"]], row["executionStatus"]),
        "failReason": (record.get("failReason"), row["failReason"]),
        "shareLink": (record.get("shareLink"), row["shareUrl"]),
        "sharedWith[].userId": ([each["userId"] for each in record["sharedWith"]], [each["userId"] for each in shares]),
        "sharedWith[].accessLevel": (
            [each["accessLevel"].upper() for each in record["sharedWith"]],
            [each["access"] for each in shares],
        ),
        "isShared": ((record.get("isShared", False), "PRIVATE"), (bool(shares or row["shareUrl"]), row["visibility"])),
        "lastActivityAt": (milliseconds(record["lastActivityAt"]), row["lastActivityAt"]),
        "createdAt": (iso(record["createdAt"]), row["createdAt"]),
        "updatedAt": (iso(record["updatedAt"]), row["updatedAt"]),
        "isArchived": (row["lastActivityAt"] if record.get("isArchived") else None, row["archivedAt"]),
        "messages": ([each["_id"] for each in record["messages"]], list(by_record(row["messages"]["nodes"]))),
        "tags": (record.get("tags", []), row["tags"]),
        **{name: (record[name], row["properties"][name]) for name in KEPT if name in record},
    }
    if "agentKey" in record:
        pairs["agentKey"] = ((record["agentKey"], "AGENT"), (row["assistant"]["origin"]["recordId"], row["type"]))
    if "modelInfo" in record:
        model = record["modelInfo"]
        pairs["modelInfo.modelName"] = (model["modelName"], row["model"])
        pairs |= {f"modelInfo.{name}": (model[name], row["config"][name]) for name in SETTINGS}
    yield from of("Conversation, AgentConversation", pairs)


def _message(message: Record, row: Record) -> Iterator[Compared]:
    citations = message.get("citations", [])
    given = message.get("feedback", [])
    pairs = {
        "_id": (message["_id"], row["origin"]["recordId"]),
        "messageType": (
            (*SPEAKERS[message["messageType"]], message["messageType"]),
            (row["messageType"], row["role"], row["actor"], row["roleName"]),
        ),
        "content": (message["content"], row["content"]),
        "contentFormat": (message["contentFormat"], row["contentFormat"]),
        "citations": (len(citations), len(row["citations"])),
        "confidence": (message.get("confidence"), row["confidence"]),
        "feedback": (len(given), len(row["feedback"])),
        "createdAt": ((iso(message["createdAt"]),) * 2, (row["createdAt"], row["timestamp"])),
        "updatedAt": (iso(message["updatedAt"]), row["updatedAt"]),
    }
    questions = message.get("followUpQuestions", [])
    for name in ("question", "confidence", "reasoning"):
        said = [each[name] for each in row["followUpQuestions"]]
        pairs[f"followUpQuestions[].{name}"] = ([each[name] for each in questions], said)
    for name, field in {"recordId": "externalId", "recordName": "name", "mimeType": "mediaType"}.items():
        attached = [each[name] for each in message.get("attachments", ())]
        pairs[f"attachments[].{name}"] = (attached, [each[field] for each in row["attachments"]])
    if "metadata" in message:
        told = row["metadata"]
        for name in ("processingTimeMs", "modelVersion", "aiTransactionId", "reason"):
            pairs[f"metadata.{name}"] = (message["metadata"][name], told[name])
        pairs["modelInfo"] = (
            (message["modelInfo"]["modelName"], message["modelInfo"]),
            (row["model"], row["properties"]["modelInfo"]),
        )
        for name in ("appliedFilters", "referenceData", "streamTrace"):
            pairs[name] = (message[name], row["properties"][name])
    yield from of("Message", pairs)
    for citation, reference in zip(citations, row["citations"], strict=True):
        yield from _citation(citation, reference)
    rated = {feedback["rating"]: feedback for feedback in row["feedback"]}
    for feedback in given:
        yield from _feedback(feedback, rated[RATINGS[feedback["isHelpful"]]])


def _citation(citation: Record, row: Record) -> Iterator[Compared]:
    cited, source = citation["citationData"], row["source"]
    about = cited["metadata"]
    named = ("recordName", "webUrl", "pageNum")
    others = {name: value for name, value in cited.items() if name not in ("content", "citationType", "metadata")}
    others |= {name: value for name, value in about.items() if name not in named}
    prefix = "citationData.metadata."
    yield from of(
        "CitationReference",
        {
            "citationId": (citation["citationId"], row["externalId"]),
            "relevanceScore": (citation["relevanceScore"], row["relevanceScore"]),
            "excerpt": (citation["excerpt"], row["excerpt"]),
            "context": (citation["context"], row["context"]),
            "citationData.content": (cited["content"], row["description"]),
            "citationData.citationType": (cited["citationType"], row["kind"]),
            f"{prefix}recordId": (about["recordId"], source["externalId"]),
            f"{prefix}connector": (about["connector"], source["connector"]),
            f"{prefix}recordName": ((about["recordName"],) * 2, (row["title"], source["title"])),
            f"{prefix}webUrl": ((about["webUrl"],) * 2, (row["url"], source["url"])),
            f"{prefix}recordType": (about["recordType"], source["kind"]),
            f"{prefix}pageNum": (about["pageNum"], row["pages"]),
            "all others of citationData and its metadata": (others, members(row["metadata"], *others)),
        },
    )


def _feedback(feedback: Record, row: Record) -> Iterator[Compared]:
    comments = feedback.get("comments", {})
    verdicts = feedback.get("citationFeedback", [])
    pairs = {
        "isHelpful": (RATINGS[feedback["isHelpful"]], row["rating"]),
        "ratings": (feedback.get("ratings", {}), {score["name"]: score["value"] for score in row["scores"]}),
        "categories": (feedback["categories"], [reason["label"] for reason in row["reasons"]]),
        "comments.positive": (comments.get("positive"), row["positiveComment"]),
        "comments.negative": (comments.get("negative"), row["negativeComment"]),
        "comments.suggestions": (comments.get("suggestions"), row["suggestion"]),
        "citationFeedback[].citationId": (
            [each["citationId"] for each in verdicts],
            [each["reference"]["externalId"] for each in row["citationVerdicts"]],
        ),
        "citationFeedback[].isRelevant": (
            [RATINGS[each["isRelevant"]] for each in verdicts],
            [each["verdict"] for each in row["citationVerdicts"]],
        ),
        "citationFeedback[].relevanceScore": (
            [each["relevanceScore"] for each in verdicts],
            [each["score"] for each in row["citationVerdicts"]],
        ),
        "citationFeedback[].comment": (
            [each["comment"] for each in verdicts],
            [each["comment"] for each in row["citationVerdicts"]],
        ),
        "followUpQuestionsHelpful": (feedback.get("followUpQuestionsHelpful"), row["followUpQuestionsHelpful"]),
        "source": (AUTHORS[feedback.get("source")], row["authorKind"]),
        "feedbackProvider": (feedback.get("feedbackProvider"), row["authorId"]),
    }
    if "timestamp" in feedback:
        pairs["timestamp"] = (milliseconds(feedback["timestamp"]), row["createdAt"])
        for name in ("unusedFollowUpQuestions", "revisions", "metrics"):
            pairs[name] = (feedback[name], row["properties"][name])
    yield from of("MessageFeedback", pairs)


def _agent(agent: Record, row: Record) -> Iterator[Compared]:
    settings = ("knowledgeBases", "llmConfig", "isPublic", "createdBy", "orgId")
    yield from of(
        "Agent",
        {
            "agentKey": (agent["agentKey"], row["origin"]["recordId"]),
            "name": (agent["name"], row["name"]),
            "description": (agent["description"], row["description"]),
            "systemPrompt": (agent["systemPrompt"], row["systemPrompt"]),
            "tools": (agent["tools"], [tool["name"] for tool in row["tools"]]),
            **{name: (agent[name], row["config"][name]) for name in settings},
        },
    )
