"""Reading whole lists, page after page, as a client does."""

from typing import Any

from tests.graph.asking import Client

Row = dict[str, Any]


async def crawl(client: Client, field: str, selection: str, where: Row | None = None) -> list[Row]:
    """All items of a list of the query type; `selection` is what is read of each."""
    kind = {"conversations": "Conversation", "messages": "Message", "feedback": "Feedback", "sources": "Source"}[field]
    document = (
        f"query ($after: String, $where: {kind}Where, $first: Boolean!) {{"
        f" {field}(first: 100, after: $after, where: $where) {{ nodes {{ {selection} }}"
        " pageInfo { hasNextPage endCursor } totalCount @include(if: $first) } }"
    )
    page = (await client.ask(document, where=where, first=True))[field]
    total, found = page["totalCount"], list(page["nodes"])
    while page["pageInfo"]["hasNextPage"]:
        after = page["pageInfo"]["endCursor"]
        page = (await client.ask(document, after=after, where=where, first=False))[field]
        found += page["nodes"]
    assert len(found) == total
    return found


async def counted(client: Client, field: str, where: Row | None = None) -> int:
    """How many items a list of the query type has."""
    kind = {"conversations": "Conversation", "messages": "Message", "feedback": "Feedback", "sources": "Source"}[field]
    data = await client.ask(f"query ($where: {kind}Where) {{ {field}(where: $where) {{ totalCount }} }}", where=where)
    total: int = data[field]["totalCount"]
    return total


async def conversations_of(client: Client, system: str, selection: str = "") -> dict[str, Row]:
    """The conversations of a system by the ids that they have there."""
    rows = await crawl(
        client,
        "conversations",
        f"id title messageCount origin {{ recordId }} {selection}",
        {"origin": {"eq": system}},
    )
    return {row["origin"]["recordId"]: row for row in rows}


async def messages_of(client: Client, rows: dict[str, Row], selection: str = "", **where: Any) -> list[Row]:
    """The messages of these conversations, on all branches, for which the conditions hold."""
    ids = [row["id"] for row in rows.values()]
    return await crawl(
        client,
        "messages",
        f"id sequence content parent {{ id }} conversation {{ origin {{ recordId }} }} {selection}",
        {"conversationId": {"in": ids}, **where},
    )
