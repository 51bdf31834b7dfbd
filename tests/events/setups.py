"""The columns of the event matrix: how the hooks come to be called."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.notify.events import GIT_EVENTS
from lumen_hooks.setup.hooks_dir import line_to_add
from lumen_hooks.setup.installer import Request, install_hooks, install_pre_commit
from lumen_hooks.setup.pre_commit import INSTALL_COMMAND

if TYPE_CHECKING:
    from collections.abc import Callable

    from .stage import Stage

_FOREIGN = """\
#!/bin/sh
# git lfs {event} "$@"
echo "{event} $*" >>"$(git rev-parse --git-common-dir)/foreign-calls"
echo >&2 "a foreign {event} was here"
"""
"""A hook of the kind that git-lfs installs: it says something, and has its own business."""

_HUSKY = """\
#!/usr/bin/env sh
n=$(basename "$0")
s=$(dirname "$(dirname "$0")")/$n
[ ! -f "$s" ] && exit 0
[ "${HUSKY-}" = "0" ] && exit 0
export PATH="node_modules/.bin:$PATH"
sh -e "$s" "$@"
c=$?
[ $c != 0 ] && echo "husky - $n script failed (code $c)"
[ $c = 127 ] && echo "husky - command not found in PATH=$PATH"
exit $c
"""
"""What husky 9.1 puts into `.husky/_/h`."""


@dataclass(frozen=True, slots=True)
class SetUp:
    """One way of being called.

    Attributes:
        name: of the column.
        others: puts the other tools in place, in both twins.
        ours: adds our hooks, in one of them, with this program as the interpreter.
        in_tree: what calls our hooks lies in the working tree, so that not every worktree has it.
    """

    name: str
    others: Callable[[Stage], None]
    ours: Callable[[Stage, str], None]
    in_tree: bool = False


def _nothing(stage: Stage) -> None:
    """Leave the repository as `git init` makes it."""


def _files(stage: Stage, python: str) -> None:
    found = install_hooks(find_worktree(str(stage.at().top)), Request(python, config_hooks=False))
    assert [item.action for item in found] == ["installed"] * len(GIT_EVENTS)


def _config(stage: Stage, python: str) -> None:
    found = install_hooks(find_worktree(str(stage.at().top)), Request(python, config_hooks=True))
    assert [item.action for item in found] == ["installed"] * len(GIT_EVENTS)


def _pre_commit(stage: Stage) -> None:
    command = [sys.executable, "-m", "pre_commit", *INSTALL_COMMAND.split()[1:]]
    subprocess.run(command, cwd=stage.at().top, check=True, capture_output=True)


def _stanza(stage: Stage, python: str) -> None:
    added, _ = install_pre_commit(find_worktree(str(stage.at().top)), Request(python))
    assert added.action == "unchanged"


def _foreign(stage: Stage) -> None:
    """Hooks for three events as git-lfs has, at whose end the user has added our line."""
    folder = stage.at().top / ".git" / "hooks"
    folder.mkdir(exist_ok=True)
    for event in GIT_EVENTS[:3]:
        path = folder / event
        path.write_text(_FOREIGN.format(event=event) + line_to_add(event) + "\n")
        path.chmod(0o755)


def _beside_foreign(stage: Stage, python: str) -> None:
    found = install_hooks(find_worktree(str(stage.at().top)), Request(python, config_hooks=False))
    assert [item.action for item in found] == ["refused"] * 3 + ["installed"] * (
        len(GIT_EVENTS) - 3
    )


def _husky(stage: Stage) -> None:
    folder = stage.at().top / ".husky" / "_"
    folder.mkdir()
    (folder / ".gitignore").write_text("*")
    (folder / "h").write_text(_HUSKY)
    for event in GIT_EVENTS:
        path = folder / event
        path.write_text('#!/usr/bin/env sh\n. "$(dirname "$0")/h"')
        path.chmod(0o755)
    stage.play("git config core.hooksPath .husky/_")


def _beside_husky(stage: Stage, python: str) -> None:
    found = install_hooks(find_worktree(str(stage.at().top)), Request(python, config_hooks=False))
    assert {item.action for item in found} == {"refused"}


NATIVE = SetUp("native", _nothing, _files)
CONFIG = SetUp("config", _nothing, _config)
PRE_COMMIT = SetUp("pre-commit", _pre_commit, _stanza, in_tree=True)
FOREIGN = SetUp("beside git-lfs", _foreign, _beside_foreign)
HUSKY = SetUp("under husky", _husky, _beside_husky, in_tree=True)
