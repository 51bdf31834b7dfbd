"""Copies of a live database: the schedules that tear wrong ones, forced step by step.

The database is a bank: every transaction moves money between accounts, each of which fills a page
of its own. Money that appears or vanishes is a copy that mixes two states. Each wrong recipe is
written out here and shown to fail; then the real one gets through the same schedule.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from contextlib import closing
from typing import TYPE_CHECKING, cast

import apsw
import pytest

from lumen_hooks.embedding.registry import identify
from lumen_hooks.errors import CorruptIndexError, StorageFullError, StoreError
from lumen_hooks.git import own_folders
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.indexing import seed as seeding
from lumen_hooks.indexing.donors import find_donors
from lumen_hooks.indexing.progress import NoProgress
from lumen_hooks.indexing.seed import NotSeeded
from lumen_hooks.storage import snapshot as snapshots
from lumen_hooks.storage.fingerprint import fingerprint
from lumen_hooks.storage.index import open_writer
from lumen_hooks.storage.opening import open_to_read, open_to_write
from lumen_hooks.storage.publish import discard, publish, set_aside
from lumen_hooks.storage.snapshot import snapshot
from lumen_hooks.storage.sqlite import transaction
from lumen_hooks.system.locks import Acquired, acquire
from tests.support.helpers import job_for, say, update
from tests.support.processes import Partner, PartnerError
from tests.support.sources import python_module

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from lumen_hooks.git.worktree import Worktree
    from tests.support.repository import Repository

ACCOUNTS = 8

SHARED_FIRST, SHARED_SIZE = 0x40000002, 510
"""The bytes that SQLite locks as a reader (os_unix.c)."""

TRY = fcntl.LOCK_EX | fcntl.LOCK_NB
OPENS = "from lumen_hooks.storage.opening import open_to_write\ndb = open_to_write(path)"
MOVES = """
def move(db, source, target):
    db.execute("BEGIN IMMEDIATE")
    db.execute("UPDATE accounts SET money=money-1 WHERE id=?", (source,))
    db.execute("UPDATE accounts SET money=money+1 WHERE id=?", (target,))
    db.execute("COMMIT")
"""

Books = tuple[int, ...]
TORN = "torn"


class Bank:
    """The donor. Another process, `teller`, has it open and moves the money."""

    def __init__(self, path: str, teller: Partner) -> None:
        self.path = path
        self.teller = teller
        with closing(open_to_write(path, create=True)) as connection:
            connection.execute("CREATE TABLE accounts(id INTEGER PRIMARY KEY, money, filler)")
            connection.executemany(
                "INSERT INTO accounts VALUES(?, 100, zeroblob(12000))",
                [(number,) for number in range(ACCOUNTS)],
            )
        teller.run(OPENS + MOVES, path=path)
        # Otherwise SQLite checkpoints at a moment of its own choosing.
        teller.run("db.execute('PRAGMA wal_autocheckpoint=0').fetchall()")

    def move(self, source: int, target: int) -> None:
        self.teller.run("move(db, source, target)", source=source, target=target)

    def checkpoint(self, mode: str = "PASSIVE") -> int:
        """Checkpoint, and return how many pages of the WAL are in the main file now."""
        code = "answer = db.execute(f'PRAGMA wal_checkpoint({mode})').fetchall()[0][2]"
        return int(self.teller.run(code, mode=mode))

    def books(self) -> Books:
        """What is committed now."""
        code = "answer = [row[0] for row in db.execute('SELECT money FROM accounts ORDER BY id')]"
        return tuple(self.teller.run(code))


@pytest.fixture
def teller() -> Iterator[Partner]:
    with Partner() as partner:
        yield partner


@pytest.fixture
def bank(tmp_path: Path, teller: Partner) -> Bank:
    return Bank(str(tmp_path / "donor.db"), teller)


@pytest.fixture
def copy(tmp_path: Path) -> str:
    return str(tmp_path / "copy.db")


def present() -> None:
    """The gate of a place that is there."""


def anything(_connection: apsw.Connection) -> None:
    """A gate that everybody may pass."""


def read(path: str) -> Books | str:
    """What a database holds, or that it mixes several states."""
    try:
        with closing(open_to_read(path)) as connection:
            if connection.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
                return TORN
            rows = connection.execute("SELECT money FROM accounts ORDER BY id").fetchall()
    except (CorruptIndexError, apsw.CorruptError):
        return TORN
    books = tuple(cast("int", row[0]) for row in rows)
    return books if sum(books) == 100 * ACCOUNTS else TORN


def copy_in_two(source: str, target: str, split: int, between: Callable[[], object]) -> None:
    """Copy a file with something happening in the midst."""
    with open(source, "rb") as file, open(target, "xb") as out:
        out.write(file.read(split))
        between()
        shutil.copyfileobj(file, out)


def while_copying(
    monkeypatch: pytest.MonkeyPatch, suffix: str, split: int, between: Callable[[], object]
) -> None:
    """Let something happen as the real recipe copies the main file ("") or the WAL ("-wal")."""
    plain = snapshots._copy_file

    def copy_file(source: int, target: str) -> None:
        if target.endswith("-wal") == (suffix == "-wal"):
            copy_in_two(f"/proc/self/fd/{source}", target, split, between)
        else:
            plain(source, target)

    monkeypatch.setattr(snapshots, "_copy_file", copy_file)


def torn_by_a_reader(bank: Bank, reader: Partner) -> None:
    """Leave a main file that a checkpoint could only half bring up to date.

    The reader needs the WAL as it was before the second transaction, so the checkpoint leaves out
    that one's pages: account 1 keeps what it had before the first, account 0 does not.
    """
    bank.move(0, 1)
    reader.run(OPENS, path=bank.path)
    reader.run("db.execute('BEGIN')\ndb.execute('SELECT * FROM accounts').fetchall()")
    bank.move(1, 2)


class TestWhatTearsWrongRecipes:
    def test_checkpoint_then_copy_while_a_reader_pins_the_wal(self, bank: Bank, copy: str) -> None:
        with Partner() as reader:
            torn_by_a_reader(bank, reader)
            bank.teller.run("db.set_busy_timeout(0)")
            bank.checkpoint("TRUNCATE")
            shutil.copyfile(bank.path, copy)
            assert read(copy) == TORN
            discard(copy)
            snapshot(bank.path, copy, gate=anything)
            assert read(copy) == bank.books()

    def test_the_main_file_without_its_wal_even_under_the_write_lock(
        self, bank: Bank, copy: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A checkpoint needs no write lock, so it may run in the midst of the copy."""
        bank.move(0, ACCOUNTS - 1)
        with Partner(OPENS.replace("path", repr(bank.path))) as wrong:
            wrong.run("db.execute('BEGIN IMMEDIATE')")
            half = os.stat(bank.path).st_size // 2
            copy_in_two(bank.path, copy, half, bank.checkpoint)
        assert read(copy) == TORN
        discard(copy)
        bank.checkpoint("TRUNCATE")
        bank.move(0, ACCOUNTS - 1)
        done: list[int] = []
        while_copying(monkeypatch, "", half, lambda: done.append(bank.checkpoint()))
        snapshot(bank.path, copy, gate=anything)
        assert done[0] > 0
        assert read(copy) == bank.books()

    def test_a_read_transaction_in_place_of_the_lock(
        self, bank: Bank, copy: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A writer starts a WAL anew that is wholly checkpointed, whoever is reading.

        The copy then holds the old WAL's beginning, whose first transaction is folded in over the
        second one, which the main file holds already.
        """
        bank.move(0, 1)
        first = os.stat(bank.path + "-wal").st_size
        bank.move(1, 2)
        bank.checkpoint()
        with Partner(OPENS.replace("path", repr(bank.path))) as wrong:
            wrong.run("db.execute('BEGIN')\ndb.execute('SELECT * FROM accounts').fetchall()")
            shutil.copyfile(bank.path, copy)

            def restart() -> None:
                bank.teller.run("db.execute('UPDATE accounts SET money=money+iif(id%2, 1, -1)')")

            copy_in_two(bank.path + "-wal", copy + "-wal", first, restart)
        assert read(copy) == TORN
        discard(copy)

        bank.checkpoint("TRUNCATE")
        bank.move(0, 1)
        bank.move(1, 2)
        bank.checkpoint()
        refused: list[str] = []

        def try_to_restart() -> None:
            with pytest.raises(PartnerError, match="BusyError") as caught:
                restart()
            refused.append(str(caught.value))

        bank.teller.run("db.set_busy_timeout(0)")
        while_copying(monkeypatch, "-wal", first, try_to_restart)
        snapshot(bank.path, copy, gate=anything)
        assert refused
        assert read(copy) == bank.books()

    def test_a_left_over_wal_is_replayed_into_the_file_that_is_put_beside_it(
        self, bank: Bank, copy: str, tmp_path: Path
    ) -> None:
        """Silently: the pages are those of another database, and each of them is sound."""
        published = str(tmp_path / "target" / "index.db")
        os.mkdir(os.path.dirname(published))
        bank.move(0, 1)
        shutil.copyfile(bank.path + "-wal", published + "-wal")
        bank.move(2, 3)
        bank.move(1, 0)
        snapshot(bank.path, copy, gate=anything)
        truth = bank.books()
        shutil.copyfile(copy, published)
        assert read(published) not in {truth, TORN}
        discard(published)

        bank.move(0, 1)
        shutil.copyfile(bank.path + "-wal", published + "-wal")
        assert publish(copy, published, gate=present)
        assert read(published) == truth

    def test_a_hard_link_shares_what_is_written_later(
        self, bank: Bank, copy: str, tmp_path: Path
    ) -> None:
        linked = str(tmp_path / "linked.db")
        bank.checkpoint("TRUNCATE")
        os.link(bank.path, linked)
        snapshot(bank.path, copy, gate=anything)
        before = bank.books()
        bank.move(0, 1)
        bank.checkpoint("TRUNCATE")
        assert read(linked) == bank.books() != before
        assert read(copy) == before
        assert os.stat(copy).st_nlink == 1


class TestLocksOfThisProcess:
    """POSIX gives a process no second lock on a file: any close drops all that it holds."""

    def test_a_raw_close_lets_others_write_inside_our_transaction(
        self, bank: Bank, tmp_path: Path
    ) -> None:
        path = str(tmp_path / "plain.db")
        with closing(apsw.Connection(path)) as connection:
            connection.execute("CREATE TABLE t(x)")
        opens = "import apsw\ndb = apsw.Connection(path)"
        with Partner(opens.replace("path", repr(path))) as one:
            one.run("db.execute('BEGIN IMMEDIATE')\ndb.execute('INSERT INTO t VALUES(1)')")
            bank.teller.run(opens, path=path)
            with pytest.raises(PartnerError, match="BusyError"):
                bank.teller.run("db.execute('INSERT INTO t VALUES(2)')")
            one.run("open(path, 'rb').close()", path=path)
            bank.teller.run("db.execute('INSERT INTO t VALUES(2)')")

    @pytest.mark.parametrize("how", ["raw", "snapshot"])
    def test_only_a_raw_close_drops_the_lock_that_keeps_others_from_deleting_the_wal(
        self, bank: Bank, copy: str, how: str
    ) -> None:
        """Whoever closes a WAL database last deletes the WAL; this lock says: you are not the last.

        (SQLite since 3.51 looks at the locks of the -shm file, too, so that no commit is lost.)
        """
        bank.teller.run("db.close()")
        takes = (
            f"import fcntl\nfcntl.lockf(open(path, 'r+b'), {TRY}, {SHARED_SIZE}, {SHARED_FIRST})"
        )
        with closing(open_to_write(bank.path)) as connection:
            connection.execute("SELECT * FROM accounts").fetchall()
            with pytest.raises(PartnerError, match="BlockingIOError"):
                bank.teller.run(takes, path=bank.path)
            if how == "snapshot":
                snapshot(bank.path, copy, gate=anything)
                with pytest.raises(PartnerError, match="BlockingIOError"):
                    bank.teller.run(takes)
            else:
                with open(bank.path, "rb"):
                    pass
                bank.teller.run(takes)

    def test_a_snapshot_inside_a_transaction_of_this_process_keeps_it_ours(
        self, bank: Bank, copy: str
    ) -> None:
        bank.teller.run("db.set_busy_timeout(0)")
        before = bank.books()
        with closing(open_to_write(bank.path)) as connection:
            with transaction(connection):
                connection.execute("UPDATE accounts SET money=money-1 WHERE id=0")
                snapshot(bank.path, copy, gate=anything)
                with pytest.raises(PartnerError, match="BusyError"):
                    bank.move(0, 1)
                connection.execute("UPDATE accounts SET money=money+1 WHERE id=1")
            assert read(copy) == before
        assert bank.books() == (99, 101, *before[2:])

    def test_it_is_known_by_any_name(self, bank: Bank, tmp_path: Path) -> None:
        (tmp_path / "elsewhere").symlink_to(tmp_path)
        with closing(open_to_read(bank.path)):
            assert snapshots._is_open_here(str(tmp_path / "elsewhere" / "donor.db"))
        assert not snapshots._is_open_here(bank.path)


class TestTheRecipe:
    def test_what_is_only_in_the_wal_is_in_the_copy_and_the_copy_has_none(
        self, bank: Bank, copy: str
    ) -> None:
        bank.move(3, 4)
        snapshot(bank.path, copy, gate=anything)
        assert read(copy) == bank.books()
        assert [name for name in os.listdir(os.path.dirname(copy)) if "copy.db" in name] == [
            "copy.db"
        ]

    def test_a_donor_that_is_written_for_long_is_copied_through_sqlite(
        self, bank: Bank, copy: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(snapshots, "LOCK_WAIT_MS", 100)
        monkeypatch.setattr(snapshots, "_copy_files", None)
        bank.move(0, 1)
        before = bank.books()
        bank.teller.run("db.execute('BEGIN IMMEDIATE')")
        bank.teller.run("db.execute('UPDATE accounts SET money=0')")
        snapshot(bank.path, copy, gate=anything)  # while the donor's writer is at it
        assert read(copy) == before
        bank.teller.run("db.execute('ROLLBACK')")

    @pytest.mark.parametrize("open_here", [False, True])
    def test_the_gate_sees_what_is_copied_also_through_sqlite(
        self, bank: Bank, copy: str, monkeypatch: pytest.MonkeyPatch, open_here: bool
    ) -> None:
        monkeypatch.setattr(snapshots, "LOCK_WAIT_MS", 0)
        seen: list[Books] = []
        bank.teller.run(
            "db.execute('BEGIN IMMEDIATE')\n"
            "db.execute('UPDATE accounts SET money=money+iif(id=0, -1, iif(id=1, 1, 0))')"
        )

        def gate(connection: apsw.Connection) -> None:
            rows = connection.execute("SELECT money FROM accounts ORDER BY id").fetchall()
            seen.append(tuple(cast("int", row[0]) for row in rows))
            bank.teller.run("db.execute('COMMIT')")

        if open_here:
            with closing(open_to_read(bank.path)):
                snapshot(bank.path, copy, gate=gate)
        else:
            snapshot(bank.path, copy, gate=gate)
        assert seen == [(100,) * ACCOUNTS]
        assert read(copy) == seen[0]

    def test_a_donors_readers_and_writers_go_on_afterwards(self, bank: Bank, copy: str) -> None:
        snapshot(bank.path, copy, gate=anything)
        bank.move(0, 1)
        bank.teller.run("db.close()")
        assert read(bank.path) == (99, 101, *[100] * (ACCOUNTS - 2))

    @pytest.mark.parametrize(
        "number", [errno.EXDEV, errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.EPERM, None]
    )
    @pytest.mark.parametrize("after", [0, 1])
    def test_without_copy_file_range_it_is_copied_plainly(
        self,
        bank: Bank,
        copy: str,
        monkeypatch: pytest.MonkeyPatch,
        number: int | None,
        after: int,
    ) -> None:
        """At once, or after a part of the file (a network file system may do that)."""
        real = os.copy_file_range
        calls: list[int] = []

        def refuse(source: int, target: int, count: int, offset: int, _to: int) -> int:
            calls.append(count)
            if len(calls) <= after:
                return real(source, target, min(count, 20_000), offset, offset)
            assert number is not None
            raise OSError(number, os.strerror(number))

        if number is None:
            monkeypatch.delattr(os, "copy_file_range")
        else:
            monkeypatch.setattr(os, "copy_file_range", refuse)
        bank.move(0, 1)
        snapshot(bank.path, copy, gate=anything)
        assert read(copy) == bank.books()

    def test_a_full_disk_is_no_bad_donor(
        self, bank: Bank, copy: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: object) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(os, "copy_file_range", refuse)
        with pytest.raises(StorageFullError, match="No space left"):
            snapshot(bank.path, copy, gate=anything)
        bank.teller.run("db.set_busy_timeout(0)")
        bank.move(0, 1)


class TestBadDonors:
    @pytest.mark.parametrize(
        ("place", "size"), [(0, 100), (3 * 16384, 16384)], ids=["header", "page"]
    )
    def test_damage_is_refused_by_its_code(
        self, bank: Bank, copy: str, place: int, size: int
    ) -> None:
        bank.checkpoint("TRUNCATE")
        bank.teller.run("db.close()")
        with open(bank.path, "r+b") as file:
            file.seek(place)
            file.write(b"\xa5" * size)
        with pytest.raises(CorruptIndexError):
            snapshot(bank.path, copy, gate=anything)

    @pytest.mark.parametrize("keep", [0.5, 0.9])
    def test_a_truncated_donor_is_refused(self, bank: Bank, copy: str, keep: float) -> None:
        bank.teller.run("db.close()")
        os.truncate(bank.path, int(os.stat(bank.path).st_size * keep) // 16384 * 16384)
        with pytest.raises(CorruptIndexError):
            snapshot(bank.path, copy, gate=anything)

    def test_one_that_is_gone(self, bank: Bank, copy: str) -> None:
        bank.teller.run("db.close()")
        os.unlink(bank.path)
        with pytest.raises(StoreError) as caught:
            snapshot(bank.path, copy, gate=anything)
        assert not isinstance(caught.value, StorageFullError)

    @pytest.mark.parametrize("first", ["", "-wal"])
    def test_one_that_vanishes_before_it_is_copied(self, bank: Bank, copy: str, first: str) -> None:
        """`git worktree remove` deletes file by file; without its WAL, the rest is an old state."""
        bank.move(0, 1)
        with pytest.raises(StoreError) as caught:
            snapshot(bank.path, copy, gate=lambda _: os.unlink(bank.path + first))
        assert not isinstance(caught.value, StorageFullError)

    def test_one_that_vanishes_as_it_is_opened(
        self, bank: Bank, copy: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def open_late(path: str) -> apsw.Connection:
            connection = open_to_write(path)
            os.unlink(bank.path)
            return connection

        monkeypatch.setattr(snapshots, "open_to_write", open_late)
        with pytest.raises(StoreError) as caught:
            snapshot(bank.path, copy, gate=anything)
        assert not isinstance(caught.value, StorageFullError)

    def test_one_that_is_replaced_while_it_is_copied(
        self, bank: Bank, copy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A repair puts another file in its place, whose WAL has the same name."""
        fresh = str(tmp_path / "fresh.db")
        bank.move(0, 1)
        snapshot(bank.path, fresh, gate=anything)

        def replace() -> None:
            set_aside(bank.path)
            assert publish(fresh, bank.path, gate=present)
            with closing(open_to_write(bank.path)) as connection:
                connection.execute("UPDATE accounts SET money=money-1 WHERE id=5")
                shutil.copyfile(bank.path + "-wal", tmp_path / "kept")
            shutil.copyfile(tmp_path / "kept", bank.path + "-wal")

        while_copying(monkeypatch, "", 16384, replace)
        with pytest.raises(StoreError, match="replaced"):
            snapshot(bank.path, copy, gate=anything)


class TestPublishing:
    def test_it_never_overwrites(self, tmp_path: Path) -> None:
        first, second, target = (str(tmp_path / name) for name in ("one", "two", "index.db"))
        for number, path in enumerate((first, second)):
            with closing(apsw.Connection(path)) as connection:
                connection.execute(f"PRAGMA user_version={number + 1}")
                connection.execute("CREATE TABLE t(x)")
        assert publish(first, target, gate=present)
        inode = os.stat(target).st_ino
        assert not publish(second, target, gate=present)
        assert os.stat(target).st_ino == inode
        assert sorted(os.listdir(tmp_path)) == ["index.db"]
        with closing(apsw.Connection(target)) as connection:
            assert connection.execute("PRAGMA user_version").get == 1

    def test_not_even_a_broken_link(self, bank: Bank, copy: str, tmp_path: Path) -> None:
        target = tmp_path / "index.db"
        target.symlink_to(tmp_path / "nowhere")
        snapshot(bank.path, copy, gate=anything)
        assert not publish(copy, str(target), gate=present)
        assert os.readlink(target) == str(tmp_path / "nowhere")

    def test_what_another_publishes_meanwhile_stays(
        self, bank: Bank, copy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The lock forbids it; the link would still notice, and leaves the peer's WAL alone."""
        target = str(tmp_path / "index.db")
        snapshot(bank.path, copy, gate=anything)
        link = os.link

        def link_late(source: str, name: str) -> None:
            with open(name, "xb") as file, open(name + "-wal", "xb") as wal:
                file.write(b"a peer's")
                wal.write(b"a peer's")
            link(source, name)

        monkeypatch.setattr(os, "link", link_late)
        assert not publish(copy, target, gate=present)
        for suffix in ("", "-wal"):
            with open(target + suffix, "rb") as file:
                assert file.read() == b"a peer's"

    def test_a_donor_refused_under_the_lock_leaves_nothing(
        self, repo: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It was fit when the donors were listed, and is not when its write lock is held."""
        repo.commit({f"m{n}.py": python_module(f"f{n}") for n in range(4)})
        update(repo)
        worktree = find_worktree(str(repo.add_worktree("new").top))

        def find_then_spoil(worktree: Worktree, wanted: str) -> object:
            found = find_donors(worktree, wanted)
            index = open_writer(find_worktree(str(repo.top)).index_path)
            assert index is not None
            with index, index.transaction():
                say(index, complete=False)
            return found

        monkeypatch.setattr(seeding, "find_donors", find_then_spoil)
        own_folders.begin(worktree)
        lock = acquire(worktree.lock_path, timeout=0, purpose="test")
        assert isinstance(lock, Acquired)
        with lock:
            wanted = fingerprint(identify(job_for(repo).settings))
            assert isinstance(
                seeding.seed(worktree, wanted, job_for(repo).settings, NoProgress()), NotSeeded
            )
        assert sorted(os.listdir(worktree.folder)) == ["index.lock", "worker.lock"]
        with open(worktree.log_path, encoding="utf-8") as log:
            assert "its index is not complete" in log.read()
