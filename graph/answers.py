"""What goes out over HTTP: the JSON of an answer, and the response round it."""

from collections.abc import Mapping, Sequence
from typing import Any

from graphql import GraphQLError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from strawberry.http import GraphQLHTTPResponse

from graph import wire
from graph.negotiation import JSON_TYPE, preferred
from graph.sending import send_pieces


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


class PiecesResponse(Response):
    """A response whose body is never there as a whole."""

    def __init__(self, pieces: list[bytes], status_code: int, headers: Mapping[str, str]) -> None:
        super().__init__(None, status_code, {**headers, "content-length": str(sum(map(len, pieces)))})
        self._pieces = pieces

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send it."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send_pieces(self._pieces, send)


def json_response(content: object, media_type: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """The response with this content."""
    given = {"content-type": f"{media_type}; charset=utf-8", "vary": "accept", **(headers or {})}
    return PiecesResponse(wire.pieces(content), status, given)


def refused(request: Request, error: GraphQLError, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """The response to a request that is answered with one error and nothing else."""
    media_type = preferred(request.headers.get("accept")) or JSON_TYPE
    return json_response({"errors": [error.formatted]}, media_type, status, headers)
