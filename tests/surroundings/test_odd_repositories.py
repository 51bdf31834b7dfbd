"""Repositories out of the ordinary, each from the first build to a refresh after a seed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.errors import RepositoryError
from lumen_hooks.git.backend import backend_of
from lumen_hooks.git.core_config import core_settings
from lumen_hooks.git.siblings import main_worktree
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.indexing.donors import all_worktrees
from lumen_hooks.indexing.foreground_seed import seed_in_foreground
from lumen_hooks.service.status import read_status
from tests.support.commands import lumen
from tests.support.fake_embedder import FakeEmbedder
from tests.support.helpers import check_whole, contents, job_for, refreshed, spread, update
from tests.support.repository import Repository
from tests.support.sources import python_module

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lumen_hooks.service.status import Status

    Pair = tuple[Repository, Repository]

pytestmark = pytest.mark.slow

FILES: dict[str, str | bytes] = {
    f"{folder}/m{number}.py": python_module(f"{folder}_alpha_{number}", f"{folder}_beta_{number}")
    for folder in ("lib", "tools", "app")
    for number in range(3)
}


def start(top: Path, *arguments: str) -> Repository:
    """`git init` with arguments, and a first commit."""
    top.mkdir(parents=True, exist_ok=True)
    subprocess.run(["git", "init", "-q", *arguments], cwd=top, check=True)
    repo = Repository(top)
    repo.commit(FILES)
    return repo


def status(repo: Repository) -> Status:
    return read_status(find_worktree(str(repo.top)), job_for(repo).settings)


def rebuilt(repo: Repository) -> dict[str, list[tuple[object, ...]]]:
    """What an index of this worktree holds that owes nothing to anything before it."""
    worktree = find_worktree(str(repo.top))
    for folder, name in (
        (worktree.folder, "index.db"),
        (worktree.shared_folder, "embeddings.db"),
    ):
        for suffix in ("", "-wal", "-shm"):
            if os.path.exists(os.path.join(folder, name + suffix)):
                os.unlink(os.path.join(folder, name + suffix))
    done = update(repo, force=True)
    assert done.seeded is None
    assert done.refresh is not None
    assert done.refresh.kind == "full"
    return contents(repo)


def tops(repo: Repository) -> set[str]:
    return {place.top for place in all_worktrees(find_worktree(str(repo.top)))}


def shows_the_whole_path(donor: Repository, new: Repository) -> None:
    """Build, seed a second worktree, edit and commit there, and compare with a clean build."""
    assert refreshed(donor).kind == "full"
    assert status(donor).state == "fresh"
    assert update(donor).refresh is None
    embedder = FakeEmbedder()
    done = refreshed(new, embedder)
    assert (done.kind, embedder.embedded) == ("seed", [])
    found = status(new)
    assert (found.state, found.seeded_from) == ("fresh", os.path.realpath(donor.top))
    assert contents(new)["chunks"] == contents(donor)["chunks"]
    assert update(new).refresh is None

    new.write({"lib/m0.py": python_module("edited"), "untracked.py": python_module("untracked")})
    assert status(new).pending_files == 2
    assert refreshed(new).kind == "incremental"
    new.git("add", "--sparse", "lib/m0.py")
    new.git("commit", "-q", "-m", "edited")
    update(new)
    assert status(new).state == "fresh"
    check_whole(new)
    kept = contents(new)
    assert rebuilt(new) == kept
    assert {os.path.realpath(donor.top), os.path.realpath(new.top)} <= tops(new) == tops(donor)


# Layouts


def bare_with_worktrees(tmp: Path) -> Pair:
    origin = start(tmp / "origin")
    origin.git("clone", "-q", "--bare", ".", str(tmp / "hub.git"))
    hub = Repository(tmp / "hub.git")
    return hub.add_worktree("one", "main"), hub.add_worktree("two", "-b", "two")


def dot_bare(tmp: Path) -> Pair:
    origin = start(tmp / "origin")
    origin.git("clone", "-q", "--bare", ".", str(tmp / "hub" / ".bare"))
    (tmp / "hub" / ".git").write_text("gitdir: ./.bare\n")
    hub = Repository(tmp / "hub")
    hub.git("worktree", "add", "-q", "one", "main")
    hub.git("worktree", "add", "-q", "-b", "two", "two")
    return Repository(hub.top / "one"), Repository(hub.top / "two")


def bare_dot_git(tmp: Path) -> Pair:
    origin = start(tmp / "origin")
    origin.git("clone", "-q", "--bare", ".", str(tmp / "hub" / ".git"))
    hub = Repository(tmp / "hub")
    hub.git("worktree", "add", "-q", "one", "main")
    hub.git("worktree", "add", "-q", "-b", "two", "two")
    return Repository(hub.top / "one"), Repository(hub.top / "two")


def bare_by_worktree_config(tmp: Path) -> Pair:
    one, two = bare_dot_git(tmp)
    hub = tmp / "hub" / ".git"
    one.git("config", "extensions.worktreeConfig", "true")
    one.git("config", "--unset", "core.bare")
    (hub / "config.worktree").write_text("[core]\n\tbare = true\n")
    assert one.git("rev-parse", "--is-inside-work-tree").strip() == "true"
    return one, two


def separate_git_dir(tmp: Path) -> Pair:
    (tmp / "elsewhere").mkdir()
    main = start(tmp / "main", f"--separate-git-dir={tmp}/elsewhere/data")
    return main, main.add_worktree("linked", "-b", "linked")


def separate_git_dir_seeded(tmp: Path) -> Pair:
    main, linked = separate_git_dir(tmp)
    return linked, main


def separate_git_dir_beside_others(tmp: Path) -> Pair:
    """libgit2 takes the folder around the git directory for the worktree: here it is one."""
    outer = start(tmp / "outer")
    outer.write({".gitignore": "/data/\n"})
    main = start(tmp / "main", f"--separate-git-dir={outer.top / 'data'}")
    return main, main.add_worktree("linked", "-b", "linked")


def relative_pointers(tmp: Path) -> Pair:
    main = start(tmp / "main")
    linked = main.add_worktree("linked", "-b", "linked")
    (linked.top / ".git").write_text("gitdir: ../main/.git/worktrees/linked\n")
    (main.top / ".git" / "worktrees" / "linked" / "gitdir").write_text("../../../../linked/.git\n")
    return main, linked


def relative_pointers_by_git(tmp: Path) -> Pair:
    main = start(tmp / "main")
    main.git("worktree", "add", "-q", "--relative-paths", "-b", "linked", "../linked", check=False)
    if not (tmp / "linked").exists():
        pytest.skip("this git has no --relative-paths")
    assert main.git("config", "extensions.relativeWorktrees").strip() == "true"
    return main, Repository(tmp / "linked")


def nested_in_the_main_one(tmp: Path) -> Pair:
    main = start(tmp / "main")
    main.git("worktree", "add", "-q", "-b", "agent", ".claude/worktrees/agent")
    return main, Repository(main.top / ".claude" / "worktrees" / "agent")


def submodule_of(outer: Repository, origin: Repository) -> Repository:
    command = ["-c", "protocol.file.allow=always", "submodule", "add", "-q"]
    outer.git(*command, str(origin.top), "sub")
    outer.git("commit", "-q", "-m", "submodule")
    return Repository(outer.top / "sub")


def worktree_of_a_submodule(tmp: Path) -> Pair:
    sub = submodule_of(start(tmp / "outer"), start(tmp / "origin"))
    sub.git("worktree", "add", "-q", "-b", "linked", str(tmp / "linked"))
    return sub, Repository(tmp / "linked")


def submodule_seeded_from_its_worktree(tmp: Path) -> Pair:
    sub, linked = worktree_of_a_submodule(tmp)
    return linked, sub


def worktree_inside_a_submodule(tmp: Path) -> Pair:
    sub = submodule_of(start(tmp / "outer"), start(tmp / "origin"))
    sub.git("worktree", "add", "-q", "-b", "linked", "trees/linked")
    return sub, Repository(sub.top / "trees" / "linked")


def locked(tmp: Path) -> Pair:
    main = start(tmp / "main")
    linked = main.add_worktree("linked", "-b", "linked")
    main.git("worktree", "lock", str(linked.top))
    return linked, main


def beside_lost_worktrees(tmp: Path) -> Pair:
    """One whose folder is gone, one on a disk that is not there, one whose pointer is damaged."""
    main = start(tmp / "main")
    for name in ("prunable", "unplugged", "damaged"):
        update(main.add_worktree(name, "-b", name))
        shutil.rmtree(tmp / name)
    for worktree in (tmp / "main" / ".git" / "worktrees").iterdir():
        (worktree / "lumen" / "index.db").unlink()
    main.git("worktree", "lock", str(tmp / "unplugged"))
    (main.top / ".git" / "worktrees" / "damaged" / "gitdir").write_bytes(b"\xff\0\n")
    return main, main.add_worktree("linked", "-b", "linked")


def moved_by_git(tmp: Path) -> Pair:
    main = start(tmp / "main")
    linked = main.add_worktree("linked", "-b", "linked")
    main.git("worktree", "move", str(linked.top), str(tmp / "moved"))
    return main, Repository(tmp / "moved")


def moved_by_hand_and_repaired(tmp: Path) -> Pair:
    main = start(tmp / "main")
    linked = main.add_worktree("linked", "-b", "linked")
    os.rename(linked.top, tmp / "moved")
    os.rename(main.top, tmp / "main2")
    Repository(tmp / "main2").git("worktree", "repair", str(tmp / "moved"))
    return Repository(tmp / "main2"), Repository(tmp / "moved")


def reached_through_a_link(tmp: Path) -> Pair:
    start(tmp / "real" / "main")
    (tmp / "link").symlink_to(tmp / "real")
    through = Repository(tmp / "link" / "main")
    return through, through.add_worktree("linked", "-b", "linked")


def dot_git_is_a_link(tmp: Path) -> Pair:
    main = start(tmp / "main")
    os.rename(main.top / ".git", tmp / "data")
    (main.top / ".git").symlink_to(tmp / "data")
    return main, main.add_worktree("linked", "-b", "linked")


# Formats and settings


def plain(tmp: Path, *settings: str) -> Pair:
    """An ordinary repository with some settings, and a second worktree."""
    main = start(tmp / "main")
    for setting in settings:
        main.git("config", *setting.split("=", 1))
    linked = main.add_worktree("linked", "-b", "linked")
    for repo in (main, linked):
        repo.git("update-index", "-q", "--really-refresh")
    return main, linked


def sha256(tmp: Path) -> Pair:
    main = start(tmp / "main", "--object-format=sha256")
    return main, main.add_worktree("linked", "-b", "linked")


def reftable(tmp: Path) -> Pair:
    probe = subprocess.run(
        ["git", "init", "-q", "--ref-format=reftable", str(tmp / "probe")],
        check=False,
        capture_output=True,
    )
    if probe.returncode != 0:
        pytest.skip("this git has no reftable")
    main = start(tmp / "main", "--ref-format=reftable")
    return main, main.add_worktree("linked", "-b", "linked")


def sparse(*arguments: str) -> Callable[[Path], Pair]:
    def make(tmp: Path) -> Pair:
        main, linked = plain(tmp)
        for repo in (main, linked):
            repo.git("sparse-checkout", "set", *arguments)
            assert not (repo.top / "app").exists()
        return main, linked

    return make


def sparse_index(tmp: Path) -> Pair:
    main, linked = sparse("--cone", "--sparse-index", "lib")(tmp)
    assert "app/\n" in main.git("ls-files", "--sparse")
    return main, linked


def split_index(tmp: Path) -> Pair:
    main, linked = plain(tmp)
    for repo in (main, linked):
        repo.git("update-index", "--split-index")
    return main, linked


def index_version_4(tmp: Path) -> Pair:
    main, linked = plain(tmp, "index.version=4")
    for repo in (main, linked):
        repo.git("update-index", "--index-version", "4")
    return main, linked


def untracked_cache(tmp: Path) -> Pair:
    main, linked = plain(tmp, "core.untrackedCache=true")
    for repo in (main, linked):
        repo.git("update-index", "--untracked-cache")
        repo.git("status")
    return main, linked


def worktree_config(tmp: Path) -> Pair:
    main, linked = plain(tmp, "extensions.worktreeConfig=true", "core.repositoryFormatVersion=1")
    main.git("config", "--worktree", "core.bare", "false")
    linked.git("config", "--worktree", "core.fileMode", "false")
    return main, linked


def cloned(*arguments: str) -> Callable[[Path], Pair]:
    def make(tmp: Path) -> Pair:
        origin = start(tmp / "origin")
        origin.commit({"lib/m1.py": python_module("second")})
        origin.git("config", "uploadpack.allowFilter", "true")
        origin.git("clone", "-q", *arguments, f"file://{origin.top}", str(tmp / "main"))
        main = Repository(tmp / "main")
        linked = main.add_worktree("linked", "-b", "linked")
        # From here on nothing can be fetched, and a try would be seen.
        main.git("config", "remote.origin.uploadpack", f"touch {tmp}/fetched; false")
        return main, linked

    return make


def borrowing(tmp: Path) -> Pair:
    origin = start(tmp / "origin")
    origin.git("clone", "-q", "--shared", ".", str(tmp / "main"))
    main = Repository(tmp / "main")
    return main, main.add_worktree("linked", "-b", "linked")


ODD: dict[str, Callable[[Path], Pair]] = {
    "a bare repository with worktrees": bare_with_worktrees,
    "a .bare layout": dot_bare,
    "a bare .git": bare_dot_git,
    "bare by config.worktree": bare_by_worktree_config,
    "a separate git dir": separate_git_dir,
    "a separate git dir's main worktree seeded": separate_git_dir_seeded,
    "a separate git dir inside another worktree": separate_git_dir_beside_others,
    "relative pointers": relative_pointers,
    "relative pointers by git itself": relative_pointers_by_git,
    "nested in the main worktree": nested_in_the_main_one,
    "a worktree of a submodule": worktree_of_a_submodule,
    "a submodule seeded from its worktree": submodule_seeded_from_its_worktree,
    "a worktree inside a submodule": worktree_inside_a_submodule,
    "a locked worktree": locked,
    "beside lost worktrees": beside_lost_worktrees,
    "moved by git": moved_by_git,
    "moved by hand and repaired": moved_by_hand_and_repaired,
    "reached through a symbolic link": reached_through_a_link,
    ".git is a symbolic link": dot_git_is_a_link,
    "SHA-256": sha256,
    "reftable": reftable,
    "sparse checkout in cone mode": sparse("--cone", "lib"),
    "sparse checkout by patterns": sparse("--no-cone", "/lib/"),
    "sparse index": sparse_index,
    "split index": split_index,
    "index version 4": index_version_4,
    "untracked cache": untracked_cache,
    "index.skipHash": lambda tmp: plain(tmp, "index.skipHash=true"),
    "worktreeConfig": worktree_config,
    "a partial clone": cloned("--filter=blob:none"),
    "a partial clone without trees": cloned("--filter=tree:0"),
    "a shallow clone": cloned("--depth=1"),
    "borrowed objects": borrowing,
    "core.ignoreCase": lambda tmp: plain(tmp, "core.ignoreCase=true"),
    "core.autocrlf=input": lambda tmp: plain(tmp, "core.autocrlf=input"),
    "core.precomposeUnicode": lambda tmp: plain(tmp, "core.precomposeUnicode=true"),
}


@pytest.mark.parametrize("name", spread(ODD))
def test_the_whole_path(tmp_path: Path, name: str) -> None:
    shows_the_whole_path(*ODD[name](tmp_path))
    assert not (tmp_path / "fetched").exists()


# Where there is no worktree, or another one than it seems


@pytest.mark.parametrize("make", [dot_bare, bare_dot_git, bare_by_worktree_config])
def test_the_folder_of_a_bare_repository_is_no_worktree(
    tmp_path: Path, make: Callable[[Path], Pair]
) -> None:
    one, two = make(tmp_path)
    assert tops(one) == {str(one.top), str(two.top)}
    (tmp_path / "hub" / "notes").mkdir()
    for place in ("hub", "hub/notes"):
        with pytest.raises(RepositoryError, match="bare repository"):
            find_worktree(str(tmp_path / place))
    assert sorted(os.listdir(find_worktree(str(one.top)).common_dir)).count("lumen") == 0


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("[core]\n\tbare = true\n", True),
        ("[core]\n\tbare\n", True),
        ("[core]\nbare\n", False),  # without a version git believes nothing
        ("[CORE] Bare = Yes # really\n", True),
        ('[core]\n\tbare = "on" ; note\n', True),
        ("[core]\n\tbare = true\n\tbare = false\n", False),
        ("[core]\n#\tbare = true\n", False),
        ('[core "x"]\n\tbare = true\n', False),
        ("[other]\n\tbare = true\n", False),
        ("[core]\n\tbare =\n", False),
        ("", False),
    ],
)
def test_bare_is_read_as_git_reads_it(repo: Repository, text: str, bare: bool) -> None:
    version = "" if text == "[core]\nbare\n" else "[core]\n\trepositoryFormatVersion = 0\n"
    (repo.top / ".git" / "config").write_text(version + text)
    assert repo.git("rev-parse", "--is-bare-repository").strip() == str(bare).lower()
    assert core_settings(str(repo.top / ".git")).bare is bare


def test_files_that_lie_apart_from_their_git_folder_are_refused(
    repo: Repository, tmp_path: Path
) -> None:
    repo.commit(FILES)
    (tmp_path / "elsewhere").mkdir()
    repo.git("config", "core.worktree", str(tmp_path / "elsewhere"))
    with pytest.raises(RepositoryError, match=r"core\.worktree") as error:
        find_worktree(str(repo.top))
    assert "core.worktree" in error.value.hint
    repo.git("config", "core.worktree", "..")
    assert find_worktree(str(repo.top)).top == str(repo.top)


def test_a_submodule_and_its_superproject_have_nothing_in_common(tmp_path: Path) -> None:
    outer = start(tmp_path / "outer")
    sub = submodule_of(outer, start(tmp_path / "origin"))
    sub.commit({"only_in_sub.py": python_module("only_in_sub")})
    update(outer)
    assert {row[0] for row in contents(outer)["files"]} == {*FILES, ".gitmodules"}
    assert refreshed(sub).kind == "full"
    assert {row[0] for row in contents(sub)["files"]} == {*FILES, "only_in_sub.py"}
    assert (tops(outer), tops(sub)) == ({str(outer.top)}, {str(sub.top)})
    inner = find_worktree(str(sub.top / "lib"))
    assert inner.index_path == str(outer.top / ".git" / "modules" / "sub" / "lumen" / "index.db")


def test_submodules_of_two_worktrees_are_two_repositories(tmp_path: Path) -> None:
    outer = start(tmp_path / "outer")
    submodule_of(outer, start(tmp_path / "origin"))
    linked = outer.add_worktree("linked", "-b", "linked")
    linked.git("-c", "protocol.file.allow=always", "submodule", "update", "-q", "--init")
    one, two = Repository(outer.top / "sub"), Repository(linked.top / "sub")
    update(one)
    assert refreshed(two).kind == "full"
    assert tops(two) == {str(two.top)}


def test_the_main_worktree_of_a_separate_git_dir_is_known_by_its_index(tmp_path: Path) -> None:
    main, linked = separate_git_dir_beside_others(tmp_path)
    common = find_worktree(str(main.top)).common_dir
    assert main_worktree(common) is None
    assert tops(linked) == {str(linked.top)}
    update(main)
    assert tops(linked) == {str(main.top), str(linked.top)}
    # Moved by hand: its index says where it was, and that is not believed.
    os.rename(main.top, tmp_path / "moved")
    assert tops(linked) == {str(linked.top)}
    moved = Repository(tmp_path / "moved")
    assert update(moved).refresh is None
    assert tops(linked) == {str(moved.top), str(linked.top)}


def test_status_of_all_names_the_main_worktree_of_a_separate_git_dir(tmp_path: Path) -> None:
    main, linked = separate_git_dir(tmp_path)
    for repo in (main, linked):
        assert lumen(repo.top, "index").returncode == 0
    done = lumen(linked.top, "status", "--all", "--json")
    found = {one["worktree"]: one["seeded_from"] for one in json.loads(done.stdout)}
    assert found == {str(main.top): None, str(linked.top): str(main.top)}


def test_a_worktree_moved_by_hand_goes_on_and_is_no_sibling_until_repaired(
    repo: Repository, tmp_path: Path
) -> None:
    repo.commit(FILES)
    linked = repo.add_worktree("linked", "-b", "linked")
    update(linked)
    os.rename(linked.top, tmp_path / "moved")
    moved = Repository(tmp_path / "moved")
    assert status(moved).state == "fresh"
    assert tops(repo) == {str(repo.top)}
    repo.git("worktree", "repair", str(moved.top))
    assert tops(repo) == {str(repo.top), str(moved.top)}


def test_a_repository_moved_by_hand_is_told_how_to_repair(repo: Repository, tmp_path: Path) -> None:
    repo.commit(FILES)
    linked = repo.add_worktree("linked", "-b", "linked")
    os.rename(repo.top, tmp_path / "moved")
    with pytest.raises(RepositoryError, match="does not exist") as error:
        find_worktree(str(linked.top))
    assert "git worktree repair" in error.value.hint


def test_an_extension_unknown_to_git_is_refused_and_nothing_is_left(repo: Repository) -> None:
    repo.commit(FILES)
    repo.git("config", "core.repositoryFormatVersion", "1")
    repo.git("config", "extensions.timeTravel", "true")
    with pytest.raises(RepositoryError, match="unknown repository extension found: timetravel"):
        job_for(repo)
    seed_in_foreground(str(repo.top))
    assert not os.path.exists(find_worktree(str(repo.top)).index_path)


# Another owner


def owned_by_someone_else(repo: Repository) -> Repository:
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    repo.commit(FILES)
    update(repo)
    linked = repo.add_worktree("linked", "-b", "linked")
    for top in (repo.top, linked.top):
        for folder, folders, files in os.walk(top):
            for name in (".", *folders, *files):
                os.chown(os.path.join(folder, name), 65534, 65534, follow_symlinks=False)
    return linked


def test_git_s_refusal_of_another_owner_stands(repo: Repository) -> None:
    linked = owned_by_someone_else(repo)
    seed_in_foreground(str(linked.top))
    assert not os.path.exists(find_worktree(str(linked.top)).index_path)
    done = subprocess.run(
        [sys.executable, "-I", "-m", "lumen_hooks", "index"],
        cwd=linked.top,
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "dubious ownership" in done.stderr
    assert f"hint: git config --global --add safe.directory {linked.top}" in done.stderr
    assert not os.path.exists(find_worktree(str(linked.top)).index_path)
    with pytest.raises(RepositoryError, match="dubious ownership"):
        backend_of(find_worktree(str(linked.top)))


@pytest.mark.parametrize("through", ["~/.gitconfig", "GIT_CONFIG_GLOBAL"])
def test_an_owner_that_the_user_trusts(
    repo: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, through: str
) -> None:
    linked = owned_by_someone_else(repo)
    if through == "GIT_CONFIG_GLOBAL":
        (tmp_path / "config").write_text("[safe]\n\tdirectory = *\n")
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    else:
        repo.git("config", "--global", "safe.directory", "*")
    code = (
        "from lumen_hooks.git.backend import backend_of; from lumen_hooks.git.worktree import *\n"
        f"print(backend_of(find_worktree({str(linked.top)!r})))"
    )
    command = [sys.executable, "-I", "-c", code]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    # libgit2 looks only into the first of them; git decides.
    assert done.stdout.startswith("libgit2" if through == "~/.gitconfig" else "git: ")
    linked.git("-c", "user.name=x", "-c", "user.email=x@y", "commit", "--allow-empty", "-qm", "x")
    assert refreshed(linked).kind == "seed"


# Programs that a repository's configuration names


def test_neither_a_monitor_nor_a_hook_is_run(repo: Repository, tmp_path: Path) -> None:
    repo.commit(FILES)
    linked = repo.add_worktree("linked", "-b", "linked")
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
    trap.chmod(0o755)
    (tmp_path / "hooks").mkdir()
    for name in ("post-index-change", "fsmonitor-watchman", "query-watchman", "post-checkout"):
        (tmp_path / "hooks" / name).symlink_to(trap)
    repo.git("config", "core.hooksPath", str(tmp_path / "hooks"))
    for key in ("core.fsmonitor", "core.sshCommand", "core.pager", "core.editor", "diff.external"):
        repo.git("config", key, str(trap))
    for place in (repo, linked):
        update(place)
        place.write({"lib/m0.py": python_module("edited")})
        assert refreshed(place).kind == "incremental"
        assert status(place).state == "fresh"
    assert not (tmp_path / "sprung").exists()
    repo.git("status")  # the trap is set right: git by itself walks into it
    assert (tmp_path / "sprung").exists()


# Conversions


def aged(repo: Repository) -> Repository:
    """Make files older than git's index, so that git vouches for them by their stamps alone."""
    for path in repo.top.rglob("*.py"):
        os.utime(path, (1_600_000_000, 1_600_000_000))
    repo.git("update-index", "-q", "--refresh", check=False)
    return repo


def texts(repo: Repository) -> dict[str, list[tuple[object, ...]]]:
    """An index's contents without the ids of raw bytes, in which line ends count."""
    found = contents(repo)
    found["files"] = [(row[0], *row[2:]) for row in found["files"]]
    return found


CRLF = {
    "core.autocrlf=true": "",
    "core.eol=crlf": "* text=auto\n",
    "core.abbrev=12": "*.py text eol=crlf\n",
}


@pytest.mark.parametrize("setting", CRLF)
def test_line_ends_that_git_converts_change_nothing(repo: Repository, setting: str) -> None:
    repo.commit({**FILES, ".gitattributes": ""})
    update(repo)
    if CRLF[setting]:
        repo.commit({".gitattributes": CRLF[setting]})
    repo.git("config", *setting.split("="))
    linked = repo.add_worktree("linked", "-b", "linked")
    assert b"\r\n" in (linked.top / "lib" / "m0.py").read_bytes()
    done = refreshed(linked)
    assert (done.kind, done.chunks_embedded) == ("seed", len(CRLF[setting]) > 0)
    kept = texts(linked)
    assert kept["chunks"] == texts(repo)["chunks"] or CRLF[setting]
    repo.git("config", "core.autocrlf", "input")
    for path in linked.top.rglob("*.py"):
        path.write_bytes(path.read_bytes().replace(b"\r\n", b"\n"))
    update(linked)
    assert texts(linked) == kept
    rebuilt(linked)
    assert texts(linked) == kept


def filtered(repo: Repository, tmp_path: Path, *, required: bool = False) -> Path:
    """A filter that shouts in the working tree; its runs are counted in the file returned."""
    program, runs = tmp_path / "filter", tmp_path / "runs"
    program.write_text(
        f"#!/bin/sh\necho $1 >>{runs}\nif [ $1 = clean ]; then tr A-Z a-z; else tr a-z A-Z; fi\n"
    )
    program.chmod(0o755)
    for direction in ("clean", "smudge"):
        repo.git("config", f"filter.shout.{direction}", f"{program} {direction}")
    repo.git("config", "filter.shout.required", str(required).lower())
    return runs


QUIET = {"quiet.py": "def first_one():\n    return 'calm and quiet words here'\n"}


@pytest.mark.parametrize("required", [True, False])
def test_a_filter_is_not_run_and_the_working_file_counts(
    repo: Repository, tmp_path: Path, required: bool
) -> None:
    runs = filtered(repo, tmp_path, required=required)
    repo.commit({".gitattributes": "*.py filter=shout\n", **QUIET})
    linked = repo.add_worktree("linked", "-b", "linked")
    assert (linked.top / "quiet.py").read_text() == QUIET["quiet.py"].upper()
    runs.write_text("")
    for place in (repo, linked):
        update(place)
        update(place)
        assert status(place).state == "fresh"
    assert runs.read_text() == ""
    assert contents(repo) != contents(linked)
    for place in (repo, linked):
        kept = contents(place)
        assert rebuilt(place) == kept
    assert runs.read_text() == ""
    # git compares a file that is no older than its index by cleaning it.
    linked.git("diff-files")
    assert "clean" in runs.read_text()


PLACES = ["in the tree", "for this repository", "for the user", "named by the user", "left out"]


@pytest.mark.parametrize("place", PLACES)
def test_one_id_may_stand_for_two_working_files(
    repo: Repository, tmp_path: Path, place: str
) -> None:
    """As with an LFS pointer that is replaced by its file: same id, same size even."""
    line = "*.py filter=shout\n"
    repo.commit({**QUIET, **({".gitattributes": line} if place in {PLACES[0], PLACES[4]} else {})})
    if place == "for this repository":
        (repo.top / ".git" / "info" / "attributes").write_text(line)
    elif place == "for the user":
        (tmp_path / "git").mkdir()
        (tmp_path / "git" / "attributes").write_text(line)
    elif place == "named by the user":
        (tmp_path / "attributes").write_text(line)
        repo.git("config", "--global", "core.attributesFile", str(tmp_path / "attributes"))
    elif place == "left out":
        repo.git("sparse-checkout", "set", "--no-cone", "/quiet.py")
        assert not (repo.top / ".gitattributes").exists()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path))
        update(aged(repo))
        before = contents(repo)
        filtered(repo, tmp_path)
        (repo.top / "quiet.py").unlink()
        repo.git("checkout", "-q", "quiet.py")
        assert (repo.top / "quiet.py").read_text() == QUIET["quiet.py"].upper()
        aged(repo)
        assert repo.git("status", "--porcelain") == ""
        assert status(repo).state == "stale"
        assert refreshed(repo).files_changed == 1
        assert contents(repo)["chunks"] != before["chunks"]
        assert status(repo).state == "fresh"
        kept = contents(repo)
        assert rebuilt(repo) == kept


def test_an_lfs_pointer_is_what_it_is_until_its_file_is_there(
    repo: Repository, tmp_path: Path
) -> None:
    content = python_module("large", "larger")
    pointer = (
        "version https://git-lfs.github.com/spec/v1\n"
        f"oid sha256:{hashlib.sha256(content.encode()).hexdigest()}\nsize {len(content)}\n"
    )
    (tmp_path / "pointer").write_text(pointer)
    (tmp_path / "content").write_text(content)
    repo.commit({".gitattributes": "*.py filter=lfs diff=lfs merge=lfs -text\n", "a.py": pointer})
    linked = repo.add_worktree("linked", "-b", "linked")
    update(aged(repo))
    # `git lfs install` and `git lfs pull`, in the linked worktree.
    repo.git("config", "filter.lfs.clean", f"cat {tmp_path}/pointer")
    repo.git("config", "filter.lfs.smudge", f"cat {tmp_path}/content")
    (linked.top / "a.py").unlink()
    linked.git("checkout", "-q", "a.py")
    aged(linked)
    assert linked.git("status", "--porcelain") == ""
    done = refreshed(linked)
    assert (done.kind, done.files_changed) == ("seed", 1)
    assert {"large", "larger"} <= {row[3] for row in contents(linked)["chunks"]}
    assert status(linked).state == status(repo).state == "fresh"
    assert "large" not in {row[3] for row in contents(repo)["chunks"]}


def test_ident_and_encodings_are_looked_at(repo: Repository) -> None:
    text = "# $Id$\n" + python_module("identified")
    wide = ("\ufeff" + python_module("wide")).encode("utf-16-le")
    repo.write({".gitattributes": "a.py ident\nb.py working-tree-encoding=UTF-16\n"})
    repo.commit({"a.py": text, "b.py": wide})
    linked = repo.add_worktree("linked", "-b", "linked")
    assert "$Id: " in (linked.top / "a.py").read_text()
    update(repo)
    done = refreshed(linked)
    assert (done.kind, done.files_changed) == ("seed", 1)
    assert {"identified", "wide"} <= {row[3] for row in contents(linked)["chunks"]}
    kept = contents(linked)
    assert rebuilt(linked) == kept
    assert status(linked).state == "fresh"


# Names


def test_names_that_differ_in_letter_case_or_unicode_form(repo: Repository) -> None:
    names = ["caf\u00e9.py", "cafe\u0301.py", "Readme.py", "README.py", "\u212b.py", "\u00c5.py"]
    repo.commit({name: python_module(f"in_{number}") for number, name in enumerate(names)})
    update(repo)
    linked = repo.add_worktree("linked", "-b", "linked")
    assert refreshed(linked).chunks_embedded == 0
    assert contents(linked) == contents(repo)
    assert {row[0] for row in contents(linked)["files"]} == set(names)
    linked.git("mv", "Readme.py", "readme.py")
    linked.git("mv", names[0], "cafe.py")
    done = refreshed(linked)
    assert (done.files_changed, done.files_removed, done.chunks_embedded) == (2, 2, 0)
    kept = contents(linked)
    assert rebuilt(linked) == kept


def test_a_worktree_and_a_branch_with_names_out_of_the_ordinary(repo: Repository) -> None:
    repo.commit(FILES)
    update(repo)
    for number, name in enumerate(("with space", "e\u0301\u00e9", "-dash", "quo'te")):
        top = repo.top.parent / "odd" / name
        repo.git("worktree", "add", "-q", "-b", f"odd/{number}-\u00e9$(x)", "--", str(top))
        assert refreshed(Repository(top)).kind == "seed"
    assert len(tops(repo)) == 5
