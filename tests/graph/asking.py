"""Asking the schema as a client of it does, without HTTP."""

from pathlib import Path
from typing import Any

from db.database import Database
from db.viewer import DEFAULT_VIEWER, Viewer
from graph.access.limits import DEFAULT_BOUNDS, Bounds
from graph.context import Context
from graph.schema import schema

OPERATIONS = Path(__file__).parent / "operations"


class Client:
    """Asks as the viewer of the default workspace, or as another: by an operation's text, or the name of its file."""

    def __init__(self, database: Database, bounds: Bounds = DEFAULT_BOUNDS) -> None:
        self.database = database
        self.bounds = bounds

    async def ask(self, document: str, viewer: Viewer = DEFAULT_VIEWER, **variables: Any) -> dict[str, Any]:
        """The data; an error is a failed test."""
        data, errors = await self.both(document, viewer, **variables)
        assert errors == []
        assert data is not None
        return data

    async def both(
        self, document: str, viewer: Viewer = DEFAULT_VIEWER, **variables: Any
    ) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
        """The data and the errors."""
        if "{" not in document:
            document = (OPERATIONS / f"{document}.graphql").read_text()
        context = Context(self.database, viewer, bounds=self.bounds)
        result = await schema.execute(document, variable_values=variables, context_value=context)
        return result.data, [dict(error.formatted) for error in result.errors or ()]

    async def refusal(self, document: str, **variables: Any) -> dict[str, Any]:
        """The one error, by its code, field and message."""
        _, errors = await self.both(document, **variables)
        assert len(errors) == 1, errors
        return {**errors[0]["extensions"], "message": errors[0]["message"]}
