"""The errors of an answer: the foreseen keep their words and their code, the others are masked and logged once."""

import asyncio
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import GraphQLError
from strawberry.extensions import SchemaExtension
from strawberry.types import ExecutionResult

from graph.errors import ErrorCode, Presenter, bad_user_input
from tests.graph.toy import SECRET, toy_schema

LEAKS = [SECRET, "RuntimeError", "KeyError", "Unprintable", "Traceback", ".py"]


async def errors_of(query: str, variables: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    result = await toy_schema().execute(query, variables)
    return [dict(error.formatted) for error in result.errors or []]


async def only_error_of(query: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
    (error,) = await errors_of(query, variables)
    return error


@pytest.mark.parametrize(
    ("field", "message", "extensions"),
    [
        ("foreseen", "`first` is from 1 to 100.", {"code": "BAD_USER_INPUT", "field": "first"}),
        ("missing", "There is no such conversation.", {"code": "BAD_USER_INPUT"}),
        ("refused", "A limit is positive.", {"code": "BAD_USER_INPUT", "field": "limit"}),
        ("tooMuch", "Too deep.", {"code": "LIMIT_EXCEEDED", "limit": "depth"}),
    ],
)
async def test_a_foreseen_failure_keeps_its_words_its_code_and_its_place(
    field: str, message: str, extensions: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    error = await only_error_of(f"{{ here: {field} }}")

    assert error == {
        "message": message,
        "locations": [{"line": 1, "column": 3}],
        "path": ["here"],
        "extensions": extensions,
    }
    assert caplog.records == []


@pytest.mark.parametrize("field", ["fault", "notANumber", "nothing", "locked", "uncoded", "naive"])
async def test_a_fault_leaves_only_an_id_under_which_it_is_logged_once(
    field: str, caplog: pytest.LogCaptureFixture
) -> None:
    error = await only_error_of(f"{{ {field} }}")

    identifier = error["extensions"].pop("id")
    assert error["extensions"] == {"code": "INTERNAL_SERVER_ERROR"}
    assert error["message"] == f"Something went wrong here. The server's log has it under {identifier}."
    assert error["path"] == [field]
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("colloquy", logging.ERROR)
    assert record.getMessage() == f"Fault {identifier} at {field}"
    assert record.exc_info is not None


async def test_the_traceback_of_a_fault_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    await errors_of("{ fault }")

    assert f"RuntimeError: {SECRET}" in caplog.text
    assert "Traceback" in caplog.text


async def test_a_fault_of_many_rows_has_one_id_and_one_traceback(caplog: pytest.LogCaptureFixture) -> None:
    errors = await errors_of("{ faults { value } }")

    assert len(errors) == 50
    assert [error["path"] for error in errors] == [["faults", row, "value"] for row in range(50)]
    assert len({error["extensions"]["id"] for error in errors}) == 1
    assert len(caplog.records) == 1


async def test_two_faults_of_an_answer_have_an_id_each(caplog: pytest.LogCaptureFixture) -> None:
    first, second = await errors_of("{ fault uncoded }")

    assert first["extensions"]["id"] != second["extensions"]["id"]
    assert len(caplog.records) == 2


async def test_answers_made_at_the_same_time_are_masked_each_for_itself(caplog: pytest.LogCaptureFixture) -> None:
    schema = toy_schema()
    stream = await schema.stream("subscription { ticks(until: 1) }")
    ticking = aiter(stream)
    await anext(ticking)

    secrets = [f"secret number {n} of many" for n in range(50)]
    results = await asyncio.gather(
        *(schema.execute("query ($s: String!) { fault(secret: $s) }", {"s": secret}) for secret in secrets)
    )

    said = [error.formatted for result in results for error in result.errors or []]
    assert len({error["extensions"]["id"] for error in said}) == 50
    assert all("secret" not in str(error) for error in said)
    for result, secret in zip(results, secrets, strict=True):
        (error,) = result.errors or []
        (record,) = [record for record in caplog.records if (error.extensions or {})["id"] in record.getMessage()]
        assert record.exc_info is not None
        assert str(record.exc_info[1]) == secret

    failed = await anext(ticking)
    assert isinstance(failed, ExecutionResult)
    assert SECRET not in str(failed)
    assert "INTERNAL_SERVER_ERROR" in str([error.formatted for error in failed.errors or []])
    await stream.aclose()


@pytest.mark.parametrize(
    ("query", "variables", "expected"),
    [
        ("{", None, ErrorCode.GRAPHQL_PARSE_FAILED),
        ("{ hello(", None, ErrorCode.GRAPHQL_PARSE_FAILED),
        ("{ hello" * 300, None, ErrorCode.LIMIT_EXCEEDED),
        ("{ bye }", None, ErrorCode.GRAPHQL_VALIDATION_FAILED),
        ("{ ...F }", None, ErrorCode.GRAPHQL_VALIDATION_FAILED),
        ("{ twice }", None, ErrorCode.GRAPHQL_VALIDATION_FAILED),
        ("{ hello { name } }", None, ErrorCode.GRAPHQL_VALIDATION_FAILED),
        ("{ width(range: {low: 1, high: true}) }", None, ErrorCode.GRAPHQL_VALIDATION_FAILED),
        ("query ($r: Range!) { width(range: $r) }", {"r": {"low": "1"}}, ErrorCode.BAD_USER_INPUT),
        ("query ($r: Range!) { width(range: $r) }", {"r": {"low": 1, "mid": 2}}, ErrorCode.BAD_USER_INPUT),
        ("query ($r: Range!) { width(range: $r) }", {"r": 7}, ErrorCode.BAD_USER_INPUT),
        ("query ($r: Range!) { width(range: $r) }", None, ErrorCode.BAD_USER_INPUT),
        (
            "query ($c: Colour!) { paint(colour: $c) }",
            {"c": "PLAID"},
            ErrorCode.BAD_USER_INPUT,
        ),
        ("query ($t: DateTime!) { at(time: $t) }", {"t": "2026-03-01T09:30:00"}, ErrorCode.BAD_USER_INPUT),
        ("query ($u: UUID!) { uuid(value: $u) }", {"u": "{}"}, ErrorCode.BAD_USER_INPUT),
        ("query ($n: Int = 1) { twice(n: $n) }", {"n": None}, ErrorCode.BAD_USER_INPUT),
        ("query A { hello } query B { hello }", None, ErrorCode.OPERATION_RESOLUTION_FAILURE),
        ("fragment F on Query { hello }", None, ErrorCode.OPERATION_RESOLUTION_FAILURE),
        ("", None, ErrorCode.BAD_REQUEST),
    ],
)
async def test_what_the_client_got_wrong_has_a_code_and_is_not_logged(
    query: str, variables: dict[str, Any] | None, expected: str, caplog: pytest.LogCaptureFixture
) -> None:
    by_execute = await only_error_of(query, variables)
    (streamed,) = [result async for result in await toy_schema().stream(query, variables)]
    assert isinstance(streamed, ExecutionResult)
    by_thread = toy_schema().execute_sync(query, variables)

    assert by_execute["extensions"]["code"] == expected
    for other in (streamed, by_thread):
        assert [error.formatted for error in other.errors or []] == [by_execute]
    assert caplog.records == []


async def test_an_unknown_operation_is_named_but_not_at_any_length() -> None:
    result = await toy_schema().execute("query A { hello }", operation_name="B" * 10_000)

    (error,) = result.errors or []
    assert error.message == f'The document has no operation named "{"B" * 100}".'
    assert error.extensions == {"code": "OPERATION_RESOLUTION_FAILURE"}


async def test_no_fault_tells_of_the_inside() -> None:
    for field in ("fault", "faults { value }", "notANumber", "nothing", "locked", "uncoded", "naive"):
        for error in await errors_of(f"{{ {field} }}"):
            assert [leak for leak in LEAKS if leak in str(error)] == []


class FailsBefore(SchemaExtension):
    def on_operation(self) -> Iterator[None]:
        raise RuntimeError(SECRET)
        yield


class FailsAfterParsing(SchemaExtension):
    def on_parse(self) -> Iterator[None]:
        yield
        raise RuntimeError(SECRET)


class LimitsWhileValidating(SchemaExtension):
    def on_validate(self) -> Iterator[None]:
        raise GraphQLError("Too many aliases.", extensions={"code": "LIMIT_EXCEEDED", "limit": "aliases"})
        yield


@pytest.mark.parametrize("extension", [FailsBefore, FailsAfterParsing])
async def test_a_fault_in_an_extension_is_masked_as_well(
    extension: type[SchemaExtension], caplog: pytest.LogCaptureFixture
) -> None:
    result = await toy_schema([extension]).execute("{ hello }")

    (error,) = result.errors or []
    assert (error.extensions or {})["code"] == "INTERNAL_SERVER_ERROR"
    assert SECRET not in str(error.formatted)
    assert len(caplog.records) == 1


async def test_what_an_extension_refuses_keeps_its_code() -> None:
    result = await toy_schema([LimitsWhileValidating]).execute("{ hello }")

    (error,) = result.errors or []
    assert error.formatted == {
        "message": "Too many aliases.",
        "extensions": {"code": "LIMIT_EXCEEDED", "limit": "aliases"},
    }


def test_words_of_a_scalars_parser_do_not_leave() -> None:
    cause = GraphQLError(
        "Expected value of type 'ID', but encountered error 'Incorrect padding'; found: 'x'.",
        original_error=ValueError("Incorrect padding"),
    )
    seen = GraphQLError(f"Variable '$id' has invalid value: {cause.message}", original_error=cause)

    presented = Presenter().present(seen)

    assert presented.formatted == {
        "message": "Variable '$id' has invalid value: Expected value of type 'ID'.",
        "extensions": {"code": "BAD_USER_INPUT"},
    }


def test_bad_input_names_its_field_where_there_is_one() -> None:
    assert bad_user_input("No.").extensions == {"code": "BAD_USER_INPUT"}
    assert bad_user_input("No.", "first").extensions == {"code": "BAD_USER_INPUT", "field": "first"}
