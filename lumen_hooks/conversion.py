"""Files that git converts on their way between the working tree and its objects.

git vouches for a working file by the id of what it would store. With a filter
(git-lfs, say), `ident` or another encoding in between, that id does not tell
what is on disk: an LFS pointer and the file that it stands for have the same.
Such files must be looked at. Line ends are no such case: a text is indexed
with single line feeds, whatever git makes of them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .git import git

if TYPE_CHECKING:
    from collections.abc import Iterable

ATTRIBUTES = ("filter", "ident", "working-tree-encoding")
"""gitattributes(5) that make a working file another text than its blob."""

_NOT_SET = frozenset({b"unspecified", b"unset"})
_WANTED = r"^(filter\..*\.(clean|process)|core\.attributesfile)$"
_FILE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Configured:
    """What git's configuration says about conversions.

    Attributes:
        filters: names of the filters that have a command for what goes into git.
        attributes_file: the user's attributes for all repositories.
    """

    filters: tuple[str, ...]
    attributes_file: str

    @property
    def switched_off(self) -> list[str]:
        """Options for git that keep it from running any filter, whatever it would compare.

        `git diff-files` cleans a file that is no older than git's index. With the filter off it
        calls the file changed, and so it is looked at.
        """
        options = []
        for name in self.filters:
            for key, value in (("clean", ""), ("process", ""), ("required", "false")):
                options += ["-c", f"filter.{name}.{key}={value}"]
        return options

    @property
    def mention_conversions(self) -> bool:
        """The attributes that hold for all repositories name a conversion."""
        return any(map(_mentions, ("/etc/gitattributes", self.attributes_file)))


def configured(top: str) -> Configured:
    """Read git's configuration."""
    filters: dict[str, None] = {}
    folder = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    attributes_file = os.path.join(folder, "git", "attributes")
    output = git(["config", "-z", "--get-regexp", _WANTED], cwd=top, accept=(0, 1))
    for item in output.split(b"\0"):
        key, _, value = os.fsdecode(item).partition("\n")
        if key == "core.attributesfile":
            attributes_file = os.path.expanduser(value)
        elif "=" not in key and key:  # `-c` could not name it
            filters[key[len("filter.") : key.rindex(".")]] = None
    return Configured(tuple(filters), attributes_file)


def mentions_conversions(text: str) -> bool:
    """Whether the text of an attributes file could ask for a conversion."""
    return any(name in text for name in ATTRIBUTES)


def converted(top: str, paths: Iterable[str]) -> set[str]:
    """The paths that git's attributes have converted."""
    answer = git(
        ["check-attr", "-z", "--stdin", *ATTRIBUTES],
        cwd=top,
        stdin="".join(path + "\0" for path in paths).encode("utf-8", "surrogateescape"),
    )
    tokens = answer.split(b"\0")
    return {
        path.decode("utf-8", "surrogateescape")
        for path, value in zip(tokens[::3], tokens[2::3], strict=False)
        if value not in _NOT_SET
    }


def _mentions(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return mentions_conversions(file.read(_FILE_BYTES).decode("utf-8", "replace"))
    except OSError:
        return False
