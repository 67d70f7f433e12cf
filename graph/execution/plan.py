"""The plan of an operation: its selections as a tree of nodes, its reads as steps, and the code that completes these.

Fragments, merged selections, @skip and @include are graphql-core's own affair. A plan holds for all requests with the
same values of the Boolean variables; of any other variable nothing is known until a run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import graphql
from graphql import GraphQLObjectType, is_abstract_type, is_leaf_type, is_object_type
from graphql.execution import collect_fields as collecting
from graphql.execution.values import VariableValues

from graph import declared
from graph.arguments import asking
from graph.codes import Code, compiled
from graph.declared import PagePart, Read, Shape, fitting
from graph.execution import selection
from graph.execution.selection import Fields, Item, Objects, PageField, Step
from graph.leaves import bad
from graph.places import Place


class Unplanned(Exception):
    """The operation is graphql-core's; says why."""


if TYPE_CHECKING:
    from graph.execution.operations import Operation

Delegated = dict[str, collecting.FieldDetailsList]
Functions = tuple[Sequence[Callable[..., Mapping[Any, Any]] | None], Callable[..., dict[str, Any]]]
"""For each step: found rows, counts and the finished values of all steps to finished values by key; and the root's."""


class Plan:
    """The steps of an operation in the order of reading, the tree of its selections, and the code for the data."""

    def __init__(self, steps: list[Step], bodies: Mapping[int, Fields], root: Fields, delegated: Delegated) -> None:
        self.steps = steps
        self.bodies = bodies
        """For steps what is selected of their rows or pages; not for those whose rows are for a `Drawn`."""
        self.root = root
        self.delegated = delegated
        """Fields of the root with ordinary resolvers: graphql-core executes these."""
        tops = list(dict.fromkeys(steps[step.top].entrance for step in steps))
        self.halves = [[each for each in steps if tops.index(steps[each.top].entrance) % 2 == half] for half in (0, 1)]
        """The steps apart for two connections, by fields of the root; the second is empty where there is one."""
        self.has_halves = all(self.halves)
        self._functions: dict[bool, Functions] = {}

    def functions(self, *, wired: bool) -> Functions:
        """The generated functions; `wired`: the data goes to `wire.encode` and nowhere else."""
        if wired not in self._functions:
            self._functions[wired] = _generate(self, wired)
        return self._functions[wired]


class Planner:
    """Makes the plan of an operation. Raises Unplanned."""

    def __init__(self, operation: Operation, variables: VariableValues, dialect: str) -> None:
        self._schema, self._fragments, self._operation = operation.schema, operation.details, operation.node
        self._variables, self._dialect = variables, dialect
        self._steps, self._bodies, self._columns = list[Step](), dict[int, Fields](), list[Sequence[str]]()
        self._delegated: Delegated = {}

    def plan(self) -> Plan:
        """The plan."""
        if any(fragment.definition.variable_definitions for fragment in self._fragments.values()):
            raise Unplanned("fragment arguments")
        if self._operation.operation is not graphql.OperationType.QUERY:
            raise Unplanned(self._operation.operation.value)
        if any(directive.name.value not in ("skip", "include") for directive in self._operation.directives or ()):
            raise Unplanned("directive on the operation")
        root = self._schema.query_type
        assert root is not None, "every schema has queries"
        collected = collecting.collect_fields(self._schema, self._fragments, self._variables, root, self._operation)
        for _ in range(2):  # the first time to learn the columns: in one order for all texts they are fewer statements
            self._columns = [fitting(step.read, step.columns) for step in self._steps]
            self._steps, self._bodies = [], {}
            items = [self._of_root(place) for place in self._places(root, collected)]
        if self._delegated and not self._steps:
            raise Unplanned("ordinary resolvers only")
        return Plan(self._steps, self._bodies, Fields(items), self._delegated)

    def _selected(self, type_: GraphQLObjectType, place: Place) -> list[Place]:
        """What is selected of an object of that type."""
        found = collecting.collect_subfields(
            self._schema, self._fragments, self._variables, self._operation, type_, place.details
        )
        return self._places(type_, found)

    def _places(self, parent: GraphQLObjectType, collected: collecting.CollectedFields) -> list[Place]:
        if collected.new_defer_usages:
            raise Unplanned("@defer")
        places = []
        for key, details in collected.grouped_field_set.items():
            name = details[0].node.name.value
            for directive in (each for detail in details for each in detail.node.directives or ()):
                if directive.name.value not in ("skip", "include"):
                    raise Unplanned(f"@{directive.name.value}")
            if name.startswith("__") and name != "__typename":
                raise Unplanned("introspection")
            definition = self._schema.get_field(parent, name)
            assert definition is not None, "the document is valid"
            field = definition.extensions.get("strawberry-definition")
            places.append(Place(key, parent.name, name, details, definition, field))
        return places

    def _of_root(self, place: Place) -> Item:
        planned = place.planned
        match planned:
            case str():
                return selection.Constant(place, planned)
            case declared.Paged():
                return self._paging(place, None, planned)
            case declared.Found():
                step = self._step(planned.read, Shape.ONE, None)
                step.arguments = self._asking(place, planned.raw(self._dialect))
                return selection.Linked(place, step, None, self._body(step, place))
            case declared.Chosen():
                return self._choice(place, None, planned)
        self._delegated[place.key] = place.details
        return selection.Constant(place._replace(definition=graphql.TypeNameMetaFieldDef), "")  # its turn in the answer

    def _asking(self, place: Place, function: Callable[..., Any]) -> Callable[[Any], Any]:
        """A function of a run of a function of a field's arguments."""
        assert place.field is not None, "only fields of ours have arguments"
        ask = asking(self._schema, place.definition, place.field, place.nodes[0], function)
        return lambda run: ask(run.variables)

    def _step(self, read: Read, shape: Shape | None, parent: Step | None) -> Step:
        step = Step(len(self._steps), read, shape, parent, self._dialect)
        step.columns += self._columns[step.index] if self._columns else ()
        self._steps.append(step)
        return step

    def _below(self, parent: Step, planned: declared.Relation | declared.Derived, when: str | None = None) -> Step:
        """The step of a field of the parent: one that reads what another one does is read by it."""
        step = self._step(planned.read, planned.shape, parent)
        step.key = parent.at(planned.key)
        step.when = None if when is None else parent.at(when)
        for other in self._steps[:-1]:
            alike = (other.read, other.shape, other.parent, other.when) == (step.read, step.shape, parent, step.when)
            if alike and other.leader is None and other.choice is None:
                other.followers.append(step)
                step.leader, step.columns = other.index, other.columns
        return step

    def _body(self, step: Step, place: Place, type_: GraphQLObjectType | None = None) -> Fields:
        found = self._bodies[step.index] = self._fields(step, place, type_)
        return found

    def _fields(self, step: Step, place: Place, type_: GraphQLObjectType | None = None) -> Fields:
        """What is selected of an object over a step's rows; the type is the field's, or one that it may be."""
        type_ = type_ or place.named
        if not is_object_type(type_):
            raise Unplanned(f"abstract {place.parent}.{place.name}")
        return Fields([self._item(step, each) for each in self._selected(type_, place)])

    def _item(self, step: Step, place: Place) -> Item:
        planned, field = place.planned, place.field
        match planned:
            case str():
                return selection.Constant(place, planned)
            case declared.Computed():
                return selection.Made(place, step, planned, self._objects(place))
            case declared.Part():
                return selection.Inner(place, self._fields(step, place), [step.at(name) for name in planned.columns])
            case declared.Relation():
                below = self._below(step, planned)
                return selection.Linked(place, below, planned, self._body(below, place))
            case declared.Derived():
                below = self._below(step, planned, planned.when)
                return selection.Drawn(place, step, below, planned, self._objects(place))
            case declared.Paged():
                return self._paging(place, step, planned)
            case declared.Chosen():
                return self._choice(place, step, planned)
        column = planned.column if isinstance(planned, declared.Stored) else field.python_name if field else ""
        is_column = isinstance(planned, declared.Stored) or (planned is None and field and not field.base_resolver)
        if is_column and column in step.read.columns and is_leaf_type(place.bare):
            return selection.Leaf(place, step, column)
        raise Unplanned(f"{place.parent}.{place.name}")

    def _objects(self, place: Place) -> Objects | None:
        """What is selected of Python objects; None of leaves."""
        named = place.named
        if is_leaf_type(named):
            return None
        types = self._schema.get_possible_types(named) if is_abstract_type(named) else [named]
        return Objects({each.name: Fields(list(map(self._attribute, self._selected(each, place)))) for each in types})

    def _attribute(self, place: Place) -> Item:
        if place.field is None:
            return selection.Constant(place, place.parent)
        if place.field.base_resolver is not None or place.field.metadata:
            raise Unplanned(f"{place.parent}.{place.name}")
        return selection.Attribute(place, self._objects(place), attrgetter(place.field.python_name))

    def _choice(self, place: Place, parent: Step | None, chosen: declared.Chosen) -> selection.Choice:
        def pick(**given: Any) -> Any:
            found = chosen.pick(**given)
            raw = [(name, declared.raw_key(key, self._dialect)) for name, key in (found if chosen.many else [found])]
            return raw if chosen.many else raw[0]

        branches = {}
        for type_ in self._schema.get_possible_types(place.named):
            step = self._step(chosen.reads[type_.name], Shape.ONE, parent)
            step.type_name = type_.name
            if parent is None:
                step.arguments = self._asking(place, pick)
            branches[type_.name] = (step, self._body(step, place, type_))
        choice = selection.Choice(place, parent, chosen, branches)
        for step, _ in branches.values():
            step.choice = choice
        return choice

    def _paging(self, place: Place, parent: Step | None, paged: declared.Paged) -> selection.Paging:
        step = self._step(paged.read, None, parent)
        step.arguments = self._asking(place, paged.ask)
        if parent is not None:
            step.key = parent.at(paged.key)
        body = self._bodies[step.index] = self._parts(step, place)
        parts = {item.part for item in body.items if isinstance(item, PageField)}
        step.wanted = bool(parts - {PagePart.TOTAL_COUNT})
        return selection.Paging(place, step, body)

    def _parts(self, step: Step, place: Place) -> Fields:
        items: list[Item] = []
        for each in self._selected(place.named, place):
            part, fields = each.planned, None
            if isinstance(part, str):
                items.append(selection.Constant(each, part))
                continue
            if not isinstance(part, PagePart):
                raise Unplanned(f"{each.parent}.{each.name}")
            if part in (PagePart.NODES, PagePart.NODE):
                fields = self._fields(step, each)
            elif is_object_type(each.named):
                fields = self._parts(step, each)
            step.counted = step.counted or part is PagePart.TOTAL_COUNT
            step.cursors = step.cursors or part in (PagePart.CURSOR, PagePart.START_CURSOR, PagePart.END_CURSOR)
            items.append(PageField(each, step, part, fields))
        return Fields(items)


def _generate(plan: Plan, wired: bool) -> Functions:
    """Write the functions that complete the steps and the root."""
    known, written = {"bad": bad}, []
    for step in plan.steps:
        if (body := plan.bodies.get(step.index)) is None:
            continue
        # With cursors there stands behind the columns what these are made of: rows are not unpacked then.
        row = "r" if step.cursors else "(" + "".join(f"r{at}, " for at in range(len(step.columns) + 1)) + ")"
        among = "each.rows" if step.shape is None else "each"
        rows = "r in found.values()" if step.shape is Shape.ONE else f"each in found.values() for r in {among}"
        code = Code(known, (lambda at: f"r[{at}]") if step.cursors else (lambda at: f"r{at}"), row, rows, wired)
        each, value = "k, p" if step.shape is None else f"k, {row}", body.code(code)
        if step.shape is Shape.MANY:
            each, value = "k, rows", f"[{value} for {row} in rows]"
        heads = [f"c{below.index} = done[{below.index}]" for below in plan.steps if below.parent is step]
        value = f"{{k: {value} for {each} in found.items()}}"
        written.append(_function(f"step_{step.index}(found, total, done)", heads + code.heads, value))
    code = Code(known, lambda _: "None")
    value = plan.root.code(code)
    roots = [step.index for step in plan.steps if step.parent is None]
    heads = [f"c{index}, k{index} = done[{index}], asked.get({index})" for index in roots]
    written.append(_function("root(done, asked)", heads + code.heads, value))
    space: dict[str, Any] = dict(known)
    exec(compiled("\n".join(written)), space)  # what it makes is taken out: no circle, a plan is gone when dropped
    return [space.pop(f"step_{step.index}", None) for step in plan.steps], space.pop("root")


def _function(head: str, statements: Sequence[str], value: str) -> str:
    return "\n".join([f"def {head}:", *(f"    {line}" for line in statements), f"    return {value}", ""])
