"""pre-commit with this project as its hook repository: what doctor makes of it, without an index.

The layout is what pre-commit 4.7 leaves (tests/setup/test_pre_commit.py has it made by pre-commit
itself, which takes minutes).
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.doctor.examine import examine
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.notify.events import GIT_EVENTS
from lumen_hooks.setup.every_repository import install_everywhere
from lumen_hooks.setup.installer import Request
from lumen_hooks.setup.pre_commit import FILE
from tests.support.repository import Repository

from .test_examine import PRE_COMMIT_HOOK, put

if TYPE_CHECKING:
    from pathlib import Path

    from lumen_hooks.doctor.check import Check

URL = "https://example.org/lumen-hooks"
IDS = "".join(f"      - id: lumen-{event}\n" for event in GIT_EVENTS)
USUAL = f"repos:\n  - repo: {URL}\n    hooks:\n{IDS}    rev: v1\n"


def failing(repo: Repository) -> dict[str, Check]:
    found = examine(find_worktree(str(repo.top)), os.environ)
    return {check.name: check for check in found if not check.ok}


@pytest.fixture
def clone(sealed: Path) -> Repository:
    """pre-commit's clone of v1, with an environment in which this very package is."""
    top = sealed / ".cache/pre-commit/repoab12cd34"
    top.mkdir(parents=True)
    made = Repository(top)
    made.git("init", "-q")
    made.commit({".pre-commit-hooks.yaml": IDS})
    head = made.git("rev-parse", "HEAD").strip()
    made.git("remote", "add", "origin", URL)
    (top / ".git/FETCH_HEAD").write_text(f"{head}\t\ttag 'v1' of {URL}\n")
    put(
        top / "py_env-python3.11/bin/python",
        f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n',
    )
    return made


@pytest.fixture
def framed(repo: Repository, clone: Repository) -> Repository:
    repo.commit({FILE: USUAL})
    for event in GIT_EVENTS:
        text = PRE_COMMIT_HOOK.format(event=event, flag=" --skip-on-missing-config")
        put(repo.top / ".git/hooks" / event, text)
    return repo


def test_all_is_well_and_nothing_is_made(framed: Repository) -> None:
    assert failing(framed) == {}
    assert not (framed.top / ".git/lumen").exists()
    head = framed.git("rev-parse", "HEAD").strip()
    framed.write({FILE: USUAL.replace("v1", head)})  # of another history
    assert "pre-commit has no environment" in failing(framed)["scripts"].detail


def test_a_commit_as_revision(framed: Repository, clone: Repository) -> None:
    framed.write({FILE: USUAL.replace("v1", clone.git("rev-parse", "HEAD").strip())})
    assert failing(framed) == {}


@pytest.mark.parametrize(
    "change", ["rev: v2", "rev: v\0", "repo: https://example.org/fork", "repo: x\0", "gone"]
)
def test_no_environment_of_that_revision(
    framed: Repository, clone: Repository, change: str
) -> None:
    if change == "gone":
        (clone.top / "py_env-python3.11").rename(clone.top / "py_env")
    else:
        before = "rev: v1" if change.startswith("rev") else f"repo: {URL}"
        framed.write({FILE: USUAL.replace(before, change)})
    found = failing(framed)
    assert list(found) == ["scripts"]
    assert found["scripts"].hint == "pre-commit install-hooks"


def test_an_environment_that_makes_other_indexes(framed: Repository, clone: Repository) -> None:
    python = clone.top / "py_env-python3.11/bin/python"
    for said, detail in {
        "echo 0.0.9": "has version 0.0.9",
        "echo 0.1.0 0123": "other grammars or extras",
        "exit 1": "has no lumen_hooks",
    }.items():
        put(python, f"#!/bin/sh\n{said}\n")
        found = failing(framed)
        assert list(found) == ["interpreter"]
        assert detail in found["interpreter"].detail


def test_an_event_without_its_id(framed: Repository) -> None:
    framed.write({FILE: USUAL.replace("      - id: lumen-post-merge\n", "")})
    found = failing(framed)
    assert found["hooks"].detail == f"post-merge: not in {FILE}"
    assert "- id: lumen-post-merge; then: pre-commit install" in found["hooks"].hint


def test_an_event_whose_stage_is_not_installed(framed: Repository) -> None:
    (framed.top / ".git/hooks/post-merge").unlink()
    found = failing(framed)
    assert list(found) == ["hooks"]
    assert "pre-commit did not install post-merge" in found["hooks"].detail


def test_the_interpreter_of_pre_commit_s_hooks_is_gone(
    framed: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = framed.top / ".git/hooks/post-merge"
    put(path, f"{path.read_text()}\nINSTALL_PYTHON='/no where/python'\n")
    other = put(tmp_path / "bin/pre-commit", "#!/bin/sh\n")
    for name in ("git", "sh"):
        (tmp_path / "bin" / name).symlink_to(shutil.which(name) or name)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert failing(framed) == {}  # another pre-commit is on PATH
    other.unlink()
    found = failing(framed)
    assert list(found) == ["hook files"]
    assert "'/no where/python'" not in found["hook files"].detail
    assert "/no where/python, which is gone: git exits with 1" in found["hook files"].detail
    put(path, path.read_text().replace("no where", "no\0where"))  # no path of anything
    assert failing(framed) == {}


def test_beside_hooks_for_all_repositories(framed: Repository) -> None:
    (framed.top / ".git/hooks/post-merge").unlink()
    request = Request(sys.executable, config_hooks=False)
    install_everywhere(request, [str(framed.top)], os.environ, lambda _: None)
    found = failing(framed)
    assert "hooks" not in found  # post-merge comes by the file for all, the others by pre-commit
