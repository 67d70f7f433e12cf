"""MTRAG's evaluations: one object of tasks, documents and rated answers, of which whole conversations are rebuilt.

A task is a turn: the question, the reference answer and the passages it cites; its `input` repeats the turns before it.
The answers of the other models are siblings of the reference answer, which the next turn goes on from. What the file
says beside its conversations (its models, metrics and their scales) is kept with the first of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from db.interchange import converters as c
from db.interchange.base import (
    AssistantDraft,
    BadRecord,
    ConversationDraft,
    MessageDraft,
    ReferenceDraft,
    SourceDraft,
)
from db.interchange.drafting import noted, object_at, objects_at, own_digest, text_at
from db.interchange.mtrag_ratings import Ratings, scales_of
from db.interchange.shape import Columns, Document, Key, Shape, identical
from db.interchange.speakers import speaker
from db.words import Actor, IdType

SEPARATOR: Final = "<::>"
"""Between a conversation's id and the number of a turn."""
CONNECTOR: Final = "mtrag"
REFERENCE: Final = "reference"
"""The model_id of the answers that the others are compared with."""

LISTS: Final = ("documents", "tasks", "evaluations")


def _label(name: str) -> Key:
    return Key(name, f"properties.{name}", c.JSON, aliases=(), always=True)


TASK: Final = Shape(
    "task",
    [
        Key("task_id", "record_id", given=True),
        _label("task_type"),
        Key("input", "input", c.JSON, always=True),
        Key("contexts", "contexts", c.JSON, always=True),
        Key("targets", "targets", c.JSON, always=True),
        _label("annotations"),
        _label("Question Type"),
        _label("Multi-Turn"),
        _label("# Relevant Passages"),
        _label("# Retrieved Reference Passages"),
        _label("Retriever Performance Characteristics"),
        _label("Answerability"),
        _label("Turn"),
        Key("Collection", "collection", c.RECORD_ID, aliases=(), always=True),
    ],
)
"""A turn; its labels are properties of the question."""

TURN: Final = Shape(
    "turn",
    [Key("speaker", "role_name", c.KEY, always=True), Key("text", "content", always=True, default="")],
)
DOCUMENT: Final = Shape(
    "document",
    [Key("document_id", "external_id", given=True), Key("text", always=True), Key("title")],
)
EVALUATION: Final = Shape(
    "evaluation",
    [
        Key("task_id", given=True),
        Key("model_id", given=True),
        Key("model_response", "content", always=True, default=""),
        Key("annotations", "annotations", c.JSON, always=True),
    ],
)


def fits(record: Document) -> bool:
    """Whether it is an object of tasks, documents and evaluations, or the beginning of one."""
    marks = ("models", "metrics", "documents")
    return any(all(isinstance(record.get(name), list) for name in names) for names in (LISTS, marks))


def source_draft(own: str, title: str | None, text: str | None) -> SourceDraft:
    """A document, which has the same id in both of MTRAG's files."""
    values: Columns = {"connector": CONNECTOR, "external_id": own, "text": text}
    if title is not None:
        values["title"] = title
    return SourceDraft(values=values, record_id=own, kind="document")


def read(record: Document) -> Iterator[ConversationDraft]:
    """The conversations. Raises BadRecord where a task lacks its question, its answer or its turn."""
    documents = _documents(record)
    rated = _evaluations(record)
    conversations: dict[str, list[Document]] = {}
    for index, task in enumerate(objects_at(record, "tasks")):
        own = text_at(task, "task_id", f"tasks[{index}].")
        for place, context in enumerate(objects_at(task, "contexts", f"tasks[{index}].")):
            text_at(context, "document_id", f"tasks[{index}].contexts[{place}].")
        conversations.setdefault(own.rpartition(SEPARATOR)[0] or own, []).append(task)
    order = [task["task_id"] for tasks in conversations.values() for task in tasks]
    known = set(order)
    if len(known) < len(order):
        raise BadRecord("tasks: one task_id is there twice")
    if unknown := rated.keys() - known:
        raise BadRecord(f"evaluations: there is no task {min(unknown)[:80]!r}")
    heading: Document | None = _heading(record, order, documents)
    ratings = Ratings(scales_of(record.get("metrics")), ((heading or {})["$order"]).get("metrics", []))
    for own, tasks in conversations.items():
        draft = _Reader(own, documents, ratings, rated).read(tasks)
        draft.presence = noted(draft.presence, file=heading)
        cited = sorted({each["document_id"] for task in tasks for each in task["contexts"]})
        answers = [evaluation for task in tasks for evaluation in rated.get(task["task_id"], ())]
        draft.digest = own_digest(tasks, answers, [documents[each] for each in cited])
        heading = None
        yield draft


def _documents(record: Document) -> dict[str, Document]:
    found: dict[str, Document] = {}
    for index, document in enumerate(objects_at(record, "documents")):
        own = text_at(document, "document_id", f"documents[{index}].")
        if own in found:
            raise BadRecord(f"documents[{index}].document_id: {own[:80]} is there twice")
        found[own] = document
    return found


def _evaluations(record: Document) -> dict[str, list[Document]]:
    rated: dict[str, list[Document]] = {}
    for index, evaluation in enumerate(objects_at(record, "evaluations")):
        where = f"evaluations[{index}]."
        text_at(evaluation, "model_id", where)
        text_at(evaluation, "model_response", where)
        object_at(evaluation, "annotations", where)
        rated.setdefault(text_at(evaluation, "task_id", where), []).append(evaluation)
    return rated


def _heading(record: Document, tasks: list[str], documents: Mapping[str, Document]) -> Document:
    """What the file holds besides conversations, and the orders in it that don't follow from them."""
    evaluations: list[Document] = record["evaluations"]
    models = dict.fromkeys(each["model_id"] for each in evaluations)
    listed = [[each["task_id"], each["model_id"]] for each in evaluations]
    order: Document = {"documents": list(documents), "tasks": [task["task_id"] for task in record["tasks"]]}
    if listed != [[task, model] for model in models for task in tasks]:
        order["evaluations"] = listed
    if evaluations:
        order["metrics"] = list(evaluations[0]["annotations"])
    heading: Document = {name: None if name in LISTS else value for name, value in record.items()}
    heading["$order"] = order
    cited = {each["document_id"] for task in record["tasks"] for each in task["contexts"]}
    uncited = {own: document for own, document in documents.items() if own not in cited}
    readings = {own: DOCUMENT.read(document, {"external_id": own}) for own, document in documents.items()}
    odd = {own: [extra, presence] for own, (_, extra, presence) in readings.items() if extra or presence}
    return heading | ({"$uncited": uncited} if uncited else {}) | ({"$documents": odd} if odd else {})


class _Reader:
    """Rebuilds one conversation from its tasks."""

    def __init__(
        self, own: str, documents: Mapping[str, Document], ratings: Ratings, rated: Mapping[str, list[Document]]
    ) -> None:
        self._documents = documents
        self._ratings = ratings
        self._rated = rated
        self._history: list[Document] = []
        self._above: str | None = None
        self._collections: list[tuple[MessageDraft, str | None]] = []
        self.draft = ConversationDraft(kind="conversation", record_id=own)

    def read(self, tasks: Sequence[Document]) -> ConversationDraft:
        """The conversation."""
        for task in tasks:
            self._task(task)
        self.draft.current = self._above
        own = next((each for _, each in self._collections if each is not None), None)
        if own is not None:
            self.draft.assistant = AssistantDraft(record_id=own, kind="collection", values={"name": own})
        for question, collection in self._collections:
            if collection != own:
                question.presence = noted(question.presence, collection=[collection])
        return self.draft

    def _task(self, task: Document) -> None:
        own: str = task["task_id"]
        where = f"task {own}: "
        said, targets = objects_at(task, "input", where), objects_at(task, "targets", where)
        if not said or len(targets) != 1:
            raise BadRecord(f"{where}input must end with the question, targets hold its one answer")
        values, extra, presence = TASK.read(task, {"record_id": own})
        contexts = task["contexts"]
        for name in ("input", "contexts", "targets"):
            del values[name]
        before, known = said[:-1], len(self._history)
        if identical(before[:known], self._history):
            for index, turn in enumerate(before[known:]):
                self._turn(turn, f"{own}#input/{known + index}", "turn", where)
        else:
            self.draft.notes.append(f"{where}its input is not what was said before, and is kept as it is")
            presence = noted(presence, input=said)
        collection = values.pop("collection", None)
        if not all(each.keys() == {"document_id"} for each in contexts):
            presence = noted(presence, contexts=contexts)
        question = self._turn(said[-1], own, "task", where)
        question.id_type = IdType.STRING
        question.values.update(values)
        question.extra = {**(question.extra or {}), **extra} if extra else question.extra
        question.presence = noted(question.presence, task=presence)
        self._collections.append((question, collection))
        reference = self._turn(targets[0], f"{own}#{REFERENCE}", "answer", where)
        reference.values |= {"actor": Actor.STAFF, "author_id": REFERENCE}
        reference.references = [self._citation(each["document_id"], where) for each in contexts]
        models: set[str] = set()
        for evaluation in self._rated.get(own, ()):
            model = evaluation["model_id"]
            if model in models:
                raise BadRecord(f"evaluations: {own} has two of the model {model[:80]!r}")
            models.add(model)
            self._evaluation(evaluation, own, reference, targets[0])
        if REFERENCE not in models:
            reference.presence = noted(reference.presence, unrated=True)

    def _turn(self, record: Document, own: str, kind: str, where: str) -> MessageDraft:
        word = text_at(record, "speaker", where)
        text_at(record, "text", where)
        values, extra, presence = TURN.read(record)
        values.update(speaker(word))
        draft = MessageDraft(kind=kind, record_id=own, id_type=IdType.PLACE, values=values, parent=self._above)
        draft.extra = None if extra is None else {"$turn": extra}
        draft.presence = noted(None, turn=presence)
        self.draft.messages.append(draft)
        self._history.append(record)
        self._above = own
        return draft

    def _evaluation(self, evaluation: Document, task: str, reference: MessageDraft, target: Document) -> None:
        model = evaluation["model_id"]
        values, extra, presence = EVALUATION.read(evaluation, {"task_id": task, "model_id": model})
        del values["annotations"]
        if model == REFERENCE:
            answer = reference
            if evaluation["model_response"] != target["text"]:
                presence = noted(presence, response=evaluation["model_response"])
        else:
            values |= {**speaker("agent"), "role_name": target["speaker"], "model": model}
            answer = MessageDraft(
                kind="answer", record_id=f"{task}#{model}", id_type=IdType.PLACE, values=values, parent=task
            )
            self.draft.messages.append(answer)
        metrics, feedback, left, differs = self._ratings.read(evaluation["annotations"])
        answer.feedback = feedback
        if metrics:
            answer.values["properties"] = metrics
        kept = {**(extra or {}), **({"annotations": left} if left else {})}
        answer.extra = {**(answer.extra or {}), "$evaluation": kept} if kept else answer.extra
        answer.presence = noted(answer.presence, evaluation=presence, annotations=differs)

    def _citation(self, own: str, where: str) -> ReferenceDraft:
        document = self._documents.get(own)
        if document is None:
            raise BadRecord(f"{where}contexts: there is no document {own[:80]!r}")
        text, title = document.get("text"), document.get("title")
        values: Columns = {"external_id": own}
        if isinstance(text, str):
            values["excerpt"] = text
        if isinstance(title, str):
            values["title"] = title
        return ReferenceDraft(values=values, source=source_draft(own, values.get("title"), values.get("excerpt")))
