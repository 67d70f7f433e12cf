"""All samples beside this repository, imported: what the API counts is what the samples' own pages say."""

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.acceptance import raw
from tests.acceptance.reading import conversations_of, counted, crawl, messages_of
from tests.acceptance.worlds import SHARED, World
from tests.graph.asking import Client

if not (SHARED / "data").is_dir() or not (SHARED / "formats").is_dir():
    pytest.skip("the samples are not beside this repository", allow_module_level=True)

COUNTS = {
    "ATHENA": (1, 2),
    "COGSOL": (1, 3),
    "PIPESHUB": (1, 3),
    "INKEEP": (1, 2),
    "OPENAI": (50, 1_384),
    "CHATGPT": (6, 21 + 12 + 12 + 7 + 7),
    "CLAUDE": (85, 557),
    "LIBRECHAT": (4, 6 + 9 + 2 + 5),
    "OPEN_WEBUI": (2, 2 + 10),
    "CHATBOT_UI": (2, 6),
    "SHAREGPT": (500, 2_000),
    "OPENASSISTANT": (100, 1_167),
    "MTRAG": (507 + 20, 4_382 + 636),
}
"""Conversations and messages, on all branches. Two of ChatGPT's files hold versions of one conversation."""


def data_files() -> list[Path]:
    return sorted(path for path in SHARED.glob("[df]*/**/*") if path.suffix in {".json", ".jsonl", ".gz"})


def test_every_sample_is_taken(samples: World) -> None:
    first = samples.told["first"]
    assert first["code"] == 0, first["said"]
    said = re.findall(r"^(.+) \((\w+)\): .* new", first["said"], re.MULTILINE)
    assert sorted(Path(name).name for name, _ in said) == sorted(path.name for path in data_files() if path.is_file())
    assert "two versions of conversation d6523d1e-7ec3-474f-a363-0e9dffdb3d93" in first["said"]


def test_a_second_run_changes_nothing_and_says_so(samples: World) -> None:
    first, second = samples.told["first"], samples.told["second"]
    assert second["code"] == 0, second["said"]
    assert second["rows"] == first["rows"]
    files = re.findall(r"^.+ \(\w+\): (.+)$", second["said"], re.MULTILINE)
    assert len(files) == len(data_files())
    assert all(re.fullmatch(r"nothing changed; [\d,]+ conversations?, [\d,]+ messages? unchanged", f) for f in files)
    *_, total, counts = second["said"].splitlines()
    assert total.startswith(f"{len(files)} files read, ")
    assert total.endswith(": nothing changed")
    assert re.fullmatch(r"  unchanged: [\d,]+ conversations, [\d,]+ messages", counts)


async def test_each_system_has_its_conversations_and_messages(samples_client: Client) -> None:
    found = {}
    for system in COUNTS:
        rows = (await conversations_of(samples_client, system, "messages(allBranches: true) { totalCount }")).values()
        assert all(row["messages"]["totalCount"] == row["messageCount"] for row in rows)
        found[system] = (len(rows), sum(row["messageCount"] for row in rows))
    assert found == COUNTS
    assert await counted(samples_client, "conversations") == sum(conversations for conversations, _ in COUNTS.values())
    assert await counted(samples_client, "messages") == sum(messages for _, messages in COUNTS.values())


async def test_the_branches_in_play_of_mtrag_are_the_references_and_their_questions(samples_client: Client) -> None:
    shown = "messages(first: 100) { totalCount nodes { role authorId } }"
    rows = await conversations_of(samples_client, "MTRAG", shown)
    tasks = raw.mtrag_tasks()
    assert rows.keys() == {line["conversation_id"] for line in raw.mtrag_lines()} | tasks.keys()
    evaluated = [row["messages"] for own, row in rows.items() if own in tasks]
    assert sum(messages["totalCount"] for messages in evaluated) == 318
    said = Counter((node["role"], node["authorId"]) for messages in evaluated for node in messages["nodes"])
    assert said == {("USER", None): 159, ("ASSISTANT", "reference"): 159}
    # A plain line has one branch.
    assert sum(row["messages"]["totalCount"] for own, row in rows.items() if own not in tasks) == 4_382


async def test_the_citations_of_mtrag_are_all_of_reference_answers(samples_client: Client) -> None:
    selection = "role authorId citations { externalId source { id externalId } }"
    rows = await conversations_of(samples_client, "MTRAG", "currentMessage { id }")
    citing = await messages_of(samples_client, rows, selection, hasCitations=True)
    ends = {row["currentMessage"]["id"] for row in rows.values()}
    tasks = raw.mtrag_tasks()
    for row in citing:
        evaluated = row["conversation"]["origin"]["recordId"] in tasks
        assert row["role"] == "ASSISTANT"
        assert row["authorId"] == "reference" if evaluated else row["id"] in ends
    citations = [citation for row in citing for citation in row["citations"]]
    assert len(citations) == 1_575
    assert all(citation["source"]["externalId"] == citation["externalId"] for citation in citations)
    assert len({citation["source"]["id"] for citation in citations}) == 1_488


async def test_the_sources_of_mtrag_are_its_documents(samples_client: Client) -> None:
    where = {"connector": {"eq": "mtrag"}}
    sources = await crawl(samples_client, "sources", "externalId citationCount references { totalCount } text", where)
    documents = {
        context["document_id"]: context["text"] for line in raw.mtrag_lines() for context in line["contexts"]
    } | {document["document_id"]: document["text"] for document in raw.mtrag_evaluations()["documents"]}
    assert len(sources) == 1_488
    assert {source["externalId"]: source["text"] for source in sources} == documents
    assert all(source["references"]["totalCount"] == source["citationCount"] for source in sources)
    assert sum(source["citationCount"] for source in sources) == 1_575


async def test_the_judgements_of_mtrag_are_feedback_of_evaluators(samples_client: Client) -> None:
    selection = (
        "rating authorKind authorId scores { name value } message { id model authorId }"
        " conversation { origin { system } }"
    )
    evaluators = {"authorKind": {"eq": "EVALUATOR"}}
    given = await crawl(samples_client, "feedback", selection, evaluators)
    given = [row for row in given if row["conversation"]["origin"]["system"] == "MTRAG"]
    judged = list(raw.judgements())
    assert len(given) == 1_431 == len({(task, model, rater) for task, model, rater, _ in judged})
    assert {row["rating"] for row in given} == {None}
    assert sum(len(row["scores"]) for row in given) == 7_087 == len(judged)
    assert Counter(score["name"] for row in given for score in row["scores"]) == Counter(row[3] for row in judged)
    assert len({row["authorId"] for row in given}) == 7
    assert len({row["message"]["id"] for row in given}) == 477
    assert Counter(row["message"]["model"] or row["message"]["authorId"] for row in given) == Counter(
        model for _, model, _ in {(task, model, rater) for task, model, rater, _ in judged}
    )


async def test_the_trees_of_openassistant_keep_ranks_branches_and_votes(samples_client: Client) -> None:
    rows = await conversations_of(samples_client, "OPENASSISTANT")
    messages = await messages_of(
        samples_client, rows, "rank feedback { rating authorKind scores { name value count } }"
    )
    assert len([row for row in messages if row["rank"] is not None]) == 641
    replies = Counter(row["parent"]["id"] for row in messages if row["parent"])
    assert len([above for above, count in replies.items() if count > 1]) == 260
    given = [feedback for row in messages for feedback in row["feedback"]]
    assert {(feedback["rating"], feedback["authorKind"]) for feedback in given} == {(None, "EVALUATOR")}
    votes: Counter[str] = Counter()
    for feedback in given:
        votes.update({score["name"]: score["count"] for score in feedback["scores"]})
    assert (votes["+1"], votes["-1"]) == (1_825, 568)


async def test_the_placeholders_of_chatgpt_are_no_citations(samples_client: Client) -> None:
    selection = "references(first: 100) { totalCount nodes { url source { id url } } }"
    rows = await conversations_of(samples_client, "CHATGPT", selection)
    found = {own: row["references"] for own, row in rows.items()}
    for own, record in raw.chatgpt().items():
        cited = [citation["metadata"]["url"] for citation in raw.real_citations(record)]
        assert sorted(node["url"] for node in found[own]["nodes"]) == sorted(cited)
        assert len({node["source"]["id"] for node in found[own]["nodes"]}) == len(set(cited))
    nova = found["674ff902-f07c-800c-b04d-988c5d4d1778"]["nodes"]
    assert (len(nova), len({node["source"]["id"] for node in nova})) == (7, 3)


async def test_the_runs_of_openai_keep_their_calls_and_rewards(samples_client: Client) -> None:
    rows = await conversations_of(samples_client, "OPENAI")
    messages = await messages_of(samples_client, rows, "role toolName toolCalls { callId name result { toolCallId } }")
    raws = [message for run in raw.tau_bench() for message in run["messages"]]
    silent = [row for row in messages if row["role"] == "ASSISTANT" and not row["content"]]
    assert len(silent) == len([message for message in raws if message["content"] is None]) == 260
    assert all(row["toolCalls"] for row in silent)
    calls = [call for row in messages for call in row["toolCalls"]]
    assert Counter(call["name"] for call in calls) == Counter(
        call["function"]["name"] for message in raws for call in message.get("tool_calls") or ()
    )
    answered = [call for call in calls if call["result"]]
    assert answered
    assert all(call["result"]["toolCallId"] == call["callId"] for call in answered)
    solved = {"origin": {"eq": "OPENAI"}, "properties": [{"path": ["reward"], "eq": 1}]}
    assert await counted(samples_client, "conversations", solved) == 21


async def test_claude_s_texts_are_those_that_its_owner_left(samples_client: Client) -> None:
    rows = await conversations_of(samples_client, "CLAUDE")
    messages = await messages_of(samples_client, rows)
    texts = [message["text"] for chat in raw.claude() for message in chat["chat_messages"] if message["text"]]
    assert sorted(row["content"] for row in messages if row["content"]) == sorted(texts)
    assert len(texts) == 10


async def test_the_trees_of_librechat_and_open_webui_keep_their_branches(samples_client: Client) -> None:
    rows = await conversations_of(samples_client, "LIBRECHAT")
    messages = await messages_of(samples_client, rows, "origin { recordId }")
    names = {row["id"]: row["origin"]["recordId"] for row in messages}
    for own, parents in raw.librechat().items():
        mine = [row for row in messages if row["conversation"]["origin"]["recordId"] == own]
        # The topmost name a message that is nowhere.
        assert {names[row["id"]]: row["parent"] and names[row["parent"]["id"]] for row in mine} == {
            name: above if above in parents else None for name, above in parents.items()
        }
    forks = Counter(row["parent"]["id"] for row in messages if row["parent"])
    assert len([count for count in forks.values() if count > 1]) > 0
    linear = await conversations_of(samples_client, "OPEN_WEBUI", "messages { totalCount }")
    assert {row["title"]: row["messages"]["totalCount"] for row in linear.values()} == {
        "How photosynthesis works": 10,
        "🧠 Goldwater Rule Ethics": 2,
    }


async def test_the_examples_of_the_four_systems_are_there(samples_client: Client) -> None:
    found = {}
    for system in ("ATHENA", "COGSOL", "PIPESHUB", "INKEEP"):
        [(own, row)] = (
            await conversations_of(samples_client, system, "references { totalCount } tags ownerId")
        ).items()
        found[system] = (own, row["title"], row["references"]["totalCount"], row["tags"], row["ownerId"])
    assert found == {
        "ATHENA": (
            "6b6a092d-8f6e-48e8-bde8-b013a211b6ae",
            "Supplier questions",
            2,
            [],
            "7c4b9f75-cda3-4d32-a5bb-6d1f7352ff7b",
        ),
        "COGSOL": ("812", "Refund policy", 2, [], "USR-001"),
        "PIPESHUB": ("507f1f77bcf86cd799439011", "Q4 report", 1, [], "507f1f77bcf86cd799439021"),
        "INKEEP": ("conv_1", "What is this?", 2, ["billing"], "u-17"),
    }
