"""Time and memory of hostile documents: refused here, and as strawberry's own limiters deal with them.

Each is met by a process of its own, which is warm and has an empty database, and is ended after a while: what some
documents cost there has no end.
"""

import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import strawberry
from strawberry.extensions import MaxAliasesLimiter, MaxTokensLimiter, QueryDepthLimiter
from strawberry.schema.config import StrawberryConfig

from bench import facts
from bench.servers import ROOT
from db import migrations
from db.database import Database, database_url
from db.viewer import DEFAULT_WORKSPACE_ID, Viewer
from db.words import Role, ViewerKind
from graph.context import Context
from graph.references.types import Reference
from graph.scalars import SCALARS
from graph.schema import Mutation, Query, schema
from tests.access.limits.hostile import ATTACKS

WARM: Final = "{ conversations { nodes { id } } }"


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line decides."""

    seconds: float = 20.0
    """How long each may take."""


def run(options: Options, say: Callable[[str], None] = print) -> None:
    """Meet each document on both sides, and say in Markdown what became of it."""
    say(f"# Hostile documents\n\n{facts.machine()}")
    say("| document | characters | Colloquy | ms | MiB | strawberry with its limiters | ms | MiB |")
    say("|---|---:|---|---:|---:|---|---:|---:|")
    for attack in ATTACKS:
        cells = [attack.name, f"{len(attack.make()):,}"]
        for side in ("ours", "stock"):
            cells += _met(side, attack.name, options.seconds)
        say(f"| {' | '.join(cells)} |")


def _met(side: str, name: str, seconds: float) -> list[str]:
    command = [sys.executable, "-m", "bench.limits", side, name]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=seconds + 10, check=False)
    except subprocess.TimeoutExpired:
        return [f"not done in {seconds:.0f} s", f"> {seconds * 1000:,.0f}", ""]
    if done.returncode:
        return ["the process died", "", ""]
    told = json.loads(done.stdout.splitlines()[-1])
    return [told["outcome"], f"{told['ms']:,.1f}", f"{told['MiB']:.1f}"]


async def _meet(side: str, name: str) -> dict[str, Any]:
    attack = next(each for each in ATTACKS if each.name == name)
    with tempfile.TemporaryDirectory(prefix="colloquy-bench-") as folder:
        database = Database.open(database_url(str(Path(folder) / "empty.db")))
        await migrations.upgrade(database)
        asked = schema if side == "ours" else _stock()
        role = Role.EDITOR if "mutations" in name else Role.VIEWER
        context = Context(database, Viewer(DEFAULT_WORKSPACE_ID, role=role, kind=ViewerKind.KEY))
        await asked.execute(WARM, context_value=context)
        text, variables = attack.make(), attack.variables()
        before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
        result = await asked.execute(text, variables, context_value=context)
        ended, after = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        await database.close()
    return {"outcome": _outcome(result), "ms": (ended - began) * 1000, "MiB": (after - before) / 1024}


def _outcome(result: Any) -> str:
    if not result.errors:
        return "executed"
    first = result.errors[0]
    if any(error.path for error in result.errors):
        return "executed, with errors"
    limit = (first.extensions or {}).get("limit")
    return f"refused: {limit}" if limit else f"refused: {first.message[:60].replace('|', '/')}"


def _stock() -> strawberry.Schema:
    class Quiet(strawberry.Schema):
        """Without a log of each error."""

        def process_errors(self, errors: Any, execution_context: Any = None) -> None:
            """Nothing."""

    return Quiet(
        query=Query,
        mutation=Mutation,
        types=[Reference],
        config=StrawberryConfig(scalar_map=SCALARS),
        extensions=[
            lambda: QueryDepthLimiter(max_depth=15),
            lambda: MaxAliasesLimiter(max_alias_count=30),
            lambda: MaxTokensLimiter(max_token_count=2_500),
        ],
    )


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_meet(*sys.argv[1:3]))))
