"""The one check: `uv run python -m tests.check`. Format, lint, types, import contracts, schema file, migrations.

It runs all of them, whatever fails, and ends with a line for each; the exit code is 1 if any failed.
"""

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent

CHECKS: dict[str, list[str]] = {
    "format": ["ruff", "format", "--check", "."],
    "lint": ["ruff", "check", "."],
    "types": ["mypy"],
    "imports": ["lint-imports"],
    "schema.graphql": ["colloquy", "schema", "--check", "schema.graphql"],
    "migrations": ["pytest", "-q", "-p", "no:cacheprovider", "tests/test_migrations.py"],
}


def main() -> int:
    """Run the checks; 1 if any failed."""
    programs = Path(sys.executable).parent
    outcomes: list[tuple[str, bool, float]] = []
    for name, (program, *arguments) in CHECKS.items():
        sys.stdout.write(f"--- {name}\n")
        sys.stdout.flush()
        start = time.monotonic()
        passed = subprocess.run([str(programs / program), *arguments], cwd=ROOT, check=False).returncode == 0
        outcomes.append((name, passed, time.monotonic() - start))
    sys.stdout.write("\n")
    for name, passed, seconds in outcomes:
        sys.stdout.write(f"{'ok    ' if passed else 'FAILED'}  {name}  ({seconds:.1f} s)\n")
    return 0 if all(passed for _, passed, _ in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
