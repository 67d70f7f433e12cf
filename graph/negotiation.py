"""Which media type an answer has and which one a request may have (RFC 9110, sections 8.3 and 12.5.1)."""

from functools import lru_cache

JSON_TYPE = "application/json"
GRAPHQL_TYPE = "application/graphql-response+json"
HTML_TYPE = "text/html"

EXACT = 2
"""The specificity of a media range without a wildcard; `type/*` has 1, `*/*` has 0."""


@lru_cache(maxsize=256)
def preferred(accept: str | None, offered: tuple[str, ...] = (JSON_TYPE, GRAPHQL_TYPE)) -> str | None:
    """The media type of `offered` that a request's Accept header wants most, or None if nothing fits.

    The highest quality wins, then the type that is named over one that a wildcard covers. Of types named alike the most
    telling is given (GRAPHQL_TYPE: who names it knows it); of types covered alike, or without a header, the first.
    """
    if accept is None or not accept.strip():
        return offered[0]
    ranges = [_parameters(text) for text in accept.split(",") if text.strip()]
    best: tuple[float, int, int] | None = None
    chosen = None
    for place, media_type in enumerate(offered):
        quality, specificity = _quality(media_type, ranges)
        if quality <= 0:
            continue
        rank = (quality, specificity, int(media_type == GRAPHQL_TYPE) if specificity == EXACT else -place)
        if best is None or rank > best:
            best, chosen = rank, media_type
    return chosen


def is_json_body(content_type: str | None) -> bool:
    """Whether a request's Content-Type is exactly application/json, in UTF-8 if it says a charset."""
    name, parameters = _parameters(content_type or "")
    return name == JSON_TYPE and _is_utf8(parameters)


def _quality(offered: str, ranges: list[tuple[str, dict[str, str]]]) -> tuple[float, int]:
    """The quality that the most specific range which covers `offered` gives it, and how specific that range is."""
    family = offered.partition("/")[0] + "/*"
    best: tuple[int, float] = (-1, 0.0)
    for name, parameters in ranges:
        specificity = {offered: EXACT, family: 1, "*/*": 0}.get(name)
        if specificity is None or not _is_utf8(parameters):
            continue
        best = max(best, (specificity, _weight(parameters.get("q", "1"))))
    return best[1], best[0]


def _weight(text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        return 0.0
    return weight if 0.0 <= weight <= 1.0 else 0.0


def _is_utf8(parameters: dict[str, str]) -> bool:
    return parameters.get("charset", "utf-8").lower() in ("utf-8", "utf8")


def _parameters(header: str) -> tuple[str, dict[str, str]]:
    name, *rest = header.split(";")
    pairs = (part.partition("=") for part in rest)
    return name.strip().lower(), {key.strip().lower(): value.strip().strip('"') for key, _, value in pairs}
