"""docs/security.md says what is: its roles, limits, codes and tests are those of the code."""

import json
import re
import time
from dataclasses import fields
from pathlib import Path
from typing import Final

import pytest

from db.viewer import SCOPE_ROLES
from db.words import KeyScope, Role, ViewerKind
from graph.access.issuer import issuer_of
from graph.access.limits import WORDS, Bounds
from graph.access.roles import INTROSPECTION, ROLES, Roles, metadata_of
from graph.errors import ErrorCode
from graph.schema import schema
from graph.settings import PREFIX, Settings
from graph.view import ColloquyView
from tests.access.roles import page
from tests.access.signing.provider import RSA_KEY, key_set, public, token

ROOT: Final = page.PAGE.parents[1]

STANDING: Final[dict[str, Role | ViewerKind]] = {
    **{role.value: role for role in Role},
    "ANONYMOUS": ViewerKind.ANONYMOUS,
}


def roots() -> dict[str, Roles | None]:
    """Each field of the root with the roles that it states."""
    core = schema._schema
    found: dict[str, Roles | None] = dict(INTROSPECTION)
    for root in (core.query_type, core.mutation_type, core.subscription_type):
        if root is not None:
            found |= {name: metadata_of(field).get(ROLES) for name, field in root.fields.items()}
    return found


def test_every_query_mutation_and_subscription_states_its_roles_and_stands_in_one_row() -> None:
    stated = roots()
    rows = [field for row in page.roles() for field in row.fields if "." not in field]

    assert [name for name, roles in stated.items() if roles is None] == []
    assert sorted(rows) == sorted(stated)


def test_the_roles_that_a_field_states_are_those_of_its_row() -> None:
    stated = roots()
    for row in page.roles():
        allowed = frozenset(STANDING[asker] for asker, word in row.may.items() if word != page.NO)
        for name in row.fields:
            assert "." in name or stated[name] == allowed, name


def test_the_table_has_a_column_for_each_role_and_known_words_alone() -> None:
    assert set(page.ASKERS) == {*(role.value for role in Role), "ANONYMOUS"}
    assert {word for row in page.roles() for word in row.may.values()} == page.WORDS


def test_the_fields_of_types_are_there() -> None:
    for row in page.roles():
        for name in row.fields:
            if "." in name:
                type_name, field = name.split(".")
                found = schema._schema.get_type(type_name)
                assert field in getattr(found, "fields", {}), name


def test_each_type_with_an_origin_is_in_the_table() -> None:
    with_origin = {
        f"{name}.origin" for name, each in schema._schema.type_map.items() if "origin" in getattr(each, "fields", {})
    }
    outputs = {name for name in with_origin if not name.split(".")[0].endswith(("Where", "Input"))}
    assert outputs == {field for row in page.roles() for field in row.fields if field.endswith(".origin")}


def test_the_role_of_each_scope_is_told() -> None:
    assert page.scopes() == {scope.value.lower(): role.value for scope, role in SCOPE_ROLES.items()}
    assert {scope.value.lower() for scope in KeyScope} == set(page.scopes())


def test_each_limit_has_the_number_of_its_setting() -> None:
    defaults = {PREFIX + name.upper(): str(field.default) for name, field in Settings.model_fields.items()}
    for limit in page.limits():
        assert defaults[limit.setting] == limit.at_most, limit.setting


def test_each_limit_of_documents_has_a_row() -> None:
    told = {limit.limit for limit in page.limits() if "LIMIT_EXCEEDED" in limit.answer}
    assert told == set(WORDS) - {"nesting", "introspectionDepth"}, "those two are the parser's and the validator's own"
    numbers = {each.name for each in fields(Bounds) if each.name != "introspection"}
    assert len(told) == len(numbers)


def test_each_answer_to_a_limit_is_one_that_the_server_gives() -> None:
    for limit in page.limits():
        for code in page.words_in(limit.answer):
            assert code in list(ErrorCode), limit


@pytest.mark.parametrize(("code", "status"), page.codes().items())
def test_the_status_of_an_error_is_that_of_its_code(code: str, status: int) -> None:
    elsewhere = {"BODY_TOO_LARGE": 413, "DOCUMENT_NOT_FOUND": 404}  # these are never errors of an operation
    assert code in list(ErrorCode)
    assert {**ColloquyView.statuses, **elsewhere}.get(code, 400) == status


@pytest.mark.parametrize(("item", "tests"), page.items(), ids=lambda value: value if isinstance(value, str) else "")
def test_each_item_of_the_cheat_sheet_names_a_test_that_is_there(item: str, tests: tuple[str, ...]) -> None:
    assert tests, item
    for test in tests:
        path, name = test.split("::")
        assert re.search(rf"^(async )?def {name}\(", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE), test


def test_each_setting_that_the_page_names_is_one() -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    assert set(re.findall(rf"\b{PREFIX}[A-Z_]+\b", page.text())) <= known


def test_each_setting_of_access_and_of_limits_is_named() -> None:
    """What is about who may see what, and how much, is on the page; the table of settings has the rest."""
    about = re.compile(
        r"jwt_(issuer|audience|jwks|role_claim|workspace_claim|workspace)|token_secret|allowed_origins|row_security"
        r"|end_users_see_public|trusted_\w+|introspection\w*|\w*rate_limit|operations_\w+|(document|query|variables)_\w+"
        r"|\w*body_\w+|header_\w+|write_timeout|execution_timeout|connections|sockets?\w*"
    )
    wanted = {PREFIX + name.upper() for name in Settings.model_fields if about.fullmatch(name)}
    assert wanted - set(re.findall(rf"\b{PREFIX}[A-Z_]+\b", page.text())) == set()


async def test_the_settings_of_the_worked_example_let_its_user_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = re.findall(rf"^({PREFIX}JWT_\w+)=(\S+)", page.text(), re.MULTILINE)
    for name, value in lines:
        monkeypatch.setenv(name, value)
    (tmp_path / "keys.json").write_bytes(key_set(public(RSA_KEY, "one")))
    settings = Settings.load(jwt_jwks=str(tmp_path / "keys.json"))
    (example,) = re.findall(r'`(\{"iss": [^`]+)`', page.text())
    claims = json.loads(example.replace("...", str(int(time.time()) + 600)))
    issuer = issuer_of(settings)

    assert issuer is not None
    user = await issuer.identity(token(**claims))
    staff = await issuer.identity(token(**claims, realm_access={"roles": ["offline", "VIEWER", "editor"]}))
    assert (user.workspace, user.user_id, user.role) == ("north", "ann", Role.END_USER)
    assert staff.role is Role.EDITOR
