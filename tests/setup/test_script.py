"""Scripts of earlier versions, from this repository's history, as those versions installed them."""

from __future__ import annotations

import hashlib
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.doctor.examine import examine
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.notify.events import EVENTS, GIT_EVENTS
from lumen_hooks.setup.installer import Request, install_hooks, uninstall_hooks
from lumen_hooks.setup.script import filled_in, hook_script, is_edited, is_own

if TYPE_CHECKING:
    from tests.support.repository import Repository

ROOT = Path(__file__).parents[2]

EARLIER = {
    "a worker known by its number alone": "3b901e9",
    "folders made while git waits": "4e5f5c7",
    "a file for each event, a worker that is a program of its own": "39d8861",
}


def installed_by(commit: str, event: str, python: str, refresh: str) -> bytes:
    """What a version with a file for each event put in place; the recipe is written out here."""
    shown = subprocess.run(
        ["git", "show", f"{commit}:hooks/{event}"], cwd=ROOT, check=False, capture_output=True
    )
    if shown.returncode:
        pytest.skip("the history of this repository is not here")
    script = shown.stdout.replace(b"'@PYTHON@'", shlex.quote(python).encode(), 1)
    script = script.replace(b"'@REFRESH@'", refresh.encode(), 1)
    digest = hashlib.sha256(script).hexdigest()[:16]
    return script.replace(b"@DIGEST@", digest.encode(), 1)


@pytest.mark.parametrize("python", ["/usr/bin/python3", "/with space/it's/$here/@EVENT@"])
@pytest.mark.parametrize("event", EVENTS)
def test_a_script_tells_what_was_filled_in(event: str, python: str) -> None:
    for refresh in ("background", "inline", "off"):
        script = hook_script(event, python, refresh)
        assert is_own(script)
        assert not is_edited(script)
        assert filled_in(script) == (python, refresh)


@pytest.mark.parametrize("version", EARLIER)
def test_scripts_of_earlier_versions_are_ours(repo: Repository, version: str) -> None:
    worktree = find_worktree(str(repo.top))
    before = sorted((repo.top / ".git/hooks").iterdir())
    request = Request(sys.executable, config_hooks=False)
    install_hooks(worktree, request)
    for folder, events in ((".git/hooks", GIT_EVENTS), (".git/lumen/hooks", EVENTS)):
        for event in events:
            script = installed_by(EARLIER[version], event, sys.executable, "background")
            assert is_own(script)
            assert not is_edited(script)
            assert script != hook_script(event, sys.executable)
            (repo.top / folder / event).write_bytes(script)
    found = {check.name: check for check in examine(worktree, {})}
    assert found["hooks"].ok
    assert found["scripts"].detail.endswith("is of another version")
    assert {item.action for item in install_hooks(worktree, request)} == {"updated"}
    for event in EVENTS:
        script = installed_by(EARLIER[version], event, sys.executable, "background")
        (repo.top / ".git/lumen/hooks" / event).write_bytes(script)
        if event in GIT_EVENTS:
            (repo.top / ".git/hooks" / event).write_bytes(script)
    assert len(uninstall_hooks(worktree)) == len(EVENTS) + len(GIT_EVENTS)
    assert sorted((repo.top / ".git/hooks").iterdir()) == before
    assert not (repo.top / ".git/lumen/hooks").exists()
