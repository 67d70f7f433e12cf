"""The secrets of keys: how they are made, told from other text, and hashed; none is ever stored.

    clq_r_ + 32 random characters + 6 that are the CRC-32 of all before

Prefix and checksum are for programs that look for leaked secrets: what begins so and has the right checksum is one. The
32 characters are 190 random bits, which nobody guesses; a plain SHA-256 of them does what slow hashes do for passwords.
"""

from __future__ import annotations

import zlib
from hashlib import sha256
from secrets import choice
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Final

from db.words import KeyScope

BRAND: Final = "clq_"
"""What all secrets of keys begin with."""

LETTERS: Final = {KeyScope.READ: "r", KeyScope.WRITE: "w", KeyScope.INGEST: "i", KeyScope.ADMIN: "a"}
"""The letter of each scope, which stands behind the brand: `clq_w_`."""

SHOWN: Final = 12
"""Characters of a secret that are kept for people: the brand, the letter, and 36 of the random bits."""

_ALPHABET: Final = digits + ascii_uppercase + ascii_lowercase
_RANDOM: Final = 32
_CHECKSUM: Final = 6
_SCOPES: Final = {f"{BRAND}{letter}_": scope for scope, letter in LETTERS.items()}
_HEAD: Final = len(BRAND) + 2
LENGTH: Final = _HEAD + _RANDOM + _CHECKSUM
"""Characters of a secret."""


def new_secret(scope: KeyScope) -> str:
    """The secret of a new key."""
    body = f"{BRAND}{LETTERS[scope]}_" + "".join(choice(_ALPHABET) for _ in range(_RANDOM))
    return body + _checksum(body)


def scope_of(text: str) -> KeyScope | None:
    """The scope that a secret claims to have; None where the text is none, of which no database need be asked."""
    if len(text) != LENGTH or not text.isascii() or _checksum(text[:-_CHECKSUM]) != text[-_CHECKSUM:]:
        return None
    return _SCOPES.get(text[:_HEAD])


def digest_of(secret: str) -> str:
    """What is stored of a secret: the SHA-256, in hexadecimal."""
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _checksum(body: str) -> str:
    number, letters = zlib.crc32(body.encode("ascii")), ""
    for _ in range(_CHECKSUM):
        number, place = divmod(number, len(_ALPHABET))
        letters = _ALPHABET[place] + letters
    return letters
