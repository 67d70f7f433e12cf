"""The operations of clients over the demo world: right answers, checked against its files, in so many statements."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.acceptance.reading import conversations_of, crawl
from tests.conftest import recorded
from tests.graph import demo_world as files
from tests.graph.asking import Client

Record = dict[str, Any]
Where = dict[str, Any]

SEASON: dict[str, Any] = {"from": "2026-07-01T00:00:00Z", "to": "2026-12-01T00:00:00Z"}
AUTUMN = datetime(2026, 9, 22, tzinfo=UTC)


@pytest.fixture
def statements(demo_client: Client) -> Iterator[list[str]]:
    """The statements that were read with since the list was last cleared."""
    with recorded(demo_client.database) as texts:
        yield texts


def tagged() -> dict[str, list[str]]:
    """The tags of each conversation that can have some, by its id."""
    found = {c["id"]: c["tags"] for c in files.inkeep()}
    found |= {c["_id"]: c.get("tags", []) for c in files.pipeshub()}
    return found | {chat["id"]: chat["meta"]["tags"] for chat in files.openwebui()}


def links() -> Counter[str]:
    """How often each address is cited."""
    urls = Counter(link["url"] for c in files.inkeep() for m in c["messages"] for link in m.get("links") or ())
    urls.update(r["url"] for c in files.athena() for m in c["interactions"] for r in m["reference"])
    urls.update(
        cited["citationData"]["metadata"]["webUrl"]
        for c in files.pipeshub()
        for m in c["messages"]
        for cited in m.get("citations", ())
    )
    return urls


async def assistant_of(client: Client, record_id: str) -> str:
    data = await client.ask(
        "query ($id: String!) { assistants(where: { recordId: { eq: $id } }) { nodes { id } } }", id=record_id
    )
    [node] = data["assistants"]["nodes"]
    found: str = node["id"]
    return found


async def test_the_inbox_shows_the_latest_first_with_tags(demo_client: Client, statements: list[str]) -> None:
    data = await demo_client.ask("inbox", first=100)
    # The page, the tags, the assistants, the current messages.
    assert len(statements) == 4
    rows = [edge["node"] for edge in data["conversations"]["edges"]]
    times = [row["lastActivityAt"] for row in rows]
    assert times == sorted(times, reverse=True)
    assert len(rows) == 28
    assert sorted(sorted(row["tags"]) for row in rows if row["tags"]) == sorted(
        sorted(tags) for tags in tagged().values() if tags
    )
    archived = [c["title"] for c in files.pipeshub() if c.get("isArchived")]
    assert sorted(row["title"] for row in rows if row["archivedAt"]) == sorted(archived)


async def test_the_side_bar_offers_tags_and_properties_with_their_numbers(
    demo_client: Client, statements: list[str]
) -> None:
    data = await demo_client.ask("side-bar", path=["product", "name"], tags="e")
    # The tags, the assistants, the keys, the values.
    assert len(statements) == 4
    tags = Counter(tag for tags in tagged().values() for tag in set(tags))
    assert {each["tag"]: each["count"] for each in data["tags"]} == {
        tag: count for tag, count in tags.items() if tag.startswith("e")
    }
    keys = {each["key"]: each["count"] for each in data["propertyKeys"]}
    assert keys["channel"] == keys["locale"] == len(files.inkeep())
    products = Counter(c["properties"]["product"]["name"] for c in files.inkeep() if "product" in c["properties"])
    assert {each["value"]: each["count"] for each in data["propertyValues"]} == products
    assert len(data["assistants"]["nodes"]) == 9


DISLIKED: set[str] = {given["messageId"] for given in files.inkeep_feedback() if given["type"] == "negative"}

RECORDS: dict[str, Record] = (
    {c["id"]: c for c in files.inkeep()}
    | {c["_id"]: c for c in files.pipeshub()}
    | {str(c["id"]): c for c in files.cogsol()}
    | {c["chat"]["chat_id"]: c for c in files.athena()}
    | {chat["id"]: chat for chat in files.openwebui()}
)

BEGAN: dict[str, datetime] = dict(zip(RECORDS, (times[0] for _, times in files.messages_in_order()), strict=True))
"""When the first message of each was written, which is when it began to the minute."""


FILTERS: dict[str, tuple[Where, Callable[[str, Record], bool]]] = {
    "a tag": ({"tags": {"has": "ferry"}}, lambda own, _: "ferry" in tagged().get(own, [])),
    "any of two tags": (
        {"tags": {"hasAny": ["api", "rota"]}},
        lambda own, _: bool({"api", "rota"} & set(tagged().get(own, []))),
    ),
    "all of two tags": (
        {"tags": {"hasAll": ["ferry", "storm-ylva"]}},
        lambda own, _: {"ferry", "storm-ylva"} <= set(tagged().get(own, [])),
    ),
    "no tag": ({"tags": {"isEmpty": True}}, lambda own, _: not tagged().get(own)),
    "a property of Inkeep": (
        {"properties": [{"path": ["page", "path", "1"], "eq": "api"}]},
        lambda _, record: record.get("properties", {}).get("page", {}).get("path", ["", ""])[1:2] == ["api"],
    ),
    "a number in a property": (
        {"properties": [{"path": ["ticket", "number"], "gt": 4000}]},
        lambda _, record: record.get("properties", {}).get("ticket", {}).get("number", 0) > 4000,
    ),
    "a property of the person": (
        {"userProperties": [{"path": ["company", "country"], "eq": "DE"}]},
        lambda _, record: record.get("userProperties", {}).get("company", {}).get("country") == "DE",
    ),
    "a property of PipesHub": (
        {"properties": [{"path": ["metadata", "office"], "startsWith": "orrin"}]},
        lambda _, record: record.get("metadata", {}).get("office", "").startswith("Orrin"),
    ),
    "archived": ({"archived": True}, lambda _, record: record.get("isArchived", False)),
    "public": ({"visibility": {"eq": "PUBLIC"}}, lambda _, record: record.get("visibility") == "public"),
    "failed": (
        {"executionStatus": {"eq": "ERROR"}},
        lambda _, record: record.get("execution_status") == "ERROR" or record.get("status") == "Failed",
    ),
    "liked": ({"like": {"eq": True}}, lambda _, record: record.get("like") is True),
    "a doubtful answer": (
        {"messages": {"confidence": {"in": ["Low", "Unknown"]}}},
        lambda _, record: any(m.get("confidence") in ("Low", "Unknown") for m in record.get("messages", ())),
    ),
    "a complaint on a message": (
        {"messages": {"feedback": {"rating": {"eq": "NEGATIVE"}}}},
        lambda _, record: any(
            m.get("likes") is False
            or m.get("id") in DISLIKED
            or any(not given["isHelpful"] for given in m.get("feedback", ()))
            for m in record.get("messages", ())
        ),
    ),
    "begun in autumn": (
        {"createdAt": {"gte": "2026-09-22T00:00:00Z"}},
        lambda own, _: BEGAN[own] >= AUTUMN,
    ),
    "not begun in autumn, of Athena": (
        {"not": {"createdAt": {"gte": "2026-09-22T00:00:00Z"}}, "origin": {"eq": "ATHENA"}},
        lambda own, record: BEGAN[own] < AUTUMN and "interactions" in record,
    ),
}
"""Conditions on the conversations, and the same on the records of the files, with their ids."""


@pytest.mark.parametrize("name", FILTERS)
async def test_conversations_are_found_as_their_records_are(demo_client: Client, name: str) -> None:
    where, holds = FILTERS[name]
    rows = await crawl(demo_client, "conversations", "origin { recordId }", where)
    expected = {own for own, record in RECORDS.items() if holds(own, record)}
    assert 0 < len(expected) < len(RECORDS)
    assert {row["origin"]["recordId"] for row in rows} == expected


async def test_a_thread_opens_at_its_end_with_all_that_is_shown_of_it(
    demo_client: Client, statements: list[str]
) -> None:
    rows = await conversations_of(demo_client, "INKEEP")
    for record in files.inkeep():
        statements.clear()
        data = await demo_client.ask("thread", id=rows[record["id"]]["id"], last=4)
        # At most: the conversation, its assistant, current message and page; of the messages parts, siblings,
        # citations, questions, calls, attachments; of the citations the sources, of the calls the results.
        assert len(statements) <= 12
        page = data["conversation"]["messages"]
        last = [m for m in record["messages"] if m["role"] != "system"][-4:]
        shown = [edge["node"] for edge in page["edges"]]
        assert [[citation["title"] for citation in m["citations"]] for m in shown] == [
            [link.get("title") for link in m.get("links") or ()] for m in last
        ]
        assert [[call["name"] for call in m["toolCalls"]] for m in shown] == [
            [call["function"]["name"] for call in m.get("tool_calls") or ()] for m in last
        ]
        assert [m["roleName"] for m in shown] == [m["role"] for m in last]
        assert page["pageInfo"]["hasPreviousPage"] == (len(record["messages"]) > 4)


def ratings(integration: str) -> Counter[str]:
    """The votes on the messages of an integration's conversations."""
    own = {m["id"] for c in files.inkeep() if c["integrationId"] == integration for m in c["messages"]}
    return Counter(given["type"] for given in files.inkeep_feedback() if given["messageId"] in own)


async def test_the_dashboard_counts_votes_and_shows_complaints(demo_client: Client, statements: list[str]) -> None:
    for integration in ("int_docs_widget", "int_help_center"):
        assistant = await assistant_of(demo_client, integration)
        statements.clear()
        data = await demo_client.ask("dashboard", assistant=assistant, **SEASON)
        # Six counts and the page of complaints; their reasons, conversations, messages and verdicts; of the messages
        # the parents and citations, of the verdicts the references where one is of a reference.
        complaints = data["complaints"]["nodes"]
        of_references = [each for given in complaints for each in given["citationVerdicts"] if each["reference"]]
        assert len(statements) == (14 if of_references else 13)
        mine = [c for c in files.inkeep() if c["integrationId"] == integration]
        votes = ratings(integration)
        assert votes["negative"]
        counts = {name: data[name]["totalCount"] for name in ("all", "up", "down", "uncited")}
        assert counts == {
            "all": len(mine),
            "up": votes["positive"],
            "down": votes["negative"],
            "uncited": len([c for c in mine if not any(m.get("links") for m in c["messages"])]),
        }
        assert len(complaints) == votes["negative"]
        assert {complaint["comment"] for complaint in complaints} <= {
            given["details"] for given in files.inkeep_feedback() if given["type"] == "negative"
        }


async def test_the_report_on_sources_counts_what_all_systems_cite(demo_client: Client, statements: list[str]) -> None:
    cited = links()
    url = "https://help.ternandtide.example/ferry-cancellations"
    found = await crawl(demo_client, "sources", "id url citationCount", {"url": {"eq": url}})
    assert sum(source["citationCount"] for source in found) == cited[url]
    most = max(found, key=lambda source: source["citationCount"])
    statements.clear()
    data = await demo_client.ask("sources", prefix="https://", id=most["id"])
    # The sources, the one source, the conversations and their number; of the source a page of references and their
    # number; of these feedback, messages and conversations.
    assert len(statements) == 9
    assert data["source"]["citationCount"] == data["source"]["references"]["totalCount"] == most["citationCount"]
    counts = [source["citationCount"] for source in data["sources"]["nodes"]]
    assert counts == sorted(counts, reverse=True)
    every = await crawl(demo_client, "sources", "url citationCount")
    total: Counter[str] = Counter()
    for source in every:
        total[source["url"]] += source["citationCount"]
    assert total == cited
