"""The formats of exports, and the page that says what each of them holds."""

from db.interchange.exports import COLLOQUY, CSV, EXPORTS, MARKDOWN
from db.interchange.foreign import TARGETS
from db.interchange.formats import FORMATS
from db.interchange.ledger import FINER
from db.interchange.losses import INEXACT
from tests.interchange.holdings import PAGE, TABLES, losses, page


def test_every_format_of_imports_is_one_of_exports() -> None:
    assert list(EXPORTS) == [COLLOQUY, *FORMATS, MARKDOWN, CSV]
    assert TARGETS.keys() == FORMATS.keys()
    assert all(name == export.name for name, export in EXPORTS.items())


def test_formats_that_are_not_imported_again_say_what_they_leave_out() -> None:
    assert [name for name, export in EXPORTS.items() if export.left_out] == [MARKDOWN, CSV]
    assert [name for name, export in EXPORTS.items() if not (export.imports and export.lines)] == [MARKDOWN, CSV]


def test_the_page_says_what_formats_hold() -> None:
    assert PAGE.read_text() == page()


def test_the_page_names_all_that_can_be_lost() -> None:
    listed = {f"{prefix}{name}" for prefix, names in TABLES.values() for name in names}
    listed |= {"messages.feedback", "messages.citations"}
    found = {name.removesuffix(FINER).removesuffix(INEXACT) for lost in losses().values() for name in lost}
    assert found <= listed


def test_the_page_names_every_export() -> None:
    text = PAGE.read_text()
    assert all(f"`{name}`" in text for name in EXPORTS)
