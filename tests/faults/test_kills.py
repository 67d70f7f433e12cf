"""A server that is killed loses nothing that it has acknowledged, and leaves nothing half done."""

import pytest

from tests.faults import kills


@pytest.mark.parametrize(("kind", "number"), [("sqlite", 24), ("postgresql", 8)])
async def test_a_killed_server_loses_no_acknowledged_write_and_each_repeated_one_has_one_effect(
    kind: str, number: int
) -> None:
    seen = await kills.run(kind, number)

    assert seen.kills == number
    assert seen.acknowledged > 0
    assert seen.hits > number // 2, "the kills came when nothing was under way"
    assert seen.repeated == seen.unanswered
