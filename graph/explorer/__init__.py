"""The explorer: GraphiQL on the endpoint's own address, with examples, and without a request to any other host."""

from graph.explorer.assets import explorer_routes
from graph.explorer.build import ExplorerBuildError, available, ensure_built, node_available
from graph.explorer.pages import explorer_page
from graph.explorer.prepared import Example, examples

__all__ = [
    "Example",
    "ExplorerBuildError",
    "available",
    "ensure_built",
    "examples",
    "explorer_page",
    "explorer_routes",
    "node_available",
]
