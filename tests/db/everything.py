"""Every verb that reads, and a world in which each of them has something to find."""

import inspect
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any
from uuid import UUID

from db import (
    assistants,
    branches,
    conversations,
    feedback,
    messages,
    names,
    origins,
    properties,
    references,
    siblings,
    sources,
    tags,
    tools,
)
from db.paging import Page
from db.verbs import Verb
from db.words import Entity
from tests.db.builders import World

ROOMS = (
    assistants,
    branches,
    conversations,
    feedback,
    messages,
    names,
    origins,
    properties,
    references,
    siblings,
    sources,
    tags,
    tools,
)


def is_verb(thing: object) -> bool:
    return isinstance(thing, Verb) or inspect.iscoroutinefunction(thing)


def verbs() -> Iterator[tuple[ModuleType, str, Callable[..., Any]]]:
    for room in ROOMS:
        for name, verb in inspect.getmembers(room, is_verb):
            if not name.startswith("_") and verb.__module__ == room.__name__:
                yield room, name, verb


class Everything:
    """One row of each kind, all of one conversation, and every verb asked for it."""

    def __init__(self, **conversation: Any) -> None:
        self.values = conversation
        self.asked: set[str] = set()

    async def build(self, world: World) -> None:
        self.tool, self.assistant = await world.tool(), await world.assistant()
        self.source = await world.source(title="t")
        self.talk = await world.conversation(
            external_id="e", assistant_id=self.assistant, properties={"k": "v"}, **self.values
        )
        self.message = await world.message(self.talk, 0)
        self.reference = await world.reference(self.talk, self.message, 0, source_id=self.source)
        self.feedback = await world.feedback(self.talk, is_owners=True)
        self.verdict = await world.feedback(self.talk, self.message)
        await world.tag(self.talk, "tag")
        await world.origin(self.talk, "r", entity=Entity.CONVERSATION)
        await world.insert("assistant_tools", assistant_id=self.assistant, tool_id=self.tool, position=0)
        await world.insert("conversation_tools", conversation_id=self.talk, tool_id=self.tool, position=0)
        message = {"message_id": self.message, "position": 0}
        await world.insert("content_parts", type="TEXT", **message)
        await world.insert("follow_up_questions", question="?", **message)
        self.call = await world.insert("tool_calls", name="n", **message)
        self.attachment = await world.insert("attachments", **message)
        feedback = {"feedback_id": self.verdict, "position": 0}
        await world.insert("feedback_reasons", label="l", **feedback)
        await world.insert("feedback_scores", name="n", value=1.0, **feedback)
        await world.insert("citation_verdicts", reference_id=self.reference, **feedback)

    def keys(self) -> dict[str, Any]:
        """What each verb is asked, by the verb's name with its room."""
        page = Page.of()
        return {
            **{f"assistants.{name}": given for name, given in self._lists(self.assistant).items()},
            **{f"tools.{name}": given for name, given in self._lists(self.tool).items()},
            **{f"sources.{name}": given for name, given in self._lists(self.source).items()},
            **{f"conversations.{name}": given for name, given in self._lists(self.talk).items()},
            **{f"messages.{name}": given for name, given in self._lists(self.message).items()},
            **{f"feedback.{name}": given for name, given in self._lists(self.feedback).items()},
            "references.by_ids": ([self.reference],),
            "messages.tool_calls_by_ids": ([self.call],),
            "messages.attachments_by_ids": ([self.attachment],),
            "assistants.of_tools": ([self.tool],),
            "tools.of_assistants": ([self.assistant],),
            "tools.of_conversations": ([self.talk],),
            "names.by_external_id": ("e",),
            "names.by_external_ids": (["e"],),
            "names.by_ticket_record_ids": (["e"],),
            "tags.tags_of": ([self.talk],),
            "tags.tag_counts": (),
            "conversations.of_assistants": ([self.assistant], page),
            "conversations.count_of_assistants": ([self.assistant],),
            "conversations.of_tools": ([self.tool], page),
            "conversations.count_of_tools": ([self.tool],),
            "branches.of_conversations": ([self.talk], page),
            "branches.count_of_conversations": ([self.talk],),
            "branches.openai_branch": ([self.talk],),
            "branches.branch_page": (self.talk, page),
            "branches.branch_count": (self.talk,),
            "branches.branch_through": (self.talk, self.message),
            "siblings.siblings_of": ([self.message],),
            "siblings.sibling_messages_of": ([self.message],),
            **{
                f"messages.{name}": ([self.message],)
                for name in ("parts_of", "follow_ups_of", "tool_calls_of", "attachments_of")
            },
            "references.of_messages": ([self.message],),
            "references.of_conversations": ([self.talk], page),
            "references.count_of_conversations": ([self.talk],),
            "references.of_sources": ([self.source], page),
            "references.count_of_sources": ([self.source],),
            "feedback.of_conversations": ([self.talk], page),
            "feedback.count_of_conversations": ([self.talk],),
            "feedback.of_messages": ([self.message],),
            "feedback.of_references": ([self.reference],),
            "feedback.owners_of": ([self.talk],),
            "feedback.own_of_conversations": ([self.talk],),
            "feedback.own_of_messages": ([self.message],),
            **{f"feedback.{name}": ([self.verdict],) for name in ("reasons_of", "scores_of", "verdicts_of")},
            "origins.of_entities": ([self.talk],),
            "properties.property_keys": ("properties", "conversation", []),
            "properties.property_values": ("properties", "conversation", ["k"]),
        }

    @staticmethod
    def _lists(id: UUID) -> dict[str, Any]:
        return {"by_ids": ([id],), "page": (Page.of(),), "count": ()}
