"""Made-up rows of several owners, of which it is known who may see which, and every verb asked about all of them.

The answer to who sees what is plain Python here, written from the table of docs/security.md and not from the rules.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db import conversations, feedback, messages, sources
from db.database import Database
from db.errors import ColloquyError
from db.paging import Page, Slice
from db.record import new_id
from db.tables import metadata
from db.verbs import Verb
from db.viewer import DEFAULT_WORKSPACE_ID, Viewer
from db.words import (
    Actor,
    Entity,
    FeedbackAuthor,
    MessageRole,
    MessageType,
    OriginSystem,
    Rating,
    Role,
    ViewerKind,
    Visibility,
)
from tests.db.builders import at
from tests.db.everything import verbs

ME = Viewer(DEFAULT_WORKSPACE_ID, "me", Role.END_USER, ViewerKind.END_USER)
ME_AND_PUBLIC = Viewer(DEFAULT_WORKSPACE_ID, "me", Role.END_USER, ViewerKind.END_USER, sees_public=True)
OWNERS = ("me", "you", None)
MODELS = ("a", "A", "%")
"""Words that filters name as well."""
HOW_IT_IS_MADE = ("system_prompt", "model", "temperature", "config")
HIDDEN = {"assistants": HOW_IT_IS_MADE, "conversations": HOW_IT_IS_MADE, "messages": ("system_prompt",)}
"""What end users don't see of rows that they see."""


@dataclass
class MadeUp:
    """Rows in the order in which they can be inserted, and whether an end user sees each."""

    random: Random
    viewer: Viewer
    rows: list[tuple[str, dict[str, Any], bool]] = field(default_factory=list)
    ids: dict[str, list[UUID]] = field(default_factory=dict)
    cited: Counter[tuple[UUID, bool]] = field(default_factory=Counter)

    def add(self, table: str, seen: bool, **values: Any) -> UUID:
        values = self.dated(table, values)
        if "id" in metadata.tables[table].c:
            values.setdefault("id", new_id())
            self.ids.setdefault(table, []).append(values["id"])
        self.rows.append((table, {"workspace_id": DEFAULT_WORKSPACE_ID, **values}, seen))
        found: UUID = values.get("id", DEFAULT_WORKSPACE_ID)
        return found

    @staticmethod
    def dated(table: str, values: dict[str, Any]) -> dict[str, Any]:
        """The values, with times that are the same wherever they are inserted."""
        times = ("created_at", "updated_at", "at", "seen_at")
        return {name: at(0) for name in times if name in metadata.tables[table].c} | values

    def some(self, *values: Any) -> Any:
        return self.random.choice(values)

    def build(self) -> "MadeUp":
        self.tools = [self.add("tools", True, name=f"tool {n}") for n in range(2)]
        self.assistants = [
            self.add("assistants", True, name=f"assistant {n}", system_prompt="a secret", model="m", config={"k": n})
            for n in range(2)
        ]
        for assistant in self.assistants:
            self.add("assistant_tools", True, assistant_id=assistant, tool_id=self.some(*self.tools), position=0)
        self.sources = [new_id() for _ in range(4)]
        self.ids["sources"] = self.sources
        before = len(self.rows)
        for number in range(self.random.randint(3, 6)):
            self.conversation(number)
        rows = []
        for number, source in enumerate(self.sources):
            mine, all_of = self.cited[source, True], self.cited[source, True] + self.cited[source, False]
            title = self.some("a", "b", None)
            values = self.dated("sources", {"id": source, "workspace_id": DEFAULT_WORKSPACE_ID, "title": title})
            counts = {"citation_count": all_of, "mine": mine}
            rows.append(("sources", {**values, "url": f"https://{number}.example", **counts}, mine > 0))
        self.rows[before:before] = rows
        return self

    def conversation(self, number: int) -> None:
        owner, visibility = self.some(*OWNERS), self.some(*Visibility)
        mine = owner == "me"
        seen = mine or (self.viewer.sees_public and visibility is Visibility.PUBLIC)
        talk = new_id()
        length = self.random.randint(0, 5)
        ids = [new_id() for _ in range(length)]
        self.add(
            "conversations",
            seen,
            id=talk,
            title=self.some("one", "two", "three"),
            owner_id=owner,
            visibility=visibility,
            assistant_id=self.some(None, *self.assistants),
            external_id=self.some(None, f"e{number}"),
            created_at=at(number),
            last_activity_at=at(self.random.randint(0, 3)),
            deleted_at=self.some(None, None, None, at(9)),
            properties=self.some(None, {"k": self.some("v", 1, ["x", "y"])}),
            model=self.some(None, *MODELS),
            system_prompt=self.some(None, "a secret"),
            temperature=self.some(None, 0.5),
            config=self.some(None, {"k": 1}),
            message_count=length,
            last_message_id=ids[-1] if ids else None,
            current_message_id=ids[-1] if ids else None,
        )
        for position, tag in enumerate(self.random.sample(["red", "blue", "green"], self.random.randint(0, 2))):
            self.add("conversation_tags", seen, conversation_id=talk, tag=tag, position=position)
        if self.some(True, False):
            self.add("conversation_tools", seen, conversation_id=talk, tool_id=self.some(*self.tools), position=0)
        if self.some(True, False):
            self.origin(talk)
        for sequence, message in enumerate(ids):
            self.message(talk, message, sequence, ids, seen, mine)
        self.citation(talk, None, seen, mine)
        if self.some(True, False):
            self.opinion(talk, owner, seen, mine, is_owners=True, author_id=owner)
        self.opinion(talk, owner, seen, mine)

    def message(self, talk: UUID, message: UUID, sequence: int, ids: list[UUID], seen: bool, mine: bool) -> None:
        asks = sequence % 2 == 0
        self.add(
            "messages",
            seen,
            id=message,
            conversation_id=talk,
            sequence=sequence,
            parent_id=ids[sequence - 1] if sequence and self.random.random() < 0.8 else None,
            branch_position=sequence,
            role=MessageRole.USER if asks else MessageRole.ASSISTANT,
            role_name="user" if asks else "assistant",
            message_type=MessageType.USER_QUERY if asks else MessageType.BOT_RESPONSE,
            actor=Actor.USER if asks else Actor.AI,
            content=self.some("hello", "bye", "why"),
            created_at=at(self.random.randint(0, 3)),
            metadata=self.some(None, {"k": 1}),
            model=self.some(None, *MODELS),
            system_prompt=self.some(None, "a secret"),
        )
        below = {"message_id": message, "position": 0}
        self.add("content_parts", seen, type="TEXT", text="t", **below)
        self.add("follow_up_questions", seen, question="?", **below)
        self.add("tool_calls", seen, name="n", tool_id=self.some(None, *self.tools), **below)
        self.add("attachments", seen, name="file", **below)
        if not asks:
            reference = self.citation(talk, message, seen, mine)
            self.opinion(talk, None, seen, mine, message_id=message, reference_id=self.some(None, reference))
            self.opinion(talk, None, seen, mine, message_id=message)

    def citation(self, talk: UUID, message: UUID | None, seen: bool, mine: bool) -> UUID:
        del mine
        source = self.some(None, *self.sources)
        if source is not None:
            self.cited[source, seen] += 1
        position = self.random.randint(0, 3)
        return self.add(
            "citations",
            seen,
            conversation_id=talk,
            message_id=message,
            position=position,
            number=position + 1,
            source_id=source,
        )

    def opinion(self, talk: UUID, owner: str | None, seen: bool, mine: bool, **values: Any) -> None:
        del owner
        values.setdefault("author_id", self.some(*OWNERS))
        values.setdefault("is_owners", False)
        kind = FeedbackAuthor.END_USER if values["is_owners"] else self.some(*FeedbackAuthor)
        own = kind is FeedbackAuthor.END_USER and values["author_id"] == "me"
        seen = (seen and own) or (mine and values["is_owners"])
        rating = self.some(None, *Rating)
        made = self.add(
            "feedback", seen, conversation_id=talk, author_kind=kind, rating=rating, created_at=at(1), **values
        )
        self.add("feedback_reasons", seen, feedback_id=made, position=0, label=self.some("good", "bad"))
        self.add("feedback_scores", seen, feedback_id=made, position=0, name="stars", value=1.0)
        references = self.ids.get("citations", [])
        if references:
            same = [row["id"] for table, row, _ in self.rows if table == "citations" and row["conversation_id"] == talk]
            reference = self.some(None, *same)
            self.add("citation_verdicts", seen, feedback_id=made, position=0, reference_id=reference)

    def origin(self, entity: UUID) -> None:
        self.add(
            "origins",
            False,
            entity_id=entity,
            entity=Entity.CONVERSATION,
            system=OriginSystem.INKEEP,
            kind="chat",
            record_id=f"r{entity}",
            imported_at=at(0),
        )

    async def insert(self, connection: AsyncConnection, *, alone: bool) -> None:
        """Insert all rows; with `alone` only what the end user sees, as they see it."""
        for table, row, seen in self.rows:
            if alone and not seen:
                continue
            values = dict(row)
            if table == "sources":
                mine = values.pop("mine")
                values["citation_count"] = mine if alone else values["citation_count"]
            if alone:
                values |= dict.fromkeys(HIDDEN.get(table, ()))
            await connection.execute(sa.insert(metadata.tables[table]).values(values))


Read = tuple[str, Callable[..., Any], tuple[Any, ...], dict[str, Any]]


def asked(made: MadeUp, where: dict[str, Any]) -> Iterator[Read]:
    """Every verb, asked about all rows: what may be seen and what may not."""
    known = {f"{room.__name__.removeprefix('db.')}.{name}": verb for room, name, verb in verbs()}
    ids = made.ids
    talks, said = ids["conversations"], ids.get("messages", [])
    pages = (Page.of(), Page.of(first=2), Page.of(last=2))
    orders = {
        "conversations": conversations.ORDERS,
        "messages": messages.ORDERS,
        "feedback": feedback.ORDERS,
        "sources": sources.ORDERS,
    }
    given: dict[str, list[tuple[tuple[Any, ...], dict[str, Any]]]] = {}

    def ask(name: str, *args: Any, **options: Any) -> None:
        given.setdefault(name, []).append((args, options))

    for room in ("assistants", "tools", "sources", "conversations", "messages", "feedback"):
        ask(f"{room}.by_ids", ids.get(room, []))
        for page in pages:
            ask(f"{room}.page", page)
        ask(f"{room}.count")
        if room in where:
            ask(f"{room}.page", Page.of(), where=where[room])
            ask(f"{room}.count", where=where[room])
        for order in orders.get(room, {}).values():
            for descending in (False, True):
                ask(f"{room}.page", Page.of(first=3), order=(order.directed(descending=descending),))
    for deleted in (True, False):
        ask("conversations.page", Page.of(), deleted=deleted)
        ask("conversations.count", deleted=deleted)
    ask("references.by_ids", ids.get("citations", []))
    for name in ("tool_calls", "attachments"):
        ask(f"messages.{name}_by_ids", ids.get(name, []))
    ask("assistants.of_tools", made.tools)
    ask("tools.of_assistants", made.assistants)
    ask("tools.of_conversations", talks)
    names = [f"e{number}" for number in range(7)]
    ask("names.by_external_id", "e0")
    ask("names.by_external_ids", names)
    ask("names.by_ticket_record_ids", [*names, *(f"r{talk}" for talk in talks)])
    ask("tags.tags_of", talks)
    ask("tags.tag_counts")
    ask("tags.tag_counts", "R")
    for of, parents in (("assistants", made.assistants), ("tools", made.tools)):
        for page in pages:
            ask(f"conversations.of_{of}", parents, page)
        ask(f"conversations.of_{of}", parents, Page.of(), where=where["conversations"])
        ask(f"conversations.count_of_{of}", parents)
    for page in pages:
        for all_branches in (False, True):
            ask("branches.of_conversations", talks, page, all_branches=all_branches)
        ask("references.of_conversations", talks, page)
        ask("references.of_sources", made.sources, page)
        ask("feedback.of_conversations", talks, page)
        for talk in talks:
            ask("branches.branch_page", talk, page)
    ask("branches.count_of_conversations", talks, all_branches=True)
    ask("branches.openai_branch", talks)
    for talk in talks:
        ask("branches.branch_count", talk)
        for message in said[:3]:
            ask("branches.branch_page", talk, Page.of(), through=message)
            ask("branches.branch_page", talk, Page.of(), around=message)
            ask("branches.branch_count", talk, through=message)
            ask("branches.branch_through", talk, message)
    for name in ("siblings.siblings_of", "siblings.sibling_messages_of", "references.of_messages"):
        ask(name, said)
    for name in ("parts_of", "follow_ups_of", "tool_calls_of", "attachments_of"):
        ask(f"messages.{name}", said)
    ask("references.count_of_conversations", talks)
    ask("references.count_of_sources", made.sources)
    ask("feedback.count_of_conversations", talks)
    ask("feedback.of_messages", said)
    ask("feedback.of_references", ids.get("citations", []))
    ask("feedback.owners_of", talks)
    ask("feedback.own_of_conversations", talks)
    ask("feedback.own_of_messages", said)
    for name in ("reasons_of", "scores_of", "verdicts_of"):
        ask(f"feedback.{name}", ids.get("feedback", []))
    ask("origins.of_entities", talks)
    for on in ("conversation", "message", "feedback"):
        ask("properties.property_keys", "properties", on, [])
        ask("properties.property_values", "properties", on, ["k"])
    ask("properties.property_keys", "metadata", "message", [])
    assert given.keys() == known.keys(), given.keys() ^ known.keys()
    for name, several in given.items():
        for args, options in several:
            yield name, known[name], args, options


def told(answer: Any) -> Any:
    """An answer as values that can be compared."""
    if isinstance(answer, Slice):
        rows = [tuple(row) for row in answer.rows]
        return rows, answer.has_next, answer.has_previous, _cursors(answer)
    if isinstance(answer, dict):
        return {key: told(value) for key, value in answer.items()}
    if isinstance(answer, list):
        return [told(each) for each in answer]
    if hasattr(answer, "_mapping"):
        return dict(answer._mapping)
    return tuple(answer) if isinstance(answer, tuple) or hasattr(answer, "keys") else answer


def _cursors(answer: Slice) -> list[str] | None:
    try:
        return [answer.cursor(row) for row in answer.rows]
    except LookupError:  # raw rows that were read without
        return None


async def answered(
    database: Database, verb: Callable[..., Any], *args: Any, viewer: Viewer, bare: bool = False, **options: Any
) -> Any:
    """What a verb answers, or refuses; `bare`: in the driver's own rows."""
    if bare:
        options["columns"] = columns_of(verb)

    async def work(connection: Any) -> Any:
        return await verb(connection, *args, viewer=viewer, **options)

    try:
        return told(await (database.look if bare else database.ask)(work, viewer=viewer))
    except ColloquyError as error:
        return type(error), str(error)


def columns_of(verb: Any) -> tuple[str, ...]:
    """All columns of a verb that has raw rows."""
    return tuple(verb.columns) if isinstance(verb, Verb) else ()
