"""Exact mode beside `git grep`: the same places, and what they cost.

    python -m tests.benchmarks.exact REPOSITORY [--literals 200] [--times 5] [--words W...]

Brings the repository's index up to date, then looks for random pieces of its files (of any length,
with punctuation, single characters, long words, other writing), for whole words, without regard to
case, and for regular expressions that RE2 and PCRE read alike. Every set of (path, line) is
compared with git grep's, limited to the files that are indexed; each difference is printed with
what is known of its file. Then both are timed in turn. Exits 1 if anything differs that no rule
of docs/exact.md explains.
"""

from __future__ import annotations

import argparse
import random
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.files.content import Content, read_file
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.search.pattern import compile_pattern
from lumen_hooks.search.results import ExactQuery
from lumen_hooks.service.places import find_places
from lumen_hooks.storage.reader import open_reader

from .measure import lumen, run

if TYPE_CHECKING:
    from lumen_hooks.storage.reader import IndexReader

MAX_BYTES = 1 << 30
WORDS = ("self", "return", "e")


class Case(NamedTuple):
    """What is looked for, and how git grep is told."""

    query: ExactQuery
    options: tuple[str, ...]


class Judge:
    """A repository with its index, and the text of its indexed files."""

    def __init__(self, top: Path, index: IndexReader) -> None:
        self.top, self.index = top, index
        self.texts: dict[str, str] = {}
        for path in (file.path for file in index.readable_files(None)):
            content = read_file(str(top), path, max_bytes=MAX_BYTES, blob_length=20)
            if isinstance(content, Content):
                self.texts[path] = content.text

    def ours(self, query: ExactQuery) -> set[tuple[str, int]]:
        """The places that we find."""
        places = find_places(
            self.index,
            query,
            compile_pattern(query),
            top=str(self.top),
            differing=(),
            max_bytes=MAX_BYTES,
        )
        return {(place.path, place.line) for place in places}

    def gits(self, case: Case) -> set[tuple[str, int]]:
        """The places that git grep finds in indexed files."""
        command = ["git", "grep", "--untracked", "-zna", *case.options, "-e", case.query.text]
        done = subprocess.run(command, cwd=self.top, check=False, capture_output=True)
        if done.returncode > 1:
            raise RuntimeError(f"{command}: {done.stderr.decode(errors='replace')}")
        found = set()
        for line in done.stdout.split(b"\n"):
            if match := re.match(rb"([^\0]+)\0(\d+)[:\0]", line):
                path = match[1].decode(errors="surrogateescape")
                if path in self.texts:
                    found.add((path, int(match[2])))
        return found

    def about(self, path: str) -> str:
        """What may explain a difference in a file."""
        raw = (self.top / path).read_bytes()
        known = []
        if b"\r" in raw.replace(b"\r\n", b"\n"):
            known.append("lone CR")
        if b"\r\n" in raw:
            known.append("CRLF")
        if raw.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
            known.append("byte order mark")
        try:
            raw.decode()
        except UnicodeDecodeError:
            known.append("not UTF-8")
        if b"\0" in raw:
            known.append("NUL")
        return ", ".join(known)


def pieces(judge: Judge, chance: random.Random, count: int) -> list[str]:
    """Random pieces of lines of every kind, each in at least one file."""
    paths = sorted(judge.texts)
    found: list[str] = []
    while len(found) < count:
        text = judge.texts[chance.choice(paths)]
        lines = [line for line in text.split("\n") if line.strip()]
        if not lines:
            continue
        line = chance.choice(lines)[:5000]
        kind = len(found) % 8
        if kind == 0:
            piece = chance.choice(line)
        elif kind == 1:
            words = re.findall(r"\w{2,}", line)
            piece = chance.choice(words) if words else ""
        elif kind == 2:
            others = [w for t in (text,) for w in re.findall(r"[^\x00-\x7f]+[\x20-\x7e]?", t)]
            piece = chance.choice(others)[:30] if others else ""
        elif kind == 3:
            long = re.findall(r"\w{60,}", text)
            piece = (
                chance.choice(long)[chance.randrange(20) :][: chance.randrange(3, 140)]
                if long
                else ""
            )
        elif kind == 4:
            marks = re.findall(r"[^\w\s]{2,}\w*", line)
            piece = chance.choice(marks) if marks else ""
        else:
            start = chance.randrange(len(line))
            piece = line[start : start + chance.choice((2, 3, 5, 8, 13, 21, 40, 60))]
        if not piece.strip() or "\0" in piece:
            start = chance.randrange(len(line))
            piece = line[start : start + 12]
        if piece and "\0" not in piece:
            found.append(piece)
    return found


def cases(judge: Judge, chance: random.Random, count: int) -> list[Case]:
    """All that is looked for."""
    found = []
    for text in pieces(judge, chance, count):
        found.append(Case(ExactQuery(text), ("-F",)))
        if chance.random() < 0.4:
            found.append(Case(ExactQuery(text, word=True), ("-F", "-w")))
        if chance.random() < 0.2 and text.isascii():
            found.append(Case(ExactQuery(text, ignore_case=True), ("-F", "-i")))
    joined = "\n".join(chance.sample(sorted(judge.texts.values()), min(60, len(judge.texts))))
    names = sorted(set(re.findall(r"\b[A-Za-z_][A-Za-z0-9_]{2,30}\b", joined)))
    whole = chance.sample(names, min(60, len(names)))
    found += [Case(ExactQuery(name, word=True), ("-F", "-w")) for name in whole]
    shapes = (
        *(r"\b{0}\b", r"{0}\s*\(", r"^\s*{0}", r"[A-Za-z]+{0}", r"({0}|{1})", r"{0}.*{1}"),
        *(r"\b{0}[^a-z]", r"(?:def|class|func|fn)\s+{0}\w*", r"{0}[0-9]{{1,3}}", r"(?i){0}"),
        *(r"{0}\.{1}", r"{0}+\b"),
    )
    for number in range(min(96, len(names))):
        one, other = chance.choice(names), chance.choice(names)
        text = shapes[number % len(shapes)].format(one, other)
        found.append(Case(ExactQuery(text, regex=True), ("-P",)))
        if number % 4 == 0:
            found.append(Case(ExactQuery(f"{one}[(:.]", regex=True, word=True), ("-E", "-w")))
    return found


def compare(judge: Judge, case: Case) -> list[str]:
    """The differences between the two, each in words."""
    ours, gits = judge.ours(case.query), judge.gits(case)
    return [
        f"{case.query.text!r} {case.options}: {path}:{line} found by {who} alone"
        f" [{judge.about(path)}]"
        for who, places in (("us", ours - gits), ("git", gits - ours))
        for path, line in sorted(places)[:3]
    ]


def time_both(judge: Judge, text: str, times: int) -> str:
    """Medians of looking for a word, in turn: git's process, ours warm and ours as a command."""
    git, warm, command = [], [], []
    query = ExactQuery(text)
    for _ in range(times):
        started = time.perf_counter()
        judge.gits(Case(query, ("-F",)))
        git.append(time.perf_counter() - started)
        started = time.perf_counter()
        found = judge.ours(query)
        warm.append(time.perf_counter() - started)
        ours = (sys.executable, "-I", "-m", "lumen_hooks", "search", "--exact", "--no-refresh")
        cost, _ = run(*ours, "--", text, cwd=judge.top, check=False)
        command.append(cost.wall)
    middle = [1000 * statistics.median(each) for each in (git, warm, command)]
    return (
        f"{text!r}: {len(found):,} places; git grep {middle[0]:.0f} ms, ours in a process that"
        f" runs {middle[1]:.0f} ms, as a command {middle[2]:.0f} ms"
    )


def main() -> int:
    """Compare and time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repository", type=Path)
    parser.add_argument("--literals", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--words", nargs="*", default=list(WORDS))
    arguments = parser.parse_args()
    lumen("index", cwd=arguments.repository)
    worktree = find_worktree(str(arguments.repository))
    index = open_reader(worktree.index_path)
    if index is None:
        print(f"{arguments.repository} has no index")
        return 2
    with index:
        judge = Judge(Path(worktree.top), index)
        asked = cases(judge, random.Random(arguments.seed), arguments.literals)
        unexplained = different = 0
        for number, case in enumerate(asked, 1):
            for one in compare(judge, case):
                print(" ", one, flush=True)
                different += 1
                unexplained += one.endswith("[]")
            if number % 50 == 0 or number == len(asked):
                print(f"{len(judge.texts):,} files, {number} questions, {different} differences")
                sys.stdout.flush()
        for word in arguments.words:
            print(time_both(judge, word, arguments.times))
    return int(unexplained > 0)


if __name__ == "__main__":
    sys.exit(main())
