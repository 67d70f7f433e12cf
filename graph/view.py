"""`/graphql` over HTTP: strawberry's view, held to the GraphQL-over-HTTP specification where the stock one leaves it.

What differs from stock: the Accept header is negotiated and decides about the status of a request error; a fault of the
protocol is answered as GraphQL errors in JSON, with a code; the body is read strictly; a mutation by GET, a batch, an
upload and a subscription without a stream are refused by name; and no failure of ours passes unmasked, not even one
that strikes before there is an operation.

A plain request of a known query is answered here, without strawberry's view: the same bytes, for less. Both ways stand
in one file, long as it is, since each line of one has to be right for the other as well.
"""

from collections.abc import Awaitable, Callable, Coroutine, Hashable, Mapping, Sequence
from contextlib import nullcontext
from datetime import timedelta
from typing import Any, ClassVar

from cross_web import AsyncHTTPRequestAdapter
from graphql import GraphQLError, OperationDefinitionNode
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketState
from strawberry.asgi import GraphQL
from strawberry.http import GraphQLHTTPResponse, GraphQLRequestData
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType
from strawberry.types.unset import UNSET
from typing_extensions import override  # typing has it from Python 3.12 on

from graph import asked, wire
from graph.access import rate
from graph.access.bodies import too_large
from graph.access.http import BodyLimits, BodyRefused, body_of, bounded, last_answer
from graph.access.trusted import Trusted
from graph.access.turnstile import OperationLimits, Turnstile, asker_of
from graph.answers import answer_of, json_response, refused
from graph.asked import Refusal
from graph.boundary import ColloquySchema
from graph.context import Context
from graph.departures import Watch
from graph.documents import Prepared
from graph.errors import ErrorCode, Presenter
from graph.lean import (
    CONNECTION,
    HEAD,
    PLACE_TEXT,
    Connection,
    Form,
    Head,
    RawHeaders,
    Written,
    form_of,
    head_of,
    replayed,
)
from graph.negotiation import GRAPHQL_TYPE, HTML_TYPE, JSON_TYPE, preferred
from graph.portions import wired
from graph.sockets import SocketAdapter

Explorer = Callable[[Request], Response]
"""Answers a browser's GET without a query: the page to explore the API with."""

ALLOWED = "GET, HEAD, POST, OPTIONS"
ALLOWED_BY_POST = "POST, OPTIONS"

CLOSE_REASON_BYTES = 123
"""The longest reason that a WebSocket's close frame carries (RFC 6455, section 5.5)."""


class ColloquyView(GraphQL[object, None]):
    """The GraphQL endpoint as an ASGI application: HTTP, and WebSocket in the protocols that it is given.

    Args:
        schema: its errors come presented, hence its class.
        context: makes the context of a request's operation, or of a socket's operations. What it raises is answered
            like an error of the operation: foreseen with its code, else masked.
        explorer: answers `GET` without a query for who prefers HTML; without one such a GET is a bad request.
        protocols: the subscription protocols offered (names of `strawberry.subscriptions`).
        at_once: the context of a plain request's operation, from its scope, where nothing has to be waited for.
        lean: whether plain requests are answered without strawberry's view; the answers are the same.
        bodies: how long a body may be, and how long it may take.
        turnstile: how many operations run at a time, and for how long.
        trusted: the documents that a request may name by their ids.
        queries_by_get: whether a query in a URL is answered; if not, GET is for the explorer alone.
    """

    schema: ColloquySchema

    websocket_adapter_class = SocketAdapter

    statuses: ClassVar[Mapping[str, int]] = {
        ErrorCode.UNAUTHENTICATED: 401,
        ErrorCode.FORBIDDEN: 403,
        ErrorCode.RATE_LIMITED: 429,
        ErrorCode.INTERNAL_SERVER_ERROR: 500,
        ErrorCode.TIMEOUT: 504,
    }
    """The status of an answer without data, by its first error's code; all others are 400, or 200 as JSON_TYPE."""

    def __init__(
        self,
        schema: ColloquySchema,
        *,
        context: Callable[[Request | WebSocket], Awaitable[object]],
        explorer: Explorer | None = None,
        protocols: Sequence[str] = (GRAPHQL_TRANSPORT_WS_PROTOCOL,),
        at_once: Callable[[Scope], object | None] = lambda _scope: None,
        lean: bool = True,
        bodies: BodyLimits | None = None,
        turnstile: Turnstile | None = None,
        trusted: Trusted | None = None,
        queries_by_get: bool = True,
    ) -> None:
        super().__init__(
            schema,
            graphql_ide=None,
            multipart_uploads_enabled=False,
            subscription_protocols=protocols,
            connection_init_wait_timeout=timedelta(seconds=5),
            max_subscriptions_per_connection=20,
        )
        self._make_context = context
        self._explorer = explorer
        self._at_once = at_once
        self._lean = lean
        self._bodies = bodies or BodyLimits()
        self._turnstile = turnstile or Turnstile(OperationLimits())
        self._trusted = trusted
        self._queries_by_get = queries_by_get
        self._allowed = ALLOWED if queries_by_get or explorer is not None else ALLOWED_BY_POST

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.exchange(scope, receive, send)

    def exchange(self, scope: Scope, receive: Receive, send: Send) -> Coroutine[Any, Any, None]:
        """What a call awaits, for whoever calls it for each request: a coroutine costs a small one a hundredth."""
        if scope["type"] == "websocket":
            return self._converse(WebSocket(scope, receive, send))
        head: Head = scope.get(HEAD) or head_of(scope["headers"])
        form = form_of(head) if self._lean and scope["method"] == "POST" else None
        if form is None:
            return self._exchange(head, scope, receive, send)
        return self._exchange_plain(form, head, scope, receive, send)

    @override
    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> object:
        """The context that the view's maker wants for this request or socket."""
        return await self._make_context(request)

    @override
    async def get_sub_response(self, request: Request | WebSocket) -> Response:
        """What later becomes the answer; it carries the negotiated media type to `create_response`."""
        return _Answering(media_type=_negotiated(request))

    @override
    async def parse_http_body(self, request: AsyncHTTPRequestAdapter) -> GraphQLRequestData:
        """What the request asks; see `graph.asked.read`."""
        return await asked.read(request, self._trusted)

    @override
    async def execute_single(
        self,
        request: Request,
        request_adapter: AsyncHTTPRequestAdapter,
        sub_response: Response,
        context: object,
        root_value: None,
        request_data: GraphQLRequestData,
    ) -> ExecutionResult:
        """Run a query, or a mutation by POST.

        Raises:
            Refusal: 405 for a mutation by GET, 400 for a subscription, which needs a stream, 429 or 503 where too many
                operations run.
            OutOfTime: it has taken longer than an operation may.
            ClientDisconnect: the client of a query that lasted is gone.
        """
        allowed = OperationType.from_http(request_adapter.method) - {OperationType.SUBSCRIPTION}
        query, name = request_data.query or "", request_data.operation_name
        try:
            # Extensions that are asked on every request may look at the data.
            way = wired() if self.schema.is_bare else nullcontext()
            watch = Watch(
                request.receive, lambda: self.schema.is_query(query, name), seconds=self._turnstile.limits.seconds
            )
            with watch, await self._turnstile.enter(_asker(context)), way:
                result = await self.schema.execute(
                    query,
                    variable_values=request_data.variables,
                    context_value=context,
                    root_value=root_value,
                    operation_name=name,
                    allowed_operation_types=allowed,
                    operation_extensions=request_data.extensions,
                )
            if isinstance(sub_response, _Answering):
                sub_response.told = _told(context)
            return result
        except InvalidOperationTypeError as error:
            if error.operation_type is OperationType.SUBSCRIPTION:
                raise Refusal(400, "A subscription needs a stream; a plain request can't carry one.") from None
            raise Refusal(
                405, "A mutation needs POST.", code=ErrorCode.METHOD_NOT_ALLOWED, headers={"allow": "POST"}
            ) from None

    @override
    async def process_result(self, request: Request, result: ExecutionResult) -> GraphQLHTTPResponse:
        """The answer's JSON; see `graph.answers.answer_of`."""
        return answer_of(result.data, result.errors, result.extensions)

    @override
    def create_response(
        self, response_data: GraphQLHTTPResponse | list[GraphQLHTTPResponse], sub_response: Response
    ) -> Response:
        """The answer in the negotiated media type, which also decides about the status."""
        media_type = sub_response.media_type or JSON_TYPE
        response = json_response(response_data, media_type, self._status(response_data, media_type))
        if isinstance(sub_response, _Answering):
            response.raw_headers += sub_response.told
        return response

    @override
    def decode_json(self, data: str | bytes) -> object:
        """JSON of a socket's message; see `graph.wire.decode`."""
        return wire.decode(data)

    @override
    def encode_json(self, data: object) -> str:
        """JSON as text, for sockets and streams; see `graph.wire.encode`."""
        return wire.encode(data).decode()

    @override
    def should_render_graphql_ide(self, request: Any) -> bool:
        """Never: `_answer` has asked the explorer before."""
        return False

    def _status(self, answer: Any, media_type: str) -> int:
        if "data" in answer:
            return 200
        first = answer["errors"][0]["extensions"]["code"]
        return self.statuses.get(first, 400 if media_type == GRAPHQL_TYPE else 200)

    async def _exchange(self, head: Head, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            most = self._bodies.of(head)
            response: ASGIApp = await self._answer(Request(scope, bounded(receive, most, self._bodies.seconds)))
        except BodyRefused as refusal:
            response = last_answer(scope, refusal)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _exchange_plain(self, form: Form, head: Head, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a plain request if it is right and its query known; all else is left to `_answer`."""
        connection: Connection | None = scope.get(CONNECTION)
        try:
            most = self._bodies.of(head)
            body = connection.body_at_once() if connection is not None else None
            if body is None:
                body = await body_of(receive, most, self._bodies.seconds)
            elif len(body) > most:
                raise too_large(most)
            response: ASGIApp
            ready = self._ready(body)
            if ready is not None:
                data, prepared, operation = ready
                watch = Watch(receive, seconds=self._turnstile.limits.seconds)

                def write(found: dict[str, Any] | None, errors: list[GraphQLError] | None) -> Written:
                    if watch.gone:  # the errors are those of reads that were broken off, and nobody's business
                        errors = None
                    if not errors and found is not None:
                        return Written(200, form, wire.pieces({"data": found}), _told(context))
                    answer = answer_of(found, Presenter().present_all(errors) if errors else None)
                    return Written(self._status(answer, form.media_type), form, wire.pieces(answer), _told(context))

                context = self._at_once(scope)
                try:
                    if context is None:
                        context = await self._make_context(Request(scope, replayed(body, receive)))
                    run = prepared.run(operation, data.variables, context)
                    if run is None:
                        response = await self._answer(Request(scope, replayed(body, receive)), context)
                    elif isinstance(run, list):
                        response = write(None, run)
                    else:
                        asker, turnstile = _asker(context), self._turnstile
                        with watch, turnstile.enter_at_once(asker) or await turnstile.enter(asker):
                            response = await run.answer(write)
                except ClientDisconnect:
                    raise
                except Refusal as refusal:
                    response = refused(Request(scope), refusal.error, refusal.status, refusal.headers)
                except Exception as error:  # the outermost boundary, as in `_answer`
                    response = self._failed(Request(scope), error)
            else:
                response = await self._answer(Request(scope, replayed(body, receive)))
        except BodyRefused as refusal:
            response = last_answer(scope, refusal)
        except ClientDisconnect:
            return
        if connection is not None and isinstance(response, Written):
            told = scope.get(PLACE_TEXT)
            if told is not None and response.sent_at_once(connection, told):
                return
        await response(scope, receive, send)

    def _ready(self, body: bytes) -> tuple[GraphQLRequestData, Prepared, OperationDefinitionNode] | None:
        """What a body asks, with the known query; None where it isn't known, or not right."""
        try:
            data = asked.plain(body, self._trusted)
        except Refusal:
            return None
        ready = self.schema.ready(data.query or "", data.operation_name)
        return None if ready is None else (data, *ready)

    async def _answer(self, request: Request, context: object = UNSET) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers={"allow": self._allowed})
        if request.method == "HEAD":  # answered as GET; the server leaves the body out
            request = Request({**request.scope, "method": "GET"}, request.receive)
        try:
            if request.method not in ("GET", "POST"):
                raise Refusal(
                    405,
                    f"{request.method} has no meaning here; use {'GET or ' * self._queries_by_get}POST.",
                    code=ErrorCode.METHOD_NOT_ALLOWED,
                    headers={"allow": self._allowed},
                )
            if self._explorer is not None and _is_a_visit(request):
                page = self._explorer(request)
                if "accept" not in page.headers.get("vary", "").lower():
                    page.headers.add_vary_header("accept")
                return page
            if request.method == "GET" and not self._queries_by_get:
                raise Refusal(
                    405,
                    "Queries are not answered by GET here; use POST.",
                    code=ErrorCode.METHOD_NOT_ALLOWED,
                    headers={"allow": ALLOWED_BY_POST},
                )
            return await self.run(request, context)
        except (ClientDisconnect, BodyRefused):
            raise
        except Refusal as refusal:
            return refused(request, refusal.error, refusal.status, refusal.headers)
        except Exception as error:  # the outermost boundary: masked and logged, or foreseen with its code
            return self._failed(request, error)

    def _failed(self, request: Request, error: Exception) -> Response:
        presented = Presenter().present(error)
        code = (presented.extensions or {})["code"]
        return refused(request, presented, self.statuses.get(code, 400))

    async def _converse(self, socket: WebSocket) -> None:
        try:
            await self.run(socket)
        except Exception as error:  # masked and logged like a request's
            presented = Presenter().present(error)
            if WebSocketState.DISCONNECTED not in (socket.client_state, socket.application_state):
                await socket.close(1011, presented.message.encode()[:CLOSE_REASON_BYTES].decode(errors="ignore"))


class _Answering(Response):
    """What becomes the answer."""

    told: RawHeaders = []
    """Headers of what the operation has cost."""


def _asker(context: object) -> Hashable:
    """By whom an operation with this context is counted."""
    return asker_of(context.viewer) if isinstance(context, Context) else None


def _told(context: object) -> RawHeaders:
    """The headers that tell what the operation with this context has cost."""
    return rate.headers(context) if isinstance(context, Context) else []


def _negotiated(request: Request | WebSocket) -> str:
    media_type = preferred(request.headers.get("accept"))
    if media_type is None:
        raise Refusal(
            406,
            f"This endpoint answers in {GRAPHQL_TYPE} or {JSON_TYPE}, in UTF-8; the Accept header takes neither.",
            code=ErrorCode.NOT_ACCEPTABLE,
        )
    return media_type


def _is_a_visit(request: Request) -> bool:
    """Whether a browser came to look: it prefers HTML and asks nothing yet."""
    if request.method != "GET" or request.query_params.get("query"):
        return False
    return preferred(request.headers.get("accept"), (JSON_TYPE, GRAPHQL_TYPE, HTML_TYPE)) == HTML_TYPE
