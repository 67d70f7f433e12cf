"""All formats that are read, by their names: those that become drafts, and the native one, which has its own way in."""

from collections.abc import Mapping
from typing import Final

from db.interchange import (
    athena,
    chatbotui,
    chatgpt,
    claude,
    cogsol,
    colloquy,
    inkeep,
    librechat,
    mtrag,
    openai,
    openassistant,
    openwebui,
    pipeshub,
    sharegpt,
)
from db.interchange.base import Format

_MODULES: Final = (
    *(athena, cogsol, pipeshub, inkeep),
    *(openai, chatgpt, claude, librechat, openwebui, sharegpt, chatbotui, openassistant, mtrag),
)

FORMATS: Final[Mapping[str, Format]] = {module.FORMAT.name: module.FORMAT for module in _MODULES}
"""The formats that are read as drafts, by name."""

NATIVE: Final = colloquy.FORMAT
"""The format of this program itself, whose rows keep their ids: NativeImporter reads it."""

READABLE: Final[Mapping[str, Format | colloquy.Colloquy]] = {**FORMATS, NATIVE.name: NATIVE}
"""All formats that `colloquy import` takes, by name."""
