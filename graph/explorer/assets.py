"""The files of the built explorer over HTTP: named by their hash, kept by browsers for ever, sent compressed."""

import gzip
import json
import re
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from graph.explorer import build
from graph.explorer.security import SECURITY_HEADERS

PREFIX = "/explorer"

CONTENT_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".txt": "text/plain",
}
HASHED = re.compile(r"-[0-9A-Z]{8}\.\w+$")
A_YEAR = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the bundler wrote: which hashed name is which file."""

    main: str
    style: str
    icon: str
    workers: dict[str, str]
    preload: list[str]
    files: frozenset[str]


def read_manifest() -> Manifest | None:
    """The manifest of the explorer as it is now: it may be built while the server runs. None: there is none."""
    try:
        text = (build.STATIC / "manifest.json").read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    content = json.loads(text)
    return Manifest(
        main=content["main"],
        style=content["style"],
        icon=content["icon"],
        workers=content["workers"],
        preload=content["preload"],
        files=frozenset(content["files"]),
    )


def explorer_routes() -> list[Route]:
    """The route that serves the files which the explorer's page names."""
    return [Route(PREFIX + "/{name}", _file, methods=["GET"], name="explorer")]


def _file(request: Request) -> Response:
    name: str = request.path_params["name"]
    manifest = read_manifest()
    # Only what the manifest lists exists: no path is ever made from a name that the bundler didn't write.
    if manifest is None or name not in manifest.files:
        return PlainTextResponse("Not found\n", 404, {**SECURITY_HEADERS, "Cache-Control": "no-store"})
    path = build.STATIC / name
    media_type = CONTENT_TYPES[path.suffix]
    headers = {**SECURITY_HEADERS, "Cache-Control": A_YEAR if HASHED.search(name) else "no-cache"}
    compressed = path.with_name(name + ".gz")
    if not compressed.is_file():
        return FileResponse(path, headers=headers, media_type=media_type)
    headers["Vary"] = "Accept-Encoding"
    if accepts_gzip(request.headers.get("accept-encoding", "")):
        headers["Content-Encoding"] = "gzip"
        return FileResponse(compressed, headers=headers, media_type=media_type)
    return Response(gzip.decompress(compressed.read_bytes()), headers=headers, media_type=media_type)


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether an Accept-Encoding header takes gzip (RFC 9110, section 12.5.3); an empty one takes nothing encoded."""
    weights: dict[str, float] = {}
    for item in accept_encoding.lower().split(","):
        coding, _, parameter = item.partition(";")
        weight = re.fullmatch(r"\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*", parameter)
        weights[coding.strip()] = float(weight[1]) if weight else 0.0 if parameter.strip() else 1.0
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0))) > 0
