"""The garbage collector of the server process."""

import gc
from typing import Final

COLLECTED_AFTER: Final = 20_000
"""Objects made and not gone by themselves, after which circles among the youngest are looked for."""

OLDER_AFTER: Final = 2
"""After so many looks at the younger ones the older are looked at: as often as by Python's own numbers, since texts of
queries that were kept and then dropped are circles, and large."""


def settle_collector() -> None:
    """Let the garbage collector rest: what is here now stays, and what a request makes goes by itself when it ends.

    Python looks for circles after every 700 objects more, that is several times in an answer of some hundred: a sixth
    of the time of a page of conversations. Circles are few, so that they may wait for `COLLECTED_AFTER`.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECTED_AFTER, OLDER_AFTER, OLDER_AFTER)
