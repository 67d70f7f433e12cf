"""Keys are made and revoked, and tokens for end users are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from secrets import token_hex
from types import SimpleNamespace
from typing import Any, Final

from db import keys
from db.database import Database
from db.errors import Forbidden
from db.record import KEY_LENGTH
from db.viewer import Viewer
from db.words import KeyScope, ProblemCode, Role
from db.writing.limits import DEFAULT_LIMITS, Limits
from db.writing.outcome import Outcome, row_of
from db.writing.performing import Values, Verb, Work
from db.writing.problems import Problem
from db.writing.shapes import Shape, flag, identifier, moment, short, whole, word

_TABLE: Final = "api_keys"

SHORTEST: Final = 60
"""Seconds that a token is good for at least."""

USUAL: Final = 3600
"""Seconds that a token is good for where nothing else is asked."""


@dataclass(frozen=True)
class OfAccess(Verb):
    """A write after which others may be let in than before."""

    async def __call__(
        self,
        database: Database,
        values: Values,
        *,
        viewer: Viewer,
        limits: Limits = DEFAULT_LIMITS,
        problems: Sequence[Problem] = (),
    ) -> Outcome:
        """Do it, and tell those of this process who remember whom to let in. Raises Rejected."""
        outcome = await super().__call__(database, values, viewer=viewer, limits=limits, problems=problems)
        keys.withdraw()
        return outcome


def for_admins(work: Work) -> None:
    """Raise Forbidden unless an admin asks."""
    if work.viewer.role is not Role.ADMIN:
        raise Forbidden("This is for the role ADMIN to do.")


async def _create(work: Work, given: dict[str, Any]) -> Outcome:
    for_admins(work)
    expires_at = given.get("expires_at")
    if expires_at is not None and expires_at <= work.at:
        work.wrong(("expires_at",), "A key must expire in the future.", ProblemCode.OUT_OF_RANGE)
    work.settle()
    row, secret = await keys.insert(
        work.connection,
        name=given.get("name"),
        scope=given["scope"],
        expires_at=expires_at,
        at=work.at,
        viewer=work.viewer,
    )
    return Outcome(_TABLE, row_of(_TABLE, row), noted={"scope": row["scope"].value}, secret=secret)


create_api_key: Final = OfAccess(
    "create_api_key",
    Shape({"name": short(), "scope": word(KeyScope), "expires_at": moment}, required=("scope",)),
    _create,
)
"""Make a key of the viewer's workspace; its secret is in the outcome and nowhere else, ever."""


async def _revoke(work: Work, given: dict[str, Any]) -> Outcome:
    for_admins(work)
    row = None
    if "id" in given:
        row = await keys.mark_revoked(work.connection, given["id"], at=work.at, viewer=work.viewer)
        if row is None:
            work.not_found(("id",), "key")
    work.settle()
    assert row is not None, "an id that is missing or unknown is noted"
    return Outcome(_TABLE, row_of(_TABLE, row._asdict()), noted={"scope": row.scope.value})


revoke_api_key: Final = OfAccess("revoke_api_key", Shape({"id": identifier}, required=("id",)), _revoke)
"""Revoke a key for good; one that is revoked already stays as it is."""


async def _token(work: Work, given: dict[str, Any]) -> Outcome:
    for_admins(work)
    anonymous, user_id = bool(given.get("anonymous")), given.get("user_id")
    seconds = given.get("expires_in_seconds") or USUAL
    most = int(work.limits.user_token.total_seconds())
    at = ("expires_in_seconds",)
    if seconds > most:
        message = f"The expires in seconds must be from {SHORTEST} to {most:,}, not {seconds:,}."
        work.wrong(at, message, ProblemCode.OUT_OF_RANGE)
    if anonymous and user_id is not None:
        work.wrong(("user_id",), "Leave it out of a token for an anonymous visitor, whose id is made here.")
    if not anonymous and "user_id" not in given and not work.problems.any_at(("user_id",)):
        work.wrong(("user_id",), "The user id is missing: only anonymous visitors need none.", ProblemCode.REQUIRED)
    work.settle()
    user_id = f"anonymous-{token_hex(16)}" if anonymous else user_id
    expires_at = work.at + timedelta(seconds=seconds)
    row = SimpleNamespace(user_id=user_id, anonymous=anonymous, expires_at=expires_at)
    return Outcome(row=row, noted={"userId": user_id, "expiresAt": expires_at.isoformat()})


create_user_token: Final = Verb(
    "create_user_token",
    Shape(
        {"user_id": short(KEY_LENGTH), "anonymous": flag, "expires_in_seconds": whole(SHORTEST)},
        never_null=("user_id",),
    ),
    _token,
)
"""Grant a token to an end user. The outcome's row says to whom and until when; who signs tokens makes it of that."""
