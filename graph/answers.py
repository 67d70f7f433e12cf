"""What goes out over HTTP: the JSON of an answer, and the response round it."""

from collections.abc import Mapping, Sequence
from typing import Any

from graphql import GraphQLError
from starlette.requests import Request
from starlette.responses import Response
from strawberry.http import GraphQLHTTPResponse

from graph import wire
from graph.negotiation import JSON_TYPE, preferred


def answer_of(
    data: dict[str, Any] | None, errors: Sequence[GraphQLError] | None, extensions: Mapping[str, Any] | None = None
) -> GraphQLHTTPResponse:
    """The answer's JSON; without `data` if the request failed as a request, before any field was resolved."""
    answer: GraphQLHTTPResponse = {}
    if errors:
        answer["errors"] = [error.formatted for error in errors]
    if data is not None or not errors or any(error.path for error in errors):
        answer["data"] = data
    if extensions:
        answer["extensions"] = dict(extensions)
    return answer


def json_response(content: object, media_type: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """The response with this content."""
    return Response(
        wire.encode(content),
        status_code=status,
        headers={"content-type": f"{media_type}; charset=utf-8", "vary": "accept", **(headers or {})},
    )


def refused(request: Request, error: GraphQLError, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """The response to a request that is answered with one error and nothing else."""
    media_type = preferred(request.headers.get("accept")) or JSON_TYPE
    return json_response({"errors": [error.formatted]}, media_type, status, headers)
