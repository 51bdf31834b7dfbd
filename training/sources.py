"""The repositories that the model learns from: their table, licences and files.

A source is a bare or ordinary git repository in a folder of checkouts, `owner+name/repo` or
`owner+name`. Nothing is fetched here.
"""

from __future__ import annotations

import re
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tests.benchmarks.quality.sources import TABLE as BENCHMARK_TABLE
from tests.benchmarks.third.sources import TABLE as THIRD_TABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLE = Path(__file__).with_name("sources.toml")
EXCLUDED = Path(__file__).with_name("excluded.toml")

Use = Literal["vectors", "ranking", "later"]
"""What a repository teaches: the built-in model, or the ranking, which is asked of that model; or
nothing yet: the next model."""

MAX_FILE_BYTES = 300_000

_LICENCE_FILE = re.compile(
    r"^(LICEN[CS]E|COPYING|COPYRIGHT|MIT-LICENSE)([-._][\w.-]+)?$", re.IGNORECASE
)
_LICENCES = (
    ("Apache-2.0", r"Apache License,?\s+Version 2\.0|www\.apache\.org/licenses/LICENSE-2\.0"),
    ("MIT", r"Permission is hereby granted, free of charge, to any\s+person obtaining"),
    ("BSD", r"Redistribution and use in source and binary forms"),
    ("ISC", r"Permission to use, copy, modify, and(/or)? distribute this software"),
    ("curl", r"Permission to use, copy, modify, and distribute this software for any purpose"),
    ("PSF-2.0", r"PYTHON SOFTWARE FOUNDATION LICENSE"),
    ("Unlicense", r"This is free and unencumbered software released into the public domain"),
    ("BSL-1.0", r"Boost Software License"),
)
_COPYLEFT = re.compile(
    r"^\W*(GNU (AFFERO |LESSER )?GENERAL PUBLIC LICENSE|Mozilla Public License|"
    r"Eclipse Public License|Business Source License|Server Side Public License)",
    re.IGNORECASE,
)
_NOT_OWN = re.compile(
    r"(^|/)(vendor|vendored|_vendor|third_party|thirdparty|3rdparty|node_modules|external|extern"
    r"|deps|_deps|bundled|dist|build|generated|gen|testdata|fixtures|snapshots|__snapshots__)/"
    r"|\.min\.js$|\.pb\.go$|_pb2\.py$|zz_generated|\.generated\.|\.d\.ts$|_generated\.",
)


class LicenceError(Exception):
    """A source's licence is not one of the permissive ones that training is limited to."""


@dataclass(frozen=True, slots=True)
class Source:
    """A repository at a commit.

    Attributes:
        name: `owner/name` on GitHub.
        commit: full hash.
        licence: SPDX identifier of the licence at that commit (`BSD` for any of its forms).
        use: what it teaches.
    """

    name: str
    commit: str
    licence: str
    use: Use = "vectors"

    def repository(self, checkouts: Path) -> Path:
        """Where its git repository is.

        Raises:
            FileNotFoundError: it is not in the folder.
        """
        flat = self.name.replace("/", "+")
        for place in (checkouts / flat / "repo", checkouts / flat):
            if place.is_dir():
                return place
        raise FileNotFoundError(checkouts / flat)


def load_sources(table: Path = TABLE, use: Use | None = None) -> list[Source]:
    """The rows of the table, or those for one use.

    Raises:
        ValueError: one of them is part of a benchmark, by its name.
    """
    sources = [Source(**row) for row in _rows(table)]
    tested = _asked_about()
    names = {source.name: source.name.lower() for source in sources}
    shared = sorted(n for n, low in names.items() if {low, low.rsplit("/", 1)[-1]} & tested)
    if shared:
        message = f"in a benchmark as well: {', '.join(shared)}"
        raise ValueError(message)
    return [source for source in sources if use in {None, source.use}]


def _rows(table: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = tomllib.loads(table.read_text(encoding="utf-8"))["source"]
    return rows


def _asked_about() -> set[str]:
    """Names of the repositories that somebody asks about, lower case.

    Without their owners, so that copies and moves are found too, but for the third judge's: those
    are many and often of a common name.
    """
    lists: dict[str, list[str]] = tomllib.loads(EXCLUDED.read_text(encoding="utf-8"))
    asked = [name for names in lists.values() for name in names]
    asked += [str(row["name"]) for row in _rows(BENCHMARK_TABLE)]
    third = {str(row["name"]).lower() for row in _rows(THIRD_TABLE)}
    return third | {name.rsplit("/", 1)[-1].lower() for name in asked}


def licence_at(repository: Path, commit: str) -> str:
    """The permissive licence in a commit's top folder.

    Raises:
        LicenceError: none is found, or one that is not permissive is the only one.
    """
    names = git(repository, "ls-tree", "--name-only", commit).decode("utf-8", "replace").split("\n")
    found: list[str] = []
    own = sorted(filter(_LICENCE_FILE.match, names), key=lambda name: name[:5].upper() != "LICEN")
    for name in own:
        text = git(repository, "cat-file", "-p", f"{commit}:{name}").decode("utf-8", "replace")
        if _COPYLEFT.match(text.lstrip("#*/ \n")):
            continue
        found += [
            key for key, pattern in _LICENCES if re.search(pattern, text) and key not in found
        ]
    if not found:
        message = f"{repository}: no permissive licence among {names}"
        raise LicenceError(message)
    return found[0]


def files_of(repository: Path, commit: str) -> Iterator[tuple[str, str]]:
    """A commit's own text files as (path, text): nothing vendored, generated or large."""
    listed = git(repository, "ls-tree", "-rzl", commit).decode("utf-8", "surrogateescape")
    wanted = []
    for row in listed.split("\0"):
        facts, _, path = row.partition("\t")
        mode, kind, blob, size = facts.split() if facts else ("", "", "", "")
        plain = kind == "blob" and mode.startswith("100")
        # A blob that the checkout lacks has no size.
        fits = size.isdigit() and 0 < int(size) <= MAX_FILE_BYTES
        if plain and fits and not _NOT_OWN.search(path):
            wanted.append((path, blob))
    with subprocess.Popen(
        ["git", "-C", str(repository), "cat-file", "--batch"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as batch:
        assert batch.stdin is not None
        assert batch.stdout is not None
        for path, blob in wanted:
            batch.stdin.write(f"{blob}\n".encode())
            batch.stdin.flush()
            length = int(batch.stdout.readline().split()[2])
            content = batch.stdout.read(length + 1)[:-1]
            if b"\0" not in content:
                yield path, content.decode("utf-8", "replace").replace("\r\n", "\n")
        batch.stdin.close()


def git(repository: Path, *arguments: str) -> bytes:
    """Run git in a repository and return its output."""
    command = ["git", "-C", str(repository), *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
