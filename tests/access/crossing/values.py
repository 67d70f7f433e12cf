"""Values for arguments and inputs: what is somebody else's, as a rule; what nobody has; what is none; and new words."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any, Final
from uuid import UUID

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    get_named_type,
    is_required_input_field,
)

from db.record import new_id
from graph import ids
from tests.access.crossing.marks import word
from tests.access.crossing.pools import Pool
from tests.execution.operations import Word

OF_NAMES: Final = {
    "conversationId": "Conversation",
    "messageId": "Message",
    "sourceId": "Source",
    "assistantId": "Assistant",
    "toolId": "Tool",
    "toolIds": "Tool",
    "parentId": "Message",
    "currentMessageId": "Message",
    "referenceId": "Reference",
    "through": "Message",
    "around": "Message",
}
"""The types whose ids fields take whose names say so."""

OF_TYPES: Final = {
    "EditMessageInput": "Message",
    "RegenerateMessageInput": "Message",
    "DeleteMessageInput": "Message",
    "WithdrawFeedbackInput": "Feedback",
    "UpdateAssistantInput": "Assistant",
    "DeleteAssistantInput": "Assistant",
    "AssistantKey": "Assistant",
    "UpdateToolInput": "Tool",
    "DeleteToolInput": "Tool",
    "RevokeApiKeyInput": "ApiKey",
    "DeleteWorkspaceInput": "Workspace",
    "ConversationWhere": "Conversation",
    "MessageWhere": "Message",
    "FeedbackWhere": "Feedback",
    "SourceWhere": "Source",
    "AssistantWhere": "Assistant",
    "ToolWhere": "Tool",
}
"""The types whose ids the field `id` of these takes; else a conversation's."""

ALWAYS: Final = {
    "EditMessageInput": "content",
    "MessageInput": "content",
    "GiveFeedbackInput": "comment",
    "LogConversationInput": "messages",
    "DeleteConversationInput": "id",
    "CreateConversationInput": "title",
    "UpdateConversationInput": "title",
}
"""A field without which an input is mostly refused."""

_SELDOM: Final = frozenset(
    {
        "expectedVersion",
        "parentExternalId",
        "parentId",
        "contentParts",
        "openaiMessages",
        "toolCalls",
        "seen",
        "message",
    }
)
_OF_STAFF: Final = frozenset(
    {
        *("ownerId", "authorId", "authorKind", "externalId", "externalUrl", "model", "systemPrompt", "temperature"),
        *("config", "createdAt", "supportTicketConversationId", "projectId", "integrationId"),
    }
)
"""What end users may not give."""

MAY_SAY: Final = frozenset({"uuid", "content", "role", "attachments", "properties", "userProperties", "contentFormat"})
"""What end users may give of messages."""

_MOMENTS: Final = ("2026-03-01T00:00:00Z", "2026-03-04T12:00:00Z", "2026-03-09T00:00:00Z", "2000-01-01T00:00:00Z")
_PARTS: Final = (["plan"], ["same"], ["page"], ["page", "path"], ["page", "n"])
_FRESH: Final = 36**4 - 50_000
"""From here on numbers of words that no row has: new ones."""


class Values:
    """Makes values from what is the target's; `others`: from what is anybody's."""

    def __init__(self, random: Random, pool: Pool, others: Sequence[Pool], *, writes: bool, ends: bool) -> None:
        self._random, self._pool, self._others, self._writes, self._ends = random, pool, others, writes, ends
        self.musts: set[tuple[str, str]] = set()
        """Input types and fields of theirs that are still to be given."""

    def argument(self, parent: str, field: str, name: str, type_: GraphQLInputType) -> Any:
        """The value of a field's argument."""
        if name in ("after", "before"):
            return self._cursor(f"{parent}.{field}", late=name == "before")
        if name == "externalId" and self._random.random() < 0.9:
            return self._random.choice(self._some().external_ids or ["none"])
        if name in ("first", "last"):
            return self._random.choice((1, 2, 3, 5) if parent != "Query" else (2, 3, 5, 20, 100))
        if name == "id" and field != "node":
            return self._id(field[0].upper() + field[1:])
        if field in ("node", "nodes"):
            return self._any_ids() if name == "ids" else self._any_ids()[0]
        if name == "path":
            return self._path()
        return self.of(type_, name, field)

    def of(self, type_: GraphQLInputType, name: str, within: str) -> Any:
        """The value of a field of that name within an input of that type."""
        if isinstance(type_, GraphQLNonNull):
            return self.of(type_.of_type, name, within)
        if isinstance(type_, GraphQLList):
            if name == "path":
                return self._path()
            size = self._random.choice((1, 1, 2, 3) if self._writes or self.musts else (0, 1, 1, 2))
            return [self.of(type_.of_type, name, within) for _ in range(size)]
        if isinstance(type_, GraphQLInputObjectType):
            return self._object(type_, name, within)
        if isinstance(type_, GraphQLEnumType):
            return self._enum(type_, name)
        match type_.name:
            case "ID":
                return self._id_of(name, within)
            case "UUID":
                return str(new_id()) if self._random.random() < 0.9 else self._random.choice(self._some().uuids)
            case "Boolean":
                return self._random.random() < 0.5
            case "Int":
                return (
                    self._random.choice((0, 1, 2, 5, 7_000_400)) if not self._writes else self._random.choice((1, 2, 3))
                )
            case "Float":
                return self._random.choice((0, 0.25, 0.44, 0.5))
            case "DateTime":
                return "2099-01-01T00:00:00Z" if name == "expiresAt" else self._random.choice(_MOMENTS)
            case "JSON":
                return self._json(name)
        return self._text(name)

    # ------------------------------------------------------------ inputs

    def _object(self, type_: GraphQLInputObjectType, name: str, within: str) -> Any:
        fields = type_.fields
        below = type_.name if type_.name.endswith(("Where", "Input", "Key")) else within
        if type_.is_one_of:
            chosen = [self._random.choice(list(fields))]
        elif type_.name.endswith("Filter"):
            chosen = [each for each, field in fields.items() if is_required_input_field(field)]
            chosen += self._random.sample([each for each in fields if each not in chosen], 1)
        elif type_.name.endswith("Where"):
            deep = name in ("and", "or", "not", "messages", "references", "feedback")
            flat = [each for each, field in fields.items() if not get_named_type(field.type).name.endswith("Where")]
            chosen = self._random.sample(flat if deep else list(fields), self._random.choice((0, 1, 1, 1, 2)))
        else:
            chosen = [
                each
                for each, field in fields.items()
                if is_required_input_field(field)
                or each == ALWAYS.get(type_.name)
                or self._random.random() < self._share(each, type_.name)
            ]
        musts = [each for each in fields if (type_.name, each) in self.musts]
        if musts:
            self.musts -= {(type_.name, each) for each in musts}
            chosen = musts if type_.is_one_of else [*dict.fromkeys([*chosen, *musts])]
        inner = name if type_.name.endswith("Filter") else None
        return {
            each: self.of(fields[each].type, inner if inner and each != "path" and inner != "where" else each, below)
            for each in chosen
        }

    def _share(self, name: str, within: str) -> float:
        """How often a field is given that need not be; seldom what has the whole input refused."""
        if not self._writes:
            return 0.5
        if self._ends and (name in _OF_STAFF or (within == "MessageInput" and name not in MAY_SAY)):
            return 0.004  # of many fields, each of which has the whole input refused
        if name in _SELDOM:
            return 0.015
        return 0.5 if name == "idempotencyKey" else 0.1

    def _enum(self, type_: GraphQLEnumType, name: str) -> Word:
        if name == "role" and self._writes:
            return Word("USER" if self._ends or self._random.random() < 0.6 else "ASSISTANT")
        return Word(self._random.choice(list(type_.values)))

    # ------------------------------------------------------------ what is somebody's

    def _some(self) -> Pool:
        return self._pool if self._random.random() < 0.92 else self._random.choice(self._others)

    def _id(self, type_name: str) -> str:
        chance = self._random.random()
        if chance < 0.015:
            return self._random.choice(("", "nothing", ids.encode("Import", UUID(int=1))))
        if chance < 0.03:
            return ids.encode(type_name, UUID(int=self._random.getrandbits(128)))
        pool = self._some()
        found = pool.ids if self._random.random() < 0.12 else pool.living
        return self._random.choice(found.get(type_name) or [*pool.ids["Conversation"], "none"])

    def _any_ids(self) -> list[str]:
        pool = self._some()
        known = [name for name, found in pool.ids.items() if found]
        return [self._id(self._random.choice(known)) for _ in range(self._random.choice((1, 2, 4, 8)))]

    def _id_of(self, name: str, within: str) -> str:
        if within == "RegenerateMessageInput" and self._random.random() < 0.9:
            return self._random.choice(self._some().answers or ["none"])
        if within == "EditMessageInput" and self._random.random() < 0.9:
            return self._random.choice(self._some().questions or ["none"])
        if name == "targetId":
            return self._id(self._random.choice(("Conversation", "Message", "Reference")))
        if name == "nodeId":
            return self._any_ids()[0]
        if within.startswith("Set") and name == "messageId" and self._random.random() < 0.5:
            return self._random.choice(self._some().answers or ["none"])
        return self._id(OF_NAMES.get(name) or OF_TYPES.get(within, "Conversation"))

    def _cursor(self, place: str, *, late: bool) -> str:
        """Behind or in front of which there is something, as a rule."""
        pool = self._some()
        if self._random.random() < 0.1:
            place = self._random.choice(list(pool.cursors))
        found = pool.cursors.get(place) or ["nothing"]
        half = len(found) // 2
        return self._random.choice(found[half:] if late else found[: half + 1])

    def ordered(self) -> bool:
        """Whether a list with a cursor is given an order as well, which is then seldom the cursor's."""
        return self._random.random() < 0.15

    def _path(self) -> list[str]:
        chance = self._random.random()
        return [self._random.choice(self._some().keys or ["plan"])] if chance < 0.2 else self._random.choice(_PARTS)

    def _text(self, name: str) -> str:
        pool = self._some()
        if self._writes:
            return self._written(name, pool)
        if name == "prefix":
            return self._random.choice((*pool.named("tags"), *pool.keys, "z", "c", ""))[
                : self._random.choice((1, 4, 99))
            ]
        text = self._random.choice(pool.named(name) or pool.words)
        start = self._random.randint(0, max(0, len(text) - 4)) if name == "contains" else 0
        return text[start:] if self._random.random() < 0.7 else text[start : start + 4]

    def _written(self, name: str, pool: Pool) -> str:
        """Mostly new; what is to name somebody, or what is there, does."""
        if name == "anonymousToken":
            return self._pool.token
        if name == "confirmName":
            return self._random.choice(pool.named("name"))
        if name in ("ownerId", "authorId", "userId"):
            return self._random.choice(pool.texts["owner_id"])
        if name == "idempotencyKey":
            return self._random.choice(("once", "twice"))
        if (name == "externalId" and self._random.random() < 0.5) or self._random.random() < 0.05:
            return self._random.choice(pool.named(name))
        if name == "tags" and self._random.random() < 0.5:
            return self._random.choice(pool.named("tags"))
        if name in ("url", "externalUrl"):
            return f"https://{word(_FRESH + self._random.randrange(40_000))}.example/"
        return f"new {word(_FRESH + self._random.randrange(40_000))}"

    def _json(self, name: str) -> Any:
        if name == "openaiMessages":
            return {"role": self._random.choice(("user", "assistant")), "content": self._written("content", self._pool)}
        if self._writes:
            return {
                self._written("key", self._pool).replace(" ", "_"): self._random.choice((1, "x", None, [1, {"a": "b"}]))
            }
        return self._random.choice(("common", 1, 3, True, "docs", *self._pool.words[:5]))
