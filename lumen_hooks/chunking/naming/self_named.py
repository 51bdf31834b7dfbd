"""What a text says of its own language: the `#!` of a script, the modelines of Emacs and Vim.

Names come out as they are written; what they mean is `languages`' to know. Only the first and the
last lines are looked at, and only so much of each.
"""

from __future__ import annotations

import os.path
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_LINES = 5
"""So many of the first and of the last lines are looked at, as Vim's 'modelines' has it."""

_LINE_MAX = 300
_ENDS_MAX = _LINES * _LINE_MAX
_VARIABLES_MAX = 3000
"""Emacs looks for `Local Variables:` in so many of the last characters (info emacs)."""

_EMACS = re.compile(r"-\*-(.*?)-\*-")
_EMACS_MODE = re.compile(r"(?:^|;)[ \t]*mode[ \t]*:[ \t]*([\w+#.-]+)", re.IGNORECASE)
_EMACS_ALONE = re.compile(r"[ \t]*([\w+#.-]+)[ \t]*;?[ \t]*")
_EMACS_VARIABLE = re.compile(r"mode:[ \t]*([\w+#.-]+)")
_VIM = re.compile(r"(?:^|[ \t])(?:vi|[vV]im[<=>]?\d*|ex):")
_VIM_TYPE = re.compile(r"(?:^|[ \t:])(?:ft|filetype|syn|syntax)=([\w+#-]+)")

_RUNNERS = frozenset({"env", "hatch", "npx", "pipenv", "pixi", "poetry", "pnpm", "sudo", "yarn"})
"""Programs that run the one named behind them."""

_ASIDE = frozenset({"dlx", "exec", "run"})
_EXEC = re.compile(r"""[^\n]{0,40}\bexec[ \t]+["']?(?:[^\s"']*/)?([\w.+-]+)[^\n]*\$\{?0""")
_NIX = re.compile(r"#!?[ \t]*nix-shell\b.*[ \t]-i[ \t]*(\S+)")


_DECLARED = re.compile(r"\s*<(\?xml|!doctype[ \t]+html|\?php)\b", re.IGNORECASE)
_MARKUP = {"?xml": "xml", "?php": "php", "!doctype html": "html"}


def program_of(text: str) -> str:
    """The program that a script's first line runs it with, without folder; empty for none.

    One that a shell's first command hands the script on to is that one.
    """
    if not text.startswith("#!"):
        return ""
    first, *below = _first_lines(text)
    program = _run_by(first[2:].replace('"', " ").replace("'", " ").split())
    if program == "nix-shell":
        named = next(filter(None, map(_NIX.match, below)), None)
        return os.path.basename(named[1]) if named else program
    if program in {"bash", "sh"}:
        named = next(filter(None, map(_EXEC.match, below)), None)
        return named[1] if named else program
    return program


def _run_by(words: list[str]) -> str:
    for word in words:
        program = os.path.basename(word)
        if word.startswith("-S") and len(word) > 2:  # env -Snode
            program = word[2:]
        elif word.startswith("-") or "=" in word or program in _ASIDE:
            continue
        if program not in _RUNNERS:
            return program
    return ""


def mode_of(text: str) -> str:
    """The language that Emacs or Vim is told to take a text for, in lower case; empty for none."""
    first = _first_lines(text)
    last = [line[:_LINE_MAX] for line in text[-_ENDS_MAX:].split("\n")[-_LINES:]]
    named = next(_emacs_modes(first[:2]), "")
    named = named or next(_vim_types([*first, *last]), "") or _emacs_variable(text)
    return named.lower().removesuffix("-mode").removesuffix("-ts")


def markup_of(text: str) -> str:
    """The language of a text that begins with its declaration; empty for none."""
    found = _DECLARED.match(text[:_LINE_MAX])
    return _MARKUP[" ".join(found[1].lower().split())] if found else ""


def _first_lines(text: str) -> list[str]:
    return [line[:_LINE_MAX] for line in text[:_ENDS_MAX].split("\n")[:_LINES]]


def _emacs_modes(lines: list[str]) -> Iterator[str]:
    for line in lines:
        found = _EMACS.search(line)
        if found:
            mode = _EMACS_MODE.search(found[1]) or _EMACS_ALONE.fullmatch(found[1])
            if mode:
                yield mode[1]


def _emacs_variable(text: str) -> str:
    _, _, variables = text[-_VARIABLES_MAX:].rpartition("Local Variables:")
    if len(variables) == min(len(text), _VARIABLES_MAX):
        return ""
    found = _EMACS_VARIABLE.search(variables)
    return found[1] if found else ""


def _vim_types(lines: list[str]) -> Iterator[str]:
    for line in lines:
        found = _VIM.search(line)
        kind = _VIM_TYPE.search(line, found.end() - 1) if found else None
        if kind:
            yield kind[1]
