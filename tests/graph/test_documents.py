"""Documents that come again are kept, and nothing of one request shows in another."""

from typing import Any

from strawberry.extensions.parser_cache import _get_parse_cache

from graph.documents import KEPT_DOCUMENTS, KEPT_LENGTH
from tests.graph.asking import Client


def _cache() -> Any:
    return _get_parse_cache(KEPT_DOCUMENTS)  # an lru_cache, shared by all schemas


def _kept() -> int:
    return int(_cache().cache_info().currsize)


async def test_a_document_that_comes_again_is_not_parsed_again(client: Client) -> None:
    _cache().cache_clear()
    for first in (1, 2, 3):
        answer = await client.ask("query Kept($first: Int) { messages(first: $first) { nodes { id } } }", first=first)
        assert len(answer["messages"]["nodes"]) == first
    assert _kept() == 1


async def test_a_long_document_is_not_kept(client: Client) -> None:
    _cache().cache_clear()
    await client.ask("{ conversations { totalCount } }" + " " * KEPT_LENGTH)
    assert _kept() == 0


async def test_an_invalid_document_is_refused_alike_each_time(client: Client) -> None:
    refusals = [await client.refusal("{ nothing }") for _ in range(3)]
    assert refusals[0] == refusals[1] == refusals[2]
    assert refusals[0]["code"] == "GRAPHQL_VALIDATION_FAILED"
