"""Public repositories: of the definitions that another program counts, how many do chunks hold?

    python -m tests.benchmarks.public REPOSITORY... [--only LANGUAGE...] [--misses]

REPOSITORY is a git directory, bare or not; what its HEAD holds is read, and nothing is fetched.
For each language the repositories with the most files in it are taken, six at most in which
anything is counted, and of each up to a hundred files, evenly from its listing. They are cut as
they are for an index, by `chunk_file`. The definitions are counted by universal-ctags, or, where it
does not know the language or knows it badly, by a pattern of lines that open one; either counts
things that are none now and then (a word in a string, code that a comment holds).

A definition is found where a chunk holds one of that name (the last part of a qualified name
counts) whose lines hold its line. A file is parsed where its grammar did not give up; where that
does, its lines are read by the language's rules, or it is cut by lines.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.chunking.chunker import chunk_file
from lumen_hooks.chunking.naming.languages import language_of, language_of_text
from lumen_hooks.chunking.syntax.grammars import GRAMMARS
from tests.benchmarks.counts import COUNTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lumen_hooks.chunking.chunk import Chunk
    from tests.benchmarks.counts import Count

REPOSITORIES_MAX = 6
FILES_MIN, FILES_MAX = 3, 100
BYTES_MAX = 1 << 20
"""As `lumen.maxFileBytes` has it."""


class Source(NamedTuple):
    """A file of a repository, as its last commit has it."""

    path: str
    text: str


class Tag(NamedTuple):
    """A definition that was counted, and its line, from 1."""

    name: str
    line: int


class Score(NamedTuple):
    """What became of files in one language: counts, and what was missed, with its place."""

    files: int
    parsed: int
    counted: int
    found: int
    misses: tuple[str, ...]


def main(arguments: Sequence[str]) -> None:
    """Print a row for each language."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repositories", nargs="+", type=Path, metavar="REPOSITORY")
    parser.add_argument("--only", nargs="*", default=[], metavar="LANGUAGE")
    parser.add_argument("--misses", action="store_true", help="list what was not found")
    chosen = parser.parse_args(arguments)
    languages = chosen.only or sorted(COUNTS)
    listings = {top: _by_language(top, languages) for top in chosen.repositories}
    print(
        "| language | by | repositories | files | parsed | counted by | counted | found | share |"
    )
    for language in languages:
        having = [top for top in listings if len(listings[top][language]) >= FILES_MIN]
        having.sort(key=lambda top: -len(listings[top][language]))
        scores: list[Score] = []
        for top in having:
            score = _score(top, listings[top][language], language)
            if score.counted:
                print(f"    {top.parent.name}: {score[:4]}", file=sys.stderr, flush=True)
                scores.append(score)
            if chosen.misses:
                print("\n".join(f"        {miss}" for miss in score.misses), file=sys.stderr)
            if len(scores) == REPOSITORIES_MAX:
                break
        print(_row(language, scores), flush=True)


def _row(language: str, scores: list[Score]) -> str:
    rows = [score[:4] for score in scores]
    files, parsed, counted, found = (sum(row[column] for row in rows) for column in range(4))
    by = "grammar" if language in GRAMMARS else "lines"
    counter = "ctags" if COUNTS[language].ctags else "pattern"
    shares = f"{parsed / max(files, 1):.1%}", f"{found / max(counted, 1):.1%}"
    row = (language, by, len(scores), files, shares[0], counter, counted, found, shares[1])
    return "| " + " | ".join(str(cell) for cell in row) + " |"


def _by_language(top: Path, languages: Iterable[str]) -> dict[str, list[str]]:
    listed = _git(top, "ls-tree", "-r", "-z", "--name-only", "HEAD").decode("utf-8", "replace")
    paths: dict[str, list[str]] = {language: [] for language in languages}
    for path in listed.split("\0"):
        paths.get(language_of(path), []).append(path)
    return paths


def _score(top: Path, paths: list[str], language: str) -> Score:
    """Cut files of a repository, and look for what is counted in them."""
    step = max(1, len(paths) // FILES_MAX)
    sources = [
        source
        for source in _sources(top, paths[::step][:FILES_MAX])
        if language_of_text(*source) == language
        and not source.path.endswith(COUNTS[language].without)
    ]
    count = COUNTS[language]
    tags = _tags_of_ctags(sources, count) if count.ctags else _tags_of_pattern(sources, count)
    parsed, found, misses = 0, 0, []
    for source, counted in zip(sources, tags, strict=True):
        cut = chunk_file(*source)
        parsed += not cut.parse_failed
        for tag in counted:
            if _is_held(tag, cut.chunks):
                found += 1
            else:
                misses.append(f"{source.path}:{tag.line}: {tag.name}")
    return Score(len(sources), parsed, found + len(misses), found, tuple(misses))


def _is_held(tag: Tag, chunks: Iterable[Chunk]) -> bool:
    return any(
        held.start_line <= tag.line <= held.end_line and _is_named(tag.name, held.name)
        for chunk in chunks
        for held in chunk.holds
    )


def _is_named(name: str, held: str) -> bool:
    # Julia's macros have the `@` that they are used with.
    return any(f".{one}".replace(".@", ".").endswith(f".{name}") for one in held.split(", "))


def _tags_of_pattern(sources: Iterable[Source], count: Count) -> Iterator[set[Tag]]:
    pattern = re.compile(count.pattern, re.MULTILINE)
    for source in sources:
        yield {
            Tag(name.strip(), source.text.count("\n", 0, match.start("name")) + 1)
            for match in pattern.finditer(source.text)
            for name in match["name"].split(",")
        }


def _tags_of_ctags(sources: Sequence[Source], count: Count) -> list[set[Tag]]:
    tags: list[set[Tag]] = [set() for _ in sources]
    with tempfile.TemporaryDirectory() as folder:
        for number, source in enumerate(sources):
            Path(folder, str(number)).write_text(source.text, encoding="utf-8")
        command = ("ctags", "--output-format=json", "--fields=+n", "-R", "-f", "-")
        chosen = (f"--language-force={count.ctags}", f"--kinds-{count.ctags}={count.kinds}")
        done = subprocess.run(
            (*command, *chosen, "."), cwd=folder, check=True, stdout=subprocess.PIPE
        )
    for line in done.stdout.decode("utf-8", "replace").splitlines():
        row = json.loads(line)
        if row["name"].startswith("anonFunc"):
            continue
        name = re.split(count.last_part, row["name"])[-1] if count.last_part else row["name"]
        tags[int(Path(row["path"]).name)].add(Tag(name.strip(":`"), row["line"]))
    return tags


def _sources(top: Path, paths: Sequence[str]) -> Iterator[Source]:
    """Read files as HEAD has them; without those that are no text, too large or not there."""
    asked = "".join(f"HEAD:{path}\n" for path in paths if "\n" not in path)
    told = _git(top, "cat-file", "--batch", input=asked.encode())
    at = 0
    for path in paths:
        end = told.index(b"\n", at)
        head = told[at:end].split()
        at = end + 1
        if head[-1] == b"missing":
            continue
        size = int(head[-1])
        body, at = told[at : at + size], at + size + 1
        if size <= BYTES_MAX and b"\0" not in body:
            yield Source(path, body.decode("utf-8", "replace").replace("\r\n", "\n"))


def _git(top: Path, *arguments: str, input: bytes = b"") -> bytes:  # noqa: A002
    return subprocess.run(
        ("git", "-C", str(top), *arguments), input=input, check=True, stdout=subprocess.PIPE
    ).stdout


if __name__ == "__main__":
    main(sys.argv[1:])
