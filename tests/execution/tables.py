"""The tables of the toy world, and the reads that it knows."""

from __future__ import annotations

from uuid import UUID

from db.columns import Kind
from graph import ids
from graph.declared import OneByOne
from tests.execution.plain import Mood
from tests.execution.reads import ByKey, CountOf, Of, PageOf, Table, columns

PEOPLE = Table(
    "people",
    columns(
        id=Kind.UUID,
        position=Kind.INTEGER,
        name=Kind.TEXT,
        nickname=[Kind.TEXT],
        age=Kind.INTEGER,
        steps=[Kind.INTEGER],
        height=Kind.FLOAT,
        weight=[Kind.FLOAT],
        active=Kind.BOOLEAN,
        trusted=[Kind.BOOLEAN],
        mood=Mood,
        mood_before=[Mood],
        born=Kind.MOMENT,
        seen=[Kind.MOMENT],
        token=Kind.UUID,
        passport=[Kind.UUID],
        badge=[Kind.JSON],
        settings=Kind.JSON,
        address=[Kind.JSON],
        home_id=Kind.UUID,
        friend_id=[Kind.UUID],
        pet_id=[Kind.UUID],
        has_letters=Kind.BOOLEAN,
    ),
)
HOUSES = Table(
    "houses", columns(id=Kind.UUID, position=Kind.INTEGER, name=Kind.TEXT, figures=Kind.JSON, owner_id=[Kind.UUID])
)
PETS = Table(
    "pets",
    columns(id=Kind.UUID, position=Kind.INTEGER, name=Kind.TEXT, mood=[Mood], owner_id=[Kind.UUID], born=[Kind.MOMENT]),
)
LETTERS = Table(
    "letters",
    columns(id=Kind.UUID, position=Kind.INTEGER, text=Kind.TEXT, mood=Mood, person_id=[Kind.UUID], gift=[Kind.JSON]),
)
SAMPLES = Table("samples", columns(id=Kind.TEXT, word=[Kind.TEXT]))
TABLES = (PEOPLE, HOUSES, PETS, LETTERS, SAMPLES)

a_person, a_house, a_pet = ByKey(PEOPLE, "people"), ByKey(HOUSES, "houses"), ByKey(PETS, "pets")
a_sample = ByKey(SAMPLES, "samples")
pets_of, people_of = Of(PETS, "pets_of", "owner_id"), Of(PEOPLE, "people_of", "home_id")
letters_of, gifts_of = PageOf(LETTERS, "letters_of", "person_id"), Of(LETTERS, "gifts_of", "person_id")
letters_count = CountOf(LETTERS, "letters_count", "person_id")
each_letters_of = OneByOne(PageOf(LETTERS, "each_letters_of", "person_id", each=True))
each_letters_count = OneByOne(CountOf(LETTERS, "each_letters_count", "person_id", each=True))
all_people, people_count = PageOf(PEOPLE, "all_people", None), CountOf(PEOPLE, "people_count", None)
READS = {"Person": a_person, "Pet": a_pet, "House": a_house}

FAILING = (
    *("people", "houses", "pets", "pets_of", "people_of", "letters_of", "gifts_of", "letters_count"),
    *("all_people", "people_count", "samples", "each_letters_of", "each_letters_count"),
)
"""The names of all reads."""


def number_of(type_name: str, n: int) -> UUID:
    """The UUID of the nth record of a type."""
    return UUID(int=({"Person": 1, "Pet": 2, "House": 3, "Letter": 4}[type_name] << 64) + n)


def id_of(type_name: str, n: int) -> str:
    """The id of the nth record of a type."""
    return ids.encode(type_name, number_of(type_name, n))
