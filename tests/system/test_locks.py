"""A lock's three answers, and the machine-wide slots, between real processes."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import tempfile
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.errors import BusyError, LockError
from lumen_hooks.indexing import throttle
from lumen_hooks.indexing.throttle import acquire_slot, runtime_folder
from lumen_hooks.notify.spawn import is_alive
from lumen_hooks.system.locks import Acquired, Failed, Held, acquire, read_holder
from tests.support.processes import Partner
from tests.support.waiting import PATIENCE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

USES_LOCKS = "import os, threading, time\nfrom lumen_hooks.system.locks import acquire"
USES_SLOTS = "import os, time\nfrom lumen_hooks.indexing.throttle import acquire_slot"
TAKE = "lock = acquire(path, timeout=wait, purpose='theirs'); answer = type(lock).__name__"

FOR_EVER = 10 * PATIENCE_SECONDS
"""A wait that shows in the time that a test takes, on whatever machine."""

FORKS = "answer = os.fork() or [os.closerange(0, 3), time.sleep(60)]"
EXECUTES = """
import subprocess
null = subprocess.DEVNULL
answer = subprocess.Popen(["sleep", "60"], stdin=null, stdout=null, close_fds=False).pid
"""

NOBODY = 65534

as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
needs_proc = pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="looks into /proc")


@pytest.fixture
def path(tmp_path: Path) -> str:
    (tmp_path / "lumen").mkdir()
    return str(tmp_path / "lumen" / "index.lock")


@pytest.fixture
def other() -> Iterator[Partner]:
    with Partner(USES_LOCKS) as partner:
        yield partner


def text_of(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


class TestThreeAnswers:
    def test_acquired_and_its_holder_is_named(self, path: str) -> None:
        before = time.time()
        with _acquired(path, purpose="refresh after post-commit"):
            holder = read_holder(path)
            assert holder is not None
            assert (holder.pid, holder.purpose) == (os.getpid(), "refresh after post-commit")
            assert before - 1 <= holder.since <= time.time() + 1
            assert str(holder) == f"process {os.getpid()} (refresh after post-commit)"

    def test_held_says_by_whom(self, path: str, other: Partner) -> None:
        assert other.run(TAKE, path=path, wait=0) == "Acquired"
        answer = acquire(path, timeout=0, purpose="ours")
        assert isinstance(answer, Held)
        assert answer.holder is not None
        assert (answer.holder.pid, answer.holder.purpose) == (other.pid, "theirs")

    def test_whoever_does_not_get_it_leaves_the_holders_name(
        self, path: str, other: Partner
    ) -> None:
        with _acquired(path):
            signed = text_of(path)
            assert other.run(TAKE, path=path, wait=0.1) == "Held"
            assert text_of(path) == signed

    def test_held_after_the_whole_wait_and_not_before(self, path: str, other: Partner) -> None:
        other.run(TAKE, path=path, wait=0)
        started = time.monotonic()
        assert isinstance(acquire(path, timeout=0.3, purpose="ours"), Held)
        assert 0.3 <= time.monotonic() - started < PATIENCE_SECONDS

    def test_acquired_as_soon_as_the_holder_lets_go(self, path: str, other: Partner) -> None:
        other.run(TAKE, path=path, wait=0)
        other.run("threading.Timer(0.2, lock.release).start()")
        started = time.monotonic()
        with _acquired(path, timeout=FOR_EVER):
            assert time.monotonic() - started < PATIENCE_SECONDS

    def test_released_it_names_nobody_and_the_next_one_gets_it(
        self, path: str, other: Partner
    ) -> None:
        with _acquired(path):
            pass
        assert (text_of(path), read_holder(path)) == (b"", None)
        assert other.run(TAKE, path=path, wait=0) == "Acquired"

    def test_released_twice_it_is_not_taken_from_the_next_holder(
        self, path: str, other: Partner
    ) -> None:
        with _acquired(path) as lock:
            lock.release()
            assert other.run(TAKE, path=path, wait=0) == "Acquired"
            lock.release()
        holder = read_holder(path)
        assert holder is not None
        assert holder.pid == other.pid
        assert isinstance(acquire(path, timeout=0, purpose="ours"), Held)

    def test_the_file_stays_for_those_who_wait_on_it(self, path: str) -> None:
        with _acquired(path):
            inode = os.stat(path).st_ino
        with _acquired(path):
            assert os.stat(path).st_ino == inode

    @pytest.mark.parametrize("what", ["a folder in its place", "a file for a folder"])
    def test_failed_says_why_and_does_not_wait(self, path: str, what: str) -> None:
        if what == "a folder in its place":
            os.mkdir(path)
        else:
            os.rmdir(os.path.dirname(path))
            os.close(os.open(os.path.dirname(path), os.O_CREAT))
        started = time.monotonic()
        answer = acquire(path, timeout=FOR_EVER, purpose="ours")
        assert isinstance(answer, Failed)
        assert time.monotonic() - started < PATIENCE_SECONDS
        kinds = ("it is a folder, not a file of", "it is a plain file, not a folder of")
        assert any(kind in answer.cause for kind in kinds)
        error = answer.error()
        assert isinstance(error, LockError)
        assert path in error.message
        assert "remove it" in error.hint

    def test_failed_without_its_folder_which_stays_away(self, path: str) -> None:
        os.rmdir(os.path.dirname(path))
        answer = acquire(path, timeout=30, purpose="ours")
        assert answer == Failed(path, os.strerror(errno.ENOENT))
        assert not os.path.exists(os.path.dirname(path))

    @pytest.mark.parametrize("exists", [True, False])
    def test_failed_without_permission_although_another_holds_it(
        self, other: Partner, exists: bool
    ) -> None:
        with tempfile.TemporaryDirectory() as folder:  # pytest's own admit nobody else
            path = os.path.join(folder, "index.lock")
            if exists:
                assert other.run(TAKE, path=path, wait=0) == "Acquired"
                os.chmod(path, 0o444)
            os.chmod(folder, 0o555)  # noqa: S103 - for nobody to look into
            with _unprivileged():
                answer = acquire(path, timeout=30, purpose="ours")
            os.chmod(folder, 0o700)
        assert isinstance(answer, Failed)
        assert answer.cause.startswith(os.strerror(errno.EACCES))
        if os.getuid() == 0:  # it is root's, and "nobody" is told so
            assert "it belongs to root" in answer.cause
            assert "sudo chown -R" in answer.hint

    @pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
    def test_failed_where_the_file_system_has_no_locks(
        self, path: str, number: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(_fd: int, _operation: int) -> None:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(fcntl, "flock", refuse)
        answer = acquire(path, timeout=30, purpose="ours")
        assert answer == Failed(path, os.strerror(number))


class TestDeadHolders:
    def test_the_lock_of_a_killed_process_is_free_at_once(self, path: str, other: Partner) -> None:
        other.run(TAKE, path=path, wait=0)
        other.kill()
        assert text_of(path).split()[0] == str(other.pid).encode()
        assert read_holder(path) is None
        with _acquired(path, timeout=0):
            holder = read_holder(path)
            assert holder is not None
            assert holder.pid == os.getpid()

    @needs_proc
    def test_a_dead_process_that_nobody_buried_holds_nothing(
        self, path: str, other: Partner
    ) -> None:
        other.run(TAKE, path=path, wait=0)
        other.kill(bury=False)
        os.kill(other.pid, 0)  # the system still knows the number
        assert read_holder(path) is None
        assert not is_alive(other.pid)

    @pytest.mark.parametrize(
        "text", ["", "\0" * 40, "12", "x y z", "-1 0.0 all of you", "PID when what"]
    )
    def test_a_damaged_name_is_nobodys(self, path: str, text: str) -> None:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace("PID", str(os.getpid())))
        assert read_holder(path) is None
        with _acquired(path):
            pass

    def test_a_process_of_another_user_is_alive(self) -> None:
        with _unprivileged():
            assert is_alive(os.getppid())
        assert is_alive(os.getpid())
        assert not is_alive(0)
        assert not is_alive(-1)

    @pytest.mark.parametrize("leave", [FORKS, EXECUTES], ids=["fork", "exec"])
    def test_a_child_of_the_holder_does_not_keep_it(
        self, path: str, other: Partner, leave: str
    ) -> None:
        other.run(TAKE, path=path, wait=0)
        child = other.run(leave)
        try:
            assert isinstance(acquire(path, timeout=0, purpose="ours"), Held)
            other.kill()
            # The child may have been forked this instant, and not yet closed what it inherited.
            with _acquired(path, timeout=PATIENCE_SECONDS):
                assert is_alive(child)
        finally:
            os.kill(child, signal.SIGKILL)

    def test_a_forked_child_cannot_give_the_lock_away(self, path: str, other: Partner) -> None:
        other.run(TAKE, path=path, wait=0)
        signed = text_of(path)
        other.run("child = os.fork() or [lock.release(), os._exit(0)]\nos.waitpid(child, 0)")
        assert text_of(path) == signed
        assert isinstance(acquire(path, timeout=0, purpose="ours"), Held)


class TestSlots:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> str:
        return str(tmp_path / "slots")

    def test_no_more_processes_than_slots(self, folder: str, tmp_path: Path) -> None:
        book = tmp_path / "book"
        work = (
            "fd = os.open(book, os.O_WRONLY | os.O_APPEND | os.O_CREAT)\n"
            "for _ in range(5):\n"
            "    with acquire_slot(folder, 2, purpose='embed'):\n"
            "        os.write(fd, b'+')\n"
            "        while os.stat(book).st_size < 2: time.sleep(0.01)\n"  # until another is inside
            "        os.write(fd, b'-')\n"
        )
        partners = [Partner(USES_SLOTS) for _ in range(4)]
        for partner in partners:
            partner.start(work, folder=folder, book=str(book))
        for partner in partners:
            with partner:
                partner.finish()
        inside, most = 0, 0
        for mark in book.read_text():
            inside += 1 if mark == "+" else -1
            most = max(most, inside)
        assert (most, inside, len(book.read_text())) == (2, 0, 2 * 4 * 5)

    def test_the_slot_of_a_dead_holder_is_free_at_once(
        self, folder: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(throttle, "WAIT_SECONDS", 0.0)
        with Partner(USES_SLOTS) as other:
            other.run("slot = acquire_slot(folder, 1, purpose='embed')", folder=folder)
            other.kill()
        acquire_slot(folder, 1, purpose="ours").release()

    def test_busy_after_the_wait_names_the_holders(
        self, folder: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(throttle, "WAIT_SECONDS", 0.2)
        with (
            Partner(USES_SLOTS) as other,
            acquire_slot(folder, 2, purpose="build of this"),
        ):
            other.run("slot = acquire_slot(folder, 2, purpose='build of that')", folder=folder)
            with pytest.raises(BusyError) as caught:
                acquire_slot(folder, 2, purpose="one too many")
            assert f"process {os.getpid()} (build of this)" in caught.value.message
            assert f"process {other.pid} (build of that)" in caught.value.message
            assert "lumen.workers" in caught.value.hint

    @as_root
    def test_a_folder_of_another_user_is_refused(self, folder: str) -> None:
        os.mkdir(folder)
        os.chown(folder, NOBODY, NOBODY)
        with pytest.raises(LockError, match="does not belong to you"):
            acquire_slot(folder, 2, purpose="embed")
        assert os.listdir(folder) == []

    def test_a_link_to_a_folder_is_refused(self, folder: str, tmp_path: Path) -> None:
        (tmp_path / "elsewhere").mkdir()
        os.symlink(tmp_path / "elsewhere", folder)
        with pytest.raises(LockError, match="does not belong to you"):
            acquire_slot(folder, 2, purpose="embed")
        assert os.listdir(tmp_path / "elsewhere") == []

    def test_locks_that_cannot_work_are_no_contention(self, folder: str) -> None:
        os.makedirs(os.path.join(folder, "slot-0.lock"))
        with pytest.raises(LockError, match="cannot lock"):
            acquire_slot(folder, 2, purpose="embed")
        with pytest.raises(LockError, match="cannot make"):
            acquire_slot(os.path.join(folder, "x" * 300), 2, purpose="x")

    def test_a_new_folder_is_private(self, folder: str) -> None:
        acquire_slot(folder, 1, purpose="embed").release()
        assert os.stat(folder).st_mode & 0o777 == 0o700

    def test_it_lies_where_only_this_user_may_write(self, tmp_path: Path) -> None:
        assert runtime_folder({"XDG_RUNTIME_DIR": str(tmp_path)}) == str(tmp_path / "lumen-hooks")
        for environ in ({}, {"XDG_RUNTIME_DIR": ""}, {"XDG_RUNTIME_DIR": str(tmp_path / "gone")}):
            assert os.path.basename(runtime_folder(environ)) == f"lumen-hooks-{os.getuid()}"


@contextmanager
def _acquired(path: str, *, timeout: float = 0, purpose: str = "ours") -> Iterator[Acquired]:
    lock = acquire(path, timeout=timeout, purpose=purpose)
    assert isinstance(lock, Acquired), lock
    with lock:
        yield lock


@contextmanager
def _unprivileged() -> Iterator[None]:
    """Be nobody in particular, if we are root, for whom permissions do not count."""
    if os.getuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
