"""A folder of git repositories, `owner+name` or `owner+name/repo`, to take files from offline."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from .measure import run

if TYPE_CHECKING:
    from pathlib import Path


def mirror_of(mirrors: Path, name: str) -> Path | None:
    """Where the git repository of `owner/name` is; None if it is not in the folder."""
    flat = mirrors / name.replace("/", "+")
    places = (flat / "repo", flat / "repo" / ".git", flat, flat / ".git")
    return next((place for place in places if (place / "HEAD").is_file()), None)


def has_commit(mirror: Path, commit: str) -> bool:
    """Whether the repository has this commit."""
    found = subprocess.run(
        ["git", "-C", str(mirror), "cat-file", "-e", f"{commit}^{{commit}}"],
        check=False,
        stderr=subprocess.DEVNULL,
    )
    return found.returncode == 0


def unpacked(mirror: Path, tree: str, top: Path) -> Path:
    """A tree's files as a fresh git repository in this folder, unless it is there already.

    Args:
        mirror: the repository that has it.
        tree: as git names it: a commit, or `COMMIT:FOLDER`.
        top: the folder.
    """
    if not (top / ".git").is_dir():
        top.mkdir(parents=True, exist_ok=True)
        files = subprocess.run(
            ["git", "-C", str(mirror), "archive", tree], check=True, stdout=subprocess.PIPE
        )
        subprocess.run(["tar", "-x", "-C", str(top)], input=files.stdout, check=True)
        commit_all(top, f"Files of {tree}")
    return top


def commit_all(top: Path, message: str) -> None:
    """Make a folder a git repository with all its files in one commit."""
    run("git", "init", "-q", cwd=top)
    run("git", "add", "-Af", cwd=top)
    run("git", "commit", "-qm", message, cwd=top)
