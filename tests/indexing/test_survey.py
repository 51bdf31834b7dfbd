"""A look by the picture that the one before left finds what git's list of all files would show."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.files import folder_names, picture
from lumen_hooks.files.folder_names import names_in
from lumen_hooks.files.manifest import scan
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.indexing import survey as surveying
from lumen_hooks.indexing.freshness import FRESH, Freshness, look_at
from lumen_hooks.settings import load_settings
from lumen_hooks.system import unchanged
from tests.support.helpers import contents, first_rows, update
from tests.support.repository import Repository
from tests.support.sources import python_module

if TYPE_CHECKING:
    from collections.abc import Callable

    from lumen_hooks.git.worktree import Worktree
    from lumen_hooks.settings import Settings

TICK_NS = 15_000_000
"""More than the clock of a file system here needs for its next tick."""


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unchanged, "YOUNG_NS", TICK_NS)
    monkeypatch.setattr(unchanged, "_TICK_NS", TICK_NS)


def settings_of(repo: Repository) -> Settings:
    return load_settings(str(repo.top), os.environ)


def place_of(repo: Repository) -> Worktree:
    return find_worktree(str(repo.top))


def settled() -> None:
    time.sleep(2 * TICK_NS / 1e9)


def updated(repo: Repository) -> None:
    """Update after a while in which nothing has changed, as after most edits."""
    settled()
    update(repo)


def looks(repo: Repository) -> tuple[Freshness, Freshness]:
    """A look by the picture, if there is one, and one without."""
    place, settings = place_of(repo), settings_of(repo)
    found = look_at(place, settings)
    path = Path(place.picture_path)
    aside = path.with_name("aside")
    kept = path.exists()
    if kept:
        path.rename(aside)
    whole = look_at(place, settings)
    if kept:
        aside.rename(path)
    return found, whole


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The worktrees that were listed by git."""
    scans: list[str] = []

    def counting(worktree: Worktree, settings: Settings) -> object:
        scans.append(worktree.top)
        return scan(worktree, settings)

    monkeypatch.setattr(surveying, "scan", counting)
    return scans


def two_folders(repo: Repository) -> None:
    repo.commit(
        {
            "a.py": python_module("alpha"),
            "deep/er/b.py": python_module("beta"),
            "deep/c.py": python_module("gamma"),
            "logo.png": b"\x89PNG\0",
            ".gitignore": "*.o\nbuild/\nhidden.py\n",
        }
    )


def test_nothing_and_one_file_changed_without_git(repo: Repository, listed: list[str]) -> None:
    two_folders(repo)
    updated(repo)
    repo.write({"a.o": "", "build/x.py": "x = 1\n", "new/er/d.py": python_module("delta")})
    updated(repo)
    listed.clear()
    settled()
    assert look_at(place_of(repo), settings_of(repo)).state == FRESH
    repo.write({"deep/c.py": python_module("omega")})
    found = look_at(place_of(repo), settings_of(repo))
    assert (found.state, found.differing) == ("stale", ("deep/c.py",))
    updated(repo)
    assert look_at(place_of(repo), settings_of(repo)).state == FRESH
    assert listed == []
    by_picture = contents(repo)
    update(repo, force=True)
    assert contents(repo) == by_picture


def test_a_look_that_keeps_leaves_a_picture(repo: Repository, listed: list[str]) -> None:
    two_folders(repo)
    updated(repo)
    place, settings = place_of(repo), settings_of(repo)
    repo.git("commit", "-q", "--allow-empty", "-m", "again")
    repo.git("update-index", "--force-write-index")
    settled()
    listed.clear()
    for _ in range(3):
        assert look_at(place, settings, keeps=True).state == FRESH
    assert len(listed) == 1


def folders_listed(repo: Repository, patch: pytest.MonkeyPatch) -> list[str]:
    """The folders whose names two looks read, the first of which leaves what it found."""
    read: list[str] = []

    def counting(folder: bytes) -> list[bytes]:
        read.append(os.path.relpath(os.fsdecode(folder), repo.top))
        return names_in(folder)

    with patch.context() as patched:
        patched.setattr(folder_names, "names_in", counting)
        for keeps in (True, False):
            assert look_at(place_of(repo), settings_of(repo), keeps=keeps).state == FRESH
    return read


def test_a_folder_is_read_again_only_after_it_changed(
    repo: Repository, listed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    two_folders(repo)
    updated(repo)
    settled()
    listed.clear()
    assert folders_listed(repo, monkeypatch) == []
    repo.write({"deep/x.o": ""})
    (repo.top / "deep/x.o").unlink()
    settled()
    assert folders_listed(repo, monkeypatch) == ["deep"]
    repo.write({"deep/y.o": ""})
    (repo.top / "deep/y.o").unlink()
    with monkeypatch.context() as young:  # its time may stand for what comes in the next moment
        young.setattr(unchanged, "YOUNG_NS", 3600 * 10**9)
        assert folders_listed(repo, monkeypatch) == ["deep", "deep"]
    assert listed == []


def test_where_folders_tell_nothing_all_are_read(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture, "device_that_tells", lambda _: None)
    two_folders(repo)
    updated(repo)
    assert sorted(folders_listed(repo, monkeypatch)) == sorted([".", "deep", "deep/er"] * 2)


def folder_for_a_file(repo: Repository) -> None:
    (repo.top / "logo.png").unlink()
    repo.write({"logo.png/x.py": "x = 1\n"})


def link_for_a_file(repo: Repository) -> None:
    (repo.top / "a.py").unlink()
    (repo.top / "a.py").symlink_to("deep/c.py")


def link_for_a_folder(repo: Repository) -> None:
    (repo.top / "deep").rename(repo.top.parent / "deep")
    (repo.top / "deep").symlink_to(repo.top.parent / "deep")


def no_packages(repo: Repository) -> None:
    (repo.top / "env" / "pyvenv.cfg").unlink()


def removed(repo: Repository) -> None:
    (repo.top / "deep" / "er" / "b.py").unlink()


def restored(repo: Repository) -> None:
    repo.write({"node_modules/x/t.js": "t = 1\n"})


ROWS: dict[str, Callable[[Repository], object]] = {
    "a new file": lambda repo: repo.write({"deep/new.py": "x = 1\n"}),
    "an empty folder, then a file in it": lambda repo: repo.write({"empty/new.py": "x = 1\n"}),
    "a folder for a file that counts not": folder_for_a_file,
    "a file that git ignored no more": lambda repo: repo.write({".gitignore": "build/\n"}),
    "ignored by info/exclude": lambda repo: repo.write({".git/info/exclude": "untracked.py\n"}),
    "an attribute": lambda repo: repo.write({".gitattributes": "*.py linguist-generated\n"}),
    "an ignore file of ours": lambda repo: repo.write({"deep/.lumenignore": "c.py\n"}),
    "a user's ignore file": lambda repo: repo.git("config", "core.excludesFile", "/dev/null"),
    "git's index": lambda repo: repo.git("rm", "-q", "--cached", "a.py"),
    "not looked at by git": lambda repo: repo.git("update-index", "--skip-worktree", "a.py"),
    "a link for a file": link_for_a_file,
    "a link for a folder": link_for_a_folder,
    "a folder that is a repository": lambda repo: repo.git("init", "-q", "deep/inner"),
    "a repository that is none any more": lambda repo: shutil.rmtree(repo.top / "nested/.git"),
    "a folder of packages that is none any more": no_packages,
    "a setting of ours": lambda repo: repo.git("config", "lumen.exclude", "deep/"),
    "removed": removed,
    "a tracked file that was away, in a folder of packages": restored,
}


@pytest.mark.parametrize("row", first_rows(ROWS, len(ROWS)))
def test_what_decides_about_files_is_seen(repo: Repository, row: str) -> None:
    two_folders(repo)
    repo.commit({"node_modules/x/t.js": "t = 1\n"})
    (repo.top / "node_modules/x/t.js").rename(repo.top / "node_modules/x/u.js")
    repo.write({"untracked.py": "u = 1\n", "hidden.py": "h = 1\n"})
    repo.write({"x.o": "x", "env/pyvenv.cfg": "", "env/e.py": "e = 1\n"})
    (repo.top / "empty").mkdir()
    subprocess.run(["git", "init", "-q", repo.top / "nested"], check=True)
    repo.write({"nested/n.py": "n = 1\n"})
    updated(repo)
    assert Path(place_of(repo).picture_path).exists()
    settled()
    ROWS[row](repo)
    found, whole = looks(repo)
    assert found == whole
    updated(repo)
    found, whole = looks(repo)
    assert found == whole
    assert found.state == FRESH


def file_for_a_link(repo: Repository) -> None:
    (repo.top / "link.py").unlink()
    repo.write({"link.py": "l = 1\n"})


MEANWHILE: dict[str, Callable[[Repository], object]] = {
    "a file for a link": file_for_a_link,
    "a repository that is none any more": lambda repo: shutil.rmtree(repo.top / "nested/.git"),
    "attributes gone": lambda repo: (repo.top / ".git/info/attributes").unlink(),
    "attributes gone that git ignored": lambda repo: (repo.top / ".gitattributes").unlink(),
}


@pytest.mark.parametrize("row", first_rows(MEANWHILE, len(MEANWHILE)))
def test_what_changes_while_a_tree_is_indexed_gets_into_no_picture(
    repo: Repository, row: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_folders(repo)
    repo.write({".git/info/attributes": "a.py linguist-generated\n"})
    repo.write({".git/info/exclude": ".gitattributes\n"})
    repo.write({".gitattributes": "deep/c.py linguist-generated\n"})
    (repo.top / "link.py").symlink_to("a.py")
    subprocess.run(["git", "init", "-q", repo.top / "nested"], check=True)
    repo.write({"nested/n.py": "n = 1\n"})

    def then_changed(worktree: Worktree, settings: Settings) -> object:
        found = scan(worktree, settings)
        MEANWHILE[row](repo)
        return found

    with monkeypatch.context() as patched:
        patched.setattr(surveying, "scan", then_changed)
        updated(repo)
    settled()
    found, whole = looks(repo)
    assert found == whole
    assert found.state == "stale"


def test_a_copy_goes_by_its_own_rules(repo: Repository) -> None:
    repo.commit({"a.py": python_module("alpha")})  # a rule in the tree would tell them apart
    repo.write({"untracked.py": "u = 1\n"})
    updated(repo)
    copy = Repository(repo.top.parent / "copy")
    subprocess.run(["cp", "-a", repo.top, copy.top], check=True)
    updated(copy)
    copy.write({".git/info/exclude": "untracked.py\n"})
    found, whole = looks(copy)
    assert found == whole
    assert found.differing == ("untracked.py",)


@pytest.mark.parametrize("at", ["head", "facts", "texts", "stamps", "short", "long", "empty"])
def test_a_damaged_picture_is_none(repo: Repository, at: str, listed: list[str]) -> None:
    two_folders(repo)
    updated(repo)
    path = Path(place_of(repo).picture_path)
    data = bytearray(path.read_bytes())
    where = {"head": 20, "facts": 120, "texts": data.index(b"deep/c.py"), "stamps": len(data) - 3}
    if at in where:
        data[where[at]] ^= 1
    cut = {"short": data[:-9], "long": data + b"x", "empty": bytearray()}
    path.write_bytes(bytes(cut.get(at, data)))
    listed.clear()
    assert look_at(place_of(repo), settings_of(repo)).state == FRESH
    assert len(listed) == 1


# Anything, in any order


class Changes:
    """What happens to a worktree, by chance."""

    def __init__(self, repo: Repository, chance: random.Random) -> None:
        self._repo = repo
        self._chance = chance

    def path(self) -> str:
        folder = self._chance.choice(["", "a/", "a/b/", "c/", "build/", "node_modules/x/"])
        name = self._chance.choice(["m", "n", "o"])
        return folder + name + self._chance.choice([".py", ".py", ".md", ".o", ".png"])

    def write(self) -> None:
        number = self._chance.randrange(100, 999)
        with suppress(OSError):
            self._repo.write({self.path(): f"def f_{number}():\n    return {number}\n"})

    def remove(self) -> None:
        with suppress(OSError):
            (self._repo.top / self.path()).unlink()

    def make_folder(self) -> None:
        with suppress(OSError):
            (self._repo.top / self._chance.choice(["a/e", "f/g", "c/e"])).mkdir(parents=True)

    def remove_folder(self) -> None:
        shutil.rmtree(self._repo.top / self._chance.choice(["a/b", "c", "f"]), ignore_errors=True)

    def rules(self) -> None:
        name = self._chance.choice([".gitignore", ".gitattributes", ".lumenignore"])
        folder = self._chance.choice(["", "a/", "c/"])
        line = {".gitattributes": "n.py linguist-generated\n"}.get(name, "n.*\n")
        with suppress(OSError):
            self._repo.write({folder + name: line * self._chance.randrange(2)})

    def git(self) -> None:
        command = self._chance.choice(
            [
                ["add", "-A"],
                ["commit", "-qam", "x"],
                ["reset", "-q"],
                ["stash", "-q"],
                ["checkout", "-q", "-f", "HEAD"],
                ["switch", "-q", "-f", "--detach", "HEAD~1"],
                ["rm", "-q", "-f", "--cached", "--ignore-unmatch", self.path()],
                ["update-index", "--assume-unchanged", self.path()],
                ["update-index", "--skip-worktree", self.path()],
                ["status"],
            ]
        )
        self._repo.git(*command, check=False)

    def link(self) -> None:
        path = self._repo.top / self.path()
        with suppress(OSError):
            path.unlink(missing_ok=True)
            path.symlink_to(self._chance.choice(["m.py", "/nowhere", ".."]))

    def repository(self) -> None:
        inner = self._repo.top / "a" / "inner"
        if inner.exists():
            shutil.rmtree(inner / ".git", ignore_errors=True)
        else:
            subprocess.run(["git", "init", "-q", inner], check=False)
            with suppress(OSError):
                (inner / "i.py").write_text("i = 1\n")

    def touch(self) -> None:
        with suppress(OSError):
            os.utime(self._repo.top / self.path())

    def anything(self) -> None:
        happens = [self.write] * 6 + [self.remove, self.make_folder, self.remove_folder, self.rules]
        self._chance.choice(
            [*happens, self.git, self.git, self.link, self.repository, self.touch]
        )()


def compare_after_changes(repo: Repository, seed: int, steps: int) -> None:
    chance = random.Random(seed)
    changes = Changes(repo, chance)
    repo.commit({"a/m.py": "m = 1\n", "c/n.py": "n = 1\n", "m.md": "# M\n", ".gitignore": "*.o\n"})
    repo.commit({"a/b/o.py": "o = 1\n"})
    updated(repo)
    place = place_of(repo)
    for step in range(steps):
        changes.anything()
        settled()
        found, whole = looks(repo)
        assert found == whole, (seed, step)
        if chance.random() < 0.5:
            update(repo)
            assert look_at(place, settings_of(repo)).state == FRESH, (seed, step)
        else:
            look_at(place, settings_of(repo), keeps=True)


@pytest.mark.parametrize("seed", first_rows(range(12), 1))
def test_whatever_happens_both_ways_see_the_same(
    repo: Repository, seed: int, listed: list[str]
) -> None:
    compare_after_changes(repo, seed, steps=30)
    # Of the looks of a step, three or four, one is without the picture.
    assert 30 < len(listed) < 90


@pytest.mark.stress
@pytest.mark.parametrize("seed", range(100, 150))
def test_whatever_happens_for_long(
    repo: Repository, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if seed % 5 == 0:
        monkeypatch.setattr(picture, "device_that_tells", lambda _: None)
    compare_after_changes(repo, seed, steps=80)
