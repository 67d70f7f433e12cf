"""How SQLite goes about filters that name few rows: by their index, whatever the list is ordered by.

It has no statistics to choose by, and an index of the order looks as good to it as any other.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from db import conversations, feedback, messages, sources
from db.database import Database
from db.filters import is_narrow
from db.paging import Page
from db.record import new_id
from db.viewer import DEFAULT_VIEWER as ME
from db.viewer import PROGRAM
from tests.conftest import fresh_database

KEY = new_id()


@contextmanager
def executed(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """A list that fills with the statements of the reader and their parameters."""
    given: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        given.append((statement, parameters))

    event.listen(database.reader.sync_engine, "before_cursor_execute", note)
    try:
        yield given
    finally:
        event.remove(database.reader.sync_engine, "before_cursor_execute", note)


@pytest.mark.parametrize(
    ("room", "where", "index"),
    [
        (messages, {"references": {"source_id": {"eq": KEY}}}, "ix_citations_source_id"),
        (messages, {"and": [{"references": {"url": {"in": ["https://example.com"]}}}]}, "ix_citations_url"),
        (messages, {"conversation_id": {"eq": KEY}}, "uq_messages_sequence"),
        (conversations, {"references": {"source_id": {"in": [KEY]}}}, "ix_citations_source_id"),
        (conversations, {"messages": {"references": {"source_id": {"eq": KEY}}}}, "ix_citations_source_id"),
        (feedback, {"message_id": {"eq": KEY}}, "ix_feedback_message_id"),
        (sources, {"url": {"eq": "https://example.com"}}, "ix_sources_url"),
    ],
)
async def test_a_filter_that_names_few_rows_is_answered_from_its_index_and_not_row_by_row_of_the_list(
    room: Any, where: dict[str, Any], index: str, tmp_path: Path
) -> None:
    async with fresh_database("sqlite", tmp_path) as database:
        with executed(database) as statements:
            async with database.read(viewer=PROGRAM) as connection:
                await room.page(connection, Page.of(), where=where, viewer=ME)
                await room.count(connection, where=where, viewer=ME)
        assert len(statements) == 2
        for statement, parameters in statements:
            async with database.read(viewer=PROGRAM) as connection:
                found = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                plan = [row.detail for row in found]
            assert any(f"INDEX {index} " in step for step in plan), plan
            assert not any("CORRELATED" in step for step in plan), plan
            assert not any("(workspace_id=?)" in step for step in plan), plan


def test_only_values_with_few_rows_make_a_filter_narrow() -> None:
    assert is_narrow({"id": {"eq": KEY}})
    assert not is_narrow(None)
    assert not is_narrow({"id": {"ne": KEY}})
    assert not is_narrow({"role": {"eq": "USER"}})
    assert not is_narrow({"or": [{"id": {"eq": KEY}}]})
    assert not is_narrow({"references": {"kind": {"eq": "page"}}})
