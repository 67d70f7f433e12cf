"""Each of the four systems is told from the others, and the examples that lie beside the repository come back."""

import copy
from pathlib import Path

import pytest

from db import jsons
from db.interchange.athena import Athena
from db.interchange.cogsol import CogSol
from db.interchange.inkeep import Inkeep
from db.interchange.pipeshub import PipesHub
from tests.interchange import test_athena, test_cogsol, test_inkeep, test_pipeshub
from tests.interchange.vendors import Document, conversation_of, stored

FORMATS = {each.name: each for each in (Athena(), CogSol(), PipesHub(), Inkeep())}
EXAMPLES = Path(__file__).parents[3] / "shared" / "formats"

RECORDS: dict[str, list[Document]] = {
    "athena": [test_athena.RECORD, test_athena.CHAT, test_athena.ANSWER],
    "cogsol": [test_cogsol.CHAT, test_cogsol.SHORT, test_cogsol.ANSWER, test_cogsol.READ, test_cogsol.REPORT],
    "pipeshub": [test_pipeshub.CONVERSATION, test_pipeshub.ANSWER],
    "inkeep": [test_inkeep.CONVERSATION, test_inkeep.ANSWER, test_inkeep.FEEDBACK],
}


@pytest.mark.parametrize("name", FORMATS)
def test_a_record_is_claimed_by_its_own_format_alone(name: str) -> None:
    for record in RECORDS[name]:
        assert [each.name for each in FORMATS.values() if each.fits(record)] == [name]


@pytest.mark.parametrize("name", FORMATS)
def test_the_examples_come_back(name: str) -> None:
    path = EXAMPLES / f"{name}.example.json"
    if not path.exists():
        pytest.skip("the folder of examples is not beside this repository")
    document = jsons.parse(path.read_bytes())
    assert isinstance(document, dict)
    draft = stored(conversation_of(FORMATS[name], copy.deepcopy(document)))
    assert jsons.same(FORMATS[name].write(draft), [document])
