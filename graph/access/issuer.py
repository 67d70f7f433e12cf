"""JWTs of the team's own identity provider: what makes one valid, and whom it stands for.

Signature, issuer, audience and times are PyJWT's to verify; what is said here is with which keys and algorithms. The
algorithms are those of a setting, none of them symmetric: a public key is no secret that a signature could be made
with. A key verifies only what goes with its kind, whatever the token's header says.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, get_args

import jwt

from db.words import Role
from graph.access import jwks, tokens
from graph.access.jwks import KeySource
from graph.access.tokens import UNREADABLE, BadToken, problem_of_user_id
from graph.settings import Algorithm, Settings, WrongSettings

ALGORITHMS: Final[tuple[Algorithm, ...]] = get_args(Algorithm)

HEADER_LENGTH: Final = 256
"""Characters of a `kid`."""

LATEST: Final = datetime(9999, 1, 1, tzinfo=UTC)
"""An expiry beyond it is as good as this one."""

_ROLES: Final = {Role.END_USER: 0, Role.VIEWER: 1, Role.EDITOR: 2, Role.ADMIN: 3}
"""The roles that a claim can name, the more of them may do the higher. Ingest is for keys."""


@dataclass(frozen=True, slots=True)
class Claims:
    """Which claim says what. Names with dots lead into objects, unless there is a claim of that very name.

    Attributes:
        user: the claim with the user's id.
        role: the claim with the role, or the list of roles, of which the highest counts; who has none that is known
            here, or where this is None, is an end user.
        workspace: the claim with the workspace's name or id; None: all are of `default_workspace`.
    """

    user: str = "sub"
    role: str | None = None
    workspace: str | None = None
    default_workspace: str = "default"


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a token stands for."""

    workspace: str
    """Its name or id; whether it is there is for the caller to find out."""
    user_id: str | None
    role: Role
    expires_at: datetime


class Issuer:
    """An identity provider.

    Args:
        name: the `iss` of its tokens, to the letter.
        audiences: of which `aud` must hold one.
        skew: seconds that its clock may be ahead of this machine's, or behind.
    """

    def __init__(
        self,
        name: str,
        audiences: Iterable[str],
        keys: KeySource,
        *,
        algorithms: Iterable[Algorithm] = ("RS256", "ES256"),
        skew: float = 60.0,
        claims: Claims = Claims(),
    ) -> None:
        self.name, self.keys = name, keys
        self._audiences, self._algorithms = tuple(audiences), frozenset(algorithms)
        if not self._audiences or not self._algorithms <= frozenset(ALGORITHMS) or name == tokens.ISSUER:
            raise ValueError("an issuer has another name than ours, an audience, and algorithms with public keys")
        self._skew, self._claims = skew, claims

    async def identity(self, token: str) -> Identity:
        """Whom a token stands for.

        Raises:
            BadToken: it isn't valid, or says nothing that a person here could be made of.
            BadKeySet: the keys have never been there to verify it with.
        """
        return self._identity(await self._verified(token))

    async def _verified(self, token: str) -> Mapping[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
        except UNREADABLE:
            raise BadToken("The token is no JWT that can be read.") from None
        algorithm, kid = header.get("alg"), header.get("kid")
        if algorithm not in self._algorithms:
            allowed = ", ".join(sorted(self._algorithms))
            raise BadToken(f"The token's `alg` is none that is taken here; {allowed} are.")
        if "crit" in header or "b64" in header:
            raise BadToken("The token's header asks for extensions (`crit`, `b64`) that are not known here.")
        if kid is not None and (not isinstance(kid, str) or not 0 < len(kid) <= HEADER_LENGTH):
            raise BadToken(f"The token's `kid` is no text of 1 to {HEADER_LENGTH} characters.")
        problem = BadToken("The token's signature is by no key that the identity provider shows (see its `kid`).")
        for candidate in await self.keys.candidates(kid, algorithm):
            try:
                return jwt.decode(
                    token,
                    candidate.key,
                    algorithms=[algorithm],
                    issuer=self.name,
                    audience=self._audiences,
                    leeway=self._skew,
                    options={"require": ["iss", "aud", "exp"]},
                )
            except jwt.InvalidSignatureError:
                continue
            except UNREADABLE as error:
                problem = BadToken(self._why(error))
                break
        raise problem

    def _why(self, error: Exception) -> str:
        """Why a token with a good signature is refused, in words that hold nothing of it."""
        if isinstance(error, jwt.ExpiredSignatureError):
            return "The token has expired; sign in again."
        if isinstance(error, jwt.ImmatureSignatureError):
            return "The token is not valid yet (`nbf` or `iat` is ahead of this server's clock)."
        if isinstance(error, jwt.InvalidAudienceError):
            return "The token's `aud` does not name this server; it is set in COLLOQUY_JWT_AUDIENCE."
        if isinstance(error, jwt.InvalidIssuerError):
            return "The token's `iss` is not the identity provider that is set in COLLOQUY_JWT_ISSUER."
        if isinstance(error, jwt.MissingRequiredClaimError):
            return f"The token has no claim `{error.claim}`."
        return "The token's claims are not as a JWT's are (RFC 7519)."

    def _identity(self, found: Mapping[str, Any]) -> Identity:
        names = self._claims
        role = self._role(found)
        user_id = _claim(found, names.user)
        if isinstance(user_id, int) and not isinstance(user_id, bool):
            user_id = str(user_id)
        if user_id is None and role is not Role.END_USER:
            pass  # staff need no id: they see the workspace
        elif (problem := problem_of_user_id(user_id)) is not None:
            raise BadToken(f"The token's claim `{names.user}` says who the user is: it {problem}.")
        workspace: object = names.default_workspace
        if names.workspace is not None:
            workspace = _claim(found, names.workspace)  # and never the default one: that is another tenant's
            if not isinstance(workspace, str) or not workspace:
                raise BadToken(f"The token's claim `{names.workspace}` names the workspace: it is a text.")
        assert isinstance(workspace, str)
        return Identity(workspace, user_id, role, _moment(found["exp"]))

    def _role(self, found: Mapping[str, Any]) -> Role:
        value = None if self._claims.role is None else _claim(found, self._claims.role)
        words = [value] if isinstance(value, str) else value if isinstance(value, list) else []
        named = {word.upper() for word in words if isinstance(word, str)}
        known = [role for role in _ROLES if role.value in named]
        return max(known, key=_ROLES.__getitem__) if known else Role.END_USER


def issuer_of(settings: Settings) -> Issuer | None:
    """The identity provider of the settings; None where they have none.

    Raises WrongSettings where they have a part of one, or ours as its name; BadKeySet where its keys are at no place.
    """
    needed = {
        "COLLOQUY_JWT_ISSUER": bool(settings.jwt_issuer),
        "COLLOQUY_JWT_AUDIENCE": bool(settings.jwt_audience),
        "COLLOQUY_JWT_JWKS": bool(settings.jwt_jwks),
    }
    if not any(needed.values()):
        return None
    if missing := [name for name, given in needed.items() if not given]:
        raise WrongSettings(f"An identity provider is {', '.join(needed)}: {' and '.join(missing)} missing here.")
    if settings.jwt_issuer == tokens.ISSUER:
        raise WrongSettings(f"COLLOQUY_JWT_ISSUER: {tokens.ISSUER!r} is what this server's own tokens say.")
    return Issuer(
        settings.jwt_issuer,
        settings.jwt_audience,
        KeySource(settings.jwt_jwks, again_after=jwks.AGAIN_SECONDS),
        algorithms=settings.jwt_algorithms,
        skew=settings.jwt_clock_skew,
        claims=Claims(
            user=settings.jwt_user_claim,
            role=settings.jwt_role_claim or None,
            workspace=settings.jwt_workspace_claim or None,
            default_workspace=settings.jwt_workspace,
        ),
    )


def _claim(found: Mapping[str, Any], name: str) -> Any:
    """The claim of that name, which may be a URL with dots in it; else what the name leads to, step by step."""
    if name in found:
        return found[name]
    value: Any = found
    for step in name.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _moment(seconds: Any) -> datetime:
    try:
        return min(datetime.fromtimestamp(int(seconds), UTC), LATEST)
    except (ValueError, OverflowError, OSError):
        return LATEST
