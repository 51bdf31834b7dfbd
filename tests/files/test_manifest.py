from __future__ import annotations

import os
import shutil
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

from lumen_hooks.errors import RepositoryError
from lumen_hooks.files.content import Content, blob_id, read_file
from lumen_hooks.files.git_index import vouched
from lumen_hooks.files.manifest import Manifest, scan
from lumen_hooks.git.command import git
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.settings import Settings
from tests.support.repository import Repository

if TYPE_CHECKING:
    from pathlib import Path


def scanned(repo: Repository, **settings: object) -> Manifest:
    return scan(find_worktree(str(repo.top)), Settings(**settings))  # type: ignore[arg-type]


def files(repo: Repository, **settings: object) -> dict[str, bytes | None]:
    return believed(repo, scanned(repo, **settings))


def believed(repo: Repository, manifest: Manifest) -> dict[str, bytes | None]:
    """The ids that git's stat data vouch for; None for files that must be read."""
    blobs = {path: blob for path, (blob, _, _) in manifest.files.items()}
    found = vouched(find_worktree(str(repo.top)), blobs)
    return {path: bytes.fromhex(blobs[path]) if path in found else None for path in blobs}


def blob(text: str) -> bytes:
    return blob_id(text.encode(), 20)


def age(repo: Repository, *names: str) -> None:
    """Make files older than the index, so that git need not compare their content."""
    for name in names or [p.name for p in repo.top.iterdir() if p.is_file()]:
        os.utime(repo.top / name, (1_600_000_000, 1_600_000_000))
    repo.git("update-index", "-q", "--refresh", check=False)


def settle(repo: Repository) -> None:
    """Let the clock go on and git's index be written: what is as old as the index is in doubt."""
    time.sleep(0.02)
    os.utime(repo.top / ".git" / "index")


def merge_conflict(repo: Repository) -> None:
    repo.commit({"both": "base\n", "gone": "base\n", "calm": "x\n"})
    repo.git("switch", "-q", "-c", "other")
    repo.commit({"both": "theirs\n", "gone": "theirs\n"})
    repo.git("switch", "-q", "main")
    repo.git("rm", "-q", "gone")
    repo.commit({"both": "ours\n"})
    repo.git("merge", "other", check=False)
    assert "UU both" in repo.git("status", "--porcelain")
    assert "DU gone" in repo.git("status", "--porcelain")


# What git says of tracked files


def test_clean_dirty_staged_and_untracked(repo: Repository) -> None:
    head = repo.commit({"clean": "1\n", "dirty": "2\n", "staged": "3\n", "src/deep/a.py": "4\n"})
    repo.write({"dirty": "changed\n", "staged": "new\n", "untracked.py": "5\n"})
    repo.git("add", "staged")
    answer = scanned(repo)
    assert answer.head == head
    assert believed(repo, answer) == {
        "clean": blob("1\n"),
        "dirty": None,
        "staged": blob("new\n"),
        "src/deep/a.py": blob("4\n"),
        "untracked.py": None,
    }
    assert answer.unindexable == {}


def test_renamed_and_deleted(repo: Repository) -> None:
    repo.commit({"old": "1\n", "deleted": "2\n", "removed": "3\n", "folder/a": "4\n"})
    repo.git("mv", "old", "new")
    repo.git("rm", "-q", "removed")
    (repo.top / "deleted").unlink()
    shutil.rmtree(repo.top / "folder")
    # A rename changes the inode's time. git notes the new one; whether its index is then younger
    # than that is a matter of the clock's ticks, and both answers are right.
    assert files(repo) in ({"new": None}, {"new": blob("1\n")})


def test_no_head_and_nothing_at_all(repo: Repository) -> None:
    assert scanned(repo).head is None
    assert scanned(repo).files == {}
    repo.write({"untracked": "1\n", "added": "2\n"})
    repo.git("add", "added")
    settle(repo)
    answer = scanned(repo)
    assert answer.head is None
    assert believed(repo, answer) == {"untracked": None, "added": blob("2\n")}


def test_merge_conflict(repo: Repository) -> None:
    merge_conflict(repo)
    assert files(repo) == {"both": None, "gone": None, "calm": blob("x\n")}
    (repo.top / "both").unlink()
    assert "both" not in files(repo)


def test_intent_to_add(repo: Repository) -> None:
    repo.commit({"a": "1\n"})
    repo.write({"intended": "", "full": "text\n"})
    repo.git("add", "-N", "intended", "full")
    assert files(repo) == {"a": blob("1\n"), "intended": None, "full": None}


def test_what_git_was_told_to_assume_unchanged_is_looked_at(repo: Repository) -> None:
    repo.commit({"a": "1\n", "gone": "1\n"})
    repo.git("update-index", "--assume-unchanged", "a", "gone")
    repo.write({"a": "changed\n"})
    (repo.top / "gone").unlink()
    assert files(repo) == {"a": None}


def test_a_folder_that_became_a_link_to_itself(repo: Repository) -> None:
    repo.commit({"a": "1\n", "folder/b": "1\n"})
    (repo.top / "folder").rename(repo.top / "elsewhere")
    (repo.top / "folder").symlink_to("folder")
    answer = scanned(repo)
    assert believed(repo, answer) == {"a": blob("1\n"), "elsewhere/b": None}
    assert answer.unindexable == {"symlink": 1}


def test_mode_change_alone_is_looked_at(repo: Repository) -> None:
    repo.commit({"a": "1\n"})
    (repo.top / "a").chmod(0o755)
    assert files(repo) == {"a": None}


def test_touched_but_equal_is_looked_at(repo: Repository) -> None:
    repo.commit({"a": "1\n"})
    os.utime(repo.top / "a", (1, 1))
    assert files(repo) == {"a": None}


def test_edit_of_the_same_size_in_the_same_second(repo: Repository) -> None:
    for turn in range(10):
        repo.commit({"a": f"{turn:04}\n"})
        index = (repo.top / ".git" / "index").stat()
        (repo.top / "a").write_text(f"{turn + 5000:04}\n")
        os.utime(repo.top / "a", ns=(index.st_mtime_ns, index.st_mtime_ns))
        assert files(repo) == {"a": None}, turn


def test_line_endings_converted_by_git(repo: Repository) -> None:
    repo.git("config", "core.autocrlf", "true")
    repo.commit({"a.txt": "1\n2\n"})
    (repo.top / "a.txt").unlink()
    repo.git("checkout", "--", "a.txt")
    assert (repo.top / "a.txt").read_bytes() == b"1\r\n2\r\n"
    settle(repo)
    assert files(repo) == {"a.txt": blob("1\n2\n")}
    content = read_file(str(repo.top), "a.txt", max_bytes=100, blob_length=20)
    assert isinstance(content, Content)
    assert content.text == "1\n2\n"


def test_sha256_repository(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", "--object-format=sha256", tmp_path], check=True)
    repo = Repository(tmp_path)
    head = repo.commit({"a": "1\n"})
    answer = scanned(repo)
    assert (answer.head, len(head)) == (head, 64)
    assert believed(repo, answer) == {"a": blob_id(b"1\n", 32)}


def test_split_index(repo: Repository) -> None:
    repo.commit({f"f{number}": f"{number}\n" for number in range(30)})
    repo.git("update-index", "--split-index")
    repo.write({"f3": "changed\n", "f4": "staged\n"})
    repo.git("add", "f4")
    settle(repo)
    expected = {f"f{number}": blob(f"{number}\n") for number in range(30)}
    assert files(repo) == {**expected, "f3": None, "f4": blob("staged\n")}


@pytest.mark.parametrize("sparse_index", ["--sparse-index", "--no-sparse-index"])
def test_sparse_checkout(repo: Repository, sparse_index: str) -> None:
    repo.commit({"top": "1\n", "in/a": "2\n", "out/b": "3\n", "out/deep/c": "4\n"})
    repo.git("sparse-checkout", "set", "--cone", sparse_index, "in")
    assert files(repo) == {"top": blob("1\n"), "in/a": blob("2\n")}
    repo.write({"out/b": "here all the same\n"})
    assert files(repo) == {"top": blob("1\n"), "in/a": blob("2\n"), "out/b": None}


def test_skip_worktree_without_sparse_checkout(repo: Repository) -> None:
    repo.commit({"kept": "1\n", "lost": "2\n", "f/kept": "3\n", "g/behind": "4\n", "link": "5\n"})
    repo.git("update-index", "--skip-worktree", "kept", "lost", "f/kept", "g/behind", "link")
    repo.write({"kept": "mine\n"})
    (repo.top / "lost").unlink()
    (repo.top / "g").rename(repo.top.parent / "elsewhere")
    (repo.top / "g").symlink_to(repo.top.parent / "elsewhere")
    (repo.top / "link").unlink()
    (repo.top / "link").symlink_to("kept")
    answer = scanned(repo)
    assert believed(repo, answer) == {"kept": None, "f/kept": None}
    assert answer.unindexable == {"symlink": 2}


# What is no file of this worktree


def test_symlinks(repo: Repository) -> None:
    (repo.top / "tracked").symlink_to("target")
    (repo.top / "loop").symlink_to("loop")
    repo.commit({"target": "1\n", "becomes_link": "2\n", "folder/a": "3\n"})
    (repo.top / "untracked").symlink_to("/etc/passwd")
    (repo.top / "becomes_link").unlink()
    (repo.top / "becomes_link").symlink_to("target")
    (repo.top / "folder").rename(repo.top.parent / "moved")
    (repo.top / "folder").symlink_to(repo.top.parent / "moved")
    answer = scanned(repo)
    assert believed(repo, answer) == {"target": blob("1\n")}
    assert answer.unindexable == {"symlink": 5}
    (repo.top / "tracked").unlink()
    repo.write({"tracked": "a file now\n"})
    assert files(repo) == {"target": blob("1\n"), "tracked": None}


def test_a_tracked_file_replaced_by_other_things(repo: Repository) -> None:
    repo.commit({"fifo": "1\n", "folder": "2\n", "repository": "3\n"})
    for name in ("fifo", "folder", "repository"):
        (repo.top / name).unlink()
    os.mkfifo(repo.top / "fifo")
    repo.write({"folder/inside": "4\n"})
    clone(repo, repo.top / "repository")
    answer = scanned(repo)
    assert believed(repo, answer) == {"folder/inside": None}
    assert answer.unindexable == {"not a regular file": 1}


def test_an_untracked_fifo(repo: Repository) -> None:
    os.mkfifo(repo.top / "fifo")
    assert files(repo) == {}


def clone(repo: Repository, place: Path) -> None:
    subprocess.run(["git", "clone", "-q", repo.top, place], check=True)


def test_nested_clone(repo: Repository) -> None:
    repo.commit({"a": "1\n"})
    clone(repo, repo.top / "x" / "clone")
    subprocess.run(["git", "init", "-q", repo.top / "unborn"], check=True)
    repo.write({"unborn/file": "2\n", "x/mine": "3\n"})
    answer = scanned(repo)
    assert believed(repo, answer) == {"a": blob("1\n"), "x/mine": None}
    assert set(answer.unindexable) == {"nested repository"}


@pytest.mark.parametrize("ignored", [True, False])
def test_nested_worktree(repo: Repository, ignored: bool) -> None:
    repo.commit({"a": "1\n", ".gitignore": "/.trees/\n" if ignored else "\n"})
    nested = repo.add_worktree("main/.trees/x")
    nested.write({"own": "2\n"})
    assert sorted(files(repo)) == [".gitignore", "a"]
    assert sorted(files(nested)) == [".gitignore", "a", "own"]


def test_nested_worktree_that_points_nowhere(repo: Repository) -> None:
    repo.commit({"a": "1\n"})
    nested = repo.add_worktree("main/trees/x")
    nested.write({"own/deep": "2\n"})
    shutil.rmtree(repo.top / ".git" / "worktrees")
    assert "?? trees/" in repo.git("status", "--porcelain")
    answer = scanned(repo)
    assert believed(repo, answer) == {"a": blob("1\n")}
    assert set(answer.unindexable) == {"nested repository"}


def test_git_dir_inside_the_worktree(tmp_path: Path) -> None:
    top = tmp_path / "top"
    subprocess.run(["git", "init", "-q", "--separate-git-dir", top / "git", top], check=True)
    repo = Repository(top)
    repo.write({"a": "1\n"})
    assert files(repo) == {"a": None}


def test_submodule(repo: Repository, tmp_path: Path) -> None:
    library = Repository(tmp_path / "library")
    library.top.mkdir()
    library.git("init", "-q")
    library.commit({"lib.py": "1\n"})
    repo.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(library.top), "lib")
    repo.commit({"a": "2\n"})
    Repository(repo.top / "lib").write({"lib.py": "dirty\n"})
    answer = scanned(repo)
    assert sorted(answer.files) == [".gitmodules", "a"]
    assert answer.unindexable == {"submodule": 1}
    assert files(Repository(repo.top / "lib")) == {"lib.py": None}
    repo.git("submodule", "deinit", "-q", "-f", "lib")
    (repo.top / "lib").rmdir()
    repo.write({"lib": "a file now\n"})
    assert files(repo)["lib"] is None


def test_odd_paths(repo: Repository) -> None:
    odd = ["line\nbreak", "tab\tbed", 'quo"ted', "-dash", " space ", "é", ":(top)x", "*", "a\\b"]
    repo.commit({f"t/{name}": "1\n" for name in odd})
    repo.write({f"u/{name}": "2\n" for name in odd})
    for folder in (b"t/", b"u/"):
        with open(os.fsencode(repo.top) + b"/" + folder + b"caf\xe9", "wb") as file:
            file.write(b"1\n")
    repo.git("add", "t")
    answer = scanned(repo)
    expected: dict[str, bytes | None] = {f"t/{name}": blob("1\n") for name in odd}
    assert believed(repo, answer) == {**expected, **{f"u/{name}": None for name in odd}}
    assert answer.unindexable == {"path is not UTF-8": 2}


def test_gitignored_files_are_absent(repo: Repository) -> None:
    repo.commit({".gitignore": "*.log\n", "forced.log": "1\n"})
    repo.git("add", "-f", "forced.log")
    repo.write({"a.log": "2\n", "b.py": "3\n"})
    assert files(repo) == {".gitignore": blob("*.log\n"), "forced.log": blob("1\n"), "b.py": None}


# Rules


def test_rules_of_name_attribute_and_ignore_file(repo: Repository) -> None:
    repo.commit(
        {
            "code.py": "1\n",
            "go.sum": "x",
            "a.png": "x",
            "b.svg": "x",
            "gen/a.py": "x",
            "gen/hand.py": "2\n",
            "third/lib.py": "x",
            "sub/skip.py": "x",
            "sub/.lumenignore": "skip.py\n",
            ".gitattributes": "gen/* linguist-generated\ngen/hand.py -linguist-generated\n",
            "third/.gitattributes": "* linguist-vendored=true\n",
        }
    )
    repo.write({"sub/untracked/skip.py": "x", "gen/untracked.py": "x", "secret": "x"})
    answer = scanned(repo, exclude=("secret",))
    kept = {path for path in answer.files if not path.endswith((".gitattributes", ".lumenignore"))}
    assert kept == {"code.py", "gen/hand.py"}
    assert answer.unindexable == {
        "lock file": 1,
        "binary": 1,
        "data": 1,
        "generated": 2,
        "vendored": 2,
        "ignored": 2,
        "excluded": 1,
    }
    included = files(repo, include=("*.svg", "third/", "skip.py", "secret"), exclude=("secret",))
    kept = {path for path in included if not path.endswith((".gitattributes", ".lumenignore"))}
    assert kept == {
        *("code.py", "gen/hand.py", "b.svg", "third/lib.py"),
        *("sub/skip.py", "sub/untracked/skip.py"),
    }


def test_attributes_of_the_repository_and_not_set_ones(repo: Repository) -> None:
    repo.commit({"a.py": "1\n", "b.py": "2\n", "c.py": "3\n", ".gitattributes": "*.py text\n"})
    assert len(files(repo)) == 4
    (repo.top / ".git" / "info").mkdir(exist_ok=True)
    (repo.top / ".git" / "info" / "attributes").write_text(
        "a.py linguist-generated=false\nb.py linguist-vendored=true\nc.py !linguist-vendored\n"
    )
    assert sorted(files(repo)) == [".gitattributes", "a.py", "c.py"]
    linked = repo.add_worktree("linked")
    assert sorted(files(linked)) == [".gitattributes", "a.py", "c.py"]


def test_an_ignore_file_that_git_ignores(repo: Repository) -> None:
    repo.commit({"a.py": "1\n", "b.py": "2\n"})
    (repo.top / ".git" / "info").mkdir(exist_ok=True)
    (repo.top / ".git" / "info" / "exclude").write_text(".lumenignore\n")
    repo.write({".lumenignore": "\ufeffb.py\r\n"})
    assert sorted(files(repo)) == ["a.py"]


def test_a_symlinked_ignore_file_is_not_followed(repo: Repository) -> None:
    (repo.top / ".lumenignore").symlink_to("patterns")
    repo.commit({"a.py": "1\n", "patterns": "a.py\n"})
    assert sorted(files(repo)) == ["a.py", "patterns"]


def test_rules_change_with_all_that_decides_and_with_nothing_else(repo: Repository) -> None:
    repo.commit({"a.py": "1\n", "sub/b.py": "2\n"})
    digests = [scanned(repo).rules]
    repo.commit({"a.py": "changed\n", "c.py": "3\n", ".gitattributes": "*.py text\n"})
    assert scanned(repo).rules == digests[0]
    steps: list[dict[str, str | bytes]] = [
        {".lumenignore": "x\n"},
        {".lumenignore": "y\n"},
        {"sub/.lumenignore": "y\n"},
    ]
    for step in steps:
        repo.write(step)
        digests.append(scanned(repo).rules)
        assert scanned(repo).rules == digests[-1]
    repo.git("commit", "-q", "--allow-empty", "-m", "nothing")
    assert scanned(repo).rules == digests[-1]
    digests += [
        scanned(repo, max_file_bytes=5).rules,
        scanned(repo, include=("p",)).rules,
        scanned(repo, exclude=("p",)).rules,
    ]
    assert len(set(digests)) == len(digests)


# Around the scan


def test_environment_of_a_hook_is_ignored(
    repo: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = repo.commit({"a": "1\n"})
    linked = repo.add_worktree("linked", "-b", "other")
    linked.commit({"b": "2\n"})
    monkeypatch.setenv("GIT_DIR", str(repo.top / ".git" / "worktrees" / "linked"))
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/nonsense")
    monkeypatch.setenv("GIT_WORK_TREE", str(linked.top))
    answer = scanned(repo)
    assert (answer.head, set(answer.files)) == (head, {"a"})


def test_index_lock_is_no_obstacle_and_index_is_not_rewritten(repo: Repository) -> None:
    repo.commit({"a": "1\n"})
    os.utime(repo.top / "a", (1, 1))  # git status would refresh the index for this
    lock = repo.top / ".git" / "index.lock"
    lock.write_text("held")
    before = (lock.stat(), (repo.top / ".git" / "index").stat())
    assert files(repo) == {"a": None}
    after = (lock.stat(), (repo.top / ".git" / "index").stat())
    for old, new in zip(before, after, strict=True):
        assert (old.st_ino, old.st_mtime_ns) == (new.st_ino, new.st_mtime_ns)
    lock.unlink()
    files(repo)
    assert (repo.top / ".git" / "index").stat().st_ino == before[1].st_ino


def test_damaged_index_is_an_expected_error(repo: Repository) -> None:
    repo.commit({"a": "1\n"})
    (repo.top / ".git" / "index").write_bytes(b"DIRC" + b"\0" * 40)
    with pytest.raises(RepositoryError, match="ls-files failed"):
        scanned(repo)


@pytest.mark.parametrize("question", ["-o", "--debug"])
def test_a_checkout_between_the_questions_vouches_for_nothing_wrong(
    repo: Repository, monkeypatch: pytest.MonkeyPatch, question: str
) -> None:
    repo.commit({"a": "1\n", "same": "x\n", "old": "y\n"})
    repo.git("switch", "-q", "-c", "other")
    repo.git("rm", "-q", "old")
    repo.commit({"a": "other\n", "new": "z\n"})
    repo.git("switch", "-q", "main")
    age(repo)
    switched: list[bool] = []

    def switching(arguments: list[str], **options: Any) -> bytes:
        output = git(arguments, **options)
        if question in arguments and not switched:
            switched.append(True)
            repo.git("switch", "-q", "other")
        return output

    monkeypatch.setattr("lumen_hooks.files.git_index.git", switching)
    # A listing is asked for again; stat data that may be another index's vouch for nothing.
    found = files(repo)
    assert switched
    if question == "-o":
        assert found.keys() == {"a", "same", "new"}
        assert found["same"] == blob("x\n")
        # As old as git's index, or older by a tick of the clock.
        assert found["a"] in (None, blob("other\n"))
        assert found["new"] in (None, blob("z\n"))
    else:
        assert found == {"a": None, "same": None, "old": None}
    monkeypatch.undo()
    settle(repo)
    assert files(repo)["a"] == blob("other\n")


def test_a_file_that_vanishes_during_the_scan(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.write({"stays": "1\n", "goes": "2\n"})

    def deleting(arguments: list[str], **options: Any) -> bytes:
        output = git(arguments, **options)
        if "-o" in arguments:
            (repo.top / "goes").unlink()
        return output

    monkeypatch.setattr("lumen_hooks.files.git_index.git", deleting)
    assert files(repo) == {"stays": None}
