"""What the log says of clients that send nonsense: a word, not a line for each."""

import logging
from collections.abc import Callable
from typing import Final

from typing_extensions import override  # typing has it from Python 3.12 on

SAID_AGAIN: Final = 60.0
"""Seconds after which the log says the same once more."""


class Seldom(logging.Filter):
    """Lets uvicorn complain of clients once in SAID_AGAIN seconds in the same words, and without a traceback.

    What a client sends wrong is no fault of ours, and a line for each lets anybody fill the disk.
    """

    OF_CLIENTS: Final = (
        "Invalid HTTP request received.",
        "Unsupported upgrade request.",
        "Invalid UTF-8 sequence received from client.",
    )

    def __init__(self, now: Callable[[], float]) -> None:
        super().__init__()
        self._now = now
        self._said: dict[str, float] = {}

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        if record.msg not in self.OF_CLIENTS:
            return True
        now = self._now()
        if now - self._said.get(record.msg, float("-inf")) < SAID_AGAIN:
            return False
        self._said[record.msg] = now
        record.exc_info = record.exc_text = None
        return True
