"""Tokens that the server makes for end users: what they say, and what is none of them."""

from datetime import UTC, datetime, timedelta
from secrets import token_bytes
from uuid import uuid4

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.errors import InvalidInput
from db.viewer import DEFAULT_VIEWER, Viewer
from db.words import KeyScope, Role, ViewerKind
from graph.access.tokens import BadToken, is_own, mint, read, read_anonymous
from tests.access.signing.provider import RSA_KEY, claims, pem, token, written

SECRET = token_bytes(64)
ADMIN = Viewer(uuid4(), role=Role.ADMIN, kind=ViewerKind.KEY, key_id=uuid4(), scope=KeyScope.ADMIN)


def later(seconds: float = 600) -> datetime:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).replace(microsecond=0)


@given(user_id=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=512))
def test_a_token_says_who_it_is_for_until_when_and_by_which_key(user_id: str) -> None:
    expires = later()

    found = read(SECRET, mint(SECRET, ADMIN, user_id, False, expires))

    assert (found.workspace_id, found.user_id, found.key_id) == (ADMIN.workspace_id, user_id, ADMIN.key_id)
    assert (found.anonymous, found.expires_at) == (False, expires)


def test_anonymous_visitors_get_ids_that_nobody_guesses() -> None:
    made = [mint(SECRET, DEFAULT_VIEWER, None, True, later()) for _ in range(2)]

    found = [read_anonymous(SECRET, each, workspace_id=DEFAULT_VIEWER.workspace_id) for each in made]

    assert found[0] != found[1]
    assert all(len(each) > 32 and read(SECRET, text).anonymous for each, text in zip(found, made, strict=True))


@pytest.mark.parametrize("user_id", [None, "", "x" * 513, "a\0", "\ud800"], ids=repr)
def test_a_user_id_that_no_database_could_hold_gets_no_token(user_id: str | None) -> None:
    with pytest.raises(InvalidInput) as refused:
        mint(SECRET, ADMIN, user_id, False, later())
    assert refused.value.field == "userId"


def own(**more: object) -> dict[str, object]:
    given = {"iss": "colloquy", "aud": str(ADMIN.workspace_id), "sub": "alice", "iat": 0, "exp": 4102444800, **more}
    return {name: value for name, value in given.items() if value is not None}


@pytest.mark.parametrize(
    "text",
    [
        mint(token_bytes(32), ADMIN, "alice", False, later()),
        jwt.encode(own(), SECRET, "HS512"),
        written({"typ": "JWT", "alg": "none"}, own()),
        jwt.encode(own(), RSA_KEY, "RS256"),
        jwt.encode(own(iss="another"), SECRET, "HS256"),
        jwt.encode(own(sub=None), SECRET, "HS256"),
        jwt.encode(own(sub="a\0"), SECRET, "HS256"),
        jwt.encode(own(exp=None), SECRET, "HS256"),
        jwt.encode(own(exp=10**30), SECRET, "HS256"),
        jwt.encode(own(aud=None), SECRET, "HS256"),
        jwt.encode(own(aud="default"), SECRET, "HS256"),
        jwt.encode(own(aud=[str(ADMIN.workspace_id)]), SECRET, "HS256"),
        jwt.encode(own(key="x"), SECRET, "HS256"),
        jwt.encode(own(key=7), SECRET, "HS256"),
        mint(SECRET, ADMIN, "alice", False, later(-1)),
        mint(SECRET, ADMIN, "alice", False, later())[:-2],
        "x" * 9000,
        "",
    ],
    ids=lambda _text: "token",
)
def test_what_is_not_signed_by_the_server_or_not_as_it_signs_is_none_of_its_tokens(text: str) -> None:
    with pytest.raises(BadToken) as refused:
        read(SECRET, text)
    assert "alice" not in refused.value.message


def test_a_token_is_for_its_workspace_alone_where_one_is_asked_for() -> None:
    text = mint(SECRET, ADMIN, "alice", True, later())

    assert read_anonymous(SECRET, text, workspace_id=ADMIN.workspace_id) == "alice"
    with pytest.raises(BadToken, match="another workspace"):
        read_anonymous(SECRET, text, workspace_id=uuid4())


def test_only_an_anonymous_visitors_token_can_be_claimed_with() -> None:
    with pytest.raises(BadToken, match="anonymous"):
        read_anonymous(SECRET, mint(SECRET, ADMIN, "alice", False, later()), workspace_id=ADMIN.workspace_id)


def test_a_short_secret_signs_nothing() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        mint(b"short", ADMIN, "alice", False, later())


def test_which_rules_a_token_is_verified_by_is_what_it_says_of_itself() -> None:
    assert is_own(mint(SECRET, ADMIN, "alice", False, later()))
    assert is_own(written({"alg": "HS256"}, own(), pem(RSA_KEY)))
    assert not is_own(token())
    assert not is_own(written({"alg": "HS256"}, claims(iss=["colloquy"]), b"x"))
    assert not is_own("a.b.c")
