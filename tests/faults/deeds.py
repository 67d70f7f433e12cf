"""A stream of writes as clients make them, each with its key and with what it changes."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import UUID

from db.words import MessageRole, Rating
from tests.faults.model import BELOW, Said, Talk, World

Values = dict[str, Any]

Effect = Callable[[World], None]

VERBS = (
    *("create_conversation", "update_conversation", "archive_conversation", "unarchive_conversation"),
    *("delete_conversation", "restore_conversation", "tag_conversations", "log_conversation", "add_messages"),
    *("edit_message", "regenerate_message", "set_current_message", "delete_message", "set_citations", "give_feedback"),
)
"""The writes that come in a stream."""

_START = 1_780_000_000_000
"""Milliseconds since 1970: the time in the first id."""


@dataclass(frozen=True)
class Deed:
    """A write."""

    verb: str
    """Its name in `db.writing`."""
    values: Values
    """Its input, as the verbs take it, the key included."""
    effect: Effect
    """What it changes, once."""

    @property
    def key(self) -> str:
        """What makes it safe to repeat."""
        key: str = self.values["idempotency_key"]
        return key


class Client:
    """Someone who writes into conversations of its own, one write after the other.

    The same seed makes the same stream, as long as every write is done before the next one is asked for.
    """

    def __init__(self, seed: int) -> None:
        self.world: World = {}
        """What it knows to be written."""
        self._chance = Random(seed)
        self._seed = seed
        self._made = 0
        self._deeds = 0

    def done(self, deed: Deed) -> None:
        """Note that a write is done."""
        deed.effect(self.world)

    def next(self) -> Deed:
        """The next write."""
        alive = [each for each, talk in self.world.items() if not talk.deleted]
        deleted = [each for each, talk in self.world.items() if talk.deleted]
        if len(alive) < 2:
            verb, values, effect = self._create()
        elif deleted and self._chance.random() < 0.05:
            verb, values, effect = self._restore(deleted[0])
        else:
            talk_id = self._chance.choice(alive)
            ways: list[Callable[[UUID], tuple[str, Values, Effect]]]
            ways = [*(self._add,) * 6, self._create, self._log_new, self._log_more, self._update, self._archive]
            ways += [self._tag, self._delete]
            if self.world[talk_id].said:
                ways += [self._edit, self._regenerate, self._set_current, self._feedback, self._cite, self._forget]
            verb, values, effect = self._chance.choice(ways)(talk_id)
        self._deeds += 1
        return Deed(verb, {**values, "idempotency_key": f"{self._seed}-{self._deeds}"}, effect)

    def _id(self) -> UUID:
        """A UUIDv7."""
        self._made += 1
        number = (_START + self._made) << 80 | self._chance.getrandbits(80)
        return UUID(int=number & ~(0xF << 76) & ~(0x3 << 62) | 7 << 76 | 2 << 62)

    def _text(self) -> str:
        return "word " * self._chance.randrange(1, 120) + str(self._made)

    def _message(self, role: MessageRole, parent: UUID | None) -> tuple[Values, UUID, Said]:
        """A message's input, its id and what it will be."""
        count = [self._chance.choice((0, 0, 1, 3)) if role is MessageRole.ASSISTANT else 0 for _ in BELOW]
        message_id, content = self._id(), self._text()
        number = self._made
        values: Values = {
            "uuid": message_id,
            "external_id": f"m{self._seed}-{number}",
            "role": role,
            "content": content,
            "properties": {"number": number},
            "citations": [
                {"title": "a page", "url": f"https://docs.example/{self._seed}/{self._chance.randrange(40)}"}
                for _ in range(count[0])
            ],
            "follow_up_questions": [{"question": f"And {number}?"} for _ in range(count[1])],
            "tool_calls": [{"name": "find", "call_id": f"c{number}-{place}"} for place in range(count[2])],
            "attachments": [{"name": "notes.txt", "size": number} for _ in range(count[3])],
        }
        return values, message_id, Said(parent, content, tuple(count))

    def _thread(self, parent: UUID | None, length: int) -> tuple[list[Values], dict[UUID, Said]]:
        """Messages one below the other, the first one's parent given."""
        inputs, said = [], {}
        for place in range(length):
            role = MessageRole.ASSISTANT if place % 2 else MessageRole.USER
            values, message_id, one = self._message(role, parent)
            if place == 0 and parent is not None:
                values["parent_id"] = parent
            inputs.append(values)
            said[message_id] = one
            parent = message_id
        return inputs, said

    def _new(self, verb: str) -> tuple[str, Values, Effect]:
        talk_id = self._id()
        inputs, said = self._thread(None, self._chance.randrange(1, 5))
        tags = [f"t{self._seed}", "new"]
        values = {"uuid": talk_id, "external_id": f"c{talk_id}", "tags": tags, "messages": inputs}

        def effect(world: World) -> None:
            world[talk_id] = Talk(tags=list(tags), said=deepcopy(said), current=list(said)[-1])

        return verb, values, effect

    def _create(self, _talk: UUID | None = None) -> tuple[str, Values, Effect]:
        return self._new("create_conversation")

    def _log_new(self, _talk: UUID) -> tuple[str, Values, Effect]:
        return self._new("log_conversation")

    def _added(self, talk_id: UUID, said: dict[UUID, Said]) -> Effect:
        def effect(world: World) -> None:
            talk = world[talk_id]
            talk.version += 1
            talk.said |= deepcopy(said)
            talk.current = list(said)[-1]

        return effect

    def _add(self, talk_id: UUID) -> tuple[str, Values, Effect]:
        talk = self.world[talk_id]
        parent = self._chance.choice([*talk.said, *(talk.current,) * 3]) if talk.said else None
        inputs, said = self._thread(parent, self._chance.choice((1, 1, 2, 3)))
        values = {"conversation_id": talk_id, "messages": inputs, "expected_version": talk.version}
        return "add_messages", values, self._added(talk_id, said)

    def _log_more(self, talk_id: UUID) -> tuple[str, Values, Effect]:
        """The newest message of the branch in play with another text, and more below it."""
        talk = self.world[talk_id]
        if talk.current is None:
            return self._add(talk_id)
        current, content = talk.current, self._text()
        inputs, said = self._thread(current, 2)
        more = self._added(talk_id, said)
        again = {"uuid": current, "role": MessageRole.USER, "content": content}

        def effect(world: World) -> None:
            world[talk_id].said[current].content = content
            more(world)

        return "log_conversation", {"uuid": talk_id, "messages": [again, *inputs]}, effect

    def _update(self, talk_id: UUID) -> tuple[str, Values, Effect]:
        self._made += 1
        model = f"model-{self._made}"

        def effect(world: World) -> None:
            world[talk_id].version += 1
            world[talk_id].model = model

        return "update_conversation", {"id": talk_id, "model": model, "properties": {model: 1}}, effect

    def _archive(self, talk_id: UUID) -> tuple[str, Values, Effect]:
        archived = self.world[talk_id].archived

        def effect(world: World) -> None:
            world[talk_id].version += 1
            world[talk_id].archived = not archived

        return "unarchive_conversation" if archived else "archive_conversation", {"id": talk_id}, effect

    def _delete(self, talk_id: UUID) -> tuple[str, Values, Effect]:
        def effect(world: World) -> None:
            world[talk_id].version += 1
            world[talk_id].deleted = True

        return "delete_conversation", {"id": talk_id}, effect

    def _restore(self, talk_id: UUID) -> tuple[str, Values, Effect]:
        def effect(world: World) -> None:
            world[talk_id].version += 1
            world[talk_id].deleted = False

        return "restore_conversation", {"id": talk_id}, effect

    def _tag(self, _talk: UUID) -> tuple[str, Values, Effect]:
        """A new tag for all conversations."""
        self._made += 1
        tag, ids = f"tag {self._made}", [each for each, talk in self.world.items() if not talk.deleted][-5:]

        def effect(world: World) -> None:
            for each in ids:
                world[each].version += 1
                world[each].tags.append(tag)

        return "tag_conversations", {"ids": ids, "tags": [tag]}, effect

    def _edit(self, talk_id: UUID) -> tuple[str, Values, Effect]:
        said = self.world[talk_id].said
        of, message_id, content = self._chance.choice(list(said)), self._id(), self._text()
        # Attachments that are not given are the former version's.
        new = Said(said[of].parent, content, (0, 0, 0, said[of].below[3]))
        values = {"id": of, "uuid": message_id, "content": content}
        return "edit_message", values, self._added(talk_id, {message_id: new})

    def _regenerate(self, talk_id: UUID) -> tuple[str, Values, Effect]:
        said = self.world[talk_id].said
        of = self._chance.choice(list(said))
        values, message_id, new = self._message(MessageRole.ASSISTANT, said[of].parent)
        return "regenerate_message", {"id": of, "message": values}, self._added(talk_id, {message_id: new})

    def _set_current(self, talk_id: UUID) -> tuple[str, Values, Effect]:
        message_id = self._chance.choice(list(self.world[talk_id].said))

        def effect(world: World) -> None:
            talk = world[talk_id]
            before, talk.current = talk.current, talk.newest_leaf(message_id)
            talk.version += talk.current != before

        return "set_current_message", {"message_id": message_id}, effect

    def _feedback(self, talk_id: UUID) -> tuple[str, Values, Effect]:
        self._made += 1
        message_id = self._chance.choice(list(self.world[talk_id].said))
        author, comment = self._chance.choice(("ada", "ben")), f"comment {self._made}"
        values = {
            "target": ("messages", message_id),
            "author_id": author,
            "comment": comment,
            "rating": self._chance.choice(list(Rating)),
            "reasons": [{"label": "clear"}, {"label": "short", "details": comment}],
        }

        def effect(world: World) -> None:
            world[talk_id].said[message_id].opinions[author] = comment

        return "give_feedback", values, effect

    def _cite(self, talk_id: UUID) -> tuple[str, Values, Effect]:
        message_id = self._chance.choice(list(self.world[talk_id].said))
        cited = [f"https://docs.example/{self._seed}/{each}" for each in self._chance.sample(range(40), 3)]
        values = {"message_id": message_id, "citations": [{"title": "a page", "url": url} for url in cited]}

        def effect(world: World) -> None:
            said = world[talk_id].said[message_id]
            said.below = (len(cited), *said.below[1:])

        return "set_citations", values, effect

    def _forget(self, talk_id: UUID) -> tuple[str, Values, Effect]:
        message_id = self._chance.choice(list(self.world[talk_id].said)[-4:])

        def effect(world: World) -> None:
            world[talk_id].version += 1
            world[talk_id].forget(message_id)

        return "delete_message", {"id": message_id}, effect
