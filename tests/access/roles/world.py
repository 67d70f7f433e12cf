"""A server over HTTP with two workspaces, somebody of each role who asks, and things of one or another to ask for."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Final, Self
from uuid import UUID

from httpx2 import ASGITransport, AsyncClient, Response

from db import keys, workspaces
from db.database import Database
from db.record import now
from db.viewer import PROGRAM, Viewer
from db.words import KeyScope
from graph import ids
from graph.app import create_app
from graph.negotiation import GRAPHQL_TYPE
from graph.settings import Settings
from tests.access.signing.provider import AUDIENCE, ISSUER, RSA_KEY, key_set, public, token
from tests.db.builders import World as Rows

HERE, ELSEWHERE = "north", "south"

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks."""

    name: str
    column: str
    """Of the table of roles."""
    credential: str
    user_id: str | None = None
    workspace: str = HERE

    @property
    def owns(self) -> str | None:
        """Whose conversations are all that is seen; None: the workspace's."""
        return self.user_id if self.column in ("END_USER", "ANONYMOUS") else None


@dataclass(slots=True)
class Area:
    """Things of one owner in one workspace, which carry a mark that nothing else has."""

    workspace: str
    owner: str
    mark: str
    ids: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.ids[name]


class Answer:
    """An answer over HTTP."""

    def __init__(self, response: Response) -> None:
        self.status = response.status_code
        self.headers = response.headers
        self.body: dict[str, Any] = response.json()

    @property
    def codes(self) -> list[str]:
        """Of its errors."""
        return [error["extensions"]["code"] for error in self.body.get("errors", ())]

    def __repr__(self) -> str:
        return f"{self.status} {json.dumps(self.body)[:600]}"


class World:
    """A server with two workspaces."""

    def __init__(self, database: Database, http: AsyncClient) -> None:
        self.database = database
        self.http = http
        self.workspaces: dict[str, UUID] = {}
        self.admins: dict[str, str] = {}
        """The secret of an admin's key of each workspace."""
        self.people: list[Person] = []
        self._areas: dict[tuple[str, str], Area] = {}
        self._states: dict[str, Any] = {}

    @classmethod
    @asynccontextmanager
    async def of(cls, database: Database, folder: Path, **more: Any) -> AsyncIterator[Self]:
        """A server that runs while the block does; `more`: settings."""
        jwks = folder / "keys.json"
        jwks.write_bytes(key_set(public(RSA_KEY, "one")))
        settings = Settings(
            explorer=False,
            jwt_issuer=ISSUER,
            jwt_audience=(AUDIENCE,),
            jwt_jwks=str(jwks),
            jwt_role_claim="role",
            jwt_workspace_claim="tenant",
            **more,
        )
        app = create_app(settings, database=database)
        transport = ASGITransport(app)
        async with app.router.lifespan_context(app), AsyncClient(transport=transport, base_url="http://x") as http:
            world = cls(database, http)
            await world._settle()
            yield world

    async def _settle(self) -> None:
        for name in (HERE, ELSEWHERE):

            async def made(connection: Any, name: str = name) -> UUID:
                return UUID(str((await workspaces.insert(connection, name, at=now()))["id"]))

            self.workspaces[name] = await self.database.transact(made, viewer=PROGRAM)
            self.admins[name] = await self._key(KeyScope.ADMIN, name)
        self.people = [
            Person("an anonymous visitor", "ANONYMOUS", visitor := await self.user_token(), await self._name(visitor)),
            Person("a user by a token of ours", "END_USER", await self.user_token("ann"), "ann"),
            Person("a user by a JWT", "END_USER", self._jwt("bea"), "bea"),
            *[
                Person(f"a key of scope {scope}", role, await self._key(scope, HERE))
                for scope, role in (
                    (KeyScope.INGEST, "INGEST"),
                    (KeyScope.READ, "VIEWER"),
                    (KeyScope.WRITE, "EDITOR"),
                    (KeyScope.ADMIN, "ADMIN"),
                )
            ],
            *[
                Person(f"{role} by a JWT", role, self._jwt(f"staff-{role}", role), f"staff-{role}")
                for role in ("VIEWER", "EDITOR", "ADMIN")
            ],
        ]

    async def _key(self, scope: KeyScope, workspace: str) -> str:
        _, secret = await keys.create(self.database, None, scope, viewer=Viewer(self.workspaces[workspace]))
        return secret

    def _jwt(self, user_id: str, role: str = "") -> str:
        return token(sub=user_id, role=[role], tenant=HERE, exp=int(time.time()) + 600)

    async def user_token(self, user_id: str | None = None, workspace: str = HERE) -> str:
        """A token for an end user, or for an anonymous visitor."""
        given = {"anonymous": True} if user_id is None else {"userId": user_id}
        return str((await self.written(workspace, "createUserToken", given, "token"))["token"])

    async def _name(self, credential: str) -> str:
        answer = await self.ask(credential, "{ viewer { userId } }")
        return str(answer.body["data"]["viewer"]["userId"])

    async def ask(
        self,
        credential: str,
        document: str,
        variables: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask over HTTP, with more headers where some are given."""
        body = {"query": document, "variables": variables or {}}
        sent = {"authorization": f"Bearer {credential}", "accept": GRAPHQL_TYPE, **(headers or {})}
        return Answer(await self.http.post("/graphql", json=body, headers=sent))

    async def change(self, credential: str, mutation: str, given: Mapping[str, Any], selection: str) -> Answer:
        """Ask for a mutation."""
        kind = mutation[0].upper() + mutation[1:]
        document = f"mutation ($input: {kind}Input!) {{ {mutation}(input: $input) {{ {selection} }} }}"
        return await self.ask(credential, document, {"input": given})

    async def written(self, workspace: str, mutation: str, given: Mapping[str, Any], selection: str) -> Any:
        """What an admin's mutation has done."""
        answer = await self.change(
            self.admins[workspace], mutation, given, f"{selection} userErrors {{ code field message }}"
        )
        assert answer.codes == [], answer
        payload = answer.body["data"][mutation]
        assert payload["userErrors"] == [], answer
        return payload

    # ------------------------------------------------------------ things

    async def area(self, workspace: str, owner: str) -> Area:
        """Things of an owner; the same ones until they are spent."""
        if (area := self._areas.get((workspace, owner))) is None:
            area = self._areas[workspace, owner] = await self._made(workspace, owner)
        return area

    def spend(self, area: Area) -> None:
        """What is of this area was changed: the next one who asks gets another."""
        self._areas.pop((area.workspace, area.owner), None)

    async def _made(self, workspace: str, owner: str) -> Area:
        area = Area(workspace, owner, f"mark{next(_numbers)}mark")
        mark, made = area.mark, area.ids

        async def write(mutation: str, given: Mapping[str, Any], selection: str) -> Any:
            return await self.written(workspace, mutation, given, selection)

        how = {"systemPrompt": mark, "model": mark, "temperature": 0.5, "config": {"a": mark}}
        made["assistant"] = (await write("createAssistant", {"name": mark, **how}, "assistant { id }"))["assistant"][
            "id"
        ]
        made["tool"] = (await write("createTool", {"name": mark}, "tool { id }"))["tool"]["id"]
        cited = [{"title": mark, "url": f"https://{mark}.example"}]
        conversation = {
            "title": mark,
            "ownerId": owner,
            "externalId": mark,
            "tags": [mark],
            "properties": {mark: mark},
            **how,
            "messages": [
                {"role": "USER", "content": f"Is {mark} here?"},
                {
                    "role": "ASSISTANT",
                    "content": f"Yes, {mark} [1].",
                    "citations": cited,
                    "metadata": {"systemPrompt": mark},
                },
            ],
        }
        below = "conversation { id messages { nodes { id citations { source { id } } } } }"
        found = (await write("createConversation", conversation, below))["conversation"]
        question, answer = found["messages"]["nodes"]
        made |= {"conversation": found["id"], "question": question["id"], "answer": answer["id"]}
        made["source"] = answer["citations"][0]["source"]["id"]
        vote = {"targetId": made["answer"], "rating": "NEGATIVE", "comment": mark}
        vote |= {"authorId": owner, "authorKind": "END_USER"}
        made["feedback"] = (await write("giveFeedback", vote, "feedback { id }"))["feedback"]["id"]
        made["key"] = (await write("createApiKey", {"name": mark, "scope": "READ"}, "apiKey { id }"))["apiKey"]["id"]
        made["workspace"] = ids.encode("Workspace", self.workspaces[workspace])
        return area

    async def with_origins(self, area: Area) -> None:
        """Let all of it have come from an import."""
        async with self.database.write(viewer=PROGRAM) as connection:
            rows = Rows(connection, Viewer(self.workspaces[area.workspace]))
            for name in ("conversation", "question", "feedback", "source", "assistant", "tool"):
                _, key = ids.parse(area[name], name)
                await rows.origin(UUID(str(key)), f"{area.mark}-{name}")

    async def state(self, area: Area) -> Any:
        """All that could be changed of it, as the admin of its workspace sees it."""
        named = [area.ids[name] for name in ("conversation", "question", "answer", "assistant", "tool", "feedback")]
        answer = await self.ask(self.admins[area.workspace], _STATE, {"ids": named})
        assert answer.codes == [], answer
        data = answer.body["data"]
        of_area = [data["nodes"], [key for key in data["apiKeys"] if key["name"] == area.mark], data["workspaces"]]
        self._states[area.mark] = of_area
        return of_area

    async def last_state(self, area: Area) -> Any:
        """The state when it was last asked for: whatever has changed since is found by comparing with the next one."""
        return self._states[area.mark] if area.mark in self._states else await self.state(area)


_STATE: Final = """
query ($ids: [ID!]!) {
  nodes(ids: $ids) {
    ... on Conversation {
      version title tags ownerId updatedAt deletedAt archivedAt executionStatus messageCount currentMessage { id }
      messages(allBranches: true) { nodes { id version content } } opinions: feedback { totalCount }
    }
    ... on Message {
      version content status citations { title } followUpQuestions { question } feedback { rating comment }
    }
    ... on Assistant { version name }
    ... on Tool { version name }
    ... on Feedback { id rating comment updatedAt }
  }
  apiKeys { name revokedAt }
  workspaces { name }
}
"""
