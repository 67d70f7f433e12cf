"""What a shape reads it writes again, and only what was changed differs."""

import copy
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db import jsons
from db.interchange import converters as c
from db.interchange import times
from db.interchange.shape import Documents, Forms, Items, Key, Nested, Shape


class State(StrEnum):
    READY = "READY"
    BUSY = "BUSY"
    OTHER = "OTHER"


LINK = Shape(
    "link",
    [
        Key("url", always=True),
        Key("type", "kind", c.KEY),
        Key("pageNum", "metadata.pageNum", c.JSON),
        Items("parts", "parts", Shape("part", [Key("text", default="", always=True)])),
    ],
)
OLD_LINK = Shape("old link", [Key("href", "url", always=True), Key("kind", "kind")], rest="metadata")
LINKS = Forms(LINK, {"old": OLD_LINK}, form_of=lambda document: "old" if "href" in document else "")

SHAPE = Shape(
    "message",
    [
        Key("_id", "record_id", c.RECORD_ID, made=True),
        Key("number", "number", c.INTEGER),
        Key("messageType", "message_type", c.words({"ready": State.READY, "busy": State.BUSY, "BUSY": State.BUSY})),
        Key("open_state", "state", c.words({"ready": State.READY}, State.OTHER)),
        Key("score", "score", c.NUMBER, always=True),
        Key("flag", "flag", c.BOOL, default=False),
        Key("title", "title", c.TITLE, always=True),
        Key("content", "content", default="", always=True),
        Key("properties", "properties", c.OBJECT),
        Key("topP", "config.topP", c.NUMBER),
        Key("tags", "tags", c.TAGS, default=[]),
        Nested("metadata", Shape("metadata", [Key("reason"), Key("timeMs", "time_ms", c.NUMBER)])),
        Nested("call", Shape("call", [Key("name", "name", always=True, default=""), Key("arguments")]), always=True),
        Items("links", "links", LINKS),
        Documents("children"),
        Key("seenAt", "seen_at", c.time(times.UNIX), made=True, always=False),
        Key("thread", given=True),
        Key("kind", fixed="message"),
        Key("createdAt", "created_at", c.time(times.ISO_MILLISECONDS), made=True),
        Key("updatedAt", "updated_at", c.time(times.UNIX_MS_TEXT), always=True),
    ],
)
GIVEN = {"thread": "t1"}

CANONICAL: dict[str, Any] = {
    "_id": "m1",
    "number": 4,
    "messageType": "busy",
    "score": 0.5,
    "title": "A title",
    "content": "Hello",
    "properties": {},
    "topP": 1,
    "tags": ["a", "b"],
    "metadata": {"reason": "because", "timeMs": 2310.5},
    "call": {"name": "f"},
    "links": [{"url": "https://a.example", "pageNum": [1, 2], "parts": [{"text": "x"}]}],
    "thread": "t1",
    "kind": "message",
    "createdAt": "2026-02-02T02:39:53.000Z",
    "updatedAt": "1770000000123",
}

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(alphabet=st.characters(exclude_categories=[]), max_size=8)
    | st.sampled_from(
        [
            *(
                "m1",
                "t1",
                "ready",
                "busy",
                "BUSY",
                "RUNNING",
                "message",
                "",
                "2026-02-02T02:39:53.000Z",
                "1770000000123",
            ),
            *("2026-02-02T02:39:53.1+02:00", "Sat, 21 Sep 2024 11:56:39 GMT", 1770000000123, "x" * 600, "a\0\ud800"),
            *(jsons.FloatToken("1.00"), jsons.FloatToken("1e400"), jsons.IntToken("-0"), 2**40, -0.0),
        ]
    )
)
names = st.sampled_from(
    sorted(
        {name for key in SHAPE.keys for name in (key.wire, *key.aliases)}
        | {"url", "href", "type", "reason", "text", "parts", "pageNum", "page_num", "position", "0", "x"}
    )
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4), max_leaves=12
)
documents = st.dictionaries(names, values, max_size=9)


def written(document: dict[str, Any]) -> dict[str, Any]:
    read, extra, presence = SHAPE.read(document, GIVEN)
    extra, presence = jsons.parse(jsons.dump([extra, presence]))  # type: ignore[misc]  # a list of two went in
    return SHAPE.write({**read, **GIVEN}, extra, presence)


@given(documents)
@settings(max_examples=200, deadline=None)
def test_any_object_comes_back_as_it_was(document: dict[str, Any]) -> None:
    before = copy.deepcopy(document)
    assert jsons.same(written(document), before)


@given(st.permutations(sorted(CANONICAL)), documents)
@settings(max_examples=100, deadline=None)
def test_a_full_object_comes_back_in_any_order_and_with_any_value_exchanged(
    order: list[str], other: dict[str, Any]
) -> None:
    document = {name: CANONICAL[name] for name in order} | other
    assert jsons.same(written(document), document)


def test_a_canonical_object_leaves_nothing_beside_its_columns() -> None:
    read, extra, presence = SHAPE.read(CANONICAL, GIVEN)
    assert (extra, presence) == (None, None)
    assert read["record_id"] == "m1"
    assert read["message_type"] is State.BUSY
    assert read["config"] == {"topP": 1.0}
    assert (read["reason"], read["time_ms"], read["name"]) == ("because", 2310.5, "f")
    assert read["links"] == [
        {"url": "https://a.example", "metadata": {"pageNum": [1, 2]}, "parts": [{"text": "x"}]},
    ]
    assert "thread" not in read
    assert "kind" not in read


CHANGES: list[tuple[str, Any, str]] = [
    ("number", 5, "number"),
    ("message_type", State.READY, "messageType"),
    ("state", State.READY, "open_state"),
    ("score", 0.25, "score"),
    ("flag", True, "flag"),
    ("title", "Another", "title"),
    ("content", "Bye", "content"),
    ("properties", {"b": 1}, "properties"),
    ("tags", ["c"], "tags"),
    ("reason", "no reason", "metadata"),
    ("name", "g", "call"),
    ("config", {"topP": 0.5}, "topP"),
    ("links", [{"url": "https://b.example"}], "links"),
    ("updated_at", times.parse_time(1770000000999), "updatedAt"),
]


@pytest.mark.parametrize(("column", "value", "wire"), CHANGES)
@given(document=documents)
@settings(max_examples=15, deadline=None)
def test_a_changed_column_changes_its_key_and_no_other(
    column: str, value: Any, wire: str, document: dict[str, Any]
) -> None:
    read, extra, presence = SHAPE.read(document, GIVEN)
    if read.get(column) == value:
        return
    after = SHAPE.write({**read, **GIVEN, column: value}, extra, presence)
    key = next(key for key in SHAPE.keys if key.wire == wire)
    name = next((name for name in document if name in (key.wire, *key.aliases)), key.wire)
    assert not jsons.same(after.get(name), document.get(name))
    after.pop(name, None)
    assert jsons.same(after, {other: raw for other, raw in document.items() if other != name})


def test_a_null_a_missing_and_an_empty_value_are_three_things() -> None:
    states: list[dict[str, Any]] = [
        {},
        {"tags": None},
        {"tags": []},
        {"metadata": {}},
        {"metadata": None},
        {"score": None},
    ]
    for document in states:
        assert written(document) == document
    assert SHAPE.read({**CANONICAL, "flag": False}, GIVEN).presence == {
        "order": [*CANONICAL, "flag"],
        "raw": {"flag": False},
    }


def test_what_a_column_cannot_hold_is_extra_and_not_lost() -> None:
    document = {**CANONICAL, "number": "four", "createdAt": "yesterday", "thread": "t2", "kind": "x", "links": [1]}
    read, extra, presence = SHAPE.read(document, GIVEN)
    assert "number" not in read
    assert extra == {"number": "four", "createdAt": "yesterday", "thread": "t2", "kind": "x", "links": [1]}
    assert presence == {"refused": ["number", "links", "thread", "kind", "createdAt"]}
    assert jsons.same(SHAPE.write({**read, **GIVEN}, extra, presence), document)


def test_of_two_spellings_the_first_is_the_key_and_the_other_extra() -> None:
    document = {**CANONICAL, "message_type": "ready"}
    read, extra, _ = SHAPE.read(document, GIVEN)
    assert read["message_type"] is State.BUSY
    assert extra == {"message_type": "ready"}


def test_a_changed_time_is_written_in_the_manner_of_the_old_one() -> None:
    document = {**CANONICAL, "updatedAt": "2026-02-02T02:40:00.1+02:00"}
    read, extra, presence = SHAPE.read(document, GIVEN)
    read["updated_at"] = times.parse_time("2026-03-03T03:03:03.3Z")
    assert SHAPE.write({**read, **GIVEN}, extra, presence)["updatedAt"] == "2026-03-03T05:03:03.3+02:00"


def test_times_and_ids_that_were_made_are_never_written() -> None:
    document = {name: raw for name, raw in CANONICAL.items() if name not in ("_id", "createdAt")}
    read, extra, presence = SHAPE.read(document, GIVEN)
    assert presence == {"absent": ["_id", "createdAt"]}
    read |= {"record_id": "made", "created_at": times.parse_time(1770000000123)}
    assert jsons.same(SHAPE.write({**read, **GIVEN}, extra, presence), document)


def test_text_that_a_column_cannot_hold_is_cleaned_or_cut_and_its_original_kept() -> None:
    read, _, presence = SHAPE.read({**CANONICAL, "content": "a\0b", "title": "x" * 501}, GIVEN)
    assert read["content"] == "a\ufffdb"
    assert read["title"] == "x" * 500
    assert presence == {"raw": {"title": "x" * 501, "content": "a\0b"}}


def test_nested_extra_stands_below_its_key_and_index() -> None:
    links = [{"url": "a"}, {"url": "b", "rel": "x"}, {"href": "c", "note": 1}]
    read, extra, presence = SHAPE.read({**CANONICAL, "links": links, "metadata": {"reason": "r", "more": True}}, GIVEN)
    assert extra == {"metadata": {"more": True}, "links": {"1": {"rel": "x"}}}
    assert presence == {"within": {"links": {"2": {"form": "old"}}}}
    assert read["links"][2] == {"url": "c", "metadata": {"note": 1}}
