"""Whether a printed schema is the one of this version, and what a client would notice."""

from graphql import build_schema
from graphql.utilities import find_breaking_changes, find_dangerous_changes

from db.errors import InvalidInput


def compare(written: str, present: str) -> list[str]:
    """A line for each difference that matters to clients; one line where only words or order differ; none where equal.

    Raises InvalidInput where `written` is no schema.
    """
    if written == present:
        return []
    try:
        old = build_schema(written)
    except Exception as error:
        raise InvalidInput(f"the file is no GraphQL schema: {error}", field="check") from error
    new = build_schema(present)
    lines = [f"breaking: {change.description}" for change in find_breaking_changes(old, new)]
    lines += [f"dangerous: {change.description}" for change in find_dangerous_changes(old, new)]
    return lines or ["the schema differs in additions, descriptions or order only"]
