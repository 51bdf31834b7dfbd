"""A repository with several worktrees to which everything may happen, and clean builds of them."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.indexing.job import Updated
from lumen_hooks.indexing.update import update_index
from tests.support.fake_embedder import FakeEmbedder
from tests.support.helpers import Contents, contents, job_for
from tests.support.repository import Repository
from tests.support.sources import python_module
from tests.support.waiting import PATIENCE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATHS = ("a.py", "b.md", "c.txt", "pkg/d.py", "pkg", "pkg/sub/e.js", "größe.py", "data.svg")
"""Where files come and go; `pkg` is a file at times."""

KINDS = ("python", "ident", "markdown", "crlf", "binary", "large", "latin", "prose", "empty")

BRANCHES = ("main", "other", "w1", "w2", "HEAD~1")

LARGE_BYTES = 3000
"""`lumen.maxFileBytes` of the model: files of the kind `large` are larger."""

RULES = {
    ".gitignore": ("*.md", "pkg/", "/a.py", "*\n!a.py", "!*"),
    ".lumenignore": ("*.md", "pkg/", "a.py", "*\n!*.py", "!*"),
    ".gitattributes": (
        "* filter=mark",
        "*.py linguist-generated",
        "*.py filter=a=b",
        "*.py ident",
        "pkg/** linguist-vendored",
        "* text=auto",
        "[attr]mine filter=mark\npkg/** mine",
        "*.py text eol=crlf",
        "* -text",
        "c.txt linguist-generated=false",
        "*.txt working-tree-encoding=ISO-8859-1",
        "*.py working-tree-encoding=UTF-16",
        "*.py -filter -ident",
        "*.py linguist-language=Ruby",
        "* linguist-language=Klingon\nc.txt linguist-language=Python",
    ),
}
RULE_FILES = {
    **dict(zip(RULES, RULES, strict=True)),
    "pkg/.gitignore": ".gitignore",
    "pkg/.lumenignore": ".lumenignore",
    "pkg/.gitattributes": ".gitattributes",
    "attributes": ".gitattributes",
    "../attributes": ".gitattributes",
    ".git/info/attributes": ".gitattributes",
    ".git/info/exclude": ".gitignore",
}
"""Files of rules, and whose rules they hold. Those in .git are the main worktree's, thus all
worktrees'; the two called `attributes` count once `core.attributesFile` names them."""

LINKED_EVERY = 4
"""Of rule files outside the tree, every so manieth is a link to where the rules are."""

LOOSE = (("core.trustctime", "false"), ("core.checkStat", "minimal"))
"""Settings that have git compare whole seconds of the modification time, and the size."""

FILTER = "touch '{ran}'; tr 0-9 90-8"
"""A program of the repository's, which leaves a mark where it ran. git may run it; we may not.

It undoes a change of the kind `same size`: to git, the file is then what it was before."""

CHANGES = (
    "write", "write", "write, old time", "append", "same size", "same size, time set back",
    "touch", "old time", "future time", "chmod", "truncate", "replace, time set back", "delete",
    "rename", "copy", "symlink", "directory",
)  # fmt: skip
"""What happens to a file; git itself does not see those that set its time stamp back, at times."""

COMMANDS: tuple[tuple[str, ...], ...] = (
    ("add", "-A"),
    ("add", "--renormalize", "."),
    ("commit", "-qm", "staged"),
    ("commit", "-qam", "tracked"),
    ("commit", "-q", "--amend", "--allow-empty", "-m", "amended"),
    ("switch", "-q", "{branch}"),
    ("switch", "-q", "-c", "{branch}"),
    ("checkout", "-q", "-f", "--detach", "{branch}"),
    ("checkout", "-q", "--", "."),
    ("checkout", "-q", "{branch}", "--", "{path}"),
    ("restore", "-q", "."),
    ("restore", "-q", "--staged", "."),
    ("restore", "-q", "--source", "{branch}", "--", "{path}"),
    ("reset", "-q", "--hard"),
    ("reset", "-q", "--hard", "{branch}"),
    ("reset", "-q", "--soft", "HEAD~1"),
    ("reset", "-q", "--mixed", "HEAD~1"),
    ("stash", "push", "-q"),
    ("stash", "push", "-q", "-u"),
    ("stash", "pop", "-q"),
    ("merge", "-q", "{branch}"),
    ("merge", "--abort"),
    ("rebase", "-q", "{branch}"),
    ("rebase", "--continue"),
    ("rebase", "--abort"),
    ("cherry-pick", "{branch}"),
    ("cherry-pick", "--abort"),
    ("revert", "--no-edit", "HEAD"),
    ("mv", "{path}", "moved.py"),
    ("rm", "-q", "-r", "--cached", "{path}"),
    ("rm", "-q", "-r", "-f", "{path}"),
    ("update-index", "--assume-unchanged", "{path}"),
    ("update-index", "--really-refresh"),
    ("update-index", "--index-version", "4"),
    ("update-index", "--split-index"),
    ("update-index", "--no-split-index"),
    ("update-index", "--untracked-cache"),
    ("status",),
    ("clean", "-qfd"),
    ("switch", "-q", "--orphan", "unborn"),
    ("sparse-checkout", "set", "pkg"),
    ("sparse-checkout", "set", "--sparse-index", "pkg"),
    ("sparse-checkout", "set", "--no-cone", "/a.py"),
    ("sparse-checkout", "disable"),
    ("config", "core.autocrlf", "true"),
    ("config", "core.autocrlf", "input"),
    ("config", "core.autocrlf", "false"),
    ("config", "core.eol", "crlf"),
    ("config", "core.fileMode", "false"),
    ("config", "core.fsmonitor", "false"),
    ("config", "core.untrackedCache", "true"),
    ("config", "core.attributesFile", "attributes"),
    ("config", "core.attributesFile", "{base}/attributes"),
    ("config", "--unset", "core.attributesFile"),
    ("config", "lumen.maxFileBytes", "400"),
    ("config", "lumen.maxFileBytes", str(LARGE_BYTES)),
    ("config", "lumen.exclude", "pkg/"),
    ("config", "lumen.include", "*.svg"),
    ("config", "--unset", "lumen.exclude"),
    ("config", "--unset", "lumen.include"),
    ("config", "lumen.language", "pkg/=ruby"),
    ("config", "--unset", "lumen.language"),
)
"""What people do with git. Many fail in many states; what counts is what they leave behind."""

FORMS = ("branch", "detached", "bare", "nested", "orphan")
"""Ways to add a worktree; `bare` checks nothing out, `orphan` needs git 2.42."""

HOUR_NS = 3_600_000_000_000
OLD_NS = 1_700_000_000_000_000_000


def file_content(kind: str, number: int) -> bytes:
    """Content of a kind; of one kind, every number's has the same size."""
    name = f"f{number:02d}"
    python = python_module(name, "shared")
    return {
        "python": python.encode(),
        "ident": b"# $Id$\n" + python.encode(),
        "markdown": f"# Part {name}\n\nAbout {name}.\n\n## More\n\n{name} again.\n".encode(),
        "crlf": python.replace("\n", "\r\n").encode(),
        "binary": b"\0\1\2" + name.encode() * 20,
        "large": f"word {name} ".encode() * (LARGE_BYTES // 5),
        "latin": f"name = 'caf\xe9 {name}'\n".encode("latin-1"),
        "prose": f"A line about {name}.\n".encode() * 12,
        "empty": b"",
    }[kind]


def run_git(top: Path, *arguments: str) -> bool:
    """Run git, bounded in time; whether it succeeded."""
    done = subprocess.run(
        ["git", *arguments], cwd=top, check=False, capture_output=True, timeout=PATIENCE_SECONDS
    )
    return done.returncode == 0


@dataclass(slots=True)
class World:
    """The worktrees of one repository.

    Attributes:
        base: the folder of everything.
        trees: the worktrees, the main one first.
    """

    base: Path
    trees: list[Repository] = field(default_factory=list)
    _made: int = 0

    @classmethod
    def make(cls, base: Path, *, loose: bool) -> World:
        """A repository of a few files with two branches that conflict.

        Args:
            base: a folder for it and its worktrees.
            loose: git compares little of what the file system says about a file.
        """
        main = Repository(base / "main")
        main.top.mkdir()
        run_git(main.top, "init", "-q")
        program = FILTER.format(ran=base / "ran")
        for key, value in (
            ("gc.auto", "0"),
            ("advice.detachedHead", "false"),
            ("lumen.maxFileBytes", str(LARGE_BYTES)),
            ("filter.mark.clean", program),
            ("filter.a=b.clean", program),
            *(LOOSE if loose else ()),
        ):
            run_git(main.top, "config", key, value)
        main.commit(
            {
                "a.py": file_content("python", 1),
                "b.md": file_content("markdown", 1),
                "pkg/d.py": file_content("python", 2),
            }
        )
        run_git(main.top, "switch", "-q", "-c", "other")
        main.commit({"a.py": file_content("python", 3), "c.txt": file_content("prose", 1)})
        run_git(main.top, "switch", "-q", "main")
        main.commit({"a.py": file_content("python", 4), "pkg/sub/e.js": b"let e = 1;\n"})
        world = cls(base, [main])
        world.age(main)
        return world

    @property
    def main(self) -> Repository:
        return self.trees[0]

    @property
    def clean(self) -> Path:
        """Where the last clean build was made."""
        return self.base / "clean"

    def tree(self, number: int) -> Repository:
        return self.trees[number % len(self.trees)]

    # files

    def change(self, tree: Repository, what: str, path: str, kind: str, number: int) -> None:
        """Do something to a file, whatever is there now."""
        place = tree.top / path
        other = tree.top / PATHS[number % len(PATHS)]
        if what.startswith("write"):
            _clear(tree.top, place)
            place.write_bytes(file_content(kind, number))
            if what == "write, old time":  # as archives and reproducible builds leave it
                os.utime(place, ns=(0, 0))
        elif what == "directory":
            _clear(tree.top, place)
            place.mkdir()
            (place / "inside.py").write_bytes(file_content("python", number))
        elif what == "symlink":
            _clear(tree.top, place)
            place.symlink_to(other)
        elif not place.is_file() or place.is_symlink():
            return
        elif what in {"rename", "copy"} and other != place and place not in other.parents:
            _clear(tree.top, other)
            if place.exists():
                (shutil.copy2 if what == "copy" else os.rename)(place, other)
        else:
            _alter(place, what)

    def write_rules(self, tree: Repository, path: str, number: int) -> None:
        """Write an ignore or attributes file."""
        choice = RULES[RULE_FILES[path]]
        place = tree.top / path
        if path.startswith((".git/", "../")):
            place = self.main.top / path
            place.unlink(missing_ok=True)
            if number % LINKED_EVERY == 0:
                place.symlink_to(self.base / "rules")
        else:
            _clear(tree.top, place)
        place.write_text(choice[number % len(choice)] + "\n")

    def git(self, tree: Repository, command: tuple[str, ...], path: str, branch: str) -> bool:
        words = (word.format(path=path, branch=branch, base=self.base) for word in command)
        return run_git(tree.top, *words)

    @contextmanager
    def nothing_of_its_own_runs(self) -> Iterator[None]:
        """Insist that no program of the repository's is run in the block."""
        mark = self.base / "ran"
        mark.unlink(missing_ok=True)
        yield
        assert not mark.exists()

    def age(self, tree: Repository) -> None:
        """Let time pass for git: no file is younger than its index, whose word it then takes."""
        for path in PATHS:
            place = tree.top / path
            if place.is_file() and not place.is_symlink():
                os.utime(place, ns=(OLD_NS, OLD_NS))
        run_git(tree.top, "update-index", "-q", "--refresh")

    # worktrees

    def add(self, form: str, branch: str) -> Repository | None:
        """Add a worktree in one of the FORMS; None if git refused."""
        self._made += 1
        name = f"w{self._made}"
        top = self.main.top / "nested" / name if form == "nested" else self.base / name
        options = {
            "branch": ("-b", name),
            "detached": ("--detach",),
            "bare": ("--no-checkout", "-b", name),
            "nested": ("-b", name),
            "orphan": ("--orphan", "-b", name),
        }[form]
        start = () if form == "orphan" else (branch,)
        if not run_git(self.main.top, "worktree", "add", *options, str(top), *start):
            return None
        self.trees.append(Repository(top))
        return self.trees[-1]

    def remove(self, number: int, how: str) -> None:
        """Remove a linked worktree, through git (`git`) or by hand (`prune`)."""
        if len(self.trees) == 1:
            return
        tree = self.trees.pop(1 + number % (len(self.trees) - 1))
        if how == "git":
            assert run_git(self.main.top, "worktree", "remove", "--force", str(tree.top))
        else:
            shutil.rmtree(tree.top)
            run_git(self.main.top, "worktree", "prune")

    def move(self, number: int) -> None:
        """Move a linked worktree to another folder."""
        if len(self.trees) == 1:
            return
        self._made += 1
        place = 1 + number % (len(self.trees) - 1)
        top = self.base / f"w{self._made}"
        assert run_git(self.main.top, "worktree", "move", str(self.trees[place].top), str(top))
        self.trees[place] = Repository(top)

    def swept(self) -> None:
        """Forget worktrees whose folder some git command deleted."""
        self.trees[1:] = [tree for tree in self.trees[1:] if (tree.top / ".git").exists()]

    def clean_build(self, tree: Repository) -> Contents:
        """What an index holds that is built from nothing, in another repository.

        That one gets the worktree's files byte for byte, git's index and the configuration. No
        stat data in git's index fit the copies and there is no index of ours nor an embedding, so
        that every file is read, chunked and embedded.
        """
        worktree = find_worktree(str(tree.top))
        copy = self.clean
        shutil.rmtree(copy, ignore_errors=True)

        def git_folder(folder: str, _names: list[str]) -> list[str]:
            return [".git"] if folder == worktree.top else []

        shutil.copytree(
            worktree.top, copy, symlinks=True, ignore=git_folder, copy_function=shutil.copy
        )
        git_dir = copy / ".git"
        for folder in ("objects/info", "refs", "info"):
            (git_dir / folder).mkdir(parents=True)
        alternate = os.path.join(worktree.common_dir, "objects")
        (git_dir / "objects/info/alternates").write_text(alternate + "\n")
        (git_dir / "HEAD").write_text("ref: refs/heads/unborn\n")
        shared = [name for name in os.listdir(worktree.git_dir) if name.startswith("sharedindex.")]
        for folder, names in (
            (worktree.common_dir, ("config", "info/attributes", "info/exclude")),
            (worktree.git_dir, ("index", "config.worktree", "info/sparse-checkout", *shared)),
        ):
            for name in names:
                with suppress(FileNotFoundError):
                    shutil.copyfile(os.path.join(folder, name), git_dir / name)
        done = update_index(job_for(Repository(copy), FakeEmbedder()), wait=0)
        assert isinstance(done, Updated)
        return contents(copy)


def _clear(top: Path, place: Path) -> None:
    """Make room for a file, in folders that are folders."""
    for folder in reversed(place.relative_to(top).parents[:-1]):
        above = top / folder
        if above.is_symlink() or above.is_file():
            above.unlink()
        above.mkdir(exist_ok=True)
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)


def _alter(place: Path, what: str) -> None:
    before = place.stat()
    data = place.read_bytes()
    turned = bytes(48 + (byte - 47) % 10 if 48 <= byte < 58 else byte for byte in data)
    if what == "delete":
        place.unlink()
    elif what == "touch":
        os.utime(place)
    elif what == "old time":
        os.utime(place, ns=(0, 0))
    elif what == "future time":
        os.utime(place, ns=(before.st_atime_ns, before.st_mtime_ns + HOUR_NS))
    elif what == "truncate":
        os.truncate(place, before.st_size // 2)
    elif what == "chmod":
        place.chmod(before.st_mode ^ 0o111)
    elif what == "append":
        place.write_bytes(data + b"and more\n")
    elif what == "same size":
        place.write_bytes(turned)
    elif what.endswith("time set back"):
        if what.startswith("replace"):
            other = place.with_name("replacement")
            other.write_bytes(turned)
            other.rename(place)
        else:
            place.write_bytes(turned)
        os.utime(place, ns=(before.st_atime_ns, before.st_mtime_ns))
