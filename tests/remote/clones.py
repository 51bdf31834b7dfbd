"""A repository that pushes its index to a folder, and clones of it that know nothing else."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from lumen_hooks.service.sharing import push
from tests.support.helpers import job_for
from tests.support.repository import Repository
from tests.support.sources import python_module

if TYPE_CHECKING:
    from pathlib import Path

    from lumen_hooks.service.sharing import Published


def shared(repo: Repository, store: Path, modules: int = 10) -> Repository:
    """A repository with some modules committed, whose store is a folder."""
    repo.commit({f"m{n}.py": python_module(f"alpha_{n}", f"beta_{n}") for n in range(modules)})
    repo.git("config", "lumen.remote", str(store))
    return repo


def cloned(repo: Repository, name: str, *options: str) -> Repository:
    """A clone with the same store, and without an index."""
    top = repo.top.parent / name
    url = f"file://{repo.top}"
    subprocess.run(["git", "clone", "-q", *options, url, str(top)], check=True, capture_output=True)
    clone = Repository(top)
    clone.git("config", "user.name", "Another")
    clone.git("config", "user.email", "another@example.com")
    clone.git("config", "lumen.remote", repo.git("config", "lumen.remote").strip())
    return clone


def pushed(repo: Repository, **options: bool) -> Published:
    """Push the index of a repository, made with the fake model."""
    return push(job_for(repo), **options)


def objects(store: Path, kind: str = "") -> list[Path]:
    """The files of a store, by path."""
    return sorted(path for path in (store / "v1" / kind).rglob("*") if path.is_file())
