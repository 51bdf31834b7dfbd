"""What files held at a commit, for a search of those that have changed since.

Asks git for the commit's tree, and its index for what it vouches for; looks at no file's content.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lumen_hooks.errors import QueryError
from lumen_hooks.files.git_index import vouched
from lumen_hooks.git.command import git
from lumen_hooks.meant import did_you_mean
from lumen_hooks.search.results import Snapshot

if TYPE_CHECKING:
    from lumen_hooks.git.worktree import Worktree

_UNKNOWN = (0, 1, 128)
"""git's exit codes for a name that is none: no failure of git's."""


def snapshot_at(worktree: Worktree, revision: str) -> Snapshot:
    """What this worktree's files held where its branch left a commit.

    That is the commit itself if HEAD has it; of another branch the best common ancestor, since
    what changed over there is no change made here. Without a common ancestor the commit itself.

    Args:
        worktree: whose files are searched.
        revision: as gitrevisions(7) has it.

    Raises:
        QueryError: it names no commit.
        RepositoryError: git cannot read the repository.
    """
    commit = _commit(worktree, revision)
    forked = git(["merge-base", commit, "HEAD"], cwd=worktree.top, accept=_UNKNOWN)
    base = forked.decode().strip() or commit
    blobs: dict[str, str] = {}
    for entry in git(["ls-tree", "-r", "-z", "--full-tree", base], cwd=worktree.top).split(b"\0"):
        noted, _, path = entry.partition(b"\t")
        if path:
            blobs[path.decode("utf-8", "surrogateescape")] = noted.split()[2].decode()
    as_then = frozenset(vouched(worktree, blobs))
    return Snapshot({path: bytes.fromhex(blob) for path, blob in blobs.items()}, as_then)


def _commit(worktree: Worktree, revision: str) -> str:
    ask = ["rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}"]
    if revision[:1] not in {"", "-"} and "\0" not in revision:
        commit = git(ask, cwd=worktree.top, accept=_UNKNOWN).decode().strip()
        if commit:
            return commit
    names = git(["for-each-ref", "--format=%(refname:short)"], cwd=worktree.top).decode(
        errors="replace"
    )
    hint = did_you_mean(revision, names.split()) or "give a branch, a tag, or a commit: HEAD~3"
    raise QueryError(f"{revision!r} names no commit here", hint=hint)
