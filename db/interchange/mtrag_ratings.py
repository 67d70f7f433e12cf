"""MTRAG's annotations of an answer: a rater's judgements are a piece of feedback, computed metrics are properties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from db.interchange.base import FeedbackDraft
from db.interchange.shape import Columns, Document, identical
from db.interchange.times import NotATime, parse_time, render_time
from db.jsons import clean_text
from db.record import KEY_LENGTH
from db.words import FeedbackAuthor

_PROGRAMS: Final = ("system", "composite")
"""Who computes metrics, in place of a rater."""
_SECONDS: Final = "unix-float"
_RATING: Final = "rating"
"""The kind of what a rater said; other feedback was given elsewhere."""

Scales = Mapping[str, Mapping[str, tuple[float, str]]]
"""By metric and by what is written of a value: the number, and the word that the rater saw."""


def scales_of(metrics: object) -> Scales:
    """The scales of a file's categorical metrics."""
    scales: dict[str, dict[str, tuple[float, str]]] = {}
    for metric in metrics if isinstance(metrics, list) else ():
        values = metric.get("values") if isinstance(metric, dict) else None
        for value in values if isinstance(values, list) else ():
            if not isinstance(value, dict):
                continue
            number, word = value.get("numeric_value"), value.get("display_value")
            if isinstance(value.get("value"), str) and isinstance(number, (int, float)) and isinstance(word, str):
                scales.setdefault(str(metric.get("name")), {})[value["value"]] = (float(number), word)
    return scales


class Ratings:
    """Reads annotations; `metrics` is the order in which they usually stand."""

    def __init__(self, scales: Scales, metrics: Sequence[str]) -> None:
        self._scales = scales
        self._metrics = list(metrics)

    def read(self, annotations: Document) -> tuple[Document, list[FeedbackDraft], Document, Document | None]:
        """What programs computed, the raters' feedback, what is neither, and the orders that don't follow from these.

        What programs computed is {"system": {metric: value}, "composite": {...}}.
        """
        computed: Document = {}
        raters: dict[str, FeedbackDraft] = {}
        left: Document = {}
        orders: Document = {}
        for metric, by in annotations.items():
            if not isinstance(by, dict) or not by or not 0 < len(metric) <= KEY_LENGTH or clean_text(metric) != metric:
                left[metric] = by
                continue
            for author, entry in by.items():
                if author in _PROGRAMS and isinstance(entry, dict) and entry.keys() == {"value"}:
                    computed.setdefault(author, {})[metric] = entry["value"]
                elif (score := self._score(metric, entry)) is not None and author not in _PROGRAMS:
                    self._rate(raters.setdefault(author, _new(author, entry)), score, entry)
                else:
                    left.setdefault(metric, {})[author] = entry
            orders[metric] = list(by)
        differs: Document = {}
        if list(annotations) != self._metrics:
            differs["metrics"] = list(annotations)
        authors = [*_PROGRAMS, *raters]
        for metric, order in orders.items():
            if order != [author for author in authors if author in order]:
                differs.setdefault("authors", {})[metric] = order
        return computed, list(raters.values()), left, differs or None

    def _score(self, metric: str, entry: object) -> Columns | None:
        value = entry.get("value") if isinstance(entry, dict) else None
        if isinstance(value, str):
            known = self._scales.get(metric, {}).get(value)
            return None if known is None else {"name": metric, "value": known[0], "label": known[1]}
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < 1e300:
            return None
        return {"name": metric, "value": float(value)}

    @staticmethod
    def _rate(draft: FeedbackDraft, score: Columns, entry: Document) -> None:
        draft.scores.append(score)
        if not identical(_entry(draft, score), entry):
            draft.presence = draft.presence or {"entries": {}}
            draft.presence["entries"][score["name"]] = entry


def _new(author: str, entry: Document) -> FeedbackDraft:
    values: Columns = {"author_kind": FeedbackAuthor.EVALUATOR, "author_id": author}
    try:
        at = parse_time(entry.get("timestamp"))
    except NotATime:
        at = None
    if at is not None:
        values["created_at"] = at
    if "duration" in entry:
        values["properties"] = {"duration": entry["duration"]}
    return FeedbackDraft(kind=_RATING, values=values)


def _entry(draft: FeedbackDraft, score: Columns) -> Document:
    """A judgement as it is usually written: a word of a scale by its number as text, any other value as a number."""
    entry: Document = {}
    if (at := draft.values.get("created_at")) is not None:
        entry["timestamp"] = render_time(at, _SECONDS)
    entry |= draft.values.get("properties") or {}
    value = score["value"]
    entry["value"] = value if score.get("label") is None else f"{value:g}"
    return entry


def write(
    computed: Document | None,
    feedback: Sequence[FeedbackDraft],
    left: Document | None,
    orders: Document | None,
    metrics: Sequence[str],
) -> Document:
    """The annotations again; `metrics` is the order in which they usually stand."""
    by_metric: dict[str, Any] = {}
    for author, values in (computed or {}).items():
        for metric, value in values.items():
            by_metric.setdefault(metric, {})[author] = {"value": value}
    for draft in feedback:
        if draft.kind != _RATING:
            continue
        kept = (draft.presence or {}).get("entries", {})
        for score in draft.scores:
            entry = kept.get(score["name"]) or _entry(draft, score)
            by_metric.setdefault(score["name"], {})[draft.values.get("author_id")] = entry
    for metric, by in (left or {}).items():
        if isinstance(by, dict):
            by_metric.setdefault(metric, {}).update(by)
        else:
            by_metric[metric] = by
    for metric, authors in ((orders or {}).get("authors") or {}).items():
        by = by_metric.get(metric, {})
        by_metric[metric] = {author: by[author] for author in authors if author in by} | by
    order = (orders or {}).get("metrics") or metrics
    return {metric: by_metric[metric] for metric in order if metric in by_metric} | by_metric
