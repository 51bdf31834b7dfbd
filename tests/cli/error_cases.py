"""What a user may do wrong, or find wrong, and which errors cannot be caused so.

Data alone: `error_table` does what is written here and makes docs/errors.md of what is said.
"""

from __future__ import annotations

import os
import shutil
from contextlib import redirect_stderr
from io import StringIO
from typing import TYPE_CHECKING, NamedTuple

import apsw

from lumen_hooks.cli.main import run
from lumen_hooks.storage import facts
from lumen_hooks.system.locks import Acquired, acquire
from tests.support.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

MODEL = "BAAI/bge-small-en-v1.5"
TOKENIZER = (
    "config.json", "special_tokens_map.json", "tokenizer.json", "tokenizer_config.json"
)  # fmt: skip
"""Files that fastembed wants beside the network."""


class Place(NamedTuple):
    """Where a case happens.

    Attributes:
        home: the user's folder, with nothing else in it.
        repo: an indexed repository `shop` in it.
        holds: what is to be let go at the end.
    """

    home: Path
    repo: Repository
    holds: list[Acquired]

    def own_file(self, name: str) -> Path:
        """One of our files in the git dir."""
        return self.repo.top / ".git/lumen" / name

    def hold(self, name: str = "index.lock") -> None:
        """Be another process that holds a lock."""
        lock = acquire(str(self.own_file(name)), timeout=0, purpose="a long refresh")
        assert isinstance(lock, Acquired)
        self.holds.append(lock)


class Case(NamedTuple):
    """One input and what makes it wrong.

    Attributes:
        given: in words, what is the case; empty if the command says it.
        command: what follows `lumen-hooks`; `{home}` and `{shop}` stand for the folders.
        prepare: makes it so.
        where: the folder to run it in, from the home folder.
        environment: what is added to it.
        slow: it imports what takes seconds.
    """

    given: str
    command: tuple[str, ...]
    prepare: Callable[[Place], object] = lambda _: None
    where: str = "shop"
    environment: tuple[tuple[str, str], ...] = ()
    slow: bool = False


def config(*arguments: str) -> Callable[[Place], object]:
    """A line of git's configuration in the repository."""
    return lambda place: place.repo.git("config", *arguments)


def setting(name: str, value: str, *, slow: bool = False) -> Case:
    """`index`, with a setting that it cannot go by."""
    return Case(f"`git config {name} '{value}'`", ("index",), config(name, value), slow=slow)


def written(files: dict[str, str | bytes]) -> Callable[[Place], object]:
    """Files of the worktree."""
    return lambda place: place.repo.write(files)


def sql(name: str, *statements: str) -> Callable[[Place], None]:
    """A database of ours as another version would have left it."""

    def change(place: Place) -> None:
        with apsw.Connection(str(place.own_file(name))) as connection:
            for statement in statements:
                connection.execute(statement)

    return change


def _linked(place: Place) -> Repository:
    return place.repo.add_worktree("linked", "-q", "--detach")


def _pruned(place: Place) -> None:
    _linked(place)
    shutil.rmtree(place.repo.top / ".git/worktrees")


def _lost(place: Place) -> None:
    (place.home / "lost").mkdir()
    (place.home / "lost/.git").write_text("gitdir: ../no\n")


def _apart(place: Place) -> None:
    (place.home / "elsewhere").mkdir()
    place.repo.git("config", "core.worktree", str(place.home / "elsewhere"))


def _model(*files: tuple[str, str]) -> Callable[[Place], None]:
    def make(place: Place) -> None:
        folder = place.home / "model"
        folder.mkdir()
        for name, text in files:
            (folder / name).write_text(text)
        place.repo.git("config", "lumen.model", str(folder))

    return make


def _folder_in_place_of(name: str) -> Callable[[Place], None]:
    def make(place: Place) -> None:
        place.own_file(name).unlink(missing_ok=True)
        place.own_file(name).mkdir()

    return make


def _linked_folder(place: Place) -> None:
    folder = place.repo.top / ".git/lumen"
    shutil.move(folder, place.home / "kept")
    folder.symlink_to(place.home / "kept")


def _unindexed(place: Place) -> None:
    shutil.rmtree(place.repo.top / ".git/lumen")


def _being_made(place: Place) -> None:
    place.own_file("index.db").unlink()
    place.repo.git("config", "lumen.seedWait", "0.1")
    place.hold()


def _busy(place: Place) -> None:
    place.repo.git("config", "lumen.seedWait", "0.1")
    place.hold()


def _not_utf8(place: Place) -> None:
    top = os.fsencode(place.home) + b"/caf\xe9"
    os.mkdir(top)
    Repository(type(place.home)(os.fsdecode(top))).git("init", "-q")


def _edited_hook(place: Place) -> None:
    with redirect_stderr(StringIO()):
        assert run(["-C", str(place.repo.top), "install", "--no-index"]) == 0
    for script in (place.repo.top / ".git/lumen/hooks").iterdir():
        with script.open("a") as file:
            file.write("echo mine\n")


def _binary_hook(place: Place) -> None:
    hook = place.repo.top / ".git/hooks/post-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_bytes(b"\x7fELF\x00")
    hook.chmod(0o755)


def _newer_facts(place: Place) -> None:
    with apsw.Connection(str(place.own_file("index.db"))) as connection:
        facts.write(connection, facts.read(connection)._replace(index_version=99))


def _garbage(place: Place) -> None:
    place.own_file("index.db").write_bytes(b"no database" * 9999)


OLD = ("DROP TABLE files", "PRAGMA user_version=1")
FACT = "UPDATE meta SET value='x' WHERE key='model'"
NO_REFRESH = ("search", "cart", "--no-refresh")

IN_PLACES = (
    Case("a folder that is not there", ("-C", "missing", "status")),
    Case("a folder without a repository", ("status",), where="."),
    Case("inside of `.git`", ("-C", ".git", "status")),
    Case(
        "a bare repository", ("-C", "{home}/hub.git", "index"),
        lambda place: place.repo.git("init", "-q", "--bare", str(place.home / "hub.git")),
    ),
    Case(
        "a folder that was deleted meanwhile", ("status",),
        lambda place: (place.home / "gone").rmdir(), where="gone",
    ),
    Case("a worktree that git has pruned", ("-C", "{home}/linked", "status"), _pruned),
    Case(
        "a worktree whose repository was moved", ("-C", "{home}/linked", "status"),
        lambda place: (_linked(place), shutil.move(place.repo.top, place.home / "moved")),
        where=".",
    ),
    Case(
        "a `.git` file that leads nowhere", ("-C", "{home}/lost", "status"),
        _lost,
    ),
    Case("`core.worktree` names another folder", ("status",), _apart),
    Case(
        "a Jujutsu workspace without `.git`", ("-C", "{home}/change", "status"),
        lambda place: (place.home / "change/.jj").mkdir(parents=True),
    ),
    Case("no git on PATH", ("index",), environment=(("PATH", "/nowhere:/etc/passwd"),)),
    Case(
        "a repository of another user", ("index",),
        environment=(("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1"),),
    ),
    Case(
        "the repository holds the home folder", ("search", "cart"), _unindexed,
        environment=(("HOME", "{shop}"),),
    ),
    Case("a folder whose name is no UTF-8", ("-C", "{home}/caf\udce9", "index"), _not_utf8),
)  # fmt: skip

OF_SETTINGS = (
    setting("lumen.enabled", "false"),
    setting("lumen.workers", "many"),
    setting("lumen.refresh", "allways"),
    setting("lumen.language", "*.inc=klingon"),
    setting("lumen.model", "no/such-model", slow=True),
    setting("lumen.model", MODEL, slow=True),
    setting("lumen.language", "#=php"),
    setting("lumen.language", "php"),
    setting("lumen.seedWait", "long"),
    setting("lumen.model", "./model"),
    setting("lumen.model", "/no/such/folder"),
    Case("a folder without a model", ("index",), _model(("tokenizer.json", "{}"))),
    Case("a folder without a tokenizer", ("index",), _model(("config.json", "{}"))),
    Case(
        "a network whose configuration says no size", ("index",),
        _model(*((name, "{}") for name in TOKENIZER), ("model.onnx", "")),
    ),
    Case(
        "weights that are none", ("index",),
        _model(("tokenizer.json", "{}"), ("model.safetensors", "no weights")),
    ),
)  # fmt: skip

OF_QUERIES = (
    Case("", ("search",)),
    Case("", ("search", " ")),
    Case("", ("search", "cart", "-n", "0")),
    Case("", ("search", "cart", "-n", "few")),
    Case("", ("search", "cart", "--lang", "klingon")),
    Case("", ("search", "cart", "--lang", "pyhton")),
    Case("", ("search", "cart", "--kind", "klingon")),
    Case("", ("search", "cart", "--content", "pictures")),
    Case(
        "no such files there", ("search", "cart", "--path", "shop.py", "--content", "docs")
    ),
    Case("", ("search", "cart", "--type", "py")),
    Case("", ("search", "cart", "--path", "shopp.py")),
    Case("", ("search", "cart", "--path", "src/**/*.ts")),
    Case("", ("search", "cart", "--path", "/etc")),
    Case("", ("search", "cart", "--path", "../elsewhere")),
    Case("", ("search", "cart", "--path", "a.py", "--path", "b.py")),
    Case("an ignored file", ("search", "cart", "--path", "build/made.py")),
    Case("a binary file", ("search", "cart", "--path", "logo.bin")),
    Case(
        "a file that is new", ("search", "cart", "--path", "new.py", "--no-refresh"),
        written({"new.py": "a = 1\n"}),
    ),
    Case("", ("search", "cart", "--exclude", "**")),
    Case("", ("search", "cart", "--path", "{a,b}" * 9)),
    Case("more than 5,000 characters", ("search", "cart", "--path", "x" * 9000)),
    Case("no index, and none may be made", ("search", "cart", "--no-refresh"), _unindexed),
    Case("", ("search", "--exact", "")),
    Case("", ("search", "--exact", "cart\ntotal")),
    Case("more than 10,000 characters", ("search", "--exact", "x" * 20_000)),
    Case("bytes that are no UTF-8", ("search", "--exact", "caf\udce9")),
    Case("", ("search", "--exact", "cart", "-n", "0")),
    Case("", ("search", "--exact", "cart", "--regex")),
    Case("", ("search", "--exact", "cart", "--context", "3")),
    Case("", ("search", "--regex", "(cart")),
    Case("", ("search", "--regex", "(?=cart)")),
    Case("", ("search", "cart", "--word")),
    Case("", ("search", "cart", "--max-lines", "0")),
    Case("", ("search", "cart", "--max-tokens", "1")),
    Case("", ("search", "cart", "-l", "--vimgrep")),
    Case("", ("search", "cart", "-0")),
    Case("", ("-C", ".", "-C", "docs", "status")),
    Case("", ("search", "cart", "--summary", "--max-lines", "3")),
    Case("", ("search", "cart", "-l", "--context", "3")),
    Case("", ("search", "cart", "--changed-since", "HEAD")),
    Case("", ("search", "cart", "--changed-since", "no-such-branch")),
    Case("", ("outline", "shpo.py")),
    Case("", ("outline", "docs")),
    Case("", ("related", "shop.py")),
    Case("", ("related", "shop.py:999")),
    Case("", ("related", "missing.py:1")),
    Case("", ("related", "logo.bin:1")),
    Case("", ("related", "shpo.py:1")),
    Case("", ("related", "docs:1")),
    Case("", ("related", "shop.py:1", "-n", "0")),
    Case("an empty file", ("related", "empty.py:1")),
    Case("a line without a word", ("related", "dots.txt:1")),
)  # fmt: skip

OF_COMMANDS = (
    Case("", ("serach", "cart")),
    Case("", ("wait", "--timeout", "-1")),
    Case("", ("hook", "post-nonsense")),
    Case("", ("agent", "instal")),
    Case("", ("-C",)),
    Case("", ("completion", "tcsh")),
    Case("in a pipe", ("status", "--watch")),
    Case("", ("status", "--watch", "--json")),
)

OF_HOOKS = (
    Case("", ("install", "--native", "--pre-commit")),
    Case("", ("install", "somewhere")),
    Case("", ("install", "--global", "missing")),
    Case("", ("uninstall", "--global", "--purge")),
    Case("`core.hooksPath` is empty", ("install", "--no-index"), config("core.hooksPath", "")),
    Case(
        "`core.hooksPath` names a file", ("install", "--no-index"),
        lambda place: place.repo.git("config", "core.hooksPath", str(place.repo.top / "shop.py")),
    ),
    Case(
        "`core.hooksPath` is `.git/hooks`, here a linked worktree",
        ("-C", "{home}/linked", "install", "--no-index"),
        lambda place: (_linked(place), place.repo.git("config", "core.hooksPath", ".git/hooks")),
    ),
    Case("a hook that is no script", ("install", "--no-index"), _binary_hook),
    Case("a script of ours that was edited", ("uninstall",), _edited_hook),
    Case(
        "a `.pre-commit-config.yaml` without `repos`", ("install", "--pre-commit", "--no-index"),
        written({".pre-commit-config.yaml": "- just a list\n"}),
    ),
)  # fmt: skip

OF_INDEXES = (
    Case(
        "facts of a newer version", ("index",), _newer_facts
    ),
    Case("another program's database", NO_REFRESH, sql("index.db", "PRAGMA application_id=7")),
    Case("a table that is not ours", NO_REFRESH, sql("index.db", "CREATE TABLE mine(a)")),
    Case("tables of long ago", NO_REFRESH, sql("index.db", *OLD)),
    Case("a file that is no database", NO_REFRESH, _garbage),
    Case("a changed row", NO_REFRESH, sql("index.db", FACT)),
    Case("a changed row", NO_REFRESH, sql("index.db", "UPDATE chunks SET symbol='other'")),
    Case("another process makes it", ("search", "cart"), _being_made),
    Case("another process refreshes it", ("index",), _busy),
    Case("another process refreshes it", ("wait", "--timeout", "0.1"), _busy),
    Case("a folder in the lock's place", ("index",), _folder_in_place_of("index.lock")),
    Case("a folder in the index's place", ("index",), _folder_in_place_of("index.db")),
    Case("`.git/lumen` is a link", ("index",), _linked_folder),
    Case(
        "an index of a newer version", ("index",),
        sql("index.db", "CREATE TABLE later(a)", "PRAGMA user_version=99"),
    ),
)  # fmt: skip

OF_AGENTS = (
    Case("", ("agent", "install", "klingon")),
    Case("no terminal to ask on", ("agent", "install", "claude")),
    Case(
        "`~/.claude.json` is not UTF-8", ("agent", "install", "claude", "--yes"),
        lambda place: (place.home / ".claude.json").write_bytes(b"caf\xe9"),
    ),
    Case(
        "`~/.claude.json` is no JSON", ("agent", "install", "claude", "--yes"),
        lambda place: (place.home / ".claude.json").write_text("{"),
    ),
    Case(
        "a folder in the place of `~/.claude.json`", ("agent", "install", "claude", "--yes"),
        lambda place: (place.home / ".claude.json").mkdir(),
    ),
)  # fmt: skip


def _empty_store(place: Place) -> None:
    place.repo.git("config", "lumen.remote", str(place.home / "store"))
    shutil.rmtree(place.own_file(""))


OF_STORES = (
    Case("", ("push",)),
    Case("", ("pull",)),
    Case(
        "`lumen.remote` is a folder to which nothing was pushed", ("pull",), _empty_store,
    ),
    Case("`lumen.remote` is `store`", ("push",), config("lumen.remote", "store")),
    Case("`lumen.remote` is `s4://team/shop`", ("push",), config("lumen.remote", "s4://team/shop")),
    Case(
        "`lumen.remoteSigningKey` is set, and `lumen.remoteSigners` is not", ("push",),
        lambda place: (
            place.repo.git("config", "lumen.remote", str(place.home / "store")),
            place.repo.git("config", "lumen.remoteSigningKey", str(place.home / "key")),
        ),
    ),
    Case(
        "nothing is committed", ("push",),
        lambda place: (
            place.repo.git("config", "lumen.remote", str(place.home / "store")),
            place.repo.git("checkout", "-q", "--orphan", "new"),
        ),
    ),
)  # fmt: skip

SECTIONS: Mapping[str, tuple[Case, ...]] = {
    "Where it is run": IN_PLACES,
    "Settings and models": OF_SETTINGS,
    "What is asked": OF_QUERIES,
    "Commands": OF_COMMANDS,
    "Hooks": OF_HOOKS,
    "Coding agents": OF_AGENTS,
    "The index": OF_INDEXES,
    "A store elsewhere": OF_STORES,
}
