"""What an end user may write: their own conversations, in their own name and their own words.

The rows that a write names are found inside of the viewer's wall (`db.walls`); here it is said which fields they may
give. What is listed may be given; a field that comes later may not, until it is listed. A row that was locked was read
around the wall, and is whole when it is written: what the wall masks is taken out of what they are told of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from db.viewer import Viewer
from db.wall_rules import NOTHING, RULES
from db.words import FeedbackAuthor, MessageRole, ProblemCode
from db.writing.outcome import Outcome
from db.writing.problems import Place
from db.writing.shapes import Look, named

Values = Mapping[str, Any]

_CONVERSATION: Final = frozenset(
    {"title", "assistant_id", "owner_id", "visibility", "matrix_mode", "tags", "properties", "user_properties"}
)
_EXPECTED: Final = frozenset({"id", "expected_version"})

MAY_GIVE: Final[Mapping[str, frozenset[str]]] = {
    "createConversation": _CONVERSATION | {"uuid", "type", "messages"},
    "update_conversation": _CONVERSATION | _EXPECTED | {"like", "comment"},
    "archive_conversation": _EXPECTED,
    "unarchive_conversation": _EXPECTED,
    "delete_conversation": _EXPECTED,
    "restore_conversation": frozenset({"id"}),
    "fork_conversation": frozenset({"message_id", "uuid", "title"}),
    "tag_conversations": frozenset({"ids", "tags", "on_error"}),
    "untag_conversations": frozenset({"ids", "tags", "on_error"}),
    "addMessages": frozenset({"conversation_id", "messages", "on_error", "expected_version"}),
    "editMessage": _EXPECTED | {"uuid", "content", "content_parts", "attachments"},
    "regenerateMessage": frozenset({"id", "message", "uuid"}),
    "setCurrentMessage": frozenset({"message_id", "expected_version"}),
    "deleteMessage": _EXPECTED,
    "give_feedback": frozenset(
        {
            *("target", "rating", "comment", "positive_comment", "negative_comment", "suggestion", "reasons", "scores"),
            *("citation_verdicts", "follow_up_questions_helpful", "seen", "properties", "user_properties"),
            *("author_id", "author_kind"),
        }
    ),
    "withdraw_feedback": frozenset({"id"}),
    "claim_conversations": frozenset({"anonymous_user_id"}),
}
"""For each verb that an end user may use, the fields that they may give."""

MAY_SAY: Final = frozenset(
    {
        *("uuid", "parent_id", "role", "content", "content_format", "content_parts", "attachments"),
        *("author_id", "author_name", "properties", "user_properties"),
    }
)
"""The fields of a message that they may give."""

_AS_USUAL: Final[Mapping[str, Any]] = {"visible": True}
"""Fields that come with a value of their own where a client doesn't give them."""


def confined(verb: str, values: Values, viewer: Viewer, look: Look) -> Values:
    """The input as it is done for this viewer; notes what an end user may not give.

    Conversations that they make are theirs, and feedback that they give is in their name.
    """
    user = viewer.owns
    if user is None:
        return values
    allowed = MAY_GIVE.get(verb)
    if allowed is None:
        look.problems.add(ProblemCode.FORBIDDEN, "End users may not do this.", ())
        return values
    given = dict(values)
    _refuse_others(given, allowed | {"idempotency_key"}, (), look, changes=verb == "update_conversation")
    if verb == "createConversation":
        _force(given, "owner_id", user, (), look)
    elif verb == "update_conversation" and "owner_id" in given:
        _force(given, "owner_id", user, (), look, clears=True)
    elif verb == "give_feedback":
        _force(given, "author_id", user, (), look)
        _force(given, "author_kind", FeedbackAuthor.END_USER, (), look)
    _each(given, "messages", lambda message, at: _message(message, user, at, look))
    if isinstance(given.get("message"), Mapping):
        given["message"] = _message(given["message"], user, ("message",), look)
    return given


def mask(outcome: Outcome, viewer: Viewer) -> None:
    """Let the changed rows be as an end user sees them, without the columns that the wall around their reads masks."""
    if viewer.owns is None:
        return
    for table, rows in ((outcome.table, [outcome.row]), (outcome.listed_table, outcome.listed)):
        for column in RULES.get(table, NOTHING).masked:
            for row in rows:
                if row is not None:
                    setattr(row, column, None)


def _each(given: dict[str, Any], name: str, confine: Callable[[Values, Place], Values]) -> None:
    listed = given.get(name)
    if isinstance(listed, list | tuple):
        given[name] = [
            confine(each, (name, str(index))) if isinstance(each, Mapping) else each
            for index, each in enumerate(listed)
        ]


def _message(message: Values, user: str, at: Place, look: Look) -> Values:
    given = dict(message)
    _refuse_others(given, MAY_SAY, at, look)
    if isinstance(given.get("role"), MessageRole) and given["role"] is not MessageRole.USER:
        _forbid((*at, "role"), "must be USER: end users speak for themselves", look)
    if given.get("author_id") is not None:
        _force(given, "author_id", user, at, look)
    return given


def _refuse_others(
    given: dict[str, Any], allowed: frozenset[str], at: Place, look: Look, *, changes: bool = False
) -> None:
    """Note the fields that are not allowed; a null is one where it changes something."""
    for name, value in given.items():
        if name in allowed or (value is None and not changes) or (name in _AS_USUAL and value == _AS_USUAL[name]):
            continue
        _forbid((*at, name), "is not for end users to give", look)


def _force(given: dict[str, Any], name: str, own: Any, at: Place, look: Look, *, clears: bool = False) -> None:
    """Let the field have the viewer's own value; note any other."""
    value = given.get(name)
    if value != own and (value is not None or clears):
        _forbid((*at, name), "can only be your own", look)
    given[name] = own


def _forbid(at: Place, why: str, look: Look) -> None:
    look.problems.add(ProblemCode.FORBIDDEN, f"{named(at)} {why}.", at)
