"""Documents of the four systems as their field tables have them, with all that documents do beside these.

Each optional key is set, null, empty, of another type or absent; unknown keys stand at every level; ids are numbers or
texts, times have seven shapes and others; keys stand in any order, and where clients spell them otherwise so do these.
"""

from typing import Any, Final

from hypothesis import strategies as st

from db.interchange.keys import spellings
from tests.interchange.vendors import Document, anything, documents, ids, numbers, objects, scalars, texts, times, words

Fields = dict[str, st.SearchStrategy[Any]]
Documents = st.SearchStrategy[Document]

_WORDS = words | texts


def _each(*names: str) -> Fields:
    return dict.fromkeys(names, anything)


def _holding(document: Documents, name: str, items: Documents, *, most: int = 3) -> Documents:
    """The documents with a list of objects under that key, or none, null, or no such key."""
    lists = st.lists(items, max_size=most)
    kept = document.flatmap(lambda each: lists.map(lambda found: {**each, name: found}))
    without = document.map(lambda each: {key: value for key, value in each.items() if key != name})
    return kept | kept | without | without.map(lambda each: {**each, name: None})


def _spelled(found: Documents, *keep: str) -> Documents:
    """The documents, some with a key spelled as clients do."""

    @st.composite
    def build(draw: st.DrawFn) -> Document:
        document = draw(found)
        if not document or draw(st.integers(0, 2)):
            return document
        old = draw(st.sampled_from(list(document)))
        others = [other for other in spellings(old) if other not in document]
        new = draw(st.sampled_from(others)) if others and old not in keep else old
        return {new if key == old else key: value for key, value in document.items()}

    return build()


# Athena

_targets = (
    documents(
        {
            "id": ids, "document_id": _WORDS, "brain_id": words, "name": texts, "type": _WORDS, "status": words,
            "url": texts, "created_at": times, "metadata": objects,
        },
        keep=("document_id",),
    )
    | documents(
        {
            "id": ids, "supp_id": words, "knowledge_base_id": words, "title": texts, "description": texts,
            "content": texts, "chunk_header": texts, "document_type": _WORDS, "file_name": texts,
            "file_extension": words, "url": texts, "link_to_source": texts, "vectorization_status": words,
            "total_chunks": numbers, "created_on": numbers,
        },
        keep=("document_type",),
    )
    | objects
)  # fmt: skip
_interaction: Final[Fields] = {
    "id": ids,
    "actor": st.sampled_from(["USER", "AI", "OPERATOR"]),
    "message": texts,
    "model": _WORDS,
    "metadata": anything,
    "dw_data": anything,
    "reference": st.lists(_targets, max_size=3),
    "thread_id": st.sampled_from(["t1", "t2"]),
    "timestamp": times,
    "created_at": times,
    "user_credits": numbers,
}
interactions = documents(_interaction, keep=("actor", "message"))
_said = documents({"content": texts, "timestamp": times})
_pairs = documents({"id": ids, "user_input": _said, "model_response": _said})
_chat: Final[Fields] = {
    "chat_id": words,
    "title": texts,
    "user_id": ids,
    "brain_id": ids,
    "model": _WORDS,
    "system_message": texts,
    "temperature": numbers,
    "response_length": words,
    "created_from": words,
    "sp_metadata": objects | scalars,
    "created_at": times,
    "last_updated": times,
    "chat_message_type": words,
    "default_options": anything,
}
athena_chats = _holding(documents(_chat, keep=("chat_id", "title")), "recent_chat_history", _pairs)
athena_records = _holding(athena_chats.map(lambda chat: {"chat": chat}), "interactions", interactions)
brains = documents(
    {
        "brain_id": words, "title": texts, "description": texts, "created_on": times, "updated_on": times,
        "org_uuid": words, "storage_bytes": numbers, "metadata_schema": anything,
    },
    keep=("brain_id", "org_uuid"),
)  # fmt: skip

# CogSol

_references = documents({"reference_num": numbers, "source": texts, "showed_num": numbers})
cogsol_messages = documents(
    {
        "id": ids,
        "role": st.sampled_from(["user", "assistant", "tool", "system", "robot"]),
        "content": texts,
        "msg_num": st.integers(0, 4),
        "usr_msg_num": texts,
        "fixed": anything,
        "attachments": st.lists(documents({"original_file_name": texts, "file_content": texts}), max_size=2),
        "tool_call_id": _WORDS,
        "function_name": _WORDS,
        "likes": st.booleans(),
        "visible": st.booleans(),
        "metadata": objects | texts | st.fixed_dictionaries({"user_id": st.lists(words, max_size=2) | words}),
        "system_prompt": texts,
        "functions": anything,
        "references": st.lists(_references, max_size=2),
        "created_at": times,
        "updated_at": times,
    },
    keep=("role", "content", "msg_num"),
)
_cogsol_chat: Final[Fields] = {
    "id": ids,
    "references": st.lists(_references, max_size=2),
    "title": texts,
    "like": st.booleans(),
    "comment": texts,
    "created_at": times,
    "updated_at": times,
    "matrix_mode": st.booleans(),
    "execution_status": st.sampled_from(["AVAILABLE", "PENDING", "RUNNING", "PROCESSING", "ERROR", "ENDED", "BROKEN"]),
    "assistant": ids,
    "tools": st.lists(ids | scalars, max_size=3),
    "max_responses": anything,
    "max_msg_length": anything,
    "metadata": objects | st.fixed_dictionaries({"user_id": words}),
}
cogsol_chats = _holding(
    documents(_cogsol_chat, keep=("assistant", "matrix_mode", "execution_status")), "messages", cogsol_messages
)
reports = documents(
    {
        "id": ids, "chat": st.just(812), "category": words, "reason": _WORDS, "severity": words, "topic": words,
        "comments": texts, "status": words, "created_at": times, "updated_at": times,
    },
    keep=("chat", "category", "severity", "topic"),
)  # fmt: skip
cogsol_assistants = documents(
    {
        "id": ids, "description": texts, "system_prompt": texts, "temperature": numbers, "generation_config": anything,
        "max_responses": numbers, "initial_message": texts, "end_message": texts, "info": anything,
        "matrix_mode_available": st.booleans(), "tools": st.lists(ids, max_size=3), "pretools": anything,
        "created_at": times, "updated_at": times,
    },
    keep=("system_prompt", "matrix_mode_available"),
)  # fmt: skip

# PipesHub

_opinions = _spelled(
    documents(
        {
            "_id": ids,
            "isHelpful": st.booleans(),
            "ratings": st.dictionaries(words, numbers, max_size=3) | objects,
            "categories": st.lists(_WORDS, max_size=2),
            "comments": documents({"positive": texts, "negative": texts, "suggestions": texts}),
            "citationFeedback": st.lists(
                documents(
                    {"citationId": st.sampled_from(["a", "b", "c"]) | ids, "isRelevant": st.booleans(),
                     "relevanceScore": numbers, "comment": texts}
                ),
                max_size=3,
            ),
            "followUpQuestionsHelpful": st.booleans(),
            "unusedFollowUpQuestions": anything,
            "source": st.sampled_from(["user", "system", "admin", "auto", "cat"]),
            "feedbackProvider": ids,
            "timestamp": times,
            "revisions": anything,
            "metrics": anything,
        }
    )
)  # fmt: skip
_citations = _spelled(
    documents(
        {
            "citationId": st.sampled_from(["a", "b"]) | ids,
            "citationData": documents(
                {
                    "_id": words, "content": texts, "chunkIndex": numbers, "citationType": _WORDS, "createdAt": times,
                    "updatedAt": times,
                    "metadata": documents(
                        {
                            "recordId": st.sampled_from(["r1", "r2"]) | words, "recordName": texts, "webUrl": texts,
                            "connector": st.sampled_from(["DRIVE", "SLACK"]), "recordType": words, "pageNum": anything,
                            "blockNum": anything, "mimeType": words, "bounding_box": anything, "score": numbers,
                        }
                    ),
                }
            ),
            "relevanceScore": numbers,
            "excerpt": texts,
            "context": texts,
        }
    )
)  # fmt: skip
pipeshub_messages = _spelled(
    documents(
        {
            "_id": ids,
            "messageType": st.sampled_from(["user_query", "bot_response", "error", "feedback", "system", "poll"]),
            "content": texts,
            "contentFormat": st.sampled_from(["MARKDOWN", "JSON", "HTML", "RTF"]),
            "citations": st.lists(_citations, max_size=3),
            "confidence": _WORDS,
            "followUpQuestions": st.lists(
                documents({"question": texts, "confidence": texts, "reasoning": texts}), max_size=2
            ),
            "feedback": st.lists(_opinions, max_size=2),
            "metadata": documents(
                {"processingTimeMs": numbers, "modelVersion": texts, "aiTransactionId": texts, "reason": texts}
            ),
            "modelInfo": objects | documents({"modelName": texts}),
            "appliedFilters": anything,
            "attachments": st.lists(documents({"recordId": ids, "recordName": texts, "mimeType": texts}), max_size=2),
            "referenceData": anything,
            "streamTrace": anything,
            "createdAt": times,
            "updatedAt": times,
        },
        keep=("messageType", "content"),
    ),
    "content",
)
pipeshub_conversations = _spelled(
    _holding(
        documents(
            {
                "_id": ids,
                "agentKey": words,
                "userId": ids,
                "orgId": words,
                "title": texts,
                "initiator": words,
                "status": st.sampled_from(["COMPLETED", "INPROGRESS", "FAILED", "None", "Complete", "LOST"]),
                "failReason": texts,
                "modelInfo": documents(
                    {"modelKey": words, "modelName": texts, "modelProvider": words, "chatMode": words}
                ),
                "isShared": st.booleans(),
                "shareLink": texts,
                "sharedWith": st.lists(
                    documents({"userId": ids, "accessLevel": st.sampled_from(["read", "write", "own"])}), max_size=2
                ),
                "isArchived": st.booleans(),
                "archivedBy": words,
                "isDeleted": st.booleans(),
                "conversationErrors": anything,
                "metadata": objects,
                "tags": st.lists(texts, max_size=3),
                "conversationSource": words,
                "lastActivityAt": times,
                "createdAt": times,
                "updatedAt": times,
                "pagination": objects,
            },
            keep=("title", "orgId", "lastActivityAt"),
        ),
        "messages",
        pipeshub_messages,
    ),
    "messages",
)
agents = documents(
    {
        "agentKey": words, "name": texts, "description": texts, "systemPrompt": texts,
        "tools": st.lists(ids, max_size=3), "knowledgeBases": anything, "llmConfig": anything,
        "isPublic": st.booleans(), "createdBy": words, "orgId": words, "createdAt": times, "updatedAt": times,
    },
    keep=("agentKey", "name"),
)  # fmt: skip

# Inkeep

_parts = documents(
    {
        "type": st.sampled_from(["text", "image_url", "audio"]),
        "text": texts,
        "image_url": _spelled(documents({"url": texts, "detail": st.sampled_from(["auto", "low"])})),
    }
)
_calls = documents(
    {"id": _WORDS, "type": st.just("function"), "function": documents({"name": _WORDS, "arguments": texts})}
)
_links = documents(
    {
        "label": texts, "url": texts | st.sampled_from(["https://docs.test/a", "https://docs.test/b"]), "title": texts,
        "description": texts, "type": words, "breadcrumbs": st.lists(texts | scalars, max_size=2),
    }
)  # fmt: skip
_people = objects | documents({"id": ids, "userId": ids})
inkeep_messages = _spelled(
    documents(
        {
            "id": ids,
            "type": st.sampled_from(["openai", "support_ticket"]),
            "externalId": st.sampled_from(["e1", "e2"]) | _WORDS,
            "externalUrl": texts,
            "conversationId": st.sampled_from(["c1", "c2"]),
            "createdAt": times,
            "updatedAt": times,
            "role": st.sampled_from(["user", "assistant", "system", "agent", "owl"]),
            "content": texts | st.lists(_parts | texts, max_size=3),
            "name": texts,
            "links": st.lists(_links, max_size=3),
            "properties": objects,
            "userProperties": _people,
            "tool_calls": st.lists(_calls, max_size=2),
        },
        keep=("type", "role", "conversationId"),
    ),
    "type",
    "role",
)
_MESSAGES = st.lists(inkeep_messages, max_size=3)
inkeep_conversations = _spelled(
    documents(
        {
            "id": ids,
            "externalId": _WORDS,
            "externalUrl": texts,
            "type": st.sampled_from(["openai", "support_ticket", "support_copilot"]),
            "supportTicketConversationId": _WORDS,
            "createdAt": times,
            "updatedAt": times,
            "projectId": _WORDS,
            "integrationId": _WORDS,
            "properties": objects,
            "userProperties": _people,
            "tags": st.lists(texts, max_size=3),
            "visibility": st.sampled_from(["public", "private", "secret"]),
            "messages": _MESSAGES,
            "messagesOpenAIFormat": anything,
        },
        keep=("type", "messages"),
    ),
    "type",
    "messages",
)
inkeep_feedback = documents(
    {
        "id": ids,
        "type": st.sampled_from(["positive", "negative"]),
        "messageId": st.just("m1"),
        "createdAt": times,
        "updatedAt": times,
        "reasons": st.lists(documents({"label": _WORDS, "details": texts}), max_size=2),
        "details": texts,
        "sources": st.lists(
            documents(
                {
                    "type": st.sampled_from(["positive", "negative", "new", "odd"]),
                    "title": texts,
                    "url": texts | st.just("https://docs.test/a"),
                }
            ),
            max_size=3,
        ),
        "properties": objects,
        "userProperties": _people,
    },
    keep=("type", "messageId"),
)


@st.composite
def _embedding(draw: st.DrawFn) -> Document:
    """Feedback with the conversation or the message that it is on."""
    given = draw(inkeep_feedback)
    message = {**draw(inkeep_messages), "id": "m1"}
    if draw(st.booleans()):
        return {**given, "message": message}
    conversation = draw(inkeep_conversations)
    conversation["messages"] = [*conversation["messages"], message]
    other = draw(st.sampled_from([None, message, {**message, "name": "another"}]))
    return {**given, "conversation": conversation} | ({} if other is None else {"message": other})


RECORDS: Final[dict[str, Documents]] = {
    "athena": athena_records | athena_chats | interactions | brains,
    "cogsol": cogsol_chats | cogsol_messages | reports | cogsol_assistants,
    "pipeshub": pipeshub_conversations | pipeshub_messages | agents,
    "inkeep": inkeep_conversations | inkeep_messages | inkeep_feedback | _embedding(),
}
"""Records of each system."""
REPORTED: Final[dict[str, list[Document]]] = {
    "cogsol": [{"id": 812, "assistant": 42, "matrix_mode": False, "execution_status": "ENDED", "messages": []}],
    "inkeep": [
        {
            "id": "c0",
            "type": "openai",
            "messages": [
                {
                    "id": "m1",
                    "role": "assistant",
                    "content": "See [1].",
                    "type": "openai",
                    "conversationId": "c0",
                    "links": [{"label": "1", "url": "https://docs.test/a"}],
                }
            ],
        }
    ],
}
"""What reports and feedback by itself are about."""
_IDS: Final = ("chat_id", "id", "_id", "agentKey", "agent_key", "brain_id")


@st.composite
def files(draw: st.DrawFn, name: str, *, most: int = 4) -> list[Document]:
    """The records of a file, of which no two have one id."""
    found = [_numbered(record, index) for index, record in enumerate(draw(st.lists(RECORDS[name], max_size=most)))]
    return [*REPORTED.get(name, ()), *found] or [draw(RECORDS[name])]


def _numbered(record: Document, index: int) -> Document:
    """The record with an id that no other has, if it has one, and with another id for what it embeds."""
    if isinstance(chat := record.get("chat"), dict):
        return {**record, "chat": _numbered(chat, index)}
    if "messageId" in record:
        message_id = f"m1-{index}" if {"conversation", "message"} & record.keys() else "m1"
        record = _renamed({**record, "messageId": message_id}, "m1", message_id)
        if isinstance(conversation := record.get("conversation"), dict):
            record["conversation"] = _numbered(conversation, index + 1_000)
    key = next((key for key in _IDS if key in record), None)
    own = record.get(key or "")
    if key is None or own == "" or isinstance(own, bool) or not isinstance(own, (str, int)):
        return record
    return {**record, key: f"{own}-{index}" if isinstance(own, str) else own * 10_000 + index}


def _renamed(value: Any, old: str, new: str) -> Any:
    """The value with another id for messages."""
    if isinstance(value, dict):
        return {key: new if (key, inner) == ("id", old) else _renamed(inner, old, new) for key, inner in value.items()}
    return [_renamed(inner, old, new) for inner in value] if isinstance(value, list) else value
