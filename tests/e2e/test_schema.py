"""`colloquy schema`: the API for code generators, and what has become of it since a file was written."""

from pathlib import Path

from tests.e2e.command import afresh, colloquy

FILE = Path(__file__).parent.parent.parent / "schema.graphql"


def test_the_schema_is_printed_as_the_file_has_it(tmp_path: Path) -> None:
    done = afresh("schema", folder=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == FILE.read_text()
    assert list(tmp_path.iterdir()) == []


def test_breaking_changes_are_named_and_the_exit_code_is_1(tmp_path: Path) -> None:
    """The file has a field that this version lacks: whoever asks for it would be broken."""
    written = tmp_path / "old.graphql"
    written.write_text(FILE.read_text().replace("type TagCount {", "type TagCount {\n  colour: String!\n"))

    done = colloquy("schema", "--check", "old.graphql", folder=tmp_path)

    assert (done.returncode, done.stdout) == (1, "")
    assert [line for line in done.stderr.splitlines() if line.startswith("breaking: ")] == [
        "breaking: Field TagCount.colour was removed."
    ]
    assert "colloquy schema > old.graphql" in done.stderr


def test_a_file_that_is_no_schema_is_refused_with_exit_code_2(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("type {")

    done = colloquy("schema", "--check", "notes.txt", folder=tmp_path)

    assert done.returncode == 2
    assert "no GraphQL schema" in done.stderr
    assert "Traceback" not in done.stderr
