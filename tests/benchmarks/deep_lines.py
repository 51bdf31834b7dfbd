"""Is the line that was asked for in what is shown? Comments deep in long functions are asked for.

    python -m tests.benchmarks.deep_lines --mirrors FOLDER... [--repository owner+name ...]

Of each repository (bare, in FOLDER/owner+name/repo) up to so many comments of at least four words
that stand 40 lines or more below the beginning of a function or method; each comment's text is the
question. Of the questions with that line in one of the first five hits: in how many it is shown, by
the number of lines of a snippet, and in how many it is among a hit's first 40 lines.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.chunking.chunker import chunk_file
from lumen_hooks.excerpts.excerpt import excerpt
from lumen_hooks.indexing.progress import NoProgress
from lumen_hooks.search.results import Query
from lumen_hooks.service.answer import Answerer
from lumen_hooks.service.workspace import open_workspace

from .measure import git_settings, lumen, run

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

REPOSITORIES = ("pallets+flask", "BurntSushi+ripgrep", "gin-gonic+gin", "excalidraw+excalidraw")
"""Those of the first measurement."""

DEEP_LINES = 40
HITS = 5
SHOWN = (10, 12, 40)
_WORDS_MIN = 4
_COMMENT = re.compile(r"\s*(?:#|//)\s+(\S.*)")
_ENDINGS = (".py", ".rs", ".go", ".ts", ".tsx", ".js", ".java", ".rb", ".c", ".cs", ".php")


class Deep(NamedTuple):
    """A comment far below the beginning of its function."""

    path: str
    line: int
    text: str


def main(argv: Sequence[str]) -> None:
    """Ask for the comments of each repository and print a line for it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--mirrors", type=Path, nargs="+", required=True)
    options.add_argument("--repository", action="append", help="instead of the usual four")
    options.add_argument("--each", type=int, default=40, help="questions of a repository at most")
    chosen = options.parse_args(argv)
    total: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="lumen-deep-") as folder:
        os.environ.update(git_settings(Path(folder)), LUMEN_HOOKS="0")
        for name in chosen.repository or REPOSITORIES:
            found = [place / name / "repo" for place in chosen.mirrors]
            mirror = next((path for path in found if path.is_dir()), None)
            if mirror is None:
                print(f"{name}: not in the given folders", file=sys.stderr)
                continue
            counts = _measure(mirror, Path(folder) / name, chosen.each)
            total.update(counts)
            _say(name, counts)
    _say("all", total)


def _measure(mirror: Path, top: Path, each: int) -> Counter[str]:
    run("git", "clone", "-q", "--depth", "1", f"file://{mirror}", str(top), cwd=mirror)
    lumen("index", cwd=top)
    found = sorted(_deep_comments(top))
    asked = random.Random(7).sample(found, min(each, len(found)))
    counts: Counter[str] = Counter(asked=len(asked))
    job = open_workspace(str(top)).job("benchmark", NoProgress())
    answerer = Answerer(job, lambda: None, refresh=False)
    for deep in asked:
        results = answerer.answer(Query(deep.text, limit=HITS)).results
        for result in results:
            if result.path == deep.path and result.start_line <= deep.line <= result.end_line:
                counts["in a hit"] += 1
                counts["in its first 40"] += deep.line - result.start_line < DEEP_LINES
                for lines in SHOWN:
                    shown = excerpt(result, lines).lines
                    counts[f"shown in {lines}"] += any(a <= deep.line <= b for a, b in shown)
                break
    return counts


def _deep_comments(top: Path) -> Iterator[Deep]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=top, check=True, capture_output=True, text=True
    ).stdout.split("\0")
    for path in listed:
        if not path.endswith(_ENDINGS) or not (top / path).is_file():
            continue
        text = (top / path).read_text(encoding="utf-8", errors="replace")
        rows = text.split("\n")
        functions = {
            (held.start_line, held.end_line)
            for chunk in chunk_file(path, text).chunks
            for held in chunk.holds
            if held.kind in {"function", "method"}
        }
        for start, end in functions:
            for line in range(start + DEEP_LINES, end + 1):
                comment = _COMMENT.fullmatch(rows[line - 1])
                if comment and len(re.findall(r"[a-z]{2,}", comment[1])) >= _WORDS_MIN:
                    yield Deep(path, line, comment[1].strip())


def _say(name: str, counts: Counter[str]) -> None:
    print(name, *(f"{what} {number}" for what, number in counts.items()), sep=", ", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
