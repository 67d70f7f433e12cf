"""Node ids: base64url("Type:uuid") without padding, so that a client that makes the uuid knows the id at once."""

import re
from base64 import b64decode
from binascii import b2a_base64
from uuid import UUID

from graph.errors import bad_user_input

MAX_LENGTH = 200
"""Characters that an id may have: the longest type name needs far fewer, and a longer text is not worth decoding."""

_DECODED = re.compile(
    rb"([A-Z][A-Za-z]*):([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})", re.IGNORECASE
)


def encode(type_name: str, key: UUID) -> str:
    """The id of the record of that type with that uuid.

    The plain alphabet does here: the sixth bits of ASCII letters, digits, colon and hyphen never give + or /.
    """
    return b2a_base64(f"{type_name}:{key}".encode(), newline=False).rstrip(b"=").decode()


def a(type_name: str) -> str:
    """The name of a type with its article."""
    return f"{'an' if type_name[0] in 'AEIOUaeiou' else 'a'} {type_name}"


def read(text: str) -> tuple[str, UUID] | None:
    """The type and the uuid that an id names; padding is taken. None where the text is no id."""
    bare = text.rstrip("=")
    if len(bare) <= MAX_LENGTH:
        try:
            decoded = b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-_", validate=True)
        except ValueError:  # not ASCII, not base64, or a length that base64 never has
            decoded = b""
        if matched := _DECODED.fullmatch(decoded):
            return matched[1].decode(), UUID(matched[2].decode())
    return None


def parse(text: str, field: str = "id") -> tuple[str, UUID]:
    """The type and the uuid that an id names.

    Raises:
        GraphQLError: BAD_USER_INPUT, naming `field`, where the text is no id.
    """
    if (found := read(text)) is None:
        raise bad_user_input(
            f'`{field}` is no id: an id is base64url("Type:uuid"), as the `id` fields of this API give it.', field
        )
    return found


def decode(text: str, type_name: str, field: str = "id") -> UUID:
    """The uuid that the id of a record of that type names.

    Raises:
        GraphQLError: BAD_USER_INPUT, naming `field`, where the text is no id, or the id of another type.
    """
    found, key = parse(text, field)
    if found != type_name:
        raise bad_user_input(f"`{field}` is the id of {a(found[:40])}; the id of {a(type_name)} is wanted.", field)
    return key
