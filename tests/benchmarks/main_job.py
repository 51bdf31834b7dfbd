"""The main job on Django's 883 Python files: each step's CPU seconds, and what was embedded.

    python -m tests.benchmarks.main_job [--python-only] [--keep FOLDER]

Hooks are off while git runs (but for the seed in front of `git worktree add`), and each refresh
is run and measured in the foreground, so that nothing happens unmeasured in the background.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .measure import Cost, django_sources, git_settings, indexed_bytes, lumen, run

if TYPE_CHECKING:
    from collections.abc import Sequence

EDITED = Path("django/contrib/auth/hashers.py")


def main(argv: Sequence[str]) -> None:
    """Run all steps and print a line for each."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--python-only", action="store_true", help="leave out all but *.py")
    options.add_argument("--keep", type=Path, help="use and keep this folder")
    chosen = options.parse_args(argv)
    folder = chosen.keep or Path(tempfile.mkdtemp(prefix="lumen-bench-"))
    folder.mkdir(parents=True, exist_ok=True)
    os.environ.update(git_settings(folder), LUMEN_HOOKS="0")
    try:
        _measure(folder, python_only=chosen.python_only)
    finally:
        if chosen.keep is None:
            shutil.rmtree(folder)


def _measure(folder: Path, *, python_only: bool) -> None:
    top = _repository(folder, python_only=python_only)
    full, _ = lumen("install", cwd=top)
    found = _status(top)
    _say("install: hooks and full build", full, found)
    source = indexed_bytes(top)
    size = found["index_bytes"]
    print(f"  index {size / 1e6:.2f} MB, {size / source:.2f} of {source / 1e6:.2f} MB indexed,"
          f" {size / found['chunks']:.0f} bytes a chunk")  # fmt: skip

    new = folder / "w2"
    bare = min((_worktree_add(top, folder / f"plain{n}", hooks=False) for n in range(3)), key=_cpu)
    hooked = _worktree_add(top, new, hooks=True)
    print(f"{'git worktree add':34} {bare}")
    print(f"{'  with hooks, seed in front':34} {hooked}   +{hooked.cpu - bare.cpu:.3f} CPU s")
    search, output = lumen("search", "send password reset email", "--json", cwd=new)
    _say("first search in it", search, _status(new))
    best = json.loads(output)["results"][0]
    print(f"  best: {best['path']}:{best['start_line']} {best['symbol']}")
    again, _ = lumen("search", "send password reset email", "--json", cwd=new)
    _say("second search", again, None)
    nothing, _ = lumen("index", cwd=new)
    _say("refresh with nothing to do", nothing, None)

    text = (new / EDITED).read_text()
    (new / EDITED).write_text(
        text.replace("masked += char * len(hash[show:])", "masked += char * 8")
    )
    run("git", "commit", "-qam", "edit", cwd=new)
    edit, _ = lumen("index", cwd=new)
    _say("one function edited", edit, _status(new))
    run("git", "merge", "-q", "w2", cwd=top)
    merge, _ = lumen("index", cwd=top)
    _say("merged in the main worktree", merge, _status(top))
    rebuild, _ = lumen("index", "--force", cwd=top)
    _say("rebuild, all vectors known", rebuild, _status(top))
    run("git", "worktree", "remove", str(new), cwd=top)
    left = [name for name in os.listdir(top / ".git" / "worktrees") if name.startswith("w2")]
    print(f"left after git worktree remove: {left or 'nothing'}")


def _repository(folder: Path, *, python_only: bool) -> Path:
    top = folder / "main"
    sources = django_sources(folder / "sources")
    ignore = None if not python_only else _only_python
    shutil.copytree(sources, top / "django", ignore=ignore)
    run("git", "init", "-q", cwd=top)
    run("git", "add", "-A", cwd=top)
    run("git", "commit", "-qm", "Django 5.2", cwd=top)
    return top


def _only_python(folder: str, names: list[str]) -> list[str]:
    files = [name for name in names if not os.path.isdir(os.path.join(folder, name))]
    return [name for name in files if not name.endswith(".py")]


def _worktree_add(top: Path, place: Path, *, hooks: bool) -> Cost:
    env = {"LUMEN_HOOKS": "1" if hooks else "0", "LUMEN_REFRESH": "background"}
    cost, _ = run("git", "worktree", "add", "-q", "-b", place.name, str(place), cwd=top, env=env)
    return cost


def _cpu(cost: Cost) -> float:
    return cost.cpu


def _status(top: Path) -> dict[str, Any]:
    _, output = lumen("status", "--json", cwd=top)
    answer: dict[str, Any] = json.loads(output)
    return answer


def _say(step: str, cost: Cost, found: dict[str, Any] | None) -> None:
    line = f"{step:34} {cost}"
    if found is not None:
        last = found["last_refresh"]
        line += (
            f"   {found['state']}, {found['files']} files, {found['chunks']} chunks;"
            f" {last['kind']}: {last['chunks_embedded']} embedded,"
            f" {last['files_changed']} files changed"
        )
    print(line)


if __name__ == "__main__":
    main(sys.argv[1:])
