"""Which language a file is in, by its name and, where that does not tell, by what it says.

Search filters and the chunker share these names. Knows nothing of parsers: importing this module
must stay cheap, and a language may be named here without a grammar to parse it.
"""

from __future__ import annotations

import os.path
import re

from .format_names import FORMAT_NAMES
from .language_names import LANGUAGE_NAMES, TEXT

_NAMES = {**LANGUAGE_NAMES, **FORMAT_NAMES}


def _by(words: str) -> dict[str, str]:
    """Which language each word of a column of the table stands for."""
    column = ((name, getattr(names, words)) for name, names in _NAMES.items())
    return {word: name for name, listed in column for word in listed.split()}


_BY_ENDING, _BY_FILE, _BY_PROGRAM = _by("endings"), _by("files"), _by("programs")

_KINDS_OF_FILE = frozenset(
    {"containerfile", "dockerfile", "gnumakefile", "jenkinsfile", "justfile", "makefile"}
)
"""Files whose names go on after a dot: Dockerfile.dev, Makefile.am."""

_WRAPPERS = frozenset({"dist", "example", "in", "sample", "template"})
"""Endings of a file that another is made from, in the language of the ending before."""

_SHEBANG = re.compile(r"#!\s*(?:\S*/)?env\s+(?:-\S+\s+|\w+=\S*\s+)*(\S+)|#!\s*(\S+)")
_VERSION_SUFFIX = re.compile(r"[\d.]+$")
_CPP_ONLY = re.compile(
    r"^[ \t]*(?:class[ \t]+\w|namespace\b|template[ \t]*<|using[ \t]+\w"
    r"|(?:public|private|protected)[ \t]*:)",
    re.MULTILINE,
)

LANGUAGES: tuple[str, ...] = tuple(sorted({*_NAMES, TEXT}))
"""Every language a file may be in, as `--lang` takes it."""


def language_of(path: str) -> str:
    """Name the language of a file by its name alone; `text` if nothing tells."""
    name = os.path.basename(path).lower()
    while True:
        if name in _BY_FILE:
            return _BY_FILE[name]
        parts = name.rsplit(".", 2)
        for ending in (".".join(parts[1:]), parts[-1]):
            if len(parts) > 1 and ending in _BY_ENDING:
                return _BY_ENDING[ending]
        if len(parts) < 2 or parts[-1] not in _WRAPPERS:
            break
        name = name.rpartition(".")[0]
    kind = name.partition(".")[0]
    return _BY_FILE[kind] if kind in _KINDS_OF_FILE else TEXT


def language_of_text(path: str, text: str) -> str:
    """Name the language of a file by its name, or else by what it says.

    A script without an extension goes by its first line (`#!/usr/bin/env python3`), and a `.h`
    that holds what only C++ has is C++.
    """
    language = language_of(path)
    if language == TEXT and text.startswith("#!") and not os.path.splitext(path)[1]:
        return _language_of_shebang(text[:200].partition("\n")[0])
    if language == "c" and path.lower().endswith(".h") and _CPP_ONLY.search(text):
        return "cpp"
    return language


def _language_of_shebang(line: str) -> str:
    match = _SHEBANG.match(line)
    if match is None:
        return TEXT
    program = os.path.basename(match[1] or match[2])
    return _BY_PROGRAM.get(_VERSION_SUFFIX.sub("", program) or program, TEXT)
