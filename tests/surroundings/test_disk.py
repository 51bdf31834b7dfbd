"""Disks that are full, read-only or failing: the user is told, git works on, nothing is lost."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import pytest

from lumen_hooks.errors import StorageFullError
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.storage import opening
from tests.support.helpers import check_whole, contents, update
from tests.support.proc import end_workers_of
from tests.support.repository import Repository
from tests.support.sources import python_module

from .checks import (
    MODULES,
    answers_from,
    error_of,
    forget_side_files,
    index_files,
    indexed,
    install_hooks,
    log_of,
    old_answer,
    quiet_git,
    report,
    scaled,
    working,
)
from .disk import Disk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.commands import Launcher

KIB = 1024

ROOMS = tuple(room * KIB for room in (0, 48, 160))
"""Free bytes with which a full disk is met; a build of ten modules needs more than 1 MiB."""

INODES = (0, 1)
"""Files that may still be made on a disk that has run out of inodes."""

STRESS_ROOMS = scaled(128)
"""Steps of 16 KiB from 0 on, in each stress test of a full disk."""

FILE_LIMITS = tuple(limit * KIB for limit in (4, 160))
"""Sizes above which the kernel lets no file grow."""

STRESS_FILE_LIMITS = scaled(100)
"""Steps of 4 KiB."""

FAULTS = (("read", 6), ("write", 5), ("sync", 0))
"""SQLite's operations on the index that fail, after so many that work."""

STRESS_FAULTS = scaled(30)
"""So many of each operation work before one fails."""

ANOTHER_USER = 65534

DISK_HINT = "hint: check free disk space and permissions"


@pytest.fixture
def disk(repo: Repository) -> Iterator[Disk]:
    """A small disk that holds all of ours and nothing of git's."""
    repo.commit(MODULES)
    place = repo.top / ".git" / "lumen"
    place.mkdir()
    with Disk(place) as found:
        yield found


def _edit(repo: Repository, number: int) -> None:
    """Change nine of the ten modules."""
    repo.write({f"m{n}.py": python_module(f"gamma_{number}_{n}", f"delta_{n}") for n in range(9)})


def _try_to_build(launcher: Launcher, repo: Repository) -> bool:
    """Build; where there was no room for it, nothing may be left of the attempt."""
    result = launcher.run(repo.top, "index")
    if result.code == 0:
        check_whole(repo)
        working(launcher.run(repo.top, "purge"))
        return True
    error_of(result, DISK_HINT)
    assert index_files(repo) == []
    return False


def _try_to_refresh(launcher: Launcher, repo: Repository) -> bool:
    """Refresh; where there was no room for it, the old index must answer as before."""
    result = launcher.run(repo.top, "index")
    if result.code != 0:
        error_of(result, "error: cannot read or write", DISK_HINT)
        assert old_answer(repo) == "stale"
    return result.code == 0


def _end_as_a_clean_build(launcher: Launcher, repo: Repository) -> None:
    working(launcher.run(repo.top, "index"))
    check_whole(repo)
    assert [name for name in index_files(repo) if ".tmp-" in name or ".damaged" in name] == []
    kept = contents(repo)
    working(launcher.run(repo.top, "index", "--force"))
    assert contents(repo) == kept


# a full disk


def test_a_build_on_a_full_disk_says_so_and_leaves_nothing(
    repo: Repository, disk: Disk, launcher: Launcher
) -> None:
    for room in ROOMS:
        disk.leave(room)
        assert not _try_to_build(launcher, repo)
    for number in INODES:
        disk.leave_inodes(number)
        assert not _try_to_build(launcher, repo)
    disk.free()
    _end_as_a_clean_build(launcher, repo)


def test_a_refresh_on_a_full_disk_says_so_and_the_old_index_answers(
    repo: Repository, disk: Disk, launcher: Launcher
) -> None:
    working(launcher.run(repo.top, "index"))
    for room in ROOMS:
        disk.leave(room)
        _edit(repo, room)
        assert not _try_to_refresh(launcher, repo)
    found = launcher.run(repo.top, "search", "beta_9")
    assert working(found).startswith("m9.py:")
    assert "note: the index is stale: 9 files differ\nnote: cannot read or write" in found.err
    disk.free()
    _end_as_a_clean_build(launcher, repo)


def test_an_extension_that_finds_no_room_is_no_damage(
    repo: Repository, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """sqlite-vec says no more than SQLITE_ERROR, in the midst of what outgrows the cache."""
    monkeypatch.setattr(opening, "WRITER_CACHE_KIB", 16)
    update(repo)
    refused = []
    for room in range(0, 640 * KIB, 32 * KIB):
        disk.leave(room)
        _edit(repo, room)
        try:
            update(repo, force=True)
        except StorageFullError as error:
            refused.append(error.message)
            assert old_answer(repo) == "stale"
        assert [name for name in index_files(repo) if ".tmp-" in name or ".damaged" in name] == []
    assert any("sqlite-vec" in message for message in refused)
    disk.free()
    update(repo)
    check_whole(repo)


def test_an_index_answers_although_nothing_fits_beside_it(
    repo: Repository, disk: Disk, launcher: Launcher
) -> None:
    """SQLite wants a -shm file to read a WAL database, and a disk may have no room for that."""
    working(launcher.run(repo.top, "index"))
    for full in (disk.leave, disk.leave_inodes):
        forget_side_files(repo)
        full(0)
        assert answers_from(launcher, repo.top, "beta_9", "m9.py") == "fresh"
        working(launcher.run(repo.top, "status"))


def test_a_full_disk_under_the_shared_files_stops_no_linked_worktree(
    repo: Repository, disk: Disk, launcher: Launcher
) -> None:
    """The embedding store and the log cannot be written; the index lies elsewhere."""
    linked = repo.add_worktree("w2", "-b", "feature")
    for full in (disk.leave, disk.leave_inodes):
        full(0)
        working(launcher.run(linked.top, "index"))
        check_whole(linked)
        working(launcher.run(linked.top, "purge"))
    disk.free()
    _end_as_a_clean_build(launcher, linked)


def test_git_is_quiet_on_a_full_disk_and_no_change_is_lost(
    repo: Repository, disk: Disk, launcher: Launcher
) -> None:
    working(launcher.run(repo.top, "index"))
    install_hooks(launcher, repo)
    disk.leave(0)
    for full in (disk.leave, disk.leave_inodes):
        full(0)
        repo.write({"m1.py": python_module(f"new_{full.__name__}")})
        quiet_git(repo, "commit", "-q", "-am", "change")
        end_workers_of(repo.top)
    disk.free()
    assert answers_from(launcher, repo.top, "new_leave_inodes", "m1.py") == "fresh"
    _end_as_a_clean_build(launcher, repo)


def test_git_adds_a_worktree_on_a_disk_too_full_for_its_seed(
    tmp_path: Path, launcher: Launcher
) -> None:
    place = tmp_path / "disk"
    place.mkdir()
    with Disk(place) as disk:
        repo = Repository(place / "main")
        repo.top.mkdir()
        repo.git("init", "-q")
        indexed(launcher, repo)
        install_hooks(launcher, repo)
        disk.leave(200 * KIB)
        new = repo.top.parent / "w2"
        quiet_git(repo, "worktree", "add", "-q", str(new), "-b", "feature")
        end_workers_of(place)
        assert index_files(Repository(new)) == []
        causes = [str(record.get("cause", "")) for record in log_of(repo)]
        assert any("No space left" in cause or "full" in cause for cause in causes)
        error_of(launcher.run(new, "index"), DISK_HINT)
        error_of(launcher.run(new, "search", "beta_9"), DISK_HINT)
        assert answers_from(launcher, repo.top, "beta_9", "m9.py", "--no-refresh") == "fresh"
        disk.free()
        result = launcher.run(new, "index")
        assert working(result) == ""
        assert f"seeded from {repo.top}: 10 files" in result.err
        assert ", 0 texts embedded" in result.err
        check_whole(Repository(new))


@pytest.mark.stress
def test_every_room_on_a_full_disk(
    repo: Repository, disk: Disk, launcher: Launcher, record_property: Callable[[str, object], None]
) -> None:
    started = time.monotonic()
    outcomes = {"build": 0, "refresh": 0}
    for step in range(STRESS_ROOMS):
        disk.leave(step * 16 * KIB)
        outcomes["build"] += _try_to_build(launcher, repo)
    disk.free()
    working(launcher.run(repo.top, "index"))
    for step in range(STRESS_ROOMS):
        disk.leave(step * 16 * KIB)
        _edit(repo, step)
        outcomes["refresh"] += _try_to_refresh(launcher, repo)
    disk.free()
    _end_as_a_clean_build(launcher, repo)
    report(record_property, trials=2 * STRESS_ROOMS, failures=0, started=started, **outcomes)


# a folder that cannot be written


def test_a_read_only_file_system_answers_and_says_so(
    tmp_path: Path, launcher: Launcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "disk"
    place.mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(place / "cache"))  # see test_read_only.py for one
    with Disk(place) as disk:
        repo = Repository(place / "main")
        repo.top.mkdir()
        repo.git("init", "-q")
        indexed(launcher, repo)
        forget_side_files(repo)
        disk.read_only()
        assert answers_from(launcher, repo.top, "beta_9", "m9.py") == "fresh"
        disk.read_only(on=False)
        repo.write({"m1.py": python_module("edited")})
        disk.read_only()
        found = launcher.run(repo.top, "search", "beta_9")
        assert working(found).startswith("m9.py:")
        assert "note: the index is stale: 1 file differs" in found.err
        assert "cannot be refreshed here" in found.err
        assert "Read-only file system" in found.err
        assert "state      stale, 1 file differs" in working(launcher.run(repo.top, "status"))
        for command in (("index",), ("index", "--force"), ("wait",)):
            error_of(launcher.run(repo.top, *command), "Read-only file system", "XDG_CACHE_HOME")
        error_of(launcher.run(repo.top, "purge"), "Read-only file system", DISK_HINT)
        assert launcher.run(repo.top, "hook", "post-commit").code == 0
        disk.read_only(on=False)
        _end_as_a_clean_build(launcher, repo)


@pytest.fixture
def strangers(launcher: Launcher) -> Iterator[Repository]:
    """An empty repository of a user whom permissions bind: another one if we are root."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)  # noqa: S103  # the other user must get in
        repo = Repository(Path(folder) / "main")
        repo.top.mkdir()
        repo.git("init", "-q")
        repo.git("config", "--global", "safe.directory", "*")
        repo.write({"m.py": python_module("alpha")})
        _permit(repo, 0o755)
        if launcher.run(repo.top, "index", **_as_the_other_user(repo)).code:
            pytest.skip("another user cannot run this Python, or there is none")
        (repo.top / "m.py").unlink()
        shutil.rmtree(find_worktree(str(repo.top)).folder)
        yield repo
        _permit(repo, 0o700)


def _permit(repo: Repository, mode: int) -> None:
    """Give our folder in the git dir to the other user, with this mode."""
    folder = Path(find_worktree(str(repo.top)).folder)
    for path in (repo.top, *repo.top.rglob("*")):
        if os.geteuid() == 0:
            os.lchown(path, ANOTHER_USER, ANOTHER_USER)
    if folder.exists():
        folder.chmod(mode)


class AsUser(TypedDict):
    """Options of `Launcher.run`."""

    environment: dict[str, str]
    user: int


def _as_the_other_user(repo: Repository) -> AsUser:
    home = {"HOME": str(repo.top), "XDG_RUNTIME_DIR": "", "TMPDIR": tempfile.gettempdir()}
    environment = {**os.environ, **home}
    for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        del environment[name]
    return {
        "environment": environment,
        "user": ANOTHER_USER if os.geteuid() == 0 else 0,
    }


def test_a_folder_without_permission_answers_and_says_so(
    strangers: Repository, launcher: Launcher
) -> None:
    repo = indexed(launcher, strangers)
    _permit(repo, 0o755)
    them = _as_the_other_user(repo)
    repo.write({"m1.py": python_module("edited")})
    lock = Path(find_worktree(str(repo.top)).lock_path)
    lock.chmod(0)
    _is_answered_but_not_refreshed(launcher, repo, lock, them)
    lock.unlink()
    forget_side_files(repo)
    _permit(repo, 0o555)
    _is_answered_but_not_refreshed(launcher, repo, lock, them)
    _permit(repo, 0o755)
    working(launcher.run(repo.top, "index", **them))
    check_whole(repo)


def _is_answered_but_not_refreshed(
    launcher: Launcher, repo: Repository, lock: Path, them: AsUser
) -> None:
    found = launcher.run(repo.top, "search", "beta_9", **them)
    assert working(found).startswith("m9.py:")
    assert f"note: cannot lock {lock}: Permission denied" in found.err
    working(launcher.run(repo.top, "status", **them))
    for command in (("index",), ("wait", "--timeout", "1")):
        error_of(launcher.run(repo.top, *command, **them), "Permission denied", DISK_HINT)
    assert launcher.run(repo.top, "hook", "post-commit", **them).err == ""


def test_another_users_slots_are_left_alone_and_stop_nothing(
    strangers: Repository, launcher: Launcher
) -> None:
    repo = strangers
    repo.commit({f"m{n}.py": python_module(f"f_{n}") for n in range(40)})
    _permit(repo, 0o755)
    them = _as_the_other_user(repo)
    folder = repo.top.parent / "runtime" / "lumen-hooks"
    folder.mkdir(parents=True)
    them["environment"]["XDG_RUNTIME_DIR"] = str(folder.parent)
    assert "indexed: 40 files" in launcher.run(repo.top, "index", **them).err
    assert index_files(repo)[0] == "index.db"
    assert list(folder.iterdir()) == []


# input and output that fails


def _try_with(launcher: Launcher, repo: Repository, fault: tuple[object, ...], number: int) -> bool:
    """Refresh with a fault; if that fails, what was there must answer, undamaged."""
    _edit(repo, number)
    before = index_files(repo)
    result = launcher.run(repo.top, "index", faults=[fault])
    if result.code != 0:
        error_of(result, DISK_HINT)
        # What fails last is the closing, after the transaction.
        assert old_answer(repo) in {"stale", "fresh"}
    assert [name for name in index_files(repo) if ".damaged" in name] == []
    assert {"index.db"} <= set(before) & set(index_files(repo))
    return result.code == 0


def test_a_file_that_may_not_grow_is_reported_and_destroys_nothing(
    repo: Repository, launcher: Launcher
) -> None:
    repo.commit(MODULES)
    for limit in FILE_LIMITS:
        result = launcher.run(repo.top, "index", faults=[("limit_file_size", limit)])
        error_of(result, DISK_HINT)
        assert index_files(repo) == []
    working(launcher.run(repo.top, "index"))
    failures = 0
    for limit in FILE_LIMITS:
        failures += not _try_with(launcher, repo, ("limit_file_size", limit), limit)
    assert failures >= len(FILE_LIMITS) - 1
    _end_as_a_clean_build(launcher, repo)


def test_an_input_or_output_error_is_reported_and_destroys_nothing(
    repo: Repository, launcher: Launcher
) -> None:
    indexed(launcher, repo)
    for number, (operation, after) in enumerate(FAULTS):
        fault = ("fail_input_output", operation, "index.db", after)
        assert not _try_with(launcher, repo, fault, number), fault
    fault = ("fail_input_output", "write", "embeddings.db", 2)
    assert _try_with(launcher, repo, fault, len(FAULTS))
    _end_as_a_clean_build(launcher, repo)


@pytest.mark.stress
def test_every_input_and_output_error(
    repo: Repository, launcher: Launcher, record_property: Callable[[str, object], None]
) -> None:
    started = time.monotonic()
    indexed(launcher, repo)
    faults: list[tuple[object, ...]] = [
        ("fail_input_output", operation, "index.db", after)
        for operation in ("read", "write", "sync")
        for after in range(STRESS_FAULTS)
    ]
    faults += [("limit_file_size", step * 4 * KIB) for step in range(1, STRESS_FILE_LIMITS + 1)]
    succeeded = 0
    for number, fault in enumerate(faults):
        succeeded += _try_with(launcher, repo, fault, number)
    _end_as_a_clean_build(launcher, repo)
    report(record_property, trials=len(faults), failures=0, started=started, refreshed=succeeded)
