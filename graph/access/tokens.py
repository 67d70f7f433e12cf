"""Tokens for end users that a backend has this server make, for teams without an identity provider.

A token is a compact JWT, signed with HS256 and a secret that only this server and its twins have. It names the
workspace (`aud`), the user (`sub`), and the key that it was made with (`key`): who revokes the key ends its tokens.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any, Final
from uuid import UUID
from weakref import WeakKeyDictionary

import jwt

from db.database import Database
from db.errors import ColloquyError, InvalidInput
from db.record import KEY_LENGTH
from db.token_secrets import token_secret
from db.viewer import PROGRAM, Viewer

ISSUER: Final = "colloquy"
"""What `iss` says in tokens of our own; no identity provider can have it (see `graph.access.issuer`)."""

ALGORITHM: Final = "HS256"

SECRET_BYTES: Final = 32
"""The shortest secret: as long as what the algorithm's hash gives (RFC 7518, section 3.2)."""

TOKEN_LENGTH: Final = 8192
"""Characters; nothing longer is looked at."""

UNREADABLE: Final = (jwt.PyJWTError, ValueError, TypeError, KeyError, OverflowError, RecursionError)
"""What reading a token of a stranger can raise."""


class BadToken(ColloquyError):
    """A token that is not valid here; the message says why, and holds nothing of it."""

    code = "UNAUTHENTICATED"


@dataclass(frozen=True, slots=True)
class UserToken:
    """What a token of our own says."""

    workspace_id: UUID
    user_id: str
    anonymous: bool
    key_id: UUID | None
    """The key that it was made with; None: it was made without one, by who was let in otherwise."""
    expires_at: datetime


_secrets: WeakKeyDictionary[Database, bytes] = WeakKeyDictionary()


async def secret_of(database: Database) -> bytes:
    """The secret that tokens of this database are signed with; it is made with the first use of all.

    Not to be asked within a transaction: on SQLite it would wait for its end.
    """
    if (secret := _secrets.get(database)) is None:
        found = await database.transact(token_secret, viewer=PROGRAM)
        secret = _secrets[database] = found.secret
    return secret


def use_secret(database: Database, secret: bytes) -> None:
    """From now on sign and verify with this secret, in place of the one that is kept in the database.

    Raises ValueError where it is shorter than SECRET_BYTES.
    """
    _secrets[database] = _checked(secret)


def mint(secret: bytes, viewer: Viewer, user_id: str | None, anonymous: bool, expires: datetime) -> str:
    """A token for an end user of the viewer's workspace, valid until `expires`.

    An anonymous visitor without an id gets one that nobody can guess.

    Raises:
        InvalidInput: a user id that is empty, too long or not printable on every database, or none where one is needed.
    """
    if user_id is None:
        if not anonymous:
            raise InvalidInput("say whom the token is for, or that the visitor is anonymous", field="userId")
        user_id = f"anonymous-{token_hex(16)}"
    if (problem := problem_of_user_id(user_id)) is not None:
        raise InvalidInput(f"a user id {problem}", field="userId")
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "aud": str(viewer.workspace_id),
        "sub": user_id,
        "iat": int(datetime.now(UTC).timestamp()),
        "exp": int(expires.timestamp()),
        "jti": token_hex(8),
    }
    if anonymous:
        claims["anonymous"] = True
    if viewer.key_id is not None:
        claims["key"] = str(viewer.key_id)
    return jwt.encode(claims, _checked(secret), ALGORITHM)


def read(secret: bytes, token: str, *, workspace_id: UUID | None = None) -> UserToken:
    """What a token of our own says; of that workspace alone where one is given.

    Whether its key and its workspace are still there is for the caller to find out.

    Raises:
        BadToken: it is none of ours, is not for that workspace, or is over.
    """
    if len(token) > TOKEN_LENGTH:
        raise BadToken("The token is too long to be one of this server's.")
    try:
        claims = jwt.decode(
            token,
            _checked(secret),
            algorithms=[ALGORITHM],
            issuer=ISSUER,
            audience=None if workspace_id is None else str(workspace_id),
            options={"require": ["iss", "aud", "sub", "iat", "exp"], "verify_aud": workspace_id is not None},
        )
        key, user_id = claims.get("key"), claims["sub"]
        if problem_of_user_id(user_id) is not None:
            raise BadToken("The token's `sub` is no user id.")
        return UserToken(
            workspace_id=UUID(str(claims["aud"])),
            user_id=user_id,
            anonymous=claims.get("anonymous") is True,
            key_id=None if key is None else UUID(str(key)),
            expires_at=datetime.fromtimestamp(claims["exp"], UTC),
        )
    except jwt.ExpiredSignatureError:
        raise BadToken("The token has expired; ask your backend for another one.") from None
    except jwt.InvalidAudienceError:
        raise BadToken("The token is for another workspace.") from None
    except UNREADABLE:
        raise BadToken("The token is none that this server has made.") from None


def read_anonymous(secret: bytes, token: str, *, workspace_id: UUID) -> str:
    """The user id of an anonymous visitor of that workspace, who shows that the token is theirs.

    Raises:
        BadToken: as `read` does, and for a token of somebody who is not anonymous.
    """
    found = read(secret, token, workspace_id=workspace_id)
    if not found.anonymous:
        raise BadToken("The token is not one of an anonymous visitor.")
    return found.user_id


def is_own(token: str) -> bool:
    """Whether a JWT says that it is one of ours: decides by which rules it is verified, and nothing else."""
    try:
        return jwt.decode(token, options={"verify_signature": False}).get("iss") == ISSUER
    except UNREADABLE:
        return False


def problem_of_user_id(user_id: object) -> str | None:
    """What is wrong with a user id, as the end of a sentence; None: nothing."""
    if not isinstance(user_id, str) or not user_id:
        return "is a text that is not empty"
    if len(user_id) > KEY_LENGTH:
        return f"has at most {KEY_LENGTH} characters"
    if "\0" in user_id or any("\ud800" <= letter <= "\udfff" for letter in user_id):
        return "holds neither NUL nor half a surrogate pair"
    return None


def _checked(secret: bytes) -> bytes:
    if len(secret) < SECRET_BYTES:
        raise ValueError(f"a secret for tokens has {SECRET_BYTES} bytes or more")
    return secret
