"""Nobody crosses over HTTP: keys and tokens of two workspaces, each asked about what is of all the others."""

import json
from pathlib import Path
from typing import Final

import pytest

from db.database import Database
from tests.access.roles.operations import READS, WRITES
from tests.access.roles.world import ELSEWHERE, HERE, Area, World

OWN: Final = (
    "conversation",
    "conversations",
    "conversationByExternalId",
    "message",
    "feedback",
    "source",
    "nodes",
    "tags",
)
"""Reads of what is one user's."""

WORKSPACES: Final = ("assistant", "tools")
"""Reads of what all of a workspace see."""

CHANGES: Final = ("updateConversation", "deleteMessage", "tagConversations", "withdrawFeedback")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_no_key_or_token_reaches_what_is_anothers_over_http(database: Database, tmp_path: Path) -> None:
    async with World.of(database, tmp_path) as world:
        owners = ((HERE, "ann"), (HERE, "bea"), (ELSEWHERE, "ann"))  # two of one name
        areas = [await world.area(*owner) for owner in owners]
        asking = [(area, await world.user_token(area.owner, area.workspace), True) for area in areas]
        asking += [(area, world.admins[area.workspace], False) for area in areas[1:]]
        for mine, credential, ends in asking:
            for area in areas:
                for name in (*OWN, *WORKSPACES):
                    read = READS[name]
                    answer = await world.ask(credential, read.document, read.variables(area))
                    reaches = _reaches(mine, area, ends=ends and name in OWN)
                    assert answer.status == 200, answer
                    assert (read.mark(area) in json.dumps(answer.body["data"])) is reaches, (name, mine, area, answer)
                if not _reaches(mine, area, ends=ends):
                    before = await world.state(area)
                    for name in CHANGES:
                        answer = await world.change(credential, name, WRITES[name].given(area), "userErrors { code }")
                        assert {each["code"] for each in answer.body["data"][name]["userErrors"]} == {"NOT_FOUND"}
                    assert await world.state(area) == before


def _reaches(mine: Area, area: Area, *, ends: bool) -> bool:
    return area is mine if ends else area.workspace == mine.workspace
