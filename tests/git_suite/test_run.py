"""The script that runs git's own test suite, on a suite of two scripts and the git at hand."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from .run import Answers, differences, main, read_answers

if TYPE_CHECKING:
    from pathlib import Path

SAME = """
PATH=$GIT_TEST_INSTALLED:$PATH && cd "${1#--root=}" && git init -q repo && cd repo || exit 1
git -c user.name=A -c user.email=a@example.org commit -q --allow-empty -m first || exit 1
echo 'ok 1 - a commit'
until [ -s "$XDG_RUNTIME_DIR/../starts" ] || [ ! -e .git/hooks/post-commit ]; do sleep 0.1; done
cd .. && until rm -rf repo; do sleep 0.1; done
echo 1..1
"""
OTHER = """
PATH=$GIT_TEST_INSTALLED:$PATH && cd "${1#--root=}" && git init -q repo || exit 1
[ ! -e repo/.git/hooks/post-commit ] || printf 'not '
echo 'ok 1 - no hooks'
echo 'ok 2 # skip on a whim'
"""


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """What the script needs of a build of git."""
    folder = tmp_path / "git"
    for name in ("bin-wrappers", "templates/blt/hooks", "t"):
        (folder / name).mkdir(parents=True)
    (folder / "bin-wrappers" / "git").write_text(
        f"#!/bin/sh\nGIT_TEMPLATE_DIR='{folder}/templates/blt'\nexport GIT_TEMPLATE_DIR\n"
        f'exec {shutil.which("git")} "$@"\n'
    )
    (folder / "t" / "t2400-worktree-same.sh").write_text(SAME)
    (folder / "t" / "t2401-worktree-other.sh").write_text(OTHER)
    (folder / "t" / "t0001-init.sh").write_text("exit 1\n")
    return folder


def test_hooks_run_in_every_repository_and_what_they_change_is_printed(
    sources: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = tmp_path / "results"
    assert main([str(sources), str(results), "--modes", "files", "--only", "same"]) == 0
    said = capsys.readouterr().out
    assert "x lumen_hooks.worker" in said
    assert "files: 1 scripts, 1 tests, 0 differ, 0 that compare git dirs, 0 left" in said
    assert main([str(sources), str(results), "--modes", "files", "--work", str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert "files: t2401-worktree-other.sh 1: ok -> not ok  no hooks" in said
    assert "files: 2 scripts, 3 tests, 1 differ" in said
    assert main([str(sources), str(results), "--modes", "files", "--differing", "--list"]) == 0
    assert capsys.readouterr().out == "t2401-worktree-other.sh\n"


def test_a_build_that_was_moved_is_refused(sources: Path, tmp_path: Path) -> None:
    moved = sources.rename(tmp_path / "moved")
    with pytest.raises(SystemExit, match="not built where it lies"):
        main([str(moved), str(tmp_path / "results")])


def test_a_script_that_stops_or_skips_differs(tmp_path: Path) -> None:
    answers = tmp_path / "t2400.tap"
    answers.write_text("ok 1 - one\nok 2 # skip two (missing X)\nnot ok 3 - three # TODO known\n")
    assert read_answers(answers) == Answers(
        -1, {1: ("ok", "one"), 2: ("ok # skip", ""), 3: ("not ok # TODO", "three")}
    )
    plain = Answers(0, {1: ("ok", "one"), 2: ("ok", "two")})
    assert list(differences(plain, plain)) == []
    assert list(differences(plain, Answers(1, {1: ("ok", "one")}))) == ["2: ok -> not run  two"]
    assert list(differences(plain, Answers(1, plain.tests))) == ["exit code 0 -> 1"]
