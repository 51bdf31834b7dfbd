"""The forms of results for pipes and programs, and their paths, from wherever somebody asks."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from lumen_hooks.cli.main import cli, run
from lumen_hooks.wording.tokens import tokens_at_most
from tests.support.commands import lumen
from tests.support.helpers import update

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.repository import Repository

WOMBAT = "# Päge\ndef wombat_{0}(marsupial):\n" + "".join(
    f"    marsupial.dig('tunnel {{0}} {line}')\n" for line in range(30)
)
ODD = "odd name\n\x1b[2J.py"


@pytest.fixture
def project(repo: Repository) -> Repository:
    files: dict[str, str | bytes] = {
        f"{folder}m{number}.py": WOMBAT.format(f"{folder.replace('/', '')}_{number}")
        for folder in ("", "lib/", "lib/deep/", "tools/")
        for number in range(3)
    }
    files[ODD] = "def odd_wombat():\n    return 'tunnel'\n"
    repo.commit({**files, "lib/copy.py": WOMBAT.format("lib_0"), "ä/größe.py": "x = 'ä wombat'\n"})
    update(repo)
    return repo


def out(directory: Path | str, *arguments: str) -> str:
    done = lumen(directory, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def objects(text: str) -> list[dict[str, Any]]:
    assert text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


def test_paths_are_those_of_where_one_stands(project: Repository, tmp_path: Path) -> None:
    """Whatever the form: each path that is printed can be opened from there."""
    (tmp_path / "link").symlink_to(project.top / "lib/deep")
    beside = project.top.parent
    lib = project.top / "lib"
    places: list[tuple[Path, tuple[str, ...], Path]] = [
        (project.top, (), project.top),
        (lib / "deep", (), lib / "deep"),
        (beside, ("-C", f"{project.top.name}/lib/../tools"), project.top / "tools"),
        (tmp_path / "link", (), lib / "deep"),
    ]
    for standing, at, seen_from in places:
        for question in (("wombat tunnel", "-n", "30"), ("--exact", "tunnel")):
            search = (*at, "search", *question)
            data = json.loads(out(standing, *search, "--json"))
            paths = list(dict.fromkeys(one["path"] for one in data["results"]))
            assert len(paths) >= 12
            assert all(os.path.isfile(seen_from / path) for path in paths), (standing, at)
            assert os.path.realpath(project.top / ODD) in {
                os.path.realpath(seen_from / path) for path in paths
            }
            copies = [copy for one in data["results"] for copy in one.get("copies", ())]
            assert all(os.path.isfile(seen_from / copy.rpartition(":")[0]) for copy in copies)
            assert out(standing, *search, "-l", "-0").split("\0") == [*paths, ""]
        # What readers are shown can be given back as it is.
        place = out(standing, *at, "search", "wombat_lib_1", "-n", "1").partition(" ")[0]
        assert os.path.isfile(seen_from / place.partition(":")[0])
        related = objects(out(standing, *at, "related", place, "--jsonl", "-n", "3"))
        assert all(os.path.isfile(seen_from / one["path"]) for one in related)


def test_each_form_names_the_same_places(project: Repository) -> None:
    lib = project.top / "lib"
    for question in (("wombat tunnel", "-n", "30"), ("--exact", "tunnel")):
        results = json.loads(out(lib, "search", *question, "--json"))["results"]
        assert objects(out(lib, "search", *question, "--jsonl")) == results
        rows = out(lib, "search", *question, "--vimgrep").splitlines()
        paths = [one["path"].replace("\n", "\\n").replace("\x1b", "\\x1b") for one in results]
        assert [row.partition(":")[0] for row in rows] == paths
        assert out(lib, "search", *question, "-l").splitlines() == list(dict.fromkeys(paths))
    counted = subprocess.run(
        ["xargs", "-0", "wc", "-l"],
        input=out(lib, "search", "--exact", "tunnel", "-l", "-0"),
        cwd=lib, check=True, capture_output=True, text=True, errors="surrogateescape",
    )  # fmt: skip
    assert "total" in counted.stdout


def test_related_takes_the_filters(project: Repository) -> None:
    def related(*arguments: str) -> list[str]:
        found = out(project.top / "lib", "related", "m1.py:2", "--jsonl", *arguments)
        return [one["path"] for one in objects(found)]

    assert set(map(os.path.dirname, related("--path", "../tools"))) == {"../tools"}
    assert "../tools" not in set(map(os.path.dirname, related("--exclude", "tools")))
    done = lumen(project.top, "related", "lib/m1.py:2", "--lang", "klingon")
    assert (done.returncode, done.stdout) == (1, "")
    assert "no language is called 'klingon'" in done.stderr


def test_a_changed_file_is_named_from_here(project: Repository) -> None:
    project.write({"lib/m1.py": "gone = 1\n"})
    for mode in ((), ("--exact",)):
        found = out(project.top / "tools", "search", "gone", *mode, "--json", "--no-refresh")
        assert json.loads(found)["differing"] == ["../lib/m1.py"]


def test_paths_with_line_breaks_and_controls(project: Repository) -> None:
    for mode in ((), ("--exact",)):
        done = lumen(project.top, "search", "odd_wombat", *mode, "-l", "-n", "1")
        assert done.stdout == "odd name\\n\\x1b[2J.py\n"
        done = lumen(project.top, "search", "odd_wombat", *mode, "-l", "-0", "-n", "1")
        assert done.stdout == f"{ODD}\0"
        done = lumen(project.top, "search", "odd_wombat", *mode, "--vimgrep", "-n", "1")
        assert done.stdout.startswith("odd name\\n\\x1b[2J.py:1:")


def test_an_editor_is_led_to_the_line(project: Repository) -> None:
    row = out(project.top, "search", "wombat_lib_1", "--vimgrep", "-n", "1")
    assert row == "lib/m1.py:2:1:def wombat_lib_1(marsupial):\n"
    row = out(project.top, "search", "tunnel", "tools_1", "29", "--vimgrep", "-n", "1")
    path, line, column, text = row.rstrip("\n").split(":", 3)
    assert (project.top / path).read_text(encoding="utf-8").split("\n")[int(line) - 1] == text
    assert text[int(column) - 1 :] == text.lstrip()
    # Vim counts bytes.
    assert out(project.top, "search", "--exact", "wombat'", "--vimgrep").splitlines() == [
        "ä/größe.py:1:9:x = 'ä wombat'"
    ]
    assert ":1:8:" in out(project.top, "search", "--exact", "wombat'")


def test_sizes(project: Repository) -> None:
    def search(*arguments: str) -> str:
        return out(project.top, "search", "wombat", "tunnel", *arguments)

    def shown(text: str) -> list[int]:
        """How many lines of code each result has."""
        blocks: list[int] = []
        for row in text.splitlines():
            if row[:1] not in {" ", ""}:
                blocks.append(0)
            elif row.strip() and not row.lstrip().startswith(("…", "same in")):
                blocks[-1] += 1
        return blocks

    usual = shown(search())
    assert len(usual) == 5
    assert max(usual) == 10
    assert shown(search("-n", "7", "--max-lines", "2")) == [2] * 7
    assert shown(search("--summary", "-n", "3")) == [0] * 3
    assert len(search("--summary", "-n", "3").splitlines()) == 3
    for budget in (100, 400):
        for form in ((), ("--json", "--summary"), ("--jsonl",)):
            done = lumen(
                project.top, "search", "wombat", "-n", "12", "--max-tokens", str(budget), *form
            )
            if done.returncode:
                assert "hint: --max-tokens" in done.stderr
                continue
            assert tokens_at_most(done.stdout) <= budget
            assert "left out" in done.stderr or "shortened" in done.stderr
    whole = objects(search("--jsonl", "-n", "12", "--max-lines", "40"))
    assert len(whole) == 12
    assert max(len(one["snippet"].split("\n")) for one in whole) > 30
    assert len(json.loads(search("--json"))["results"]) == 10
    bare = json.loads(search("--json", "--summary"))["results"]
    assert {one["snippet"] for one in bare} == {""}
    scores = [one["score"] for one in whole]
    assert len(objects(search("--jsonl", "--threshold", str(scores[0])))) == scores.count(scores[0])
    done = lumen(project.top, "search", "wombat", "--threshold", "1", "-l")
    assert (done.returncode, done.stdout) == (1, "")
    assert "note: the best result scores 0." in done.stderr
    wide = json.loads(search("--json", "--max-lines", "1", "--context", "2"))["results"][0]
    assert 3 <= len(wide["snippet"].split("\n")) <= 5


def test_words_without_quotes(project: Repository) -> None:
    def asked(*arguments: str) -> str:
        query: str = json.loads(out(project.top, "search", "--json", *arguments))["query"]
        return query

    assert asked("where", "does a", "wombat", "dig") == "where does a wombat dig"
    assert asked("dig", "-n", "2", "a", "--lang", "py", "tunnel") == "dig a tunnel"
    assert asked("--", "-n", "--json", "wombat") == "-n --json wombat"
    assert asked("return", "'tunnel'", "--exact") == "return 'tunnel'"
    assert asked("--exact", "x", "=", "'ä") == "x = 'ä"
    project.write({"new.py": "run('--no-verify it -v')\n"})
    assert asked("--exact", "--no-verify", "it", "-w") == "--no-verify it"
    assert asked("--exact", "--no-verify it", "-n", "1") == "--no-verify it"
    assert asked("-n", "1", "--regex", "-.*y", "it") == "-.*y it"
    done = lumen(project.top / "lib", "search", "--exact", "tunnel", "deep/")
    assert (done.returncode, done.stdout) == (1, "")
    assert "note: deep/ is part of what was looked for; --path deep/ looks there" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("x --json --jsonl", "--json and --jsonl are different forms"),
        ("x --json --vimgrep", "--vimgrep and --json are different forms"),
        ("x -l --json", "-l and --json are different forms"),
        ("x -0", "-0 ends paths: give -l, too"),
        ("x --json -0", "-0 ends paths: give -l, too"),
        ("x -l --max-lines 3", "--max-lines does nothing with -l"),
        ("x --vimgrep --summary", "--summary does nothing with --vimgrep"),
        ("x --vimgrep --context 2", "--context does nothing with --vimgrep"),
        ("x -l --max-tokens 300", "--max-tokens does nothing with -l"),
        ("x --summary --max-lines 3", "--max-lines is for code, which --summary leaves out"),
        ("x --summary --context 3", "--context is for code, which --summary leaves out"),
        ("x --exact --summary", "--summary is for a search by meaning"),
        ("--regex x --max-lines 3", "--max-lines is for a search by meaning"),
        ("x --exact --max-tokens 300", "--max-tokens is for a search by meaning"),
        ("x --exact --threshold 0.5", "--threshold is for a search by meaning"),
        ("x --threshold 2", "--threshold"),
        ("x -w", "-w is for --exact and --regex"),
        ("x --exact --regex", "give one of them"),
        ("x --max-lines 0", "--max-lines"),
        ("x --max-tokens 10", "--max-tokens"),
        ("x --content documents", "did you mean docs?"),
        ("-n 3", "Missing argument 'QUERY...'"),
    ],
)
def test_options_that_mean_nothing_together(
    capsys: pytest.CaptureFixture[str], arguments: str, words: str
) -> None:
    assert run(["search", *arguments.split()]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert words in captured.err


def test_a_shell_completes_languages_and_kinds() -> None:
    for words, given in (
        ("lumen-hooks search x --lang typ", "typescript"),
        ("lumen-hooks search x --kind inter", "interface"),
        ("lumen-hooks search x --content do", "docs"),
        ("lumen-hooks search x --vim", "--vimgrep"),
        ("lumen-hooks rel", "related"),
    ):
        done = CliRunner().invoke(
            cli, [], prog_name="lumen-hooks", complete_var="_LUMEN_HOOKS_COMPLETE",
            env={
                "_LUMEN_HOOKS_COMPLETE": "bash_complete",
                "COMP_WORDS": words,
                "COMP_CWORD": str(len(words.split()) - 1),
            },
        )  # fmt: skip
        assert given in done.output, words
