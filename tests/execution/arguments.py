"""The arguments of the toy world's fields: enums, input objects, lists, defaults, and what they ask for."""

from enum import Enum
from uuid import UUID

import strawberry
from graphql import GraphQLError
from strawberry import UNSET

from db.errors import InvalidInput
from graph import ids
from graph.declared import Asked
from graph.paging import After, Before, First, Last, given, page
from tests.execution.plain import Mood
from tests.execution.tables import (
    READS,
    all_people,
    each_letters_count,
    each_letters_of,
    letters_count,
    letters_of,
    number_of,
    people_count,
)


@strawberry.enum
class Kin(Enum):
    """Its values are no texts."""

    PERSON = 1
    PET = 2
    HOUSE = 3


@strawberry.input
class LetterWhere:
    mood: Mood | None = UNSET
    not_in: list[Mood] | None = None


def ask_letters(
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
    where: LetterWhere | None = UNSET,
    one_by_one: bool = False,
) -> Asked:
    if isinstance(where, LetterWhere) and where.not_in:
        raise InvalidInput("not_in is empty here", field="where.notIn")
    mood = given(where.mood) if isinstance(where, LetterWhere) else None
    asked, options = page(first, after, last, before), {"mood": mood}
    if one_by_one:
        return Asked(each_letters_of, (asked,), options, each_letters_count, options)
    return Asked(letters_of, (asked,), options, letters_count, options)


@strawberry.input
class Inner:
    number: int = 7
    moods: list[Mood] | None = None


@strawberry.input
class Search:
    mood: Mood = Mood.CALM
    inner: Inner | None = None
    names: list[str | None] | None = None


def pick_person(id: strawberry.ID) -> UUID:
    return ids.decode(id, "Person")


def pick_nth(n: int = 1, mood: Mood | None = Mood.CALM, search: Search | None = None) -> UUID:
    if not 0 <= n <= 99:
        raise InvalidInput(f"n is {n}: it must be from 0 to 99", field="n")
    if search is not None and search.inner is not None:
        n += search.inner.number
    if mood is None:
        raise GraphQLError("Which mood?", extensions={"code": "BAD_USER_INPUT"})
    return number_of("Person", n)


def pick_node(id: strawberry.ID) -> tuple[str, UUID]:
    type_name, key = ids.parse(id)
    if type_name not in READS:
        raise InvalidInput(f"{type_name} has no ids", field="id")
    return type_name, key


def pick_nodes(ids: list[strawberry.ID]) -> list[tuple[str, UUID]]:
    return [pick_node(each) for each in ids]


def pick_beast(kin: Kin, n: int = 1) -> tuple[str, UUID]:
    name = kin.name.capitalize()
    return name, number_of(name, n)


def ask_people(
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
    mood: Mood | None = None,
    backwards: list[bool] | None = None,
) -> Asked:
    chosen = {"mood": mood}
    turned = {"backwards": any(backwards or ())}
    return Asked(all_people, (page(first, after, last, before),), chosen | turned, people_count, chosen)
