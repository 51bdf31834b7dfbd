"""By what the files of a language are cut, for people to be told. Parses nothing."""

from __future__ import annotations

from functools import cache
from importlib.machinery import PathFinder
from typing import Literal

from lumen_hooks.chunking.parts.embedded import COMPONENTS
from lumen_hooks.chunking.syntax.grammars import GRAMMARS

from .cutters import NOTEBOOK, has_cutter

Means = Literal["parsed", "lines", "not installed"]
"""By a grammar (by headings, by its parts, by the rules of its lines), by windows of lines, or by
rules and windows for want of a package."""


@cache
def means_of(language: str) -> Means:
    """By what a file in a language is cut."""
    if language == NOTEBOOK or language in COMPONENTS:
        return "parsed"
    if language not in GRAMMARS:
        return "parsed" if has_cutter(language) else "lines"
    return "parsed" if PathFinder.find_spec(GRAMMARS[language].module) else "not installed"
