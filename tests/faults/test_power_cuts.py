"""A power cut loses nothing that was acknowledged; and what would lose something is found."""

import pytest

from tests.faults import disk, power_cuts

pytestmark = pytest.mark.skipif(bool(disk.why_not()), reason=disk.why_not())


async def test_a_power_cut_loses_no_acknowledged_write_and_halves_none() -> None:
    seen = await power_cuts.run(150)

    assert seen.cuts == 150
    assert seen.lost == 0, seen
    assert len(set(seen.writes)) > 50, "the cuts were not spread over the writes"


async def test_the_simulation_finds_the_losses_of_a_database_that_does_not_wait_for_the_disk() -> None:
    seen = await power_cuts.run(25, synchronous="NORMAL")

    assert seen.lost > 0, seen
