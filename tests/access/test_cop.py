"""What graphql-cop looks for, asked of a running server: its thirteen checks, by what each of them is published to do.

A check sends one request and looks for one thing in the answer. It is run as a stranger would, and with a key, on a
server without introspection, explorer and queries by GET; and on one with all defaults, with a key and without keys.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx2
import pytest

from graph.explorer import available
from tests.access.roles import page
from tests.e2e.command import colloquy, running, url_of

HIGH, MEDIUM, LOW, INFO = "high", "medium", "low", "info"

Ask = Callable[..., httpx2.Response]


def data(answer: httpx2.Response) -> Any:
    """The data of an answer; nothing where it is none."""
    try:
        body = answer.json()
    except ValueError:
        return {}
    return (body.get("data") or {}) if isinstance(body, dict) else body


def errors(answer: httpx2.Response) -> list[dict[str, Any]]:
    try:
        body = answer.json()
    except ValueError:
        return []
    return list(body.get("errors", ())) if isinstance(body, dict) else []


def post(ask: Ask, document: str) -> httpx2.Response:
    return ask("POST", json={"query": document})


def aliases(ask: Ask) -> bool:
    """A hundred aliases and one more of one field are answered."""
    names = " ".join(f"alias{number}: __typename" for number in range(101))
    return "alias100" in data(post(ask, f"query cop {{ {names} }}"))


def batch(ask: Ask) -> bool:
    """A list of ten requests is answered by a list."""
    answer = ask("POST", json=[{"query": "query cop { __typename }"}] * 10)
    return isinstance(data(answer), list) and len(data(answer)) >= 10


def directives(ask: Ask) -> bool:
    """Each of ten directives of one field is looked at."""
    return len(errors(post(ask, f"query cop {{ __typename {'@aa' * 10} }}"))) == 10


def circles(ask: Ask) -> bool:
    """Introspection goes round and round."""
    inner = "name"
    for _ in range(4):
        inner = f"fields {{ type {{ {inner} }} }}"
    found = data(post(ask, f"query cop {{ __schema {{ types {{ {inner} }} }} }}"))
    return len(found.get("__schema", {}).get("types", ())) > 25


def duplicates(ask: Ask) -> bool:
    """One field five hundred times is answered."""
    return "__typename" in data(post(ask, f"query cop {{ {'__typename ' * 500} }}"))


def suggestions(ask: Ask) -> bool:
    """The name of a field that is mistyped is told."""
    answers = [post(ask, "query cop { __schema { directive } }"), post(ask, "query cop { conversation { titel } }")]
    return any("did you mean" in error["message"].lower() for answer in answers for error in errors(answer))


def query_by_get(ask: Ask) -> bool:
    """A query in a URL is answered."""
    return "__typename" in data(ask("GET", params={"query": "query cop { __typename }"}))


def mutation_by_get(ask: Ask) -> bool:
    """A mutation in a URL is answered."""
    return "__typename" in data(ask("GET", params={"query": "mutation cop { __typename }"}))


def explorer(ask: Ask) -> bool:
    """A browser gets a page to ask by."""
    shown = ask("GET", headers={"accept": "text/html"}).text.lower()
    names = ("graphiql", "graphql playground", "graphql explorer", "apollo sandbox", "altair")
    return "<script" in shown and any(name in shown for name in names)


def introspection(ask: Ask) -> bool:
    """The schema can be asked for."""
    return bool(data(post(ask, "query cop { __schema { types { name fields { name } } } }")).get("__schema"))


def form(ask: Ask) -> bool:
    """A body that any page can have sent is answered."""
    answers = [
        ask("POST", data={"query": "query cop { __typename }"}),
        ask("POST", params={"query": "query cop { __typename }"}),
        ask("POST", content=b'{"query": "{ __typename }"}', headers={"content-type": "text/plain"}),
    ]
    return any("__typename" in data(answer) for answer in answers)


def tracing(ask: Ask) -> bool:
    """An answer tells how it came about."""
    answers = [post(ask, text) for text in ("query cop { __typename }", "query cop { abc }")]
    return any(re.search("tracing|stacktrace|traceback", answer.text.lower()) is not None for answer in answers)


def unhandled(ask: Ask) -> bool:
    """What is no GraphQL is answered with the exception that it raised."""
    return any("exception" in error.get("extensions", {}) for error in errors(post(ask, "qwerty cop { abc }")))


class Check(NamedTuple):
    """A check of graphql-cop."""

    finds: Callable[[Ask], bool]
    severity: str
    """As graphql-cop has it."""


CHECKS: Final[Mapping[str, Check]] = {
    "Alias Overloading": Check(aliases, HIGH),
    "Array-based Query Batching": Check(batch, HIGH),
    "Directive Overloading": Check(directives, HIGH),
    "Introspection-based Circular Query": Check(circles, HIGH),
    "Field Duplication": Check(duplicates, HIGH),
    "Field Suggestions": Check(suggestions, LOW),
    "GET Method Query Support": Check(query_by_get, MEDIUM),
    "Mutation is allowed over GET": Check(mutation_by_get, MEDIUM),
    "GraphQL IDE": Check(explorer, LOW),
    "Introspection": Check(introspection, HIGH),
    "POST based url-encoded query": Check(form, MEDIUM),
    "Trace Mode": Check(tracing, INFO),
    "Unhandled Errors Detection": Check(unhandled, INFO),
}


def findings(url: str, **headers: str) -> dict[str, str]:
    """What is found, with its severity."""
    with httpx2.Client(headers=headers, timeout=30) as client:

        def ask(method: str, **given: Any) -> httpx2.Response:
            return client.request(method, f"{url}/graphql", **given)

        return {name: check.severity for name, check in CHECKS.items() if check.finds(ask)}


class Served(NamedTuple):
    """A server, and a key that it lets in."""

    url: str
    key: str

    def findings(self) -> dict[str, str]:
        """Of who has the key."""
        return findings(self.url, authorization=f"Bearer {self.key}")


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[Served]:
    made = colloquy("key", "create", "--scope", "admin", folder=folder)
    assert made.returncode == 0, made
    with running("serve", "--port", "0", folder=folder, **settings) as process:
        yield Served(url_of(process), made.stdout.strip())


CLOSED: Final = {
    "COLLOQUY_INTROSPECTION": "false",
    "COLLOQUY_EXPLORER": "false",
    "COLLOQUY_QUERIES_BY_GET": "false",
}
DEFAULTS: Final = {"COLLOQUY_EXPLORER": "true"}
"""All others are unset in tests, as `running` has it."""


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("closed"), **CLOSED) as served:
        yield served


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("usual"), **DEFAULTS) as served:
        yield served


def test_there_are_thirteen_checks() -> None:
    assert len(CHECKS) == 13


def test_a_stranger_finds_nothing(closed: Served) -> None:
    assert findings(closed.url) == {}


def test_on_a_server_that_is_closed_who_has_a_key_finds_nothing_above_informational(closed: Served) -> None:
    assert set(closed.findings().values()) <= {INFO}


def test_what_closes_a_server_is_what_the_docs_say() -> None:
    for name, value in CLOSED.items():
        assert f"`{name}={value}`" in page.text()


def test_with_all_defaults_a_stranger_finds_no_more_than_a_page(usual: Served) -> None:
    assert set(findings(usual.url)) <= {"GraphQL IDE"}, "which is what one signs in by"


def test_with_all_defaults_there_is_what_the_docs_say_and_nothing_else(usual: Served, tmp_path: Path) -> None:
    expected = dict(told())
    if not available():  # the explorer takes a build; without it a browser is told how to get it
        del expected["GraphQL IDE"]
    assert usual.findings() == expected
    with running("serve", "--port", "0", folder=tmp_path, **DEFAULTS) as keyless:
        assert findings(url_of(keyless)) == expected


def told() -> list[tuple[str, str]]:
    """What the docs say that is found by default: the check, and its severity."""
    rows = page.table("The OWASP GraphQL cheat sheet", "graphql-cop", "found", "its severity")
    assert {row[1] for row in rows} == {"by default"}
    return [(row[0], row[2]) for row in rows]


def test_each_check_can_find_what_it_looks_for(tmp_path: Path) -> None:
    """Of a server that has all of it."""
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import HTMLResponse, JSONResponse, Response
    from starlette.routing import Route

    from tests.servers import serve

    async def careless(request: Request) -> Response:
        if "text/html" in request.headers.get("accept", ""):
            return HTMLResponse("<title>GraphiQL</title><script src=graphiql.js></script>")
        text = str(request.query_params) + (await request.body()).decode()
        if text.startswith("["):
            return JSONResponse([{"data": {"__typename": "Query"}}] * 10)
        if "@aa" in text:
            return JSONResponse({"errors": [{"message": "?"}] * 10})
        if "qwerty" in text or "directive" in text or "abc" in text:
            told = {"message": "Did you mean directives?", "extensions": {"exception": {"stacktrace": ["line 1"]}}}
            return JSONResponse({"errors": [told]})
        types = [{"name": "T"}] * 30
        return JSONResponse({"data": {"__typename": "Query", "alias100": "Query", "__schema": {"types": types}}})

    with serve(Starlette(routes=[Route("/graphql", careless, methods=["GET", "POST"])])) as url:
        assert set(findings(url)) == set(CHECKS)
