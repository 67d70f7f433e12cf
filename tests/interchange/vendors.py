"""Documents of the four systems for tests, and what becomes of drafts when they are stored."""

from typing import Any, TypeVar

from hypothesis import strategies as st

from db import jsons
from db.interchange.base import (
    ConversationDraft,
    DetachedFeedbackDraft,
    Draft,
    Format,
)
from db.interchange.settling import settle

Document = dict[str, Any]
AnyDrafted = TypeVar("AnyDrafted", ConversationDraft, DetachedFeedbackDraft)

texts = st.text(alphabet=st.characters(exclude_categories=[]), max_size=12)
words = st.text(alphabet="abcdefgh_-", min_size=1, max_size=10)
numbers = (
    st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([jsons.FloatToken("1.00"), jsons.FloatToken("2e3"), jsons.IntToken("-0"), 0.5, 4])
)
scalars = st.none() | st.booleans() | numbers | texts
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2), max_leaves=4
)
objects = st.dictionaries(words, anything, max_size=3)
http_dates = st.datetimes().map(
    lambda at: f"{at:%a}, {at.day:02} {at:%b} {at.year:04} {at:%H:%M:%S} GMT" if at.year > 999 else "soon"
)
iso_dates = st.datetimes().map(lambda at: f"{at.isoformat(timespec='milliseconds')}Z")
times = (
    http_dates
    | iso_dates
    | st.integers(0, 2 * 10**12)
    | st.integers(10**11, 2 * 10**12).map(str)
    | st.sampled_from(["2024-05-20T06:46:09.010233+00:00", "2024-05-20T08:46:09+02:00", "yesterday", "2024-05-20"])
)
ids = st.integers(0, 10**6) | words


def documents(fields: dict[str, st.SearchStrategy[Any]], *, keep: tuple[str, ...] = ()) -> st.SearchStrategy[Document]:
    """Documents of these fields, each set, null, empty, of a wrong type or left out, with unknown keys, in any order.

    Those in `keep` are always set, since they tell what the document is.
    """

    @st.composite
    def build(draw: st.DrawFn) -> Document:
        document: Document = {}
        for name, values in fields.items():
            state = (
                "set" if name in keep else draw(st.sampled_from(["set", "set", "set", "none", "null", "empty", "odd"]))
            )
            if state == "set":
                document[name] = draw(values)
            elif state == "null":
                document[name] = None
            elif state == "empty":
                document[name] = draw(st.sampled_from(["", [], {}, 0, False]))
            elif state == "odd":
                document[name] = draw(anything)
        if draw(st.booleans()):
            document |= draw(st.dictionaries(words.map(lambda word: f"x{word}"), anything, max_size=2))
        if draw(st.integers(0, 3)) == 0:
            return {name: document[name] for name in draw(st.permutations(list(document)))}
        return document

    return build()


def stored(drafted: AnyDrafted) -> AnyDrafted:
    """The draft as an exporter gets it from the rows: settled, extra and presence read from JSON text."""
    settle(drafted, "digest")
    if isinstance(drafted, ConversationDraft):
        _reread(drafted)
        for message in drafted.messages:
            _reread(message)
            for feedback in message.feedback:
                _reread(feedback)
    else:
        _reread(drafted.feedback)
    return drafted


def conversation_of(format: Format, document: Document) -> ConversationDraft:
    """The one conversation that a document is."""
    assert format.fits(document)
    [draft] = format.read(document)
    assert isinstance(draft, ConversationDraft)
    return draft


def feedback_of(format: Format, document: Document) -> DetachedFeedbackDraft:
    """The feedback that a document is, whatever it brings along."""
    draft = list(format.read(document))[-1]
    assert isinstance(draft, DetachedFeedbackDraft)
    return draft


def _reread(draft: Draft) -> None:
    kept: Any = jsons.parse(jsons.dump([draft.extra, draft.presence]))
    draft.extra, draft.presence = kept
