"""Which files of a worktree are indexable, and what can be said of each without reading it.

git's command line lists them, because it alone reads every kind of repository
(split and sparse indexes, SHA-256, reftable). What is on disk we see for
ourselves; git looks at no file for us. It knows no index of ours and reads no
file but those that hold rules.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from lumen_hooks.git.command import git
from lumen_hooks.git.worktree import checked_out_commit

from .attributes import linguist
from .content import Content, change_time, read_file
from .folders import NESTED, Folders
from .git_index import ask, index_stamp, is_sparse, sparse_option
from .ignore import IGNORE_FILE, RULES_VERSION, left_out, rules_of
from .told import Told, told_languages

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from lumen_hooks.git.worktree import Worktree
    from lumen_hooks.settings import Settings

SUBMODULE = "submodule"

_IGNORE_FILE_BYTES = 1 << 20
_ATTEMPTS = 3
_GITLINK = "160000"
"""git's mode for a submodule; no file system has it."""


Seen: TypeAlias = tuple[str, int, int]
"""An indexable file as it was on disk when the manifest was made; a plain tuple, for speed.

The id (hex) that git's index has for it, which says nothing of what is on disk (empty if git does
not track it); its size in bytes; when it last changed (`content.change_time`). The latter two are
-1 if the file could not be looked at, and must be read to say why.
"""


class Manifest(NamedTuple):
    """The indexable files of a worktree at one moment.

    Attributes:
        head: the commit checked out, in hex; None if HEAD is unborn.
        files: by path (relative, `/`).
        unindexable: how many files were passed over without being opened, by reason.
        rules: digest of everything that decides what is indexable. When it changes, files that
            were skipped for their content may now be wanted.
        told: which languages its files are told to be in.
        passed_over: the files that were passed over, with the reason, where all were listed.
        absent: those that git's index has and that are not there, likewise.
    """

    head: str | None
    files: dict[str, Seen]
    unindexable: dict[str, int]
    rules: str
    told: Told
    passed_over: Mapping[str, str] = {}
    absent: Collection[str] = ()


def scan(worktree: Worktree, settings: Settings) -> Manifest:
    """List a worktree's indexable files. Takes no lock and changes nothing.

    Raises:
        RepositoryError: git cannot read the repository or its index.
        SettingsError: a pattern in the settings is none.
    """
    head = head_of(worktree)
    sifted = _sifted(worktree, settings)
    counted = dict(Counter(sifted.reasons.values()))
    told = told_languages(settings.language, sifted.languages, sifted.files)
    rules = _digest(settings, sifted.ignore_files)
    return Manifest(head, sifted.files, counted, rules, told, sifted.reasons, sifted.absent)


def head_of(worktree: Worktree) -> str | None:
    """The commit checked out, in hex; None if HEAD is unborn.

    Raises:
        RepositoryError: git cannot read the repository.
    """
    head = checked_out_commit(worktree)
    if head is None:
        verify = ["rev-parse", "-q", "--verify", "HEAD"]
        head = git(verify, cwd=worktree.top, accept=(0, 1)).decode().strip() or None
    return head


def passed_over(worktree: Worktree, settings: Settings) -> tuple[dict[str, str], set[str]]:
    """The files that are left out, by path with the reason, and the paths of those that count.

    Files that git ignores are in neither.

    Raises:
        RepositoryError: git cannot read the repository or its index.
    """
    sifted = _sifted(worktree, settings)
    return sifted.reasons, set(sifted.files)


class _Sifted(NamedTuple):
    """What is known of a worktree's files.

    Attributes:
        files: those that count.
        reasons: why others do not, by path.
        languages: what attributes call the languages of those that count, by path.
        ignore_files: the texts of our ignore files, by folder.
        absent: see `Manifest`.
    """

    files: dict[str, Seen]
    reasons: dict[str, str]
    languages: dict[str, str]
    ignore_files: dict[str, str]
    absent: list[str]


def _sifted(worktree: Worktree, settings: Settings) -> _Sifted:
    listed = _list(worktree, settings)
    _drop_undecodable(listed)
    ignore_files = _ignore_files(worktree, listed)
    rules = rules_of(settings, ignore_files)
    reasons = left_out(listed.entries, rules)
    files = _look(listed, reasons)
    said = linguist(worktree, files)  # in git's order, which is that of the listing
    for path, why in said.not_by_hand.items():
        if not (rules.include and rules.include.matches(path)):
            del files[path]
            reasons[path] = why
    languages = {path: name for path, name in said.languages.items() if path in files}
    return _Sifted(files, {**listed.others, **reasons}, languages, ignore_files, listed.absent)


class _Listed:
    """What git listed.

    Attributes:
        folders: the worktree's folders, as they are on disk.
        entries: what may be a file: by path git's `TAG MODE ID STAGE`, empty for untracked ones.
        unseen: those of them whose files git does not look at: they need not be there.
        others: paths that are no files of this worktree, with the reason.
        absent: paths with nothing there.
    """

    def __init__(self, folders: Folders) -> None:
        self.folders = folders
        self.entries: dict[str, str] = {}
        self.unseen: set[str] = set()
        self.others: dict[str, str] = {}
        self.absent: list[str] = []


def _list(worktree: Worktree, settings: Settings) -> _Listed:
    """All paths that count; once more if git replaced its index in the middle of it."""
    for _ in range(_ATTEMPTS):
        stamp = index_stamp(worktree)
        listed = _Listed(Folders(worktree, settings))
        _ask_git(worktree, listed)
        if index_stamp(worktree) == stamp:
            break
    return listed


def _ask_git(worktree: Worktree, listed: _Listed) -> None:
    """Read `? PATH` of untracked files, then `TAG MODE ID STAGE<tab>PATH` of tracked ones.

    H is an ordinary entry, M unmerged (up to three lines); git does not look at the files of S
    (skip-worktree) and of small letters (assume-unchanged).
    """
    command = ["ls-files", "-s", "-v", "-o", "--exclude-standard", "-z"]
    command += [f"--exclude={pattern}" for pattern in listed.folders.excluded()]
    lines = _text(ask(worktree, [*command, *sparse_option(worktree)])).split("\0")
    if any(map(listed.folders.is_there, _outside(worktree, lines))):
        lines = _text(ask(worktree, command)).split("\0")
    lines.pop()
    start = 0
    while start < len(lines) and lines[start].startswith("? "):
        start += 1
    if start < len(lines):
        path = lines[start].index("\t") + 1
        listed.entries = {line[path:]: line[: path - 1] for line in lines[start:]}
        listed.unseen = {name for name, entry in listed.entries.items() if entry[0] not in "HM"}
    for line in lines[:start]:
        _add_untracked(listed, line[2:])


def _outside(worktree: Worktree, lines: list[str]) -> Iterator[str]:
    """The folders outside a sparse checkout that a sparse index has instead of their files."""
    if is_sparse(worktree):
        for line in lines:
            if line.startswith("S 040000 "):
                yield line.partition("\t")[2].removesuffix("/")


def _add_untracked(listed: _Listed, path: str) -> None:
    reason = listed.folders.foreign(path)
    if reason == NESTED:
        listed.others[path] = NESTED
    elif not reason:
        listed.entries.setdefault(path, "")


def _look(listed: _Listed, reasons: dict[str, str]) -> dict[str, Seen]:
    """The files that are there, of those that no reason leaves out.

    Of paths that are left out only those are looked at that need not be there.
    """
    found: dict[str, Seen] = {}
    base, unseen, lstat = listed.folders.base, listed.unseen, os.lstat
    folder, there = "", True
    for path, entry in listed.entries.items():
        if path in reasons and path not in unseen:
            continue
        parent = path.rpartition("/")[0]
        if parent != folder:
            folder, there = parent, listed.folders.is_there(parent)
        status = None
        try:
            if there:
                status = lstat(base + path.encode())
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError:
            if path not in reasons:
                found[path] = (entry[9:-2], -1, -1)
            continue
        if status is not None and stat.S_ISREG(status.st_mode):
            if path not in reasons:
                found[path] = (entry[9:-2], status.st_size, change_time(status))
            continue
        reasons.pop(path, None)
        if status is None:
            listed.absent.append(path)
        else:
            _place_other(listed, path, entry, status.st_mode)
    return found


def _place_other(listed: _Listed, path: str, entry: str, mode: int) -> None:
    if stat.S_ISLNK(mode):
        listed.others[path] = "symlink"
    elif not stat.S_ISDIR(mode):
        listed.others[path] = "not a regular file"
    elif entry[2:8] == _GITLINK:
        listed.others[path] = SUBMODULE


def _text(output: bytes) -> str:
    """Decode git's output with the bytes that are not UTF-8 kept as surrogates."""
    return output.decode("utf-8", "surrogateescape")


def _drop_undecodable(listed: _Listed) -> None:
    """Count away the paths that hold surrogates: an index stores paths as UTF-8."""
    try:
        "".join(listed.entries).encode("utf-8")
    except UnicodeEncodeError:
        for path in list(listed.entries):
            if not _is_utf8(path):
                del listed.entries[path]
                listed.others[path] = "path is not UTF-8"


def _is_utf8(path: str) -> bool:
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _ignore_files(worktree: Worktree, listed: _Listed) -> dict[str, str]:
    """The text of our ignore files, by folder."""
    found = {}
    below = (path for path in listed.entries if path.endswith(f"/{IGNORE_FILE}"))
    # The top's own counts even where git itself is told to overlook it.
    for path in sorted((IGNORE_FILE, *below)):
        folder = path.rpartition("/")[0]
        if listed.folders.is_there(folder):
            content = read_file(worktree.top, path, max_bytes=_IGNORE_FILE_BYTES, blob_length=20)
            if isinstance(content, Content):
                found[folder] = content.text
    return found


def _digest(settings: Settings, ignore_files: dict[str, str]) -> str:
    decisive = [
        RULES_VERSION,
        settings.max_file_bytes,
        settings.include,
        settings.exclude,
        list(ignore_files.items()),
    ]
    return hashlib.sha256(json.dumps(decisive).encode()).hexdigest()[:32]
