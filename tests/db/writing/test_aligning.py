"""A transcript without ids is laid against a branch: what is the same is found, whatever the window leaves out."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from db.words import MessageRole, PartType
from db.writing.aligning import Alignment, align, print_of

ROLES = {"s": MessageRole.SYSTEM, "q": MessageRole.USER, "a": MessageRole.ASSISTANT}


def lay(branch: str, told: str) -> Alignment:
    """Align messages that are words: the first letter tells the role."""
    there, here = branch.split(), told.split()
    return align(there, [ROLES[word[0]] for word in there], here, [ROLES[word[0]] for word in here])


def matches(branch: str, told: str) -> list[int | None]:
    return lay(branch, told).matches


def test_the_same_transcript_is_there_already() -> None:
    assert lay("s q1 a1 q2", "s q1 a1 q2") == Alignment([0, 1, 2, 3], [], 3)


def test_a_growing_transcript_goes_on_at_the_end() -> None:
    assert lay("s q1 a1", "s q1 a1 q2 a2") == Alignment([0, 1, 2, None, None], [], 2)


def test_a_transcript_that_breaks_off_earlier_is_there() -> None:
    assert lay("s q1 a1 q2 a2", "s q1 a1") == Alignment([0, 1, 2], [], 2)


def test_a_window_is_found_where_it_lies() -> None:
    assert matches("s q1 a1 q2 a2", "a1 q2 a2 q3") == [2, 3, 4, None]
    assert matches("q1 a1 q2 a2", "q2 a2") == [2, 3]


def test_a_window_that_keeps_its_instructions_is_found_too() -> None:
    assert lay("s q1 a1 q2 a2", "s q2 a2 q3") == Alignment([0, 3, 4, None], [], 4)


def test_instructions_that_change_replace_the_ones_before() -> None:
    assert lay("s1 q1 a1", "s2 q1 a1 q2") == Alignment([0, 1, 2, None], [0], 2)
    assert lay("s1 s2 q1 a1", "s1 s3 a1 q2") == Alignment([0, 1, 3, None], [1], 3)
    assert lay("s1 q1", "s2") == Alignment([0], [0], 1)


def test_a_window_that_begins_at_instructions_in_the_middle_leaves_those_at_the_front() -> None:
    assert lay("s1 q1 a1 s2 q2 a2", "s2 q2 a2 q3") == Alignment([3, 4, 5, None], [], 5)
    assert lay("s1 s2 q1", "s2 q1 a1") == Alignment([1, 2, None], [], 2)


def test_a_question_that_was_edited_begins_another_branch() -> None:
    assert lay("s q1 a1 q2 a2", "s q1 a1 q3 a3") == Alignment([0, 1, 2, None, None], [], 2)
    assert lay("s q1 a1 q2 a2", "a1 q3 a3") == Alignment([2, None, None], [], 2)


def test_another_first_question_goes_below_the_instructions() -> None:
    assert lay("s q1 a1", "q2 a2") == Alignment([None, None], [], 0)
    assert lay("s q1 a1", "s q2 a2") == Alignment([0, None, None], [], 0)
    assert lay("q1 a1", "q2 a2") == Alignment([None, None], [], -1)
    assert lay("s1 q1 a1", "s2 q2") == Alignment([None, None], [], -1)


def test_instructions_that_the_branch_has_none_of_begin_another_one() -> None:
    assert lay("q1 a1", "s q1 a1 q2") == Alignment([None] * 4, [], -1)


def test_equal_messages_are_told_apart_by_what_follows_them() -> None:
    assert matches("q a1 q a2 q", "q a2 q a3") == [2, 3, 4, None]
    assert matches("q a q a q a", "q a q a q a q") == [0, 1, 2, 3, 4, 5, None]


def test_of_places_that_are_as_good_the_beginning_counts_and_then_the_end() -> None:
    assert matches("q a1 q", "q a3") == [0, None]
    assert matches("q1 a q2 a", "a q3") == [3, None]
    assert matches("q1 a q2 a q3", "a q4") == [3, None]


def test_an_empty_branch_or_transcript_matches_nothing() -> None:
    assert lay("", "s q a") == Alignment([None] * 3, [], -1)
    assert lay("s q", "").matches == []
    assert lay("", "") == Alignment([], [], -1)


WORDS = st.lists(st.sampled_from(["s1", "s2", "q1", "q2", "a1", "a2"]), max_size=12)


@given(branch=WORDS, told=WORDS)
def test_matches_rise_and_are_the_same_messages_but_for_changed_instructions(
    branch: list[str], told: list[str]
) -> None:
    found = lay(" ".join(branch), " ".join(told))
    assert len(found.matches) == len(told)
    places = [match for match in found.matches if match is not None]
    assert all(one < two for one, two in pairwise(places))
    assert found.matches[: len(places)] == places, "what is new comes behind what is there"
    for place, match in enumerate(found.matches):
        if match is not None and place not in found.changed:
            assert told[place] == branch[match]
    for place in found.changed:
        assert told[place] != branch[place]
        assert (told[place][0], branch[place][0]) == ("s", "s")
    assert -1 <= found.after < max(len(branch), 1)
    if places and None in found.matches:
        assert found.after == places[-1] or all(told[place][0] == "s" for place in range(len(places)))


@st.composite
def windows(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    """A transcript, and windows of it, each of which holds a message of the last that is there only once."""
    size = draw(st.integers(min_value=1, max_value=14))
    common = st.sampled_from(["qyes", "ayes"])
    body = [draw(st.one_of(common, st.just(f"{'qa'[place % 2]}{place}"))) for place in range(size)]
    instructions = draw(st.sampled_from([[], ["s1"], ["s1", "s2"]]))
    end = draw(st.integers(min_value=1, max_value=size))
    logs = [instructions + body[:end]]
    while end < size:
        distinct = [place for place in range(end) if body.count(body[place]) == 1]
        start = draw(st.integers(min_value=0, max_value=max(distinct))) if distinct else 0
        end = draw(st.integers(min_value=end + 1, max_value=size))
        kept = draw(st.booleans()) or start == 0
        logs.append((instructions if kept else []) + body[start:end])
    return instructions + body, logs


@given(windows())
def test_a_transcript_logged_in_windows_is_the_transcript(logged: tuple[list[str], list[list[str]]]) -> None:
    whole, logs = logged
    branch: list[str] = []
    for told in logs:
        found = lay(" ".join(branch), " ".join(told))
        new = [word for word, match in zip(told, found.matches, strict=True) if match is None]
        assert not new or found.after == len(branch) - 1, "it goes on at the end"
        branch += new
    assert branch == whole


def test_prints_tell_messages_apart_by_all_that_goes_over_the_wire() -> None:
    row = {"role_name": "user", "content": "x"}
    part = {"type": PartType.IMAGE, "url": "u"}
    call = {"name": "f", "call_id": "c", "arguments_text": "{}"}
    prints = [
        print_of(row, [], []),
        print_of({**row, "role_name": "assistant"}, [], []),
        print_of({**row, "content": "y"}, [], []),
        print_of({**row, "author_name": "Ada"}, [], []),
        print_of({**row, "tool_call_id": "c"}, [], []),
        print_of({**row, "tool_name": "f"}, [], []),
        print_of(row, [part], []),
        print_of(row, [{**part, "detail": "low"}], []),
        print_of(row, [{"type": PartType.OTHER, "other_type": "t", "payload": {"n": 1}}], []),
        print_of(row, [{"type": PartType.OTHER, "other_type": "t", "payload": {"n": 1.0}}], []),
        print_of(row, [], [call]),
        print_of(row, [], [{**call, "arguments_text": "{ }"}]),
        print_of(row, [], [{**call, "name": "g"}]),
        print_of(row, [], [call, call]),
    ]
    assert len(set(prints)) == len(prints)
    stored = {**row, **dict.fromkeys(("author_name", "tool_call_id", "tool_name")), "model": "m"}
    assert print_of(stored, [], []) == prints[0]
    assert print_of(row, [], [{"name": "f"}]) == print_of(
        row, [], [{"name": "f", "call_id": None, "arguments_text": ""}]
    )
