"""The build hook: puts the explorer into wheels and source distributions, and stays out of editable installs.

A wheel always holds the explorer, so that nobody who installs one needs Node. What is built already is packed as it
is; only where it is missing or older than its sources is it built here, which takes Node. An editable install neither
waits for npm nor fails for want of it: there `colloquy serve` builds the explorer when it first starts.
"""

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ExplorerHook(BuildHookInterface[Any]):
    """Sees to it that graph/explorer/static is there and current before files are collected."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 (hatchling's signature)
        """Builds the explorer where it is needed; ends the build with a message where that is impossible."""
        if version == "editable":
            return
        explorer = _load(Path(self.root) / "graph" / "explorer" / "build.py")
        if explorer.current():
            return
        try:
            explorer.build(self.app.display_info)
        except explorer.ExplorerBuildError as error:
            self.app.abort(
                f"A {self.target_name} must hold the explorer, which could not be built: {error}\n"
                "Build it on a machine with Node.js (`colloquy explorer build`) and copy graph/explorer/static here, "
                "or make the wheel from a source distribution, which holds it."
            )


def _load(path: Path) -> ModuleType:
    """The module at a path, without its package: what the package needs isn't installed where it is built."""
    specification = importlib.util.spec_from_file_location("explorer_build", path)
    if specification is None or specification.loader is None:
        raise ImportError(f"no module at {path}")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module
