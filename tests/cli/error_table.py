"""Every error that can be caused from outside, caused: what is said, and where that is written.

`python -m tests.cli.error_table` writes docs/errors.md; a test holds that page to it.
"""

from __future__ import annotations

import ast
import os
import re
import shlex
import shutil
import sys
import tempfile
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import cache
from io import StringIO, TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from unittest import mock

import click

import lumen_hooks
from lumen_hooks import errors
from lumen_hooks.cli.main import run
from lumen_hooks.errors import LumenError
from tests.support.repository import Repository
from tests.support.sealing import steering_variables

from .error_cases import SECTIONS, Place
from .errors_elsewhere import ELSEWHERE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .error_cases import Case

PACKAGE = Path(lumen_hooks.__file__).parent
PAGE = PACKAGE.parent / "docs/errors.md"

FILES: dict[str, str | bytes] = {
    "shop.py": "def add_to_cart(cart, item):\n    cart.append(item)\n    return cart\n",
    "docs/guide.md": "# Carts\n\nHow a cart is filled.\n",
    "empty.py": "",
    "dots.txt": "....\n....\n",
    "logo.bin": b"\x00\x01\x02" * 100,
    ".gitignore": "build/\n",
    "build/made.py": "made = True\n",
}

_LINES = 3
"""Of a longer message the page has the beginning."""

_HEAD = """# Errors

What each error says, and the input that causes it. Made by `python -m tests.cli.error_table`, which
causes them all; the tests hold this page to what is said. `lumen-hooks` stands before each command;
where a setting is the cause, its line of `git config` stands beside it.

Standard error has `error:` and a `hint:` with what to do; a command line that is wrong has `Error:`
and exits with 2, every other with 1.
"""

OTHERS = """
## What no single command line causes

| message | what causes it |
|---|---|
"""


class Said(NamedTuple):
    """How a case ended.

    Attributes:
        code: the exit code.
        message: without its mark, and with the machine's names for files put plainly.
        hint: the same.
        sites: where in the package its errors were made: file and line.
    """

    code: int
    message: str
    hint: str
    sites: frozenset[tuple[str, int]]


class Site(NamedTuple):
    """A place in the package where an error is made.

    Attributes:
        module: path in the package.
        first: its first line.
        last: its last line.
        error: the class.
        text: its message, `{}` for what is put in.
    """

    module: str
    first: int
    last: int
    error: str
    text: str

    def holds(self, module: str, line: int) -> bool:
        """Whether a line is of it."""
        return self.module == module and self.first <= line <= self.last


@cache
def all_sites() -> list[Site]:
    """Every place in the package where an error that a user may see is made."""
    classes = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, LumenError)
    } | {"UsageError", "BadParameter", "StrayError"}
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        module = path.relative_to(PACKAGE).as_posix()
        text = path.read_text(encoding="utf-8")
        nodes = ast.walk(ast.parse(text)) if "Error(" in text or "BadParameter(" in text else ()
        for node in nodes:
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func).rpartition(".")[2]
                if name in classes:
                    message = _template(node.args[0]) if node.args else ""
                    found.append(Site(module, node.lineno, node.end_lineno or 0, name, message))
    return found


def _template(node: ast.expr) -> str:
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    texts = [part.value if isinstance(part, ast.Constant) else "{}" for part in parts]
    return "".join(map(str, texts))


@contextmanager
def template_home(base: Path | None = None) -> Iterator[Path]:
    """A home folder with an indexed repository, to be copied beside it for each case."""
    with tempfile.TemporaryDirectory(dir=base) as name:
        home = Path(name).resolve() / "me"
        (home / "shop").mkdir(parents=True)
        repo = Repository(home / "shop")
        repo.git("init", "-q", "--template=")
        repo.write(FILES)
        repo.git("add", "-A")
        repo.git("commit", "-q", "-m", "A shop")
        repo.git("repack", "-a", "-d", "-q")  # fewer folders to copy and to remove
        with redirect_stderr(StringIO()):
            assert run(["-C", str(repo.top), "index"]) == 0
        yield home


def cause(case: Case, template: Path) -> Said:
    """Do what a case says, in a copy of the template."""
    with tempfile.TemporaryDirectory(dir=template.parent) as name:
        home = Path(name).resolve() / "me"
        shutil.copytree(template, home, symlinks=True)
        (home / "gone").mkdir()
        place = Place(home, Repository(home / "shop"), [])
        names = {"{home}": str(home), "{shop}": str(home / "shop")}
        before = Path.cwd()
        os.chdir(home / case.where)
        try:
            case.prepare(place)
            added = {name: _filled(value, names) for name, value in case.environment}
            usual = {"HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache")}
            with mock.patch.dict(os.environ, usual | added):
                return _run([_filled(word, names) for word in case.command], home)
        finally:
            os.chdir(before)
            for lock in place.holds:
                lock.release()


def _filled(word: str, names: dict[str, str]) -> str:
    for name, value in names.items():
        word = word.replace(name, value)
    return word


def _run(argv: list[str], home: Path) -> Said:
    sites: set[tuple[str, int]] = set()
    with (
        tempfile.TemporaryFile() as file,
        TextIOWrapper(file, "utf-8", errors="backslashreplace") as out,
        redirect_stdout(StringIO()),
        redirect_stderr(out),
        _noted(LumenError, sites),
        _noted(click.UsageError, sites),
    ):
        code = run(argv)
        out.flush()
        file.seek(0)
        text = file.read().decode()
    text = text.replace(str(home), "/home/me").replace(str(Path(sys.executable).parent), "/usr/bin")
    text = re.sub(r"process \d+", "process 4711", text)
    text = re.sub(r"\.tmp-\d+-\w+", "", text)
    parts = re.split(r"^(error|Error|hint): ", text, flags=re.MULTILINE)
    said = dict(zip(parts[1::2], parts[2::2], strict=True))
    message = said.get("error") or said.get("Error") or text
    return Said(code, message.strip(), said.get("hint", "").strip(), frozenset(sites))


@contextmanager
def _noted(kind: type[Exception], sites: set[tuple[str, int]]) -> Iterator[None]:
    """Note where in the package errors of a kind are made."""
    made = kind.__init__

    def note(self: Exception, *arguments: object, **named: object) -> None:
        frame = sys._getframe(1)
        while frame.f_code.co_name == "__init__" and frame.f_back is not None:
            frame = frame.f_back
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(PACKAGE):
            sites.add((path.relative_to(PACKAGE).as_posix(), frame.f_lineno))
        made(self, *arguments, **named)

    with mock.patch.object(kind, "__init__", note):
        yield


def page(said: dict[Case, Said]) -> str:
    """docs/errors.md."""
    return "".join([_HEAD, *rows(said), OTHERS, *other_rows(said)])


def other_rows(said: dict[Case, Said]) -> list[str]:
    """The page's part about what these cases do not cause."""
    caused = {place for one in said.values() for place in one.sites}
    found = {
        f"| {_cell(site.text)} | {why} |\n"
        for site, why in elsewhere().items()
        if not any(site.holds(*place) for place in caused)
    }
    return sorted(found)


def rows(said: dict[Case, Said]) -> Iterator[str]:
    """The page's part about what a command line causes."""
    for title, cases in SECTIONS.items():
        yield f"\n## {title}\n\n| input | message | hint |\n|---|---|---|\n"
        yield from (_row(case, said[case]) for case in cases if case in said)


def elsewhere() -> dict[Site, str]:
    """The sites whose errors may come of something else than a command line, and of what."""
    found = {}
    for site in all_sites():
        names = [name for name in ELSEWHERE if f"{site.module}: {site.text}".startswith(name)]
        if names:
            found[site] = ELSEWHERE[max(names, key=len)]
    return found


def _row(case: Case, said: Said) -> str:
    shown = {"{home}": "/home/me", "{shop}": "/home/me/shop"}
    words = " ".join(shlex.quote(_filled(word, shown)) for word in case.command)
    command = words if len(words) <= 80 else words[:60] + "…"
    command = command.replace("\n", "\\n").encode("utf-8", "backslashreplace").decode()
    given = f"{case.given}: " if case.given else ""
    return f"| {given}`{command}` | {_cell(said.message)} | {_cell(said.hint)} |\n"


def _cell(text: str) -> str:
    """Text of a table, whatever is in it."""
    lines = text.split("\n")
    text = "\n".join([*lines[:_LINES], "…"] if len(lines) > _LINES else lines)
    text = text.replace("|", "\\|").replace("{}", "…").replace("<", "&lt;")
    return text.replace("\n", "<br>")


def main() -> None:
    """Write the page."""
    for name in steering_variables():
        del os.environ[name]
    person = {"NAME": "Tester", "EMAIL": "tester@example.org"}
    for role in ("AUTHOR", "COMMITTER"):
        os.environ.update({f"GIT_{role}_{key}": value for key, value in person.items()})
    os.environ |= {"GIT_CONFIG_NOSYSTEM": "1", "HOME": "/nonexistent", "HF_HUB_OFFLINE": "1"}
    with template_home() as home:
        said = {case: cause(case, home) for cases in SECTIONS.values() for case in cases}
    PAGE.write_text(page(said), encoding="utf-8")


if __name__ == "__main__":
    main()
