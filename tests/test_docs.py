"""The docs say what is."""

import re
from pathlib import Path

from graph.errors import ErrorCode
from graph.settings import PREFIX, Settings

DOCS = Path(__file__).parent.parent / "docs"


def test_each_setting_is_documented_with_its_default() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `([^`]*)` \|", (DOCS / "settings.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert dict(rows) == {
        PREFIX + name.upper(): str(field.default).lower() if isinstance(field.default, bool) else str(field.default)
        for name, field in Settings.model_fields.items()
    }


def test_each_link_of_the_readme_leads_somewhere() -> None:
    readme = DOCS.parent / "README.md"
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", readme.read_text(encoding="utf-8")):
        assert (readme.parent / target).exists(), target


def test_each_error_code_that_is_documented_exists() -> None:
    documented = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)`", (DOCS / "api.md").read_text(encoding="utf-8")))
    assert documented <= {str(code) for code in ErrorCode}
