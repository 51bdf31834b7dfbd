"""Whether pre-commit's own copy of this tool works, where it uses us as a hook repository.

pre-commit clones the repository into its cache, and makes an environment
beside each clone. Which clone is of which revision is read from the clones
themselves; nothing is asked of pre-commit, whose hooks would run.
"""

from __future__ import annotations

import glob
import os
from typing import TYPE_CHECKING

from lumen_hooks.errors import RepositoryError
from lumen_hooks.git.command import git
from lumen_hooks.git.config import config_values
from lumen_hooks.setup.pre_commit import entries_with_ours
from lumen_hooks.system.atomic_file import read_regular

from .check import Check
from .interpreter import Remedies, fault_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lumen_hooks.git.worktree import Worktree
    from lumen_hooks.setup.pre_commit import Entry

_MAKE = "pre-commit install-hooks"


def hook_repository(configuration: bytes) -> Entry | None:
    """The entry of a configuration that uses us as a hook repository, if one does."""
    entries = entries_with_ours(configuration)
    return next((entry for entry in entries if entry.repo not in {"", "local", "meta"}), None)


def check_framework(worktree: Worktree, used: Entry) -> list[Check]:
    """Whether the environment of a hook repository is there, and holds what this command is.

    Args:
        worktree: where a relative address of the repository starts.
        used: the entry.
    """
    where = f"{used.repo} at {used.rev or 'no revision'}"
    environments = [
        python
        for clone in _clones(worktree, used, os.environ)
        for python in sorted(glob.glob(os.path.join(glob.escape(clone), "py_env-*/bin/python")))
    ]
    if not environments:
        detail = f"pre-commit has no environment of {where}: an event makes it, while git waits"
        return [Check("scripts", False, detail, _MAKE)]
    python = environments[-1]
    fault = fault_of(
        python,
        Remedies(
            f"pre-commit clean, then: {_MAKE}",
            "install the same beside pre-commit, and without extras, or call pre-commit's own: "
            + os.path.join(os.path.dirname(python), "lumen-hooks"),
        ),
    )
    return [
        Check("scripts", True, f"none here: pre-commit has a copy of {where}"),
        fault or Check("interpreter", True, python),
    ]


def _clones(worktree: Worktree, used: Entry, environ: Mapping[str, str]) -> Iterator[str]:
    """pre-commit's clones of a hook repository at a revision, the oldest first."""
    found = glob.glob(os.path.join(glob.escape(_store(environ)), "repo*", ".pre-commit-hooks.yaml"))
    for manifest in sorted(found, key=os.path.getmtime):
        clone = os.path.dirname(manifest)
        if b"lumen-post-" not in read_regular(manifest):
            continue
        try:
            addresses = config_values(clone, "remote.origin.url", only="local")
            if _is_address(worktree, used.repo, addresses) and _is_at(clone, used.rev):
                yield clone
        except RepositoryError:  # half made, or half deleted
            continue


def _store(environ: Mapping[str, str]) -> str:
    """Where pre-commit keeps them (pre_commit/store.py)."""
    cache = environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return environ.get("PRE_COMMIT_HOME") or os.path.join(cache, "pre-commit")


def _is_address(worktree: Worktree, address: str, found: list[str]) -> bool:
    # A folder's name is made absolute (pre_commit/git.py).
    here = os.path.realpath(os.path.join(worktree.top, address))
    return any(address == one or here == os.path.realpath(one) for one in found)


def _is_at(clone: str, revision: str) -> bool:
    """Whether a clone is of a revision; of a shallow one, what was fetched tells the tag."""
    if not revision or revision.startswith("-"):
        return False
    fetched = read_regular(os.path.join(clone, ".git", "FETCH_HEAD"))
    if f"'{revision}' of ".encode() in fetched and fetched.count(b"\n") == 1:
        return True
    head, wanted = (
        git(["rev-parse", "--verify", "-q", f"{name}^{{commit}}"], cwd=clone, accept=(0, 1))
        for name in ("HEAD", revision)
    )
    return bool(head) and head == wanted
