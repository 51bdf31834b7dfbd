"""Trees to measure on: Django's package, generated modules, and any folder of sources."""

from __future__ import annotations

import random
import shutil
from typing import TYPE_CHECKING, NamedTuple

from tests.benchmarks.measure import run

if TYPE_CHECKING:
    from pathlib import Path

FUNCTIONS, CHUNKS = 10, 3
"""In one generated module: small ones share a chunk."""

_WORDS = """
upload retry index lock worktree commit merge branch cache vector chunk token parse query rank score
path glob filter schema row page block write flush sync queue worker event hook session user
password reset email template render request response header cookie signal thread process pipe
socket stream buffer encode decode compress hash digest sign verify balance invoice order price
customer stock ship refund tax report export bring archive
"""


class Corpus(NamedTuple):
    """A repository to measure on.

    Attributes:
        name: as the page calls it.
        top: its main worktree, committed.
        question: what is searched for.
        edited: a file in it, to which a function is added.
        source_bytes: of all its files.
    """

    name: str
    top: Path
    question: str
    edited: str
    source_bytes: int


def committed(name: str, top: Path, question: str, edited: str) -> Corpus:
    """Make a repository of the files that are there."""
    run("git", "init", "-q", cwd=top)
    run("git", "add", "-Af", cwd=top)  # Debian's kernel ignores itself
    run("git", "commit", "-qm", name, cwd=top)
    files = (one for one in top.rglob("*") if one.is_file() and ".git" not in one.parts)
    size = sum(one.stat().st_size for one in files)
    return Corpus(name, top, question, edited, size)


def copied(name: str, source: Path, top: Path, question: str, edited: str) -> Corpus:
    """A repository of a folder's files."""
    shutil.copytree(source, top, symlinks=True)
    return committed(name, top, question, edited)


def generated(chunks: int, top: Path) -> Corpus:
    """A repository of Python modules with about so many chunks; the same for the same number."""
    chance = random.Random(chunks)
    for number in range(max(1, chunks // CHUNKS)):
        folder = top / f"p{number % 97:02}" / f"q{number % 89:02}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"m{number}.py").write_text(_module(chance, number))
    first = "p00/q00/m0.py"
    return committed(f"generated, {chunks:,} chunks", top, "retry a failed upload", first)


def _module(chance: random.Random, number: int) -> str:
    functions = []
    for place in range(FUNCTIONS):
        words = chance.choices(_WORDS.split(), k=12)
        name = f"{words[0]}_{words[1]}_{number}_{place}"
        functions.append(
            f"def {name}({words[2]}, {words[3]}_{place}=None):\n"
            f'    """{words[4].title()} the {words[5]} of a {words[6]} and {words[7]} it."""\n'
            f"    {words[8]} = {words[2]}.{words[9]}({number}, {place})\n"
            f"    if {words[8]} is None:\n"
            f'        raise ValueError("no {words[10]} for {words[11]} {number}-{place}")\n'
            f"    for {words[6]} in {words[8]}.{words[5]}:\n"
            f"        {words[2]}.{words[7]}({words[6]}, {words[3]}_{place})\n"
            f"    return {words[8]}.{words[4]}()\n"
        )
    return "\n\n".join(functions)
