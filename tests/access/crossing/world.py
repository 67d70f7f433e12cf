"""The world: two workspaces of three users and a staff each, every value of every row marked with whose it is.

One user of each workspace has the same id as one of the other's. A third workspace, which nobody is of, has rows that
hang on rows of the first two (`strays`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from itertools import count
from random import Random
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from db.record import JsonText, UtcDateTime
from db.sources import identity_of
from db.tables import metadata
from db.words import Entity, FeedbackAuthor, IdType, MessageRole, OriginSystem, Visibility
from tests.access.crossing.marks import FIRST_NUMBER, fraction, moment, word
from tests.access.crossing.strays import Strays

Row = dict[str, Any]
Rows = Mapping[str, list[Row]]
"""The rows of each table, parents first."""

NAMESAKE: Final = "ada"
"""A user of both workspaces."""

SAME: Final = "common"
"""A tag, and the value of a property, that everybody has: only their counts differ."""


def uuid(number: int) -> UUID:
    """The uuid of that number: of version 7, as ids here are."""
    return UUID(f"019ca000-{number >> 16:04x}-7{number >> 4 & 0xFFF:03x}-8{number & 0xF:x}aa-{number:012x}")


class World:
    """All rows, made in memory by a seed."""

    def __init__(self, *, strays: bool = True, seed: int = 5) -> None:
        self.rows: dict[str, list[Row]] = defaultdict(list)
        self._random, self._numbers = Random(seed), count(1)
        self.workspaces = [self._workspace() for _ in range(3)]
        self.users: list[list[str]] = [[self.word(), NAMESAKE] for _ in range(2)]
        self.visitors = [f"anonymous-{self.word()}" for _ in range(2)]
        for at in range(2):
            self._fill(at)
        if strays:
            Strays(self).add()

    def owner_ids(self, at: int) -> list[str]:
        """The users of a workspace, the visitor last."""
        return [*self.users[at], self.visitors[at]]

    # ------------------------------------------------------------ values

    def word(self) -> str:
        """A new one."""
        return word(next(self._numbers))

    def value(self, column: sa.Column[Any]) -> Any:
        """A value that no other column of any row has, where the type has so many."""
        kind, number = column.type, next(self._numbers)
        if column.nullable and self._random.random() < 0.08:
            return None
        if isinstance(kind, sa.Enum):
            assert kind.enum_class is not None, "words are enums of Python"
            return self._random.choice(list(kind.enum_class))
        if isinstance(kind, UtcDateTime):
            return moment(number)
        if isinstance(kind, JsonText):
            return self.document(number)
        if isinstance(kind, sa.Boolean):
            return self._random.random() < 0.5
        if isinstance(kind, sa.Integer):
            return FIRST_NUMBER + number
        if isinstance(kind, sa.Float):
            return fraction(number)
        return f"{column.name} {word(number)}" if (getattr(kind, "length", None) or 99) > 40 else word(number)

    def document(self, number: int) -> dict[str, Any]:
        """An object with a key of its own, a key that all have, and one value that all have."""
        return {
            word(number): FIRST_NUMBER + number,
            "plan": self.word(),
            "same": SAME,
            "page": {"path": [self.word(), "docs"], "n": next(self._numbers) % 7},
        }

    def add(self, name: str, workspace_id: UUID, /, **given: Any) -> Row:
        """A row with what is given, and marks for the rest; what points at other rows is null unless it is given."""
        row: Row = {}
        for column in metadata.tables[name].columns:
            if column.computed is not None:
                continue
            if column.name == "id":
                row["id"] = given.get("id") or uuid(next(self._numbers))
            elif column.name == "workspace_id":
                row["workspace_id"] = workspace_id
            elif column.name in given:
                row[column.name] = given[column.name]
            elif column.foreign_keys or isinstance(column.type, sa.Uuid):
                row[column.name] = None
            else:
                row[column.name] = self.value(column)
        self.rows[name].append(row)
        return row

    def _workspace(self) -> UUID:
        number = next(self._numbers)
        row = {"id": uuid(number), "name": f"workspace {word(number)}", "created_at": moment(number)}
        self.rows["workspaces"].append(row)
        return uuid(number)

    # ------------------------------------------------------------ a workspace

    def _fill(self, at: int) -> None:
        here = self.workspaces[at]
        for _ in range(2):
            key = self.add("api_keys", here, revoked_at=None, expires_at=None)
            node = {"node_id": uuid(next(self._numbers)), "type_name": "Conversation"}
            self.add("audit_entries", here, key_id=key["id"], action="read", **node)
        imported = self.add("imports", here)
        self.add("record_versions", here, entity_id=imported["id"])
        self.add("repeats", here)
        tools = [self.add("tools", here) for _ in range(3)]
        helpers = [self.add("assistants", here) for _ in range(2)]
        for helper in helpers:
            for position, tool in enumerate(tools[:2]):
                self.add("assistant_tools", here, assistant_id=helper["id"], tool_id=tool["id"], position=position)
        sources = [self.source(here) for _ in range(3)]  # the last is cited by nobody
        for row, entity in ((helpers[0], Entity.ASSISTANT), (tools[0], Entity.TOOL), (sources[0], Entity.SOURCE)):
            self.origin(here, row, entity, import_id=imported["id"])
        said: list[Row] = []
        for owner in (*self.owner_ids(at), None):
            shown: list[Row] = [{}, {"visibility": Visibility.PUBLIC}]
            if owner is not None:
                shown += [{"deleted_at": moment(next(self._numbers))}, {"archived_at": moment(next(self._numbers))}]
            for number, extra in enumerate(shown):
                given = {"visibility": Visibility.PRIVATE, "deleted_at": None, "archived_at": None, **extra}
                talk = _Talk(self, here, owner, helpers[number % 2], tools, sources[:2], given)
                talk.write(said[-1] if said else None, self.owner_ids(at))
                said.append(talk.messages[1])

    def source(self, here: UUID) -> Row:
        """A source that nobody cites yet."""
        row = self.add("sources", here, citation_count=0)
        row["identity"] = identity_of(row)
        return row

    def origin(self, here: UUID, row: Row, entity: Entity, **given: Any) -> Row:
        """The origin of a row."""
        told = {"system": OriginSystem.COGSOL, "kind": "chat", "id_type": IdType.STRING, "presence": None, **given}
        return self.add("origins", here, entity_id=row["id"], entity=entity, **told)


class _Talk:
    """A conversation with all that can hang on one."""

    def __init__(
        self, world: World, here: UUID, owner: str | None, helper: Row, tools: list[Row], sources: list[Row], given: Row
    ) -> None:
        self.world, self.here, self.owner, self.tools = world, here, owner, tools
        self.row = world.add(
            "conversations",
            here,
            owner_id=owner,
            assistant_id=helper["id"],
            shared_with=[{"userId": world.word(), "access": "READ"}],
            temperature=None,
            **given,
        )
        self.sources = [*sources, world.source(here)]
        self.messages: list[Row] = []

    def write(self, elsewhere: Row | None, users: list[str]) -> None:
        """Write it; `elsewhere` is a message of another conversation, from which this one was forked."""
        world, here, talk = self.world, self.here, self.row["id"]
        for position, tag in enumerate((SAME, world.word())):
            world.add("conversation_tags", here, conversation_id=talk, tag=tag, position=position)
        for position, tool in enumerate(self.tools[:2]):
            world.add("conversation_tools", here, conversation_id=talk, tool_id=tool["id"], position=position)
        user, ai = MessageRole.USER, MessageRole.ASSISTANT
        for parent, place, role in ((None, 0, user), (0, 1, ai), (1, 2, user), (0, None, ai), (2, 3, ai)):
            self._message(parent, place, role)
        self.row.update(
            message_count=len(self.messages),
            last_message_id=self.messages[-1]["id"],
            current_message_id=self.messages[-1]["id"],
            forked_from_id=elsewhere["id"] if elsewhere else None,
        )
        world.add("citations", here, conversation_id=talk, position=0, number=1, **self._cited(self.sources[0]))
        world.origin(here, self.row, Entity.CONVERSATION, record_id=self.row["external_id"] or world.word())
        self._opinions(users)

    def _cited(self, source: Row) -> Row:
        source["citation_count"] += 1
        return {
            "source_id": source["id"],
            "breadcrumbs": [self.world.word()],
            "pages": [FIRST_NUMBER + next(self.world._numbers)],
        }

    def _message(self, parent: int | None, place: int | None, role: MessageRole) -> None:
        world, here, number = self.world, self.here, len(self.messages)
        message = world.add(
            "messages",
            here,
            conversation_id=self.row["id"],
            sequence=number,
            parent_id=None if parent is None else self.messages[parent]["id"],
            branch_position=place,
            role=role,
            has_parts=number == 3,
        )
        self.messages.append(message)
        of_it = {"message_id": message["id"], "position": 0}
        world.origin(here, message, Entity.MESSAGE)
        world.add("attachments", here, **of_it)
        if number == 3:
            for part, kind in enumerate(("TEXT", "IMAGE", "FILE", "REASONING", "OTHER")):
                world.add("content_parts", here, message_id=message["id"], position=part, type=kind)
        if role is MessageRole.ASSISTANT:
            world.add("follow_up_questions", here, **of_it)
            result = {"result_message_id": self.messages[0]["id"]}
            world.add("tool_calls", here, **of_it, tool_id=self.tools[0]["id"], arguments_text='{"a": 1}', **result)
            for position, source in enumerate(self.sources):
                at = {"message_id": message["id"], "position": position, "number": position + 1}
                world.add("citations", here, conversation_id=self.row["id"], **at, **self._cited(source))

    def _opinions(self, users: list[str]) -> None:
        """The owner's like; on a message the owner's, another user's and staff's; on a citation the owner's."""
        talk, said = self.row["id"], self.messages[1]["id"]
        cited = next(row["id"] for row in self.world.rows["citations"] if row["message_id"] == said)
        other = next(user for user in users if user != self.owner)
        here, end_user, staff = {"conversation_id": talk}, FeedbackAuthor.END_USER, FeedbackAuthor.STAFF
        self._opinion(**here, is_owners=True, author_kind=end_user, author_id=self.owner)
        self._opinion(**here, author_kind=staff)
        for author, kind in ((self.owner, end_user), (other, end_user), (self.owner, staff)):
            self._opinion(**here, message_id=said, author_kind=kind, author_id=author)
        self._opinion(**here, message_id=said, reference_id=cited, author_kind=end_user, author_id=self.owner)

    def _opinion(self, **given: Any) -> None:
        world, here = self.world, self.here
        seen = {"seen_current_message_id": self.messages[1]["id"], "seen_assistant_id": self.row["assistant_id"]}
        row = world.add("feedback", here, **{"is_owners": False, **seen, **given})
        world.origin(here, row, Entity.FEEDBACK)
        of_it = {"feedback_id": row["id"], "position": 0}
        world.add("feedback_reasons", here, **of_it)
        world.add("feedback_scores", here, **of_it, name=f"helpful {SAME}")
        cited = next(each["id"] for each in world.rows["citations"] if each["message_id"] == self.messages[1]["id"])
        world.add("citation_verdicts", here, **of_it, reference_id=cited)
