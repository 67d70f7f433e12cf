"""Transcripts without ids, laid against the branch in play: which of their messages are there already.

A transcript may be whole, or cut at its front by a context window. Its instructions (the system messages in front) may
be kept by the cut, and may say something else on every turn (the date): these are compared by themselves.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from db import jsons
from db.words import MessageRole, PartType

Print = Hashable
"""What two messages have in common that are the same one."""


def print_of(row: Mapping[str, Any], parts: Sequence[Mapping[str, Any]], calls: Sequence[Mapping[str, Any]]) -> Print:
    """The print of a message: who says what, and which tools are called."""
    return (
        row["role_name"],
        row.get("author_name"),
        row.get("tool_call_id"),
        row.get("tool_name"),
        row["content"],
        tuple(_part(part) for part in parts),
        tuple((call.get("call_id"), call.get("name"), call.get("arguments_text") or "") for call in calls),
    )


def _part(part: Mapping[str, Any]) -> Print:
    payload = part.get("payload")
    told = [part.get(name) for name in ("text", "url", "detail", "name", "media_type", "other_type")]
    return (PartType(part["type"]), *told, None if payload is None else jsons.dump(payload))


@dataclass(frozen=True, slots=True)
class Alignment:
    """How a transcript lies on a branch."""

    matches: list[int | None]
    """For each message of the transcript the place on the branch of the same message; None: it is new."""
    changed: list[int]
    """Of the matches, those messages of the transcript whose words replace those on the branch: its instructions."""
    after: int
    """The place on the branch after which the new ones come; -1: at the top."""


def align(
    branch: Sequence[Print], branch_roles: Sequence[MessageRole], told: Sequence[Print], roles: Sequence[MessageRole]
) -> Alignment:
    """Lay a transcript against a branch.

    The transcript is taken to begin where the most of it is the same: at the branch's beginning where several places
    are as good, else where it comes to its own end or the branch's, else at the last of them. Where nothing is the
    same, its first message is another first message; so is that of one with instructions that the branch has none of.
    """
    first, own = _leading(branch_roles), _leading(roles)
    start, run = _overlap(branch[first:], told[own:])
    if own:
        whole, length = _overlap(branch, told)
        if length and length >= own + run:
            # It lies as well with its instructions: they are no others, and may stand in the middle of the branch.
            return _lying(len(told), 0, whole, length)
    if own <= first and (run or own == len(told)):
        found = _lying(len(told), own, first + start, run)
        changed = [place for place in range(own) if branch[place] != told[place]]
        after = found.after if run else len(branch) - 1
        return Alignment([*range(own), *found.matches[own:]], changed, after)
    if not own:
        return _lying(len(told), 0, first, 0)
    pairs = zip(branch, told, strict=False)
    return _lying(len(told), 0, 0, sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs)))


def _lying(size: int, first: int, start: int, run: int) -> Alignment:
    """A transcript of which so many messages, from the first one of these on, are those of the branch from `start`."""
    matches: list[int | None] = [None] * size
    matches[first : first + run] = range(start, start + run)
    return Alignment(matches, [], start + run - 1)


def _leading(roles: Sequence[MessageRole]) -> int:
    """How many instructions stand in front."""
    return next((place for place, role in enumerate(roles) if role is not MessageRole.SYSTEM), len(roles))


def _overlap(branch: Sequence[Print], told: Sequence[Print]) -> tuple[int, int]:
    """Where on the branch the transcript begins, and how many messages are the same from there."""
    if not branch or not told:
        return 0, 0
    best = (0, False, False, 0)
    for place, run in enumerate(_runs(told, branch)):
        if run:
            is_clean = run == len(told) or place + run == len(branch)
            best = max(best, (run, place == 0, is_clean, place))
    return best[3], best[0]


def _runs(needle: Sequence[Print], hay: Sequence[Print]) -> list[int]:
    """For each place of the hay how many elements from there are those that the needle begins with (Z algorithm)."""
    numbers: dict[Print, int] = {}
    both = [numbers.setdefault(each, len(numbers)) for each in needle]
    both += [-1, *(numbers.setdefault(each, len(numbers)) for each in hay)]
    runs = [0] * len(both)
    left = right = 0
    for place in range(1, len(both)):
        if place < right:
            runs[place] = min(right - place, runs[place - left])
        while place + runs[place] < len(both) and both[runs[place]] == both[place + runs[place]]:
            runs[place] += 1
        if place + runs[place] > right:
            left, right = place, place + runs[place]
    return runs[len(needle) + 1 :]
