"""Strays: rows of the third workspace that hang on rows of the others, as no verb would write them.

What is asked for, or written, by a parent alone would come upon them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from db.words import FeedbackAuthor, MessageRole, OriginSystem, Rating

if TYPE_CHECKING:
    from tests.access.crossing.world import World

Row = dict[str, Any]

WRITTEN: Final = 5
"""Which of a workspace's conversations is written to: the second user's public one."""

VISITED: Final = 9
"""The same of the visitor."""

CALL: Final = "stray call"
"""The call that a stray message would answer."""

TITLE: Final = "stray title"
"""Of a source that nothing else tells."""


class Strays:
    """Rows of the third workspace that hang on rows of the others."""

    def __init__(self, world: World) -> None:
        self._world, self._here = world, world.workspaces[2]

    def add(self) -> None:
        """Add some to every table that has keys."""
        rows = {name: list(found) for name, found in self._world.rows.items()}
        self._world.add("rate_points", self._here)
        for workspace in self._world.workspaces[:2]:
            talks = [row for row in rows["conversations"] if row["workspace_id"] == workspace]
            for talk in (talks[0], talks[4]):
                self._on(rows, talk)
            self._named(rows, talks)
            self._unowned(rows, talks[-1])
            self._written(rows, talks[WRITTEN])
            self._visited(talks[VISITED])

    _LIVING: Final = {"deleted_at": None, "archived_at": None}

    def _named(self, rows: dict[str, list[Row]], talks: list[Row]) -> None:
        """What conversations name as their tickets: one of the third workspace, and one by an origin of that one."""
        first, second, imported = talks[0], talks[1], talks[-2]
        for talk in (first, second):
            talk["support_ticket_conversation_id"] = self._world.word()
        ticket = first["support_ticket_conversation_id"]
        self._world.add("conversations", self._here, external_id=ticket, **self._LIVING)
        origin = next(row for row in rows["origins"] if row["entity_id"] == imported["id"])
        origin |= {
            "workspace_id": self._here,
            "system": OriginSystem.INKEEP,
            "record_id": second["support_ticket_conversation_id"],
            "import_id": None,
        }

    def _unowned(self, rows: dict[str, list[Row]], talk: Row) -> None:
        """Feedback of nobody on what is nobody's, which is that of staff who have no name."""
        said = [row for row in rows["messages"] if row["conversation_id"] == talk["id"]]
        author = {"author_kind": FeedbackAuthor.END_USER, "author_id": None, "is_owners": False}
        for message in (None, said[0]["id"], said[1]["id"]):
            self._world.add("feedback", self._here, conversation_id=talk["id"], message_id=message, **author)

    def _on(self, rows: dict[str, list[Row]], talk: Row) -> None:
        add, here = self._world.add, self._here
        of_talk = {"conversation_id": talk["id"]}
        said = [row for row in rows["messages"] if row["conversation_id"] == talk["id"]][1]
        cited = next(row for row in rows["citations"] if row["message_id"] == said["id"])
        opinion = next(row for row in rows["feedback"] if row["message_id"] == said["id"])
        other = next(
            row["id"]
            for row in rows["tools"]
            if row["workspace_id"] == talk["workspace_id"]
            and row["id"]
            not in {link["tool_id"] for link in rows["conversation_tools"] if link["conversation_id"] == talk["id"]}
        )
        stray = {**self._LIVING, "message_count": 1}
        own = add("conversations", here, owner_id=talk["owner_id"], assistant_id=talk["assistant_id"], **stray)
        add("messages", here, **of_talk, parent_id=said["id"], sequence=90, branch_position=90)
        add("messages", here, conversation_id=own["id"], sequence=0, branch_position=0)
        add("conversation_tags", here, **of_talk, position=9)
        add("conversation_tools", here, **of_talk, tool_id=other, position=9)
        link = {"assistant_id": talk["assistant_id"], "tool_id": other}
        if not any(link.items() <= row.items() for row in self._world.rows["assistant_tools"]):
            add("assistant_tools", here, **link, position=9)
        of_message = {"message_id": said["id"], "position": 9}
        add("citations", here, **of_talk, **of_message, source_id=cited["source_id"], breadcrumbs=[], pages=[])
        for name in ("attachments", "content_parts", "follow_up_questions", "tool_calls"):
            add(name, here, **of_message)
        author = {"author_kind": FeedbackAuthor.END_USER, "author_id": talk["owner_id"], "is_owners": False}
        add("feedback", here, **of_talk, message_id=said["id"], **author)
        add("feedback", here, **of_talk, **{**author, "is_owners": True})
        for name in ("feedback_reasons", "feedback_scores", "citation_verdicts"):
            add(name, here, feedback_id=opinion["id"], position=9)

    # ------------------------------------------------------------ what writing would come upon

    def _written(self, rows: dict[str, list[Row]], talk: Row) -> None:
        """On a conversation that is written to, behind all that is its own."""
        add, here, of_talk = self._world.add, self._here, {"conversation_id": talk["id"]}
        said = [row for row in rows["messages"] if row["conversation_id"] == talk["id"]]
        answer, end = said[1], said[4]
        cited = next(row for row in rows["citations"] if row["message_id"] == answer["id"])
        user = {
            "role": MessageRole.USER,
            "role_name": "user",
            "author_name": None,
            "tool_name": None,
            "has_parts": False,
        }
        user |= {"content": self._world.word(), "external_id": self._world.word()}
        added = add("messages", here, **of_talk, **user, tool_call_id=CALL, sequence=90, branch_position=90)
        add("messages", here, **of_talk, parent_id=answer["id"], sequence=91, branch_position=None)
        add("tool_calls", here, message_id=added["id"], position=0, result_message_id=end["id"])
        add("record_versions", here, entity_id=end["id"])
        add("conversation_tags", here, **of_talk, position=9)
        tool = add("tools", here)
        add("conversation_tools", here, **of_talk, tool_id=tool["id"], position=9)
        unknown = add("sources", here, citation_count=1, external_id=None, url=None, title=TITLE, identity=None)
        for position, source in enumerate((cited["source_id"], unknown["id"]), 9):
            at = {"message_id": answer["id"], "position": position}
            add("citations", here, **of_talk, **at, source_id=source, breadcrumbs=[], pages=[])
        for name in ("attachments", "content_parts", "follow_up_questions", "tool_calls"):
            add(name, here, message_id=answer["id"], position=9)
        author = {"author_kind": FeedbackAuthor.END_USER, "author_id": talk["owner_id"]}
        add("feedback", here, **of_talk, **author, is_owners=True)
        add("feedback", here, **of_talk, **author, message_id=answer["id"], is_owners=False)

    def _visited(self, talk: Row) -> None:
        """On a visitor's conversation: feedback that would say nothing but for a reason, and the assistant itself."""
        add, here, of_talk = self._world.add, self._here, {"conversation_id": talk["id"]}
        visitor = talk["owner_id"]
        author = {"author_kind": FeedbackAuthor.END_USER, "author_id": visitor}
        bare = dict.fromkeys(("comment", "positive_comment", "negative_comment", "suggestion", "properties"))
        bare |= {"rating": Rating.POSITIVE, "follow_up_questions_helpful": None}
        like = add("feedback", talk["workspace_id"], **of_talk, **author, **bare, is_owners=True)
        add("feedback_reasons", here, feedback_id=like["id"], position=9)
        add("feedback", here, **of_talk, **author, is_owners=False)
        add("conversations", here, owner_id=visitor, **self._LIVING)
        talk["assistant_id"] = add("assistants", here)["id"]
