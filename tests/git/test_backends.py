"""Both backends answer alike, and the right one is chosen."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pygit2
import pytest

from lumen_hooks.embedding.registry import identify
from lumen_hooks.errors import RepositoryError
from lumen_hooks.git.backend import backend_of, open_history
from lumen_hooks.git.command_line import CommandLineHistory
from lumen_hooks.git.history import LIBGIT2
from lumen_hooks.git.libgit2 import LibGit2History
from lumen_hooks.git.worktree import checked_out_commit, find_worktree
from lumen_hooks.indexing.donors import find_donors
from lumen_hooks.service.status import read_status
from lumen_hooks.storage.fingerprint import fingerprint
from tests.support.helpers import contents, job_for, refreshed, update
from tests.support.repository import Repository
from tests.support.sources import python_module

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lumen_hooks.git.history import History

    HistoryOf = Callable[[Repository], History]


@pytest.fixture(params=["libgit2", "git"])
def history_of(request: pytest.FixtureRequest) -> HistoryOf:
    """Opens a worktree's history with one backend and no other."""

    def open_one(repo: Repository) -> History:
        worktree = find_worktree(str(repo.top))
        if request.param == "git":
            return CommandLineHistory(worktree, "a test asks for it")
        return LibGit2History(worktree)

    return open_one


# The worktrees


def test_worktree_names(repo: Repository, history_of: HistoryOf) -> None:
    repo.commit({"a": "1\n"})
    assert history_of(repo).worktree_names() == []
    one = repo.add_worktree("one")
    repo.add_worktree("two")
    assert sorted(history_of(repo).worktree_names()) == ["one", "two"]
    assert sorted(history_of(one).worktree_names()) == ["one", "two"]


# The commit that is checked out


def test_head_on_a_branch_and_detached(repo: Repository, history_of: HistoryOf) -> None:
    first = repo.commit({"a": "1\n"})
    second = repo.commit({"a": "2\n"})
    assert history_of(repo).head() == second
    repo.git("checkout", "-q", "--detach", first)
    assert history_of(repo).head() == first


def test_head_of_a_linked_worktree_is_its_own(repo: Repository, history_of: HistoryOf) -> None:
    first = repo.commit({"a": "1\n"})
    linked = repo.add_worktree("linked", "-b", "linked")
    second = linked.commit({"a": "2\n"})
    assert (history_of(repo).head(), history_of(linked).head()) == (first, second)


def test_head_whose_branch_is_packed(repo: Repository, history_of: HistoryOf) -> None:
    commit = repo.commit({"a": "1\n"})
    repo.git("pack-refs", "--all")
    assert history_of(repo).head() == commit


def test_an_unborn_head(repo: Repository, history_of: HistoryOf) -> None:
    assert history_of(repo).head() is None


def test_the_environment_of_a_hook_is_ignored(
    repo: Repository, history_of: HistoryOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit({"a": "1\n"})
    linked = repo.add_worktree("linked", "-b", "linked")
    second = linked.commit({"a": "2\n"})
    monkeypatch.setenv("GIT_DIR", str(repo.top / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/index")
    assert history_of(linked).head() == second


def test_the_short_way_to_head_agrees_or_says_nothing(repo: Repository) -> None:
    def short() -> str | None:
        return checked_out_commit(find_worktree(str(repo.top)))

    assert short() is None
    commit = repo.commit({"a": "1\n"})
    assert short() == commit
    repo.git("checkout", "-q", "--detach")
    assert short() == commit
    repo.git("switch", "-q", "main")
    repo.git("symbolic-ref", "refs/heads/alias", "refs/heads/main")
    repo.git("symbolic-ref", "HEAD", "refs/heads/alias")
    assert short() is None
    repo.git("switch", "-q", "main")
    repo.git("branch", "domain")
    repo.git("pack-refs", "--all")
    assert short() == commit
    repo.git("switch", "-q", "-c", "new")
    second = repo.commit({"a": "2\n"})
    assert short() == second
    repo.git("pack-refs", "--all")
    assert short() == second
    with (repo.top / ".git" / "packed-refs").open("a") as packed:
        packed.write("#" * (1 << 18))
    assert short() is None


# How many files differ


def link(repo: Repository, name: str, target: str) -> None:
    (repo.top / name).unlink()
    (repo.top / name).symlink_to(target)


def folder(repo: Repository, name: str) -> None:
    (repo.top / name).unlink()
    repo.write({f"{name}/x": "1\n", f"{name}/y": "2\n"})


CHANGES: dict[str, tuple[int, Callable[[Repository], object]]] = {
    "nothing": (0, lambda repo: None),
    "modified": (1, lambda repo: repo.write({"a": "changed\n"})),
    "deep in folders": (2, lambda repo: repo.write({"d/e/f": "x\n", "d/e/g/h": "y\n"})),
    "removed": (1, lambda repo: (repo.top / "b").unlink()),
    "renamed": (2, lambda repo: repo.git("mv", "b", "d/b")),
    "renamed in letter case": (2, lambda repo: repo.git("mv", "b", "B")),
    "made executable": (1, lambda repo: (repo.top / "a").chmod(0o755)),
    "a symbolic link now": (1, lambda repo: link(repo, "a", "b")),
    "a folder now": (3, lambda repo: folder(repo, "a")),
    "names out of the ordinary": (
        5,
        lambda repo: repo.write(
            dict.fromkeys(("line\nbreak", "é", "e\u0301", " ", "-dash"), "1\n")
        ),
    ),
    "a nested repository now": (
        1,
        lambda repo: subprocess.run(["git", "clone", "-q", ".", "n"], cwd=repo.top, check=True),
    ),
}


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("change", CHANGES)
def test_files_that_differ(repo: Repository, history_of: HistoryOf, change: str) -> None:
    expected, make = CHANGES[change]
    before = repo.commit({"a": "1\n", "b": "2\n", "d/c": "3\n"})
    make(repo)
    after = repo.commit()
    assert history_of(repo).differing_files(after, before) == expected
    assert history_of(repo).differing_files(before, after) == expected


def test_packed_and_borrowed_objects(
    repo: Repository, history_of: HistoryOf, tmp_path: Path
) -> None:
    before = repo.commit({"a": "1\n"})
    repo.git("gc", "-q")
    after = repo.commit({"a": "2\n", "b": "3\n"})
    borrower = tmp_path / "borrower"
    repo.git("clone", "-q", "--shared", str(repo.top), str(borrower))
    assert history_of(Repository(borrower)).differing_files(after, before) == 2


def test_a_shallow_clone_has_what_it_has(
    repo: Repository, history_of: HistoryOf, tmp_path: Path
) -> None:
    commits = [repo.commit({"a": f"{number}\n"}) for number in range(3)]
    top = tmp_path / "shallow"
    repo.git("clone", "-q", "--depth=2", f"file://{repo.top}", str(top))
    history = history_of(Repository(top))
    assert history.differing_files(commits[2], commits[1]) == 1
    with pytest.raises(RepositoryError):
        history.differing_files(commits[2], commits[0])


@pytest.mark.parametrize("commit", ["", "0" * 40, "main", "--output=/tmp/x", "é", "a" * 39])
def test_what_is_no_commit_is_an_error(
    repo: Repository, history_of: HistoryOf, commit: str
) -> None:
    head = repo.commit({"a": "1\n"})
    with pytest.raises(RepositoryError):
        history_of(repo).differing_files(head, commit)


def tree_clone(repo: Repository, top: Path, kind: str) -> Repository:
    """A partial clone of a repository, offline: to fetch what it lacks would fail and be seen."""
    repo.git("config", "uploadpack.allowFilter", "true")
    repo.git("clone", "-q", "--no-checkout", f"--filter={kind}", f"file://{repo.top}", str(top))
    clone = Repository(top)
    clone.git("config", "remote.origin.uploadpack", f"touch {top}/.git/fetched; false")
    return clone


def test_missing_blobs_are_not_needed(
    repo: Repository, history_of: HistoryOf, tmp_path: Path
) -> None:
    before = repo.commit({"a": "1\n", "d/b": "2\n"})
    after = repo.commit({"a": "2\n", "d/b": "3\n"})
    clone = tree_clone(repo, tmp_path / "clone", "blob:none")
    assert history_of(clone).differing_files(after, before) == 2
    assert not (clone.top / ".git" / "fetched").exists()


def test_missing_trees_are_an_error_and_not_fetched(
    repo: Repository, history_of: HistoryOf, tmp_path: Path
) -> None:
    before = repo.commit({"a": "1\n", "d/b": "2\n"})
    after = repo.commit({"a": "2\n", "d/b": "3\n"})
    clone = tree_clone(repo, tmp_path / "clone", "tree:0")
    with pytest.raises(RepositoryError):
        history_of(clone).differing_files(after, before)
    assert not (clone.top / ".git" / "fetched").exists()
    # The trap is real: git by itself does fetch.
    clone.git("diff-tree", "-r", before, after, check=False)
    assert (clone.top / ".git" / "fetched").exists()


# Which backend answers


FORMATS = ["--object-format=sha256", "--ref-format=reftable"]


def repository_of(top: Path, kind: str) -> Repository:
    """A repository in a format that libgit2 cannot open."""
    top.mkdir()
    done = subprocess.run(["git", "init", "-q", kind], cwd=top, check=False, capture_output=True)
    if done.returncode != 0:
        pytest.skip(f"this git has no {kind}")
    return Repository(top)


def backend(repo: Repository) -> str:
    return backend_of(find_worktree(str(repo.top)))


def test_libgit2_is_the_first_choice(repo: Repository) -> None:
    assert backend(repo) == LIBGIT2
    repo.commit({"a": "1\n"})
    assert backend(repo) == LIBGIT2
    assert backend(repo.add_worktree("linked")) == LIBGIT2


@pytest.mark.parametrize("kind", FORMATS)
def test_git_answers_where_libgit2_cannot_open(tmp_path: Path, kind: str) -> None:
    repo = repository_of(tmp_path / "main", kind)
    before = repo.commit({"a": "1\n"})
    after = repo.commit({"a": "2\n"})
    history = open_history(find_worktree(str(repo.top)))
    assert history.backend.startswith("git: libgit2 cannot read this repository (")
    assert (history.head(), history.differing_files(after, before)) == (after, 1)
    assert backend(repo) == history.backend


def test_git_answers_from_the_first_failure_on(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, after = repo.commit({"a": "1\n"}), repo.commit({"a": "2\n"})

    def fail(*_: object) -> int:
        raise RepositoryError("cannot read this tree")

    monkeypatch.setattr(LibGit2History, "differing_files", fail)
    history = open_history(find_worktree(str(repo.top)))
    assert (history.head(), history.backend) == (after, LIBGIT2)
    assert history.differing_files(after, before) == 1
    assert (history.head(), history.backend) == (after, "git: cannot read this tree")


def test_git_answers_where_libgit2_is_missing(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit({"a": "1\n"})
    monkeypatch.setitem(sys.modules, "lumen_hooks.git.libgit2", None)
    assert backend(repo).startswith("git: libgit2 cannot be loaded (")


def test_an_extension_that_nobody_knows_is_refused_in_git_s_words(repo: Repository) -> None:
    repo.commit({"a": "1\n"})
    repo.git("config", "core.repositoryFormatVersion", "1")
    repo.git("config", "extensions.timeTravel", "true")
    with pytest.raises(RepositoryError, match="timetravel"):
        backend(repo)
    with pytest.raises(RepositoryError, match="timetravel"):
        job_for(repo)


def test_a_damaged_repository_is_refused_by_both(repo: Repository) -> None:
    commit = repo.commit({"a": "1\n"})
    shutil.rmtree(repo.top / ".git" / "objects" / commit[:2])
    with pytest.raises(RepositoryError):
        backend(repo)


# Donors through either


@pytest.mark.parametrize("answering", ["libgit2", "git"])
def test_donors_are_the_same_through_either(
    repo: Repository, answering: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit({f"m{n}.py": python_module(f"alpha_{n}") for n in range(6)})
    update(repo)
    for count, name in enumerate(("near", "far"), start=1):
        place = repo.add_worktree(name, "-b", name)
        place.commit({f"m{n}.py": python_module(f"{name}_{n}") for n in range(count)})
        update(place)
    new = repo.add_worktree("new", "-b", "new")
    new.commit({"m0.py": python_module("near_0"), "own.py": python_module("own")})
    if answering == "git":

        def refuse(*_: object) -> None:
            raise pygit2.GitError("not today")

        monkeypatch.setattr(pygit2, "Repository", refuse)
    wanted = fingerprint(identify(job_for(new).settings))
    donors, refused = find_donors(find_worktree(str(new.top)), wanted)
    assert [(os.path.basename(donor.worktree.top), donor.differing_files) for donor in donors] == [
        ("near", 1),
        ("main", 2),
        ("far", 3),
    ]
    assert refused == []


@pytest.mark.parametrize("kind", FORMATS)
def test_a_repository_that_git_alone_reads_is_seeded_from_the_nearest(
    tmp_path: Path, kind: str
) -> None:
    repo = repository_of(tmp_path / "main", kind)
    repo.commit({f"m{n}.py": python_module(f"alpha_{n}") for n in range(6)})
    update(repo)
    near = repo.add_worktree("near", "-b", "near")
    near.commit({"m0.py": python_module("near_0")})
    update(near)
    new = repo.add_worktree("new", "-b", "new", "near")
    new.commit({"m1.py": python_module("new_1")})
    wanted = fingerprint(identify(job_for(new).settings))
    nearest = next(find_donors(find_worktree(str(new.top)), wanted)[0])
    assert (nearest.worktree.top, nearest.differing_files) == (str(near.top), 1)
    assert refreshed(new).kind == "seed"
    seeded = contents(new)
    update(new, force=True)
    assert contents(new) == seeded


def test_what_a_seed_and_its_first_refresh_import(repo: Repository) -> None:
    repo.commit({"a.py": python_module("alpha")})
    update(repo)
    new = repo.add_worktree("new", "-b", "new")
    code = (
        "import sys\n"
        "from lumen_hooks.indexing.foreground_seed import seed_in_foreground\n"
        f"seed_in_foreground({str(new.top)!r})\n"
        "assert 'pygit2._pygit2' in sys.modules\n"
        "dear = 'numpy fastembed tree_sitter click rich sqlite3 pygit2 filelock'.split()\n"
        "assert not set(dear) & set(sys.modules), set(dear) & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-I", "-c", code], check=True)
    assert os.path.exists(find_worktree(str(new.top)).index_path)
    code = (
        "import sys\n"
        "from lumen_hooks.worker import main\n"
        f"main([{str(new.top)!r}, 'post-checkout'])\n"
        "dear = 'numpy tokenizers tree_sitter pygit2 filelock'.split()\n"
        "assert not set(dear) & set(sys.modules), set(dear) & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-I", "-c", code], check=True)
    refresh = read_status(find_worktree(str(new.top)), job_for(new).settings).last_refresh
    assert refresh is not None
    assert (refresh["kind"], refresh["chunks_embedded"]) == ("seed", 0)
