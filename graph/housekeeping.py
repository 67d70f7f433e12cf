"""What a server does by the clock: deletions become final, and answers kept for repetitions are forgotten."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Final

from db.database import Database
from db.writing import Limits, purge

logger = logging.getLogger("colloquy")

PERIOD: Final = 3600.0
"""Seconds between two rounds; the first one comes with the start."""


@contextlib.asynccontextmanager
async def housekeeping(database: Database, limits: Limits, *, period: float = PERIOD) -> AsyncIterator[None]:
    """Keep house as long as the block runs."""
    task = asyncio.create_task(_rounds(database, limits, period), name="housekeeping")
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _rounds(database: Database, limits: Limits, period: float) -> None:
    while True:
        try:
            purged = await purge(database, limits=limits)
        except Exception:  # a database that is away now is back for the next round, which does the same
            logger.exception("Housekeeping failed; the next round is in %.0f s", period)
        else:
            if purged.conversations or purged.repeats:
                logger.info(
                    "Housekeeping: %d deleted conversations purged, %d answers of repeatable writes forgotten",
                    purged.conversations,
                    purged.repeats,
                )
        await asyncio.sleep(period)
