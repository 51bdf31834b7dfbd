"""The Python API, and the example in docs/api.md as it stands there."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lumen_hooks import api
from lumen_hooks.chunking.chunk import KINDS
from tests.support.sources import python_module

from .test_imports import modules

if TYPE_CHECKING:
    from tests.support.repository import Repository

PAGE = Path(__file__).parents[1] / "docs/api.md"
RETRY = '''def retry_failed(queue, limit):
    """Uploads that failed are tried again, the oldest first."""
    begun = []
    for upload in sorted(queue, key=lambda one: one.begun):
        if not upload.failed:
            continue
        if upload.tries >= limit:
            log.warning("upload of %s failed %d times", upload.name, upload.tries)
            continue
        upload.tries += 1
        upload.start(after=2 ** upload.tries)
        begun.append(upload)
    return begun
'''
UPLOADS = f"import logging\n\nlog = logging.getLogger()\n\n\n{RETRY}"


@pytest.fixture
def project(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> Repository:
    files: dict[str, str | bytes] = {f"web/m{n}.py": python_module(f"page_{n}") for n in range(3)}
    repo.commit({**files, "storage/uploads.py": UPLOADS, "storage/notes.md": "# Uploads\n\nNo.\n"})
    monkeypatch.chdir(repo.top)
    return repo


def test_the_example_prints_what_the_page_says(
    project: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    page = PAGE.read_text(encoding="utf-8")
    code, printed = re.findall(r"^```(?:python|text)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    exec(compile(code, str(PAGE), "exec"), {})  # noqa: S102 - our own page
    assert capsys.readouterr() == (printed, "")


def test_what_is_stable_is_there_and_said() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for name in api.__all__:
        assert getattr(api, name).__doc__, name
        assert f"`{name}" in page, name
    with pytest.raises(AttributeError, match="nothing_such"):
        _ = api.nothing_such  # type: ignore[attr-defined]


def test_importing_it_is_cheap() -> None:
    heavy = {"apsw", "numpy", "pygit2", "click", "rich", "filelock", "subprocess"}
    assert not modules("import lumen_hooks.api") & heavy


def test_a_worktree(project: Repository) -> None:
    folder = project.top / "storage"
    with api.open_worktree(folder) as worktree:
        assert worktree.top == str(project.top)
        assert worktree.status().state == "absent"
        with pytest.raises(api.StoreError, match="no index"):
            worktree.search("uploads", refresh=False)
        # Filters are of the folder that was opened; one word is not its letters.
        found = worktree.search("uploads", path="uploads.py", languages="py", kinds=KINDS)
        assert (found.state, {one.path for one in found.results}) == (
            *("fresh", {"storage/uploads.py"}),
        )
        whole = worktree.search("retry_failed", limit=1).results[0]
        assert isinstance(whole, api.SearchResult)
        assert whole.snippet == RETRY.rstrip("\n")
        cut = worktree.search("retry_failed", limit=1, max_lines=2).results[0]
        assert cut.snippet.count("\n") < whole.snippet.count("\n")
        left = worktree.search("uploads", exclude="uploads.py", content="docs").results
        assert {one.path for one in left} == {"storage/notes.md"}
        project.write({"storage/uploads.py": UPLOADS.replace("retry_failed", "try_again")})
        worktree.wait()
        assert worktree.search("try_again", limit=1).results[0].symbol == "try_again"
        worktree.close()
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(worktree.search, ["uploads", "page_1", "try_again"] * 4))
        assert all(one.results for one in answers)


def test_several_worktrees(project: Repository) -> None:
    beside = project.add_worktree("beside", "-b", "beside")
    with pytest.raises(api.StoreError, match="no index"):
        api.search_together("retry_failed", project.top, every=True, refresh=False)
    found = api.search_together("retry_failed", project.top / "storage", every=True, limit=1)
    assert isinstance(found, api.JointAnswer)
    assert [(one.name, one.searched) for one in found.worktrees] == [
        *(("main", True), ("beside", False)),
    ]
    both = [project.top / "storage", beside.top]
    found = api.search_together("retry_failed", both, path="uploads.py", max_lines=2, limit=1)
    (result,) = found.results
    assert isinstance(result, api.SharedResult)
    assert (result.worktree, result.path) == ("main", "storage/uploads.py")
    assert result.same_in == (api.Location("beside", "storage/uploads.py", result.start_line),)
    assert isinstance(found.worktrees[0], api.Asked)
    for wrong in ({"max_lines": 0}, {"limit": 0}, {"path": "nowhere"}):
        with pytest.raises(api.QueryError):
            api.search_together("uploads", both, **wrong)
    with pytest.raises(api.LumenError):
        api.search_together("uploads", [])


def test_what_can_be_expected_to_go_wrong(project: Repository, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    with pytest.raises(api.RepositoryError):
        api.open_worktree(tmp_path / "plain")
    worktree = api.open_worktree()
    for wrong in ({"max_lines": 0}, {"limit": 0}, {"languages": "klingon"}, {"path": "nowhere"}):
        with pytest.raises(api.QueryError):
            worktree.search("uploads", **wrong)
    project.git("config", "lumen.enabled", "false")
    with pytest.raises(api.SettingsError, match="switched off"):
        api.open_worktree(project.top)


def test_a_worktree_that_goes_away_and_an_index_that_does(project: Repository) -> None:
    beside = project.add_worktree("beside")
    with api.open_worktree(beside.top) as worktree:
        assert worktree.search("retry_failed").results
        status = worktree.status()
        assert isinstance(status, api.Status)
        Path(status.index).unlink()
        assert worktree.search("retry_failed").results
        project.git("worktree", "remove", "--force", str(beside.top))
        with pytest.raises(api.LumenError):
            worktree.search("retry_failed")
        with pytest.raises(api.LumenError):
            worktree.wait()


def test_a_removed_worktree_is_called_so(repo: Repository) -> None:
    repo.commit({"a.py": python_module("alpha")})
    linked = repo.top.parent / "linked"
    repo.git("worktree", "add", "-q", str(linked))
    with api.open_worktree(linked) as worktree:
        worktree.wait()
        repo.git("worktree", "remove", "--force", str(linked))
        for ask in (worktree.status, worktree.wait, lambda: worktree.search("alpha")):
            with pytest.raises(api.RepositoryError, match="was removed"):
                ask()
