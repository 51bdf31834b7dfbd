"""Disks that are full, read-only or failing: the user is told, git works on, nothing is lost."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.worktree import find_worktree
from tests.helpers import check_whole, contents
from tests.hostile_checks import (
    MODULES,
    answers_from,
    error_of,
    indexed,
    install_hooks,
    index_files,
    quiet_git,
    scaled,
    working,
)
from tests.hostile_disk import Disk
from tests.hostile_processes import end_workers_of
from tests.sources import python_module

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.hostile_processes import Launcher
    from tests.repository import Repository

KIB = 1024
ROOMS = tuple(room * KIB for room in (0, 16, 48, 160, 400, 560))
"""Free bytes at which a full disk is met; a build of the tests' repository needs about 600 KiB."""

INODES = (0, 1, 2, 3, 4, 6)
"""Files that may still be made."""

STRESS_ROOMS = scaled(160)
"""Steps of 4 KiB from 0 on, in each stress test."""


@pytest.fixture
def disk(repo: Repository) -> Iterator[Disk]:
    """A small disk that holds all of ours and nothing of git's."""
    repo.commit(MODULES)
    place = repo.top / ".git" / "lumen"
    place.mkdir()
    with Disk(place) as found:
        yield found


def _every_room(disk: Disk) -> Iterator[None]:
    for room in ROOMS:
        disk.leave(room)
        yield
    for number in INODES:
        disk.leave_inodes(number)
        yield


def _build_on_a_full_disk(launcher: Launcher, repo: Repository) -> bool:
    result = launcher.run(repo.top, "index")
    if result.code == 0:
        check_whole(repo)
        return True
    error_of(result, "hint: check free disk space")
    assert index_files(repo) == []
    return False


def test_a_build_on_a_full_disk_says_so_and_leaves_nothing(
    repo: Repository, disk: Disk, launcher: Launcher
) -> None:
    built = 0
    for _ in _every_room(disk):
        built += _build_on_a_full_disk(launcher, repo)
        if built:
            working(launcher.run(repo.top, "purge"))
    assert built < len(ROOMS + INODES)
    disk.free()
    working(launcher.run(repo.top, "index"))
    check_whole(repo)


def _change(repo: Repository, number: int) -> None:
    repo.commit({f"m{n}.py": python_module(f"gamma_{number}_{n}", f"delta_{n}") for n in range(9)})


def _refresh_on_a_full_disk(launcher: Launcher, repo: Repository) -> bool:
    """Try a refresh; if there was no room for it, the old index must answer as before."""
    result = launcher.run(repo.top, "index")
    if result.code != 0:
        error_of(result, "hint: check free disk space")
        state = answers_from(launcher, repo.top, "beta_9", "m9.py", "--no-refresh")
        assert state == "stale"
    return result.code == 0


def test_a_refresh_on_a_full_disk_says_so_and_the_old_index_answers(
    repo: Repository, disk: Disk, launcher: Launcher
) -> None:
    working(launcher.run(repo.top, "index"))
    failures = 0
    for number, _ in enumerate(_every_room(disk)):
        _change(repo, number)
        failures += not _refresh_on_a_full_disk(launcher, repo)
    assert failures > len(ROOMS) // 2
    disk.free()
    working(launcher.run(repo.top, "index"))
    check_whole(repo)
    kept = contents(repo)
    working(launcher.run(repo.top, "index", "--force"))
    assert contents(repo) == kept
