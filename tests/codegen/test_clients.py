"""Clients that are generated from schema.graphql: Relay's, and GraphQL Code Generator's with a strict TypeScript."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.npm import installed

HERE = Path(__file__).parent
SCHEMA = HERE.parent.parent / "schema.graphql"

pytestmark = pytest.mark.node


@pytest.fixture(scope="session")
def packages(pytestconfig: pytest.Config) -> Path:
    return installed(HERE / "package.json", pytestconfig)


def project(name: str, packages: Path, folder: Path) -> Path:
    """A copy of a client's sources with the schema and the packages beside them."""
    copy = folder / name
    shutil.copytree(HERE / name, copy)
    shutil.copyfile(SCHEMA, copy / "schema.graphql")
    (copy / "node_modules").symlink_to(packages / "node_modules")
    return copy


def run(program: str, *arguments: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    command = [str(folder / "node_modules/.bin" / program), *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def said(done: "subprocess.CompletedProcess[str]") -> str:
    return done.stdout + done.stderr


def test_relay_compiler_makes_an_artifact_of_each_operation_and_fragment_of_a_client(
    packages: Path, tmp_path: Path
) -> None:
    folder = project("relay", packages, tmp_path)
    sources = "\n".join(path.read_text() for path in (folder / "src").glob("*.ts"))
    declared = set(re.findall(r"^ *(?:query|mutation|fragment) (\w+)", sources, re.MULTILINE))
    refetched = set(re.findall(r'queryName: "(\w+)"', sources))

    done = run("relay-compiler", folder=folder)

    assert done.returncode == 0, said(done)
    assert "WARN" not in said(done)
    artifacts = {path.name.removesuffix(".graphql.ts") for path in (folder / "src/__generated__").iterdir()}
    assert artifacts == declared | refetched
    assert len(refetched) == 4


def test_relay_compiler_refuses_a_query_for_what_the_schema_lacks(packages: Path, tmp_path: Path) -> None:
    folder = project("relay", packages, tmp_path)
    inbox = folder / "src/Inbox.ts"
    inbox.write_text(inbox.read_text().replace("    preview\n", "    previewOfAnotherApi\n"))

    done = run("relay-compiler", folder=folder)

    assert done.returncode != 0
    assert "previewOfAnotherApi" in said(done)


def test_a_client_of_the_client_preset_is_correct_to_a_strict_typescript(packages: Path, tmp_path: Path) -> None:
    folder = project("preset", packages, tmp_path)

    generated = run("graphql-codegen", "--config", "codegen.json", folder=folder)
    assert generated.returncode == 0, said(generated)

    # client.ts holds wrong uses too, each marked as an error that the compiler must find.
    compiled = run("tsc", "--noEmit", "--strict", "--project", ".", folder=folder)
    assert compiled.returncode == 0, said(compiled)
