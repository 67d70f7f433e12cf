"""Controls: where a viewer's condition is taken away, it is found out.

Each place of `db` that puts the viewer's workspace into a statement, and each rule of the wall, is made to let
everything through, one at a time and each in a process of its own; then the directed part runs on SQLite. What is found
without a removal (rows that hang on those of another workspace, as no verb would write them) is set off against it.
"""

from __future__ import annotations

import ast
import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from typing import Any, Final

from tests.access.crossing.equivalent import EQUIVALENT

ROOT: Final = Path(__file__).parents[3]

_FOLDERS: Final = ("db", "db/writing")
_CONDITIONS: Final = frozenset({"here", "in_workspace"})
"""Functions that make the condition."""

_EVERY: Final = "__import__('sqlalchemy').true()"
_RULE: Final = "rule"
_NOTHING: Final = "nothing"
"""In place of a module: nothing is taken away."""
_FILES: Final = ("db", "graph", "tests")


@dataclass(frozen=True, order=True)
class Site:
    """A place where a condition stands."""

    module: str
    """Of the rules of the wall: "rule"."""
    line: int
    column: int
    shown: str
    within: str = ""
    """The function that it stands in."""

    @property
    def name(self) -> str:
        """It, as a word."""
        return f"{self.module}:{self.line}:{self.column}"

    @property
    def key(self) -> str:
        """It in `EQUIVALENT`."""
        return f"{self.module}{self.within and f'.{self.within}'}: {self.shown}"

    @property
    def equivalent(self) -> str | None:
        """Why nothing shows its removal, where nothing does."""
        return EQUIVALENT.get(self.key)


def sites(root: Path = ROOT) -> list[Site]:
    """All of them."""
    found: list[Site] = []
    for folder in _FOLDERS:
        for path in sorted((root / folder).glob("*.py")):
            module = str(path.relative_to(root).with_suffix("")).replace("/", ".")
            text = path.read_text(encoding="utf-8")
            tree = ast.parse(text)
            functions = [each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
            within = {
                node: function.name for function in functions for node in ast.walk(function)
            }  # the inmost is last
            found += [
                Site(
                    module, node.lineno, node.col_offset, ast.get_source_segment(text, node) or "", within.get(node, "")
                )
                for node in _conditions(tree)
            ]
    from db.wall_rules import NOTHING, RULES

    found += [Site(_RULE, 0, 0, name) for name in RULES]
    assert NOTHING in RULES.values(), "there are rules to take away"
    return found


def _conditions(tree: ast.AST) -> Iterable[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and not isinstance(getattr(node, "parent", None), ast.Await):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in _CONDITIONS and node.args and getattr(node.args[0], "id", "") != "work":
                yield node
        if isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], ast.Eq):
            left = node.left
            if isinstance(left, ast.Attribute) and left.attr == "workspace_id":
                yield node


class _Without(ast.NodeTransformer):
    """Replaces the condition that stands at a place."""

    def __init__(self, site: Site) -> None:
        self._site, self.done = site, 0

    def visit(self, node: ast.AST) -> Any:
        """The node, or what lets everything through."""
        if (
            isinstance(node, ast.Call | ast.Compare)
            and (node.lineno, node.col_offset) == (self._site.line, self._site.column)
            and node in set(_conditions(node))
        ):
            self.done += 1
            # Of a row that is here already it is a matter of Python's.
            is_column = isinstance(node, ast.Call) or ".c." in ast.unparse(node.left)
            made = ast.parse(_EVERY if is_column else "True", mode="eval").body
            return ast.copy_location(ast.fix_missing_locations(made), node)
        return self.generic_visit(node)


class _Finder(MetaPathFinder):
    """Imports the one module without the condition."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def find_spec(self, name: str, path: Any, target: Any = None) -> ModuleSpec | None:
        """See `importlib`."""
        if name != self._site.module:
            return None
        spec = PathFinder.find_spec(name, path, target)
        assert spec is not None, "the module is there"
        assert spec.origin is not None, "it has a source"
        spec.loader = _Loader(name, spec.origin, self._site)
        return spec


class _Loader(SourceFileLoader):
    def __init__(self, name: str, path: str, site: Site) -> None:
        super().__init__(name, path)
        self._site = site

    def get_code(self, fullname: str) -> Any:  # noqa: ARG002 - importlib's signature
        """The code without the condition; none that was kept."""
        tree = ast.parse(Path(self.path).read_text(encoding="utf-8"))
        without = _Without(self._site)
        tree = ast.fix_missing_locations(without.visit(tree))
        assert without.done == 1, f"{self._site} was found {without.done} times"
        return compile(tree, self.path, "exec")


# ---------------------------------------------------------------- in the process of its own


@dataclass
class _Kept:
    """What all of the processes share."""

    strays: bool
    operations: str = "[]"
    known: list[str] = field(default_factory=list)
    """What is found without a removal."""


def run_one(folder: Path, site: Site | None) -> list[str]:
    """What the directed part finds without the condition; it ends with the first that is new."""
    warnings.simplefilter("ignore")
    if site is not None and site.module not in (_RULE, _NOTHING):
        sys.meta_path.insert(0, _Finder(site))
    path = folder / "kept.json"
    kept = _Kept(**json.loads(path.read_text()))
    found = asyncio.run(_run_one(kept, site))
    if site is None:
        path.write_text(json.dumps(asdict(kept)))
    return found


async def _run_one(kept: _Kept, site: Site | None) -> list[str]:
    from db import walls
    from db.wall_rules import EVERYTHING, RULES
    from tests.access.crossing import replaying

    if site is not None and site.module == _RULE:
        RULES[site.shown] = EVERYTHING
        walls.forget()
    if site is None:
        kept.operations = await replaying.draw(strays=kept.strays)
        kept.known = await replaying.replay(kept.operations, None, strays=True) if kept.strays else []
        return kept.known
    known = set(kept.known)
    return [each for each in await replaying.replay(kept.operations, known, strays=kept.strays) if each not in known]


# ---------------------------------------------------------------- all of them


class Broken(RuntimeError):
    """The directed part did not run to its end, which says nothing of what it would have found."""


def copied(folder: Path) -> Path:
    """A copy of the sources, which nobody changes meanwhile."""
    root = folder / "sources"
    for name in _FILES:
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    return root


def find(root: Path, folder: Path, chosen: Sequence[Site], *, strays: bool) -> Iterable[tuple[Site, list[str] | None]]:
    """For each site what was found without its condition, None where it broke; `strays`: also by rows that no verb
    would write.

    Raises Broken where something is found although nothing was taken away: then nothing that is found says anything.
    """
    (folder / "kept.json").write_text(json.dumps(asdict(_Kept(strays))))
    _process(root, folder, None)
    with ThreadPoolExecutor(2) as pool:
        placebo = pool.submit(_placebo, root, folder)
        yield from zip(chosen, pool.map(lambda site: _tried(root, folder, site), chosen), strict=True)
        placebo.result()
    if strays:
        _placebo(root, folder)


def _placebo(root: Path, folder: Path) -> None:
    if found := _process(root, folder, Site(_NOTHING, 0, 0, "")):
        raise Broken(f"found with nothing taken away: {found[:3]}")


def _tried(root: Path, folder: Path, site: Site) -> list[str] | None:
    try:
        return _process(root, folder, site)
    except Broken as broken:
        _say(f"{site.name}: {str(broken).splitlines()[-1]}")
        return None


def _process(root: Path, folder: Path, site: Site | None) -> list[str]:
    told = json.dumps(None if site is None else asdict(site))
    command = [sys.executable, "-m", "tests.access.crossing.controls", str(folder), told]
    done = subprocess.run(command, cwd=root, env=os.environ, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Broken(done.stderr.strip() or str(done.returncode))
    found: list[str] = json.loads(done.stdout.splitlines()[-1])
    return found


def main(arguments: Sequence[str]) -> int:
    """Take away one condition after the other (those whose name has one of the words), and print what was found."""
    start = time.monotonic()
    survivors: list[Site] = []
    equivalent: list[Site] = []
    broken: list[Site] = []
    with tempfile.TemporaryDirectory(prefix="colloquy-controls-") as name:
        folder = Path(name)
        root = copied(folder)
        known = sites(root)
        chosen = [
            site for site in known if not arguments or any(word in f"{site.name} {site.shown}" for word in arguments)
        ]
        for site, found in find(root, folder, chosen, strays=True):
            kept = "equals" if site.equivalent else "SURVIVES"
            result = "broken" if found is None else "found out" if found else kept
            _say(f"{result:9}  {site.name:36}  {site.shown[:70]!r}  {''.join((found or [''])[:1])[:110]}")
            broken += [site] if found is None else []
            survivors += [site] if found == [] and not site.equivalent else []
            equivalent += [site] if found == [] and site.equivalent else []
    minutes, good = (time.monotonic() - start) / 60, len(chosen) - len(survivors) - len(equivalent) - len(broken)
    told = f"{good} of {len(chosen)} removals were found out, {len(equivalent)} more change nothing"
    _say(f"\n{told}, {minutes:.1f} minutes")
    for site in equivalent:
        _say(f"  changes nothing: {site.name}  {site.shown!r}: {site.equivalent}")
    for what, which in (("survives", survivors), ("is broken", broken)):
        for site in which:
            _say(f"  {what}: {site.name}  {site.shown!r}")
    return 1 if survivors or broken else 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    given = json.loads(sys.argv[2])
    _say(json.dumps(run_one(Path(sys.argv[1]), None if given is None else Site(**given))))
