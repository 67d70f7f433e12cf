"""A small schema with every kind of outcome that the HTTP side has to carry, and the endpoint that serves it."""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

import strawberry
from graphql import GraphQLError
from starlette.requests import Request
from starlette.websockets import WebSocket
from strawberry.extensions import SchemaExtension
from strawberry.scalars import JSON
from strawberry.schema.config import StrawberryConfig

from db.errors import DatabaseInUse, InvalidInput, NotFound
from graph.boundary import ColloquySchema
from graph.errors import ErrorCode, bad_user_input, coded
from graph.scalars import SCALARS
from graph.view import ColloquyView, Explorer

SECRET = "SELECT password FROM accounts /srv/secret.db"


@strawberry.enum
class Colour(Enum):
    RED = "red"


class Unprintable:
    def __repr__(self) -> str:
        return SECRET


@strawberry.input
class Range:
    low: int
    high: int | None = None


@strawberry.type
class Query:
    @strawberry.field
    def hello(self) -> str:
        return "world"

    @strawberry.field
    def twice(self, n: int) -> int:
        return 2 * n

    @strawberry.field
    def width(self, range: Range) -> int | None:
        return None if range.high is None else range.high - range.low

    @strawberry.field
    def paint(self, colour: Colour) -> Colour:
        return colour

    @strawberry.field
    def at(self, time: datetime) -> datetime:
        return time

    @strawberry.field
    def same(self, value: JSON) -> JSON:
        return value

    @strawberry.field
    def uuid(self, value: UUID) -> UUID:
        return value

    @strawberry.field
    def naive(self) -> datetime:
        return datetime(2026, 3, 1)  # noqa: DTZ001  # a time without an offset is what is tested

    @strawberry.field
    def numbers(self) -> JSON:
        return JSON({"big": 2**70, "nan": float("nan"), "lone": "\ud800", "letter": "é"})

    @strawberry.field
    async def fault(self, secret: str = SECRET) -> str | None:
        await asyncio.sleep(0)
        raise RuntimeError(secret)

    @strawberry.field
    def faults(self) -> list["Row"]:
        return [Row() for _ in range(50)]

    @strawberry.field
    def not_a_number(self) -> int | None:
        return Unprintable()  # type: ignore[return-value]  # what graphql-core says of it is tested

    @strawberry.field
    def nothing(self) -> str:
        return None  # type: ignore[return-value]  # a broken promise is what is tested

    @strawberry.field
    def foreseen(self) -> str | None:
        raise InvalidInput("`first` is from 1 to 100.", field="first")

    @strawberry.field
    def missing(self) -> str | None:
        raise NotFound("There is no such conversation.")

    @strawberry.field
    def locked(self) -> str | None:
        raise DatabaseInUse(f"Held by process 1: {SECRET}")

    @strawberry.field
    def refused(self) -> str | None:
        raise bad_user_input("A limit is positive.", field="limit")

    @strawberry.field
    def too_much(self) -> str | None:
        raise coded("Too deep.", ErrorCode.LIMIT_EXCEEDED, limit="depth")

    @strawberry.field
    def uncoded(self) -> str | None:
        raise GraphQLError(SECRET)


@strawberry.type
class Row:
    @strawberry.field
    def value(self) -> str | None:
        raise KeyError(SECRET)


@strawberry.type
class Mutation:
    @strawberry.mutation
    def add(self, n: int) -> int:
        return n + 1


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def ticks(self, until: int) -> AsyncGenerator[int, None]:
        for n in range(until):
            yield n
        raise RuntimeError(SECRET)


def toy_schema(extensions: Iterable[type[SchemaExtension]] = ()) -> ColloquySchema:
    return ColloquySchema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        extensions=extensions,
        config=StrawberryConfig(scalar_map=SCALARS),
    )


async def no_context(request: Request | WebSocket) -> dict[str, Any]:
    return {}


def toy_view(explorer: Explorer | None = None, extensions: Iterable[type[SchemaExtension]] = ()) -> ColloquyView:
    return ColloquyView(toy_schema(extensions), context=no_context, explorer=explorer)
