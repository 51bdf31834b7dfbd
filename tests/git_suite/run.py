"""git's own test suite with our hooks in every repository that it makes, and without.

    python -m tests.git_suite.run SOURCES RESULTS [--jobs 2] [--only PATTERN] [--modes files,config]

SOURCES is a folder of git's sources, built where it lies (`make NO_GETTEXT=1 NO_TCLTK=1 NO_CURL=1
NO_EXPAT=1` is enough). Nothing in it is changed: git's scripts are told that another git is
installed (GIT_TEST_INSTALLED, t/README), which is a folder of the build's own wrappers with another
folder of templates (`files`: our scripts are in its hooks/) or with a system configuration
(`config`: our `hook.*` sections, git 2.54 and later). Workers run in the background, as with users,
and git's scripts delete what they made with plain `rm` while they do. A script that makes one of
these hook files itself insists that there is none: in `files` it gets the others' alone.

Tests that compare a repository's git dir with a copy of it, file by file, see ours: they are named,
but not counted.

Each script's answers (TAP) are kept in RESULTS/MODE. Those without hooks (`plain`) are made once
and used again; `--differing` runs only the scripts that differ in the answers that lie there. Exit
code 0: no test answers otherwise with hooks than without, no process is left, and nothing came back
that a script had deleted.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lumen_hooks.notify.events import GIT_EVENTS
from lumen_hooks.setup.git_config import command_for, section_of
from lumen_hooks.setup.script import hook_script

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ABOUT = (
    "am", "bisect", "checkout", "cherry-pick", "clone", "commit", "gc", "hook", "merge", "prune",
    "pull", "rebase", "reset", "restore", "revert", "sparse", "stash", "submodule", "switch",
    "worktree",
)  # fmt: skip
"""Words of a script's name; it is run if it has one of them."""

_CHOSEN = re.compile(rf"^t[0-8]\d\d\d-(.*-)?({'|'.join(ABOUT)})s?[-.]")
_MAKES_HOOK = re.compile(rf"\btest_hook\b.*\b({'|'.join(GIT_EVENTS)})\b")
_TAP = re.compile(r"^(ok|not ok) (\d+)\b(?: - )?(.*)$")

SCRIPT_SECONDS = 1800
WORKERS_END_SECONDS = 120

_LISTS_GIT_DIR = re.compile(r"containing a \.git directory")
"""In the name of a test that compares git dirs: `test_git_directory_is_unchanged` of
t/lib-submodule-update.sh runs `diff -r` on .git/modules/NAME and a copy made just before."""

_TEMPLATES = "SUITE_TEMPLATES"
"""The variable that names a script's templates: git's scripts unset those that begin with GIT_."""

MODES = ("files", "config")


@dataclass(frozen=True, slots=True)
class Answers:
    """What one of git's scripts said.

    Attributes:
        code: its exit code.
        tests: by number, the result (`ok`, `not ok`, or either with a directive) and the name.
    """

    code: int
    tests: dict[int, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Mode:
    """One way to run the scripts: a git of its own, and where things of the run lie.

    Attributes:
        name: plain, files or config.
        answers: the folder of the scripts' answers.
        work: a folder for the run: git's wrappers, templates, the scripts' own folders.
    """

    name: str
    answers: Path
    work: Path

    @property
    def starts(self) -> Path:
        """A line for each process of ours that a hook started."""
        return self.work / "starts"

    def environ(self, templates: Path) -> dict[str, str]:
        """What a script runs in; it drops settings of git's that are not its own kind."""
        return {
            **{name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ},
            "HOME": str(self.work),
            "GIT_TEST_INSTALLED": str(self.work / "bin"),
            "GIT_TEST_CHAIN_LINT": "0",  # a look at the scripts' style, which takes minutes
            "TEST_OUTPUT_DIRECTORY": str(self.work),
            _TEMPLATES: str(templates),
            "XDG_RUNTIME_DIR": str(self.work / "runtime"),
            "LUMEN_REFRESH": "background",
            "LUMEN_WORKERS": "1",
            "LUMEN_THREADS": "1",
        }


def make_mode(name: str, sources: Path, results: Path, work: Path) -> Mode:
    """A git that finds our hooks in every repository, or in none."""
    mode = Mode(name, results / name, work / name)
    mode.answers.mkdir(parents=True, exist_ok=True)
    (mode.work / "trash").mkdir(parents=True)
    (mode.work / "runtime").mkdir(mode=0o700)
    mode.starts.touch()
    python = mode.work / "python"
    _program(
        python,
        f'#!/bin/sh\nprintf "%s\\n" "$3" >>{shlex.quote(str(mode.starts))}\n'
        f'exec {shlex.quote(sys.executable)} "$@"\n',
    )
    for event in GIT_EVENTS:
        _program(mode.work / "hooks" / event, hook_script(event, str(python)))
    settings = ""
    if name == "config":
        system = shlex.quote(str(_system_settings(mode)))
        settings = f"export GIT_CONFIG_NOSYSTEM=0 GIT_CONFIG_SYSTEM={system}\n"
    for wrapper in (sources / "bin-wrappers").iterdir():
        if "." in wrapper.name:
            continue  # what the build makes them from
        text = wrapper.read_text()
        built = f"'{sources}/templates/blt'"
        if built not in text:
            raise SystemExit(f"{sources} was not built where it lies: build it there")
        text = text.replace(f"{sources}/bin-wrappers", str(mode.work / "bin"))
        text = text.replace(built, f'"${_TEMPLATES}"').replace("\n", "\n" + settings, 1)
        _program(mode.work / "bin" / wrapper.name, text)
    return mode


def make_templates(mode: Mode, sources: Path, script: str) -> Path:
    """What git copies to each repository of a script."""
    templates = mode.work / "templates" / script
    shutil.copytree(sources / "templates" / "blt", templates)
    if mode.name == "files":
        own = _MAKES_HOOK.findall((sources / "t" / script).read_text(errors="replace"))
        for event in set(GIT_EVENTS).difference(own):
            shutil.copy2(mode.work / "hooks" / event, templates / "hooks" / event)
    return templates


def _system_settings(mode: Mode) -> Path:
    """The file that is the system's configuration: what `install` writes to a repository's."""
    file = mode.work / "gitconfig"
    for event in GIT_EVENTS:
        script = str(mode.work / "hooks" / event)
        for key, value in (("command", command_for(script)), ("event", event)):
            name = f"{section_of(event)}.{key}"
            subprocess.run(["git", "config", "--file", file, name, value], check=True)
    return file


def _program(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    path.chmod(0o755)


def run_script(mode: Mode, sources: Path, script: str, options: Sequence[str]) -> None:
    """Run one of git's scripts in a folder of its own, and keep its answers."""
    root = mode.work / "trash" / script
    root.mkdir(parents=True)
    process = subprocess.Popen(
        ["sh", script, f"--root={root}", "--no-color", *options],
        cwd=sources / "t",
        env=mode.environ(make_templates(mode, sources, script)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=SCRIPT_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
    answers = mode.answers / (script + ".tap")
    answers.write_bytes(output + b"\n# exit code %d\n" % process.returncode)
    if process.returncode:
        shutil.rmtree(root, ignore_errors=True)  # git's scripts keep what they failed in


def read_answers(path: Path) -> Answers:
    """What a script said in a run; a run that did not happen said nothing."""
    tests: dict[int, tuple[str, str]] = {}
    code = -1
    if path.exists():
        for line in path.read_text(errors="replace").splitlines():
            found = _TAP.match(line)
            if found:
                name, _, directive = found[3].partition(" # ")
                words = directive.split()
                result = f"{found[1]} # {words[0]}" if words else found[1]
                tests[int(found[2])] = (result, name)
            elif line.startswith("# exit code "):
                code = int(line.rsplit(" ", 1)[1])
    return Answers(code, tests)


def differences(plain: Answers, hooked: Answers) -> Iterator[str]:
    """What a script answered otherwise with hooks than without, in words.

    Its exit code is mentioned where no test explains it.
    """
    tests = False
    for number in sorted(plain.tests.keys() | hooked.tests.keys()):
        before, _ = plain.tests.get(number, ("not run", ""))
        after, _ = hooked.tests.get(number, ("not run", ""))
        if before != after:
            name = (plain.tests.get(number) or hooked.tests[number])[1]
            tests = True
            yield f"{number}: {before} -> {after}  {name}"
    if plain.code != hooked.code and not tests:
        yield f"exit code {plain.code} -> {hooked.code}"


def run_mode(
    mode: Mode, sources: Path, scripts: Sequence[str], chosen: argparse.Namespace
) -> list[str]:
    """Run scripts; the processes and folders that are left when all is over."""
    started = time.monotonic()
    with ThreadPoolExecutor(chosen.jobs) as pool:
        futures = [
            pool.submit(_run_and_say, mode, sources, script, chosen.option, f"{n}/{len(scripts)}")
            for n, script in enumerate(scripts, 1)
        ]
    for future in futures:
        future.result()
    left = [f"process {pid} is left" for pid in _ended(mode)]
    trash = mode.work / "trash"
    left += [
        f"{path.relative_to(trash)} came back"
        for root in trash.iterdir()
        for path in root.iterdir()
    ]
    starts = Counter(mode.starts.read_text().split())
    said = ", ".join(f"{count} x {module}" for module, count in sorted(starts.items()))
    print(f"{mode.name}: {time.monotonic() - started:.0f} s; started by hooks: {said or 'nothing'}")
    if mode.name != "plain" and not starts:
        left.append("no hook started anything: they were not in the repositories")
    return left


def _run_and_say(
    mode: Mode, sources: Path, script: str, options: Sequence[str], place: str
) -> None:
    started = time.monotonic()
    run_script(mode, sources, script, options)
    answers = read_answers(mode.answers / (script + ".tap"))
    print(
        f"  {mode.name} {place} {script}: {len(answers.tests)} tests, exit code {answers.code},"
        f" {time.monotonic() - started:.0f} s",
        file=sys.stderr,
        flush=True,
    )


def _ended(mode: Mode) -> list[int]:
    """Wait for our processes; those that do not end."""
    until = time.monotonic() + WORKERS_END_SECONDS
    while (alive := list(_processes(mode))) and time.monotonic() < until:
        time.sleep(0.5)
    return alive


def _processes(mode: Mode) -> Iterator[int]:
    mark = f"XDG_RUNTIME_DIR={mode.work / 'runtime'}".encode()
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                environ = Path("/proc", name, "environ").read_bytes()
            except OSError:
                continue
            if mark in environ.split(b"\0"):
                yield int(name)


def compare(results: Path, mode: str, scripts: Sequence[str]) -> dict[str, list[str]]:
    """By script, what differs between its answers in a mode and those without hooks."""
    found = {
        script: list(
            differences(
                *(read_answers(results / name / f"{script}.tap") for name in ("plain", mode))
            )
        )
        for script in scripts
    }
    return {script: lines for script, lines in found.items() if lines}


def report(results: Path, mode: str, scripts: Sequence[str], left: Sequence[str]) -> bool:
    """Print what differs in a mode; whether anything does."""
    found = compare(results, mode, scripts)
    lines = [f"{script} {line}" for script, said in found.items() for line in said]
    expected = [line for line in lines if _LISTS_GIT_DIR.search(line)]
    differing = len(lines) - len(expected)
    for line in (*lines, *left):
        print(f"{mode}: {line}{'  (compares git dirs)' if line in expected else ''}")
    tests = sum(len(read_answers(results / "plain" / f"{name}.tap").tests) for name in scripts)
    print(
        f"{mode}: {len(scripts)} scripts, {tests} tests, {differing} differ,"
        f" {len(expected)} that compare git dirs, {len(left)} left"
    )
    return bool(differing or left)


def main(argv: Sequence[str]) -> int:
    """Run what is asked for, and print what differs."""
    chosen = _options().parse_args(argv)
    sources, results = chosen.sources.absolute(), chosen.results.absolute()
    modes = [name for name in chosen.modes.split(",") if name != "plain"]
    scripts = sorted(
        path.name
        for path in (sources / "t").iterdir()
        if _CHOSEN.match(path.name) and re.search(chosen.only, path.name)
    )
    if chosen.differing:
        known = {script for mode in modes for script in compare(results, mode, scripts)}
        scripts = [script for script in scripts if script in known]
    if chosen.list:
        print(*scripts, sep="\n")
        return 0
    new = [name for name in scripts if not (results / "plain" / f"{name}.tap").exists()]
    work = Path(tempfile.mkdtemp(prefix="git-suite-", dir=chosen.work))
    try:
        run_mode(make_mode("plain", sources, results, work), sources, new, chosen)
        bad = [
            report(
                results, name, scripts,
                run_mode(make_mode(name, sources, results, work), sources, scripts, chosen),
            )
            for name in modes
        ]  # fmt: skip
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return int(any(bad))


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("sources", type=Path)
    options.add_argument("results", type=Path)
    options.add_argument("--jobs", type=int, default=2)
    options.add_argument("--only", default="", help="scripts whose name matches this expression")
    options.add_argument("--modes", default=",".join(MODES), help="plain alone, files, config")
    options.add_argument("--differing", action="store_true", help="scripts that differed before")
    options.add_argument("--list", action="store_true", help="name the scripts and end")
    options.add_argument("--work", type=Path, help="a folder for git's scripts to work in")
    options.add_argument("--option", action="append", default=[], help="for git's scripts: -v, -i")
    return options


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
