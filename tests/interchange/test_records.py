"""Files are cut into the records that are in them, however they are laid out and whatever is broken in them."""

import gzip
import io
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from db.interchange.records import ENVELOPE, Cut, Source, layout_of, open_source, peek, records
from db.jsons import Malformed, dump, parse, same

MIB = 1024 * 1024
SAMPLES = Path(__file__).parents[2].parent / "shared" / "data"

CHUNK_SIZES = [1, 2, 3, 7, 64, MIB]
chunk_sizes = st.sampled_from(CHUNK_SIZES)
texts = st.text(st.sampled_from('ab"\\[]{},:\n\té\U0001f600\ud800'), max_size=8)
scalars = st.none() | st.booleans() | st.integers(-99, 99) | st.floats(-9, 9) | texts
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
boxes = st.lists(values, min_size=1, max_size=3) | st.dictionaries(texts, values, max_size=3)
indents = st.sampled_from([None, 0, 2])
escapes = st.booleans()


def source(data: bytes | str, chunk_size: int = MIB) -> Source:
    data = data if isinstance(data, bytes) else data.encode()
    return Source("sample.json", io.BytesIO(data), size=len(data), chunk_size=chunk_size)


def cuts(data: bytes | str, chunk_size: int = MIB, **limits: int) -> list[Cut]:
    return list(records(source(data, chunk_size), array_keys=("conversations", "items"), **limits))


def outcomes(data: bytes | str, chunk_size: int = MIB, **limits: int) -> list[object]:
    """The values of the records, and the words of the problems."""
    return [outcome(cut) for cut in cuts(data, chunk_size, **limits)]


def outcome(cut: Cut) -> object:
    try:
        return cut.parse()
    except Malformed as error:
        return str(error)


def written(value: object, indent: int | None, escape: bool) -> str:
    text = json.dumps(value, indent=indent, ensure_ascii=escape)
    return text.encode(errors="replace").decode()  # lone surrogates only escaped


class Generated:
    """A file of any length that is nowhere."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.pieces = pieces
        self.rest = b""

    def read(self, size: int, /) -> bytes:
        while len(self.rest) < size and (piece := next(self.pieces, None)) is not None:
            self.rest += piece
        data, self.rest = self.rest[:size], self.rest[size:]
        return data

    def close(self) -> None:
        self.pieces = iter(())


# Whole files


@given(st.lists(values, max_size=5), indents, escapes, chunk_sizes)
def test_the_elements_of_an_array_are_the_records(
    elements: list[object], indent: int | None, escape: bool, chunk_size: int
) -> None:
    text = written(elements, indent, escape)
    found = cuts(text, chunk_size)
    assert [cut.parse() for cut in found] == json.loads(text)
    assert [cut.index for cut in found] == list(range(len(elements)))
    assert {cut.path for cut in found} <= {""}


@given(st.lists(boxes, max_size=5), escapes, st.sampled_from(["\n", "\r\n", "\n\n \n"]), st.booleans(), chunk_sizes)
def test_lines_are_the_records(
    lines: list[object], escape: bool, line_feed: str, last_line_feed: bool, chunk_size: int
) -> None:
    texts = [written(line, None, escape) for line in lines]
    found = cuts(line_feed.join(texts) + line_feed * last_line_feed, chunk_size)
    if len(lines) == 1 and isinstance(lines[0], list):
        assert [cut.parse() for cut in found] == json.loads(texts[0])  # an array
    else:
        assert [cut.parse() for cut in found] == [json.loads(text) for text in texts]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["conversations", "items", "total", "a\\b", "é"]), st.lists(values, max_size=3) | values
        ),
        max_size=5,
        unique_by=lambda member: member[0],
    ),
    indents,
    escapes,
    chunk_sizes,
)
def test_an_envelope_gives_its_arrays_elements_and_then_itself_without_them(
    members: list[tuple[str, object]], indent: int | None, escape: bool, chunk_size: int
) -> None:
    envelope = json.loads(written(dict(members), indent, escape))
    text = written(envelope, indent, escape)
    arrays = [key for key in envelope if key in ("conversations", "items") and isinstance(envelope[key], list)]
    *found, last = cuts(text, chunk_size)
    assert [(cut.path, cut.parse()) for cut in found] == [(key, value) for key in arrays for value in envelope[key]]
    assert [cut.index for cut in found] == list(range(len(found)))
    assert last.path == (ENVELOPE if arrays else "")
    rest = {key: [] if key in arrays else value for key, value in envelope.items()}
    assert same(last.parse(), rest)


@given(st.lists(st.dictionaries(texts, values, min_size=1, max_size=3), min_size=2, max_size=4), indents, chunk_sizes)
def test_objects_one_after_the_other_are_the_records(
    objects: list[object], indent: int | None, chunk_size: int
) -> None:
    text = " ".join(written(value, indent, True) for value in objects)
    assert [cut.parse() for cut in cuts(text, chunk_size)] == objects


@given(
    st.text('[]{}",:\\ \nab1', max_size=40) | st.binary(max_size=40) | boxes.map(dump), st.sampled_from([5, 20, MIB])
)
@example('{"conversations": [1, {"a": 2}, ', MIB)
@example('[1, "\\', MIB)
@example('{"a": 1}\n{"b": \n[2]', MIB)
def test_the_size_of_the_chunks_changes_nothing(data: str | bytes, limit: int) -> None:
    expected = cuts(data, MIB, max_record_bytes=limit, max_object_bytes=limit)
    for chunk_size in CHUNK_SIZES:
        assert cuts(data, chunk_size, max_record_bytes=limit, max_object_bytes=limit) == expected


@given(st.lists(boxes, min_size=1, max_size=4), indents, st.booleans(), chunk_sizes, st.data())
def test_of_a_file_that_breaks_off_the_whole_records_are_given_and_one_problem(
    elements: list[object], indent: int | None, in_envelope: bool, chunk_size: int, data: st.DataObject
) -> None:
    text = json.dumps({"conversations": elements} if in_envelope else elements, indent=indent)
    end = data.draw(st.integers(text.index("[") + 1, len(text.rstrip("}\n")) - 1))
    source_of_part = source(text[:end], chunk_size)
    if layout_of(source_of_part) == "lines":
        return  # an indented array that looks so, since hardly a line of it is left
    found = list(records(source_of_part, array_keys=("conversations",)))
    assert [cut.parse() for cut in found[:-1]] == elements[: len(found) - 1]
    assert found[-1].problem is not None
    assert "breaks off" in found[-1].problem


# Places


def test_a_record_knows_its_position_and_its_line() -> None:
    text = '[\n  {"a": 1},\n\n  {"b":\n 2}, 3,\n 4]\n'
    assert [(cut.index, cut.line) for cut in cuts(text, 3)] == [(0, 2), (1, 4), (2, 5), (3, 6)]
    text = '{"total": 3,\n"items": [\n{},\n{}\n],\n "conversations": [{}]}'
    found = [(cut.index, cut.line, cut.path) for cut in cuts(text, 3)]
    assert found == [(0, 3, "items"), (1, 4, "items"), (2, 6, "conversations"), (3, 1, ENVELOPE)]
    assert [cut.line for cut in cuts('{"a": 1}\n\n\n{"b": 2}\n', 3)] == [1, 4]


def test_an_error_within_a_record_names_the_line_of_the_file() -> None:
    assert outcomes('[{"a": 1},\n{"b":\n nonsense},\n{"c": 3}]') == [
        {"a": 1},
        "expecting value at line 3, column 2",
        {"c": 3},
    ]


# What is broken


def test_a_broken_line_is_one_problem_and_the_next_line_is_read() -> None:
    text = '{"a": 1}\n{"a": [}\nnonsense\n{"a": "half\n{"a": 2}}\n\n{"a": 3}\n{"a": 4}'
    found = outcomes(text)
    assert [value for value in found if isinstance(value, dict)] == [{"a": 1}, {"a": 3}, {"a": 4}]
    assert [cut.line for cut in cuts(text)] == [1, 2, 3, 4, 5, 7, 8]


def test_the_first_line_may_be_the_broken_one() -> None:
    assert outcomes('{"a": [\n{"b": 1}\n')[1:] == [{"b": 1}]
    assert outcomes('nonsense\n{"b": 1}\n{"c": 1}')[1:] == [{"b": 1}, {"c": 1}]


def test_lines_are_told_from_the_second_one_when_the_first_is_too_long() -> None:
    long = json.dumps({"a": "x" * 2 * MIB})
    text = f'{long}\n{{"b": [\n{{"c": 1}}\n'
    assert layout_of(source(text)) == "object"
    first, broken, last = outcomes(text, max_record_bytes=MIB)
    assert first == "larger than allowed: 2,097,161 bytes, the limit is 1,048,576"
    assert str(broken).startswith("the JSON breaks off")
    assert last == {"c": 1}


@pytest.mark.parametrize(
    "element",
    ['{"a": nonsense}', "nonsense", "[1 2]", '{"a" 1}', '"a" "b"', '{"a": 1} {"b": 2}', '{"a": 1}}', '"\\x"', "01"],
)
def test_a_broken_element_is_one_problem_and_the_next_element_is_read(element: str) -> None:
    for chunk_size in CHUNK_SIZES:
        first, broken, last = cuts(f'[{{"b": 1}}, {element} , {{"b": 2}}]', chunk_size)
        assert (first.parse(), last.parse()) == ({"b": 1}, {"b": 2})
        assert (broken.index, last.index) == (1, 2)
        with pytest.raises(Malformed, match="at line 1, column"):
            broken.parse()


def test_a_value_missing_beside_a_comma_is_a_problem_of_its_own() -> None:
    missing = "a value is missing beside this comma"
    assert outcomes("[,{}]") == [missing, {}]
    assert outcomes("[{},,{}]") == [{}, missing, {}]
    assert outcomes("[{},]") == [{}, missing]
    assert outcomes("[ ]") == []


def test_what_follows_an_array_is_one_problem() -> None:
    for rest in ("nonsense", "]", ", 1", '{"a": 3}', "[1]", "\n" + "nonsense\n" * 1_000):
        assert outcomes(f'[{{"a": 1}}, {{"a": 2}}] {rest}') == [
            {"a": 1},
            {"a": 2},
            "something follows the end of the array; from here on nothing was read",
        ]


def test_what_follows_an_object_is_read_line_by_line_and_value_by_value() -> None:
    found = outcomes('{\n"a": 1\n} nonsense\n{"a":\n2} [\n3]')
    assert found == [{"a": 1}, "expecting value at line 3, column 1", {"a": 2}, [3]]


def test_a_file_that_breaks_off_says_where_and_within_what() -> None:
    assert outcomes('[\n{"a": 1},\n{"a": 2}')[1:] == [
        {"a": 2},
        "the file breaks off within the array that begins on this line",
    ]
    assert cuts('[\n{"a": 1},\n{"a": \n')[-1] == Cut(
        1, 3, None, "the file breaks off within the record that begins on this line"
    )
    assert cuts('{"items": [1, 2], "a": "b')[-1] == Cut(
        2, 1, None, "the file breaks off within the object that begins on this line"
    )
    assert cuts('{"total": 1,\n"items": [1, 2')[-1].path == "items"


def test_hostile_records_are_problems_of_their_own() -> None:
    deep = "[" * 10_000 + "]" * 10_000
    text = b'[{"a": 1}, %b, {"b": "\xff"}, {"c": "\\ud800\\u0000"}, {"d": "\0"}, %b, {"e": 1}]'
    hostile = text % (deep.encode(), b"9" * 10_000)
    for data in (hostile, b"\n".join(line for line in hostile[1:-1].split(b", "))):
        found = outcomes(data)
        assert found[0] == {"a": 1}
        assert "nested deeper than 1,000 levels" in str(found[1])
        assert "invalid UTF-8 (byte 0xff)" in str(found[2])
        assert found[3] == {"c": "\ud800\0"}
        assert "invalid control character" in str(found[4])
        assert dump(found[5]) == "9" * 10_000
        assert found[6] == {"e": 1}


# Limits


def test_a_record_above_the_limit_is_refused_and_the_others_are_read() -> None:
    long = '"' + "x" * 100 + '"'
    refused = "larger than allowed: 102 bytes, the limit is 50"
    for chunk_size in CHUNK_SIZES:
        for text in (f'[{{"a": 1}}, {long}, {{"b": 2}}]', f'{{"a": 1}}\n{long}\n{{"b": 2}}\n'):
            assert outcomes(text, chunk_size, max_record_bytes=50) == [{"a": 1}, refused, {"b": 2}]
        envelope = f'{{"items": [{long}, 1], "more": 2}}'
        assert outcomes(envelope, chunk_size, max_record_bytes=50) == [refused, 1, {"items": [], "more": 2}]


def test_a_record_of_exactly_the_limit_is_taken() -> None:
    assert outcomes("[[1, 2], [1, 2, 3]]", max_record_bytes=6) == [
        [1, 2],
        "larger than allowed: 9 bytes, the limit is 6",
    ]


def test_a_file_that_is_one_object_has_a_limit_of_its_own() -> None:
    text = json.dumps({"a": "x" * 100})
    assert outcomes(text, max_record_bytes=50, max_object_bytes=200) == [{"a": "x" * 100}]
    assert outcomes(text, max_object_bytes=100) == ["larger than allowed: 109 bytes, the limit is 100"]
    refused = "larger than allowed: 109 bytes, the limit is 50"
    followed = f'{text} {{"b":\n1}} {text}'
    assert outcomes(followed, max_record_bytes=50, max_object_bytes=200) == [refused, {"b": 1}, refused]


def test_what_an_envelope_holds_besides_its_records_is_limited_too() -> None:
    text = json.dumps({"conversations": [1, 2], "more": "x" * 100})
    *found, last = cuts(text, max_object_bytes=100)
    assert [cut.parse() for cut in found] == [1, 2]
    assert (last.path, last.data) == (ENVELOPE, None)
    assert "the limit is 100" in str(last.problem)


def megabytes(count: int, piece: bytes) -> Iterator[bytes]:
    block = piece * (MIB // len(piece) + 1)
    return iter([block] * count)


@pytest.mark.parametrize(
    ("head", "piece", "tail"),
    [
        (b"", b'{"messages": [{"role": "user", "content": "%b"}]}\n' % (b"x" * 4_000), b""),
        (b"[", b'{"messages": [{"role": "user", "content": "%b"}]},\n' % (b"x" * 4_000), b"{}]"),
        (b'{"items": [', b'{"messages": [{"role": "user", "content": "%b"}]},\n' % (b"x" * 4_000), b'{}], "a": 1}'),
    ],
    ids=["lines", "array", "envelope"],
)
def test_memory_does_not_grow_with_the_file(head: bytes, piece: bytes, tail: bytes) -> None:
    def pieces() -> Iterator[bytes]:
        yield head
        yield from megabytes(60, piece)
        yield tail

    count = 0
    tracemalloc.start()
    try:
        for cut in records(Source("generated", Generated(pieces())), array_keys=("items",)):
            assert cut.problem is None
            count += 1
        assert tracemalloc.get_traced_memory()[1] < 16 * MIB
    finally:
        tracemalloc.stop()
    assert count > 15_000


@pytest.mark.parametrize("opening", ["", "[", '{"items": [', '[{"a": '], ids=["line", "array", "envelope", "inner"])
def test_a_refused_record_is_not_held(opening: str) -> None:
    def pieces() -> Iterator[bytes]:
        yield f'{{"first": 1}}\n{opening}"'.encode() if not opening else f'{opening}"'.encode()
        yield from megabytes(40, b'x [ \\" { ')
        yield b'"'

    tracemalloc.start()
    try:
        generated = Source("generated", Generated(pieces()))
        found = list(records(generated, array_keys=("items",), max_record_bytes=MIB, max_object_bytes=MIB))
        assert tracemalloc.get_traced_memory()[1] < 16 * MIB
    finally:
        tracemalloc.stop()
    assert found[-1].problem is not None


# Layouts


@pytest.mark.parametrize(
    ("text", "layout"),
    [
        ("", "empty"),
        (" \r\n\t\n", "empty"),
        ("\ufeff", "empty"),
        ("[]", "array"),
        ('[{"a": 1}]\n', "array"),
        ('\ufeff[\n{"a": 1}\n]', "array"),
        ('[\n{"a": 1},\n{"a": 2}\n]', "array"),
        ("[nonsense]", "not-json"),
        ("{}", "object"),
        ('{"a": 1}\n', "object"),
        ('{\n "a": [\n  {}\n ]\n}', "object"),
        ('{"a": 1}\n{"a": 2}', "lines"),
        ("[1]\n[2]\n", "lines"),
        ('1\n"two"\nnull\n', "lines"),
        ('{"a": 1}\nbroken\n{"a": 2}\n', "lines"),
        ("# Readme\n\n```\n{}\n```\n", "not-json"),
        ("[link](https://example.org)", "not-json"),
        ("[section]\nkey = 1\n", "not-json"),
        ("{% block %}", "not-json"),
        ("id,text\n1,2\n", "not-json"),
        ("\x89PNG\r\n\x1a\n", "not-json"),
        ('{"a": 1}\n' * 200_000, "lines"),
        ('[{"a": 1},\n' * 200_000, "array"),
        ('{"a": "' + "x" * 2 * MIB + '"}', "object"),
        (" " * 2 * MIB + "{}", "not-json"),
        ('{"a": 1}\n{"a": "' + "x" * 2 * MIB + '"}', "lines"),
    ],
    ids=lambda value: repr(value[:20]),
)
def test_the_layout_is_told_from_the_beginning(text: str, layout: str) -> None:
    assert layout_of(source(text)) == layout
    assert layout_of(source(text, chunk_size=1_000)) == layout


def test_what_is_not_json_is_one_problem() -> None:
    assert cuts("# Readme\n") == [Cut(0, 1, None, "not JSON")]
    assert cuts("") == []


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ('[{"a": 1}, {"a": 2}]', {"a": 1}),
        ('[nonsense, {"a": 2}]', None),
        ('[{"a": nonsense}, {"a": 2}]', {"a": 2}),
        ('{"a": 1}\n{"a": 2}', {"a": 1}),
        ('{"a": [\n{"a": 2}\n', {"a": 2}),
        ('{"conversations": [{"a": 1}], "total": 1}', {"conversations": [{"a": 1}], "total": 1}),
        ('{"conversations": [{"a": 1}], "tot', {"conversations": [{"a": 1}]}),
        ('[{"a": 1, "b": {"c": [1, 2, "' + "x" * 2 * MIB + '"]}}]', {"a": 1, "b": {"c": [1, 2]}}),
        ('{"a": 1, "b": ["' + "x" * 2 * MIB + '"]}\n{}', {"a": 1, "b": []}),
        ("[]", None),
        ("", None),
        ("# Readme", None),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_peek_gives_the_first_record_or_its_beginning_and_consumes_nothing(text: str, first: object) -> None:
    looked_at = source(text)
    assert peek(looked_at) == first
    assert list(records(looked_at)) == list(records(source(text)))


def test_a_sniff_gives_the_beginning_and_consumes_nothing() -> None:
    looked_at = source("\ufeff" + "[1, 2]" * 100, chunk_size=10)
    assert looked_at.sniff(4) == b"[1, "
    assert looked_at.sniff() == b"[1, 2]" * 100
    assert b"".join(looked_at.chunks()) == b"[1, 2]" * 100


# Files


def test_gzip_is_recognised_by_its_first_bytes(tmp_path: Path) -> None:
    path = tmp_path / "records.json"
    path.write_bytes(gzip.compress(b"\xef\xbb\xbf" + b'{"a": 1}\n{"a": 2}\n'))
    with open_source(path) as opened:
        assert [cut.parse() for cut in records(opened)] == [{"a": 1}, {"a": 2}]
        assert (opened.position, opened.size) == (path.stat().st_size, path.stat().st_size)
        assert opened.name == str(path)


def test_standard_input_is_read_after_it_was_looked_at() -> None:
    stdin = io.BytesIO(gzip.compress(b'[{"a": 1}, {"a": 2}]'))
    opened = open_source("-", stdin=stdin)
    assert peek(opened) == {"a": 1}
    assert [cut.parse() for cut in records(opened)] == [{"a": 1}, {"a": 2}]
    assert (opened.name, opened.size) == ("-", None)


def test_a_file_that_is_not_there_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_source(tmp_path / "nothing.json")


LINES = b"".join(b'{"number": %d, "text": "%d"}\n' % (number, number**9) for number in range(10_000))


@pytest.mark.parametrize("chunk_size", [1_000, MIB])
def test_gzip_in_several_members_and_padded_with_zeros_is_read_whole(chunk_size: int) -> None:
    data = gzip.compress(LINES[:100_000]) + gzip.compress(b"") + gzip.compress(LINES[100_000:]) + bytes(5_000)
    opened = source(data, chunk_size)
    assert b"".join(opened.chunks()) == LINES
    assert opened.problem is None
    assert opened.position == len(data)


@pytest.mark.parametrize("chunk_size", [1_000, MIB])
def test_gzip_that_is_cut_off_gives_the_records_before_and_one_problem(chunk_size: int) -> None:
    data = gzip.compress(LINES)
    for end in (len(data) // 2, len(data) - 1):
        *found, last = cuts(data[:end], chunk_size)
        assert [cut.data for cut in found] == LINES.splitlines()[: len(found)]
        assert len(found) > 4_000
        assert str(last.problem).startswith("the gzip data is cut off")
    assert (
        str(cuts(data[:5], chunk_size)[0].problem) == "the gzip data is cut off; what may follow this line was not read"
    )


def test_damaged_gzip_gives_the_records_before_and_one_problem() -> None:
    data = gzip.compress(LINES)
    middle = len(data) // 2
    for damaged in (data[:middle] + bytes(100) + data[middle + 100 :], data[:-8] + bytes(8), data + b"nonsense"):
        *found, last = cuts(damaged, 1_000)
        assert [cut.data for cut in found[:1_000]] == LINES.splitlines()[:1_000]
        assert str(last.problem).startswith("the gzip data is damaged")


def test_a_disk_that_fails_is_a_problem_after_the_records_before() -> None:
    def pieces() -> Iterator[bytes]:
        yield b'{"a": 1}\n{"a": 2}\n{"a": 34'
        raise OSError(5, "Input/output error")

    class Failing(Generated):
        def read(self, size: int, /) -> bytes:
            return next(self.pieces)[:size]

    found = [outcome(cut) for cut in records(Source("failing", Failing(pieces())))]
    assert found == [
        {"a": 1},
        {"a": 2},
        "reading failed: Input/output error within the line that begins on this line",
    ]


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the real samples are not beside this repository")
def test_real_files_are_cut_into_the_records_that_the_standard_library_finds() -> None:
    paths = [path for path in SAMPLES.rglob("*") if path.name.endswith((".json", ".json.gz", ".jsonl.gz"))]
    assert len(paths) >= 15
    for path in paths:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        if ".jsonl" in path.name:
            expected = [json.loads(line) for line in data.splitlines()]
        else:
            value = json.loads(data)
            expected = value if isinstance(value, list) else [value]
        for chunk_size in (997, MIB):
            with open_source(path, chunk_size=chunk_size) as opened:
                assert [cut.parse() for cut in records(opened)] == expected
                first = peek(source(data))
                if len(data) < MIB:
                    assert first == expected[0]
                else:
                    assert isinstance(first, dict)
                    assert list(first) == list(expected[0])[: len(first)]
        assert parse(dump(expected)) == expected
