"""All formats that are read, by their names."""

from collections.abc import Mapping
from typing import Final

from db.interchange import (
    athena,
    chatbotui,
    chatgpt,
    claude,
    cogsol,
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
"""The formats, by name."""
