"""MTRAG goes out as Inkeep and into another database: there it is the same by query, but for what Inkeep lacks."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from db.database import Database
from graph.access.limits import UNBOUNDED
from graph.exporting import run_export
from tests.acceptance.reading import crawl
from tests.acceptance.worlds import SHARED, imported
from tests.conftest import fresh_database
from tests.graph.asking import Client

MTRAG = SHARED / "data/mtrag"

if not MTRAG.is_dir():
    pytest.skip("the samples are not beside this repository", allow_module_level=True)

SELECTED = """
    origin { recordId }
    messages(first: 100) {
      totalCount
      nodes { role content citations { number title url } parent { content } }
    }
"""


async def told(client: Client) -> dict[str, Any]:
    """The conversations by their original ids: the branch in play, who says what, and what is cited."""
    rows = await crawl(client, "conversations", SELECTED)
    assert all(len(row["messages"]["nodes"]) == row["messages"]["totalCount"] for row in rows)
    return {row["origin"]["recordId"]: row["messages"] for row in rows}


async def exported(database: Database, path: Path) -> str:
    said = StringIO()
    code = await run_export(database, format="inkeep", output=str(path), console=Console(file=said, width=10_000))
    assert code == 0
    return said.getvalue()


async def test_the_same_conversations_messages_and_citations_arrive_and_the_losses_are_named(tmp_path: Path) -> None:
    async with fresh_database("sqlite", tmp_path) as first:
        code, said = await imported(first, [MTRAG])
        assert code == 0, said
        summary = await exported(first, tmp_path / "mtrag-as-inkeep.jsonl")
        before = await told(Client(first, UNBOUNDED))
    assert len(before) == 527

    async with fresh_database("postgresql", tmp_path) as second:
        code, said = await imported(second, [tmp_path / "mtrag-as-inkeep.jsonl"])
        assert code == 0, said
        after = await told(Client(second, UNBOUNDED))

    assert after.keys() == before.keys()
    for record_id, messages in before.items():
        assert after[record_id] == messages, record_id
    assert "527 conversations exported as inkeep" in summary
    for lost in ("messages.citations.excerpt 1,575", "messages.model", "messages off the branch in play 318"):
        assert lost in summary
