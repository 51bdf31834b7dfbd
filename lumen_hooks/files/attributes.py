"""What gitattributes(5) say of files, in git's own words.

Always asked of `git check-attr`, never read off attribute files: git alone
knows all the places that they come from (ignored ones, links, a system file,
its index where a file is not on disk).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .git_index import ask

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lumen_hooks.git.worktree import Worktree

_CONVERSIONS = ("filter", "ident", "working-tree-encoding")
_EVERY = ("-a",)
"""Those that are set: where there are none git has nothing to write, and we nothing to read."""

_LANGUAGE = "linguist-language"
_NOT_BY_HAND = {"linguist-generated": "generated", "linguist-vendored": "vendored"}
_LINGUIST = frozenset(map(str.encode, (_LANGUAGE, *_NOT_BY_HAND)))
_SET = b"set"
_NOT_SET = frozenset({b"unspecified", b"unset"})


def converted(worktree: Worktree, paths: Iterable[str]) -> set[str]:
    """The paths that git converts on their way between the working tree and its objects.

    With a filter (git-lfs, say), `ident` or another encoding in between, the id of what git stores
    does not tell what is on disk: an LFS pointer and the file that it stands for have the same.
    Line ends are no such case: they show in the size.
    """
    return {path for path, _, _ in _ask(worktree, _CONVERSIONS, paths)}


class Linguist(NamedTuple):
    """What attributes of GitHub Linguist say of files, by path.

    Attributes:
        not_by_hand: `generated` or `vendored`.
        languages: the language that each is said to be in, as it is written there.
    """

    not_by_hand: dict[str, str]
    languages: dict[str, str]


def linguist(worktree: Worktree, paths: Iterable[str]) -> Linguist:
    """What GitHub Linguist is told of files, in one question to git."""
    found = Linguist({}, {})
    for path, attribute, value in _ask(worktree, _EVERY, paths, only=_LINGUIST):
        if attribute in _NOT_BY_HAND:
            if value != b"false":
                found.not_by_hand[path] = _NOT_BY_HAND[attribute]
        elif value != _SET:
            found.languages[path] = value.decode("utf-8", "replace")
    return found


def _ask(
    worktree: Worktree,
    attributes: tuple[str, ...],
    paths: Iterable[str],
    *,
    only: frozenset[bytes] | None = None,
) -> Iterator[tuple[str, str, bytes]]:
    """Path, attribute and value of each attribute that is set, `only` of these if that is given.

    The paths come best in git's order: check-attr rereads attribute files whenever the folder
    changes.
    """
    asked = "".join(path + "\0" for path in paths).encode("utf-8", "surrogateescape")
    if not asked:
        return
    tokens = ask(worktree, ["check-attr", "-z", "--stdin", *attributes], stdin=asked).split(b"\0")
    names, values = tokens[1::3], tokens[2::3]
    if _NOT_SET.issuperset(values) or (only is not None and only.isdisjoint(names)):
        return
    for path, attribute, value in zip(tokens[::3], names, values, strict=False):
        if value not in _NOT_SET and (only is None or attribute in only):
            yield path.decode("utf-8", "surrogateescape"), attribute.decode(), value
