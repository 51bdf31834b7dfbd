"""A file is cut in the language that it is told to be in, whatever told it and when."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.errors import SettingsError
from lumen_hooks.files.manifest import scan
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.indexing import compare as difference
from lumen_hooks.settings import load_settings
from lumen_hooks.storage.reader import open_reader
from lumen_hooks.system.unchanged import YOUNG_NS
from tests.support.helpers import contents, first_rows, job_for, refreshed, update
from tests.support.sources import python_module

if TYPE_CHECKING:
    from lumen_hooks.storage.rows import FileRow
    from tests.support.repository import Repository

RUBY = "class Invoice\n  def total\n    1\n  end\nend\n"
PHP = "<?php\nfunction total() {\n  return 1;\n}\n"
CPP = "namespace a {\nclass Box {\n  int size();\n};\n}\n"
FILES: dict[str, str | bytes] = {
    "a.py": python_module("alpha"),
    "legacy/b.inc": PHP,
    "legacy/c.inc": RUBY,
    "d.h": CPP,
    "e.rb": RUBY,
    "notes": RUBY,
    "tool": "#!/usr/bin/env python3\n" + python_module("tool"),
    "vim.txt": "# vim: ft=ruby\n" + RUBY,
}
BY_ITSELF = {
    "a.py": "python",
    "legacy/b.inc": "php",
    "legacy/c.inc": "text",
    "d.h": "cpp",
    "e.rb": "ruby",
    "notes": "text",
    "tool": "python",
    "vim.txt": "ruby",
}

# What .gitattributes says, what lumen.language says, and what is in another language then.
STEPS: dict[str, tuple[str, tuple[str, ...], dict[str, str]]] = {
    "nothing": ("", (), {}),
    "both": (
        "* linguist-language=Ruby",
        ("*.py=py", "tool=sh"),
        dict.fromkeys(BY_ITSELF, "ruby") | {"a.py": "python", "tool": "bash"},
    ),
    "an attribute": (
        "*.inc linguist-language=Ruby",
        (),
        dict.fromkeys(["legacy/b.inc", "legacy/c.inc"], "ruby"),
    ),
    "what the name says": ("*.py linguist-language=python", (), {}),
    "what the text hides": (
        "*.h linguist-language=C\nvim.txt linguist-language=Text",
        (),
        {"d.h": "c", "vim.txt": "text"},
    ),
    "an unknown language": ("*.inc linguist-language=Klingon\nnotes linguist-language", (), {}),
    "a setting": ("", ("notes=ruby", "legacy/=PHP"), {"notes": "ruby", "legacy/c.inc": "php"}),
    "the last of several": (
        "",
        ("*.inc=ruby", "b.inc=golang"),
        {"legacy/b.inc": "go", "legacy/c.inc": "ruby"},
    ),
}


def tell(repo: Repository, step: str) -> dict[str, str]:
    """Have files be told; the languages that they are in then."""
    attributes, settings, differing = STEPS[step]
    (repo.top / ".git" / "info").mkdir(exist_ok=True)
    (repo.top / ".git" / "info" / "attributes").write_text(attributes + "\n")
    repo.git("config", "--unset-all", "lumen.language", check=False)
    for one in settings:
        repo.git("config", "--add", "lumen.language", one)
    return BY_ITSELF | differing


def languages(repo: Repository) -> dict[str, str]:
    index = open_reader(find_worktree(str(repo.top)).index_path)
    assert index is not None
    with index:
        return {file.path: file.language for file in index.paths()}


@pytest.mark.parametrize("step", first_rows(list(STEPS)[1:], 2))
def test_what_is_told_anew_is_cut_anew_and_nothing_else(repo: Repository, step: str) -> None:
    repo.commit(FILES)
    before = tell(repo, "nothing")
    update(repo)
    assert languages(repo) == before
    for now in (step, "nothing", step):
        after = tell(repo, now)
        changed = sum(before[path] != after[path] for path in after)
        done = update(repo).refresh
        assert (done.files_changed if done else 0) == changed
        assert languages(repo) == after
        assert update(repo).refresh is None
        refreshed_alone = contents(repo)
        update(repo, force=True)
        assert refreshed_alone == contents(repo)
        before = after


def test_a_search_knows_of_it_before_the_refresh(repo: Repository) -> None:
    from lumen_hooks.indexing.freshness import look_at

    repo.commit(FILES)
    update(repo)
    tell(repo, "an attribute")
    look = look_at(find_worktree(str(repo.top)), job_for(repo).settings)
    assert look.differing == ("legacy/b.inc", "legacy/c.inc")


@pytest.mark.parametrize("at_once", [True, False])
def test_a_seed_from_a_sibling_that_was_told_otherwise(
    repo: Repository, monkeypatch: pytest.MonkeyPatch, at_once: bool
) -> None:
    if not at_once:
        monkeypatch.setattr(difference, "READ_AT_ONCE", -1)
    repo.commit({**FILES, ".gitattributes": "*.inc linguist-language=Ruby\n"})
    update(repo)
    linked = repo.add_worktree("linked")
    linked.commit({".gitattributes": "notes linguist-language=Ruby\n"})
    done = refreshed(linked)
    assert (done.kind, done.files_changed) == ("seed", 4)  # .gitattributes is one of them
    seeded = contents(linked)
    update(linked, force=True)
    assert seeded == contents(linked)
    assert languages(linked)["notes"] == "ruby"


def test_a_file_that_comes_or_goes_under_a_told_pattern_is_all_that_is_cut(
    repo: Repository,
) -> None:
    repo.commit({**FILES, ".gitattributes": "*.inc linguist-language=Ruby\n"})
    update(repo)
    repo.commit({"legacy/new.inc": RUBY})
    assert refreshed(repo).files_changed == 1
    assert languages(repo)["legacy/new.inc"] == "ruby"
    repo.git("rm", "-q", "legacy/new.inc")
    done = refreshed(repo)
    assert (done.files_changed, done.files_removed) == (0, 1)


def test_where_nothing_is_told_git_is_asked_no_more_than_once(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lumen_hooks.files import attributes, git_index

    asked: list[list[str]] = []
    ask = git_index.ask

    def counting(worktree: object, arguments: list[str], **more: object) -> bytes:
        asked.append(arguments)
        return ask(worktree, arguments, **more)  # type: ignore[arg-type]

    repo.commit(FILES)
    update(repo)
    monkeypatch.setattr(attributes, "ask", counting)
    picture = find_worktree(str(repo.top)).picture_path
    with suppress(FileNotFoundError):  # of what has just been written none is taken
        os.unlink(picture)
    time.sleep(YOUNG_NS / 1e9)
    assert update(repo).refresh is None
    assert len(asked) == 1
    assert update(repo).refresh is None
    assert len(asked) == 1  # by the picture that the last one left


def test_why_a_text_is_cut_by_lines_holds_for_its_language_only(repo: Repository) -> None:
    deep = "a:\n" + "".join(f"{' ' * level}b:\n" for level in range(1, 400))
    repo.commit({"a.yaml": deep})
    update(repo)
    assert {row[4] for row in contents(repo)["chunks"]} == {"text"}
    (repo.top / ".gitattributes").write_text("b.yaml linguist-language=Python\n")
    (repo.top / "b.yaml").write_text(deep)
    (repo.top / "c.yaml").write_text(deep)
    update(repo)
    index = open_reader(find_worktree(str(repo.top)).index_path)
    assert index is not None
    with index:
        rows: dict[str, FileRow] = index.files()
    assert rows["a.yaml"].cut == rows["c.yaml"].cut == "nesting"
    assert rows["b.yaml"].cut != "nesting"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("*.inc", "must be PATTERN=LANGUAGE"),
        ("=php", "must be PATTERN=LANGUAGE"),
        ("!*.inc=php", "must be PATTERN=LANGUAGE"),
        ("*.inc=klingon", "no language is called 'klingon'"),
        ("*.inc=", "no language is called ''"),
    ],
)
def test_a_rule_that_is_none_is_refused_with_what_to_do(
    repo: Repository, value: str, message: str
) -> None:
    repo.git("config", "lumen.language", value)
    with pytest.raises(SettingsError, match=r"lumen\.language") as refused:
        job_for(repo)
    assert message in refused.value.message
    assert refused.value.hint


def test_a_pattern_that_is_none_is_refused(repo: Repository) -> None:
    repo.commit(FILES)
    repo.git("config", "lumen.language", "*.[inc=php")
    with pytest.raises(SettingsError, match="no pattern") as refused:
        scan(find_worktree(str(repo.top)), job_for(repo).settings)
    assert refused.value.hint


def test_a_near_name_is_offered(repo: Repository) -> None:
    repo.git("config", "lumen.language", "*.x=pyton")
    with pytest.raises(SettingsError) as refused:
        job_for(repo)
    assert "python" in refused.value.hint


def test_the_environment_has_one_rule_on_each_line(repo: Repository) -> None:
    repo.git("config", "lumen.language", "*.x=ruby")
    said = {"LUMEN_LANGUAGE": "*.x = Go\n\n/a b/*.c++=C++\n"}
    assert load_settings(str(repo.top), said).language == (("*.x", "go"), ("/a b/*.c++", "cpp"))
