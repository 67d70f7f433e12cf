"""What a request asks: the GraphQL request in its body or its query string, or the refusal that says what is wrong."""

from collections.abc import Mapping
from typing import Any

from cross_web import AsyncHTTPRequestAdapter
from strawberry.http import GraphQLRequestData

from graph import wire
from graph.errors import ErrorCode, coded
from graph.negotiation import JSON_TYPE, is_json_body


class Refusal(Exception):
    """A request that never became a GraphQL request, with the status and the code that say why."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: ErrorCode = ErrorCode.BAD_REQUEST,
        field: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers
        self.error = coded(message, code, **({} if field is None else {"field": field}))


async def read(request: AsyncHTTPRequestAdapter) -> GraphQLRequestData:
    """The GraphQL request of a GET or POST.

    Raises:
        Refusal: 415 for another content type, 400 for all else that is wrong, naming the field.
    """
    return _checked(_of_query(request) if request.method == "GET" else await _of_body(request))


def plain(body: bytes) -> GraphQLRequestData:
    """The GraphQL request in a body of which all else is known to be right.

    Raises:
        Refusal: as `read` does.
    """
    return _checked(_decoded(body))


def _checked(parameters: Mapping[str, object]) -> GraphQLRequestData:
    query = parameters.get("query")
    if not isinstance(query, str) or not query.strip():
        raise Refusal(400, "`query` must be a string with the GraphQL document.", field="query")
    operation_name = parameters.get("operationName")
    if operation_name is not None and not isinstance(operation_name, str):
        raise Refusal(400, "`operationName` must be a string or null.", field="operationName")
    return GraphQLRequestData(
        query=query,
        variables=_object(parameters, "variables"),
        operation_name=operation_name,
        extensions=_object(parameters, "extensions"),
    )


async def _of_body(request: AsyncHTTPRequestAdapter) -> Mapping[str, object]:
    if not is_json_body(request.content_type):
        raise Refusal(
            415,
            "The body must be JSON in UTF-8, with `Content-Type: application/json`.",
            code=ErrorCode.UNSUPPORTED_MEDIA_TYPE,
            headers={"accept-post": JSON_TYPE},
        )
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise Refusal(
            415,
            "The body must be sent as it is, without a content encoding.",
            code=ErrorCode.UNSUPPORTED_MEDIA_TYPE,
            headers={"accept-encoding": "identity"},
        )
    return _decoded(await request.get_body())


def _decoded(text: bytes) -> Mapping[str, object]:
    try:
        body = wire.decode(text)
    except wire.NotJSON as error:
        raise Refusal(400, f"The body {error.reason}.") from None
    if isinstance(body, list):
        raise Refusal(400, "Batches are not supported; send one request at a time.")
    if not isinstance(body, dict):
        raise Refusal(400, "The body must be a JSON object.")
    return body


def _of_query(request: AsyncHTTPRequestAdapter) -> Mapping[str, object]:
    """The parameters of a GET; what is left empty in the URL is not given."""
    given: dict[str, object] = {name: text for name, text in request.query_params.items() if text}
    for name in ("variables", "extensions"):
        text = given.get(name)
        if isinstance(text, str):
            try:
                given[name] = wire.decode(text)
            except wire.NotJSON as error:
                raise Refusal(400, f"`{name}` {error.reason}.", field=name) from None
    return given


def _object(parameters: Mapping[str, object], name: str) -> dict[str, Any] | None:
    value = parameters.get(name)
    if value is not None and not isinstance(value, dict):
        raise Refusal(400, f"`{name}` must be a JSON object or null.", field=name)
    return value
