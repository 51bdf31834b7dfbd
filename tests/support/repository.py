"""A real git repository to try things on."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Repository:
    """A worktree on disk and the git commands that tests give it."""

    top: Path

    def git(self, *arguments: str, check: bool = True) -> str:
        """Run git here and return its standard output."""
        done = subprocess.run(
            ["git", *arguments], cwd=self.top, check=False, capture_output=True, text=True
        )
        if check and done.returncode != 0:
            raise AssertionError(f"git {' '.join(arguments)}: {done.returncode}\n{done.stderr}")
        return done.stdout

    def write(self, files: dict[str, str | bytes]) -> None:
        """Write files below the top, making folders as needed."""
        for name, content in files.items():
            path = self.top / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)

    def commit(self, files: dict[str, str | bytes] | None = None, message: str = "change") -> str:
        """Write files, commit everything and return the new commit's id."""
        self.write(files or {})
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD").strip()

    def add_worktree(self, name: str, *arguments: str) -> Repository:
        """`git worktree add` beside this one."""
        top = self.top.parent / name
        self.git("worktree", "add", "-q", str(top), *arguments)
        return Repository(top)
