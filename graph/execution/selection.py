"""What is selected at one place of an operation, as a tree: each node completes rows by code or step by step.

`code` writes an expression that knows only the good case. `value` and `named` are the specification's algorithm for the
same rows, called by `Careful`: `value` is what a resolver would return, `named` completes it as the field's named type.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import graphql

from graph.codes import Code
from graph.declared import Asked, Chosen, Computed, Derived, PagePart, Read, Relation, Shape, gone
from graph.execution.careful import Careful, Path
from graph.leaves import bad, coerced, leaf_code, made_code, text_of
from graph.places import Place


class Step:
    """A read for all parents of one place in the operation; it knows nothing of the nodes that refer to it."""

    def __init__(self, index: int, read: Read, shape: Shape | None, parent: Step | None, dialect: str) -> None:
        self.index = index
        self.read = read
        self.shape = shape  # none: pages
        self.parent = parent
        self.end = 0  # behind the last of the steps below it, which come right after it
        above: Step | None = self
        while above is not None:
            above.end, above = index + 1, above.parent
        self.top: int = index if parent is None else parent.top
        self.dialect = dialect
        self.columns: list[str] = []
        self.key = 0  # where the parent's row has the key
        self.leader: int | None = None  # another field of the parent with the same read, which reads for this one
        self.followers: list[Step] = []
        self.when: int | None = None  # where the parent's row says whether there is anything to read
        self.choice: Choice | None = None  # the node that says which of the parents are this step's
        self.type_name: str | None = None
        self.arguments: Callable[[Any], Any] = lambda _: Asked(read)
        """Of a run: what is asked, as `Asked`; of a field of the root without pages the key."""
        self.wanted = True  # whether rows are read at all, and not only counted
        self.counted = False
        self.cursors = False
        self._fetch: Callable[[Any, Any, Any], Awaitable[Any]] | None = None
        self.by_key: Callable[[Any], Mapping[Any, Any]] | None = None  # of what `rows` gives, where it gives no mapping

    @property
    def entrance(self) -> int:  # types that a field of the root chooses from ask its arguments once
        return self.index if self.choice is None else self.choice.first.index

    def rows(self, connection: Any, keys: Any, viewer: Any) -> Awaitable[Any]:
        """Read raw rows by their keys; a read that can be bound to its statement is bound when it is first asked."""
        if self._fetch is None:
            read, columns, bound = self.read, tuple(self.columns), getattr(self.read, "bound", None)
            single = self.parent is None and self.choice is None and self.shape is Shape.ONE
            if (found := bound and bound(connection.dialect, columns, single=single)) is not None:
                self._fetch, self.by_key = found
            else:
                self._fetch = lambda bare, keys, viewer: read(bare, keys, viewer=viewer, columns=columns)
        return self._fetch(connection, keys, viewer)

    def at(self, column: str) -> int:
        """Where rows have the column, which is asked for from now on."""
        if column not in self.columns:
            self.columns.append(column)
        return 1 + self.columns.index(column)

    def converter(self, column: str, *, as_text: bool = False) -> Callable[[Any], Any] | None:
        """What makes Python's value of the driver's."""
        known = self.read.columns[column]
        return text_of(known, self.dialect) if as_text else known.converter(self.dialect)

    def values(self, columns: Sequence[str], row: Sequence[Any], *, as_text: bool = False) -> list[Any]:
        """Python's values of these columns of a raw row."""
        return list(self.taking(columns, as_text=as_text)(row))

    def taking(self, columns: Sequence[str], *, as_text: bool = False) -> Callable[[Any], tuple[Any, ...]]:
        """A function that takes Python's values of these columns out of a raw row."""
        ways = [(self.at(name), self.converter(name, as_text=as_text)) for name in columns]
        return lambda row: tuple([raw if (raw := row[at]) is None or way is None else way(raw) for at, way in ways])

    def of_raw(self, by: Callable[..., Any], columns: Sequence[str], *, as_text: bool = False) -> Callable[..., Any]:
        """A function of the driver's values of these columns, of a function of Python's."""
        ways = [self.converter(name, as_text=as_text) for name in columns]
        if not any(ways):
            return by
        return lambda *raws: by(
            *[raw if raw is None or way is None else way(raw) for raw, way in zip(raws, ways, strict=True)]
        )


class Fields:
    """What is selected of an object."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.items = items
        self.waits: bool = any(item.waits for item in items)

    def code(self, code: Code) -> str:
        outer, code.checks = code.checks, []
        written = f"{{{', '.join(f'{item.place.key!r}: {item.code(code)}' for item in self.items)}}}"
        checks, code.checks = " and ".join(dict.fromkeys(code.checks)), outer
        return f"({written} if {checks} else bad())" if checks else written

    def object(self, careful: Careful, value: Any, path: Path) -> dict[str, Any]:
        """The object; what needs no read comes first, since an error there breaks the others off."""
        found: dict[str, Any] = dict.fromkeys(item.place.key for item in self.items)
        for item in sorted(self.items, key=lambda item: item.waits):
            found[item.place.key] = careful.field(item, value, [*path, item.place.key])
        return found


class Objects:
    """What is selected of Python objects, for each of their types; fields are attributes."""

    def __init__(self, types: Mapping[str, Fields]) -> None:
        self.types = types

    def object(self, careful: Careful, value: Any, path: Path) -> dict[str, Any]:
        only = len(self.types) == 1
        fields = next(iter(self.types.values())) if only else self.types[value.__strawberry_definition__.name]
        return fields.object(careful, value, path)


class Item:
    """A response key of an object. Where its type is one, `fields` are what is selected of it."""

    def __init__(self, place: Place, fields: Fields | Objects | None = None, *, waits: bool = False) -> None:
        self.place = place
        self.fields = fields
        self.waits = waits or (isinstance(fields, Fields) and fields.waits)
        """Whether the field waits for a read: fields that don't are completed first, as in graphql-core."""

    def code(self, code: Code) -> str:
        """An expression for the field's value."""
        raise AssertionError(f"a {type(self).__name__} is no field of a row; {code}")

    def value(self, careful: Careful, row: Any) -> Any:
        """What a resolver would give."""
        raise AssertionError(f"a {type(self).__name__} gives nothing; {careful} {row}")

    def named(self, careful: Careful, value: Any, path: Path) -> Any:
        """A value that is not null, completed as the named type of the field."""
        return coerced(self.place.named, value) if self.fields is None else self.fields.object(careful, value, path)


class Attribute(Item):
    """A field of Python objects."""

    def __init__(self, place: Place, fields: Objects | None, get: Callable[[Any], Any]) -> None:
        super().__init__(place, fields)
        self.get = get

    def value(self, careful: Careful, row: Any) -> Any:
        return self.get(row)


class Constant(Attribute):
    """`__typename`."""

    def __init__(self, place: Place, given: str) -> None:
        super().__init__(place, None, lambda _: given)

    def code(self, code: Code) -> str:
        return repr(self.get(None))


class Leaf(Item):
    """A column as it is."""

    def __init__(self, place: Place, step: Step, column: str) -> None:
        super().__init__(place)
        self.step, self.column, self.at = step, column, step.at(column)

    def code(self, code: Code) -> str:
        raw, column = code.raw(self.at), self.step.read.columns[self.column]
        written, takes_null = leaf_code(code.of, self.place.named, column, self.step.dialect, raw, wired=code.wired)
        if self.place.required:
            code.checks.append(f"{raw} is not None")
        elif not takes_null:
            return f"(None if {raw} is None else {written})"
        return written

    def value(self, careful: Careful, row: Any) -> Any:
        return self.step.values((self.column,), row)[0]


class Made(Item):
    """A value that is computed from columns: a leaf, or plain objects."""

    def __init__(self, place: Place, step: Step, computed: Computed, objects: Objects | None) -> None:
        super().__init__(place, objects)
        self.step, self.computed = step, computed
        for column in computed.columns:
            step.at(column)

    def code(self, code: Code) -> str:
        if self.computed.all_of is not None and code.rows and self.place.required:
            return code.next_of(self.computed.all_of, self.step.at(self.computed.columns[0]))
        by = self.step.of_raw(self.computed.by, self.computed.columns, as_text=self.computed.as_text)
        given = ", ".join(code.raw(self.step.at(name)) for name in self.computed.columns)
        return finished(code, self, f"{code.of(by)}({given})")

    def value(self, careful: Careful, row: Any) -> Any:
        return self.computed.by(*self.step.values(self.computed.columns, row, as_text=self.computed.as_text))


class Inner(Item):
    """An object over the parent's own row: null where none of these columns has a value."""

    def __init__(self, place: Place, fields: Fields, present: Sequence[int]) -> None:
        super().__init__(place, fields)
        self.body, self.present = fields, present

    def code(self, code: Code) -> str:
        is_there = " or ".join(f"{code.raw(at)} is not None" for at in self.present)
        rows, code.rows = code.rows, ""  # not all of them come by
        written, code.rows = self.body.code(code), rows
        return f"({written} if {is_there} else {'bad()' if self.place.required else 'None'})"

    def value(self, careful: Careful, row: Any) -> Any:
        return row if any(row[at] is not None for at in self.present) else None


class Linked(Item):
    """Rows of another read: one or a list for each parent; at the root the one that the arguments name."""

    def __init__(self, place: Place, step: Step, relation: Relation | None, fields: Fields) -> None:
        super().__init__(place, fields, waits=True)
        self.step = step
        self.required = relation is not None and relation.required

    def code(self, code: Code) -> str:
        of = f"c{self.step.index}"
        key = f"k{self.step.index}" if self.step.parent is None else code.raw(self.step.key)
        if self.step.shape is Shape.MANY:
            return f"{of}.get({key}, {code.of([])})"
        return f"{of}[{key}]" if self.place.required else f"{of}.get({key})"

    def value(self, careful: Careful, row: Any) -> Any:
        key = careful.run.given(self.step) if self.step.parent is None else row[self.step.key]
        found = careful.found(self.step, key)
        if found is None and self.required:
            raise gone()
        return [] if found is None and self.step.shape is Shape.MANY else found


class Choice(Item):
    """A row of one of several types, each with a step of its own; or a list of such."""

    def __init__(self, place: Place, parent: Step | None, chosen: Chosen, branches: Mapping[str, tuple[Step, Fields]]):
        super().__init__(place, waits=True)
        self.parent, self.chosen, self.branches = parent, chosen, branches
        self.first = next(iter(branches.values()))[0]
        self.columns = [] if parent is None else [parent.at(name) for name in chosen.columns]

    def picked(self, row: Any) -> Any:
        """The type and the key of what a parent's row shows, as raw as the row; or a list of these."""
        return self.chosen.pick(*[row[at] for at in self.columns])

    def pairs(self, picked: Any) -> Any:  # what was picked as a list
        return picked if self.chosen.many else (picked,)

    def code(self, code: Code) -> str:
        of = f"t{self.first.index}"
        by_type = ", ".join(f"{name!r}: c{step.index}" for name, (step, _) in self.branches.items())
        code.heads.append(f"{of} = {{{by_type}}}")
        given = ", ".join(code.raw(at) for at in self.columns)
        picked = f"k{self.first.index}" if self.parent is None else f"{code.of(self.chosen.pick)}({given})"
        shown = self.place.bare.of_type if self.chosen.many else self.place.type
        get = "[q[1]]" if graphql.is_non_null_type(shown) or self.chosen.required else ".get(q[1])"
        return f"[{of}[q[0]]{get} for q in {picked}]" if self.chosen.many else f"{of}[(q := {picked})[0]]{get}"

    def value(self, careful: Careful, row: Any) -> Any:
        picked = careful.run.given(self.first) if self.parent is None else self.picked(row)
        return [self._one(careful, *each) for each in picked] if self.chosen.many else self._one(careful, *picked)

    def _one(self, careful: Careful, type_name: str, key: Any) -> Any:
        row = careful.found(self.branches[type_name][0], key)
        if row is None and self.chosen.required:
            raise gone()
        return None if row is None else (type_name, row)

    def named(self, careful: Careful, value: Any, path: Path) -> Any:
        return self.branches[value[0]][1].object(careful, value[1], path)


class Drawn(Item):
    """A value that is made of what a read has for the parent: a leaf, or plain objects."""

    def __init__(self, place: Place, parent: Step, step: Step, derived: Derived, objects: Objects | None) -> None:
        super().__init__(place, objects, waits=True)
        self.parent, self.step, self.derived = parent, step, derived
        for name in derived.needs:
            step.at(name)
        for name in derived.columns:
            parent.at(name)

    def _made(self) -> Callable[..., Any]:
        """A function of what was found, and of the values of the parent's columns."""
        take, by = self.step.taking(self.derived.needs), self.derived.by
        if self.step.shape is Shape.MANY:
            return lambda found, *values: by([take(row) for row in found or ()], *values)
        return lambda found, *values: by(None if found is None else take(found), *values)

    def code(self, code: Code) -> str:
        made, given = self._made(), ", ".join(code.raw(self.parent.at(name)) for name in self.derived.columns)
        by = self.parent.of_raw(lambda *values: lambda found: made(found, *values), self.derived.columns)
        return finished(code, self, f"{code.of(by)}({given})(c{self.step.index}.get({code.raw(self.step.key)}))")

    def value(self, careful: Careful, row: Any) -> Any:
        is_read = self.step.when is None or row[self.step.when]
        found = careful.found(self.step, row[self.step.key]) if is_read else None
        return self._made()(found, *self.parent.values(self.derived.columns, row))


def finished(code: Code, item: Item, value: str) -> str:
    """An expression that completes the Python value of another one: leaves at once, lists and objects step by step."""
    place = item.place
    if graphql.is_leaf_type(place.bare):
        return made_code(code.of, place.named, value, required=place.required)

    is_text = graphql.is_list_type(place.bare) and str(place.bare.of_type) in ("String", "String!", "ID", "ID!")

    def complete(value: Any) -> Any:
        if is_text and type(value) is list and {*map(type, value)} <= {str}:
            return value
        careful = Careful(None)
        completed = careful.complete(item, place.type, value, [])
        return bad() if careful.errors else completed

    return f"{code.of(complete)}({value})"


class Paging(Item):
    """A connection: a page for each parent."""

    def __init__(self, place: Place, step: Step, fields: Fields) -> None:
        super().__init__(place, fields, waits=True)
        self.step = step

    def code(self, code: Code) -> str:
        return f"c{self.step.index}[{'None' if self.step.parent is None else code.raw(self.step.key)}]"

    def value(self, careful: Careful, row: Any) -> Any:
        key = None if self.step.parent is None else row[self.step.key]
        page = careful.found(self.step, key)
        return page if isinstance(page, Exception) else (key, page)


_END: Final = "(p.cursor(p.rows[{}]) if p.rows else None)"
_PARTS: Final[Mapping[PagePart, tuple[str, Callable[[Any, Any], Any]]]] = {
    PagePart.NODES: ("p.rows", lambda _, page: page.rows),
    PagePart.EDGES: ("p.rows", lambda _, page: [(row, page) for row in page.rows]),
    PagePart.NODE: ("", lambda row, _: row),
    PagePart.CURSOR: ("p.cursor(r)", lambda row, page: page.cursor(row)),
    PagePart.PAGE_INFO: ("", lambda key, page: (key, page)),
    PagePart.TOTAL_COUNT: ("(n if (n := total.get(k, 0)).__class__ is int else bad())", lambda key, _: key),
    PagePart.HAS_NEXT: ("p.has_next", lambda _, page: page.has_next),
    PagePart.HAS_PREVIOUS: ("p.has_previous", lambda _, page: page.has_previous),
    PagePart.START_CURSOR: (_END.format(0), lambda _, page: page.cursor(page.rows[0]) if page.rows else None),
    PagePart.END_CURSOR: (_END.format(-1), lambda _, page: page.cursor(page.rows[-1]) if page.rows else None),
}
"""For each part of a page: the code of it or of its items, where `p` is the page, `k` its key and `r` a row of it; and
the value, of the key or the row, and the page."""


class PageField(Item):
    """A field of a connection, of PageInfo or of an edge; its parent is a key with its page, or a row with its page."""

    def __init__(self, place: Place, step: Step, part: PagePart, fields: Fields | None) -> None:
        super().__init__(place, fields, waits=part is PagePart.TOTAL_COUNT)
        self.step, self.part, self.body = step, part, fields

    def code(self, code: Code) -> str:
        written, _ = _PARTS[self.part]
        if self.body is None:
            return written
        return f"[{self.body.code(code)} for {code.row} in {written}]" if written else self.body.code(code)

    def value(self, careful: Careful, row: Any) -> Any:
        value = _PARTS[self.part][1](*row)
        return careful.run.total(self.step, value) if self.part is PagePart.TOTAL_COUNT else value
