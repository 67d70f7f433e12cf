"""Records of all formats, and the conversations that they are."""

import copy
from collections.abc import Iterator
from typing import Any

from db.interchange.base import ConversationDraft
from db.interchange.formats import FORMATS
from db.interchange.settling import settle
from tests.interchange import test_athena, test_cogsol, test_inkeep, test_pipeshub
from tests.interchange.drafted import as_stored
from tests.interchange.specimens import records_of

VENDORS: dict[str, list[Any]] = {
    "athena": [test_athena.RECORD, test_athena.CHAT, test_athena.ANSWER],
    "cogsol": [test_cogsol.CHAT, test_cogsol.SHORT, test_cogsol.ANSWER, test_cogsol.READ],
    "pipeshub": [test_pipeshub.CONVERSATION, test_pipeshub.ANSWER],
    "inkeep": [test_inkeep.CONVERSATION, test_inkeep.ANSWER],
}


def specimens(name: str) -> list[Any]:
    """Records of a format."""
    return VENDORS[name] if name in VENDORS else records_of(name)


def read(name: str, record: Any) -> Iterator[ConversationDraft]:
    """The conversations of a record, as they are stored."""
    for draft in FORMATS[name].read(copy.deepcopy(record)):
        if isinstance(draft, ConversationDraft):
            settle(draft, "digest")
            yield as_stored(draft)
