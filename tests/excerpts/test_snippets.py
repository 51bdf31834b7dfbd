from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.excerpts.snippets import read_current
from lumen_hooks.search.results import Hit

if TYPE_CHECKING:
    from pathlib import Path


def snippet(top: str, hit: Hit) -> str:
    """A hit's lines; empty if they cannot be read any more."""
    content = read_current(top, hit.path)
    if content is None:
        return ""
    return "\n".join(content.text.split("\n")[hit.start_line - 1 : hit.end_line])


def hit(path: str = "a.py", start: int = 2, end: int = 3) -> Hit:
    return Hit(1, path, start, end, "", "function", "python", 0.5)


def test_the_lines_as_they_are_now(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("one\ntwo\nthree\nfour\n")
    assert snippet(str(tmp_path), hit()) == "two\nthree"
    file.write_text("one\nTWO\n")
    assert snippet(str(tmp_path), hit()) == "TWO\n"
    assert snippet(str(tmp_path), hit(start=9, end=12)) == ""


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"one\r\ntwo\r\nthree\r\n", "two\nthree"),
        (b"\xef\xbb\xbfone\ntwo\nthree", "two\nthree"),
        (b"one\nt\xffwo\nthree", "t�wo\nthree"),
        ("one\ntw\u2028o\x0b\nthr\x0cee\nfour".encode(), "tw\u2028o\x0b\nthr\x0cee"),
        ("one\ntwo\nthree".encode("utf-16"), "two\nthree"),
        (b"one\ntwo\0\nthree", ""),
    ],
)
def test_lines_are_counted_as_they_were_indexed(tmp_path: Path, data: bytes, lines: str) -> None:
    (tmp_path / "a.py").write_bytes(data)
    assert snippet(str(tmp_path), hit()) == lines


def test_what_is_no_file_any_more(tmp_path: Path) -> None:
    top = str(tmp_path)
    assert snippet(top, hit("missing.py")) == ""
    (tmp_path / "folder.py").mkdir()
    assert snippet(top, hit("folder.py")) == ""
    assert snippet(top, hit("folder.py/inside.py")) == ""
    os.mkfifo(tmp_path / "pipe.py")
    assert snippet(top, hit("pipe.py")) == ""


def test_symlinks_out_of_the_worktree_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "a.py").write_text("one\ntwo\nthree")
    top = tmp_path / "top"
    top.mkdir()
    (top / "a.py").symlink_to(secret / "a.py")
    (top / "folder").symlink_to(secret)
    assert snippet(str(top), hit("a.py")) == ""
    assert snippet(str(top), hit("folder/a.py")) == ""
    assert snippet(str(top), hit("../secret/a.py")) == ""
    assert snippet(str(top), hit(str(secret / "a.py"))) == ""


def test_a_worktree_behind_a_symlink(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (real / "größe.py").write_text("one\ntwo\nthree")
    (tmp_path / "top").symlink_to(real)
    assert snippet(str(tmp_path / "top"), hit("größe.py")) == "two\nthree"
