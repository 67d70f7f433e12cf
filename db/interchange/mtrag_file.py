"""Writes MTRAG's object of tasks, documents and evaluations again, from the conversations that it was read into."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from db.interchange import mtrag_ratings
from db.interchange.base import ConversationDraft, MessageDraft
from db.interchange.mtrag_evaluations import DOCUMENT, EVALUATION, LISTS, REFERENCE, TASK, TURN
from db.interchange.shape import Columns, Document


def write(drafts: Iterable[ConversationDraft]) -> Document:
    """The file; what it says besides conversations is known to the first of those that were read."""
    drafts = list(drafts)
    headings = [draft.presence["file"] for draft in drafts if draft.presence and "file" in draft.presence]
    heading: Document = dict(headings[0]) if headings else dict.fromkeys(LISTS)
    order: Document = heading.pop("$order", {})
    places = {task: place for place, task in enumerate(order.get("tasks", ()))}
    drafts.sort(key=lambda draft: _place(draft, places))
    odd: Document = heading.pop("$documents", {})
    documents: dict[str, Document] = {}
    for message in (message for draft in drafts for message in draft.messages):
        for own, document in _cited(message, odd):
            documents.setdefault(own, document)
    documents |= heading.pop("$uncited", {})
    tasks: dict[str, Document] = {}
    evaluations: dict[str, dict[str, Document]] = {}
    for draft in drafts:
        _write_conversation(draft, tasks, evaluations, order.get("metrics", []))
    models = dict.fromkeys(model for by_model in evaluations.values() for model in by_model)
    pairs: Sequence[Sequence[str]] = order.get("evaluations") or [(task, model) for model in models for task in tasks]
    heading["documents"] = [documents[own] for own in order.get("documents", documents) if own in documents]
    heading["tasks"] = [tasks[own] for own in order.get("tasks", tasks) if own in tasks]
    heading["evaluations"] = [evaluations[task][model] for task, model in pairs if model in evaluations.get(task, {})]
    return heading


def _place(draft: ConversationDraft, places: Mapping[str | None, int]) -> int:
    """Where the conversation's first task stands."""
    return min((places.get(message.record_id, len(places)) for message in draft.messages), default=len(places))


def _cited(message: MessageDraft, odd: Document) -> Iterable[tuple[str, Document]]:
    for reference in message.references:
        row = reference.values
        if (own := row.get("external_id")) is not None:
            # The source may have learned more from other files; the citation says what this one does.
            document = {"external_id": own, "text": row.get("excerpt"), "title": row.get("title")}
            yield own, DOCUMENT.write(document, *odd.get(own, ()))


def _write_conversation(
    draft: ConversationDraft,
    tasks: dict[str, Document],
    evaluations: dict[str, dict[str, Document]],
    metrics: Sequence[str],
) -> None:
    history: list[Document] = []
    answers: dict[str | None, list[MessageDraft]] = {}
    for message in draft.messages:
        if message.kind == "answer":
            answers.setdefault(message.parent, []).append(message)
    for message in draft.messages:
        if message.kind not in ("turn", "task"):
            continue
        history.append(_turn(message))
        if message.kind == "turn":
            continue
        own = str(message.record_id)
        by_model: dict[str, Document] = {}
        for answer in answers.get(own, ()):
            model = answer.values.get("model") or REFERENCE
            if model == REFERENCE:
                tasks[own] = _task(draft, message, answer, list(history))
                history.append(_turn(answer))
                if (answer.presence or {}).get("unrated"):
                    continue
            by_model[model] = _evaluation(own, model, answer, metrics)
        evaluations[own] = by_model


def _turn(message: MessageDraft) -> Document:
    return TURN.write(message.values, (message.extra or {}).get("$turn"), (message.presence or {}).get("turn"))


def _task(draft: ConversationDraft, question: MessageDraft, answer: MessageDraft, said: list[Document]) -> Document:
    presence: Document = (question.presence or {}).get("task") or {}
    extra = {name: value for name, value in (question.extra or {}).items() if name != "$turn"}
    assistant = None if draft.assistant is None else draft.assistant.record_id
    cited: list[Any] = [{"document_id": reference.values.get("external_id")} for reference in answer.references]
    values: Columns = {
        **question.values,
        "record_id": question.record_id,
        "input": presence.get("input", said),
        "contexts": presence.get("contexts", cited),
        "targets": [_turn(answer)],
        "collection": (question.presence or {}).get("collection", [assistant])[0],
    }
    return TASK.write(values, extra, presence)


def _evaluation(task: str, model: str, answer: MessageDraft, metrics: Sequence[str]) -> Document:
    notes = answer.presence or {}
    presence: Document = notes.get("evaluation") or {}
    extra = dict((answer.extra or {}).get("$evaluation") or {})
    annotations = mtrag_ratings.write(
        answer.values.get("properties"),
        answer.feedback,
        extra.pop("annotations", None),
        notes.get("annotations"),
        metrics,
    )
    values: Columns = {
        "task_id": task,
        "model_id": model,
        "content": presence.get("response", answer.values.get("content", "")),
        "annotations": annotations,
    }
    return EVALUATION.write(values, extra, presence)
