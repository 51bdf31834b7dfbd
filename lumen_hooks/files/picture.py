"""A worktree as one look found it: what tells a later look, without git, which files have changed.

git lists a tree anew for every look, and every path is judged anew. Most looks find nothing else
than the one before. A picture holds all that such a list came from: git's index and the files
with rules (by their stat data), the names in every folder that git looks into (`folder_names`), and
size and change time of each file that counts. If everything but some files is as it was, then so is
the list, and those files alone are in doubt. What is not understood in full gets no picture, or is
no longer as in it; then git lists the tree again. It knows no index of ours; `picture_file` keeps
it.
"""

from __future__ import annotations

import hashlib
import json
import os
from array import array
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from lumen_hooks import __version__
from lumen_hooks.errors import RepositoryError
from lumen_hooks.git.command import git
from lumen_hooks.git.config import system_files
from lumen_hooks.system.mounts import device_that_tells
from lumen_hooks.system.unchanged import settled_before, signature_of, was_still

from .folder_names import FOLDER, OTHER, FolderNames, digest_of, names_in, noted
from .folders import Folders
from .git_index import is_sparse
from .ignore import IGNORE_FILE, RULES_VERSION
from .manifest import SUBMODULE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lumen_hooks.git.worktree import Worktree
    from lumen_hooks.settings import Settings
    from lumen_hooks.system.unchanged import Signature

    from .folder_names import FolderStamp
    from .manifest import Manifest

Stamp: TypeAlias = tuple[int, int]
"""Size and change time of a file, as `Seen` has them; the time is -1 of one that is in doubt."""

_RULE_FILES = (b".gitignore", b".gitattributes", IGNORE_FILE.encode())
_DEPTH = 64
"""How many folders that hold no file may lie in each other; as many questions go to git."""


class Touched(NamedTuple):
    """What is not as in a picture, or known better than there; all by number.

    Attributes:
        files: that may have changed since, as they are now.
        folders: that must not be listed again, from now on.
    """

    files: dict[int, Stamp]
    folders: dict[int, FolderStamp]


class Picture(NamedTuple):
    """A worktree as one look found it.

    Attributes:
        made_with: digest of where it is, the settings, git's configuration and the environment.
        witnesses: what decides which files there are, by path (absolute, or below the top).
        folders: every folder that git looks into, and those that are not the worktree's own.
        files: the files that count, in the order of the manifest.
        sizes: of these.
        changed: when they changed, -1 of those that must be looked at.
        blobs: what git's index calls them, one after the other; zeros if it does not know one.
        blob_length: bytes of each.
        unindexable: see `Manifest`.
        rules: see `Manifest`.
        languages: which are told, by path.
    """

    made_with: str
    witnesses: dict[str, Signature]
    folders: FolderNames
    files: list[bytes]
    sizes: array[int]
    changed: array[int]
    blobs: bytes
    blob_length: int
    unindexable: dict[str, int]
    rules: str
    languages: dict[str, str]

    def blob(self, number: int) -> str:
        """What git's index calls a file; see `Seen`."""
        found = self.blobs[number * self.blob_length : (number + 1) * self.blob_length]
        return found.hex() if any(found) else ""

    def differing(
        self, worktree: Worktree, settings: Settings, most: int, began_ns: int
    ) -> Touched | None:
        """What may have changed since, as it is now.

        Args:
            worktree: whose picture this is.
            settings: in force there now.
            most: so many files at most.
            began_ns: a moment before (Unix time, nanoseconds).

        Returns:
            None if anything but files has changed, or too many have.
        """
        if self.made_with != _made_with(worktree, settings):
            return None
        base = os.fsencode(worktree.top) + b"/"
        try:
            if any(_signature(base, path) != then for path, then in self.witnesses.items()):
                return None
            folders = self.folders.differing(base, settled_before(began_ns))
            files = self._changed(base, most) if folders is not None else None
        except OSError:
            return None
        return None if folders is None or files is None else Touched(files, folders)

    def _changed(self, base: bytes, most: int) -> dict[int, Stamp] | None:
        found: dict[int, Stamp] = {}
        lstat, then = os.lstat, zip(self.files, self.sizes, self.changed, strict=True)
        for number, (path, size, changed) in enumerate(then):
            status = lstat(base + path)
            modified, altered = status.st_mtime_ns, status.st_ctime_ns
            now = modified if modified > altered else altered  # noqa: FURB136 - max takes longer
            if now != changed or status.st_size != size:
                found[number] = status.st_size, now
                if len(found) > most:
                    return None
        return found


def take(
    worktree: Worktree, settings: Settings, manifest: Manifest, began_ns: int
) -> Picture | None:
    """What a look found, if all of it held still while it looked.

    Args:
        worktree: where it looked.
        settings: in force there.
        manifest: all that it found.
        began_ns: when it began (Unix time, nanoseconds).
    """
    strange = is_sparse(worktree) or settings.include or not settings.listing
    of_a_tree = "GIT_ATTR_SOURCE" in os.environ or "attr.tree" in dict(settings.listing)
    if strange or of_a_tree:
        return None
    try:
        walk = _Walk(worktree, settings, manifest)
        if not walk.is_explained():
            return None
        outside = _outside(worktree, settings)
        witnesses = {path: _signature(walk.base, path) for path in (*outside, *walk.rule_files)}
        # What was taken away meanwhile, or became of another kind, shows in the folder alone.
        above = (os.path.dirname(path) for path, found in witnesses.items() if found is None)
        around = [_signature(walk.base, path) for path in set(above)]
        folders = [_signature(walk.base, _text(path)) for path in walk.folders]
    except (OSError, RepositoryError):
        return None
    looked_at = (*witnesses.values(), *around, *folders)
    if None in folders or not all(was_still(signature, began_ns) for signature in looked_at):
        return None
    stamps = ((on, inode, max(times)) for on, inode, _, *times in filter(None, folders))
    device, settled_ns = device_that_tells(worktree.top), settled_before(began_ns)
    names = noted(device, walk.folders, b"".join(walk.digests), stamps, settled_ns)
    return _developed(_made_with(worktree, settings), manifest, names, witnesses, settled_ns)


def _developed(
    made_with: str,
    manifest: Manifest,
    folders: FolderNames,
    witnesses: dict[str, Signature],
    settled_ns: int,
) -> Picture:
    seen = list(manifest.files.values())
    length = max((len(blob) // 2 for blob, *_ in seen), default=0)
    return Picture(
        made_with=made_with,
        witnesses=witnesses,
        folders=folders,
        files=[path.encode() for path in manifest.files],
        sizes=array("q", (size for _, size, _ in seen)),
        changed=array("q", (at if at < settled_ns else -1 for *_, at in seen)),
        blobs=b"".join(bytes.fromhex(blob).ljust(length, b"\0") for blob, *_ in seen),
        blob_length=length,
        unindexable=manifest.unindexable,
        rules=manifest.rules,
        languages=dict(manifest.told.languages),
    )


def retouched(picture: Picture, touched: Touched, began_ns: int) -> None:
    """Note in a picture what was found out since.

    Args:
        picture: of before.
        touched: as `differing` found it. The index holds the files so by now.
        began_ns: a moment before that (Unix time, nanoseconds).
    """
    picture.folders.note(touched.folders)
    for number, (size, changed) in touched.files.items():
        picture.sizes[number] = size
        picture.changed[number] = changed if changed < settled_before(began_ns) else -1


class _Walk:
    """The folders that git looks into, with every name in them.

    Every name must be one that the manifest knows of, or that git ignores: what came in between
    the manifest and this is neither.

    Attributes:
        base: the worktree's top with a slash.
        folders: below the top, each with a slash behind it.
        digests: of the names in each.
        rule_files: what decides about others in them.
    """

    def __init__(self, worktree: Worktree, settings: Settings, manifest: Manifest) -> None:
        self.base = os.fsencode(worktree.top) + b"/"
        self.folders: list[bytes] = []
        self.digests: list[bytes] = []
        self.rule_files: list[str] = []
        self._worktree = worktree
        self._own = Folders(worktree, settings)
        self._files = set(map(str.encode, manifest.files))
        self._known = {_bytes(path) for path in manifest.passed_over} | self._files
        self._submodules = {
            _bytes(path) + FOLDER for path, why in manifest.passed_over.items() if why == SUBMODULE
        }
        self._above = _above({*self._known, *map(_bytes, manifest.absent)})
        self._missing = len(self._files)
        self._in_doubt: list[bytes] = []

    def is_explained(self) -> bool:
        """Walk; whether every name is explained, and every file of the manifest was met."""
        self._look_into([b""])
        for _ in range(_DEPTH):
            if not self._in_doubt:
                return not self._missing
            asked, self._in_doubt = self._in_doubt, []
            left = set(asked) - self._ignored(asked)
            if not all(path.endswith(FOLDER) for path in left):
                return False
            self._look_into(sorted(left))
        return False

    def _look_into(self, folders: list[bytes]) -> None:
        while folders:
            folder = folders.pop()
            names = self._names_of(folder)
            for name in names:
                self._place(folder + name, folders)
            rules = (name.rstrip(b"/") for name in names if name.rstrip(b"/") in _RULE_FILES)
            self.rule_files += [_text(folder + name) for name in rules]

    def _place(self, path: bytes, folders: list[bytes]) -> None:
        if path in self._files:
            self._missing -= 1
        elif path in self._above:
            folders.append(path)
        elif path.endswith(OTHER):
            self._in_doubt += [path[: -len(OTHER)]] * (path[: -len(OTHER)] not in self._known)
        elif path in self._known or path in {b".git", b".git/"}:
            if path.endswith(FOLDER):
                self._only_names_of(path)
        elif path in self._submodules:
            return
        elif self._own.foreign(_text(path)):
            if path.endswith(FOLDER):
                self._only_names_of(path)
        else:
            self._in_doubt.append(path)

    def _only_names_of(self, folder: bytes) -> None:
        """One that is not the worktree's own: what makes it so is in it."""
        if folder != b".git/":
            self._names_of(folder)

    def _names_of(self, folder: bytes) -> list[bytes]:
        names = names_in(self.base + folder)
        self.folders.append(folder)
        self.digests.append(digest_of(names))
        return names

    def _ignored(self, paths: list[bytes]) -> set[bytes]:
        asked = b"".join(path + b"\0" for path in paths)
        command = ["check-ignore", "-z", "--stdin"]
        found = git(command, cwd=self._worktree.top, stdin=asked, accept=(0, 1))
        return set(found.split(b"\0"))


def _above(paths: Iterable[bytes]) -> set[bytes]:
    """The folders that these paths are in, each with a slash behind it."""
    found: set[bytes] = set()
    for path in paths:
        end = path.rstrip(b"/").rfind(b"/") + 1
        while end and path[:end] not in found:
            found.add(path[:end])
            end = path.rfind(b"/", 0, end - 1) + 1
    return found


def _outside(worktree: Worktree, settings: Settings) -> list[str]:
    """What decides about files from outside their folders.

    Raises:
        RepositoryError: git does not say where it is.
    """
    said = dict(settings.listing)
    home = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    excludes = said.get("core.excludesfile", os.path.join(home, "git", "ignore"))
    attributes = said.get("core.attributesfile", os.path.join(home, "git", "attributes"))
    named = [os.path.expanduser(path) for path in (excludes, attributes) if path]
    if not all(map(os.path.isabs, named)):
        raise RepositoryError(f"{named} is not understood")
    return [
        os.path.join(worktree.git_dir, "index"),
        os.path.join(worktree.git_dir, "info", "sparse-checkout"),
        *(os.path.join(worktree.common_dir, "info", name) for name in ("exclude", "attributes")),
        *named,
        *system_files("gitattributes", worktree.top),
    ]


def _signature(base: bytes, path: str) -> Signature:
    """Of a path below the top or, of rules that lie elsewhere, absolute."""
    return signature_of(os.path.join(base, _bytes(path)))


def _made_with(worktree: Worktree, settings: Settings) -> str:
    """Digest of what is wanted and of how git is set up; see `Picture`.

    Of a copied repository, too, whose picture has the witnesses of the one that it was copied from.
    """
    environment = [
        (name, value)
        for name, value in sorted(os.environ.items())
        if name in {"HOME", "XDG_CONFIG_HOME"} or name.startswith(("GIT_CONFIG", "GIT_ATTR"))
    ]
    decisive = (
        (__version__, RULES_VERSION, settings.max_file_bytes, settings.include, settings.exclude),
        (settings.language, settings.listing, environment, worktree.top, worktree.git_dir),
    )
    return hashlib.blake2b(json.dumps(decisive).encode(), digest_size=16).hexdigest()


def _text(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")


def _bytes(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")
