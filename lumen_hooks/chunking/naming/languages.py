"""Which language a file is in, by its name and, where that does not tell, by what it says.

Search filters and the chunker share these names. Knows nothing of parsers: importing this module
must stay cheap, and a language may be named here without a grammar to parse it.
"""

from __future__ import annotations

import os.path
import re

from lumen_hooks.meant import did_you_mean, plain

from .format_names import FORMAT_NAMES
from .language_names import LANGUAGE_NAMES, TEXT
from .shared_endings import SHARED, language_by_lines, languages_of

HEAD_MAX = 50_000
"""So many characters of a text decide, where its name does not."""

_NAMES = {**LANGUAGE_NAMES, **FORMAT_NAMES}


def _by(words: str) -> dict[str, str]:
    """Which language each word of a column of the table stands for."""
    column = ((name, getattr(names, words)) for name, names in _NAMES.items())
    return {word: name for name, listed in column for word in listed.split()}


_BY_ENDING, _BY_FILE, _BY_PROGRAM = _by("endings"), _by("files"), _by("programs")

_KINDS_OF_FILE = frozenset({"containerfile", "dockerfile", "jenkinsfile"})
_LOOSE_KINDS_OF_FILE = frozenset({"gnumakefile", "justfile", "makefile"})
"""Files whose names go on after a dot: Dockerfile.go is none of Go's, makefile.py is Python's."""

_MADE_FROM = frozenset(
    {"ejs", "erb", "j2", "jinja", "jinja2", "md", "mustache", "rst", "tmpl", "txt"}
)
"""Endings that say more than what stands before them."""

_REQUIREMENTS = re.compile(r"(?:[\w-]+[-_.])?requirements(?:[-_.][\w-]+)*\.(?:txt|in)")

_WRAPPERS = frozenset({"bak", "dist", "example", "in", "orig", "sample", "template"})
"""Endings of a file that another is made from, or a copy, in the language of the ending before."""

_PLAIN = frozenset({"log", "text", "txt"})
"""Endings of what no program runs."""

_VERSION = re.compile(r"[-\d.]+$")

_PLAIN_TEXT = ("plain", "plaintext", "txt")
"""What else people call what is in no language."""

LANGUAGES: tuple[str, ...] = tuple(sorted({*_NAMES, TEXT}))
"""Every language a file may be in."""


def language_of(path: str) -> str:
    """Name the language of a file by its name alone; `text` if nothing tells."""
    return _by_name(path)[0]


def tells_all(path: str) -> bool:
    """Whether a file's name alone tells its language, whatever the text says."""
    language, what = _by_name(path)
    return language != TEXT and what not in SHARED


def language_of_text(path: str, text: str) -> str:
    """Name the language of a file by its name, or else by what it says.

    Where the name leaves it open, a modeline of Emacs or Vim counts, then the program that a
    script is run by, then lines that only one of the languages with this ending has.
    """
    language, what = _by_name(path)
    if language != TEXT and what not in SHARED:
        return language
    from .self_named import markup_of, mode_of, program_of

    named = language_named(mode_of(text)) if text else None
    if named is not None or what in _PLAIN:
        return named or language
    named = _by_program(program_of(text).lower())
    possible = languages_of(what)
    if named is None or (possible and language != TEXT and named not in {language, *possible}):
        named = language_by_lines(what, text[:HEAD_MAX])
    return named or (markup_of(text) if language == TEXT else "") or language


def language_named(name: str) -> str | None:
    """The language that people call so: its name, an alias or an ending, in any case.

    `-`, `_` and blanks are of no account, so that `Emacs Lisp` is `emacs-lisp`.
    """
    ending = name.strip().lower().removeprefix(".")
    return _called().get(plain(name)) or _BY_ENDING.get(ending)


def language_meant(name: str) -> str:
    """What to ask back for a name that is none; empty where no language is called nearly so."""
    return did_you_mean(name, _called())


def _called() -> dict[str, str]:
    """Names and aliases as `language_named` compares them; a name goes before an alias."""
    if not _CALLED:
        for name, names in _NAMES.items():
            _CALLED.update((plain(alias), name) for alias in names.aliases.split())
        _CALLED.update((alias, TEXT) for alias in _PLAIN_TEXT)
        _CALLED.update((plain(name), name) for name in LANGUAGES)
    return _CALLED


_CALLED: dict[str, str] = {}


def _by_name(path: str) -> tuple[str, str]:
    """A file's language by its name, and what in the name tells: all of it, or its ending."""
    name = os.path.basename(path).lower()
    kind, _, rest = name.partition(".")
    if kind in _KINDS_OF_FILE and rest.rpartition(".")[2] not in _MADE_FROM:
        return _BY_FILE[kind], kind
    while True:
        if name in _BY_FILE:
            return _BY_FILE[name], name
        stem, dot, ending = name.rpartition(".")
        if not dot:
            break
        longer = f"{stem.rpartition('.')[2]}.{ending}"
        for one in (longer, ending):
            if one in _BY_ENDING:
                return _BY_ENDING[one], one
        if ending not in _WRAPPERS:
            break
        name = stem
    if kind in _LOOSE_KINDS_OF_FILE:
        return _BY_FILE[kind], kind
    return _by_form(name) or TEXT, ending if dot else ""


def _by_form(name: str) -> str:
    """By what no list of endings can hold."""
    if name.startswith(".env."):
        return "dotenv"
    if name.startswith(".") and name.endswith("ignore"):
        return "ignore"
    if "requirements" in name and _REQUIREMENTS.fullmatch(name):
        return "requirements"
    return "json" if ".sublime-" in name else ""


def _by_program(program: str) -> str | None:
    return _BY_PROGRAM.get(program) or _BY_PROGRAM.get(_VERSION.sub("", program))
