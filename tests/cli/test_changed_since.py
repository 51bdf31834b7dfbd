"""`--changed-since`: only files that differ from a commit, as they are in the worktree now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.commands import lumen

if TYPE_CHECKING:
    from tests.support.repository import Repository


def body(name: str) -> str:
    return f"def wombat_{name}():\n    return 'tunnel {name}'\n"


@pytest.fixture
def project(repo: Repository) -> Repository:
    """A branch that left main, which has gone on."""
    repo.commit({f"{name}.py": body(name) for name in ("kept", "edited", "moved", "elsewhere")})
    repo.git("tag", "first")
    repo.git("switch", "-q", "-c", "feature")
    repo.git("mv", "moved.py", "renamed.py")
    repo.commit({"edited.py": body("edited_here"), "sub/committed.py": body("committed")})
    repo.git("switch", "-q", "main")
    repo.commit({"elsewhere.py": body("elsewhere_on_main")})
    repo.git("switch", "-q", "feature")
    return repo


def test_what_has_changed(project: Repository) -> None:
    def found(revision: str, *arguments: str) -> set[str]:
        where = ("-l", "--changed-since", revision, *arguments)
        exact = lumen(project.top, "search", "--exact", "tunnel", *where).stdout.split()
        meant = lumen(project.top, "search", "wombat tunnel", "-n", "50", *where).stdout.split()
        if "--no-refresh" not in arguments:
            assert set(meant) == set(exact)
        return {path.removesuffix(".py") for path in exact}

    branch = {"edited", "renamed", "sub/committed"}
    # What main has done since is no change made here.
    assert found("first") == found("main") == found("feature~1") == branch
    assert found("main", "--path", "sub") == {"sub/committed"}
    project.write({"kept.py": body("kept_no_more"), "new.py": body("new")})
    assert found("main") == {*branch, "kept", "new"}
    assert found("HEAD") == {"kept", "new"}
    project.write({"kept.py": body("kept")})
    assert found("HEAD", "--no-refresh") == {"kept", "new"}  # it is not known to be as it was
    assert found("HEAD") == {"new"}
    (project.top / "new.py").unlink()
    done = lumen(project.top, "search", "wombat", "--changed-since", "HEAD")
    assert (done.returncode, done.stdout) == (1, "")
    assert "no file there has changed since then" in done.stderr


def test_what_git_converts_has_not_changed(repo: Repository) -> None:
    repo.write(
        {"a.py": b"def wombat():\r\n    return 'tunnel'\r\n", ".gitattributes": "* eol=crlf\n"}
    )
    repo.git("add", "-A")
    repo.commit()
    # git vouches for files that are older than its index.
    (repo.top / "b.py").write_bytes(b"x = 'tunnel'\r\n")
    repo.commit()
    repo.write({"c.py": "y = 'tunnel'\r\n"})
    done = lumen(repo.top, "search", "--exact", "tunnel", "-l", "--changed-since", "HEAD~1")
    assert "a.py" not in done.stdout
    assert "c.py" in done.stdout


@pytest.mark.parametrize(
    ("revision", "hint"),
    [
        ("mian", "did you mean main?"),
        ("--all", "give a branch, a tag, or a commit"),
        ("", "give a branch"),
        ("HEAD^{tree}", "give a branch"),
        ("main..feature", "give a branch"),
        ("f" * 40, "give a branch"),
    ],
)
def test_what_is_no_commit(repo: Repository, revision: str, hint: str) -> None:
    repo.commit({"a.py": body("a")})
    for mode, code in ((("x",), 1), (("--exact", "x"), 2)):
        done = lumen(repo.top, "search", *mode, "--changed-since", revision)
        assert (done.returncode, done.stdout) == (code, "")
        assert "names no commit here" in done.stderr
        assert f"hint: {hint}" in done.stderr
