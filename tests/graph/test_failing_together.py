"""Several fields of one operation that fail at the same time."""

import asyncio
import gc
from typing import Any

from tests.graph.asking import Client


async def test_what_fails_beside_a_failure_that_is_told_leaves_nothing_in_the_log(client: Client) -> None:
    forgotten: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: forgotten.append(context))

    refusal = await client.refusal(
        """
        {
          conversations(first: 1, after: "none") { nodes { id } }
          messages(first: 1, after: "none") { nodes { id } }
          sources(first: 1, after: "none") { nodes { id } }
        }
        """
    )

    assert refusal["code"] == "BAD_USER_INPUT"
    for _ in range(3):
        await asyncio.sleep(0)
        gc.collect()
    assert forgotten == []
