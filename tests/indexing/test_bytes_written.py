"""How many bytes SQLite writes for an index: counted where it writes them, in any file system."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.storage.index import open_writer
from lumen_hooks.storage.sqlite import size_on_disk
from tests.support.helpers import check_whole, update
from tests.support.sources import python_module

if TYPE_CHECKING:
    from tests.support.repository import Repository

FILES = 300
WRITTEN_MAX = 3.0
"""Of the bytes that are on disk at the end."""

COUNT = """
import sys, apsw
from collections import Counter
written = Counter()

class File(apsw.VFSFile):
    def __init__(self, name, flags):
        self.path = name.filename() if isinstance(name, apsw.URIFilename) else name or "temporary"
        super().__init__("unix", name, flags)

    def xLock(self, level):
        try:
            super().xLock(level)
        except apsw.IOError:
            raise apsw.BusyError from None

    def xWrite(self, data, offset):
        written[self.path] += len(data)
        super().xWrite(data, offset)

class Files(apsw.VFS):
    def __init__(self):
        super().__init__("counting", "unix", makedefault=True)

    def xOpen(self, name, flags):
        return File(name, flags)

files = Files()
from lumen_hooks.cli.main import run
code = run(sys.argv[1:])
print(*(f"{count} {path}" for path, count in written.items()), sep="\\n", file=sys.stderr)
sys.exit(code)
"""


def written_by(repo: Repository, *arguments: str) -> dict[str, int]:
    """Bytes by file name; what SQLite has in a temporary file without a name is `temporary`."""
    command = [sys.executable, "-c", COUNT, "-C", str(repo.top), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = re.findall(r"^(\d+) (.*)$", done.stderr, re.MULTILINE)
    return {os.path.basename(path): int(count) for count, path in found}


def test_at_most_three_times_what_stays(repo: Repository) -> None:
    """Of a build, and of one that replaces an index; what an edit costs does not grow with it."""
    names = [f"p{number % 20}/m{number}.py" for number in range(FILES)]
    repo.commit({name: python_module(*(f"{name[:2]}_{k}" for k in range(12))) for name in names})
    place = find_worktree(str(repo.top))
    built = written_by(repo, "index")
    stays = size_on_disk(place.index_path) + size_on_disk(place.embeddings_path)
    assert sum(built.values()) <= WRITTEN_MAX * stays, built
    assert "temporary" not in built
    index = size_on_disk(place.index_path)
    replaced = written_by(repo, "index", "--force")
    assert sum(replaced.values()) <= (WRITTEN_MAX + 1) * index, replaced
    repo.write({"p0/m0.py": python_module("another")})
    assert sum(written_by(repo, "index").values()) <= 2 << 20
    check_whole(repo)


def test_small_refreshes_leave_the_words_of_a_build_where_they_are(repo: Repository) -> None:
    repo.commit({f"m{n}.py": python_module(*(f"f{n}_{m}" for m in range(30))) for n in range(60)})
    update(repo)
    before = _words(repo)
    whole = sum(map(len, before.values()))
    for number in range(20):
        # Not of too many files: what is deleted of a segment has it merged, too, at a tenth.
        repo.write({f"m{number % 3}.py": python_module(f"other_{number}")})
        update(repo)
        after = _words(repo)
        written = sum(len(block) for row, block in after.items() if before.get(row) != block)
        assert written < whole / 2, number
        before = after


def _words(repo: Repository) -> dict[int, bytes]:
    """The rows of FTS5's own table."""
    index = open_writer(find_worktree(str(repo.top)).index_path)
    assert index is not None
    with index:
        return dict(index.connection.execute("SELECT id, block FROM lexical_data"))
