"""Calls of tools and the messages that answer them, found by the ids of the calls."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa

from db import bulk, reads
from db.writing.performing import Work


async def answer(work: Work, conversation_id: UUID, call_ids: Collection[str]) -> None:
    """Tell the calls with these ids that wait for an answer which message answers them: the first one behind them.

    Whether the call came first or the answer makes no difference.
    """
    calls, messages, asking = reads.table("tool_calls"), reads.table("messages"), reads.alias("messages", "asking")
    open_calls = (
        sa.select(calls.c.id, calls.c.call_id, asking.c.sequence)
        .select_from(calls.join(asking, asking.c.id == calls.c.message_id))
        .where(
            asking.c.conversation_id == conversation_id,
            calls.c.result_message_id.is_(None),
            reads.in_workspace(calls, work.viewer.workspace_id),
        )
    )
    answers = (
        sa.select(messages.c.id, messages.c.tool_call_id, messages.c.sequence)
        .where(messages.c.conversation_id == conversation_id, reads.in_workspace(messages, work.viewer.workspace_id))
        .order_by(messages.c.sequence)
    )
    answered = []
    for some in bulk.chunks(call_ids):
        waiting = list(await work.connection.execute(open_calls.where(calls.c.call_id.in_(some))))
        found: defaultdict[str, list[tuple[int, UUID]]] = defaultdict(list)
        if waiting:
            for row in await work.connection.execute(answers.where(messages.c.tool_call_id.in_(some))):
                found[row.tool_call_id].append((row.sequence, row.id))
        for call in waiting:
            behind = found[call.call_id]
            first = bisect_right(behind, call.sequence, key=lambda each: each[0])
            if first < len(behind):
                answered.append({"id": call.id, "result_message_id": behind[first][1]})
    await bulk.update(work.connection, calls, answered, columns=("result_message_id",), viewer=work.viewer)
