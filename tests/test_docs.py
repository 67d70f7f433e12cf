"""The docs say what is."""

import asyncio
import re
import sys
import textwrap
from pathlib import Path

import pytest

from db import migrations
from db.database import Database, database_url
from db.words import ProblemCode
from graph.errors import ErrorCode
from graph.settings import PREFIX, Settings

DOCS = Path(__file__).parent.parent / "docs"


def test_each_setting_is_documented_with_its_default() -> None:
    page = (DOCS / "settings.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (?:`([^`]*)`)? *\|", page, re.MULTILINE)
    fields = Settings.model_fields.items()
    assert dict(rows) == {PREFIX + name.upper(): written(field.default) for name, field in fields}


def written(default: object) -> str:
    """A default as the environment would have it."""
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, tuple):
        return ",".join(map(str, default))
    return "" if default is None else str(default)


def test_each_link_of_the_readme_leads_somewhere() -> None:
    readme = DOCS.parent / "README.md"
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", readme.read_text(encoding="utf-8")):
        assert (readme.parent / target).exists(), target


def test_each_error_code_that_is_documented_exists() -> None:
    documented = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)`", (DOCS / "api.md").read_text(encoding="utf-8")))
    assert documented <= {str(code) for code in ErrorCode}


def test_each_problem_code_and_limit_of_writes_is_documented() -> None:
    page = (DOCS / "writing.md").read_text(encoding="utf-8")
    table = page[page.index("| code | when |") : page.index("`addMessages`, `logConversation` and")]
    assert set(re.findall(r"`([A-Z]+(?:_[A-Z]+)*)`", table)) == {str(code) for code in ProblemCode}
    limits = page[page.index("## Limits") : page.index("Titles have")]
    named = set(re.findall(r"`COLLOQUY_(\w+)`", limits))
    assert named == {name.upper() for name in Settings.model_fields if name.startswith("max_")}


async def test_the_ten_lines_of_the_readme_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (lines,) = re.findall(r"```python\n(.*?)```", (DOCS.parent / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    made = Database.open(database_url("colloquy.db"))
    await migrations.upgrade(made)
    await made.close()
    script = "import asyncio\n\nasync def main():\n" + textwrap.indent(lines, "    ")
    script += "    await database.close()\n\nasyncio.run(main())\n"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE)
    said, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0
    assert said.decode().splitlines() == ["How do I rotate a key? 2"]
