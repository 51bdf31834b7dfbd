"""Interpreters that their tool deletes again: refused at install, named by doctor."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.doctor.scripts import check_scripts
from lumen_hooks.errors import InstallError
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.settings import Settings
from lumen_hooks.setup.hooks_dir import put_scripts
from lumen_hooks.setup.installer import Request, install_hooks, install_pre_commit
from lumen_hooks.setup.script import hook_script
from lumen_hooks.setup.throw_away import is_temporary, why_it_vanishes

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.repository import Repository

TAG = b"Signature: 8a477f597d28d172789f06886806bc55\n# made by a tool\n"

# As uv 0.13, pipx 1.8 and 1.4, pip 25, build 1.2 and pre-commit 4 lay them out.
VANISHING = {
    "uvx": "cache/uv/archive-v0/G-USdoiwmHeyGe44",
    "uv run --with": "cache/uv/builds-v0/.tmpYZvPWM",
    "uv run SCRIPT": "cache/uv/environments-v2/s-abe0f17be970ac22",
    "uvx --no-cache": ".tmpoUQtVW/archive-v0/enhO5aXDxRPBXByf",
    "pipx run": "home/.cache/pipx/5b8e3fa3c8b9a1d",
    "pipx run on macOS": "home/Library/Caches/pipx/5b8e3fa3c8b9a1d",
    "pipx run before 1.5": "home/.local/pipx/.cache/5b8e3fa3c8b9a1d",
    "pip": "pip-build-env-ab12cd34/overlay",
    "build": "build-env-x1y2z3",
    "pre-commit": "home/.cache/pre-commit/repoab12cd34/py_env-python3.11",
}
STAYING = {
    "uv tool install": "home/.local/share/uv/tools/lumen-hooks",
    "pipx install": "home/.local/pipx/venvs/lumen-hooks",
    "uv venv": "project/.venv",
    "poetry": "home/.cache/pypoetry/virtualenvs/project-abc-py3.11",
    "a folder of that name": "archive/builds/environments",
}


def python_in(environment: Path) -> str:
    """An interpreter as virtual environments hold it: a link to the one that they are made from."""
    (environment / "bin").mkdir(parents=True)
    (environment / "bin/python").symlink_to(sys.executable)
    return str(environment / "bin/python")


@pytest.mark.parametrize("how", VANISHING)
def test_is_refused_before_anything_is_written(repo: Repository, tmp_path: Path, how: str) -> None:
    python = python_in(tmp_path / VANISHING[how])
    before = sorted(os.walk(repo.top))
    with pytest.raises(InstallError, match="hooks cannot rely on") as error:
        install_hooks(find_worktree(str(repo.top)), Request(python))
    assert python in error.value.message
    assert "uv tool install FOLDER" in error.value.hint
    assert sorted(os.walk(repo.top)) == before


@pytest.mark.parametrize("how", STAYING)
def test_what_stays_is_taken(tmp_path: Path, how: str) -> None:
    python = python_in(tmp_path / STAYING[how])
    (tmp_path / STAYING[how] / "CACHEDIR.TAG").write_bytes(TAG)  # as uv marks its environments
    assert why_it_vanishes(python) == ""


def test_a_folder_that_calls_itself_a_cache_is_believed(tmp_path: Path) -> None:
    python = python_in(tmp_path / "anywhere/tools/env")
    (tmp_path / "anywhere/CACHEDIR.TAG").write_bytes(b"Signature: other\n")
    assert why_it_vanishes(python) == ""
    (tmp_path / "anywhere/CACHEDIR.TAG").write_bytes(TAG)
    assert str(tmp_path / "anywhere") in why_it_vanishes(python)


def test_a_link_to_a_cache_is_seen_through(tmp_path: Path) -> None:
    python_in(tmp_path / "uv/archive-v0/abc")
    (tmp_path / "env").symlink_to(tmp_path / "uv/archive-v0/abc")
    assert "uv's cache" in why_it_vanishes(str(tmp_path / "env/bin/python"))


def test_pre_commit_s_own_environment_serves_pre_commit(repo: Repository, tmp_path: Path) -> None:
    python = python_in(tmp_path / VANISHING["pre-commit"])
    install_pre_commit(find_worktree(str(repo.top)), Request(python))
    script = (repo.top / ".git/lumen/hooks/post-commit").read_bytes()
    assert script == hook_script("post-commit", python)


def test_doctor_names_what_was_installed_before(repo: Repository, tmp_path: Path) -> None:
    worktree = find_worktree(str(repo.top))
    python = python_in(tmp_path / VANISHING["uvx"])
    put_scripts(worktree, python, "background")
    (check,) = [one for one in check_scripts(worktree, Settings()) if one.name == "interpreter"]
    assert not check.ok
    assert f"{python} will be gone: it is in uv's cache" in check.detail
    assert "uv tool install" in check.hint


def test_the_temporary_folder_is_named_and_not_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    python = python_in(tmp_path / "env")
    assert is_temporary(python)
    assert why_it_vanishes(python) == ""
    assert not is_temporary("/usr/bin/python3")
