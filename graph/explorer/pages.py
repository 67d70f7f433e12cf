"""The pages that a browser gets from the endpoint: GraphiQL, or how to get it where it isn't built."""

import hashlib
import html
import json
from functools import cache
from pathlib import Path
from string import Template
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from graph.explorer.assets import PREFIX, Manifest, read_manifest
from graph.explorer.build import FOLDER, NODE_MINIMUM
from graph.explorer.prepared import examples
from graph.explorer.security import SECURITY_HEADERS


def explorer_page(endpoint: str = "/graphql", *, request: Request | None = None) -> Response:
    """The explorer for the GraphQL endpoint at this path, or the plain page where the explorer isn't built.

    With the request, the page is right behind a proxy that adds a prefix (the scope's `root_path`), its curl example
    names the server as the browser does, and a page that the browser has already is answered with 304.
    """
    root = request.scope.get("root_path", "").rstrip("/") if request else ""
    manifest = read_manifest()
    if manifest is None:
        base = str(request.base_url).rstrip("/") if request else "http://127.0.0.1:8000"
        body = plain_html(base + endpoint)
    else:
        body = explorer_html(manifest, root + endpoint, root + PREFIX)
    etag = f'"{hashlib.sha256(body.encode()).hexdigest()[:32]}"'
    headers = {**SECURITY_HEADERS, "Cache-Control": "no-cache", "ETag": etag, "Vary": "Accept"}
    if request is not None and etag in _entity_tags(request):
        return Response(status_code=304, headers=headers)
    return HTMLResponse(body, headers=headers)


def explorer_html(manifest: Manifest, endpoint: str, folder: str) -> str:
    """GraphiQL's page: `endpoint` and `folder` (of the files) are paths on this server."""
    settings = {
        "endpoint": endpoint,
        "icon": f"{folder}/{manifest.icon}",
        "workers": {label: f"{folder}/{name}" for label, name in manifest.workers.items()},
        "examples": [
            {
                "title": example.title,
                "description": example.description,
                "query": example.query,
                "variables": json.dumps(example.variables, indent=2) if example.variables else "",
            }
            for example in examples()
        ],
    }
    return _template("explorer.html").substitute(
        folder=html.escape(folder),
        main=manifest.main,
        style=manifest.style,
        icon=manifest.icon,
        preload="\n".join(
            f'    <link rel="modulepreload" href="{html.escape(folder)}/{name}">' for name in manifest.preload
        ),
        # Inside a script element only "<" can end it or open a comment.
        settings=json.dumps(settings, ensure_ascii=False).replace("<", "\\u003c"),
    )


def plain_html(url: str) -> str:
    """The page of a server without the explorer: what is at this URL, and how to get more."""
    return _template("plain.html").substitute(
        url=html.escape(url), icon="data:image/svg+xml," + quote(_icon()), node=NODE_MINIMUM
    )


def _entity_tags(request: Request) -> list[str]:
    return [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]


@cache
def _template(name: str) -> Template:
    return Template((FOLDER / "templates" / name).read_text(encoding="utf-8"))


@cache
def _icon() -> str:
    return Path(FOLDER / "src" / "icon.svg").read_text(encoding="utf-8")
