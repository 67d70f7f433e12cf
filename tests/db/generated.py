"""Filters made up: all fields and operators, nested, with the operands that databases get wrong."""

from typing import Any

from hypothesis import strategies as st

from db.jsons import parse
from db.record import new_id
from db.words import FeedbackAuthor, MessageRole, OriginSystem, Rating
from tests.db.builders import at
from tests.db.nasty import HOSTILE, NUMBERS, PATHS, VALUES


def operators(**of: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Some of the operators, each with an operand."""
    return st.lists(st.sampled_from(sorted(of)), min_size=1, max_size=2, unique=True).flatmap(
        lambda names: st.fixed_dictionaries({name.rstrip("_"): of[name] for name in names})
    )


texts = st.sampled_from(HOSTILE) | st.text(st.sampled_from("aAbéÉß%_\\İiΣσς\U0001f600\0"), max_size=2)
moments = st.integers(0, 2).map(at)
booleans = st.booleans()


def choices(values: st.SearchStrategy[Any]) -> dict[str, st.SearchStrategy[Any]]:
    lists = st.lists(values, max_size=3)
    return {"eq": values, "ne": values, "in_": lists, "not_in": lists}


def bounds(values: st.SearchStrategy[Any]) -> dict[str, st.SearchStrategy[Any]]:
    return dict.fromkeys(("lt", "lte", "gt", "gte"), values)


strings = operators(**choices(texts), contains=texts, starts_with=texts, is_null=booleans)
ids = operators(**choices(st.builds(new_id)), is_null=booleans)
times = operators(**bounds(moments), is_null=booleans)
tags = operators(has=texts, has_any=st.lists(texts, max_size=3), has_all=st.lists(texts, max_size=2), is_empty=booleans)


def words(kind: Any, **more: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return operators(**choices(st.sampled_from(list(kind))), **more)


values = st.sampled_from([value for value in VALUES if value is not None])
comparable = texts | st.sampled_from(NUMBERS).map(parse) | st.integers(-2, 2) | st.floats(-2, 2)
conditions = operators(
    **choices(values),
    **bounds(comparable),
    contains=texts,
    starts_with=texts,
    has=values,
    exists=booleans,
    is_null=booleans,
)
properties = st.lists(
    st.tuples(st.sampled_from(PATHS), conditions).map(lambda drawn: {"path": drawn[0], **drawn[1]}), max_size=2
)


def flat(**of: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Filters with some of the fields."""
    names = st.lists(st.sampled_from(sorted(of)), min_size=1, max_size=2, unique=True)
    return names.flatmap(lambda chosen: st.fixed_dictionaries({name: of[name] for name in chosen}))


def filters(**of: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Filters with some of the fields, which nest."""

    def combined(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
        several = st.lists(inner, max_size=3)
        return st.fixed_dictionaries({}, optional={"and": several, "or": several, "not": inner})

    return st.recursive(flat(**of), combined, max_leaves=4)


references = flat(
    message_id=ids,
    source_id=ids,
    title=strings,
    url=strings,
    kind=strings,
    relevance_score=operators(**bounds(st.sampled_from([0.0, 0.25, 0.5, 1.0])), is_null=booleans),
)
feedback = filters(
    message_id=ids,
    assistant_id=ids,
    rating=words(Rating, is_null=booleans),
    author_kind=words(FeedbackAuthor),
    author_id=strings,
    comment=strings,
    reason=strings,
    score=st.tuples(
        st.sampled_from(["stars", "tone", "none"]), operators(**bounds(st.sampled_from([0.0, 0.5, 1.0])))
    ).map(lambda drawn: {"name": drawn[0], **drawn[1]}),
    created_at=times,
    properties=properties,
    user_properties=properties,
)
message_fields: dict[str, st.SearchStrategy[Any]] = {
    "conversation_id": ids,
    "role": words(MessageRole),
    "visible": booleans,
    "content": strings,
    "confidence": strings,
    "timestamp": times,
    "has_feedback": booleans,
    "has_citations": booleans,
    "properties": properties,
    "metadata": properties,
    "references": references,
    "feedback": feedback,
}
messages = filters(**message_fields)
talks = filters(
    assistant_id=ids,
    title=strings,
    owner_id=strings,
    model=strings,
    message_count=operators(**choices(st.integers(0, 3)), **bounds(st.integers(0, 3))),
    created_at=times,
    archived=booleans,
    like=operators(eq=booleans, is_null=booleans),
    tags=tags,
    origin=words(OriginSystem, is_null=booleans),
    record_id=strings,
    has_feedback=booleans,
    has_citations=booleans,
    properties=properties,
    user_properties=properties,
    messages=messages,
    references=references,
    feedback=feedback,
)
