"""Which files of a worktree are indexable, and by which content.

git's command line answers, because it alone reads every kind of repository
(split and sparse indexes, SHA-256, reftable) and knows which files it may
vouch for without opening them. It knows no index of ours and reads no file
but those that hold rules.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from .contents import Content, read_file
from .conversion import configured, converted, mentions_conversions
from .git import git
from .ignore import IGNORE_FILE, RULES_VERSION, Rules, left_out, rules_of
from .patterns import lineage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .config import Settings
    from .worktree import Worktree

_ATTRIBUTES_FILE = ".gitattributes"
_RULE_FILE_BYTES = 1 << 20
_LINGUIST = {"linguist-generated": "generated", "linguist-vendored": "vendored"}
_NOT_SET = frozenset({"unspecified", "unset", "false"})


@dataclass(frozen=True, slots=True)
class Manifest:
    """The indexable files of a worktree at one moment.

    Attributes:
        head: the commit checked out, in hex; None if HEAD is unborn.
        files: path (relative, `/`) to the raw git blob id if git vouches that the working file
            is that blob (by its stat data, without reading it); None: the file must be looked
            at, as are all files that git converts (see conversion.py). The id names the content
            after line-ending conversion: with that in force the bytes on disk have another hash.
        unindexable: how many files were passed over without being opened, by reason.
        rules: digest of everything that decides what is indexable. When it changes, files that
            were skipped for their content may now be wanted.
    """

    head: str | None
    files: dict[str, bytes | None]
    unindexable: dict[str, int]
    rules: str


class _Found:
    """What the commands of one scan listed so far.

    Attributes:
        files: as in the manifest, before any rule.
        others: paths that are no plain files, with the reason.
        attributes_elsewhere: git takes attributes from its index, their file is not on disk.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes | None] = {}
        self.others: dict[str, str] = {}
        self.attributes_elsewhere = False

    def place(self, path: str, mode: int, blob: bytes | None = None) -> None:
        """Put a path where its file type says; 0 is a file that is not there."""
        self.files.pop(path, None)
        self.others.pop(path, None)
        kind = stat.S_IFMT(mode)
        if kind == stat.S_IFREG:
            self.files[path] = blob
        elif kind == stat.S_IFLNK:
            self.others[path] = "symlink"
        elif kind == _GITLINK:
            self.others[path] = "submodule"
        elif kind != 0:
            self.others[path] = "not a regular file"
        elif path.endswith(_ATTRIBUTES_FILE):
            self.attributes_elsewhere = True


_GITLINK = 0o160000
"""git's file type for a submodule; no file system has it."""


def scan(worktree: Worktree, settings: Settings) -> Manifest:
    """List a worktree's indexable files. Takes no lock and changes nothing.

    Raises:
        RepositoryError: git cannot read the repository or its index.
    """
    head = git(["rev-parse", "-q", "--verify", "HEAD"], cwd=worktree.top, accept=(0, 1))
    found = _Found()
    conversions = configured(worktree.top)
    _add_tracked(worktree, found, conversions.switched_off)
    _add_untracked(worktree, found)
    _drop_undecodable(found)
    ignore_files, attributes, digest = _rule_files(worktree, settings, found.files)
    rules = rules_of(settings, ignore_files)
    reasons = left_out(found.files, rules)
    if attributes.convert or found.attributes_elsewhere or conversions.mention_conversions:
        vouched = [path for path, blob in found.files.items() if blob and path not in reasons]
        found.files.update(dict.fromkeys(converted(worktree.top, vouched)))
    if attributes.decide:
        # In git's order: check-attr rereads attribute files whenever the folder changes.
        left = [path for path in found.files if path not in reasons]
        reasons |= _by_attributes(worktree.top, left, rules)
    for path in reasons:
        del found.files[path]
    unindexable = Counter(found.others.values()) + Counter(reasons.values())
    return Manifest(head.decode().strip() or None, found.files, dict(unindexable), digest)


def _add_tracked(worktree: Worktree, found: _Found, options: list[str]) -> None:
    stamp = _index_stamp(worktree)
    listed = _list_index(worktree.top)
    complaints: list[bytes] = []
    dirty = git(
        [*options, "diff-files", "-z", "--ignore-submodules=dirty"],
        cwd=worktree.top,
        complaints=complaints,
    )
    changed = _index_stamp(worktree) != stamp
    _parse_index(worktree.top, _list_index(worktree.top) if changed else listed, found)
    if changed:
        # A commit or checkout ran between our two questions: what diff-files called clean may
        # be another blob than the list says. An entry that read the same before and after is
        # the one that it compared; the others must be looked at.
        before = _Found()
        _parse_index(worktree.top, listed, before)
        for path, blob in found.files.items():
            if before.files.get(path) != blob:
                found.files[path] = None
    if complaints:
        # Of a file that it cannot reach (in a folder that became a symlink to itself, or is not
        # readable) diff-files complains, and lists it as little as one that is clean.
        found.files = dict.fromkeys(found.files)
    tokens = _text(dirty).split("\0")
    for status, path in zip(tokens[::2], tokens[1::2], strict=False):
        # `:OLDMODE NEWMODE OLDID NEWID LETTER`; the new mode is the working file's.
        found.place(path, int(status[8:14], 8))


def _index_stamp(worktree: Worktree) -> tuple[int, int, int] | None:
    """Changes whenever git replaces its index, which it always does by renaming."""
    try:
        status = os.stat(os.path.join(worktree.git_dir, "index"))
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def _list_index(top: str) -> bytes:
    return git(["ls-files", "-s", "-v", "-z"], cwd=top)


def _parse_index(top: str, listed: bytes, found: _Found) -> None:
    """Read `TAG MODE ID STAGE<tab>PATH`.

    H is an ordinary entry, M unmerged; git does not look at the files of S (skip-worktree) and of
    small letters (assume-unchanged).
    """
    files = found.files
    unseen: list[str] = []
    for entry in _text(listed).split("\0"):
        status, _, path = entry.partition("\t")
        if status.startswith("H 100"):
            files[path] = bytes.fromhex(status[9:-2])
        elif status.startswith("H "):
            found.place(path, int(status[2:8], 8))
        elif status.startswith(("S ", "s ", "h ")):
            unseen.append(path)
        # Unmerged paths are all reported by diff-files, with the working file's mode.
    if unseen:
        _add_present(top, unseen, found)


def _add_present(top: str, paths: list[str], found: _Found) -> None:
    """Add those entries that are on disk of which git does not look at the files."""
    base = os.fsencode(top) + b"/"
    folders: dict[str, bool] = {"": True}

    def is_folder(folder: str) -> bool:
        if folder not in folders:
            known = True
            for place in lineage(folder):
                if place not in folders:
                    folders[place] = known and stat.S_ISDIR(_mode(base + _bytes(place)))
                known = folders[place]
        return folders[folder]

    for path in paths:
        there = is_folder(path.rpartition("/")[0])
        found.place(path, _mode(base + _bytes(path)) if there else 0)


def _add_untracked(worktree: Worktree, found: _Found) -> None:
    listed = git(["ls-files", "-o", "--exclude-standard", "-z"], cwd=worktree.top)
    if not listed:
        return
    base = os.fsencode(worktree.top) + b"/"
    foreign: dict[str, bool] = {"": False}
    for git_dir in (worktree.git_dir, worktree.common_dir):
        # --separate-git-dir may lie in the tree under a name that git does not hide.
        foreign[os.path.relpath(git_dir, worktree.top)] = True

    def is_foreign(folder: str) -> bool:
        # A nested worktree or clone that git recognises it lists as one folder. One whose .git
        # file points nowhere (moved, pruned) it takes for a plain folder; we do not.
        if folder not in foreign:
            known = False
            for place in lineage(folder):
                if place not in foreign:
                    foreign[place] = known or bool(_mode(base + _bytes(place) + b"/.git"))
                known = foreign[place]
        return foreign[folder]

    for path in _text(listed).split("\0"):
        if is_foreign(path.rpartition("/")[0]):
            found.others[path] = "nested repository"
        elif path and path not in found.files:
            try:
                found.place(path, os.lstat(base + _bytes(path)).st_mode)
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError:
                found.files[path] = None  # reading it will say what is wrong


def _mode(place: bytes) -> int:
    """A file's type and permissions, 0 if it is not there or cannot be reached."""
    try:
        return os.lstat(place).st_mode
    except OSError:
        return 0


def _text(output: bytes) -> str:
    """Decode git's output with the bytes that are not UTF-8 kept as surrogates."""
    return output.decode("utf-8", "surrogateescape")


def _bytes(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")


def _drop_undecodable(found: _Found) -> None:
    """Count away the paths that hold surrogates: an index stores paths as UTF-8."""
    try:
        "".join(found.files).encode("utf-8")
    except UnicodeEncodeError:
        for path in list(found.files):
            if not _is_utf8(path):
                del found.files[path]
                found.others[path] = "path is not UTF-8"


def _is_utf8(path: str) -> bool:
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


class _Attributes(NamedTuple):
    """Whether attributes may decide what is indexable, and whether they may convert files."""

    decide: bool
    convert: bool


def _rule_files(
    worktree: Worktree, settings: Settings, paths: Iterable[str]
) -> tuple[dict[str, str], _Attributes, str]:
    """The ignore files' text by folder, what attributes may do, and the digest of what decides."""
    named = [path for path in paths if path.endswith((IGNORE_FILE, _ATTRIBUTES_FILE))]
    ignore_files: dict[str, str] = {}
    attributes: list[tuple[str, str]] = []
    ignoring: list[tuple[str, str]] = []
    convert = False
    # The top's own ignore file counts even where git itself is told to overlook it.
    for path in sorted({*named, IGNORE_FILE}):
        folder, _, name = path.rpartition("/")
        content = _read_rule_file(worktree.top, path)
        if content is None:
            continue
        if name == IGNORE_FILE:
            ignore_files[folder] = content.text
            ignoring.append((path, content.blob.hex()))
        elif name == _ATTRIBUTES_FILE:
            convert = convert or mentions_conversions(content.text)
            if "linguist-" in content.text:
                attributes.append((path, content.blob.hex()))
    info = _read_rule_file(worktree.common_dir, "info/attributes")
    if info is not None:
        convert = convert or mentions_conversions(info.text)
        if "linguist-" in info.text:
            attributes.append(("info/attributes", info.blob.hex()))
    decisive = [
        RULES_VERSION,
        settings.max_file_bytes,
        settings.include,
        settings.exclude,
        ignoring,
        attributes,
    ]
    digest = hashlib.sha256(json.dumps(decisive).encode()).hexdigest()[:32]
    return ignore_files, _Attributes(bool(attributes), convert), digest


def _read_rule_file(folder: str, path: str) -> Content | None:
    content = read_file(folder, path, max_bytes=_RULE_FILE_BYTES, blob_length=20)
    return content if isinstance(content, Content) else None


def _by_attributes(top: str, paths: Iterable[str], rules: Rules) -> dict[str, str]:
    """The paths that gitattributes call generated or vendored, unless the user includes them."""
    asked = [path for path in paths if not (rules.include and rules.include.matches(path))]
    answer = git(
        ["check-attr", "-z", "--stdin", *_LINGUIST],
        cwd=top,
        stdin="".join(path + "\0" for path in asked).encode(),
    )
    tokens = _text(answer).split("\0")
    return {
        path: _LINGUIST[attribute]
        for path, attribute, value in zip(tokens[::3], tokens[1::3], tokens[2::3], strict=False)
        if value not in _NOT_SET
    }
