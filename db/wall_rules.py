"""What an end user sees of each table: the rules that the wall around their statements is made of (`db.walls`).

A rule is looked up by the table's name when a statement that names it is first seen; `db.walls.forget` after a change.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Rule(NamedTuple):
    """What a restricted viewer sees of a table; `own` is the row, `:user` and `:workspace` are the viewer's."""

    where: str
    public: str = ""
    """What is seen as well where the viewer may see what is public."""
    fence: str = ""
    """What holds of all that is seen."""
    needs: tuple[str, ...] = ()
    """The tables, or helpers, whose walls the condition itself looks at."""
    masked: tuple[str, ...] = ()
    """Columns that are null."""
    computed: tuple[tuple[str, str], ...] = ()
    """Columns that have another value."""
    join: str = ""


def _of(table: str, column: str) -> Rule:
    """What belongs to a row that is seen."""
    return Rule(f"EXISTS (SELECT 1 FROM {table} AS above WHERE above.id = own.{column})", needs=(table,))


NOTHING: Final = Rule("1 = 0")
"""No row."""

EVERYTHING: Final = Rule("1 = 1")
"""All rows: no rule is this one; a test that takes a rule away puts it there."""

_HERE: Final = Rule("own.workspace_id = :workspace")

_HOW_IT_IS_MADE: Final = ("system_prompt", "model", "temperature", "config")
"""What the team has put into its assistants, and what conversations have copied of it."""

RULES: Final[dict[str, Rule]] = {
    "workspaces": Rule("own.id = :workspace"),
    "conversations": Rule(
        "own.owner_id = :user",
        public="own.visibility = 'PUBLIC'",
        fence="own.workspace_id = :workspace",
        masked=_HOW_IT_IS_MADE,
    ),
    **dict.fromkeys(("conversation_tags", "conversation_tools", "citations"), _of("conversations", "conversation_id")),
    "messages": _of("conversations", "conversation_id")._replace(masked=("system_prompt",)),
    **dict.fromkeys(
        ("content_parts", "follow_up_questions", "attachments", "tool_calls"), _of("messages", "message_id")
    ),
    # Their own, and the like and comment of their own conversations; what others say of these is not for them.
    "feedback": Rule(
        "EXISTS (SELECT 1 FROM conversations AS above WHERE above.id = own.conversation_id"
        " AND (own.author_kind = 'END_USER' AND own.author_id = :user OR own.is_owners AND above.owner_id = :user))",
        needs=("conversations",),
    ),
    **dict.fromkeys(("feedback_reasons", "feedback_scores", "citation_verdicts"), _of("feedback", "feedback_id")),
    # The documents that what they see cites; how often, among that.
    "sources": Rule(
        "own.workspace_id = :workspace",
        needs=("colloquy_cited",),
        computed=(("citation_count", "cited.uses"),),
        join="JOIN colloquy_cited AS cited ON cited.source_id = own.id",
    ),
    # What a client offers for a new conversation, without how it is made.
    "assistants": _HERE._replace(masked=_HOW_IT_IS_MADE),
    "tools": _HERE,
    "assistant_tools": _HERE,
    **dict.fromkeys(("origins", "imports", "record_versions", "repeats"), NOTHING),
    **dict.fromkeys(("api_keys", "audit_entries", "token_secrets", "rate_points"), NOTHING),
}
"""For each table what a restricted viewer sees of it."""

HELPERS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    # Read once: walked from the viewer's conversations, of which there are few, and not from the documents.
    "colloquy_cited": (
        "colloquy_cited(source_id, uses) AS MATERIALIZED (SELECT said.source_id, CAST(count(*) AS integer)"
        " FROM conversations AS talk {across} JOIN citations AS said ON said.conversation_id = talk.id"
        " WHERE said.source_id IS NOT NULL GROUP BY said.source_id)",
        ("conversations", "citations"),
    )
}
"""Expressions that several rules, or parts of one, look at: the text, and what that needs itself."""
