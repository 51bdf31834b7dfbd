"""What lies in `lumen/`: plain files of ours, for whom the repository is for, and nothing else."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import tempfile
import traceback
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.doctor.machine import check_ownership
from lumen_hooks.errors import LumenError
from lumen_hooks.git import own_folders
from lumen_hooks.git.core_config import folder_mode
from lumen_hooks.git.ownership import foreign
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.indexing import events
from lumen_hooks.indexing.job import Busy
from lumen_hooks.indexing.throttle import SMALL_REFRESH_FILES, runtime_folder
from lumen_hooks.indexing.update import update_index
from lumen_hooks.notify import own_files
from lumen_hooks.service.purge import purge_indexes
from lumen_hooks.storage.embedding_cache import EmbeddingStore
from lumen_hooks.system import log
from lumen_hooks.system.locks import Failed, acquire, failed
from tests.support.helpers import check_whole, first_rows, job_for, refreshed, update
from tests.support.hooked import put_hooks
from tests.support.other_users import as_another_user
from tests.support.proc import end_workers_of
from tests.support.repository import Repository
from tests.support.sources import python_module
from tests.support.waiting import PATIENCE_SECONDS, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lumen_hooks.git.worktree import Worktree


OWNER, MEMBER, GROUP = 29001, 29002, 29000


NAMES = (
    "index.db-wal", "index.db-shm", "index.lock", "events",
    "embeddings.db", "embeddings.db-wal", "embeddings.db-shm", "log.jsonl",
    "index.db",
)  # fmt: skip
KINDS = ("link", "dangling link", "FIFO", "folder", "socket")

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become others")


@pytest.fixture
def project(repo: Repository) -> Repository:
    repo.commit({"a.py": python_module("alpha")})
    return repo


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    """A folder that every user may look into; pytest's own admit nobody else."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)  # noqa: S103 - for others to look into
        yield Path(name)


@contextmanager
def _no_hanging() -> Iterator[None]:
    signal.alarm(PATIENCE_SECONDS)  # the default action ends the process: a FIFO waits for ever
    yield
    signal.alarm(0)


@contextmanager
def _umask(value: int) -> Iterator[None]:
    before = os.umask(value)
    yield
    os.umask(before)


def _put(kind: str, path: Path, victim: Path) -> None:
    if kind == "link":
        path.symlink_to(victim)
    elif kind == "dangling link":
        path.symlink_to(victim.with_name("not there"))
    elif kind == "FIFO":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        with socket.socket(socket.AF_UNIX) as server:
            here = Path.cwd()
            os.chdir(path.parent)  # a socket's path may not be long
            server.bind(path.name)
            os.chdir(here)


def _become(user: int, group: int, mask: int, task: Callable[[], object]) -> None:
    """Do something as somebody else, in a process of its own."""
    pid = os.fork()
    if pid == 0:
        try:
            signal.alarm(PATIENCE_SECONDS)
            os.setgroups([])
            os.setgid(group)
            os.setuid(user)
            os.umask(mask)
            task()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)
    assert os.waitpid(pid, 0)[1] == 0


def _refusal(repo: Repository) -> LumenError | None:
    """Why the index cannot be updated, if it cannot."""
    try:
        update(repo)
    except LumenError as error:
        return error
    return None


def _until_a_worker_has_refreshed(place: Worktree) -> None:
    log_path = Path(place.log_path)
    until(lambda: log_path.exists() and '"refresh"' in log_path.read_text())
    end_workers_of(Path(place.top))


def _modes(folder: str) -> dict[str, int]:
    return {
        entry.name: stat.S_IMODE(entry.stat(follow_symlinks=False).st_mode)
        for entry in os.scandir(folder)
        if entry.is_file(follow_symlinks=False)
    }


def _all_below(folder: Path) -> Iterator[Path]:
    yield folder
    yield from folder.rglob("*")


class TestKinds:
    @pytest.mark.parametrize("kind", KINDS)
    def test_what_lies_in_a_files_place_is_neither_followed_nor_waited_for(
        self, project: Repository, tmp_path: Path, kind: str
    ) -> None:
        victim = tmp_path / "victim"
        victim.write_text("precious")
        place = find_worktree(str(project.top))
        update(project)
        with _no_hanging():
            for name in NAMES:
                path = Path(place.folder, name)
                own_folders.begin(place)
                path.unlink(missing_ok=True)
                _put(kind, path, victim)
                before = os.lstat(path)
                refusal = _refusal(project)
                assert refusal is None or "remove it" in refusal.hint, (name, refusal)
                log.append(place.common_dir, {"event": "test"})
                after = os.lstat(path)
                assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
                assert own_files.remove(str(path))
        assert victim.read_text() == "precious"
        assert not victim.with_name("not there").exists()
        update(project)
        check_whole(project)

    @pytest.mark.parametrize("kind", KINDS)
    def test_hints_are_taken_whatever_lies_in_their_place(
        self, project: Repository, tmp_path: Path, kind: str
    ) -> None:
        victim = tmp_path / "victim"
        victim.write_text("precious")
        place = find_worktree(str(project.top))
        update(project)
        Path(place.events_path).write_text("post-commit\n")
        _put(kind, Path(place.events_path + ".taken"), victim)
        update(project)
        assert not events.pending(place)
        assert victim.read_text() == "precious"

    def test_a_link_to_a_folder_is_no_folder_of_ours(
        self, project: Repository, tmp_path: Path
    ) -> None:
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        for name in ("index.db", "events", "embeddings.db", "log.jsonl"):
            (elsewhere / name).write_text("precious")
        place = find_worktree(str(project.top))
        Path(place.folder).symlink_to(elsewhere)
        put_hooks(project)
        project.commit({"b.py": "b = 1\n"})
        with pytest.raises(LumenError) as raised:
            update(project)
        assert "remove it" in raised.value.hint
        assert "a symbolic link" in raised.value.message
        for every in (False, True):
            with pytest.raises(LumenError):
                purge_indexes(place, print, every=every)
        with pytest.raises(LumenError, match="a symbolic link"):
            EmbeddingStore(place.embeddings_path)
        log.append(place.common_dir, {"event": "test"})
        end_workers_of(project.top)
        assert {path.name: path.read_text() for path in elsewhere.iterdir()} == dict.fromkeys(
            ("index.db", "events", "embeddings.db", "log.jsonl"), "precious"
        )

    def test_a_git_dir_reached_through_a_link_is_fine(
        self, project: Repository, tmp_path: Path
    ) -> None:
        (project.top / ".git").rename(tmp_path / "git")
        (project.top / ".git").symlink_to(tmp_path / "git")
        update(project)
        check_whole(project)

    def test_purge_removes_a_link_and_not_what_it_leads_to(
        self, project: Repository, tmp_path: Path
    ) -> None:
        update(project)
        place = find_worktree(str(project.top))
        (tmp_path / "kept").mkdir()
        (tmp_path / "kept" / "file").write_text("precious")
        Path(place.folder, "index.db.damaged").symlink_to(tmp_path / "kept")
        Path(place.folder, "events").mkdir()
        Path(place.folder, "events", "inner").symlink_to(tmp_path / "kept")
        purge_indexes(place, print, every=False)
        assert (tmp_path / "kept" / "file").read_text() == "precious"
        assert [n for n in os.listdir(place.folder) if n.startswith(("index.db", "events"))] == []

    @pytest.mark.parametrize("name", ["events", "worker.lock", "log.jsonl"])
    def test_doctor_names_what_lies_in_a_files_place(self, project: Repository, name: str) -> None:
        update(project)
        place = find_worktree(str(project.top))
        assert check_ownership(place).ok
        path = os.path.join(place.folder, name)
        with suppress(FileNotFoundError):
            os.unlink(path)
        os.mkfifo(path)
        found = check_ownership(place)
        assert not found.ok
        assert found.detail == f"{path}: it is a FIFO, not a file of lumen-hooks"
        assert found.hint.startswith("remove it")

    @pytest.mark.parametrize("name", first_rows(["events", "worker.lock"], 1))
    @pytest.mark.parametrize("kind", KINDS)
    def test_git_commit_neither_hangs_nor_writes_through(
        self, project: Repository, tmp_path: Path, name: str, kind: str
    ) -> None:
        victim = tmp_path / "victim"
        victim.write_text("precious")
        place = find_worktree(str(project.top))
        own_folders.begin(place)
        put_hooks(project)
        Path(place.folder, name).unlink(missing_ok=True)
        _put(kind, Path(place.folder, name), victim)
        project.write({"b.py": "b = 1\n"})
        project.git("add", "-A")
        subprocess.run(
            ["git", "commit", "-qm", "x"], cwd=project.top, check=True, timeout=PATIENCE_SECONDS
        )
        end_workers_of(project.top)
        assert victim.read_text() == "precious"
        assert not victim.with_name("not there").exists()


class TestModes:
    @pytest.mark.parametrize(
        ("value", "folder", "files"),
        [
            (None, 0o700, 0o600),
            ("umask", 0o700, 0o600),
            ("false", 0o700, 0o600),
            ("0", 0o700, 0o600),
            ("0400", 0o700, 0o600),
            ("nonsense", 0o700, 0o600),
            ("group", 0o2770, 0o660),
            ("true", 0o2770, 0o660),
            ("1", 0o2770, 0o660),
            ("all", 0o2775, 0o664),
            ("world", 0o2775, 0o664),
            ("everybody", 0o2775, 0o664),
            ("2", 0o2775, 0o664),
            ("0640", 0o2750, 0o640),
            ("0660", 0o2770, 0o660),
            ("0600", 0o700, 0o600),
        ],
    )
    def test_gits_own_rule(
        self, repo: Repository, value: str | None, folder: int, files: int
    ) -> None:
        if value is not None:
            with (repo.top / ".git/config").open("a") as config:
                config.write(f"[core]\n\tsharedRepository = {value}\n")
        assert folder_mode(str(repo.top / ".git")) == folder
        assert own_files.file_mode(folder) == files

    @pytest.mark.parametrize("mask", first_rows([0o777, 0, 0o022, 0o077], 2))
    @pytest.mark.parametrize(("value", "wanted"), [("umask", 0o600), ("all", 0o664)])
    def test_whatever_the_umask(
        self, project: Repository, mask: int, value: str, wanted: int
    ) -> None:
        project.git("config", "core.sharedRepository", value)
        project.write({f"m{n}.py": python_module(f"m{n}") for n in range(SMALL_REFRESH_FILES + 1)})
        project.commit()
        linked = project.add_worktree("linked")
        for repo in (project, linked):
            place = find_worktree(str(repo.top))
            if mask != 0o777:  # git itself fails then
                with _umask(mask):
                    update(repo)
            else:
                with _umask(mask):
                    own_folders.begin(place)
                    os.close(own_files.open_file(place.lock_path, os.O_RDWR, create=True))
                    EmbeddingStore(place.embeddings_path).close()
            found = {**_modes(place.folder), **_modes(place.shared_folder)}
            assert {"index.lock", "embeddings.db", "log.jsonl"} <= set(found)
            assert found == dict.fromkeys(found, wanted)

    def test_files_of_earlier_versions_are_tightened_and_a_clone_gets_our_mode(
        self, project: Repository
    ) -> None:
        update(project)
        place = find_worktree(str(project.top))
        os.chmod(place.folder, 0o755)  # noqa: S103 - as it was
        for name in os.listdir(place.folder):
            os.chmod(os.path.join(place.folder, name), 0o644)
        linked = project.add_worktree("linked")
        assert update(linked).seeded is not None
        new = find_worktree(str(linked.top))
        found = {**_modes(place.folder), **_modes(new.folder)}
        assert set(found.values()) == {0o600}
        for folder in (place.folder, new.folder):
            assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700

    def test_a_worker_tightens_them_where_nobody_runs_a_command(self, project: Repository) -> None:
        update(project)
        place = find_worktree(str(project.top))
        os.chmod(place.folder, 0o755)  # noqa: S103 - as it was
        for name in os.listdir(place.folder):
            os.chmod(os.path.join(place.folder, name), 0o644)
        project.commit({"b.py": python_module("beta")})
        assert not isinstance(update_index(job_for(project)._replace(begins=False), wait=0), Busy)
        assert set(_modes(place.folder).values()) == {0o600}
        assert stat.S_IMODE(os.stat(place.folder).st_mode) == 0o700

    @pytest.mark.parametrize(("git_dir", "wanted"), [(0o755, 0o600), (0o2775, 0o660)])
    def test_hooks_make_files_for_whom_gits_folder_is_for(
        self, project: Repository, git_dir: int, wanted: int
    ) -> None:
        os.chmod(project.top / ".git", git_dir)
        put_hooks(project)
        project.git("config", "lumen.refresh", "off")
        with _umask(0):
            project.commit({"b.py": "b = 1\n"})
        end_workers_of(project.top)
        place = find_worktree(str(project.top))
        assert _modes(place.folder)["events"] == wanted
        assert _modes(place.folder)["log.jsonl"] == wanted
        assert os.stat(place.folder).st_mode & 0o777 == own_files.SHARED & 0o777 & (
            0o770 if wanted == 0o660 else 0o700
        )


@as_root
class TestOtherUsers:
    @pytest.fixture
    def theirs(self, open_to_all: Path, sealed: Path) -> Repository:
        """Another user's repository, in which root may run git."""
        with (sealed / ".gitconfig").open("a") as config:
            config.write("[safe]\n\tdirectory = *\n")
        top = open_to_all / "theirs"
        top.mkdir()
        repo = Repository(top)
        repo.git("init", "-q")
        repo.commit({"a.py": python_module("alpha")})
        for path in _all_below(top):
            os.lchown(path, OWNER, OWNER)
        return repo

    def test_root_leaves_nothing_of_its_own(self, theirs: Repository) -> None:
        place = find_worktree(str(theirs.top))
        update(theirs)
        theirs.write({"b.py": python_module("beta")})
        refreshed(theirs)
        put_hooks(theirs)
        theirs.commit({"c.py": python_module("gamma")})
        _until_a_worker_has_refreshed(place)
        owners = {str(path): os.lstat(path).st_uid for path in _all_below(Path(place.folder))}
        assert owners == dict.fromkeys(owners, OWNER)
        assert foreign(place.folder, place.shared_folder) == []

    def test_roots_first_event_leaves_nothing_of_its_own(self, theirs: Repository) -> None:
        put_hooks(theirs)
        theirs.commit({"c.py": python_module("gamma")})
        place = find_worktree(str(theirs.top))
        _until_a_worker_has_refreshed(place)
        owners = {str(path): os.lstat(path).st_uid for path in _all_below(Path(place.folder))}
        assert os.path.exists(place.index_path)
        assert owners == dict.fromkeys(owners, OWNER)

    def test_what_cannot_be_used_is_named_with_its_owner_and_a_way_out(
        self, theirs: Repository
    ) -> None:
        update(theirs)
        place = find_worktree(str(theirs.top))
        for path in (place.worker_lock_path, place.lock_path):
            Path(path).write_text("")
            os.chown(path, 0, 0)
            os.chmod(path, 0o600)

        def look() -> None:
            answer = acquire(place.worker_lock_path, timeout=0, purpose="test")
            assert isinstance(answer, Failed)
            assert "it belongs to root" in answer.cause
            assert answer.hint.startswith("sudo chown -R ")
            assert place.folder in answer.hint
            assert foreign(place.folder, place.shared_folder) == [
                (place.lock_path, "root"),
                (place.worker_lock_path, "root"),
            ]

        _become(OWNER, OWNER, 0o022, look)

    def test_a_log_of_another_in_our_folder_is_moved_aside(self, theirs: Repository) -> None:
        place = find_worktree(str(theirs.top))
        own_folders.begin(place)
        Path(place.log_path).write_text('{"event": "old"}\n')
        os.chown(place.log_path, 0, 0)
        os.chmod(place.log_path, 0o600)
        _become(OWNER, OWNER, 0o022, lambda: log.append(place.common_dir, {"event": "new"}))
        assert json.loads(Path(place.log_path).read_text())["event"] == "new"
        assert "old" in Path(place.log_path + ".1").read_text()

    def test_where_the_log_cannot_be_had_the_worktrees_own_folder_takes_it(
        self, open_to_all: Path
    ) -> None:
        common, own = open_to_all / "common", open_to_all / "own"
        for folder in (common, own):
            (folder / "lumen").mkdir(parents=True)
        os.chown(own / "lumen", OWNER, OWNER)
        (common / "lumen" / "log.jsonl").write_text("")
        _become(
            OWNER, OWNER, 0o022,
            lambda: log.append(str(common), {"event": "x"}, git_dir=str(own)),
        )  # fmt: skip
        assert '"x"' in (own / "lumen" / "log.jsonl").read_text()

    @as_another_user
    def test_a_second_member_of_a_shared_repository_refreshes_too(
        self, open_to_all: Path, sealed: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings = (sealed / ".gitconfig").read_text() + "[safe]\n\tdirectory = *\n"
        (open_to_all / ".gitconfig").write_text(settings)
        monkeypatch.setenv("HOME", str(open_to_all))
        monkeypatch.setenv("XDG_CONFIG_HOME", str(open_to_all))
        top = open_to_all / "shared"
        top.mkdir()
        os.chown(top, OWNER, GROUP)
        os.chmod(top, 0o2775)  # noqa: S103 - as for a group
        repo = Repository(top)

        def found() -> None:
            repo.git("init", "-q", "--shared=group")
            repo.commit({"a.py": python_module("alpha")})
            update(repo)

        def follow(name: str) -> None:
            repo.commit({name: python_module("beta")})
            assert refreshed(repo).files_changed == 1
            check_whole(repo)

        _become(OWNER, GROUP, 0o002, found)
        _become(MEMBER, GROUP, 0o022, lambda: follow("b.py"))
        _become(OWNER, GROUP, 0o077, lambda: follow("c.py"))

    def test_a_folder_of_slots_that_cannot_be_had_stops_nothing(
        self, project: Repository, sealed: Path
    ) -> None:
        slots = sealed / "slots"
        slots.mkdir()
        os.chown(slots, OWNER, OWNER)
        project.commit({f"m{n}.py": python_module(f"m{n}") for n in range(SMALL_REFRESH_FILES + 1)})
        assert refreshed(project).files_changed == SMALL_REFRESH_FILES + 2
        lines = Path(find_worktree(str(project.top)).log_path).read_text().splitlines()
        (told,) = [json.loads(line) for line in lines if "without an embedding slot" in line]
        assert "does not belong to you" in told["cause"]
        assert os.listdir(slots) == []

    def test_nothing_is_put_into_the_runtime_folder_of_another(self, tmp_path: Path) -> None:
        os.chown(tmp_path, OWNER, OWNER)
        assert not runtime_folder({"XDG_RUNTIME_DIR": str(tmp_path)}).startswith(str(tmp_path))


def test_why_a_lock_failed_is_the_systems_word_where_nobody_else_is_to_blame(
    tmp_path: Path,
) -> None:
    path = str(tmp_path / "x.lock")
    answer = failed(path, OSError(28, "No space left on device", path))
    assert (answer.cause, "disk space" in answer.hint) == ("No space left on device", True)


def test_the_mode_of_what_a_link_leads_to_is_never_changed(tmp_path: Path) -> None:
    """As if the link had been put there after the look."""
    target = tmp_path / "target"
    target.write_text("theirs")
    target.chmod(0o600)
    (tmp_path / "index.db").symlink_to(target)
    folder = os.open(tmp_path, os.O_RDONLY)
    try:
        own_files._set_mode("index.db", folder, 0o666)
        assert target.stat().st_mode & 0o777 == 0o600
        own_files._set_mode("target", folder, 0o640)
        assert target.stat().st_mode & 0o777 == 0o640
    finally:
        os.close(folder)
