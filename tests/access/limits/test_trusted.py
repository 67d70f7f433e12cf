"""Documents that the clients were built with: known by id from the start, and where that is wanted nothing else."""

import json
from pathlib import Path
from typing import Any

import pytest

from db.database import Database
from db.viewer import DEFAULT_VIEWER
from graph import asked
from graph.access.trusted import BadManifest, Trusted
from graph.asked import Refusal
from graph.context import Context
from graph.schema import schema
from tests.access.limits.asking import executed, make_known, prepared

TEXT = "query Trusted { conversations { totalCount } }"
OTHER = "query Other { conversations { totalCount } }"


def manifest(folder: Path, content: Any) -> str:
    path = folder / "persisted-documents.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(path)


def trusted(folder: Path, *, only: bool) -> Trusted:
    found = Trusted.of(manifest(folder, {"8f1b": TEXT}), schema._schema, only=only)
    assert found is not None
    return found


def test_a_request_names_a_document(tmp_path: Path) -> None:
    known = trusted(tmp_path, only=False)
    data = asked.plain(b'{"documentId": "8f1b", "variables": {"a": 1}}', known)
    assert (data.query, data.variables) == (TEXT, {"a": 1})
    assert asked.plain(json.dumps({"query": OTHER, "documentId": None}).encode(), known).query == OTHER
    assert len(known) == 1


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"documentId": "none"}, 404, "DOCUMENT_NOT_FOUND"),
        ({"documentId": 7}, 400, "BAD_REQUEST"),
        ({"documentId": "8f1b", "query": TEXT}, 400, "BAD_REQUEST"),
    ],
)
def test_a_document_that_is_not_there_is_refused_by_name(
    tmp_path: Path, body: dict[str, Any], status: int, code: str
) -> None:
    for known in (trusted(tmp_path, only=False), None):
        with pytest.raises(Refusal) as refused:
            asked.plain(json.dumps(body).encode(), known)
        assert refused.value.status == status
        assert refused.value.error.extensions == {"code": code, "field": "documentId"}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_any_document_may_run_beside_them_unless_they_are_the_only_ones(
    database: Database, tmp_path: Path
) -> None:
    for text in (TEXT, OTHER):
        await make_known(text, database)
    for only in (False, True):
        known = trusted(tmp_path, only=only)
        for text in (TEXT, OTHER, "{ nobody knows this", "{ conversations { totalCount } }"):
            answer = await executed(text, Context(database, DEFAULT_VIEWER, trusted=known))
            other = await prepared(text, Context(database, DEFAULT_VIEWER, trusted=known))
            if only and text != TEXT:
                (error,) = answer["errors"]
                assert error["extensions"] == {"code": "FORBIDDEN", "field": "query"}
                assert other is None or json.dumps(other) == json.dumps(answer)
            elif "nobody" not in text:
                assert "errors" not in answer
                assert other is None or "errors" not in other


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "the file is not valid JSON"),
        ([TEXT], "must be a JSON object"),
        ({"a": 1}, "a is no text"),
        ({"a": "{"}, "a is not valid: Syntax Error"),
        ({"a": TEXT, "b": "{ nothing }"}, "b is not valid: Cannot query field 'nothing'"),
    ],
)
def test_a_bad_manifest_says_what_is_wrong(tmp_path: Path, content: Any, says: str) -> None:
    path = manifest(tmp_path, content)
    with pytest.raises(BadManifest) as bad:
        Trusted.of(path, schema._schema, only=False)
    assert path in str(bad.value)
    assert says in str(bad.value)


def test_a_manifest_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadManifest, match=r"none\.json: No such file"):
        Trusted.of(str(tmp_path / "none.json"), schema._schema, only=True)
    with pytest.raises(BadManifest, match="no file of them is named"):
        Trusted.of("", schema._schema, only=True)
    assert Trusted.of("", schema._schema, only=False) is None
