"""The operations of clients over the samples: right answers, checked against plain records, in so many statements."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.acceptance import raw
from tests.acceptance.reading import conversations_of, crawl
from tests.acceptance.worlds import SHARED
from tests.conftest import recorded
from tests.graph.asking import Client

if not (SHARED / "data").is_dir():
    pytest.skip("the samples are not beside this repository", allow_module_level=True)


@pytest.fixture
def statements(samples_client: Client) -> Iterator[list[str]]:
    """The statements that were read with since the list was last cleared."""
    with recorded(samples_client.database) as texts:
        yield texts


def instant(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def of_collection(name: str) -> list[raw.Record]:
    return [line for line in raw.mtrag_lines() if line["Collection"] == name]


def said(line: raw.Record) -> list[raw.Record]:
    messages: list[raw.Record] = [*line["input"], *line["targets"]]
    return messages


def first_at(line: raw.Record) -> int:
    at: int = line["input"][0]["metadata"]["created_at"]
    return at


def last_at(line: raw.Record) -> int:
    at: int = max(message["metadata"]["created_at"] for message in said(line))
    return at


async def assistant_of(client: Client, record_id: str) -> str:
    data = await client.ask(
        "query ($id: String!) { assistants(where: { recordId: { eq: $id } }) { nodes { id } } }", id=record_id
    )
    [node] = data["assistants"]["nodes"]
    found: str = node["id"]
    return found


async def scrolled(client: Client, size: int, **variables: Any) -> list[dict[str, Any]]:
    """The inbox, page after page to its end."""
    rows: list[dict[str, Any]] = []
    after = None
    while True:
        page = (await client.ask("inbox", first=size, after=after, **variables))["conversations"]
        rows += [edge["node"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            return rows
        after = page["pageInfo"]["endCursor"]


async def test_the_inbox_of_an_assistant_is_its_records_the_latest_first(
    samples_client: Client, statements: list[str]
) -> None:
    clerk = await assistant_of(samples_client, "ibmcloud")
    where = {"assistantId": {"eq": clerk}}
    statements.clear()
    await samples_client.ask("inbox", first=20, where=where)
    # The page, the tags, the assistants, the current messages.
    assert len(statements) == 4
    rows = await scrolled(samples_client, 50, where=where)
    lines = of_collection("ibmcloud")
    assert len(rows) == len(lines) == 131
    shown = [(row["lastActivityAt"], row["preview"], row["messageCount"]) for row in rows]
    assert [at for at, _, _ in shown] == sorted((instant(last_at(line)) for line in lines), reverse=True)
    assert Counter(shown) == Counter(
        (instant(last_at(line)), line["input"][0]["text"][:200], len(said(line))) for line in lines
    )
    actors = {"model": "AI", "human": "STAFF"}
    assert Counter(row["currentMessage"]["actor"] for row in rows) == Counter(
        actors[line["targets"][0]["metadata"]["author_type"]] for line in lines
    )


async def test_the_whole_inbox_has_each_conversation_once_the_latest_first(samples_client: Client) -> None:
    rows = await scrolled(samples_client, 100)
    times = [row["lastActivityAt"] for row in rows]
    assert times == sorted(times, reverse=True)
    everything = await crawl(samples_client, "conversations", "id")
    assert sorted(row["id"] for row in rows) == sorted(row["id"] for row in everything)


async def test_the_side_bar_counts_the_labels_of_the_records(samples_client: Client, statements: list[str]) -> None:
    data = await samples_client.ask("side-bar", path=["turn"])
    # The tags, the assistants, the keys, the values.
    assert len(statements) == 4
    lines = raw.mtrag_lines()
    assert data["tags"] == [{"tag": "billing", "count": 1}]
    turns = Counter(line["turn"] for line in lines)
    values = {each["value"]: each["count"] for each in data["propertyValues"]}
    assert len(values) == 10
    assert values == {value: turns[value] for value in values}
    assert min(values.values()) >= max(count for value, count in turns.items() if value not in values)
    keys = {each["key"]: each["count"] for each in data["propertyKeys"]}
    for label in ("task_type", "turn", "dataset", "answerability", "Question Type", "Multi-Turn"):
        assert keys[label] == len(lines)
    for label in ("reward", "trial", "task_id"):
        assert keys[label] == len(raw.tau_bench())
    names = {each["name"] for each in data["assistants"]["nodes"]}
    assert {line["Collection"] for line in lines} < names


async def test_a_thread_is_the_branch_in_play_read_from_its_end(samples_client: Client, statements: list[str]) -> None:
    rows = await conversations_of(samples_client, "CHATGPT")
    for own, record in raw.chatgpt().items():
        pages: list[list[str]] = []
        before = None
        while True:
            statements.clear()
            data = await samples_client.ask("thread", id=rows[own]["id"], last=3, before=before)
            # At most: the conversation, its assistant, current message and page; of the messages parts, siblings,
            # citations, questions, calls, attachments; of the citations the sources, of the calls the results.
            assert len(statements) <= 12
            page = data["conversation"]["messages"]
            pages.insert(0, [edge["node"]["content"] for edge in page["edges"]])
            if not page["pageInfo"]["hasPreviousPage"]:
                break
            assert len(page["edges"]) == 3
            before = page["pageInfo"]["startCursor"]
        shown = [record["mapping"][key]["message"] for key in raw.shown_nodes(record)]
        # Readers are not shown what is said to the model, or by tools.
        hidden = "is_visually_hidden_from_conversation"
        visible = [m for m in shown if m["author"]["role"] in ("user", "assistant") and not m["metadata"].get(hidden)]
        contents = [content for page in pages for content in page]
        assert len(contents) == len(visible)
        for content, message in zip(contents, visible, strict=True):
            parts = message["content"].get("parts")
            if parts is not None and all(isinstance(part, str) for part in parts):
                assert content == "\n".join(parts)


async def test_the_branch_in_play_of_a_ranked_tree_goes_through_the_best_replies(samples_client: Client) -> None:
    shown = "messages(first: 100) { nodes { content origin { recordId } } } currentMessage { origin { recordId } }"
    rows = await conversations_of(samples_client, "OPENASSISTANT", shown)
    trees = raw.oasst_trees()
    assert rows.keys() == trees.keys()
    for own, root in trees.items():
        path = [root]
        while path[-1]["replies"]:
            path.append(min(path[-1]["replies"], key=lambda reply: reply.get("rank", 1 << 31)))
        messages = rows[own]["messages"]["nodes"]
        assert [message["content"] for message in messages] == [node["text"] for node in path]
        assert [message["origin"]["recordId"] for message in messages] == [node["message_id"] for node in path]
        assert rows[own]["currentMessage"] == {"origin": {"recordId": path[-1]["message_id"]}}


async def test_a_thread_opens_around_a_message_of_another_branch(samples_client: Client, statements: list[str]) -> None:
    tree = max(raw.oasst_trees().values(), key=lambda root: len(list(raw.nodes(root))))
    nodes = {node["message_id"]: node for node in raw.nodes(tree)}
    above = {reply["message_id"]: own for own, node in nodes.items() for reply in node["replies"]}
    listed = "messages(first: 100, allBranches: true) { nodes { id sequence origin { recordId } } }"
    row = (await conversations_of(samples_client, "OPENASSISTANT", listed))[tree["message_id"]]
    stored = {message["origin"]["recordId"]: message for message in row["messages"]["nodes"]}
    assert stored.keys() == nodes.keys()
    for own, message in stored.items():
        path = [own]
        while path[0] in above:
            path.insert(0, above[path[0]])
        below = raw.nodes(nodes[own])
        newest = max((node for node in below if not node["replies"]), key=lambda n: stored[n["message_id"]]["sequence"])
        end = [newest["message_id"]]
        while end[0] != own:
            end.insert(0, above[end[0]])
        branch = path + end[1:]
        statements.clear()
        data = await samples_client.ask("around", id=row["id"], message=message["id"], first=3)
        # The conversation, the page, the siblings, maybe those beside; the citations are asked for in any case.
        assert len(statements) in (4, 5)
        edges = data["conversation"]["messages"]["edges"]
        start = min(max(branch.index(own) - 1, 0), max(len(branch) - 3, 0))
        window = branch[start : start + 3]
        assert [edge["node"]["content"] for edge in edges] == [nodes[each]["text"] for each in window]
        shown = next(edge["node"] for edge in edges if edge["node"]["id"] == message["id"])
        siblings = nodes[above[own]]["replies"] if own in above else [tree]
        order = [each["message_id"] for each in siblings]
        place = order.index(own)
        assert shown["siblings"] == {
            "index": place,
            "count": len(order),
            "previous": {"id": stored[order[place - 1]]["id"]} if place else None,
            "next": {"id": stored[order[place + 1]]["id"]} if place + 1 < len(order) else None,
        }


async def test_the_dashboard_counts_an_assistant_s_records_in_a_window(
    samples_client: Client, statements: list[str]
) -> None:
    window = (datetime(2024, 9, 1, tzinfo=UTC).timestamp(), datetime(2024, 12, 15, tzinfo=UTC).timestamp())
    for name in ("govt", "clapnq", "ibmcloud", "fiqa"):
        assistant = await assistant_of(samples_client, name)
        statements.clear()
        period: dict[str, Any] = {"from": instant(window[0]), "to": instant(window[1])}
        data = await samples_client.ask("dashboard", assistant=assistant, **period)
        # Six counts and an empty page of complaints, which has nothing to be read below it.
        assert len(statements) == 7
        inside = [line for line in of_collection(name) if window[0] <= first_at(line) < window[1]]
        uncited = [line for line in inside if not line["contexts"]]
        counts = {key: data[key]["totalCount"] for key in ("all", "failed", "unsure", "uncited", "up", "down")}
        assert counts == {
            "all": len(inside),
            "failed": 0,
            "unsure": 0,
            "uncited": len(uncited),
            "up": 0,
            "down": 0,
        }
        assert data["complaints"] == {"nodes": []}


async def test_the_report_on_a_source_lists_the_answers_that_cite_it(
    samples_client: Client, statements: list[str]
) -> None:
    cited: dict[str, list[str]] = {}
    for line in raw.mtrag_lines():
        for context in line["contexts"]:
            cited.setdefault(context["document_id"], []).append(line["targets"][0]["text"])
    for tasks in raw.mtrag_tasks().values():
        for task in tasks:
            for context in task["contexts"]:
                cited.setdefault(context["document_id"], []).append(task["targets"][0]["text"])
    own, answers = max(cited.items(), key=lambda item: len(item[1]))
    assert len(answers) == 5
    [source] = await crawl(samples_client, "sources", "id", {"externalId": {"eq": own}})
    found: list[str] = []
    after = None
    while True:
        statements.clear()
        data = await samples_client.ask("sources", prefix="https://", id=source["id"], after=after)
        # The sources, the one source, the conversations and their number (of none); of the source a page of
        # references and their number; of these feedback, messages and conversations.
        assert len(statements) == 9
        report = data["source"]
        assert report["citationCount"] == report["references"]["totalCount"] == len(answers)
        found += [node["message"]["content"] for node in report["references"]["nodes"]]
        if not report["references"]["pageInfo"]["hasNextPage"]:
            break
        after = report["references"]["pageInfo"]["endCursor"]
    assert sorted(found) == sorted(answers)
    # No rating in these records is a complaint.
    assert data["complained"] == {"totalCount": 0, "nodes": []}


async def test_the_sources_under_an_address_are_ordered_by_their_citations(samples_client: Client) -> None:
    links = Counter(
        citation["metadata"]["url"] for record in raw.chatgpt().values() for citation in raw.real_citations(record)
    )
    [some] = (await samples_client.ask("{ sources(first: 1) { nodes { id } } }"))["sources"]["nodes"]
    data = await samples_client.ask("sources", prefix="HTTPS://WWW.", id=some["id"])
    expected = sorted((count for url, count in links.items() if url.startswith("https://www.")), reverse=True)
    counts = [node["citationCount"] for node in data["sources"]["nodes"]]
    assert len(expected) == 5
    # Behind them stand those that only an older version of a conversation cited.
    assert counts[:5] == expected
    assert set(counts[5:]) <= {0}
