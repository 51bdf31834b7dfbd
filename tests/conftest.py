"""Every test is sealed off from the user's files and settings, and runs on real repositories."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.chunking import parser_process
from lumen_hooks.embedding import static
from lumen_hooks.embedding.registry import BUILTIN_FOLDER
from tests.support import parsers
from tests.support.commands import shared_launcher
from tests.support.repository import Repository
from tests.support.sealing import steering_variables

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tokenizers import Tokenizer

from tests.support.commands import Launcher

MEMORY = "/dev/shm"  # noqa: S108 - pytest makes a folder of its own there
MEMORY_BYTES = 4 << 30


def pytest_configure() -> None:
    """Keep what tests make in memory, where there is room: of the time on a disk, half is waiting.

    PYTEST_DEBUG_TEMPROOT, which is pytest's own, names another folder; .ci/run has the slow tests
    on the disk.
    """
    if "PYTEST_DEBUG_TEMPROOT" not in os.environ and os.path.isdir(MEMORY):
        found = os.statvfs(MEMORY)
        if found.f_bavail * found.f_frsize >= MEMORY_BYTES and os.access(MEMORY, os.W_OK):
            os.environ["PYTEST_DEBUG_TEMPROOT"] = MEMORY


@pytest.fixture(autouse=True)
def sealed(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """HOME, git's configuration, dates and our own settings are the same everywhere."""
    home = tmp_path_factory.mktemp("home")
    for name in steering_variables():
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / ".cache"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_EDITOR", "true")
    monkeypatch.setenv("GIT_AUTHOR_DATE", "2026-01-01T00:00:00Z")
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2026-01-01T00:00:00Z")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("PATH", os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"])
    (home / ".gitconfig").write_text(
        "[user]\n\tname = Tester\n\temail = tester@example.org\n"
        "[init]\n\tdefaultBranch = main\n[commit]\n\tgpgsign = false\n"
        "[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n"  # a process less for each commit
    )
    return home


@pytest.fixture(autouse=True)
def forked_parsers(monkeypatch: pytest.MonkeyPatch) -> None:
    """An update starts no interpreter to read code, unless a test is about that."""
    monkeypatch.setattr(parser_process, "_start", parsers.start_elsewhere)


@pytest.fixture
def real_parsers(forked_parsers: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests that are: each update starts a process to read code, as the product does."""
    monkeypatch.setattr(parser_process, "_start", parsers.start_a_real_one)


@pytest.fixture(scope="session", autouse=True)
def tokenizer_is_read_once() -> Iterator[None]:
    """The built-in model's, in this process: to read it is most of what its loading costs."""
    load = static._load_tokenizer
    once = cache(load)

    def load_or_share(path: str) -> tuple[Tokenizer, int]:
        return once(path) if path.startswith(BUILTIN_FOLDER + os.sep) else load(path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(static, "_load_tokenizer", load_or_share)
        yield


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """An empty repository in a folder of its own (siblings fit beside it)."""
    top = tmp_path / "main"
    top.mkdir()
    subprocess.run(["git", "init", "-q"], cwd=top, check=True)
    return Repository(top)


@pytest.fixture(scope="session")
def launcher() -> Launcher:
    """Starts commands in processes that do not pay for imports."""
    return shared_launcher()
