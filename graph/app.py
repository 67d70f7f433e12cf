"""The ASGI application: its routes, and what it opens and closes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket
from typing_extensions import override  # typing has it from Python 3.12 on

from db import migrations
from db.database import Database
from db.errors import ColloquyError
from db.viewer import DEFAULT_VIEWER
from graph import __version__
from graph.context import Context
from graph.explorer import explorer_page, explorer_routes
from graph.housekeeping import housekeeping
from graph.opening import open_database
from graph.schema import schema
from graph.settings import Settings
from graph.view import ColloquyView

PATH = "/graphql"
"""Where the API is."""

READY_TIMEOUT = 2.0
"""Seconds that the database may take to answer before the server counts as not ready."""


class Application(Starlette):
    """Starlette's application; the request that nearly all are, a POST to /graphql, goes straight to its view.

    The router and the middleware round it, which have nothing to do with it, take a tenth of a small request's time.
    """

    view: ASGIApp

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == PATH and scope["method"] == "POST" and not scope["root_path"]:
            scope["app"] = self
            await self.view(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def create_app(settings: Settings | None = None, *, database: Database | None = None) -> Starlette:
    """The application. With a database given, the caller opens and closes it; else the application does."""
    settings = settings or Settings.load()
    limits = settings.writes()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        if database is not None:
            app.state.database = database
            yield
            return
        app.state.database = await open_database(settings, purpose="colloquy serve")
        try:
            async with housekeeping(app.state.database, limits):
                yield
        finally:
            await app.state.database.close()

    async def context(request: Request | WebSocket) -> Context:
        return Context(request.app.state.database, DEFAULT_VIEWER, limits)

    view = ColloquyView(schema, context=context, explorer=_explorer if settings.explorer else None)

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
    app.view = view
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
