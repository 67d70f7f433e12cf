"""Breadth-first execution of queries.

graphql-core resolves each field of each object by itself: 20 conversations with 20 messages of two references each are
1,200 objects with a handful of resolver calls each, and most of a request's time goes there. This package resolves each
field once for all objects of a level, in four moves:

1. **Declare** (`graph.declared`). A field says once where it comes from: a column, a function of columns, a batch read
   by a key of the parent's row. graphql-core's resolvers and the plan both go by it.
2. **Plan** (`plan`). An operation is planned when it first comes. graphql-core's `collect_fields` says what each place
   selects; each place that needs a read becomes a *step*, and each selected field a node (`selection`), which asks its
   step for the columns that it needs and no others.

       {conversations {nodes {title assistant {name} messages {nodes {content}}}}}

       step 0  conversations.page             columns title, assistant_id, id
         step 1  assistants.by_ids            keys: column assistant_id of step 0    columns name
         step 2  messages.of_conversations    keys: column id of step 0              columns content

3. **Read** (`run`). From the root down, each step is one statement for all of its parents, on one connection, in the
   order of the plan; on two where the root has several fields and a connection is to spare.
4. **Complete**. From the leaves up, each step's rows become finished values by key, by a function that the plan has
   written for just this selection. It takes the values of the step's children by their keys:

       def step_2(found, total, done):
           return {k: {'nodes': [{'content': r1} for (r0, r1, ) in p.rows]} for k, p in found.items()}

   These functions know the good case only. Where anything is not as it should be, they raise, and `careful` completes
   the same rows by the algorithm of the specification. What the two must agree on is everything.

An operation that is not wholly understood is left to graphql-core: mutations, subscriptions, introspection, @defer,
fields below the root with resolvers of their own. Fields of the root with ordinary resolvers are executed by
graphql-core beside the plan. `metrics` counts what happened and why.

Where a step may have thousands of rows, it is read, completed and written as JSON for some of its parents after the
other, with all below it (`graph.portions`). What is not as it should be there has the operation run once more, whole.

An operation does not read one snapshot: each statement sees what was committed when it began, which saves two round
trips. What was deleted between two statements is a row that is not there.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from graph.execution.executor import BreadthFirst
from graph.execution.operations import Operation
from graph.execution.run import Run, metrics, mode

__all__ = ["BreadthFirst", "Operation", "Run", "metrics", "switched"]


@contextmanager
def switched(engine: Literal["fast", "careful", "off"]) -> Iterator[None]:
    """Execute in this way meanwhile: careful completes step by step, off leaves everything to graphql-core."""
    token = mode.set(engine)
    try:
        yield
    finally:
        mode.reset(token)
