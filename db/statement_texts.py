"""What a statement's text does, as far as a wall around it has to know: which tables it names, and which it changes.

A text that could name a table unseen is refused: by a comment, by texts and names of special kinds, with a schema in
front, by a second statement behind the first. No statement of this package needs any of that.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Final, NamedTuple


class Unwalled(RuntimeError):
    """A statement around which there can be no wall: a fault of this package. It was not executed."""


class Token(NamedTuple):
    """A piece of a text."""

    kind: str
    text: str
    start: int
    end: int
    depth: int
    """In how many brackets it stands."""

    @property
    def word(self) -> str:
        """The word in capitals, where it is one that stands without quotes."""
        return self.text.upper() if self.kind == "word" else ""


class Anatomy(NamedTuple):
    """What a statement is made of."""

    tokens: Sequence[Token]
    verb: Token
    """What says what it does: SELECT, INSERT, ..."""
    target: Token | None
    """The table that it changes."""
    changed: str
    """That table's name, where its rows are found first, by UPDATE or DELETE."""
    mentioned: tuple[str, ...]
    """The tables that are named where a table can be, in the order of the text."""
    numbered: int
    """Its parameters, as PostgreSQL numbers them."""


_TOKEN: Final = re.compile(
    r"""(?P<space>\s+)
    |(?P<comment>--|/\*)
    |(?P<string>'(?:[^']|'')*')
    |(?P<quoted>"(?:[^"]|"")*"|`(?:[^`]|``)*`)
    |(?P<number>\d[\w.]*|\.\d\w*)
    |(?P<parameter>\$\d+|\?\d*)
    |(?P<word>[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)

_OF_TRANSACTIONS: Final = frozenset({"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"})
_READS: Final = frozenset({"SELECT", "VALUES"})
CHANGES: Final = frozenset({"INSERT", "UPDATE", "DELETE"})
_NEVER: Final = frozenset({"MERGE", "TRUNCATE", "COPY"})
_LOCKS: Final = frozenset({"UPDATE", "SHARE", "NO", "KEY"})
_ODD: Final = {"sqlite": "'\"`;[:@$", "postgresql": "'\"`;$"}
"""What stands alone only where a text is not closed, or begins a name of another kind, or ends the statement."""
_INTRODUCED: Final = {"INSERT": "INTO", "DELETE": "FROM"}
_FOLLOWED: Final = {
    "INSERT": {"", "VALUES", "SELECT", "DEFAULT"},
    "UPDATE": {"SET"},
    "DELETE": {"", "WHERE", "RETURNING"},
}
"""What comes behind the table's name; "" is the end, or no word."""


def anatomy_of(text: str, dialect: str, tables: Collection[str]) -> Anatomy | None:
    """What the statement is made of; None of one that has nothing to do with rows. Raises Unwalled."""
    tokens = _tokens(text, dialect)
    if not tokens or tokens[0].word in _OF_TRANSACTIONS or [token.word for token in tokens[:2]] == ["SET", "LOCAL"]:
        return None
    place = _verb(tokens)
    verb, target = tokens[place], _target(tokens, place)
    changed = ""
    if target is not None and verb.word != "INSERT":
        changed = _name(target, dialect)
        if changed not in tables:
            raise Unwalled(f"{changed} is no table")
    numbers = [int(token.text[1:]) for token in tokens if token.kind == "parameter" and dialect != "sqlite"]
    return Anatomy(tokens, verb, target, changed, _mentioned(tokens, dialect, tables, target), max(numbers, default=0))


def _tokens(text: str, dialect: str) -> list[Token]:
    """The text in pieces, without blanks. Raises Unwalled for what a name could hide in."""
    found: list[Token] = []
    depth = 0
    for match in _TOKEN.finditer(text):
        kind, piece = str(match.lastgroup), match.group()
        if kind == "space":
            continue
        if kind == "comment":
            raise Unwalled("it has a comment")
        if kind == "other":
            if piece in _ODD[dialect]:
                raise Unwalled(f"it has {piece} outside of a text")
            depth += (piece == "(") - (piece == ")")
        adjoins = bool(found) and found[-1].end == match.start()
        special = adjoins and (found[-1].kind in ("word", "string", "quoted") or found[-1].text == "&")
        if kind in ("string", "quoted") and special:
            raise Unwalled("it has a text of a special kind")  # E'\'', U&"..." and the like
        if kind == "parameter" and dialect == "sqlite" and piece != "?":
            raise Unwalled("its parameters are numbered")
        found.append(Token(kind, piece, match.start(), match.end(), depth))
    if depth:
        raise Unwalled("its brackets don't match")
    return found


def _name(token: Token, dialect: str) -> str:
    """What the token names if it names something; SQLite takes even a text for a name where one is needed."""
    if token.kind == "word":
        return token.text.lower()
    if token.kind == "quoted" or (token.kind == "string" and dialect == "sqlite"):
        quote = token.text[0]
        inner = token.text[1:-1].replace(quote * 2, quote)
        return inner.lower() if dialect == "sqlite" else inner
    return ""


def _verb(tokens: Sequence[Token]) -> int:
    """The place of the word that says what the statement does. Raises Unwalled for one that cannot have a wall."""
    place = 0
    if tokens[0].word == "WITH":
        known = _READS | CHANGES
        place = next((n for n, token in enumerate(tokens) if not token.depth and token.word in known), 0)
    found = tokens[place].word
    if found not in _READS | CHANGES and tokens[place].text != "(":
        raise Unwalled(f"it begins with {tokens[0].text}")
    for n, token in enumerate(tokens):
        before = tokens[n - 1].word if n else ""
        behind = tokens[n + 1].word if n + 1 < len(tokens) else ""
        if before == "FOR" and token.word in _LOCKS:
            raise Unwalled("it locks rows, which it would not inside of a wall")
        on_conflict = found == "INSERT" and before == "DO" and not token.depth
        if token.word in CHANGES and n != place and not on_conflict:
            raise Unwalled(f"it has {token.text} inside")
        if (token.word in _NEVER and behind) or (token.word == "INTO" and found != "INSERT"):
            raise Unwalled(f"it has {token.text} inside")
    return place


def _target(tokens: Sequence[Token], verb: int) -> Token | None:
    """The table that a statement changes."""
    word = tokens[verb].word
    if word not in CHANGES:
        return None
    place = verb + 1 + (word in _INTRODUCED)
    if place >= len(tokens):
        raise Unwalled("it ends too early")
    behind = tokens[place + 1].word if place + 1 < len(tokens) else ""
    if tokens[place - 1].word != _INTRODUCED.get(word, word) or behind not in _FOLLOWED[word]:
        raise Unwalled("it names its table in an unusual way")
    return tokens[place]


def _mentioned(tokens: Sequence[Token], dialect: str, tables: Collection[str], target: Token | None) -> tuple[str, ...]:
    """The tables that are named where a table can be. Raises Unwalled for one that is named with its schema."""
    found: dict[str, None] = {}
    for n, token in enumerate(tokens):
        name = _name(token, dialect)
        if name not in tables:
            continue
        if n and tokens[n - 1].text == ".":
            raise Unwalled(f"it names {name} with something in front")
        qualifies = n + 1 < len(tokens) and tokens[n + 1].text == "."
        if token is not target and not qualifies:
            found[name] = None
    return tuple(found)
