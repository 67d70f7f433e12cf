"""Secrets: recognisable, of one scope, and never mistaken for anything else."""

import re
from string import ascii_letters, digits

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.secrets import LENGTH, LETTERS, SHOWN, digest_of, new_secret, scope_of
from db.words import KeyScope


@pytest.mark.parametrize("scope", KeyScope)
def test_a_secret_says_its_scope_and_has_the_shape_that_scanners_look_for(scope: KeyScope) -> None:
    secret = new_secret(scope)
    assert re.fullmatch(rf"clq_{LETTERS[scope]}_[0-9A-Za-z]{{38}}", secret)
    assert len(secret) == LENGTH
    assert scope_of(secret) is scope


@given(scope=st.sampled_from(KeyScope), at=st.integers(0, LENGTH - 1), letter=st.sampled_from(ascii_letters + digits))
def test_a_secret_with_one_wrong_character_is_none(scope: KeyScope, at: int, letter: str) -> None:
    secret = new_secret(scope)
    wrong = secret[:at] + letter + secret[at + 1 :]
    assert (scope_of(wrong) is None) == (wrong != secret)


@given(st.text(max_size=60))
def test_no_other_text_is_a_secret(text: str) -> None:
    assert scope_of(text) is None
    assert re.fullmatch("[0-9a-f]{64}", digest_of(text))


def test_secrets_differ_and_what_is_shown_of_one_is_not_all_of_it() -> None:
    made = {new_secret(KeyScope.READ) for _ in range(1000)}
    assert len(made) == 1000
    assert LENGTH - SHOWN == 32
