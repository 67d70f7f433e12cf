"""Conversations are changed, put away, deleted and brought back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from db import bulk, reads
from db.tags import tags_of
from db.titles import made_title
from db.words import ExecutionStatus, ProblemCode
from db.writing.inputs import CONVERSATION
from db.writing.merging import merge
from db.writing.opinions import keep_like
from db.writing.outcome import Outcome
from db.writing.performing import Verb, Work
from db.writing.rows import (
    Values,
    assistant_is_here,
    conversation_for_update,
    external_id_free,
    measured,
    opening_of,
    write_conversation,
)
from db.writing.shapes import BAD, Shape, flag, identifier, text, whole, word

_ONE: Final = Shape({"id": identifier}, required=("id",))
_EXPECTED: Final = _ONE.with_fields(expected_version=whole())

_UPDATE: Final = replace(
    CONVERSATION.with_fields(
        id=identifier,
        expected_version=whole(),
        assistant_id=identifier,
        matrix_mode=flag,
        like=flag,
        comment=text,
    ),
    required=("id",),
    never_null=("visibility", "matrix_mode"),
)

_PLAIN: Final[tuple[str, ...]] = (
    "assistant_id",
    "owner_id",
    "visibility",
    "matrix_mode",
    "model",
    "system_prompt",
    "temperature",
    "config",
    "external_id",
    "external_url",
    "support_ticket_conversation_id",
    "project_id",
    "integration_id",
)
"""Fields that are columns."""


async def _found(work: Work, given: Mapping[str, Any], *, deleted: bool = False) -> Values | None:
    """The conversation of the input, locked, where it is there and of the version expected."""
    if "id" not in given:
        return None
    row = await conversation_for_update(work, given["id"], ("id",), deleted=deleted)
    if row is not None:
        work.expect(given, row["version"], "conversation")
    return row


def _outcome(row: Any) -> Outcome:
    return Outcome(table="conversations", row=row)


async def _update(work: Work, given: dict[str, Any]) -> Outcome:
    row = await _found(work, given)
    await assistant_is_here(work, given.get("assistant_id"), ("assistant_id",))
    await external_id_free(work, "conversations", given.get("external_id"), given.get("id"), ("external_id",))
    changes = {name: given[name] for name in _PLAIN if name in given}
    for name in ("properties", "user_properties"):
        if name in given:
            merged = measured(work, merge(row and row[name], given[name]), (name,))
            if merged is not BAD:
                changes[name] = merged
    work.settle()
    assert row is not None, "an id that is missing or unknown is noted"
    if "title" in given:
        title = given["title"]
        changes["title"] = made_title(await opening_of(work, row["id"])) if title is None else title
        changes["title_made"] = title is None
    tagged = "tags" in given and await _retag(work, row["id"], given["tags"] or [])
    liked = await keep_like(work, row, given.get("owner_id") if "owner_id" in given else row["owner_id"], given)
    return _outcome(await write_conversation(work, row, changes, touched=tagged or liked))


async def _retag(work: Work, row_id: UUID, tags: list[str]) -> bool:
    """Let a conversation have these tags and no others; gives whether that changes anything."""
    wanted = list(dict.fromkeys(tags))
    known = await tags_of(work.connection, [row_id], viewer=work.viewer)
    if [row.tag for row in known[row_id]] == wanted:
        return False
    rows = reads.table("conversation_tags")
    await bulk.delete(work.connection, rows.c.conversation_id, [row_id], viewer=work.viewer)
    new = [{"conversation_id": row_id, "tag": tag, "position": position} for position, tag in enumerate(wanted)]
    await bulk.insert(work.connection, rows, new, viewer=work.viewer)
    return True


update_conversation: Final = Verb("update_conversation", _UPDATE, _update)
"""Change fields of a conversation: one left out stays, null clears; properties are merged (RFC 7396).

A title that is null is made again from the first user message. `like` and `comment` are the owner's feedback.
"""


_NEXT: Final = {
    ExecutionStatus.AVAILABLE: (ExecutionStatus.PENDING, ExecutionStatus.ERROR),
    ExecutionStatus.PENDING: (ExecutionStatus.PROCESSING, ExecutionStatus.ERROR),
    ExecutionStatus.PROCESSING: (ExecutionStatus.AVAILABLE, ExecutionStatus.ERROR, ExecutionStatus.ENDED),
    ExecutionStatus.ERROR: (ExecutionStatus.PENDING, ExecutionStatus.AVAILABLE, ExecutionStatus.ERROR),
    ExecutionStatus.ENDED: (ExecutionStatus.ERROR,),
}


async def _set_status(work: Work, given: dict[str, Any]) -> Outcome:
    row, status, reason = await _found(work, given), given.get("status"), given.get("fail_reason")
    if row is not None and status is not None and status not in (allowed := _NEXT[row["execution_status"]]):
        work.wrong(
            ("status",),
            f"The status can't become {status}: it is {row['execution_status']}, and after that comes "
            f"{' or '.join(allowed)}.",
            ProblemCode.INVALID_TRANSITION,
        )
    if reason is not None and status is not None and status is not ExecutionStatus.ERROR:
        work.wrong(("fail_reason",), f"The fail reason belongs to {ExecutionStatus.ERROR}, and not to {status}.")
    work.settle()
    assert row is not None, "an id that is missing or unknown is noted"
    return _outcome(await write_conversation(work, row, {"execution_status": status, "fail_reason": reason}))


set_execution_status: Final = Verb(
    "set_execution_status",
    replace(
        _EXPECTED.with_fields(status=word(ExecutionStatus), fail_reason=text),
        required=("id", "status"),
    ),
    _set_status,
)
"""Say how far the answer is: AVAILABLE, PENDING, PROCESSING and again AVAILABLE, ERROR or ENDED."""


async def _archive(work: Work, given: dict[str, Any]) -> Outcome:
    row = await _found(work, given)
    work.settle()
    assert row is not None, "an id that is missing or unknown is noted"
    return _outcome(await write_conversation(work, row, {"archived_at": row["archived_at"] or work.at}))


archive_conversation: Final = Verb("archive_conversation", _EXPECTED, _archive)
"""Put a conversation away; one that is away already stays as it is."""


async def _unarchive(work: Work, given: dict[str, Any]) -> Outcome:
    row = await _found(work, given)
    work.settle()
    assert row is not None, "an id that is missing or unknown is noted"
    return _outcome(await write_conversation(work, row, {"archived_at": None}))


unarchive_conversation: Final = Verb("unarchive_conversation", _EXPECTED, _unarchive)
"""Bring a conversation back from where it was put away."""


async def _delete(work: Work, given: dict[str, Any]) -> Outcome:
    row = await _found(work, given)
    work.settle()
    assert row is not None, "an id that is missing or unknown is noted"
    await write_conversation(work, row, {"deleted_at": work.at})
    return Outcome(deleted=[row["id"]], until=work.at + work.limits.undo)


delete_conversation: Final = Verb("delete_conversation", _EXPECTED, _delete)
"""Delete a conversation: nobody finds it any more, and until the time given it can be restored."""


async def _restore(work: Work, given: dict[str, Any]) -> Outcome:
    row = await _found(work, given, deleted=True)
    if row is not None and row["deleted_at"] is not None and row["deleted_at"] + work.limits.undo < work.at:
        until = row["deleted_at"] + work.limits.undo
        work.wrong(
            ("id",),
            f"The conversation could be restored until {until:%Y-%m-%d %H:%M} UTC.",
            ProblemCode.UNDO_EXPIRED,
        )
    work.settle()
    assert row is not None, "an id that is missing or unknown is noted"
    return _outcome(await write_conversation(work, row, {"deleted_at": None}))


restore_conversation: Final = Verb("restore_conversation", _ONE, _restore)
"""Bring a deleted conversation back, in time; one that is not deleted stays as it is."""
