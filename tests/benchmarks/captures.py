"""What every command shows on a terminal of 80 columns, as text files to be looked at.

    python -m tests.benchmarks.captures REPOSITORY FOLDER

REPOSITORY is a git repository (a bare one will do); it is cloned, worktrees are added, and every
command and family of options is run there on a pseudo terminal with an empty home. FOLDER gets a
file for each: the command, then what a person sees when it has ended, and the exit code. Lines that
are wider than the terminal, which it has to break, are counted: those of results are code and
paths, which nothing should break.
"""

from __future__ import annotations

import argparse
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from fcntl import ioctl
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len

if TYPE_CHECKING:
    from collections.abc import Sequence

COLUMNS, ROWS = 80, 40
PATIENCE_SECONDS = 300.0

_ASKED = "where is the request parsed"
_CONTROL = re.compile(r"\x1b\[([?\d;]*)([A-Za-z])|\x1b\][^\x07]*\x07|\r|\n|[^\x1b\r\n]+|\x1b")


class Scene(NamedTuple):
    """A command line as a person types it.

    Attributes:
        command: for the shell.
        stop_after: seconds until Ctrl-C is pressed; 0 for never.
    """

    command: str
    stop_after: float = 0.0


SCENES = (
    Scene("lumen-hooks --help"),
    *(
        Scene(f"lumen-hooks {command} --help")
        for command in (
            *("search", "related", "outline", "status", "install", "uninstall", "agent"),
            *("agent install", "agent uninstall", "agent list", "agent session-start"),
            *("doctor", "completion", "index", "wait", "purge", "mcp", "hook"),
        )
    ),
    Scene("lumen-hooks --version"),
    Scene("lumen-hooks status"),
    Scene("lumen-hooks search --no-refresh router"),
    Scene("lumen-hooks index", 4),
    Scene("lumen-hooks install"),
    Scene("lumen-hooks doctor"),
    Scene("git worktree add -q ../fix -b fix/the-long-name-of-a-branch-of-1234"),
    Scene("git worktree add -q ../功能 -b 功能/购物车重新设计"),
    Scene("git worktree add -q ../later --no-checkout --detach"),
    Scene("lumen-hooks status --all"),
    Scene("lumen-hooks -C ../fix status --all"),
    Scene("lumen-hooks status --all | cat"),
    Scene("lumen-hooks status --all --watch 0.5", 3),
    Scene("lumen-hooks status --watch 0.5", 3),
    Scene("lumen-hooks status --json | head -20"),
    Scene("lumen-hooks wait"),
    Scene("lumen-hooks index"),
    Scene("lumen-hooks index --force", 5),
    Scene(f"lumen-hooks search {_ASKED} -n 3"),
    Scene(f"lumen-hooks search {_ASKED} -n 3 | cat"),
    Scene(f"lumen-hooks search {_ASKED} --summary"),
    Scene(f"lumen-hooks search {_ASKED} -l"),
    Scene(f"lumen-hooks search {_ASKED} -n 3 --vimgrep"),
    Scene(f"lumen-hooks search {_ASKED} -n 1 --json | cut -c1-300"),
    Scene(f"lumen-hooks search {_ASKED} -n 2 --jsonl | cut -c1-200"),
    Scene(f"lumen-hooks search {_ASKED} --max-tokens 300 | cat"),
    Scene("lumen-hooks search purple elephants on a bicycle -n 2"),
    Scene("lumen-hooks search --exact -w Request -n 12"),
    Scene("lumen-hooks search --exact -w Request -n 5 | cat"),
    Scene("lumen-hooks search --regex 'def \\w+_request' -n 8"),
    Scene("lumen-hooks search --exact 'nowhere to be found'"),
    Scene("f=$(lumen-hooks search -l request | head -1); lumen-hooks related $f:20 -n 2"),
    Scene("f=$(lumen-hooks search -l request | head -1); lumen-hooks outline $f"),
    Scene("lumen-hooks serach"),
    Scene("lumen-hooks search x --type py"),
    Scene("lumen-hooks search x --lang pyhton"),
    Scene("lumen-hooks search x --path missing.py"),
    Scene("lumen-hooks -C /nowhere status"),
    Scene("lumen-hooks agent list"),
    Scene("lumen-hooks agent install claude --print"),
    Scene("lumen-hooks agent install claude --yes"),
    Scene("lumen-hooks agent uninstall claude --yes"),
    Scene("lumen-hooks agent session-start </dev/null | fold -w 80"),
    Scene("lumen-hooks completion bash | head -5"),
    Scene("lumen-hooks mcp", 6),
    Scene("lumen-hooks purge"),
    Scene("lumen-hooks uninstall --purge"),
    Scene("lumen-hooks install --pre-commit --no-index"),
    Scene("lumen-hooks uninstall"),
)


def main(argv: Sequence[str]) -> None:
    """Run all scenes and write what they show."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.captures",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("repository", help="what git can clone")
    parser.add_argument("folder", type=Path, help="where the captures go")
    chosen = parser.parse_args(argv)
    chosen.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        base = Path(made).resolve()
        top = base / "shop"
        subprocess.run(["git", "clone", "-q", chosen.repository, str(top)], check=True)
        for number, scene in enumerate(SCENES, 1):
            shown, code = run(scene, top, _environment(base))
            wide = sum(cell_len(line) > COLUMNS for line in shown.split("\n"))
            text = f"$ {scene.command}\n{shown}\n[exit {code}]\n"
            name = re.sub(r"[^\w-]+", "_", scene.command)[:60].strip("_")
            (chosen.folder / f"{number:02}-{name}.txt").write_text(text, encoding="utf-8")
            print(f"{number:3} exit {code:3}  {wide:3} wide lines  {scene.command}")


def run(scene: Scene, top: Path, environment: dict[str, str]) -> tuple[str, int]:
    """What is on the terminal when a scene has ended, without colours, and its exit code."""
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    # A session's leader that opens a terminal gets it, and with it the signal of Ctrl-C.
    opened = f"exec 0<>{os.ttyname(theirs)} 1>&0 2>&0; {scene.command}"
    process = subprocess.Popen(
        ["bash", "-c", opened], cwd=top, env=environment, start_new_session=True
    )
    started, stopped, raw = time.monotonic(), False, b""
    while True:
        waited = time.monotonic() - started
        if scene.stop_after and waited > scene.stop_after and not stopped:
            os.write(ours, b"\x03")
            stopped = True
        if waited > PATIENCE_SECONDS:
            os.killpg(process.pid, signal.SIGKILL)
        ended = process.poll() is not None
        if select.select([ours], [], [], 0 if ended else 0.1)[0]:
            raw += os.read(ours, 1 << 16)
        elif ended:
            break
    os.close(theirs)
    os.close(ours)
    return on_screen(raw.decode("utf-8", "replace")), process.wait()


def on_screen(raw: str) -> str:
    """What a terminal of endless width shows of what was written to it, without colours."""
    lines, row, column = [""], 0, 0
    for match in _CONTROL.finditer(raw):
        text, (count, control) = match[0], match.groups()
        if control == "A":
            row = max(0, row - int(count or 1))
        elif control == "K":
            lines[row] = "" if count == "2" else lines[row][:column]
        elif text == "\r":
            column = 0
        elif text == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif text[0] != "\x1b":
            before = lines[row].ljust(column)
            lines[row] = before[:column] + text + before[column + len(text) :]
            column += len(text)
    return "\n".join(line.rstrip() for line in lines).rstrip()


def _environment(base: Path) -> dict[str, str]:
    home = base / "home"
    home.mkdir(exist_ok=True)
    (home / ".gitconfig").write_text("[user]\n\tname = A\n\temail = a@example.org\n")
    return {
        "PATH": os.path.dirname(sys.executable) + os.pathsep + os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        "PYTHONPATH": os.fspath(Path(__file__).parents[2]),
    }


if __name__ == "__main__":
    main(sys.argv[1:])
