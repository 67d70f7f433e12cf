"""A toy world that has every kind of declaration, over tables of Python values.

People have a home, pets, letters, a best friend and a favourite (a person, a pet or a house). A `Sample` says by a word
which Python value it holds, in each shape of list and null that a field can have.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from graphql import GraphQLError
from strawberry.scalars import JSON
from strawberry.schema.config import StrawberryConfig

from db.errors import InvalidInput
from graph.context import Info, loaders_of
from graph.declared import Chosen, Derived, Found, Shape
from graph.execution import BreadthFirst
from graph.fields import column, computed, node_id, part
from graph.nodes import Node, chosen
from graph.paging import Connection, listed, paged
from graph.relations import derived, found, to_many, to_one, to_the_one
from graph.scalars import SCALARS
from tests.execution.arguments import (
    Search,
    ask_letters,
    ask_people,
    pick_beast,
    pick_node,
    pick_nodes,
    pick_nth,
    pick_person,
)
from tests.execution.plain import Address, Circle, Figure, Gift, Mood, Sample, Square, addressed, figured, gifted
from tests.execution.tables import (
    READS,
    a_house,
    a_person,
    a_pet,
    a_sample,
    all_people,
    gifts_of,
    letters_of,
    number_of,
    people_of,
    pets_of,
)


def loud(name: str, age: int) -> str:
    if age < 0:
        raise InvalidInput(f"{name} is not born yet", field="age")
    return name.upper()


def pick_favourite(pet_id: Any, friend_id: Any, home_id: Any) -> tuple[str, Any]:
    if pet_id is not None:
        return "Pet", pet_id
    return ("House", home_id) if friend_id is None else ("Person", friend_id)


def pick_some(pet_id: Any, friend_id: Any) -> tuple[str, Any]:
    return ("Person", friend_id) if pet_id is None else ("Pet", pet_id)


def pick_both(pet_id: Any, home_id: Any) -> list[tuple[str, Any]]:
    return [("House", home_id), *([] if pet_id is None else [("Pet", pet_id)]), ("House", home_id)]


def make_gifts(rows: list[tuple[Any, ...]], name: str) -> list[Gift]:
    return [gifted(gift, f"{name}: {text}") for gift, text in rows if gift is not None]


PersonLink = Annotated["Person", strawberry.lazy("tests.execution.world")]
PetLink = Annotated["Pet", strawberry.lazy("tests.execution.world")]


@strawberry.type
class Body:
    """Its parent is the person's own row."""

    height: float
    weight: float | None
    tall: bool = computed("height", by=lambda height: height > 1.8, description="")
    companion: PetLink | None = to_one(a_pet, "pet_id", "")


@strawberry.type
class House(Node):
    id: strawberry.ID = node_id("House")
    name: str
    figures: list[Figure] = computed("figures", by=figured, description="")
    people: list[PersonLink] = to_many(people_of, "")
    owner: PersonLink | None = to_one(a_person, "owner_id", "")


@strawberry.type
class Pet(Node):
    id: strawberry.ID = node_id("Pet")
    name: str
    mood: Mood | None
    born: datetime | None
    owner: PersonLink = to_the_one(a_person, "owner_id", "")


Favourite = Annotated[PersonLink | Pet | House, strawberry.union("Favourite")]


@strawberry.type
class Letter:
    text: str
    words: list[str] = computed("text", by=str.split, description="")
    mood: Mood
    number: int = column("position", "")
    gift: Gift | None = computed("gift", "text", by=gifted, description="")
    person: PersonLink | None = to_one(a_person, "person_id", "")


@strawberry.type
class Person(Node):
    id: strawberry.ID = node_id("Person")
    name: str
    nickname: str | None
    loud_name: str = computed("name", "age", by=loud, description="")
    initial: str | None = computed("nickname", by=lambda name: name and name[0], description="")
    age: int
    steps: int | None
    height: float
    weight: float | None
    active: bool
    trusted: bool | None
    mood: Mood
    mood_before: Mood | None
    mood_word: Mood | None = computed("nickname", by=lambda name: name, description="")
    born: datetime
    seen: datetime | None
    token: UUID
    passport: UUID | None
    badge: JSON | None
    settings: JSON
    rank: int = column("position", "")
    body: Body | None = part("weight", "pet_id", description="")
    sure_body: Body = part("weight", "pet_id", description="")
    address: Address | None = computed("address", by=addressed, description="")
    sure_address: Address = computed("address", by=addressed, description="")
    home: House = to_the_one(a_house, "home_id", "")
    home_or_none: House | None = to_one(a_house, "home_id", "")
    best_friend: PersonLink | None = to_one(a_person, "friend_id", "")
    sure_friend: PersonLink = to_one(a_person, "friend_id", "")
    pets: list[Pet] = to_many(pets_of, "")
    maybe_pets: list[Pet | None] | None = to_many(pets_of, "")
    pet_names: str = derived(Derived(pets_of, ("name",), lambda rows: "+".join(n for (n,) in rows), Shape.MANY), "")
    pet_moods: list[Mood | None] = derived(
        Derived(pets_of, ("mood",), lambda rows: [mood for (mood,) in rows], Shape.MANY), ""
    )
    home_name: str | None = derived(Derived(a_house, ("name",), lambda row: row and row[0], key="home_id"), "")
    friend_age: int = derived(Derived(a_person, ("age",), lambda row: row[0], key="friend_id"), "")
    gifts: list[Gift] = derived(
        Derived(gifts_of, ("gift", "text"), make_gifts, Shape.MANY, columns=("name",), when="has_letters"), ""
    )
    letters: Connection[Letter] = paged(letters_of, ask_letters, "")
    maybe_letters: Connection[Letter] | None = paged(letters_of, ask_letters, "")
    favourite: Favourite = chosen(Chosen(READS, pick_favourite, ("pet_id", "friend_id", "home_id"), required=True), "")
    both: list[Node | None] = chosen(Chosen(READS, pick_both, ("pet_id", "home_id"), many=True), "")
    maybe_favourite: Favourite | None = chosen(Chosen(READS, pick_some, ("pet_id", "friend_id")), "")


@strawberry.type
class Query:
    person: Person | None = found(Found(a_person, pick_person), "")
    nth: Person | None = found(Found(a_person, pick_nth), "")
    sure_nth: Person = found(Found(a_person, pick_nth), "")
    sample: Sample | None = found(Found(a_sample, lambda: "sample"), "")
    sure_sample: Sample = found(Found(a_sample, lambda: "sample"), "")
    people: Connection[Person] = listed(all_people, ask_people, "")
    maybe_people: Connection[Person] | None = listed(all_people, ask_people, "")
    node: Node | None = chosen(Chosen(READS, pick_node), "")
    nodes: list[Node | None] = chosen(Chosen(READS, pick_nodes, many=True), "")
    sure_nodes: list[Node] = chosen(Chosen(READS, pick_nodes, many=True), "")
    beast: Favourite | None = chosen(Chosen(READS, pick_beast), "")

    @strawberry.field
    def version(self) -> str:
        return "1"

    @strawberry.field
    async def echo(self, text: str = "x", n: int | None = 3, mood: Mood | None = None, of: Search | None = None) -> str:
        return f"{text} {n} {mood} {of}"

    @strawberry.field
    async def broken(self) -> str | None:
        raise InvalidInput("broken on purpose", field="broken")

    @strawberry.field
    async def sure_broken(self) -> str:
        raise InvalidInput("broken for sure", field="sureBroken")

    @strawberry.field
    def nothing(self) -> str:
        return None  # type: ignore[return-value]  # a broken promise is what is tested

    @strawberry.field
    async def somebody(self, info: Info, n: int = 1) -> Person | None:
        somebody: Person | None = await loaders_of(info).batch(a_person)(number_of("Person", n))
        return somebody


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def rename(self, info: Info, n: int = 1) -> Person | None:
        renamed: Person | None = await loaders_of(info).batch(a_person)(number_of("Person", n))
        return renamed


class WorldSchema(strawberry.Schema):
    """Errors are compared as they are, and not logged."""

    def process_errors(self, errors: Iterable[GraphQLError], execution_context: Any = None) -> None: ...


schema = WorldSchema(
    query=Query,
    mutation=Mutation,
    types=[Person, Pet, House, Circle, Square],
    config=StrawberryConfig(scalar_map=SCALARS),
    execution_context_class=BreadthFirst,
)
