"""Every record is claimed by its own format and by no other: an import stops where two claim it."""

import copy
from pathlib import Path
from random import Random

import pytest

from db.interchange.formats import FORMATS
from db.interchange.records import open_source, peek
from tests.interchange.drafted import SHARED, needs_samples, sample_records
from tests.interchange.mutations import mutated
from tests.interchange.specimens import BY_FORMAT, every_record

_DEMO = Path(__file__).parents[2] / "graph" / "demo"

_REAL = {
    "data/export-samples/openai-chat": "openai",
    "data/export-samples/chatgpt": "chatgpt",
    "data/export-samples/claude": "claude",
    "data/export-samples/librechat": "librechat",
    "data/export-samples/openwebui": "openwebui",
    "data/export-samples/sharegpt": "sharegpt",
    "data/export-samples/chatbotui": "chatbotui",
    "data/oasst-en100": "openassistant",
    "data/mtrag": "mtrag",
}


def claimed(record: object) -> list[str]:
    """The formats that claim a record."""
    return [name for name, each in FORMATS.items() if each.fits(record)]


def assert_claimed_alone(path: Path, name: str) -> None:
    """A file's beginning and all of its records are of that format alone."""
    with open_source(path) as source:
        assert claimed(peek(source)) == [name], path
    own = FORMATS[name]
    for index, record in enumerate(sample_records(path, () if own.whole_file else own.array_keys)):
        assert claimed(record) == [name], (path, index)


@pytest.mark.parametrize("name", list(BY_FORMAT))
def test_a_file_is_claimed_by_its_own_format_alone(name: str) -> None:
    assert BY_FORMAT[name]
    for path in BY_FORMAT[name]:
        assert_claimed_alone(path, name)


@pytest.mark.parametrize("path", sorted(_DEMO.glob("*.json")), ids=lambda path: path.name)
def test_a_demo_file_is_claimed_by_its_own_format_alone(path: Path) -> None:
    assert_claimed_alone(path, path.stem.split("-")[0])


@needs_samples
@pytest.mark.parametrize("folder", list(_REAL))
def test_a_real_file_is_claimed_by_its_own_format_alone(folder: str) -> None:
    paths = [path for path in (SHARED / folder).iterdir() if ".json" in path.name]
    assert paths
    for path in paths:
        assert_claimed_alone(path, _REAL[folder])


@needs_samples
@pytest.mark.parametrize("name", ["athena", "cogsol", "pipeshub", "inkeep"])
def test_an_example_of_the_four_systems_is_claimed_by_its_own_format_alone(name: str) -> None:
    assert_claimed_alone(SHARED / "formats" / f"{name}.example.json", name)


@pytest.mark.parametrize(
    "record", [None, True, 1, "text", [], {}, [1], {"messages": []}, {"messages": [1]}, {"role": []}]
)
def test_what_is_no_conversation_is_claimed_by_nobody(record: object) -> None:
    assert claimed(record) == []


def test_odd_records_confuse_no_format() -> None:
    for name, record in every_record():
        for seed in range(60):
            claims = claimed(mutated(copy.deepcopy(record), Random(seed)))
            assert set(claims) <= {name}, (name, seed, claims)
