"""The demo world: conversations around Tern & Tide, an invented company for cycling holidays by ferry.

Everything in these files is made up, people and islands included. They are exports in the formats of the systems that
Colloquy reads, so the demo comes in by the same importer as anybody's data. Partners ask the documentation assistant
(Inkeep), riders the support bot (CogSol), staff the workplace search (PipesHub), finance the warehouse (Athena), and
drafts are made in Open WebUI, whose trees bring the edited questions and regenerated answers. One thread runs through
most of it: storm Ylva of 18 and 19 September 2026, what riders are owed for it, and an answer that had to be corrected.
"""

from pathlib import Path

_FILES = (
    ("athena", "athena.json"),
    ("cogsol", "cogsol.json"),
    ("pipeshub", "pipeshub.json"),
    ("pipeshub", "pipeshub-agents.json"),
    ("inkeep", "inkeep.json"),
    ("inkeep", "inkeep-feedback.json"),
    ("openwebui", "openwebui.json"),
)


def demo_files() -> list[tuple[str, Path]]:
    """Return the format name and the path of each demo file, in the order in which to import them.

    The order matters once: the feedback of Inkeep names messages of the conversations before it.
    """
    folder = Path(__file__).parent
    return [(system, folder / name) for system, name in _FILES]
