from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.sources import python_module

if TYPE_CHECKING:
    from tests.support.repository import Repository

HOOK_TIER = {
    "__future__",
    "lumen_hooks",
    "lumen_hooks.notify",
    "lumen_hooks.notify.environment",
    "lumen_hooks.hook",
    "lumen_hooks.notify.events",
    "lumen_hooks.notify.layout",
    "lumen_hooks.notify.own_files",
    "lumen_hooks.notify.spawn",
}


def modules(code: str) -> set[str]:
    """What a fresh interpreter has imported after some code."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"{code}\nimport sys\nprint(*sorted(sys.modules))"],
        check=True,
        capture_output=True,
        text=True,
    )
    return set(done.stdout.split())


def test_hook_tier_imports_nothing_but_itself() -> None:
    assert modules("import lumen_hooks.hook") - modules("pass") == HOOK_TIER


@pytest.mark.parametrize("name", ["lumen_hooks.notify.environment", "lumen_hooks.notify.spawn"])
def test_parts_of_the_hook_tier(name: str) -> None:
    assert modules(f"import {name}") - modules("pass") <= HOOK_TIER


def test_running_an_event_imports_no_more(tmp_path: object) -> None:
    # A worktree with an index: no seed, so nothing beyond the hook tier is paid for.
    code = (
        "import os\n"
        f"top = {str(tmp_path)!r}\n"
        "os.makedirs(top + '/.git/lumen')\n"
        "open(top + '/.git/HEAD', 'w').close()\n"
        "open(top + '/.git/lumen/index.db', 'w').close()\n"
        "os.posix_spawn = lambda *a, **k: os.getpid()\n"
        "import lumen_hooks.hook as hook\n"
        "hook.run('post-commit', top, [], {})\n"
        "assert os.path.exists(top + '/.git/lumen/events')\n"
    )
    assert modules(code) - modules("pass") == HOOK_TIER


def test_a_seed_and_a_refresh_of_what_is_as_it_was_import_little() -> None:
    code = (
        "import lumen_hooks.indexing.foreground_seed, lumen_hooks.indexing.worker_loop\n"
        "import lumen_hooks.indexing.update, lumen_hooks.indexing.trim, lumen_hooks.worker\n"
        "import lumen_hooks.indexing.left_overs\n"
    )
    dear = {"dataclasses", "inspect", "filelock", "numpy", "pygit2", "tokenizers", "tree_sitter"}
    assert not modules(code) & dear


def test_a_command_starts_without_what_few_commands_need() -> None:
    assert not modules("import lumen_hooks.cli.main") & {"apsw", "numpy", "pygit2"}


def test_a_search_in_one_worktree_imports_nothing_of_several() -> None:
    imported = modules("import lumen_hooks.cli.search, lumen_hooks.cli.answers")
    assert not [name for name in imported if name.endswith((".several", ".together"))]


def test_an_exact_search_does_without_vectors() -> None:
    assert "numpy" not in modules("import lumen_hooks.cli.places")


def test_without_a_store_elsewhere_nothing_is_imported_for_one(repo: Repository) -> None:
    repo.commit({f"m{n}.py": python_module(f"alpha_{n}") for n in range(40)})
    code = (
        "import os, sys\n"
        "from lumen_hooks.cli.main import run\n"
        "said, sys.stdout = sys.stdout, open(os.devnull, 'w')\n"
        "for command in (['index'], ['search', 'alpha'], ['status']):\n"
        f"    assert run(['-C', {str(repo.top)!r}, *command]) == 0\n"
        "sys.stdout = said\n"
    )
    had = modules(code)
    assert {"lumen_hooks.indexing.stage", "lumen_hooks.service.answer"} <= had
    dear = {"fsspec", "zstandard", "asyncio", "urllib.request"}
    elsewhere = ("lumen_hooks.remote", "lumen_hooks.indexing.remote")
    assert not {name for name in had if name in dear or name.startswith(elsewhere)}
