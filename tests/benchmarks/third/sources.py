"""The judge's repositories: their table, and which of their files are code."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import NamedTuple

from lumen_hooks.chunking.naming.languages import language_of
from lumen_hooks.chunking.syntax.grammars import GRAMMARS

TABLE = Path(__file__).with_name("sources.toml")

_CODE = frozenset({".hs", ".jl", ".ml", ".mli", ".r", ".tf", ".zig"})
"""Endings of code, whether or not a grammar parses it."""

_ECMASCRIPT = frozenset({"javascript", "typescript", "tsx"})
_DEFINING: dict[str, frozenset[str]] = {
    "c": frozenset({"c", "cpp"}),
    "cpp": frozenset({"c", "cpp"}),
    "javascript": _ECMASCRIPT,
    "typescript": _ECMASCRIPT,
    **dict.fromkeys(("haskell", "julia", "ocaml", "r", "terraform", "zig"), frozenset()),
}
"""Whose definitions are asked for, where that is not the language alone.

None of those that had no grammar when the questions were made: they stay as they are.
"""


class Source(NamedTuple):
    """A row of the table.

    Attributes:
        language: its main one.
        name: `owner/name` on GitHub.
        commit: full hash.
        licence: SPDX identifier at that commit.
        only: no folder, for all of it.
    """

    language: str
    name: str
    commit: str
    licence: str
    only: tuple[str, ...] = ()

    @property
    def version(self) -> str:
        """The commit."""
        return self.commit

    @property
    def package(self) -> str:
        """A name that is good for a folder."""
        return self.name.replace("/", "+")

    def takes(self, path: str) -> bool:
        """Whether a file is code by its name."""
        grammar = GRAMMARS.get(language_of(path))
        return Path(path).suffix.lower() in _CODE or (grammar is not None and not grammar.data)

    def defines(self, path: str) -> bool:
        """Whether definitions in a file are asked for: it is of the main language, by its name."""
        return language_of(path) in _DEFINING.get(self.language, frozenset({self.language}))


def load_sources() -> list[Source]:
    """All rows of the table."""
    return [Source(**row) for row in tomllib.loads(TABLE.read_text(encoding="utf-8"))["source"]]
