"""The ASGI application: its routes, whom it lets in, and what it opens and closes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Final, cast

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket
from typing_extensions import override  # typing has it from Python 3.12 on

from db import migrations
from db.database import Database
from db.errors import ColloquyError
from db.journal import Journal
from db.rates import Leases
from db.viewer import Viewer
from graph import __version__, wire
from graph.access import tokens
from graph.access.issuer import issuer_of
from graph.access.places import SECURITY_HEADERS, Place, Places, check_open, check_origin, preflight, shown_by
from graph.access.rate import Limiter
from graph.access.signing import Gate
from graph.access.trusted import Trusted
from graph.access.turnstile import Turnstile
from graph.asked import Refusal
from graph.context import Context
from graph.errors import ErrorCode, Presenter
from graph.explorer import explorer_page, explorer_routes
from graph.housekeeping import housekeeping
from graph.lean import HEAD, PLACE_TEXT, RawHeaders, head_of
from graph.negotiation import JSON_TYPE, preferred
from graph.opening import open_database
from graph.schema import schema
from graph.settings import Settings
from graph.sockets import GATE, NOBODY, SignedSocket
from graph.view import ColloquyView

PATH = "/graphql"
"""Where the API is."""

READY_TIMEOUT = 2.0
"""Seconds that the database may take to answer before the server counts as not ready."""

COST_HEADER: Final = b"x-colloquy-cost"
"""The header of a request that wants to be told, by the value 1, what it costs."""

VIEWER: Final = "colloquy.viewer"
"""In the scope of a request: who asks."""

DENIAL: Final = "websocket.http.response"
"""The extension of ASGI by which a WebSocket is refused with an answer."""


class Application(Starlette):
    """Starlette's application behind the gate: nothing is read of a request before it is clear that it may ask.

    The request that nearly all are, a POST to /graphql, goes straight to its view: the router and the middleware round
    it, which have nothing to do with it, take a tenth of a small request's time.
    """

    view: ColloquyView
    gate: Gate
    places: Places
    no_auth: bool = False
    """Whoever shows nothing is let in by whatever name and address the server is asked."""

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind == "lifespan":
            await super().__call__(scope, receive, send)
            return
        headers: RawHeaders = scope["headers"]
        head = scope[HEAD] = head_of(headers)
        host, origin, shown = shown_by(head)
        place = self.places.of(host, origin)
        method = None if kind == "websocket" else scope["method"]
        if method is not None:
            scope[PLACE_TEXT] = place.told_text
            send = _telling(place.told, send, method == "POST")
        try:
            if self.gate.may_be_open:
                try:
                    check_open(place, scope.get("server"), with_host=not self.no_auth)
                except Refusal:
                    if await self.gate.is_open():  # it may have been closed meanwhile
                        raise
            if method == "POST":
                scope[VIEWER] = self.gate.known(shown) or await self.gate.viewer(headers)
            elif method is None:
                await self._check_socket(place, scope)
            elif method == "OPTIONS" and _is_preflight(headers):
                await _answer_preflight(place, scope, receive, send)
                return
        except Refusal as refusal:
            await _refuse(refusal, scope, receive, send)
        except Exception as error:  # the database that keys are in may be away: masked and logged as in the view
            await _refuse(_masked(error), scope, receive, send)
        else:
            if method == "POST" and scope["path"] == PATH and not scope["root_path"]:
                scope["app"] = self
                await self.view.exchange(scope, receive, send)
            else:
                await super().__call__(scope, receive, send)

    async def _check_socket(self, place: Place, scope: Scope) -> None:
        """A WebSocket begins without a credential, as browsers can't send one; where there is one it must be good."""
        check_origin(place, any_is_allowed=not self.gate.may_be_open)
        if any(name == b"authorization" for name, _ in scope["headers"]):
            await self.gate.viewer(scope["headers"])
        scope[GATE] = self.gate


def create_app(settings: Settings | None = None, *, database: Database | None = None) -> Starlette:
    """The application. With a database given, the caller opens and closes it; else the application does.

    Without keys and without an identity provider it answers this machine alone, whatever it is served by
    (`graph.access.places`). Raises ColloquyError where the settings are no way to sign in.
    """
    settings = settings or Settings.load()
    limits, bounds = settings.writes(), settings.bounds()
    trusted = Trusted.of(settings.trusted_documents, schema._schema, only=settings.trusted_only)
    turnstile = Turnstile(settings.operations())
    issuer = issuer_of(settings)

    def opened() -> Database:
        found: Database = app.state.database
        return found

    limiter, told = Limiter(settings.rates()), cast("Journal | None", None)
    known = database  # in a variable: the application's state is looked up by three calls
    gate = Gate(opened, issuer=issuer, no_auth=settings.no_auth, sees_public=settings.end_users_see_public)

    @asynccontextmanager
    async def guarded() -> AsyncIterator[None]:
        if settings.token_secret is not None:
            tokens.use_secret(opened(), settings.token_secret.get_secret_value().encode())
        await gate.is_open()
        nonlocal limiter, told, known
        known = opened()
        limiter = Limiter(settings.rates(), Leases(opened()) if opened().dialect == "postgresql" else None)
        journal = Journal(opened(), capacity=settings.audit_queue)
        told = journal if settings.audit_reads else None
        first = asyncio.create_task(issuer.keys.check()) if issuer is not None else None
        try:
            async with journal.kept():
                yield
        finally:
            if first is not None:
                await first
            await gate.close()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        if database is not None:
            app.state.database = database
            async with guarded():
                yield
            return
        app.state.database = await open_database(settings, purpose="colloquy serve")
        try:
            async with guarded(), housekeeping(app.state.database, limits):
                yield
        finally:
            await app.state.database.close()

    async def context(request: Request | WebSocket) -> Context:
        viewer = NOBODY  # a WebSocket says later who it is
        if request.scope["type"] == "http":
            viewer = request.scope.get(VIEWER) or await gate.viewer(request.scope["headers"])
        return made(request.scope, viewer)

    def at_once(scope: Scope) -> Context:
        return made(scope, scope[VIEWER])

    def made(scope: Scope, viewer: Viewer) -> Context:
        tells_cost = scope[HEAD].get(COST_HEADER) == b"1"
        return Context(known or opened(), viewer, limits, bounds, limiter, trusted, turnstile, told, tells_cost)

    view = ColloquyView(
        schema,
        context=context,
        at_once=at_once,
        explorer=_explorer if settings.explorer else None,
        bodies=settings.bodies(),
        turnstile=turnstile,
        trusted=trusted,
        queries_by_get=settings.queries_by_get,
    )
    view.graphql_transport_ws_handler_class = SignedSocket
    view.allowed_origins = ("*",)  # whose page it is has been looked at before

    app = Application(
        routes=[
            Route(PATH, view),
            WebSocketRoute(PATH, view),
            Route("/", lambda _request: RedirectResponse(PATH, 307)),
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            *(explorer_routes() if settings.explorer else ()),
        ],
        lifespan=lifespan,
    )
    app.view, app.gate = view, gate
    app.places = Places(settings.allowed_origins, settings.host)
    app.no_auth = settings.no_auth
    return app


def _explorer(request: Request) -> Response:
    return explorer_page(request=request)


async def healthz(_request: Request) -> Response:
    """The process runs."""
    return JSONResponse({"status": "ok", "version": __version__})


async def readyz(request: Request) -> Response:
    """The database answers, and has this version's tables; 503 otherwise."""
    database: Database = request.app.state.database
    if not await database.answers(within=READY_TIMEOUT):
        return JSONResponse({"status": "unavailable"}, 503)
    try:
        await migrations.check(database)
    except ColloquyError:
        return JSONResponse({"status": "unavailable"}, 503)
    return JSONResponse({"status": "ready"})


def _telling(told: RawHeaders, send: Send, is_bare: bool) -> Send:
    """A `send` that adds what every answer tells a browser.

    `is_bare`: nothing of it can be there already, as it can be in a page or a file. No coroutine of its own: a call.
    """

    def answer(message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            headers = message.get("headers", ())
            if is_bare:
                message["headers"] = [*headers, *told]
            else:
                there = {name for name, _ in headers} - {b"vary"}
                message["headers"] = [*headers, *(header for header in told if header[0] not in there)]
        return send(message)

    return answer


def _is_preflight(headers: RawHeaders) -> bool:
    names = {name for name, _ in headers}
    return b"origin" in names and b"access-control-request-method" in names


async def _answer_preflight(place: Place, scope: Scope, receive: Receive, send: Send) -> None:
    response = Response(status_code=204)
    there = {name for name, _ in place.cors or ()}  # these are added to every answer
    response.raw_headers = [header for header in preflight(place) if header[0] not in there]
    await response(scope, receive, send)


async def _refuse(refusal: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket" and DENIAL not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1008, "reason": ""})  # the server makes it a 403
        return
    accept = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"accept"), None)
    media_type = preferred(accept) or JSON_TYPE
    response = Response(
        wire.encode({"errors": [refusal.error.formatted]}),
        refusal.status,
        {"content-type": f"{media_type}; charset=utf-8", "vary": "accept", **(refusal.headers or {})},
    )
    if scope["type"] == "websocket":
        response.raw_headers += SECURITY_HEADERS
    await response(scope, receive, send)


def _masked(error: Exception) -> Refusal:
    presented = Presenter().present(error)
    extensions = presented.extensions or {}
    code = ErrorCode(extensions["code"])
    refusal = Refusal(ColloquyView.statuses.get(code, 400), presented.message, code=code)
    refusal.error = presented
    return refusal
