"""What the log has of an error: where it was and what kind it is, never the value that it is about."""

import io
import logging
import sqlite3
from collections.abc import Callable

import asyncpg
import pytest
import sqlalchemy as sa
from graphql import GraphQLError, GraphQLInt

from db.database import Database
from db.faults import discreet, named, traced
from db.viewer import PROGRAM

SAID = "something that was said in confidence"


def raised(fail: Callable[[], object]) -> Exception:
    with pytest.raises(Exception) as caught:  # noqa: PT011  # of any kind: what is told of it is looked at
        fail()
    return caught.value


QUOTING: list[Callable[[], object]] = [
    lambda: int(SAID),
    lambda: dict[str, str]()[SAID],
    lambda: GraphQLInt.serialize(SAID),
]


@pytest.mark.parametrize("fail", QUOTING)
def test_words_that_quote_a_value_are_left_out(fail: Callable[[], object]) -> None:
    error = raised(fail)
    assert SAID in str(error)
    assert SAID not in traced(error)
    assert type(error).__qualname__ in traced(error)
    assert "test_faults.py" in traced(error)


async def test_what_a_database_says_of_a_statement_is_told_by_names(database: Database) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        await connection.execute(sa.text("CREATE TABLE odd (said text, CONSTRAINT narrow CHECK (said = 'x'))"))
        savepoint = await connection.begin_nested()
        with pytest.raises(sa.exc.IntegrityError) as caught:
            await connection.execute(sa.text("INSERT INTO odd VALUES (:said)"), {"said": SAID})
        await savepoint.rollback()
    assert SAID in str(caught.value)
    told = traced(caught.value)
    assert SAID not in told
    assert "narrow" in told, "the constraint is named"
    assert told.index("narrow") < told.index("IntegrityError", told.index("narrow")), "what came first stands first"


def test_words_that_quote_nothing_stay() -> None:
    assert named(RuntimeError("the pool is closed")) == "RuntimeError: the pool is closed"
    assert named(FileNotFoundError(2, "No such file")) == "FileNotFoundError: [Errno 2] No such file"
    assert named(sqlite3.OperationalError("disk I/O error")) == "sqlite3.OperationalError: disk I/O error"
    assert named(asyncpg.InterfaceError("connection is closed")).endswith("InterfaceError: connection is closed")
    assert named(AssertionError()) == "AssertionError"
    assert named(GraphQLError(SAID)) == "graphql.error.graphql_error.GraphQLError"


def test_an_error_of_postgresql_is_its_kind_and_names() -> None:
    error = asyncpg.CheckViolationError(f"new row violates it: {SAID}")
    error.__dict__.update(table_name="messages", constraint_name="narrow", detail=SAID)
    assert named(error) == (
        "asyncpg.exceptions.CheckViolationError: sqlstate 23514, table_name messages, constraint_name narrow"
    )


def test_what_led_to_an_error_is_told_before_it_and_each_of_a_group() -> None:
    def chained() -> None:
        try:
            int(SAID)
        except ValueError as error:
            raise ExceptionGroup("two at once", [error, OSError("no room")]) from error

    told = traced(raised(chained))
    assert SAID not in told
    assert told.startswith("Traceback")
    assert [told.find(words) > 0 for words in ("ValueError", "which led to", "two at once", "OSError: no room")] == (
        [True] * 4
    )

    def hidden() -> None:
        try:
            raise OSError("the first")
        except OSError:
            raise RuntimeError("the second") from None

    assert "the first" not in traced(raised(hidden))


def test_a_chain_without_an_end_is_told_as_far_as_it_helps() -> None:
    one, other = RuntimeError("one"), RuntimeError("other")
    one.__cause__, other.__cause__ = other, one
    assert traced(one).count("Traceback") == 10


def test_a_logger_with_the_filter_writes_no_value() -> None:
    written = io.StringIO()
    logger = logging.getLogger("tests.discreet")
    handler = logging.StreamHandler(written)
    logger.addHandler(handler)
    logger.propagate = False
    for words in ("before", "after"):
        try:
            int(SAID)
        except ValueError:
            logger.exception("%s", words)
        logger.addFilter(discreet)
    before, after = written.getvalue().split("after\n")
    assert SAID in before
    assert SAID not in after
    assert "ValueError" in after
