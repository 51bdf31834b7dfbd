"""What is told of the languages that files are in: by `doctor`, by `status`, and to `--lang`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.chunking import means
from lumen_hooks.chunking.syntax.grammars import GRAMMARS
from lumen_hooks.doctor.languages import check_languages
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.service.status import LISTED_LANGUAGES, counted, read_status
from lumen_hooks.settings import load_settings
from tests.support.commands import lumen
from tests.support.helpers import update
from tests.support.sources import python_module

if TYPE_CHECKING:
    from lumen_hooks.doctor.check import Check
    from tests.support.repository import Repository

FILES: dict[str, str | bytes] = {
    "a.py": python_module("alpha"),
    "b.py": python_module("beta"),
    "c.go": "package a\n",
    "d.abap": "REPORT total.\n",
    "README.md": "# Sales\n\nTotal of all sales.\n",
    "notes": "plain words\n",
}


def check(repo: Repository) -> Check:
    worktree = find_worktree(str(repo.top))
    return check_languages(worktree, load_settings(worktree.top, {}))


def test_doctor_counts_files_by_language_and_says_which_have_no_parser(repo: Repository) -> None:
    repo.commit(FILES)
    assert (check(repo).ok, check(repo).detail) == (True, "none yet")
    update(repo)
    found = check(repo)
    assert found.ok
    assert found.detail == (
        "python 2, abap 1, go 1, markdown 1, text 1; no parser for abap 1, text 1"
    )


def test_doctor_names_the_extra_where_a_package_would_help(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = GRAMMARS["go"]._replace(module="tree_sitter_of_nowhere")
    monkeypatch.setitem(GRAMMARS, "go", elsewhere)
    means.means_of.cache_clear()
    repo.commit(FILES)
    update(repo)
    assert "pip install 'lumen-hooks[languages]' brings one for go 1" in check(repo).detail
    means.means_of.cache_clear()


def test_doctor_names_what_an_attribute_says_that_means_nothing(repo: Repository) -> None:
    repo.commit({**FILES, ".gitattributes": "*.go linguist-language=Klingon\n"})
    update(repo)
    assert "linguist-language=Klingon (c.go) is unknown" in check(repo).detail


def test_status_counts_files_by_language(repo: Repository) -> None:
    repo.commit(FILES)
    update(repo)
    worktree = find_worktree(str(repo.top))
    status = read_status(worktree, load_settings(worktree.top, {}))
    assert next(iter(status.languages.items())) == ("python", 2)
    assert sum(status.languages.values()) == status.files
    assert status.by_lines == ["abap", "text"]
    told = json.loads(lumen(repo.top, "status", "--json").stdout)
    assert (told["languages"], told["by_lines"]) == (status.languages, status.by_lines)
    rows = dict(status.rows())
    assert rows["languages"].startswith("python 2, ")
    assert rows["by lines"] == "abap 1, text 1: no parser here"


def test_a_long_list_of_languages_is_cut_for_people() -> None:
    many = {f"l{number}": 1000 for number in range(LISTED_LANGUAGES + 3)}
    assert counted(many).endswith("l11 1,000, 3 more")
    assert counted({}) == ""


@pytest.mark.parametrize("mode", [(), ("--exact",)])
def test_a_language_cut_by_lines_is_asked_for_by_any_of_its_names(
    repo: Repository, mode: tuple[str, ...]
) -> None:
    repo.commit(FILES)
    found = lumen(repo.top, "search", "total", "--lang", "ABAP", *mode, "-l")
    assert (found.returncode, found.stdout) == (0, "d.abap\n")
    nobody = lumen(repo.top, "search", "total", "--lang", "abab", *mode)
    assert nobody.returncode == (2 if mode else 1)  # as grep has it
    assert "no language is called 'abab'" in nobody.stderr
    assert "did you mean abap?" in nobody.stderr
