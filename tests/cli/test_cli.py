"""The command line as a user meets it: real processes, the real model, real hooks."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.settings import Settings
from lumen_hooks.system.locks import Acquired, acquire
from tests.support.commands import imported_by, lumen
from tests.support.sources import python_module
from tests.support.waiting import until

if TYPE_CHECKING:
    from tests.support.repository import Repository

HERE = Path(__file__).parents[1]

PASSWORDS = '''class PasswordResetForm:
    """Asks for an address and mails a link to it."""

    def send_mail(self, subject, body, from_email, to_email):
        """Send the password reset email to an address."""
        message = EmailMultiAlternatives(subject, body, from_email, [to_email])
        message.send(fail_silently=False)
        logger.info("password reset email went to %s", to_email)
        return message.message_id
'''


def as_a_user(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The same as `lumen`, in a process that starts as a user's does."""
    return subprocess.run(
        [sys.executable, "-m", "lumen_hooks", *arguments],
        cwd=directory,
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )


def done(result: subprocess.CompletedProcess[str]) -> str:
    """Insist that a command succeeded, and return what it printed for machines."""
    assert result.returncode == 0, result.stderr
    return result.stdout


def status(directory: Path) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(done(lumen(directory, "status", "--json")))
    return answer


def failed(result: subprocess.CompletedProcess[str], code: int) -> str:
    assert result.returncode == code, (result.returncode, result.stderr)
    assert result.stdout == ""
    return result.stderr


@pytest.fixture
def project(repo: Repository) -> Repository:
    """A repository of some files, with hooks and an index."""
    repo.commit(
        {
            "accounts/forms.py": PASSWORDS,
            **{f"lib/m{n}.py": python_module(f"fetch_{n}", f"store_{n}") for n in range(12)},
        }
    )
    installed = lumen(repo.top, "install")
    assert done(installed) == ""
    assert "\nnext: lumen-hooks search " in installed.stderr
    return repo


def test_the_main_job(project: Repository) -> None:
    """Install, add a worktree, search it, edit, commit, merge, remove: issue A in small."""
    before = status(project.top)
    assert (before["state"], before["files"], before["seeded_from"]) == ("fresh", 13, None)
    assert before["last_refresh"]["kind"] == "full"

    # a new worktree is ready when git returns
    feature = project.add_worktree("w2", "-b", "feature")
    assert os.path.exists(find_worktree(str(feature.top)).index_path)
    answer = json.loads(
        done(
            as_a_user(
                project.top, "-C", str(feature.top), "search", "send password reset email", "--json"
            )
        )
    )
    assert list(answer)[:3] == ["query", "worktree", "state"]
    assert (answer["state"], answer["worktree"]) == ("fresh", str(feature.top))
    first = answer["results"][0]
    assert list(first) == [
        "path", "start_line", "end_line", "symbol", "kind", "language", "score", "snippet",
        "lines", "focus", "copies",
    ]  # fmt: skip
    assert first["path"] == "accounts/forms.py"
    assert "send_mail" in first["snippet"]
    seeded = status(feature.top)
    assert seeded["seeded_from"] == str(project.top)
    assert (seeded["last_refresh"]["kind"], seeded["last_refresh"]["chunks_embedded"]) == (
        "seed",
        0,
    )

    # one edited function is one text, found there and not here
    edited = python_module("fetch_3", "store_3").replace("store_3 gives up", "ribosome overflow")
    feature.commit({"lib/m3.py": edited})
    done(as_a_user(feature.top, "wait"))
    refreshed = status(feature.top)
    assert refreshed["last_refresh"]["kind"] == "incremental"
    assert refreshed["last_refresh"]["chunks_embedded"] == 1
    assert "ribosome" in done(as_a_user(feature.top, "search", "ribosome overflow", "-n", "1"))
    assert "ribosome" not in done(as_a_user(project.top, "search", "ribosome overflow", "-n", "1"))

    # merging it embeds nothing
    project.git("merge", "-q", "feature")
    done(as_a_user(project.top, "wait"))
    merged = status(project.top)
    assert merged["head"] == feature.git("rev-parse", "HEAD").strip()
    assert merged["last_refresh"]["chunks_embedded"] == 0
    assert merged["last_refresh"]["files_changed"] == 1

    # and nothing is left of a removed worktree
    folder = find_worktree(str(feature.top)).folder
    project.git("worktree", "remove", str(feature.top))
    assert not os.path.exists(folder)
    assert project.git("status", "--porcelain") == ""
    assert project.git("worktree", "prune", "-v") == ""


def test_the_background_worker_refreshes_unasked(project: Repository) -> None:
    project.commit({"lib/m3.py": python_module("renamed_3")})
    head = project.git("rev-parse", "HEAD").strip()
    until(lambda: status(project.top)["head"] == head)
    assert status(project.top)["state"] == "fresh"


def test_status_keeps_its_contract(project: Repository) -> None:
    found = status(project.top)
    promised = [
        "worktree", "index", "state", "files", "chunks", "model", "dimensions", "head",
        "seeded_from", "pending_files", "index_bytes", "log", "last_refresh",
    ]  # fmt: skip
    assert list(found)[: len(promised)] == promised
    assert list(found["last_refresh"]) == [
        "kind", "files_changed", "files_removed", "chunks_total", "chunks_embedded",
        "chunks_reused", "seconds", "finished_at",
    ]  # fmt: skip
    worktree = find_worktree(str(project.top))
    assert (found["index"], found["log"]) == (worktree.index_path, worktree.log_path)
    assert found["index_bytes"] > 0
    (project.top / "new.py").write_text("x = 1\n")
    stale = status(project.top)
    assert (stale["state"], stale["pending_files"]) == ("stale", 1)
    project.add_worktree("w2")
    every = json.loads(done(lumen(project.top, "status", "--all", "--json")))
    assert len(every) == 2


def test_status_without_an_index(repo: Repository) -> None:
    repo.commit({"a.py": "x = 1\n"})
    found = status(repo.top)
    assert (found["state"], found["files"], found["last_refresh"]) == ("absent", 0, None)
    assert not os.path.exists(find_worktree(str(repo.top)).folder)


def test_search_makes_a_missing_index(repo: Repository) -> None:
    repo.commit({"accounts/forms.py": PASSWORDS})
    assert "no index" in failed(lumen(repo.top, "search", "--no-refresh", "mail"), 1)
    assert "accounts/forms.py:1" in done(lumen(repo.top, "search", "password mail"))


def test_search_says_when_its_answer_is_stale(project: Repository) -> None:
    project.write({"lib/m1.py": "gone = True\n"})
    result = lumen(project.top, "search", "--no-refresh", "--json", "fetch_1")
    answer = json.loads(done(result))
    assert (answer["state"], answer["pending_files"]) == ("stale", 1)
    assert "stale: 1 file differs" in lumen(project.top, "search", "--no-refresh", "fetch_1").stderr
    assert json.loads(done(lumen(project.top, "search", "--json", "fetch_1")))["state"] == "fresh"


def test_a_search_without_a_result_ends_with_1(project: Repository) -> None:
    for form in ((), ("--json",), ("-l",)):
        found = lumen(project.top, "search", "fetch_3", "--kind", "trait", *form)
        assert (found.returncode, "error" in found.stderr) == (1, False)
    assert json.loads(done(lumen(project.top, "search", "fetch_3", "--json")))["results"]


def test_paths_only_and_lines_around(project: Repository) -> None:
    paths = done(lumen(project.top, "search", "-l", "fetch_3 store_3")).splitlines()
    assert paths[0] == "lib/m3.py"
    assert len(paths) == len(set(paths))
    found = {}
    for context in ("0", "2"):
        answer = done(lumen(project.top, "search", "fetch_3", "--json", "--context", context))
        found[context] = json.loads(answer)["results"][0]
    text = (project.top / "lib/m3.py").read_text().rstrip("\n").split("\n")
    start, end = max(1, found["0"]["start_line"] - 2), found["0"]["end_line"] + 2
    end = min(end, len(text))
    assert (found["2"]["start_line"], found["2"]["end_line"]) == (start, end)
    assert found["2"]["snippet"].split("\n") == text[start - 1 : end]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(repo: Repository, shell: str) -> None:
    assert "_LUMEN_HOOKS_COMPLETE" in done(lumen(repo.top, "completion", shell))
    words = subprocess.run(
        [sys.executable, "-m", "lumen_hooks"],
        env={
            **os.environ,
            "_LUMEN_HOOKS_COMPLETE": f"{shell}_complete",
            "COMP_WORDS": "lumen-hooks sta",
            "COMP_CWORD": "sta" if shell == "fish" else "1",
        },
        check=False,
        capture_output=True,
        text=True,
    )
    assert "status" in words.stdout


def test_output_on_a_terminal_and_in_a_pipe(project: Repository) -> None:
    piped = lumen(project.top, "search", "send password reset email", "-n", "1")
    assert "\x1b" not in piped.stdout + piped.stderr
    assert piped.stdout.startswith("accounts/forms.py:")
    shown = _on_a_terminal(project.top, "search", "send password reset email", "-n", "1")
    assert b"\x1b[" in shown
    assert b"accounts/forms.py" in shown
    assert b"%" not in lumen(project.top, "index", "--force").stderr.encode()
    project.write({f"more/f{n}.py": python_module(f"more_{n}") for n in range(40)})
    assert b"chunks" in _on_a_terminal(project.top, "index")


def _on_a_terminal(directory: Path, *arguments: str) -> bytes:
    parent, child = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "lumen_hooks", *arguments],
        cwd=directory, stdin=child, stdout=child, stderr=child, close_fds=True,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"},
    )  # fmt: skip
    os.close(child)
    output = b""
    while True:
        try:
            piece = os.read(parent, 65536)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        output += piece
    os.close(parent)
    assert process.wait() == 0
    return output


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("search",), 2, "Missing argument"),
        (("nonsense",), 2, "No such command"),
        (("wait", "--timeout", "-1"), 2, "--timeout"),
        (("hook", "post-nonsense"), 2, "post-nonsense"),
        (("search", "   "), 1, "hint:"),
        (("search", "x", "-n", "0"), 1, "hint:"),
        (("search", "x", "--lang", "klingon"), 1, "klingon"),
        (("-C", "missing", "status"), 1, "does not exist"),
        (("-C", "/", "status"), 1, "not in a git worktree"),
        (("-C", ".git", "status"), 1, "git directory"),
    ],
)
def test_bad_input(repo: Repository, arguments: tuple[str, ...], code: int, words: str) -> None:
    repo.commit({"a.py": python_module("alpha")})
    message = failed(lumen(repo.top, *arguments), code)
    assert words in message
    assert "Traceback" not in message


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("lumen.model", "no/such-model"),
        ("lumen.enabled", "false"),
    ],
)
def test_a_wrong_setting_names_the_setting(project: Repository, key: str, value: str) -> None:
    index = find_worktree(str(project.top)).index_path
    before = os.stat(index).st_ino
    project.git("config", key, value)
    message = failed(lumen(project.top, "index"), 1)
    assert key in message
    assert "hint:" in message
    assert "Traceback" not in message
    assert os.stat(index).st_ino == before
    assert done(subprocess_git(project, "switch", "-c", "still-works")) == ""


def subprocess_git(repo: Repository, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["git", *arguments], cwd=repo.top, check=False, capture_output=True, text=True
    )


def test_a_bare_repository(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", "--bare", str(tmp_path / "hub.git")], check=True)
    assert "bare repository" in failed(lumen(tmp_path / "hub.git", "index"), 1)


def test_a_busy_index_names_its_holder(project: Repository) -> None:
    project.git("config", "lumen.seedWait", "0.2")
    lock = acquire(find_worktree(str(project.top)).lock_path, timeout=0, purpose="a long refresh")
    assert isinstance(lock, Acquired)
    with lock:
        for arguments in (("index",), ("wait", "--timeout", "0.2")):
            message = failed(lumen(project.top, *arguments), 1)
            assert f"process {os.getpid()} (a long refresh)" in message


def test_purge_and_uninstall(project: Repository) -> None:
    worktree = find_worktree(str(project.top))
    done(lumen(project.top, "purge"))
    assert not os.path.exists(worktree.index_path)
    assert os.path.exists(worktree.embeddings_path)
    done(lumen(project.top, "index"))
    assert status(project.top)["last_refresh"]["chunks_embedded"] == 0
    done(lumen(project.top, "uninstall", "--purge"))
    assert not os.path.exists(worktree.embeddings_path)
    hooks = os.listdir(os.path.join(worktree.git_dir, "hooks"))
    assert [name for name in hooks if not name.endswith(".sample")] == []


def test_every_command_and_setting_is_documented() -> None:
    from lumen_hooks.cli.main import COMMANDS

    page = (HERE.parent / "docs/commands.md").read_text(encoding="utf-8")
    for command in COMMANDS:
        assert f"lumen-hooks {command}" in page, command
        assert done(lumen(HERE, command, "--help")).startswith("Usage:")
    for name in set(Settings._fields) - {"listing"}:  # which is git's
        head, *rest = name.split("_")
        assert f"lumen.{head}{''.join(part.capitalize() for part in rest)}" in page, name


def test_every_place_of_a_text(project: Repository) -> None:
    project.write({"odd\nname.py": "fetch_3()  # \x1b[2J --no-verify\n"})
    found = lumen(project.top, "search", "--exact", "-w", "fetch_3")
    lines = done(found).splitlines()
    assert lines[0] == "lib/m3.py:4:5:def fetch_3(request, retries=3):"
    assert "odd\\nname.py:1:1:fetch_3()  # \\x1b[2J --no-verify" in lines
    assert f"{len(lines)} places in 2 files: 1 definition" in found.stderr
    assert done(lumen(project.top, "search", "--exact", "--no-verify", "-l")) == "odd\\nname.py\n"
    found = lumen(project.top, "search", "--regex", r"def fetch_\d+", "--path", "lib", "-n", "2")
    assert len(done(found).splitlines()) == 2
    assert "the first 2 of 12 places in 12 files: 12 definitions" in found.stderr
    data = json.loads(done(lumen(project.top, "search", "fetch_3", "--exact", "-w", "--json")))
    assert (data["total"], data["files"], data["counts"]["definition"]) == (len(lines), 2, 1)
    assert set(data["results"][0]) == {
        *("path", "line", "column", "role", "symbol", "kind", "language", "snippet")
    }
    assert "no places" in failed(lumen(project.top, "search", "--exact", "not there"), 1)
    for wrong in (["--regex", "("], ["--exact", ""], ["--exact", "a", "--regex"], ["a", "-w"]):
        assert "Error:" in failed(lumen(project.top, "search", *wrong), 2)
    assert "is for a search by meaning" in failed(
        lumen(project.top, "search", "--exact", "a", "--context", "3"), 2
    )


def test_output_that_there_is_no_room_for(tmp_path: Path) -> None:
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [sys.executable, "-m", "lumen_hooks", "--version"],
            cwd=tmp_path, check=False, stdout=full, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
    said = "error: cannot write the output: No space left on device\n"
    assert (result.returncode, result.stderr) == (1, said)


def test_what_is_no_number_is_a_usage_error(tmp_path: Path) -> None:
    for words in (
        ("wait", "--timeout", "nan"),
        ("search", "x", "--threshold", "nan"),
        ("status", "--watch", "nan"),
        ("status", "--watch", "inf"),
    ):
        assert lumen(tmp_path, *words).returncode == 2


def test_a_pipe_that_is_closed_early(project: Repository) -> None:
    command = f"{sys.executable} -I -m lumen_hooks search --exact e | head -1"
    ended = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=project.top,
        check=False,
        capture_output=True,
        text=True,
    )
    assert (ended.returncode, ended.stdout.count("\n")) == (0, 1)
    assert "error" not in ended.stderr


def test_commands_import_nothing_that_their_server_has_not(repo: Repository) -> None:
    repo.commit({"users.py": PASSWORDS})
    for command in (
        *(("index",), ("search", "reset"), ("search", "--json", "reset"), ("status",)),
        *(("search", "--exact", "reset"), ("search", "--regex", "res[e]t"), ("doctor",)),
        *(("related", "users.py:1"), ("install",), ("uninstall",), ("purge",)),
    ):
        assert imported_by(repo.top, *command) == [], command
