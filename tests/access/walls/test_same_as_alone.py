"""An end user gets of a database of many what they would get of one that holds their rows alone: the very same answers,
with counts, orders, cursors, tags and properties."""

import tempfile
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from db.viewer import DEFAULT_VIEWER, PROGRAM, Viewer
from tests.access.walls.worlds import ME, ME_AND_PUBLIC, MadeUp, answered, asked, columns_of
from tests.conftest import fresh_database
from tests.db import generated

where = st.fixed_dictionaries(
    {"conversations": generated.talks, "messages": generated.messages, "feedback": generated.feedback}
)


@pytest.mark.parametrize("viewer", [ME, ME_AND_PUBLIC], ids=["own", "own and public"])
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@settings(
    max_examples=2,  # each asks some three hundred reads of two databases
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a seed does not shrink
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(seed=st.integers(0, 2**32), where=where)
async def test_every_verb_answers_as_if_there_were_nothing_else(
    kind: str, viewer: Viewer, seed: int, where: dict[str, Any]
) -> None:
    made = MadeUp(Random(seed), viewer).build()
    staff = replace(DEFAULT_VIEWER, user_id=viewer.user_id)
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        async with fresh_database(kind, Path(one)) as crowded, fresh_database(kind, Path(two)) as alone:
            async with crowded.write(viewer=PROGRAM) as connection:
                await made.insert(connection, alone=False)
            async with alone.write(viewer=PROGRAM) as connection:
                await made.insert(connection, alone=True)
            for name, verb, args, options in asked(made, where):
                for bare in (False, True) if columns_of(verb) else (False,):
                    ours = await answered(crowded, verb, *args, viewer=viewer, bare=bare, **options)
                    theirs = await answered(alone, verb, *args, viewer=staff, bare=bare, **options)
                    assert ours == theirs, (name, args, options, bare)
