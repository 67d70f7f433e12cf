"""The body of a request: how long it may be, how long it may take, and what is said of one that isn't so.

How long depends on what the request shows: the word before a key's secret says its scope, so that it is known from the
headers alone, before a byte of the body is read. A key that is made up is refused before its body is looked at.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from graph.errors import ErrorCode, coded

MEBIBYTE: Final = 1024 * 1024

WRITING_KEYS: Final = (b"clq_w_", b"clq_i_", b"clq_a_")
"""What keys of the scopes write, ingest and admin begin with."""


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """What the body of a request may be."""

    size: int = MEBIBYTE
    writing_size: int = 20 * MEBIBYTE
    """Where the request shows a key that writes."""
    seconds: float = 10.0
    """From the end of the headers to the end of the body."""

    def of(self, head: Mapping[bytes, bytes]) -> int:
        """The longest body of a request with these headers.

        Raises BodyRefused where they say that it is longer.
        """
        shown, length = head.get(b"authorization"), head.get(b"content-length")
        most = self.size if shown is None or not _writes(shown) else self.writing_size
        if length is not None and (not length.isdigit() or len(length) > 18 or int(length) > most):
            raise too_large(most)
        return most


class BodyRefused(Exception):
    """A body that is too long, or too slow: what is left of it is not read, so that the connection has to end."""

    def __init__(self, status: int, message: str, code: ErrorCode, **extensions: object) -> None:
        super().__init__(message)
        self.status = status
        self.error = coded(message, code, **extensions)
        self.headers = {"connection": "close"}


def too_large(most: int) -> BodyRefused:
    """The refusal of a body with more than `most` bytes."""
    message = f"The body has more than {most} bytes, which is the most that this request may have."
    return BodyRefused(413, message, ErrorCode.BODY_TOO_LARGE, limit="body_bytes", maximum=most)


def too_slow(seconds: float) -> BodyRefused:
    """The refusal of a body that did not come in time."""
    return BodyRefused(408, f"The body did not come within {seconds:g} s.", ErrorCode.TIMEOUT)


def _writes(authorization: bytes) -> bool:
    """Whether an Authorization header shows a key that writes; whether it is one is the gate's to say."""
    return authorization[:7].lower() == b"bearer " and authorization[7:].lstrip().startswith(WRITING_KEYS)
