"""Repositories to ask, and what to ask of them.

    python -m training.ranking.corpus --checkouts CHECKOUTS --out CORPORA [NAME...]

makes of every row of sources.toml that is for the ranking a git repository `CORPORA/owner+name`,
without the words that questions were made of (its lines stay where they are; every second
repository loses all documentation of its code, since much code has none), and
`CORPORA/owner+name.json` with a list of [kind, question, [[path, first line, last line], ...]].
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import zlib
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from training.sources import load_sources

from .outline import outline_of, texts_of
from .questions import Repository, questions_to

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from training.sources import Source

    from .outline import Span

_COMMITS = 6000
_IDENTITY = ("-c", "user.name=corpus", "-c", "user.email=corpus@example.invalid")


def make_corpus(source: Source, checkouts: Path, out: Path) -> dict[str, int]:
    """Make one repository to ask; how many questions of each kind there are."""
    checkout = source.repository(checkouts)
    texts = texts_of(checkout, source.commit)
    if not texts:
        return {}
    outlines = {path: outline_of(path, texts[path]) for path in sorted(texts)}
    repository = Repository(
        source.name.replace("/", "+"),
        texts,
        {path: outline for path, outline in outlines.items() if outline is not None},
        _log(checkout, source.commit),
    )
    asked = questions_to(repository)
    told = [place for one in asked for place in one.told]
    if zlib.crc32(repository.name.encode()) % 2:
        told += repository.documentation()
    write_repository(out / repository.name, texts, told)
    rows = [(one.kind, one.text, one.answers) for one in asked]
    (out / f"{repository.name}.json").write_text(json.dumps(rows), encoding="utf-8")
    return Counter(one.kind for one in asked)


def _log(checkout: Path, commit: str) -> list[tuple[str, list[tuple[str, str]]]]:
    wanted = ("--no-merges", f"-n{_COMMITS}", "--format=%x01%s", "--name-status", "--no-renames")
    command = ["git", "-C", str(checkout), "log", *wanted, commit]
    # A checkout may lack the oldest blobs; what it has is enough.
    told = subprocess.run(command, capture_output=True, check=False).stdout
    found = []
    for entry in told.decode("utf-8", "replace").split("\x01")[1:]:
        subject, _, rest = entry.partition("\n")
        changes = [row.split("\t", 1) for row in rest.splitlines() if "\t" in row]
        found.append((subject, [(what, path) for what, path in changes]))
    return found


def write_repository(top: Path, texts: dict[str, bytes], told: Iterable[tuple[str, Span]]) -> None:
    """Make a git repository of these files, without the bytes that questions were made of."""
    spans: dict[str, list[Span]] = defaultdict(list)
    for path, span in told:
        spans[path].append(span)
    for path, text in texts.items():
        file = top / path
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(without(text, spans[path]) if path in spans else text)
        except OSError:  # a name that is too long for this file system, or differs in case alone
            continue
    settings = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    for command in (["init", "-q"], ["add", "-Af"], [*_IDENTITY, "commit", "-qm", "corpus"]):
        subprocess.run(["git", "-C", str(top), *command], env=settings, check=True)


def without(text: bytes, spans: Sequence[Span]) -> bytes:
    """A text without these bytes; every other line keeps its number."""
    kept: list[bytes] = []
    at = 0
    for span in sorted(spans):
        if span.start < at:
            continue
        gone = text[span.start : span.end]
        kept += [text[at : span.start], span.instead, b"\n" * gone.count(b"\n")]
        at = span.end
    return b"".join([*kept, text[at:]])


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Make repositories to ask, and questions.")
    parser.add_argument("--checkouts", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("names", nargs="*", help="owner/name; all that are for the ranking")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for source in load_sources(use="ranking"):
        wanted = not arguments.names or source.name in arguments.names
        done = arguments.out / f"{source.name.replace('/', '+')}.json"
        if wanted and not done.exists():
            counts = make_corpus(source, arguments.checkouts, arguments.out)
            print(source.name, dict(counts), flush=True)


if __name__ == "__main__":
    main()
