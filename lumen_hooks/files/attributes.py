"""What gitattributes(5) say of files, in git's own words.

Always asked of `git check-attr`, never read off attribute files: git alone
knows all the places that they come from (ignored ones, links, a system file,
its index where a file is not on disk).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .git_index import ask

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lumen_hooks.git.worktree import Worktree

_CONVERSIONS = ("filter", "ident", "working-tree-encoding")
_LINGUIST = {"linguist-generated": "generated", "linguist-vendored": "vendored"}
_NOT_SET = frozenset({b"unspecified", b"unset"})


def converted(worktree: Worktree, paths: Iterable[str]) -> set[str]:
    """The paths that git converts on their way between the working tree and its objects.

    With a filter (git-lfs, say), `ident` or another encoding in between, the id of what git stores
    does not tell what is on disk: an LFS pointer and the file that it stands for have the same.
    Line ends are no such case: they show in the size.
    """
    return {path for path, _, _ in _ask(worktree, _CONVERSIONS, paths)}


def not_written_by_hand(worktree: Worktree, paths: Iterable[str]) -> dict[str, str]:
    """The paths that attributes call `generated` or `vendored`, and which of the two."""
    return {
        path: _LINGUIST[attribute]
        for path, attribute, value in _ask(worktree, tuple(_LINGUIST), paths)
        if value != b"false"
    }


def _ask(
    worktree: Worktree, attributes: tuple[str, ...], paths: Iterable[str]
) -> Iterator[tuple[str, str, bytes]]:
    """Path, attribute and value of each attribute that is set.

    The paths come best in git's order: check-attr rereads attribute files whenever the folder
    changes.
    """
    asked = "".join(path + "\0" for path in paths).encode("utf-8", "surrogateescape")
    if not asked:
        return
    tokens = ask(worktree, ["check-attr", "-z", "--stdin", *attributes], stdin=asked).split(b"\0")
    values = tokens[2::3]
    if _NOT_SET.issuperset(values):
        return
    for path, attribute, value in zip(tokens[::3], tokens[1::3], values, strict=False):
        if value not in _NOT_SET:
            yield path.decode("utf-8", "surrogateescape"), attribute.decode(), value
