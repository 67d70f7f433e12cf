"""The audits of npm's graphql-http, which hold a server to every MUST, SHOULD and MAY of GraphQL over HTTP."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from graph.app import create_app
from graph.settings import Settings
from tests.npm import installed
from tests.servers import serve

AUDITS = Path(__file__).parent / "http_audits"

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of the endpoint to audit: the application as it is served."""
    settings = Settings.load(database_url=str(tmp_path_factory.mktemp("audits") / "colloquy.db"))
    with serve(create_app(settings), lifespan="on") as base:
        yield f"{base}/graphql"


@pytest.fixture(scope="module")
def modules(pytestconfig: pytest.Config) -> Path:
    """A folder with graphql-http installed."""
    return installed(AUDITS / "package.json", pytestconfig)


def test_every_audit_of_graphql_over_http_is_passed_without_a_warning(served: str, modules: Path) -> None:
    command = ["node", str(AUDITS / "audit.mjs"), str(modules), served]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr

    results = json.loads(done.stdout)

    assert [result for result in results if result["status"] != "ok"] == []
    assert len(results) == 61
