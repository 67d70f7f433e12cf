"""The demo world, filled: what its files hold is there, and the prepared examples have something to show."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from graph.demo_world import fill_with_demo
from graph.explorer.prepared import Example, examples
from tests.acceptance.reading import conversations_of, crawl
from tests.acceptance.worlds import World
from tests.graph import demo_world as files
from tests.graph.asking import Client

README = Path(__file__).parents[2] / "README.md"


def lists(value: Any, path: str = "") -> dict[str, int]:
    """How long the longest list at each path of an answer is."""
    found: Counter[str] = Counter()
    if isinstance(value, dict):
        for name, inner in value.items():
            found |= Counter(lists(inner, f"{path}.{name}".lstrip(".")))
    elif isinstance(value, list):
        found[path] = len(value)
        for inner in value:
            found |= Counter(lists(inner, path))
        return {path: len(value), **found}
    return dict(found)


def test_the_demo_says_what_it_filled(demo: World) -> None:
    assert demo.told == ["Filled with 28 demo conversations."]


async def test_a_filled_demo_is_left_as_it_is(demo_client: Client) -> None:
    said: list[str] = []
    await fill_with_demo(demo_client.database, said.append)
    assert said == ["There are conversations already: the demo is left out."]
    data = await demo_client.ask("{ conversations { totalCount } }")
    assert data["conversations"]["totalCount"] == 28


async def test_each_conversation_of_the_files_is_there_with_its_messages(demo_client: Client) -> None:
    rows = await crawl(demo_client, "conversations", "title messageCount origin { system recordId }")
    found = {(row["origin"]["system"], row["origin"]["recordId"]): row for row in rows}
    expected = {("INKEEP", c["id"]): len(c["messages"]) for c in files.inkeep()}
    expected |= {("PIPESHUB", c["_id"]): len(c["messages"]) for c in files.pipeshub()}
    expected |= {("COGSOL", str(c["id"])): len(c["messages"]) for c in files.cogsol()}
    expected |= {("ATHENA", c["chat"]["chat_id"]): len(c["interactions"]) for c in files.athena()}
    expected |= {("OPEN_WEBUI", chat["id"]): len(tree) for chat, tree in files.trees()}
    assert {key: row["messageCount"] for key, row in found.items()} == expected


async def test_titles_are_those_given_or_made_from_the_first_question(demo_client: Client) -> None:
    given = {c["_id"]: c["title"] for c in files.pipeshub()}
    given |= {str(c["id"]): c["title"] for c in files.cogsol()}
    given |= {c["chat"]["chat_id"]: c["chat"]["title"] for c in files.athena()}
    given |= {chat["id"]: chat["title"] for chat in files.openwebui()}
    rows = await crawl(demo_client, "conversations", "title preview origin { system recordId }")
    made = 0
    for row in rows:
        if row["origin"]["recordId"] in given:
            assert row["title"] == given[row["origin"]["recordId"]]
            continue
        # Inkeep's records have no titles.
        assert row["origin"]["system"] == "INKEEP"
        opening = " ".join(row["preview"].split())
        assert 3 < len(row["title"]) <= 80
        assert opening.startswith(row["title"].removesuffix("…").rstrip())
        made += 1
    assert made == len(files.inkeep())


async def test_feedback_is_on_the_messages_that_it_names(demo_client: Client) -> None:
    rows = await crawl(
        demo_client,
        "feedback",
        "externalId rating comment message { origin { recordId } } origin { system }",
        {"externalId": {"isNull": False}},
    )
    assert {
        row["externalId"]: (row["message"]["origin"]["recordId"], row["rating"], row["comment"]) for row in rows
    } == {
        given["id"]: (given["messageId"], given["type"].upper(), given["details"]) for given in files.inkeep_feedback()
    }


async def test_the_trees_have_their_branches_and_the_one_in_play(demo_client: Client) -> None:
    selection = (
        "messages(first: 100) { nodes { origin { recordId } siblings { count } } }"
        " all: messages(first: 100, allBranches: true) { nodes { origin { recordId } parent { origin { recordId } } } }"
    )
    rows = await conversations_of(demo_client, "OPEN_WEBUI", selection)
    for chat, tree in files.trees():
        row = rows[chat["id"]]
        shown = [node["origin"]["recordId"] for node in row["messages"]["nodes"]]
        assert shown == [message["id"] for message in chat["messages"]]
        parents = {
            node["origin"]["recordId"]: node["parent"] and node["parent"]["origin"]["recordId"]
            for node in row["all"]["nodes"]
        }
        assert parents == {key: message["parentId"] for key, message in tree.items()}
        siblings = Counter(message["parentId"] for message in tree.values())
        assert [node["siblings"]["count"] for node in row["messages"]["nodes"]] == [
            siblings[tree[key]["parentId"]] for key in shown
        ]


@pytest.mark.parametrize("example", examples(), ids=lambda example: example.title)
async def test_an_example_shows_something_in_each_of_its_lists(demo_client: Client, example: Example) -> None:
    data = await demo_client.ask(example.query, **example.variables)
    assert data
    found = lists(data)
    assert found
    assert {path: length for path, length in found.items() if not length} == {}
    counts = {name: value["totalCount"] for name, value in data.items() if "totalCount" in value}
    assert all(counts.values()), counts


async def test_the_example_of_branches_shows_where_a_tree_forks(demo_client: Client) -> None:
    [example] = [each for each in examples() if each.title == "Branches"]
    data = await demo_client.ask(example.query)
    messages = [message for row in data["conversations"]["nodes"] for message in row["messages"]["nodes"]]
    forked = [message for message in messages if message["siblings"]["count"] > 1]
    assert forked
    for message in forked:
        shown = message["siblings"]["nodes"][message["siblings"]["index"]]
        assert (shown["sequence"], shown["content"]) == (message["sequence"], message["content"])


async def test_the_query_of_the_readme_finds_complaints_of_the_demo(demo_client: Client) -> None:
    query, _log = re.findall(r"```graphql\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    data = await demo_client.ask(query)
    assert data["conversations"]["totalCount"] > 0
    assert {path: length for path, length in lists(data).items() if not length} == {}


async def test_the_first_query_of_the_readme_shows_three_conversations(demo_client: Client) -> None:
    [body] = re.findall(r"-d '(\{.*?\})'\n```", README.read_text(encoding="utf-8"), re.DOTALL)
    data = await demo_client.ask(json.loads(body)["query"])
    assert len(data["conversations"]["nodes"]) == 3
    assert all(row["title"] and row["currentMessage"]["content"] for row in data["conversations"]["nodes"])
