"""What a request asks: the GraphQL request in its body or its query string, or the refusal that says what is wrong."""

from collections.abc import Mapping
from typing import Any, Final

from cross_web import AsyncHTTPRequestAdapter
from strawberry.http import GraphQLRequestData

from graph import wire
from graph.access.trusted import Trusted
from graph.errors import NAME_SHOWN, ErrorCode, coded
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


async def read(request: AsyncHTTPRequestAdapter, trusted: Trusted | None = None) -> GraphQLRequestData:
    """The GraphQL request of a GET or POST.

    Raises:
        Refusal: 415 for another content type, 404 for an unknown `documentId`, 400 for all else that is wrong, naming
            the field.
    """
    return _checked(_of_query(request) if request.method == "GET" else await _of_body(request), trusted)


def plain(body: bytes, trusted: Trusted | None = None) -> GraphQLRequestData:
    """The GraphQL request in a body of which all else is known to be right.

    Raises:
        Refusal: as `read` does.
    """
    # What nearly all are: three fields of the right types, and variables that orjson reads as `wire.decode` does.
    flat = wire.decode_flat(body) if len(body) <= _SMALL else None
    parameters: Mapping[str, Any] = _decoded(body) if flat is None else flat
    query: Any = parameters.get("query")
    variables, name = parameters.get("variables"), parameters.get("operationName")
    is_text, is_object = type(query) is str, variables is None or type(variables) is dict
    is_named = name is None or type(name) is str
    if is_text and is_object and is_named and parameters.keys() <= _USUAL and query and not query.isspace():
        return GraphQLRequestData(query=query, variables=variables, operation_name=name, extensions=None)
    return _checked(parameters, trusted)


_USUAL: Final = frozenset({"query", "variables", "operationName"})

_SMALL: Final = 16_384
"""Bytes of a body that it does no harm to read twice."""


def document(parameters: Mapping[str, object], trusted: Trusted | None) -> object:
    """The document of a request: its `query`, or the trusted one that its `documentId` names.

    Raises:
        Refusal: 404 where there is no such document, 400 for both at once and for an id that is no string.
    """
    name = parameters.get("documentId")
    if name is None:
        return parameters.get("query")
    if not isinstance(name, str):
        raise Refusal(400, "`documentId` must be a string or null.", field="documentId")
    if parameters.get("query") is not None:
        raise Refusal(400, "Give `query` or `documentId`, not both.", field="documentId")
    text = None if trusted is None else trusted.text(name)
    if text is None:
        raise Refusal(
            404,
            f'There is no trusted document "{name[:NAME_SHOWN]}" here.',
            code=ErrorCode.DOCUMENT_NOT_FOUND,
            field="documentId",
        )
    return text


def _checked(parameters: Mapping[str, object], trusted: Trusted | None) -> GraphQLRequestData:
    query = document(parameters, trusted)
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
