"""What a repository's history teaches: a commit's subject, and the functions that it changed."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

from lumen_hooks.chunking.naming.languages import language_of
from lumen_hooks.chunking.settings import WHOLE_MAX
from lumen_hooks.chunking.syntax.grammars import GRAMMARS
from lumen_hooks.files.roles import is_test

from .comments import is_prose
from .pairs import MIN_CODE, Pair

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

_ENDINGS = "py js jsx ts tsx go java rs c h cc cpp hpp cs rb php kt swift scala ex exs lua dart sh"
PARSED_ENDINGS = tuple(_ENDINGS.split())
COMMITS = 3000
"""So many of the newest commits of a repository are looked at."""

MAX_FILES = 3
MAX_HUNKS = 4
_READ_LINES = 1500

_CHORES = re.compile(
    r"\b(bump|merge|release|version|typos?|docs?|documentation|changelog|readme|javadocs?|deps?|lint"
    r"|whitespace|copyright|license|ci|dependabot|format(ting)?|cleanup|clean up|revert|tests?"
    r"|prepare|chore|spelling|prettier|translations?|locale|update dependenc\w+|renovate)\b",
    re.IGNORECASE,
)
_TICKET = re.compile(
    r"\s*\((?:(?:fix(?:es)?|refs?|closes),?\s*)*(?:#\d+[,\s]*)+\)|\[?\b[A-Z]{2,}-\d+\b\]?:?|#\d+\b"
    r"|^\w+(\([^)]*\))?!?: |^\[[^\]]*\]\s*|^(fixed|fixes|refs)\s+--\s+"
)
_HUNK = re.compile(r"^@@ [^@]*@@")


def parsed_language(path: str) -> str:
    """The language of a file that is code and has a grammar; empty for any other."""
    language = language_of(path)
    return language if language in GRAMMARS else ""


def pairs_of_history(
    repository: Path,
    commit: str,
    endings: Iterable[str] = PARSED_ENDINGS,
    language_at: Callable[[str], str] = parsed_language,
) -> Iterator[Pair]:
    """Pairs of subjects and hunks, each hunk with the whole function around it (`git log -W`).

    Args:
        repository: where the history is.
        commit: the newest commit to look at.
        endings: of the files to look at, without a dot.
        language_at: names a file's language by its path; empty for a file that teaches nothing.
    """
    command = [
        "git", "-C", str(repository), "log", "-p", "-W", "--no-merges", "--no-renames",
        "--no-ext-diff", "--no-textconv", "--no-color", "--diff-filter=M", "-n", str(COMMITS),
        "--format=%x01%s", commit, "--", *(f"*.{ending}" for ending in endings),
    ]  # fmt: skip
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, encoding="utf-8", errors="replace"
    ) as log:
        assert log.stdout is not None
        lines: list[str] = []
        for line in log.stdout:
            if line.startswith("\x01"):
                yield from _of_commit(lines, language_at)
                lines = [line]
            elif len(lines) < _READ_LINES:
                lines.append(line)
        yield from _of_commit(lines, language_at)


def _of_commit(lines: list[str], language_at: Callable[[str], str]) -> Iterator[Pair]:
    if not lines or len(lines) >= _READ_LINES:
        return
    subject = " ".join(_TICKET.sub(" ", lines[0][1:]).split()).strip(" .:-")
    if not 4 <= len(subject.split()) <= 20 or not is_prose(subject) or _CHORES.search(subject):
        return
    hunks: list[tuple[str, list[str]]] = []
    paths: list[str] = []
    for line in lines[1:]:
        found = _HUNK.match(line)
        if line.startswith("+++ b/"):
            paths.append(line[6:].strip())
        elif found and paths:
            hunks.append((paths[-1], []))
        elif hunks and line[:1] in {" ", "+"} and not line.startswith("+++"):
            hunks[-1][1].append(line.rstrip("\n"))
    code = {path for path in paths if not is_test(path)}
    if not 1 <= len(code) <= MAX_FILES:
        return
    kept = [hunk for hunk in hunks if hunk[0] in code]
    if len(kept) > MAX_HUNKS:
        return
    for path, rows in kept:
        language = language_at(path)
        text = _around_change(rows)
        if language and len(text) >= MIN_CODE:
            yield Pair("commit", language, subject, "", text)


def _around_change(rows: list[str]) -> str:
    """The new lines, at most WHOLE_MAX characters of them, with the first change among them."""
    changed = next((number for number, row in enumerate(rows) if row[0] == "+"), 0)
    first, size = changed, 0
    while first > 0 and size + len(rows[first - 1]) < WHOLE_MAX // 2:
        first -= 1
        size += len(rows[first])
    return "\n".join(row[1:] for row in rows[first:] if row[1:].strip())[:WHOLE_MAX]
