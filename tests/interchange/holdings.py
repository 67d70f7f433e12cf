"""What each format holds of a conversation that has everything, as tables for docs/export.md.

`python -m tests.interchange.holdings` writes them into the page.
"""

from collections import Counter
from pathlib import Path
from typing import Final

from db.interchange.foreign import TARGETS, converted
from db.interchange.ledger import FINER
from db.interchange.losses import INEXACT, OFF_BRANCH
from tests.interchange.written import whole

PAGE: Final = Path(__file__).parents[2] / "docs" / "export.md"
BEGIN: Final = "<!-- holdings -->"
END: Final = "<!-- end of holdings -->"

_MESSAGE: Final = (
    *("id", "role", "messageType", "actor", "visible", "content", "contentFormat", "contentParts.image"),
    *("contentParts.image.detail", "contentParts.file", "contentParts.reasoning", "contentParts.other", "timestamp"),
    *("updatedAt", "authorId", "authorName", "status", "failReason", "confidence", "model", "toolCalls"),
    *("toolCalls.callId", "toolCallId", "toolName", "attachments"),
    *(f"attachments.{name}" for name in ("name", "mediaType", "size", "url", "text", "externalId")),
    *("followUpQuestions", "followUpQuestions.confidence", "followUpQuestions.reasoning"),
    *("usage.inputTokens", "usage.outputTokens", "usage.totalTokens", "usage.cachedInputTokens"),
    *("usage.reasoningTokens", "metadata.processingTimeMs", "metadata.modelVersion", "metadata.aiTransactionId"),
    *("metadata.reason", "metadata.finishReason", "metadata.systemPrompt", "metadata.extra", "dwData"),
    *("userCredits", "rank", "properties", "userProperties", "externalId", "externalUrl", "sequence"),
)
_CITATION: Final = (
    *("number", "shownNumber", "label", "title", "url", "excerpt", "context", "description", "kind"),
    *("relevanceScore", "breadcrumbs", "pages", "startIndex", "endIndex", "externalId", "metadata", "source"),
    "source.text",
)
_FEEDBACK: Final = (
    *("rating", "comment", "reasons", "reasons.details", "scores", "scores.label", "scores.count"),
    *("citationVerdicts", "citationVerdicts.score", "citationVerdicts.comment", "citationVerdicts.reference"),
    *("positiveComment", "negativeComment", "suggestion", "followUpQuestionsHelpful", "authorId"),
    *("properties", "userProperties", "externalId"),
)
TABLES: Final = {
    "Of a conversation": (
        "",
        (
            *("id", "title", "type", "assistant", "assistant.name", "assistant.description", "tools", "tools.name"),
            *(
                "tools.kind",
                "executionStatus",
                "failReason",
                "matrixMode",
                "visibility",
                "shareUrl",
                "sharedWith",
                "tags",
            ),
            *("properties", "userProperties", "model", "systemPrompt", "temperature", "config", "externalId"),
            *("externalUrl", "supportTicketConversationId", "projectId", "integrationId", "ownerId", "createdAt"),
            *("updatedAt", "archivedAt", "references", "feedback", "feedback.authorId", "feedback.authorKind"),
            *("currentMessage", OFF_BRANCH),
        ),
    ),
    "Of a message": ("messages.", _MESSAGE),
    "Of a citation": ("messages.citations.", _CITATION),
    "Of feedback on a message": ("messages.feedback.", _FEEDBACK),
}
"""What may be held, by the names under which losses are counted."""


def losses() -> dict[str, Counter[str]]:
    """By format what it does not hold."""
    return {name: converted(whole(), name).losses for name in TARGETS}


def held(name: str, lost: Counter[str]) -> str:
    """Whether a format holds it: + for yes, s for times that are not exact, a blank for no."""
    path = name.split(".")
    if any(".".join(path[: length + 1]) in lost for length in range(len(path))):
        return ""
    return "s" if f"{name}{FINER}" in lost or f"{name}{INEXACT}" in lost else "+"


def tables() -> str:
    """The tables, in Markdown, and what is in none of them since no format holds it."""
    found = losses()
    pieces: list[str] = []
    nowhere: list[str] = []
    for title, (prefix, names) in TABLES.items():
        rows = {name: [held(f"{prefix}{name}", lost) for lost in found.values()] for name in names}
        nowhere += [f"`{prefix}{name}`" for name, cells in rows.items() if not any(cells)]
        lines = [f"| | {' | '.join(found)} |", f"|---|{':-:|' * len(found)}"]
        lines += [f"| `{name}` | {' | '.join(cells)} |" for name, cells in rows.items() if any(cells)]
        pieces.append("\n".join([f"### {title}", "", *lines]))
    pieces.append("In no format but `colloquy`: " + ", ".join(nowhere) + ".")
    return "\n\n".join(pieces)


def page() -> str:
    """The page with the tables as they are now."""
    text = PAGE.read_text()
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n\n{tables()}\n\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    PAGE.write_text(page())
