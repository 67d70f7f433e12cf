"""What the tests of execution share: both kinds of driver, and what graphql-core leaves behind."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

NEVER_AWAITED = (
    "ignore:coroutine .* was never awaited:RuntimeWarning",
    "ignore:Exception ignored in. <coroutine:pytest.PytestUnraisableExceptionWarning",
)
"""graphql-core breaks the siblings of a failed field off before they began, and leaves what they would have awaited.

Where that is found by the collector inside of a named tuple, whose code has no builtins, not even the warning is said.
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let what graphql-core leaves behind be no failure."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.filterwarnings(*NEVER_AWAITED))


@pytest.fixture(scope="module", autouse=True)
def _collected() -> Iterator[None]:
    """Nor a failure of whichever test runs when the garbage is collected."""
    yield
    gc.collect()


@pytest.fixture(params=["sqlite", "postgresql"])
def dialect(request: pytest.FixtureRequest) -> str:
    """Whose raw rows the reads give."""
    name: str = request.param
    return name
