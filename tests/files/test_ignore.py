from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.files.gitignore import PatternTree, lineage, parse_patterns
from lumen_hooks.files.ignore import builtin_reason, left_out, rules_of
from lumen_hooks.settings import Settings

if TYPE_CHECKING:
    from tests.support.repository import Repository


def matches(path: str, *lines: str) -> bool:
    return PatternTree({"": parse_patterns(lines)}).matches(path)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("a/package-lock.json", "lock file"),
        ("Cargo.lock", "lock file"),
        ("x/go.sum", "lock file"),
        ("bun.lockb", "lock file"),
        ("gradle.lockfile", "lock file"),
        ("Package.resolved", "lock file"),
        ("pnpm-lock.yaml", "lock file"),
        ("web/app.min.js", "minified"),
        ("web/APP.MIN.CSS", "minified"),
        ("jquery-min.js", "minified"),
        ("main.bundle.js", "minified"),
        ("main.js.map", "minified"),
        ("logo.PNG", "binary"),
        ("model.safetensors", "binary"),
        ("x.pyc", "binary"),
        ("django.mo", "binary"),
        ("locale/de.po", "data"),
        ("icon.svg", "data"),
        ("rows.csv", "data"),
        ("__snapshots__/a.snap", "data"),
    ],
)
def test_left_out_by_name(path: str, reason: str) -> None:
    assert builtin_reason(path) == reason


@pytest.mark.parametrize(
    "path",
    [
        "package.json",
        "admin.js",
        "min.js",
        "bundle.js",
        "app.ts",
        "png",
        "lock",
        "src/map",
        "images.png/readme.md",
        "go.mod",
        "checksum.sum",
        "lock.py",
        "Makefile",
        "a.yaml",
        "",
    ],
)
def test_not_left_out_by_name(path: str) -> None:
    assert builtin_reason(path) is None


def test_who_wins() -> None:
    settings = Settings(exclude=("secret*",), include=("*.svg", "secret.svg", "gen/keep.py"))
    rules = rules_of(settings, {"": "gen/keep.py\nignored.py\n"})
    paths = ["a.svg", "secret.svg", "gen/keep.py", "ignored.py", "plain.py", "b.png"]
    assert left_out(paths, rules) == {
        "secret.svg": "excluded",
        "ignored.py": "ignored",
        "b.png": "binary",
    }


def test_nested_ignore_files() -> None:
    files = {
        "": "*.log\nbuild/\n/top.txt\n",
        "sub": "!keep.log\nlocal/*.txt\n",
        "build": "!all\n",
    }
    rules = rules_of(Settings(), files)
    expected = {
        "a.log": True,
        "sub/a.log": True,
        "sub/keep.log": False,
        "sub/deep/keep.log": False,
        "keep.log": True,
        "build/all": True,
        "x/build/y": True,
        "top.txt": True,
        "sub/top.txt": False,
        "sub/local/a.txt": True,
        "local/a.txt": False,
    }
    assert {path: path in left_out([path], rules) for path in expected} == expected


@pytest.mark.parametrize(
    ("path", "lines", "expected"),
    [
        ("a b ", ["a b\\ "], True),
        ("a b", ["a b  "], True),
        ("#x", ["#x"], False),
        ("#x", ["\\#x"], True),
        ("!x", ["\\!x"], True),
        ("a", ["a\r"], True),
        ("a", ["a\\"], False),
        ("a[", ["a["], False),
        ("b", ["[a-c]"], True),
        ("]", ["[]]"], True),
        ("-", ["[a-]"], True),
        ("5", ["[[:digit:]]"], True),
        ("x", ["[[:nonsense:]]"], False),
        ("m", ["[z-a]"], False),
        ("a/b", ["/a[!x]b"], False),
        ("line\nbreak.py", ["*.py"], True),
        ("x/line\nbreak", ["x/**"], True),
        ("a/b/c/d", ["a/**/d"], True),
        ("a/d", ["a/**/d"], True),
        ("xa/d", ["a/**/d"], False),
        ("a/x/b/x/c/d", ["**/b/**/c/**"], True),
        ("", ["*"], True),
        ("x", ["", "/", "!", "  "], False),
    ],
)
def test_pattern_syntax(path: str, lines: list[str], expected: bool) -> None:
    assert matches(path, *lines) is expected


def test_agrees_with_git_on_random_patterns(repo: Repository) -> None:
    draw = random.Random(7)
    names = ["a", "b", "foo", "bar", "x.c", "y.h", "é", "[z]"]
    drawn = {"/".join(draw.choices(names, k=draw.randint(1, 4))) for _ in range(150)}
    folders = {place for path in drawn if "/" in path for place in lineage(path.rpartition("/")[0])}
    paths = sorted(drawn - folders)
    repo.write(dict.fromkeys(paths, ""))
    segments = ["a", "b", "foo", "bar", "*", "*.c", "f*", "*o*", "**", "[ab]", "[!a]*", "?oo"]
    segments += ["*[[:alpha:]]r", "\\f[n-p]o", "[[]z]"]

    def line() -> str:
        middle = "/".join(draw.choices(segments, k=draw.choice([1, 1, 1, 2, 2, 3, 4])))
        ends = (draw.choice(["", "", "!"]), draw.choice(["", "", "/"]), draw.choice(["", "", "/"]))
        return f"{ends[0]}{ends[1]}{middle}{ends[2]}"

    for _ in range(150):
        texts = {
            folder: "\n".join(line() for _ in range(draw.randint(1, 4)))
            for folder in ("", draw.choice(["a", "foo", "a/b"]))
            if folder == "" or (repo.top / folder).is_dir()
        }
        for folder, text in texts.items():
            (repo.top / folder / ".gitignore").write_text(text)
        listed = set(repo.git("ls-files", "-o", "-z", "--exclude-standard").split("\0"))
        tree = PatternTree({at: parse_patterns(text.split("\n")) for at, text in texts.items()})
        assert [p for p in paths if not tree.matches(p)] == [p for p in paths if p in listed], texts
        for folder in texts:
            (repo.top / folder / ".gitignore").unlink()


def test_hostile_patterns_take_no_time() -> None:
    started = time.process_time()
    assert not matches("a" * 250, "*a" * 40 + "b")
    assert not matches("a/" * 1500 + "c", "**/a/" * 40 + "b")
    assert time.process_time() - started < 5  # a backtracking matcher would take years


def test_a_path_of_very_many_folders() -> None:
    assert matches("d/" * 2000 + "x", "x")
    assert not matches("d/" * 2000 + "x", "y")
