"""A small repository with all that git commands need to act on, and the lines that act on it.

Lines are shell-like: `git ...` runs git, `write PATH NAME...` an editor that saves a module of
these functions, `text PATH TEXT` one that saves this line, `delete PATH` a file manager.
`@FOLDER` before a line says where (else in `main`), `! ` that the command is to fail.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lumen_hooks.notify.events import GIT_EVENTS
from lumen_hooks.setup.hooks_dir import line_to_add
from lumen_hooks.setup.pre_commit import FILE, stanza
from tests.support.repository import Repository
from tests.support.sources import python_module
from tests.support.waiting import PATIENCE_SECONDS

if TYPE_CHECKING:
    from pathlib import Path

_PATCH = re.compile(r"patch\d+-\d+")
"""pre-commit names the file for the edits that it sets aside by time and process."""

CALLED_BY_OTHERS = {
    FILE: f"repos:\n{stanza()}",
    **{f".husky/{event}": line_to_add(event) + "\n" for event in GIT_EVENTS},
}
"""What the users of other hook managers commit: it does nothing where nobody ran `install`."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a user sees of a command."""

    line: str
    code: int
    output: str
    errors: str


@dataclass(frozen=True, slots=True)
class Stage:
    """The folder that holds `main`, its origin and what else there is."""

    folder: Path

    def at(self, place: str = "main") -> Repository:
        return Repository(self.folder / place)

    def play(self, line: str, **environ: str) -> Outcome | None:
        """Do what a line says; how a git command ended, None for anything else."""
        words = line
        fails = words.startswith("! ")
        words = words.removeprefix("! ")
        place = "main"
        if words.startswith("@"):
            place, _, words = words[1:].partition(" ")
        kind, *rest = shlex.split(words)
        top = self.folder / place
        if kind == "write":
            self.at(place).write({rest[0]: python_module(*rest[1:])})
            return None
        if kind == "text":
            self.at(place).write({rest[0]: rest[1] + "\n"})
            return None
        if kind == "delete":
            (top / rest[0]).unlink()
            return None
        assert kind == "git", line
        done = subprocess.run(
            [kind, *rest],
            cwd=top,
            env={**os.environ, **environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=PATIENCE_SECONDS,
        )
        assert (done.returncode != 0) == fails, (line, done.stdout, done.stderr)
        # Both twins' paths have the same length, so that nothing is cut or padded differently.
        texts = [
            _PATCH.sub("patch", os.fsdecode(text).replace(str(self.folder), "STAGE"))
            for text in (done.stdout, done.stderr)
        ]
        return Outcome(line, done.returncode, *texts)

    def copy_to(self, folder: Path) -> Stage:
        shutil.copytree(self.folder, folder, symlinks=True)
        copy = Stage(folder)
        copy.play("git update-index -q --refresh")
        return copy


BUILD = (
    "git config gc.auto 0",
    "git config maintenance.auto false",
    *(f"write m{n}.py f{n} g{n}" for n in range(4)),
    "write pkg/a.py a1",
    "write docs/b.py b1",
    "git add -A",
    "git commit -q -m base",
    "git branch base",
    "git switch -q -c topic",
    "write m1.py f1 g1 topic1",
    "git commit -q -am one",
    "write t1.py topic2",
    "git add -A",
    "git commit -q -m two",
    "git switch -q -c clash base",
    "write m0.py f0 clash",
    "git commit -q -am clash",
    "write c1.py clash1",
    "git add -A",
    "git commit -q -m more",
    "git switch -q main",
    "write m0.py f0 main0",
    "git commit -q -am change",
    "write n.py main1",
    "git add -A",
    "git commit -q -m new",
    "git clone -q --bare . ../origin.git",
    "git remote add origin ../origin.git",
    "git fetch -q",
    "git branch -q -u origin/main",
    "git format-patch -q -o ../patches base..topic",
    "git format-patch -q -o ../clashing base..clash",
    "git repack -a -d -q",  # fewer files to copy
)
"""`main` is two commits ahead of `base`; `topic` fits onto it, `clash` changes the same lines."""


def build_stage(folder: Path) -> Stage:
    """Make the repository, without hooks."""
    main = folder / "main"
    main.mkdir(parents=True)
    stage = Stage(folder)
    stage.play("git init -q --template=")
    stage.at().write(dict(CALLED_BY_OTHERS))
    for line in BUILD:
        stage.play(line)
    return stage
