"""Nothing that a repository holds steers a terminal or hides from a reader."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import unicodedata
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.system.terminal import escape_controls, escape_controls_json
from tests.support.commands import lumen

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.repository import Repository

INVISIBLE = {0xAD, 0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0}
INVISIBLE |= {*range(0x180B, 0x1810), *range(0x2060, 0x2070), *range(0xFE00, 0xFE10)}
INVISIBLE |= {*range(0xFFF9, 0xFFFC), *range(0xE0000, 0xE0080), *range(0xE0100, 0xE01F0)}

EVIL = "\x1b]0;owned\x07\u202e\u200b\u00ad\u3164\ufe0f\U000e0041\U000e0100"
HIDDEN = [character for character in EVIL if escape_controls(character) != character]


def is_hostile(character: str) -> bool:
    return character not in "\t\n" and (
        unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
        or ord(character) in INVISIBLE
    )


def test_every_character_that_steers_or_hides_is_escaped() -> None:
    for code in range(sys.maxunicode + 1):
        if is_hostile(chr(code)):
            assert escape_controls(chr(code)).isascii(), hex(code)


def test_what_text_needs_stays() -> None:
    text = "def größe(π, 数量):\n\treturn 'é ñ क 한 ع 🙂 →'"
    assert escape_controls(text) == text
    assert escape_controls("\U000e0041\x1b\u200d") == "\\U000e0041\\x1b\\u200d"
    assert escape_controls(escape_controls(EVIL)) == escape_controls(EVIL)


def test_json_says_the_same_without_showing_it() -> None:
    value = {EVIL: [EVIL, "\udcff", "plain é"]}
    text = escape_controls_json(json.dumps(value, ensure_ascii=False, indent=2))
    assert not any(map(is_hostile, text))
    assert json.loads(text) == value


def run(*arguments: str, cwd: Path, extra: dict[str, str] | None = None) -> str:
    """What a command prints on both streams."""
    done = lumen(cwd, *arguments, environment=extra)
    return done.stdout + done.stderr


@pytest.fixture
def hostile(repo: Repository) -> Repository:
    name = EVIL.replace("\x07", "")
    code = f'def evil(): # {EVIL}\n    """Sends all {EVIL} letters."""\n'
    repo.git("checkout", "-q", "-b", "b\u200b\U000e0041")
    repo.commit({f"{name}/m{name}.py": code, f"{name}.md": f"# letters {EVIL}\n\nsends\n"})
    return repo


COMMANDS = [
    ("index",),
    ("search", "send letters"),
    ("search", "send letters", "--json"),
    ("search", "send letters", "--summary"),
    ("search", "x", "--path", EVIL),
    ("related", f"{EVIL}:1"),
    ("status",),
    ("status", "--json"),
    ("status", "--all"),
    ("doctor",),
    ("doctor", "--json"),
    ("-C", f"/{EVIL}", "status"),
    ("index", EVIL),
    (EVIL,),
    ("search", f"--{EVIL}"),
    ("agent", "session-start"),
    ("purge",),
]


def test_no_command_prints_them(hostile: Repository, subtests: pytest.Subtests) -> None:
    run("index", cwd=hostile.top)
    for command in COMMANDS:
        words = [word.replace("\x07", "") for word in command]
        with subtests.test(words[0]):
            shown = run(*words, cwd=hostile.top, extra={"PYTHONIOENCODING": "utf-8"})
            assert not [hex(ord(sign)) for sign in shown if is_hostile(sign)]


def test_a_terminal_is_steered_by_nobody_else(hostile: Repository) -> None:
    """Colours are ours; what lies between them is harmless."""
    run("index", cwd=hostile.top)
    main, side = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "lumen_hooks", "search", "send letters"],
        cwd=hostile.top,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "200"},
        stdout=side,
        stderr=subprocess.DEVNULL,
    ) as child:
        os.close(side)
        shown = b""
        while True:
            try:
                block = os.read(main, 1 << 16)
            except OSError:
                break
            if not block:
                break
            shown += block
    os.close(main)
    assert child.returncode == 0
    assert b"\x1b[" in shown
    assert b"\x1b]0;" not in shown
    text = shown.decode()
    assert not any(character in text for character in HIDDEN if character != "\x1b")


def test_a_line_break_in_a_name_begins_no_line_of_ours(repo: Repository) -> None:
    shown = run("-C", "gone\nhint: run this", "status", cwd=repo.top)
    assert "\nhint: run this" not in shown
