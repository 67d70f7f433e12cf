"""The world's plain Python objects, and its samples: fields whose values are no rows."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any

import strawberry
from strawberry.scalars import JSON

from graph.fields import computed

Real = float
"""Also where a field is named so."""


@strawberry.enum
class Mood(StrEnum):
    CALM = "calm"
    LOUD = "loud"


@strawberry.type
class Point:
    x: int
    y: int | None


@strawberry.type
class Address:
    street: str
    number: int | None
    lines: list[str]
    at: Point | None
    points: list[Point | None] | None


@strawberry.interface
class Figure:
    """An interface of plain objects."""

    name: str


@strawberry.type
class Circle(Figure):
    centre: Point | None
    radius: float


@strawberry.type
class Square(Figure):
    side: int
    tags: list[str] | None


@strawberry.type
class Book:
    title: str
    pages: int | None


@strawberry.type
class Toy:
    label: str
    detail: JSON | None


Gift = Annotated[Book | Toy, strawberry.union("Gift")]


def addressed(value: dict[str, Any] | None) -> Address | None:
    """An address of its JSON."""
    if value is None:
        return None
    points = [None if each is None else pointed(each) for each in value.get("points", ())]
    at = value.get("at")
    return Address(
        street=value["street"],
        number=value.get("number"),
        lines=value.get("lines", []),
        at=None if at is None else pointed(at),
        points=points,
    )


def pointed(value: list[Any]) -> Point:
    """A point of its JSON."""
    return Point(x=value[0], y=value[1])


def figured(value: list[Any]) -> list[Any]:
    """Circles and squares of their JSON."""
    return [
        None
        if each is None
        else Square(name="square", side=each["side"], tags=each.get("tags"))
        if "side" in each
        else Circle(name="circle", centre=pointed(each["centre"]), radius=each["radius"])
        for each in value
    ]


def gifted(value: dict[str, Any] | None, text: str) -> Any:
    """A gift of its JSON."""
    if value is None:
        return None
    if "pages" in value:
        return Book(title=text, pages=value["pages"])
    return Toy(label=value.get("label"), detail=value.get("detail"))  # type: ignore[arg-type]  # null where none may be


@strawberry.type
class Box:
    value: int
    maybe: int | None


class Refusal(Exception):
    """What a value fails with."""


def refuse() -> Any:
    """Fail to give a value."""
    raise Refusal("refused")


def box(value: Any, maybe: Any = None) -> Box:
    """A box that holds whatever it is given."""
    return Box(value=value, maybe=maybe)


WORDS: dict[str | None, Callable[[], Any]] = {
    None: lambda: None,
    "zero": lambda: 0,
    "one": lambda: 1,
    "true": lambda: True,
    "float": lambda: 1.0,
    "half": lambda: 1.5,
    "nan": lambda: float("nan"),
    "infinity": lambda: float("inf"),
    "long": lambda: 2**31,
    "longest": lambda: 2**31 - 1,
    "least": lambda: -(2**31),
    "text": lambda: "text",
    "digits": lambda: "12",
    "calm": lambda: "calm",
    "empty text": lambda: "",
    "bytes": lambda: b"x",
    "object": object,
    "error": refuse,
    "given error": lambda: Refusal("given"),
    "empty": list,
    "list": lambda: [1, 2],
    "tuple": lambda: (1, 2),
    "set": lambda: {1},
    "generator": lambda: (each for each in (1, 2)),
    "keys": lambda: {1: 2}.keys(),
    "null in list": lambda: [1, None, 3],
    "text in list": lambda: [1, "text", 3],
    "error in list": lambda: [1, Refusal("given"), 3],
    "lists": lambda: [[1], [2, 3], []],
    "null list in lists": lambda: [[1], None],
    "null in lists": lambda: [[1, None], [3]],
    "text in lists": lambda: [[1, 2], ["text"]],
    "number in lists": lambda: [[1], 2],
    "box": lambda: box(1),
    "null box": lambda: box(None),
    "text box": lambda: box("text", "text"),
    "error box": lambda: box(Refusal("given"), Refusal("maybe")),
    "boxes": lambda: [box(1, 2), box(3)],
    "null in boxes": lambda: [box(1), None],
    "null box in boxes": lambda: [box(1), box(None), box("text")],
    "error in boxes": lambda: [box(1), Refusal("given")],
    "object in boxes": lambda: [box(1), object()],
}
"""The values that a sample can hold."""


def said(word: str | None) -> Any:
    """The value of a word."""
    return WORDS[word]()


def sampled() -> Any:
    """A field over a sample's value."""
    return computed("word", by=said, description="")


@strawberry.type
class Sample:
    """One value in every shape of field."""

    number: int | None = sampled()
    sure_number: int = sampled()
    numbers: list[int | None] | None = sampled()
    numbers_all_sure: list[int] | None = sampled()
    sure_numbers: list[int | None] = sampled()
    sure_numbers_all_sure: list[int] = sampled()
    lists: list[list[int | None] | None] | None = sampled()
    lists_all_sure: list[list[int]] = sampled()
    lists_of_sure: list[list[int] | None] | None = sampled()
    text: str | None = sampled()
    texts: list[str] | None = sampled()
    float: Real | None = sampled()
    boolean: bool | None = sampled()
    id: strawberry.ID | None = sampled()
    mood: Mood | None = sampled()
    sure_mood: Mood = sampled()
    box: Box | None = sampled()
    sure_box: Box = sampled()
    boxes: list[Box | None] | None = sampled()
    boxes_all_sure: list[Box] | None = sampled()
    sure_boxes: list[Box | None] = sampled()
    sure_boxes_all_sure: list[Box] = sampled()
    lists_of_boxes: list[list[Box]] | None = sampled()
