"""Node ids: what is documented of them, and what is refused."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any
from uuid import UUID

import pytest
from graphql import GraphQLError
from hypothesis import given
from hypothesis import strategies as st

from graph import ids

TYPES = ["Assistant", "Conversation", "Message", "Reference", "ToolCall"]

KEY = UUID("0190f7c2-8a1b-7c3d-9e4f-5a6b7c8d9e0f")


def padded(text: str) -> str:
    return text + "=" * (-len(text) % 4)


@given(st.sampled_from(TYPES), st.uuids())
def test_an_id_is_the_unpadded_base64url_of_type_and_uuid(type_name: str, key: UUID) -> None:
    made = ids.encode(type_name, key)
    assert urlsafe_b64decode(padded(made)).decode() == f"{type_name}:{key}"
    assert "=" not in made
    assert ids.decode(made, type_name) == key
    assert ids.parse(made) == (type_name, key)


@given(st.sampled_from(TYPES), st.uuids())
def test_a_client_may_pad_the_id_that_it_makes(type_name: str, key: UUID) -> None:
    made = urlsafe_b64encode(f"{type_name}:{key}".encode()).decode()
    assert ids.decode(made, type_name) == key


def test_a_uuid_of_any_version_makes_an_id() -> None:
    for key in (UUID(int=0), UUID(int=2**128 - 1), KEY):
        assert ids.decode(ids.encode("Message", key), "Message") == key


def test_the_id_of_another_type_is_refused_by_both_names() -> None:
    with pytest.raises(GraphQLError) as refusal:
        ids.decode(ids.encode("Message", KEY), "Conversation", "where.id.eq")
    assert refusal.value.extensions == {"code": "BAD_USER_INPUT", "field": "where.id.eq"}
    assert "Message" in refusal.value.message
    assert "Conversation" in refusal.value.message


def encoded(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "=",
        "812",
        "Message",
        "TWVzc2FnZ",
        f"Message:{KEY}",
        encoded("Message"),
        encoded("Message:812"),
        encoded(f"Message:{KEY.hex}"),
        encoded(f"Message:{KEY} "),
        encoded(f" Message:{KEY}"),
        encoded(f"Message:{{{KEY}}}"),
        encoded(f":{KEY}"),
        encoded(f"Message:{KEY}") + "\n",
        encoded(f"Message:{KEY}") + "é",
        "\ud800",
        "\0",
        "A" * 100_000,
    ],
)
def test_what_is_no_id_is_refused_by_the_argument_that_holds_it(text: str) -> None:
    with pytest.raises(GraphQLError) as refusal:
        ids.decode(text, "Message", "messageId")
    assert refusal.value.extensions == {"code": "BAD_USER_INPUT", "field": "messageId"}
    assert len(refusal.value.message) < 200


@given(st.text())
def test_no_text_makes_the_decoder_fail_otherwise(text: str) -> None:
    try:
        type_name, key = ids.parse(text)
    except GraphQLError as error:
        assert error.extensions == {"code": "BAD_USER_INPUT", "field": "id"}  # noqa: PT017  # either is right
    else:
        assert ids.parse(ids.encode(type_name, key)) == (type_name, key)


@given(st.lists(st.uuids(), max_size=40), st.sampled_from(TYPES))
def test_the_ids_of_many_records_are_those_of_each(keys: list[UUID], type_name: str) -> None:
    wanted = [ids.encode(type_name, key) for key in keys]
    assert ids.encode_all(type_name, keys) == wanted
    assert ids.encode_all(type_name, [key.hex for key in keys]) == wanted
    assert ids.encode_all(type_name, [str(key) for key in keys]) == wanted


@pytest.mark.parametrize("digits", [KEY.hex, str(KEY)])
@pytest.mark.parametrize("count", [1, 20])
@pytest.mark.parametrize("broken", ["", "12", None])
def test_a_uuid_that_is_none_spoils_no_other_in_silence(digits: str, count: int, broken: str | None) -> None:
    keys: list[Any] = [digits] * count + [broken]
    with pytest.raises(ValueError, match=r"digits|hexadecimal"):
        ids.encode_all("Message", keys)
