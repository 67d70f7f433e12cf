"""Merging JSON as RFC 7396 says."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.writing.merging import merge

# The pairs of RFC 7396's appendix, in words of our own where they need not be letters.
EXAMPLES: list[tuple[Any, Any, Any]] = [
    ({"mood": "calm"}, {"mood": "tense"}, {"mood": "tense"}),
    ({"mood": "calm"}, {"plan": "pro"}, {"mood": "calm", "plan": "pro"}),
    ({"mood": "calm"}, {"mood": None}, {}),
    ({"mood": "calm", "plan": "pro"}, {"mood": None}, {"plan": "pro"}),
    ({"seats": [1]}, {"seats": 2}, {"seats": 2}),
    ({"seats": 2}, {"seats": [1]}, {"seats": [1]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    ({"a": "text"}, {"a": {"b": 1}}, {"a": {"b": 1}}),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ({"a": 1}, [1, None], [1, None]),
    ({"a": 1}, None, None),
    (None, {"a": {"b": [None]}}, {"a": {"b": [None]}}),
]


@pytest.mark.parametrize(("value", "patch", "merged"), EXAMPLES)
def test_a_patch_sets_merges_and_removes(value: Any, patch: Any, merged: Any) -> None:
    assert merge(value, patch) == merged


def test_members_keep_their_places_and_new_ones_come_last() -> None:
    assert list(merge({"b": 1, "a": 2, "c": 3}, {"z": 0, "a": 9, "b": None})) == ["a", "c", "z"]


def test_any_depth_is_merged() -> None:
    patch: Any = 1
    for _ in range(50_000):
        patch = {"k": patch}
    merged = merge({}, patch)
    for _ in range(50_000):
        merged = merged["k"]
    assert merged == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=12,
)


def defined(value: Any, patch: Any) -> Any:
    """The merge as the RFC's own recursion says it."""
    if not isinstance(patch, dict):
        return patch
    result = dict(value) if isinstance(value, dict) else {}
    for name, change in patch.items():
        if change is None:
            result.pop(name, None)
        else:
            result[name] = defined(result.get(name), change)
    return result


@given(JSON, JSON)
def test_a_merge_is_what_the_definition_says_and_changes_neither_of_the_two(value: Any, patch: Any) -> None:
    before = deepcopy((value, patch))
    assert merge(value, patch) == defined(value, patch)
    assert (value, patch) == before


@given(JSON, JSON)
def test_a_patch_that_came_through_changes_nothing_more(value: Any, patch: Any) -> None:
    once = merge(value, patch)
    assert merge(once, patch) == once
