"""Our stanza in a repository's .pre-commit-config.yaml, put in and taken out as text.

The file is the user's, tracked and shared: comments, order and indentation
stay as they are, and taking the stanza out gives the bytes from before. So the
stanza holds no path of this machine. It calls the scripts that `install` left
in the common dir, and does nothing in a clone where nobody ran it.
"""

from __future__ import annotations

import os
import re
import shlex
import stat
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from lumen_hooks.errors import InstallError
from lumen_hooks.notify.events import GIT_EVENTS
from lumen_hooks.system.atomic_file import read_regular, write_atomic

from .script import finding, manager_of

if TYPE_CHECKING:
    from lumen_hooks.git.worktree import Worktree

FILE = ".pre-commit-config.yaml"
INSTALL_COMMAND = "pre-commit install --install-hooks --allow-missing-config" + "".join(
    f" -t {event}" for event in GIT_EVENTS
)
"""With the hooks' environments made now rather than in front of git, and no failure in worktrees
of branches without the file."""

_START, _END = "# >>> lumen-hooks >>>", "# <<< lumen-hooks <<<"
_HOOK = """\
    - id: lumen-{event}
      name: lumen-hooks ({event})
      entry: >-
        sh -c '{finding};
        [ ! -x "$lumen" ] || exec "$lumen"'
      language: system
      always_run: true
      pass_filenames: false
      require_serial: true
      stages: [{event}]
"""
_NEW_FILE = b"repos:\n"
_BLOCK = re.compile(
    rb"^[ ]*# >>> lumen-hooks >>>\r?\n.*?^[ ]*# <<< lumen-hooks <<<(?:\r?\n|\Z)",
    re.DOTALL | re.MULTILINE,
)
_REPOS = re.compile(rb"^repos:[ \t]*(?:#[^\r\n]*)?(?:\r?\n|\Z)", re.MULTILINE)
_KEYS = re.compile(
    rb"""(?:^|[\s{,\[-])["']?(?P<key>repo|rev|id)["']?[ \t]*:[ \t]*"""
    rb"""["']?(?P<value>[^\s"',}\]\0]+)""",
    re.MULTILINE,
)
_COMMENT = re.compile(rb"(?:^|[ \t])#[^\r\n]*", re.MULTILINE)
_STARTER = re.compile(rb"^INSTALL_PYTHON=([^\0\n]+)$", re.MULTILINE)
_DEFAULT_MODE = 0o644


@dataclass(frozen=True, slots=True)
class Stanza:
    """What became of the stanza in a file."""

    path: str
    action: Literal["added", "updated", "unchanged"]


def stanza(indent: int = 2) -> str:
    """The entry of `repos:` that calls our hooks, each line ending in a line break.

    Args:
        indent: columns in front of the entries of `repos:`.
    """
    lines = f"{_START}\n- repo: local\n  hooks:\n"
    lines += "".join(_HOOK.format(event=event, finding=finding(event)) for event in GIT_EVENTS)
    return textwrap.indent(f"{lines}{_END}\n", " " * indent)


def add_stanza(worktree: Worktree) -> Stanza:
    """Put the stanza at the end of `repos:` in this worktree's file; make the file if need be.

    Raises:
        InstallError: the file is not laid out in lines, or is a symbolic link; the message has the
            stanza to add by hand.
    """
    path = os.path.join(worktree.top, FILE)
    if os.path.lexists(path) and not stat.S_ISREG(os.lstat(path).st_mode):
        raise _by_hand(path, "is no regular file")
    content = read_regular(path)
    if not _BLOCK.search(content) and declared_events(content):
        return Stanza(path, "unchanged")  # someone refers to us as a hook repository
    changed = with_stanza(content or _NEW_FILE)
    if changed is None:
        raise _by_hand(path, "has no `repos:` with an entry a line")
    if changed == content:
        return Stanza(path, "unchanged")
    write_atomic(path, changed, _mode(path))
    return Stanza(path, "updated" if _BLOCK.search(content) else "added")


def remove_stanza(worktree: Worktree) -> str | None:
    """Take the stanza out of this worktree's file, and return the file's path if it was there.

    A file that `add_stanza` made goes with it.
    """
    path = os.path.join(worktree.top, FILE)
    content = read_regular(path)
    changed = without_stanza(content)
    if changed == content:
        return None
    if changed == _NEW_FILE:
        os.unlink(path)
    else:
        write_atomic(path, changed, _mode(path))
    return path


def has_stanza(worktree: Worktree) -> bool:
    """Whether this worktree's file has hooks of ours."""
    return bool(declared_events(read_regular(os.path.join(worktree.top, FILE))))


class Entry(NamedTuple):
    """An entry of `repos:`, as far as it matters here.

    Attributes:
        repo: the address of a hook repository, or `local`; empty if none is said.
        rev: the tag or commit of it that is used, empty if none is said.
        events: those for which it has a hook of ours.
    """

    repo: str
    rev: str
    events: frozenset[str]


def entries_with_ours(content: bytes) -> list[Entry]:
    """The entries of a configuration that have hooks of ours, in whatever style of YAML."""
    found: list[dict[str, list[str]]] = [{"repo": [""]}]  # an id in front of the first is nobody's
    for match in _KEYS.finditer(_COMMENT.sub(b"", content)):
        key, value = match["key"].decode(), os.fsdecode(match["value"])
        if key == "repo":
            found.append({})
        found[-1].setdefault(key, []).append(value)
    ids = {f"lumen-{event}": event for event in GIT_EVENTS}
    entries = [
        Entry(
            one["repo"][0],
            one.get("rev", [""])[0],
            frozenset(ids[name] for name in one.get("id", ()) if name in ids),
        )
        for one in found
    ]
    return [entry for entry in entries if entry.events]


def declared_events(content: bytes) -> set[str]:
    """The events for which a configuration has a hook of ours, from whatever repository."""
    return {event for entry in entries_with_ours(content) for event in entry.events}


def starter_of(content: bytes) -> str:
    """The interpreter that a hook file of pre-commit's starts it with, if it names one."""
    match = _STARTER.search(content) if manager_of(content) == "pre-commit" else None
    try:
        words = shlex.split(os.fsdecode(match[1])) if match else []
    except ValueError:
        words = []
    return words[0] if words else ""


def with_stanza(content: bytes) -> bytes | None:
    """A configuration with the stanza at the end of `repos:`, None if that is not in block style.

    Where the stanza is already it stays, brought up to date.
    """
    present = _BLOCK.search(content)
    if present:
        indent = len(present[0]) - len(present[0].lstrip(b" "))
        block = _encoded(content, indent)
        if not present[0].endswith(b"\n"):
            block = block.rstrip(b"\r\n")
        return content[: present.start()] + block + content[present.end() :]
    found = _entries(content)
    if found is None:
        return None
    at, indent = found
    before, after = content[:at], content[at:]
    block = _encoded(content, indent)
    if before.endswith(b"\n"):
        return before + block + after
    # The file's last line has no line break, nor has the block then: see without_stanza.
    return before + _line_break(content) + block.rstrip(b"\r\n")


def without_stanza(content: bytes) -> bytes:
    """A configuration as it was before `with_stanza`, byte for byte."""
    match = _BLOCK.search(content)
    if match is None:
        return content
    before, after = content[: match.start()], content[match.end() :]
    if not match[0].endswith(b"\n"):
        before = before.removesuffix(_line_break(content))
    return before + after


def _entries(content: bytes) -> tuple[int, int] | None:
    """Where the entries of `repos:` end, and their indentation; None without such a list."""
    heading = _REPOS.search(content)
    if heading is None:
        return None
    at = end = heading.end()
    indent: int | None = None
    for line in content[at:].splitlines(keepends=True):
        at += len(line)
        words = line.strip()
        column = len(line) - len(line.lstrip(b" "))
        # A deeper comment belongs to its entry, if it is one: it may be a line of a script there.
        if not words or (words.startswith(b"#") and column <= (indent or 0)):
            continue  # kept behind the stanza if nothing of the list follows
        is_entry = words.startswith(b"- ") or words == b"-"
        if indent is None:
            if is_entry:
                indent = column
            elif column and not words.startswith(b"#"):
                return None  # a list in brackets, or no list
            elif column:
                continue
        if indent is None or column < indent or (column == 0 and not is_entry):
            break
        end = at
    return end, 2 if indent is None else indent


def _encoded(content: bytes, indent: int) -> bytes:
    return stanza(indent).encode().replace(b"\n", _line_break(content))


def _line_break(content: bytes) -> bytes:
    return b"\r\n" if b"\r\n" in content else b"\n"


def _mode(path: str) -> int:
    try:
        return stat.S_IMODE(os.stat(path).st_mode)
    except FileNotFoundError:
        return _DEFAULT_MODE


def _by_hand(path: str, reason: str) -> InstallError:
    return InstallError(
        f"{path} {reason}, so it was left alone; add to its `repos:`\n{stanza()}".rstrip("\n"),
        hint=f"then run: {INSTALL_COMMAND}",
    )
