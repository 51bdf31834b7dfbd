"""By what the files of a language are cut, for people to be told. Parses nothing."""

from __future__ import annotations

from functools import cache
from importlib.machinery import PathFinder
from typing import Literal

from .grammars import GRAMMARS

Means = Literal["parsed", "lines", "not installed"]
"""By a grammar (or by headings), by lines alone, or by lines for want of a package."""


@cache
def means_of(language: str) -> Means:
    """By what a file in a language is cut."""
    if language == "markdown":
        return "parsed"
    if language not in GRAMMARS:
        return "lines"
    return "parsed" if PathFinder.find_spec(GRAMMARS[language].module) else "not installed"
