"""What the hooks cost in front of the user, against `#!/bin/sh exit 0` in the same run.

    python -m tests.benchmarks.hooks [--runs 50] [--sources FOLDER] [--no-pre-commit] [--no-seed]

For each event a script is run as git runs it; the empty one, the one that is measured, and the
next take turns, so that all meet the same load. A worker that an event starts is a program that
ends at once: what it does is not in front of the user. CPU is user and system time of the process
and its children that were waited for.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.notify.events import GIT_EVENTS
from lumen_hooks.setup.git_config import command_for
from lumen_hooks.setup.installer import Request, install_hooks, install_pre_commit
from lumen_hooks.setup.pre_commit import INSTALL_COMMAND
from lumen_hooks.setup.script import hook_script

from .measure import Cost, django_sources, git_settings, lumen, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

HASH = "1" * 40
SEED_RUNS = 10

CALLS = (
    ("post-checkout", HASH, HASH, "1"),
    ("post-checkout", HASH, HASH, "0"),
    ("post-merge", "0"),
    ("post-commit",),
    ("post-rewrite", "amend"),
)


def main(argv: Sequence[str]) -> None:
    """Measure everything and print a line for each."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=50)
    options.add_argument("--sources", type=Path, help="keep the unpacked sources here")
    options.add_argument("--no-pre-commit", action="store_true")
    options.add_argument("--no-seed", action="store_true")
    chosen = options.parse_args(argv)
    folder = Path(tempfile.mkdtemp(prefix="lumen-bench-"))
    os.environ.update(git_settings(folder))
    try:
        _events(folder / "events", chosen.runs)
        _for_all(folder / "for all", chosen.runs)
        if not chosen.no_pre_commit:
            _pre_commit(folder / "pre-commit", max(5, chosen.runs // 5))
        if not chosen.no_seed:
            _seed(folder / "seed", chosen.sources or folder / "sources")
    finally:
        shutil.rmtree(folder)


@dataclass(frozen=True, slots=True)
class Place:
    """A worktree to call hooks in: its name for people, top folder, and git's environment."""

    name: str
    top: Path
    environ: dict[str, str]


def _events(folder: Path, runs: int) -> None:
    main = _repository(folder / "main", {"a.py": "a = 1\n"})
    run("git", "worktree", "add", "-q", "-b", "w1", str(folder / "w1"), cwd=main)
    git_dir = main / ".git" / "worktrees" / "w1"
    places = (
        Place("main", main, {}),
        Place("linked", folder / "w1", {"GIT_DIR": str(git_dir)}),
    )
    empty = _program(folder / "empty", "#!/bin/sh\nexit 0\n")
    worker = _program(folder / "python", "#!/bin/sh\nexit 0\n")
    scripts = {event: _program(folder / event, hook_script(event, str(worker)))
               for event in GIT_EVENTS}  # fmt: skip
    print(f"{'event':22} {'worktree':8} {'state':10} {'CPU ms over the empty hook':28} wall ms")
    for place in places:
        for state in ("dead", "alive", "disabled"):
            with _worker(place, state):
                for event, *arguments in CALLS:
                    environ = {"LUMEN_HOOKS": "0"} if state == "disabled" else {}
                    name = event + (" (file)" if arguments[2:] == ["0"] else "")
                    ours = partial(_cost, [str(scripts[event]), *arguments], place, environ)
                    rows = _in_turns(runs, partial(_cost, [str(empty)], place), ours)
                    print(f"{name:22} {place.name:8} {state:10} {_over(*rows)}")
                    (_folder(place) / "events").unlink(missing_ok=True)


def _for_all(folder: Path, runs: int) -> None:
    """The hooks of `install --global` in a repository that has nothing of ours.

    As a hook file, and as git starts what its configuration names: with a shell of its own.
    """
    place = Place("main", _repository(folder / "main", {"a.py": "a = 1\n"}), {})
    empty = _program(folder / "empty", "#!/bin/sh\nexit 0\n")
    for event, *arguments in CALLS:
        name = event + (" (file)" if arguments[2:] == ["0"] else "")
        content = hook_script(event, sys.executable, serves="user")
        script = str(_program(folder / event, content))
        ways = {
            "not used": [script, *arguments],
            "by config": ["/bin/sh", "-c", f'{command_for(script)} "$@"', "hook", *arguments],
        }
        for way, command in ways.items():
            rows = _in_turns(
                runs, partial(_cost, [str(empty)], place), partial(_cost, command, place)
            )
            print(f"{name:22} {way:19} {_over(*rows)}")


@contextmanager
def _worker(place: Place, state: str) -> Iterator[None]:
    """An index, and the lock file that a living or a dead worker leaves."""
    folder = _folder(place)
    folder.mkdir(exist_ok=True)
    (folder / "index.db").touch()
    command = [sys.executable, "-c", "input()", "lumen_hooks.worker"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        pid = process.pid if state == "alive" else 4_000_000
        (folder / "worker.lock").write_text(f"{pid} 12.5 refresh\n")
        try:
            yield
        finally:
            process.kill()


def _folder(place: Place) -> Path:
    return Path(find_worktree(str(place.top)).folder)


def _in_turns(runs: int, *calls: Callable[[], Cost]) -> list[list[Cost]]:
    costs: list[list[Cost]] = [[] for _ in calls]
    for _ in range(runs):
        for call, found in zip(calls, costs, strict=True):
            found.append(call())
    return costs


def _over(empty: list[Cost], hook: list[Cost]) -> str:
    """Minimum and median of both, and the differences."""
    parts = []
    for kind in ("cpu", "wall"):
        base = [1000 * getattr(cost, kind) for cost in empty]
        ours = [1000 * getattr(cost, kind) for cost in hook]
        low, middle = min(ours) - min(base), statistics.median(ours) - statistics.median(base)
        parts.append(f"min {low:+6.2f}  median {middle:+6.2f}")
    return f"{parts[0]:28} {parts[1]}"


def _cost(command: list[str], place: Place, environ: dict[str, str] | None = None) -> Cost:
    """What one process costs, to the microsecond: rusage of that child alone (wait4)."""
    environment = {**os.environ, **place.environ, **(environ or {})}
    started = time.perf_counter()
    previous = os.getcwd()
    os.chdir(place.top)
    try:
        pid = os.posix_spawn(command[0], command, environment)
    finally:
        os.chdir(previous)
    _, _, usage = os.wait4(pid, 0)
    return Cost(usage.ru_utime + usage.ru_stime, time.perf_counter() - started)


def _pre_commit(folder: Path, runs: int) -> None:
    """A commit without hooks, with hook files, and under the framework."""
    tops = {}
    for kind in ("none", "native", "pre-commit"):
        top = _repository(folder / kind, {"a.py": "a = 1\n"})
        python = _program(folder / f"{kind} python", "#!/bin/sh\nexit 0\n")
        place = find_worktree(str(top))
        request = Request(str(python), config_hooks=False)
        if kind == "native":
            install_hooks(place, request)
        elif kind == "pre-commit":
            install_pre_commit(place, request)
            run("git", "add", "-A", cwd=top)
            run("git", "commit", "-qm", "stanza", cwd=top)
            run(sys.executable, "-m", "pre_commit", *INSTALL_COMMAND.split()[1:], cwd=top)
        (top / ".git" / "lumen").mkdir(exist_ok=True)
        tops[kind] = top
    found = _in_turns(runs, *(partial(_commit, top) for top in tops.values()))
    for kind, costs in zip(tops, found, strict=True):
        if kind != "none":
            print(f"{'git commit':22} {kind:19} {_over(found[0], costs)}")


def _commit(top: Path) -> Cost:
    return run("git", "commit", "-q", "--allow-empty", "-m", "x", cwd=top)[0]


def _seed(folder: Path, sources: Path) -> None:
    """The hook of a new worktree of Django's package, whose index lies there when it returns.

    The script is run as `git worktree add` runs it, in worktrees that were made without hooks:
    what git itself costs for so many files varies by more than what is measured.
    """
    top = folder / "main"
    shutil.copytree(django_sources(sources), top / "django")
    run("git", "init", "-q", cwd=top)
    run("git", "add", "-A", cwd=top)
    run("git", "commit", "-qm", "Django 5.2", cwd=top)
    lumen("install", "--native", cwd=top)
    empty = _program(folder / "empty", "#!/bin/sh\nexit 0\n")
    script = top / ".git" / "hooks" / "post-checkout"
    head = run("git", "rev-parse", "HEAD", cwd=top)[1].strip()
    rows: list[list[Cost]] = [[], []]
    for number in range(SEED_RUNS):
        linked = folder / f"w{number}"
        command = ["git", "worktree", "add", "-q", "--detach", str(linked)]
        run(*command, cwd=top, env={"LUMEN_HOOKS": "0"})
        place = Place("linked", linked, {})
        rows[0].append(_cost([str(empty)], place))
        rows[1].append(_cost([str(script), "0" * len(head), head, "1"], place))
        if not (_folder(place) / "index.db").exists():
            raise SystemExit("the new worktree was not seeded")
        lumen("wait", cwd=linked)
        run("git", "worktree", "remove", "--force", str(linked), cwd=top)
    print(f"{'post-checkout':22} {'linked':8} {'seed':10} {_over(*rows)}")


def _repository(top: Path, files: dict[str, str]) -> Path:
    top.mkdir(parents=True)
    run("git", "init", "-q", cwd=top)
    for name, content in files.items():
        (top / name).write_text(content)
    run("git", "add", "-A", cwd=top)
    run("git", "commit", "-qm", "first", cwd=top)
    return top


def _program(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    path.chmod(0o755)
    return path


if __name__ == "__main__":
    main(sys.argv[1:])
