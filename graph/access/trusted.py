"""Trusted documents: those that the clients were built with, known by id before anybody asks.

The manifest is what GraphQL Code Generator (`persisted-documents.json`) and relay-compiler (`persistConfig.file`)
write: a JSON object of the documents' texts by their ids. A request then names a document, `{"documentId": "..."}`, and
the server can be told to run nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from graphql import GraphQLError, GraphQLSchema, parse, validate

from db.errors import ColloquyError
from graph import wire
from graph.errors import NAME_SHOWN, ErrorCode, coded


class BadManifest(ColloquyError):
    """A manifest that cannot be used: the message names the file, the document and what is wrong with it."""


class Trusted:
    """The documents of a manifest.

    Args:
        texts: the documents' texts by their ids.
        only: whether no other document may be executed.
    """

    __slots__ = ("_known", "_texts", "only")

    def __init__(self, texts: Mapping[str, str], *, only: bool = False) -> None:
        self._texts = dict(texts)
        self._known = frozenset(self._texts.values())
        self.only = only

    def __len__(self) -> int:
        return len(self._texts)

    @classmethod
    def load(cls, path: Path, schema: GraphQLSchema, *, only: bool = False) -> Trusted:
        """The documents of a manifest, each valid for the schema.

        Raises:
            BadManifest: the file cannot be read, is no such object, or holds a document that is not valid.
        """
        try:
            found = wire.decode(path.read_bytes())
        except OSError as error:
            raise BadManifest(f"The trusted documents cannot be read: {path}: {error.strerror}") from None
        except wire.NotJSON as error:
            raise BadManifest(f"The trusted documents in {path}: the file {error.reason}") from None
        if not isinstance(found, dict):
            raise BadManifest(f"The trusted documents in {path} must be a JSON object of texts by their ids")
        for name, text in found.items():
            if not isinstance(text, str):
                raise BadManifest(f"The trusted documents in {path}: {name[:NAME_SHOWN]} is no text")
            if (wrong := _wrong_with(text, schema)) is not None:
                raise BadManifest(f"The trusted documents in {path}: {name[:NAME_SHOWN]} is not valid: {wrong}")
        return cls(found, only=only)

    @classmethod
    def of(cls, path: str, schema: GraphQLSchema, *, only: bool) -> Trusted | None:
        """The documents that the settings name; None where any document may be executed and none is known by id.

        Raises:
            BadManifest: as `load`, and where nothing could be executed at all.
        """
        if path:
            return cls.load(Path(path), schema, only=only)
        if only:
            raise BadManifest("Only trusted documents are to be executed, and no file of them is named")
        return None

    def text(self, id: str) -> str | None:
        """The text of the document with this id."""
        return self._texts.get(id)

    def refused(self, text: str | None) -> GraphQLError | None:
        """The error of a document that may not be executed, by its text."""
        if not self.only or text in self._known:
            return None
        return coded(
            "This server executes trusted documents only: name one by its `documentId`.",
            ErrorCode.FORBIDDEN,
            field="query",
        )


def _wrong_with(text: str, schema: GraphQLSchema) -> str | None:
    try:
        document = parse(text)
    except GraphQLError as error:
        return error.message
    errors = validate(schema, document, max_errors=1)
    return errors[0].message if errors else None
