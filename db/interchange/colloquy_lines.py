"""The lines of the native format: {"colloquy": 1, "<kind>": {...}}, written and read.

A field is left out where its value follows from the rest: null where it may be null, else the column's default, or what
the kind implies. Where null is not what would follow, it is written. Keys always stand in the same order, times are RFC
3339 with six digits and Z, values of JSON are as they are stored: so equal rows make equal bytes.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

from db import jsons
from db.interchange.base import BadRecord
from db.interchange.colloquy_fields import REQUIRED, Field, shown
from db.interchange.colloquy_kinds import LINES, ORIGIN, VERSION, Kind, Node, Place

VERSION_OF_FORMAT: Final = 1

MARK: Final = "colloquy"
"""The key by which a line is known, its value the format's version."""

LEVELS: Final = 16
"""Levels of nesting that a line may have beyond those of the values in it."""

_Record = dict[str, Any]


def line_of(kind: Kind, node: Node) -> bytes:
    """The line of a record, with its line feed."""
    return f"{jsons.dump({MARK: VERSION_OF_FORMAT, kind.name: encode(kind, node)})}\n".encode("ascii")


def fits(record: object) -> bool:
    """Whether a parsed line is one of this format, of whatever version."""
    if not isinstance(record, dict):
        return False
    version = record.get(MARK)
    return isinstance(version, int) and not isinstance(version, bool) and any(name in record for name in LINES)


def read_line(record: object) -> tuple[Kind, Node]:
    """The kind and the row of a parsed line. Raises BadRecord, naming the field and what would be right."""
    if not isinstance(record, dict):
        raise BadRecord(f"a line must be an object, not {shown(record)}")
    if not (isinstance(version := record.get(MARK), int) and version == VERSION_OF_FORMAT and version is not True):
        raise BadRecord(
            f"{MARK}: must be {VERSION_OF_FORMAT}, the version of the format that this program reads, not "
            f"{shown(version)}"
        )
    names = [name for name in record if name != MARK]
    if len(names) != 1 or names[0] not in LINES:
        raise BadRecord(
            f"a line must have one of the keys {', '.join(LINES)} beside {MARK}, not "
            f"{', '.join(map(shown, names)) or 'none'}"
        )
    kind = LINES[names[0]]
    return kind, decode(kind, record[names[0]], names[0])


def encode(kind: Kind, node: Node, place: Place = Place()) -> _Record:
    """The record of a row and all below it."""
    implied = kind.implied(node, place)
    record: _Record = {}
    for field in kind.fields:
        column = field.column
        value = node.values[column]
        default = implied.get(column, field.default)
        if value is None:
            if default is None:
                continue
        elif default is not REQUIRED and value == default:
            continue
        elif field.codec.show is not None:
            value = field.codec.show(value)
        (record if field.group is None else record.setdefault(field.group, {}))[field.key] = value
    for key, values in kind.lists.items():
        if listed := node.lists.get(key):
            show = values.codec.show
            record[key] = [*listed] if show is None else [show(each) for each in listed]
    for key, below in kind.children.items():
        # Parts are given even where there are none: a message without the key has its content as its one part.
        if (nodes := node.children.get(key)) or (nodes is not None and key == "contentParts"):
            record[key] = [encode(below, each, at) for each, at in _placed(node, nodes)]
    if node.origin is not None:
        record["origin"] = encode(ORIGIN, node.origin)
    if node.versions:
        record["recordVersions"] = [encode(VERSION, each) for each in node.versions]
    return record


def _placed(holder: Node, nodes: list[Node]) -> Iterator[tuple[Node, Place]]:
    before: Node | None = None
    for index, node in enumerate(nodes):
        yield node, Place(holder, index, before)
        before = node


def decode(kind: Kind, record: object, path: str, place: Place = Place()) -> Node:
    """The row of a record, with all below it; `path` is where it stands, for messages. Raises BadRecord."""
    if not isinstance(record, dict):
        raise BadRecord(f"{path}: must be an object, not {shown(record)}")
    if (unknown := next((key for key in record if key not in kind.keys), None)) is not None:
        raise BadRecord(f"{path}: {shown(unknown)} is no field of it; there are {', '.join(kind.keys)}")
    node = Node({})
    left_out = _decode_fields(kind, record, path, node)
    for key, values in kind.lists.items():
        if record.get(key) is not None:
            node.lists[key] = _decode_list(values.codec.take, record[key], f"{path}.{key}")
    for key, below in kind.children.items():
        if record.get(key) is not None:
            node.children[key] = _decode_children(below, record[key], f"{path}.{key}", node)
    if left_out:
        implied = kind.implied(node, place)
        node.values |= {column: implied[column] for column in left_out}
    if kind.entity is not None:
        if record.get("origin") is not None:
            node.origin = decode(ORIGIN, record["origin"], f"{path}.origin")
        if record.get("recordVersions") is not None:
            node.versions = _decode_children(VERSION, record["recordVersions"], f"{path}.recordVersions", node)
    return node


def _decode_fields(kind: Kind, record: _Record, path: str, node: Node) -> list[str]:
    """Fill in the columns that the record gives or that have a default; give those that something else implies."""
    node.values = kind.defaults.copy()
    given: set[str] = set()
    for key, value in record.items():
        if (field := kind.by_key.get(key)) is not None:
            node.values[field.column] = _taken(field, value, path)
            given.add(field.column)
        elif (group := kind.groups.get(key)) is not None and value is not None:
            if not isinstance(value, dict):
                raise BadRecord(f"{path}.{key}: must be an object, not {shown(value)}")
            for name, one in value.items():
                if (field := group.get(name)) is None:
                    raise BadRecord(f"{path}.{key}: {shown(name)} is no field of it; there are {', '.join(group)}")
                node.values[field.column] = _taken(field, one, path)
                given.add(field.column)
    for field in kind.required:
        if field.column not in given:
            raise BadRecord(f"{path}.{field.path}: is missing")
    return [column for column in kind.implies if column not in given]


def _taken(field: Field, value: Any, path: str) -> Any:
    if value is None:
        if not field.nullable:
            raise BadRecord(f"{path}.{field.path}: must not be null")
        return None
    try:
        return field.codec.take(value)
    except BadRecord as error:
        raise BadRecord(f"{path}.{field.path}: {error}") from None


def _decode_list(take: Callable[[Any], Any], values: object, path: str) -> list[Any]:
    if not isinstance(values, list):
        raise BadRecord(f"{path}: must be an array, not {shown(values)}")
    taken: dict[Any, None] = {}
    for index, value in enumerate(values):
        try:
            one = take(value)
        except BadRecord as error:
            raise BadRecord(f"{path}[{index}]: {error}") from None
        if one in taken:
            raise BadRecord(f"{path}[{index}]: {shown(value)} is there twice")
        taken[one] = None
    return list(taken)


def _decode_children(kind: Kind, records: object, path: str, holder: Node) -> list[Node]:
    if not isinstance(records, list):
        raise BadRecord(f"{path}: must be an array, not {shown(records)}")
    nodes: list[Node] = []
    for index, record in enumerate(records):
        place = Place(holder, index, nodes[-1] if nodes else None)
        nodes.append(decode(kind, record, f"{path}[{index}]", place))
    return nodes
