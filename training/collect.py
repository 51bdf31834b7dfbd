"""Checkouts to pairs: `python -m training.collect --checkouts FOLDER --out FOLDER`.

Writes one `owner+name-COMMIT.jsonl.gz` per source, without questions that much of its code answers,
and another for its files in languages without a grammar (`.lines.jsonl.gz`).
Copies of the benchmark's code, and of an earlier source's, are left out by `training.dataset`.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import re
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from .history import pairs_of_history
from .line_pairs import pairs_by_lines
from .pairs import Pair, definitions_of_file, pairs_of_file
from .sources import Source, files_of, licence_at, load_sources

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SAME_QUERY_MAX = 2
"""A question that more code of one source answers says too little."""

_WORD = re.compile(r"[A-Za-z]{2,}")


def code_key(code: str) -> int:
    """Equal for code of the same words, whatever its layout, numbers and order of lines."""
    words = sorted(set(_WORD.findall(code.lower())))
    digest = hashlib.blake2b(" ".join(words).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def collect_source(source: Source, checkouts: Path, out: Path) -> Counter[str]:
    """Write one source's pairs, unless they are there; returns how many of each kind."""
    repository = source.repository(checkouts)
    licence = licence_at(repository, source.commit)
    if licence != source.licence:
        message = f"{source.name} is under {licence}, the table says {source.licence}"
        raise ValueError(message)
    found: Counter[str] = Counter()
    for ending, pairs_of in (("", _parsed_pairs), (".lines", pairs_by_lines)):
        name = f"{source.name.replace('/', '+')}-{source.commit[:12]}{ending}.jsonl.gz"
        if not (out / name).exists():
            _write(out / name, _uncommon(pairs_of(repository, source.commit)))
        found.update(pair.kind for pair in read_pairs(out / name))
    return found


def read_pairs(place: Path) -> Iterator[Pair]:
    """The pairs in one file."""
    with gzip.open(place, "rt", encoding="utf-8") as file:
        for line in file:
            yield Pair(**json.loads(line))


def benchmark_keys(corpora: Path) -> set[int]:
    """Keys of all code in the benchmark's corpora (a folder of files), named and masked."""
    keys: set[int] = set()
    for path in sorted(corpora.rglob("*")):
        if path.is_file() and ".git" not in path.parts:
            text = path.read_text(encoding="utf-8", errors="replace")
            keys.update(code_key(pair.code) for pair in pairs_of_file(path.name, text))
            # Their documentation is cut out, which is what a copy elsewhere would be asked by.
            keys.update(map(code_key, definitions_of_file(path.name, text)))
    return keys


def _write(place: Path, pairs: Iterable[Pair]) -> None:
    part = place.with_suffix(".part")
    with gzip.open(part, "wt", encoding="utf-8", compresslevel=1) as file:
        for pair in pairs:
            file.write(json.dumps(asdict(pair), ensure_ascii=True) + "\n")
    part.rename(place)


def _parsed_pairs(repository: Path, commit: str) -> Iterator[Pair]:
    for path, text in files_of(repository, commit):
        yield from pairs_of_file(path, text)
    yield from pairs_of_history(repository, commit)


def _uncommon(pairs: Iterable[Pair]) -> Iterator[Pair]:
    """Without questions that much code answers, and without equal pairs."""
    by_query: dict[str, dict[int, Pair]] = {}
    for pair in pairs:
        by_query.setdefault(pair.query.lower(), {}).setdefault(code_key(pair.code), pair)
    for answers in by_query.values():
        commits = any(pair.kind == "commit" for pair in answers.values())
        if len(answers) <= SAME_QUERY_MAX + 2 * commits:
            yield from answers.values()


def main(arguments: list[str]) -> int:
    """The command; prints one line per source."""
    parser = argparse.ArgumentParser(prog="python -m training.collect", description=__doc__)
    parser.add_argument("--checkouts", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--processes", type=int, default=2)
    chosen = parser.parse_args(arguments)
    chosen.out.mkdir(parents=True, exist_ok=True)
    sources = load_sources(use="vectors")
    with ProcessPoolExecutor(chosen.processes) as pool:
        jobs = [
            (source, pool.submit(collect_source, source, chosen.checkouts, chosen.out))
            for source in sources
        ]
        for source, job in jobs:
            print(source.name, dict(job.result()), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
