"""Arguments and variables: defaults, nulls, what is missing and what is wrong, found out at planning or in a run."""

from typing import Any

import pytest

from tests.execution.asking import same
from tests.execution.data import world
from tests.execution.equal import Answer
from tests.execution.tables import id_of

OUT_OF_RANGE = "n is -1: it must be from 0 to 99"
TOO_MANY = "first is 0: it must be from 1 to 100"


@pytest.mark.parametrize(
    ("arguments", "rank"),
    [
        ("", 1),
        ("(n: 2)", 2),
        ("(n: 2, mood: LOUD)", 2),
        ("(n: 1, search: {})", 1),
        ("(n: 1, search: {inner: {number: 3}})", 4),
        ('(n: 1, search: {mood: LOUD, inner: {number: 2, moods: [CALM, LOUD]}, names: [null, "a"]})', 3),
        ('(n: 1, search: {inner: {number: 1, moods: LOUD}, names: "one"})', 2),
        ("(n: 1, search: null)", 1),
    ],
)
async def test_literals_of_all_kinds(arguments: str, rank: int) -> None:
    answer = await same(f"{{ nth{arguments} {{ rank }} }}")
    assert (answer.value, answer.errors) == ({"nth": {"rank": rank}}, ())


@pytest.mark.parametrize(
    ("head", "use", "given", "rank"),
    [
        ("$n: Int!", "n: $n", {"n": 3}, 3),
        ("$n: Int! = 4", "n: $n", {}, 4),
        ("$n: Int = 4", "n: $n", {"n": 5}, 5),
        ("$n: Int", "n: $n", {}, 1),
        ("$m: Mood", "mood: $m", {}, 1),
        ("$m: Mood", "mood: $m", {"m": "LOUD"}, 1),
        ("$s: Search", "search: $s", {}, 1),
        ("$s: Search", "search: $s", {"s": None}, 1),
        ("$s: Search", "search: $s", {"s": {"inner": {"number": 2}}}, 3),
        ("$s: Search = {inner: {}}", "n: -7, search: $s", {}, None),
        ("$i: Int!", "search: {inner: {number: $i}}", {"i": 4}, 5),
        ("$i: Inner", "search: {inner: $i}", {}, 1),
        ("$i: Inner", "search: {inner: $i}", {"i": None}, 1),
        ("$l: [Mood!]", "search: {inner: {number: 1, moods: $l}}", {"l": ["CALM"]}, 2),
        ("$l: [Mood!]", "search: {inner: {number: 1, moods: $l}}", {"l": "CALM"}, 2),
        ("$w: Mood!", "search: {inner: {number: 1, moods: [$w, LOUD]}}", {"w": "CALM"}, 2),
        ("$n: Int!", "n: $n", {"n": 2.0}, 2),
    ],
)
async def test_variables_defaults_and_what_is_left_out(head: str, use: str, given: dict[str, Any], rank: Any) -> None:
    answer = await same(f"query ({head}) {{ nth({use}) {{ rank }} }}", given)
    assert answer.value == {"nth": None if rank is None else {"rank": rank}}
    assert bool(answer.errors) is (rank is None)


@pytest.mark.parametrize(
    ("head", "use", "given"),
    [
        ("$n: Int!", "n: $n", {}),
        ("$n: Int!", "n: $n", {"n": None}),
        ("$n: Int!", "n: $n", {"n": "2"}),
        ("$n: Int!", "n: $n", {"n": 2**31}),
        ("$n: Int!", "n: $n", {"n": 1.5}),
        ("$n: Int!", "n: $n", {"n": True}),
        ("$n: Int!", "n: $n", {"n": [1]}),
        ("$m: Mood", "mood: $m", {"m": "FERAL"}),
        ("$m: Mood", "mood: $m", {"m": 1}),
        ("$s: Search", "search: $s", {"s": {"unknown": 1}}),
        ("$s: Search", "search: $s", {"s": {"mood": None}}),
        ("$s: Search", "search: $s", {"s": {"inner": {"number": None, "moods": ["FERAL"]}}}),
        ("$s: Search", "search: $s", {"s": "text"}),
    ],
)
async def test_a_variable_that_cannot_be_coerced_refuses_the_request(head: str, use: str, given: Any) -> None:
    answer = await same(f"query ({head}) {{ version nth({use}) {{ rank }} }}", given)
    assert answer.data == b"null"
    assert set(answer.messages) == {""}


@pytest.mark.parametrize(
    ("head", "use", "given", "message"),
    [
        # An argument that is never null and has a default takes a variable that may be null.
        ("$n: Int", "n: $n", {"n": None}, "Argument 'n' of type 'Int!' must not be null."),
        ("$n: Int = 4", "n: $n", {"n": None}, "Argument 'n' of type 'Int!' must not be null."),
        ("$m: Mood", "mood: $m", {"m": None}, "Which mood?"),
        ("", "mood: null", {}, "Which mood?"),
        ("", "n: -1", {}, OUT_OF_RANGE),
        ("$n: Int!", "n: $n", {"n": -1}, OUT_OF_RANGE),
        ("$n: Int! = -1", "n: $n", {}, OUT_OF_RANGE),
    ],
)
async def test_a_wrong_argument_is_an_error_of_its_field(head: str, use: str, given: Any, message: str) -> None:
    text = f"query {f'({head})' if head else ''} {{ a: nth {{ rank }} nth({use}) {{ rank }} }}"
    for each in (await same(text, given), await same(text.replace("{ a:", "{ v: version a:"), given)):
        assert each.value["nth"] is None
        assert each.value["a"] == {"rank": 1}
        (found,) = each.messages.items()
        assert found[0] == "nth"
        assert message in found[1] or message.startswith("Argument")


async def test_a_wrong_argument_of_a_root_that_is_never_null_leaves_nothing() -> None:
    answer = await same("{ version nth { rank } sureNth(n: -1) { rank } }")
    assert answer.value is None
    assert answer.messages == {"sureNth": OUT_OF_RANGE}


async def test_a_root_that_is_never_null_and_finds_nothing_leaves_nothing() -> None:
    answer = await same("{ nth { rank } sureNth(n: 99) { rank } }")
    assert answer.value is None
    assert answer.messages == {"sureNth": "Cannot return null for non-nullable field Query.sureNth."}


@pytest.mark.parametrize("given", [{}, {"first": 0}])
async def test_a_wrong_argument_below_the_root_is_an_error_at_each_parent(given: dict[str, Any]) -> None:
    use = "$first" if given else "0"
    head = "query ($first: Int) " if given else ""
    text = f"{head}{{ people(first: 2) {{ nodes {{ rank maybeLetters(first: {use}) {{ totalCount }} }} }} }}"
    answer = await same(text, given)
    assert answer.value == {"people": {"nodes": [{"rank": n, "maybeLetters": None} for n in (1, 2)]}}
    assert answer.messages == {f"people.nodes.{n}.maybeLetters": TOO_MANY for n in (0, 1)}


async def test_a_wrong_argument_where_there_is_no_parent_is_nothing() -> None:
    answer = await same("{ nth(n: 99) { maybeLetters(first: 0) { totalCount } } }")
    assert (answer.value, answer.errors) == ({"nth": None}, ())


async def test_a_wrong_argument_of_a_field_that_is_never_null_goes_outwards() -> None:
    answer = await same("{ nth { rank letters(first: 0) { totalCount } } a: nth { rank } }")
    assert (answer.value, set(answer.messages)) == ({"nth": None, "a": {"rank": 1}}, {"nth.letters"})


@pytest.mark.parametrize(
    ("arguments", "numbers", "ends"),
    [
        ("", [5, 10, 15, 20], (False, False)),
        ("first: 2", [5, 10], (False, True)),
        ('first: 2, after: "at10"', [15, 20], (True, False)),
        ("last: 1", [20], (True, False)),
        ('last: 2, before: "at15"', [5, 10], (False, True)),
        ('first: 1, after: "at20"', [], (True, False)),
        ('first: 100, after: "at5", before: "at20"', [10, 15], (True, True)),
        ("first: null, after: null", [5, 10, 15, 20], (False, False)),
        ("where: {}", [5, 10, 15, 20], (False, False)),
        ("where: {mood: LOUD}", [10, 20], (False, False)),
        ("where: {mood: CALM}, first: 1", [5], (False, True)),
        ("where: null", [5, 10, 15, 20], (False, False)),
    ],
)
@pytest.mark.parametrize("one_by_one", ["false", "true"])
async def test_pages(
    arguments: str, numbers: list[int], ends: tuple[bool, bool], one_by_one: str, dialect: str
) -> None:
    answer = await same(
        f"""{{ nth {{ letters(oneByOne: {one_by_one} {arguments}) {{
            totalCount nodes {{ number }} edges {{ cursor node {{ number }} }}
            pageInfo {{ hasPreviousPage hasNextPage startCursor endCursor }} }} }} }}""",
        world=world(dialect),
    )
    count = 2 if "mood" in arguments else 4
    cursors = [f"at{number}" for number in numbers]
    assert answer.value["nth"]["letters"] == {
        "totalCount": count,
        "nodes": [{"number": number} for number in numbers],
        "edges": [{"cursor": f"at{number}", "node": {"number": number}} for number in numbers],
        "pageInfo": {
            "hasPreviousPage": ends[0],
            "hasNextPage": ends[1],
            "startCursor": cursors[0] if cursors else None,
            "endCursor": cursors[-1] if cursors else None,
        },
    }


@pytest.mark.parametrize(
    "arguments",
    [
        "first: 0",
        "first: 1, last: 1",
        "last: 101",
        'after: "nonsense"',
        'first: 1, before: "at5"',
        "where: {notIn: [LOUD]}",
        "where: {mood: null, notIn: [CALM]}",
    ],
)
@pytest.mark.parametrize("one_by_one", ["false", "true"])
async def test_pages_that_cannot_be(arguments: str, one_by_one: str) -> None:
    answer = await same(
        f"{{ nth {{ rank maybeLetters(oneByOne: {one_by_one}, {arguments}) {{ nodes {{ text }} }} }} }}"
    )
    assert answer.value == {"nth": {"rank": 1, "maybeLetters": None}}
    assert list(answer.messages) == ["nth.maybeLetters"]


async def test_a_cursor_that_one_parent_lacks() -> None:
    """Each key is a statement of its own there, and so is its failure."""
    text = '{ people(first: 2) { nodes { maybeLetters(oneByOne: true, after: "at10") { nodes { number } } } } }'
    answer = await same(text)
    assert answer.value["people"]["nodes"] == [
        {"maybeLetters": {"nodes": [{"number": 15}, {"number": 20}]}},
        {"maybeLetters": None},
    ]
    assert list(answer.messages) == ["people.nodes.1.maybeLetters"]


@pytest.mark.parametrize(
    ("arguments", "ranks"),
    [
        ("", [1, 2, 3, 4, 5, 6]),
        ("first: 2", [1, 2]),
        ("last: 2", [5, 6]),
        ("mood: LOUD", [3, 6]),
        ("first: 2, backwards: [false, true]", [6, 5]),
        ("first: 2, backwards: []", [1, 2]),
        ("first: 2, backwards: true", [6, 5]),
    ],
)
async def test_pages_at_the_root(arguments: str, ranks: list[int], dialect: str) -> None:
    given = f"({arguments})" if arguments else ""
    answer = await same(
        f"{{ people{given} {{ nodes {{ rank }} edges {{ cursor }} totalCount }} }}", world=world(dialect)
    )
    assert answer.value["people"] == {
        "nodes": [{"rank": rank} for rank in ranks],
        "edges": [{"cursor": f"at{rank}"} for rank in ranks],
        "totalCount": 2 if "mood" in arguments else 6,
    }


async def test_each_run_of_one_plan_has_its_own_variables() -> None:
    text = "query ($n: Int!, $first: Int) { nth(n: $n) { rank letters(first: $first) { nodes { number } } } }"
    answers: list[Answer] = [await same(text, {"n": n, "first": n}) for n in (1, 2, 3)]
    assert [answer.value["nth"]["rank"] for answer in answers] == [1, 2, 3]
    assert [len(answer.value["nth"]["letters"]["nodes"]) for answer in answers] == [1, 2, 3]


@pytest.mark.parametrize("id", ["", "what", id_of("Pet", 1), id_of("Letter", 1), "é"])
async def test_an_id_that_is_none_or_of_another_type(id: str) -> None:
    answer = await same("query ($id: ID!) { person(id: $id) { rank } a: nth { rank } }", {"id": id})
    assert answer.value == {"person": None, "a": {"rank": 1}}
    assert list(answer.messages) == ["person"]
