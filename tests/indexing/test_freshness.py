"""`fresh` rests on what we saw ourselves, whatever git was told, and runs nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from lumen_hooks.errors import RepositoryError
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.indexing import compare as difference
from lumen_hooks.indexing import events
from lumen_hooks.indexing import update as updating
from lumen_hooks.indexing.freshness import Freshness, look_at
from lumen_hooks.indexing.survey import survey
from lumen_hooks.search.results import Query
from lumen_hooks.service.answer import Answerer
from lumen_hooks.service.status import read_status
from lumen_hooks.storage.fingerprint import fingerprint
from lumen_hooks.system.installed import _installed, versions
from tests.support.commands import lumen
from tests.support.fake_embedder import FakeEmbedder
from tests.support.helpers import contents, first_rows, job_for, refreshed, update
from tests.support.sources import python_module

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lumen_hooks.indexing.survey import Survey
    from tests.support.repository import Repository

OLD = python_module("alpha")
NEW = python_module("omega")
PAST = 1_600_000_000


def state(repo: Repository) -> str:
    return read_status(find_worktree(str(repo.top)), job_for(repo).settings).state


def age(repo: Repository) -> None:
    for path in repo.top.rglob("*.py"):
        os.utime(path, (PAST, PAST))
    repo.git("update-index", "-q", "--refresh", check=False)


@pytest.fixture(params=["read at once", "git is asked"])
def asked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways of settling a doubt, whatever the number of files."""
    if request.param == "git is asked":
        monkeypatch.setattr(difference, "READ_AT_ONCE", -1)


# Stat data


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize("setting", ["core.trustctime=false", "core.checkStat=minimal", "x.y=z"])
def test_an_edit_that_keeps_size_and_time_is_found(repo: Repository, setting: str) -> None:
    repo.git("config", *setting.split("="))
    repo.commit({"a.py": OLD})
    age(repo)
    update(repo)
    assert state(repo) == "fresh"
    (repo.top / "a.py").write_text(NEW)
    os.utime(repo.top / "a.py", (PAST, PAST))
    assert state(repo) == "stale"
    assert refreshed(repo).files_changed == 1
    assert "omega" in {row[3] for row in contents(repo)["chunks"]}


@pytest.mark.usefixtures("asked")
def test_an_edit_in_the_second_of_its_git_add_is_found(repo: Repository) -> None:
    repo.commit({"a.py": OLD})
    update(repo)
    within_a_second = False
    while not within_a_second:  # a slow machine needs several tries
        time.sleep(1 - time.time() % 1)
        second = int(time.time())
        (repo.top / "a.py").write_text(OLD)
        repo.git("add", "a.py")
        # As where adding many files took until the next second: the entry does not look racy.
        os.utime(repo.top / ".git" / "index", (second + 1, second + 1))
        (repo.top / "a.py").write_text(NEW)
        within_a_second = int((repo.top / "a.py").stat().st_ctime) == second
    assert state(repo) == "stale"
    refreshed(repo)
    assert "omega" in {row[3] for row in contents(repo)["chunks"]}


def test_what_git_vouched_for_is_not_asked_again(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(difference, "READ_AT_ONCE", 3)
    repo.commit({f"m{number}.py": python_module(f"f{number}") for number in range(6)})
    update(repo)
    linked = repo.add_worktree("linked")
    time.sleep(0.02)
    os.utime(find_worktree(str(linked.top)).git_dir + "/index")
    assert update(linked).refresh is not None
    monkeypatch.setattr(difference, "vouched", None)
    assert update(linked).refresh is None
    assert state(linked) == "fresh"


def test_a_donor_s_time_stamps_say_nothing(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Worktrees made at once have files of the same size and time."""
    repo.commit({"a.py": OLD, **{f"m{n}.py": python_module(f"f{n}") for n in range(9)}})
    linked = repo.add_worktree("linked", "-b", "linked")
    linked.commit({"a.py": NEW})
    monkeypatch.setattr("lumen_hooks.files.content.change_time", lambda _: PAST * 10**9)
    monkeypatch.setattr("lumen_hooks.files.manifest.change_time", lambda _: PAST * 10**9)
    update(repo)
    assert refreshed(linked).kind == "seed"
    assert "omega" in {row[3] for row in contents(linked)["chunks"]}


# What an update knows


def look(repo: Repository) -> Freshness:
    job = job_for(repo)
    return look_at(job.worktree, job.settings)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no update take too long, however slow the machine."""
    monkeypatch.setattr(updating, "KNOWN_SECONDS", 600.0)


@pytest.mark.usefixtures("patient")
def test_an_update_knows_what_a_look_would_show(repo: Repository) -> None:
    repo.commit({"a.py": OLD, "b.py": OLD, "c.bin": "no text \0 at all"})
    head = repo.git("rev-parse", "HEAD").strip()
    assert update(repo).freshness == look(repo) == Freshness("fresh", head=head)
    repo.write({"a.py": NEW, "new.py": NEW})
    (repo.top / "b.py").unlink()
    for _ in range(2):  # with something to do, and with nothing
        assert update(repo).freshness == look(repo)
    linked = repo.add_worktree("linked")
    known = update(linked).freshness
    assert known == look(linked) == look(repo)._replace(seeded_from=str(repo.top))


@pytest.mark.usefixtures("patient", "real_parsers")
def test_an_update_tells_what_it_could_not_try(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit({"a.py": OLD * 9, "b.md": "words enough to be indexed\n"})
    with monkeypatch.context() as broken:
        broken.setattr(sys, "executable", "/no/such/interpreter")
        known = update(repo).freshness
    assert known == look(repo)
    assert known is not None
    assert (known.state, known.differing) == ("stale", ("a.py",))


def test_an_update_that_took_long_knows_nothing_of_the_tree(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit({"a.py": OLD})
    monkeypatch.setattr(updating, "KNOWN_SECONDS", 0.0)
    assert update(repo).freshness is None


@pytest.mark.usefixtures("patient")
def test_an_update_that_was_overtaken_by_an_edit_knows_nothing_of_the_tree(
    repo: Repository,
) -> None:
    repo.commit({"a.py": OLD, "b.py": OLD})

    class Edits(FakeEmbedder):
        def embed_documents(self, texts: Sequence[str]) -> list[bytes | None]:
            repo.write({"a.py": NEW})
            return super().embed_documents(texts)

    assert update(repo, Edits()).freshness is None
    assert look(repo).differing == ("a.py",)


def test_an_update_of_many_files_knows_nothing_of_the_tree(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(updating, "KNOWN_FILES", 1)
    repo.commit({"a.py": OLD, "b.py": OLD})
    assert update(repo).freshness is None


@pytest.mark.usefixtures("patient")
def test_an_update_that_was_overtaken_by_a_hint_knows_nothing_of_the_tree(repo: Repository) -> None:
    repo.commit({"a.py": OLD})
    job = job_for(repo)

    class Edits(FakeEmbedder):
        def embed_documents(self, texts: Sequence[str]) -> list[bytes | None]:
            events.leave(job.worktree, "post-commit")
            return super().embed_documents(texts)

    assert update(repo, Edits()).freshness is None
    known = update(repo).freshness
    assert known is not None
    assert known.state == "fresh"


@pytest.mark.usefixtures("patient")
def test_a_search_with_a_changed_file_looks_at_the_tree_once_before_and_once_to_update(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit({"a.py": OLD, "b.py": OLD})
    update(repo)
    repo.write({"a.py": NEW})
    surveys: list[Survey] = []

    def counting(*arguments: Any, **more: Any) -> Survey:
        surveys.append(survey(*arguments, **more))
        return surveys[-1]

    for module in ("freshness", "write"):
        monkeypatch.setattr(f"lumen_hooks.indexing.{module}.survey", counting)
    found = Answerer(job_for(repo), pytest.fail).answer(Query("omega"))
    assert (found.state, len(surveys)) == ("fresh", 2)
    assert found.head == repo.git("rev-parse", "HEAD").strip()


# Attributes

KINDS = ["ignored", "linked", "large", "relative", "folder"]


def attribute(repo: Repository, tmp_path: Path, kind: str, line: str) -> None:
    """Give every .py file an attribute in a place that git alone looks at."""
    info = repo.top / ".git" / "info"
    info.mkdir(exist_ok=True)
    if kind == "ignored":
        (info / "exclude").write_text(".gitattributes\n")
        (repo.top / ".gitattributes").write_text(line)
    elif kind == "linked":
        (tmp_path / "attributes").write_text(line)
        (info / "attributes").symlink_to(tmp_path / "attributes")
    elif kind == "large":
        (info / "attributes").write_text("# padding\n" * 150_000 + line)
    elif kind == "relative":
        (repo.top / ".git" / "own").write_text(line)
        repo.git("config", "core.attributesFile", ".git/own")
    else:
        (repo.top / "ignored").mkdir(exist_ok=True)
        (info / "exclude").write_text("ignored/.gitattributes\n")
        (repo.top / "ignored" / ".gitattributes").write_text(line)


@pytest.mark.parametrize("kind", first_rows(KINDS, 2))
def test_generated_wherever_git_reads_it(repo: Repository, tmp_path: Path, kind: str) -> None:
    repo.commit({"ignored/a.py": OLD, "b.txt": "words enough to be indexed\n"})
    attribute(repo, tmp_path, kind, "*.py linguist-generated\n")
    update(repo)
    assert {row[0] for row in contents(repo)["chunks"]} == {"b.txt"}


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize("kind", first_rows(KINDS, 2))
def test_converted_wherever_git_reads_it(repo: Repository, tmp_path: Path, kind: str) -> None:
    repo.commit({"ignored/a.py": OLD.lower()})
    age(repo)
    update(repo)
    attribute(repo, tmp_path, kind, "*.py filter=shout\n")
    repo.git("config", "filter.shout.clean", "tr A-Z a-z")
    repo.git("config", "filter.shout.smudge", "tr a-z A-Z")
    (repo.top / "ignored" / "a.py").unlink()
    repo.git("checkout", "-q", "ignored/a.py")
    age(repo)
    assert (repo.top / "ignored" / "a.py").read_text() == OLD.upper()
    assert state(repo) == "stale"
    refreshed(repo)
    kept = contents(repo)
    update(repo, force=True)
    assert contents(repo) == kept


# Programs

COMMANDS = [["status"], ["search", "alpha"], ["wait"], ["doctor"], ["agent", "session-start"]]


@pytest.mark.parametrize("loosened", [False, True])
def test_no_program_of_the_configuration_is_run(
    repo: Repository, tmp_path: Path, loosened: bool
) -> None:
    repo.commit({"a.py": OLD, "b.py": OLD})
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\necho $0 >>{tmp_path}/sprung\ncat\n")
    trap.chmod(0o755)
    future = time.time() + 10_000
    os.utime(repo.top / "a.py", (future, future))
    repo.git("update-index", "--refresh")  # racily clean for ever
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("post-index-change", "query-watchman", "reference-transaction", "post-checkout"):
        (hooks / name).symlink_to(trap)
    names = ["plain", "a=b", "with space", "a.b", "UPPER"]
    config = "".join(
        f'[filter "{name}"]\nclean = {trap}\nsmudge = {trap}\nprocess = {trap}\nrequired = true\n'
        f'[diff "{name}"]\ntextconv = {trap}\ncommand = {trap}\n'
        for name in names
    )
    for key in ("fsmonitor", "sshCommand", "pager", "editor", "gitProxy", "askPass"):
        config += f"[core]\n{key} = {trap}\n"
    config += f"[diff]\nexternal = {trap}\n[credential]\nhelper = {trap}\n"
    config += f"[core]\nhooksPath = {hooks}\n[alias]\nls-files = !{trap}\n"
    if loosened:
        config += "[core]\ncheckStat = minimal\ntrustctime = false\n"
    with (repo.top / ".git" / "config").open("a") as file:
        file.write(config)
    lines = "".join(f"*.py filter={name}\n" for name in names if " " not in name)
    (repo.top / ".git" / "info").mkdir(exist_ok=True)
    (repo.top / ".git" / "info" / "attributes").write_text(lines + "a.py filter=a=b diff=a=b\n")
    for command in (["index"], *COMMANDS):
        lumen(repo.top, *command, environment={"LUMEN_REFRESH": "off"})
        assert not (tmp_path / "sprung").exists(), command
    assert state(repo) == "fresh"
    repo.git("diff", check=False)
    assert (tmp_path / "sprung").exists()  # the trap is set right


def test_our_commands_stay_out_of_the_user_s_trace(
    repo: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit({"a.py": OLD})
    for number, name in enumerate(
        ("GIT_TRACE", "GIT_TRACE2", "GIT_TRACE2_EVENT", "GIT_TRACE_SETUP")
    ):
        monkeypatch.setenv(name, str(tmp_path / f"trace{number}"))
    with open(os.path.expanduser("~/.gitconfig"), "a", encoding="utf-8") as file:
        for number, key in enumerate(("normalTarget", "perfTarget", "eventTarget")):
            file.write(f"[trace2]\n{key} = {tmp_path}/target{number}\n")
    update(repo)
    assert state(repo) == "fresh"
    assert list(tmp_path.glob("t*[0-9]")) == []


# A sparse index


def test_a_sparse_index_is_neither_expanded_nor_written(repo: Repository) -> None:
    files = {f"{top}/{sub}/m.py": python_module(f"in_{top}") for top in "abc" for sub in "de"}
    repo.commit(dict(files))
    repo.git("sparse-checkout", "set", "--cone", "--sparse-index", "a")
    repo.write({"a/new.py": OLD})
    repo.git("add", "a/new.py")
    index = (repo.top / ".git" / "index").stat()
    objects = sorted((repo.top / ".git" / "objects").rglob("*"))
    update(repo)
    assert state(repo) == "fresh"
    assert sorted((repo.top / ".git" / "objects").rglob("*")) == objects
    assert (repo.top / ".git" / "index").stat().st_ino == index.st_ino
    assert {row[0] for row in contents(repo)["files"]} == {"a/d/m.py", "a/e/m.py", "a/new.py"}
    # What is on disk outside the cone counts all the same.
    repo.git("config", "sparse.expectFilesOutsideOfPatterns", "true")
    repo.write({"b/d/m.py": NEW, "c/untracked.py": NEW})
    refreshed(repo)
    assert {"b/d/m.py", "c/untracked.py"} <= {row[0] for row in contents(repo)["files"]}
    assert sorted((repo.top / ".git" / "objects").rglob("*")) == objects


# Where a search for the worktree ends


def test_git_s_ceiling_is_respected(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    below = repo.top / "x" / "y"
    below.mkdir(parents=True)
    for ceiling, found in (
        (repo.top, False),
        (repo.top / "x", False),
        (repo.top.parent, True),
        (below, True),
        ("relative", True),
        (f"/nowhere:{repo.top}", False),
    ):
        monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(ceiling))
        done = subprocess.run(["git", "rev-parse"], cwd=below, check=False, capture_output=True)
        assert (done.returncode == 0) is found, ceiling
        if found:
            assert find_worktree(str(below)).top == str(repo.top)
        else:
            with pytest.raises(RepositoryError, match="not in a git worktree"):
                find_worktree(str(below))


def test_a_jujutsu_workspace_is_not_the_tree_around_it(repo: Repository) -> None:
    repo.commit({"a.py": OLD})
    repo.write({"inner/.jj/repo": "x", "inner/src/b.py": NEW})
    with pytest.raises(RepositoryError, match="Jujutsu workspace"):
        find_worktree(str(repo.top / "inner" / "src"))
    update(repo)
    assert {row[0] for row in contents(repo)["files"]} == {"a.py"}
    (repo.top / ".jj").mkdir()  # beside .git it changes nothing
    assert find_worktree(str(repo.top)).top == str(repo.top)


# What makes indexes interchangeable


def test_another_grammar_or_tokenizer_makes_another_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = FakeEmbedder().identity
    before, key = fingerprint(identity), identity.model_key
    assert "tree_sitter_python-" in versions("tree_sitter")
    assert "tokenizers-" in key
    (tmp_path / "tree_sitter_python-99.0.dist-info").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    other = fingerprint(identity)
    assert other != before
    (tmp_path / "tokenizers-99.0.dist-info").mkdir()
    _installed.cache_clear()
    assert identity.model_key != key
    assert fingerprint(identity) not in {before, other}
    _installed.cache_clear()
