"""What a request shows to be let in: where it stands, and what is wrong with one that is not as it should be."""

from collections.abc import Mapping
from typing import Final

from graph.access.tokens import TOKEN_LENGTH, BadToken
from graph.asked import Refusal
from graph.errors import ErrorCode
from graph.lean import RawHeaders

AUTHORIZATION: Final = ("authorization", "Authorization")
"""Under which names the payload of `connection_init` can hold a credential."""

HOW: Final = "`Authorization: Bearer` and a key or a token"


class NotSignedIn(Refusal):
    """Nobody who may come in: no credential, or one that is not valid."""

    def __init__(self, message: str, *, invalid: bool = True) -> None:
        challenge = 'Bearer realm="colloquy"' + (', error="invalid_token"' if invalid else "")
        super().__init__(401, message, code=ErrorCode.UNAUTHENTICATED, headers={"www-authenticate": challenge})


def credentials_of(headers: RawHeaders, payload: Mapping[str, object]) -> RawHeaders:
    """The Authorization of a WebSocket, as headers: of its `connection_init`, else those that it began with.

    Raises NotSignedIn where what stands there is no text, or stands there twice.
    """
    given = [payload[name] for name in AUTHORIZATION if payload.get(name) is not None]
    if not given:
        return [(name, value) for name, value in headers if name == b"authorization"]
    if len(given) > 1 or not isinstance(given[0], str):
        raise NotSignedIn('The payload of `connection_init` is right as {"authorization": "Bearer <key or token>"}.')
    return [(b"authorization", given[0].encode("utf-8", "surrogatepass"))]


def credential_in(shown: bytes) -> str:
    """The key or token in an Authorization header. Raises BadToken, which says what would be right."""
    scheme, _, rest = shown.partition(b" ")
    credential = rest.strip(b" ")
    if scheme.lower() != b"bearer" or not credential:
        raise BadToken(f"The Authorization header is right with {HOW}; this one has another scheme, or nothing in it.")
    if len(credential) > TOKEN_LENGTH:
        raise BadToken(f"What the Authorization header holds has more than {TOKEN_LENGTH} characters.")
    if not all(0x21 <= byte <= 0x7E for byte in credential):
        raise BadToken("What the Authorization header holds is not one word of ASCII characters.")
    return credential.decode("ascii")
