"""The gate: from what a request shows to the viewer that it is.

What can be shown, as `Authorization: Bearer ...`, or in a WebSocket's `connection_init` as `{"authorization": "Bearer
..."}`: a key (`clq_...`), a token that this server made for an end user, a JWT of the team's identity provider. Which
of the three it says it is decides only by which rules it is verified. Who shows nothing is let in where the server is
open (`graph.access.places`), and nowhere else.

A credential that was good is remembered by its hash for `KEPT_SECONDS`, never beyond its expiry, and forgotten when
this process revokes a key; another process sees a revocation that much later. One that was bad is remembered for
`BAD_SECONDS`, so that a flood of it asks no database. Neither a message nor a log line repeats any of it.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, TypeVar

from db import keys, signing
from db.database import Database
from db.inline import Work
from db.secrets import BRAND, digest_of, scope_of
from db.viewer import DEFAULT_VIEWER, PROGRAM, SCOPE_ROLES, Viewer
from db.words import Role, ViewerKind
from graph.access import tokens
from graph.access.credentials import HOW, NotSignedIn, credential_in, credentials_of
from graph.access.issuer import Issuer
from graph.access.jwks import BadKeySet
from graph.access.tokens import BadToken
from graph.asked import Refusal
from graph.errors import ErrorCode
from graph.kept import LastUsed
from graph.lean import RawHeaders

T = TypeVar("T")

logger = logging.getLogger("colloquy")

KEPT_SECONDS: Final = 5.0
"""How long a good credential is not looked up again."""

BAD_SECONDS: Final = 5.0
"""How long a bad one is not."""

OPEN_SECONDS: Final = 1.0
"""How long it is not looked up again that there are no keys yet."""

KEPT_CREDENTIALS: Final = 10_000
"""Good credentials that are remembered; and as many bad ones, which push out no good one."""


@dataclass(frozen=True, slots=True)
class _Known:
    viewer: Viewer
    until: float
    """By the monotonic clock."""


@dataclass(frozen=True, slots=True)
class _Bad:
    status: int
    message: str
    until: float

    def refusal(self) -> Refusal:
        """Another one each time: an exception that is raised keeps what it went through."""
        if self.status == 401:
            return NotSignedIn(self.message)
        return Refusal(self.status, self.message, code=ErrorCode.FORBIDDEN)


class Gate:
    """Says who asks.

    Args:
        database: gives the database with keys and workspaces, once it is open.
        issuer: the team's identity provider.
        no_auth: who shows nothing is let in, keys or not.
        sees_public: whether end users see conversations of others with visibility PUBLIC.
        clock: the time of now.
    """

    def __init__(
        self,
        database: Callable[[], Database],
        *,
        issuer: Issuer | None = None,
        no_auth: bool = False,
        sees_public: bool = False,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database, self._clock = database, clock
        self._issuer, self._no_auth, self._sees_public = issuer, no_auth, sees_public
        self._asking: dict[bytes, asyncio.Task[Viewer]] = {}
        self._touching: set[asyncio.Task[None]] = set()
        self._closed = issuer is not None and not no_auth
        self._open_until = 0.0
        self._forget()

    async def is_open(self) -> bool:
        """Whether who shows nothing is let in. A server that has once been closed stays so until it is started anew."""
        if self._closed or self._no_auth:
            return not self._closed
        self._forget_withdrawn()
        if self._open_until <= time.monotonic():
            number = keys.withdrawn()
            self._closed = await self._asked_of(signing.had_keys) or self._closed
            if not self._closed and number == keys.withdrawn():
                self._open_until = time.monotonic() + OPEN_SECONDS
        return not self._closed

    @property
    def may_be_open(self) -> bool:
        """Whether `is_open` is worth asking: it was so when it was last asked."""
        return not self._closed

    def known(self, shown: bytes | None) -> Viewer | None:
        """Who shows this as Authorization, where that is remembered, as it nearly always is; else `of` says it."""
        if keys.withdrawn() != self._withdrawn:
            self._forget()
        if shown is None:
            return DEFAULT_VIEWER if self._no_auth or self._open_until > time.monotonic() else None
        known = self._good.get(sha256(shown).digest())
        return known.viewer if known is not None and known.until > time.monotonic() else None

    async def viewer(self, headers: RawHeaders) -> Viewer:
        """Who asks, by the headers of a request as ASGI has them.

        Raises:
            NotSignedIn: nothing is shown and the server is not open, or what is shown is not valid.
            Refusal: 403 where a token is of no workspace here, 503 where it cannot be verified at the moment.
        """
        shown = [value for name, value in headers if name == b"authorization"]
        if len(shown) > 1:
            raise NotSignedIn(f"There are {len(shown)} Authorization headers; one is right, with {HOW}.")
        return await self.of(shown[0] if shown else None)

    async def of_socket(self, headers: RawHeaders, payload: Mapping[str, object]) -> Viewer:
        """Who asks by a WebSocket: what `connection_init` holds counts before the headers that the socket began with.

        Raises NotSignedIn and Refusal, as `viewer` does.
        """
        return await self.viewer(credentials_of(headers, payload))

    async def of(self, shown: bytes | None) -> Viewer:
        """Who shows this as Authorization. Raises NotSignedIn and Refusal, as `viewer` does."""
        if (found := self.known(shown)) is not None:
            return found
        if shown is None:
            if not await self.is_open():
                raise NotSignedIn(f"Sign in: send the header {HOW}.", invalid=False)
            return DEFAULT_VIEWER
        digest = sha256(shown).digest()
        if (bad := self._bad.get(digest)) is not None and bad.until > time.monotonic():
            raise bad.refusal()
        if (task := self._asking.get(digest)) is None:
            task = self._asking[digest] = asyncio.create_task(self._look_up(digest, shown), name="signing in")
            task.add_done_callback(lambda done: self._asked(digest, done))
        return await asyncio.shield(task)  # others may wait for the same

    async def close(self) -> None:
        """Wait for what is still being written and read."""
        if pending := [*self._touching, *self._asking.values()]:
            await asyncio.wait(pending)
        if self._issuer is not None:
            await self._issuer.keys.close()

    # ------------------------------------------------------------ what is remembered

    def _forget(self) -> None:
        self._withdrawn = keys.withdrawn()
        self._good: LastUsed[bytes, _Known] = LastUsed(KEPT_CREDENTIALS, KEPT_CREDENTIALS, 1)
        self._bad: LastUsed[bytes, _Bad] = LastUsed(KEPT_CREDENTIALS, KEPT_CREDENTIALS, 1)
        self._open_until = float("-inf")

    def _forget_withdrawn(self) -> None:
        if keys.withdrawn() != self._withdrawn:
            self._forget()

    def _asked(self, digest: bytes, task: asyncio.Task[Viewer]) -> None:
        del self._asking[digest]
        if not task.cancelled():
            task.exception()  # who waited has it; if all of them are gone, it is nobody's

    # ------------------------------------------------------------ what is looked up

    async def _look_up(self, digest: bytes, shown: bytes) -> Viewer:
        number = keys.withdrawn()
        try:
            viewer = await self._read(credential_in(shown))
        except BadToken as error:
            status = 403 if error.code == ErrorCode.FORBIDDEN else 401
            bad = _Bad(status, error.message, time.monotonic() + BAD_SECONDS)
            self._bad.keep(digest, bad, 1)
            raise bad.refusal() from None
        except BadKeySet:
            raise Refusal(
                503,
                "The token can't be verified at the moment: the identity provider's keys are not to be had.",
                code=ErrorCode.TIMEOUT,
                headers={"retry-after": "10"},
            ) from None
        seconds = KEPT_SECONDS
        if viewer.expires_at is not None:
            seconds = min(seconds, (viewer.expires_at - self._clock()).total_seconds())
        if seconds > 0 and number == keys.withdrawn():
            self._good.keep(digest, _Known(viewer, time.monotonic() + seconds), 1)
        return viewer

    async def _asked_of(self, work: Work[T]) -> T:
        """What the database says, asked by the program: nobody has been let in yet."""
        return await self._database().ask(work, viewer=PROGRAM)

    async def _read(self, credential: str) -> Viewer:
        if credential.startswith(BRAND):
            return await self._of_key(credential)
        if credential.count(".") != 2:
            raise BadToken(f"The Authorization header holds neither a key ({BRAND}...) nor a token (a JWT).")
        if tokens.is_own(credential):
            return await self._of_own_token(credential)
        if self._issuer is None:
            raise BadToken("The token is none that this server has made, and it knows no identity provider.")
        return await self._of_issuer(self._issuer, credential)

    async def _of_key(self, secret: str) -> Viewer:
        unknown = BadToken("The Authorization header holds no key of this server.")
        if scope_of(secret) is None:  # mistyped or made up: the checksum says so, and no database is asked
            raise unknown
        digest = digest_of(secret)
        found = await self._asked_of(lambda connection: keys.find(connection, digest))
        if found is None:
            raise unknown
        if found.revoked_at is not None:
            raise BadToken("The key in the Authorization header has been revoked.")
        if found.expires_at is not None and found.expires_at <= self._clock():
            raise BadToken("The key in the Authorization header has expired.")
        self._touch(found)
        return Viewer(
            found.workspace_id,
            role=SCOPE_ROLES[found.scope],
            kind=ViewerKind.KEY,
            key_id=found.key_id,
            scope=found.scope,
            expires_at=found.expires_at,
        )

    async def _of_own_token(self, token: str) -> Viewer:
        found = tokens.read(await tokens.secret_of(self._database()), token)
        key_id = found.key_id
        if key_id is None:
            if not await self._asked_of(lambda connection: signing.has_workspace(connection, found.workspace_id)):
                raise BadToken("The token's workspace is not there any more.")
        else:
            key = await self._asked_of(lambda connection: signing.standing(connection, key_id))
            if key is None or key.workspace_id != found.workspace_id or not key.stands(self._clock()):
                raise BadToken("The key that the token was made with has been revoked, or has expired.")
        return Viewer(
            found.workspace_id,
            found.user_id,
            role=Role.END_USER,
            kind=ViewerKind.ANONYMOUS if found.anonymous else ViewerKind.END_USER,
            key_id=key_id,
            sees_public=self._sees_public,
            expires_at=found.expires_at,
        )

    async def _of_issuer(self, issuer: Issuer, token: str) -> Viewer:
        found = await issuer.identity(token)
        workspace_id = await self._asked_of(lambda connection: signing.workspace(connection, found.workspace))
        if workspace_id is None:
            raise _NoWorkspace("The token is valid, but of no workspace of this server.")
        viewer = Viewer(workspace_id, found.user_id, kind=ViewerKind.END_USER, expires_at=found.expires_at)
        is_end_user = found.role is Role.END_USER
        return replace(viewer, role=found.role, sees_public=self._sees_public and is_end_user)

    def _touch(self, key: keys.FoundKey) -> None:
        """Have the key's last use written, behind the back of the request."""
        task = asyncio.create_task(self._touched(key), name="last use of a key")
        self._touching.add(task)
        task.add_done_callback(self._touching.discard)

    async def _touched(self, key: keys.FoundKey) -> None:
        try:
            await keys.touch(self._database(), key)
        except Exception:  # a request is answered whether or not this is written
            logger.exception("The last use of key %s could not be written", key.key_id)


class _NoWorkspace(BadToken):
    code = "FORBIDDEN"
