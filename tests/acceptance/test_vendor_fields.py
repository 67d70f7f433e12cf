"""Every field of the four systems' documents is a field of the API: imported, selected and compared one by one.

The list of fields is that of the tables in docs/formats.md, and where the documents of the four systems lie beside this
repository, each field that they name has a row there.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from graphql import FieldNode, GraphQLSchema, TypeInfo, TypeInfoVisitor, Visitor, parse, visit
from graphql.utilities import build_schema

from graph.access.limits import UNBOUNDED
from graph.schema import sdl
from tests.acceptance.fields import athena, cogsol, inkeep, pipeshub
from tests.acceptance.fields.comparing import Compared, Record
from tests.acceptance.fields.tables import Documented, coordinates, documented
from tests.acceptance.worlds import SHARED, World
from tests.graph.asking import Client

FIELDS = Path(__file__).parent / "fields"
DOCUMENTS = SHARED / "formats" / "documents"

COMPARED: dict[str, Callable[[Record], Iterator[Compared]]] = {
    "athena": athena.compared,
    "cogsol": cogsol.compared,
    "pipeshub": pipeshub.compared,
    "inkeep": inkeep.compared,
}
MODELS = {
    "athena": ("000-chat-interaction.md", "ChatInteraction"),
    "cogsol": ("001-full-chat.md", "FullChat"),
    "pipeshub": ("002-message.md", "Message"),
    "inkeep": ("003-openai-conversation.md", "OpenAIConversation"),
}
"""The document of each system, and its table."""

NAMED = {
    "athena": "actor created_at dw_data id message metadata model reference thread_id timestamp user_credits",
    "cogsol": "id messages references title like comment created_at updated_at matrix_mode execution_status assistant"
    " tools",
    "pipeshub": "_id messageType content contentFormat citations confidence followUpQuestions feedback metadata"
    " createdAt updatedAt",
    "inkeep": "id externalId externalUrl type supportTicketConversationId createdAt updatedAt projectId integrationId"
    " properties userProperties tags visibility messages messagesOpenAIFormat",
}
"""The fields that these documents name, as they go over the wire."""

OPAQUE = {("athena", "metadata"), ("athena", "dw_data")}
"""What has no inner fields to be had, as the document says."""

OWN = {("inkeep", "properties"), ("inkeep", "userProperties")}
"""What is a map of the application's own with its vendor, too."""

MAPS = {"extra", "config", "properties", "userProperties"}


def rows(system: str) -> list[Documented]:
    return [row for row in documented() if row.system == system]


def operation(system: str) -> str:
    return (FIELDS / f"{system}.graphql").read_text(encoding="utf-8")


@cache
def api() -> GraphQLSchema:
    return build_schema(sdl())


def selected(system: str) -> set[str]:
    """The fields that the operation of a system selects, as Type.field."""
    found: set[str] = set()
    info = TypeInfo(api())

    class Selections(Visitor):
        def enter_field(self, node: FieldNode, *_: object) -> None:
            parent = info.get_parent_type()
            assert parent is not None
            found.add(f"{parent.name}.{node.name.value}")

    visit(parse(operation(system)), TypeInfoVisitor(info, Selections()))
    return found


def steps(path: str) -> Iterator[str]:
    """Type.field of each step of a path such as Message.origin.recordId. Fails where there is no such field."""
    name, *fields = path.split(".")
    for field in fields:
        kind = api().type_map[name]
        found = getattr(kind, "fields", {}).get(field)
        assert found is not None, f"{path}: {name} has no field {field}"
        yield f"{name}.{field}"
        name = re.sub(r"[\[\]!]", "", str(found.type)).removesuffix("Connection")


def test_the_documents_are_taken_whole(vendors: World) -> None:
    assert vendors.told["code"] == 0, vendors.told["said"]


@pytest.mark.parametrize("system", COMPARED)
async def test_each_field_holds_what_its_vendor_says(vendor_client: Client, system: str) -> None:
    vendor_client.bounds = UNBOUNDED
    data = await vendor_client.ask(operation(system))
    compared = list(COMPARED[system](data))
    wrong = [f"{each.table}, {each.field}: {each.api!r} is not {each.vendor!r}" for each in compared if _differ(each)]
    assert wrong == []
    # A field is compared at least once where its record says something.
    said = {(each.table, each.field) for each in compared if each.vendor not in (None, [], {})}
    assert said == {(row.table, row.field) for row in rows(system)}


def _differ(each: Compared) -> bool:
    return each.vendor != each.api or type(each.vendor) is not type(each.api)


@pytest.mark.parametrize("system", COMPARED)
def test_the_operation_selects_the_fields_that_the_tables_name(system: str) -> None:
    named = {step for row in rows(system) for path in coordinates(row.goes_to) for step in steps(path)}
    assert len(named) > 20
    assert named - selected(system) == set()


@pytest.mark.parametrize("system", COMPARED)
def test_each_field_of_the_document_has_a_field_of_its_own(system: str) -> None:
    _, table = MODELS[system]
    own: dict[str, set[str]] = {}
    for row in rows(system):
        if row.table == table:
            named = {path.rpartition(".")[2] for path in coordinates(row.goes_to)}
            own.setdefault(_top(row.field), set()).update(named - MAPS)
    for field in NAMED[system].split():
        assert field in own, field
        assert own[field] or (system, field) in OPAQUE | OWN, field


@pytest.mark.parametrize("system", COMPARED)
def test_the_fields_are_those_of_the_vendor_s_document(system: str) -> None:
    name, _ = MODELS[system]
    path = DOCUMENTS / name
    if not path.exists():
        pytest.skip("the documents of the four systems are not beside this repository")
    fields = re.findall(r"^(?:\| |#### )`(\w+)`", path.read_text(encoding="utf-8"), re.MULTILINE)
    if system == "pipeshub":
        # As they go over the wire, in place of Python's names.
        fields = [re.sub(r"_(\w)", lambda match: match[1].upper(), field) for field in fields]
        fields = ["_id" if field == "id" else field for field in fields]
    assert sorted(fields) == sorted(NAMED[system].split())


def _top(field: str) -> str:
    """The key of the record itself: of followUpQuestions[].question it is followUpQuestions."""
    return re.split(r"\[|\.|,", field)[0]
