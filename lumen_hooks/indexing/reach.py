"""Whether all that an index has ever held is in the history of one commit.

What was deleted leaves traces: in pages, among words. An index that has held nothing but what is
committed can be given away with them, and its next push shares almost all with the one before;
any other is packed anew for each push. Asked only where a store is set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lumen_hooks.errors import RepositoryError
from lumen_hooks.git.committed import is_anything_staged, is_in_history
from lumen_hooks.storage.facts import ANY_REACH

if TYPE_CHECKING:
    from lumen_hooks.storage.facts import Facts

    from .compare import Tally
    from .under_way import UnderWay


def reach(update: UnderWay, before: Facts, head: str | None, tally: Tally, *, anew: bool) -> str:
    """The commit in whose history all is that an index has held after an update; see `Facts`.

    Args:
        update: that is about to end.
        before: what the index said of itself.
        head: the commit that is checked out.
        tally: what was staged.
        anew: the index holds nothing from before.
    """
    if not update.settings.remote or head is None or tally.unlisted:
        return ""
    top = update.worktree.top
    try:
        if not anew and not reaches(top, before.reach, head):
            return ""
        return "" if tally.changed and is_anything_staged(top) else head
    except RepositoryError:
        return ""


def reaches(top: str, reach: str, commit: str) -> bool:
    """Whether all that an index has held may be known to whoever has a commit.

    Raises:
        RepositoryError: git cannot be run.
    """
    return reach == ANY_REACH or (bool(reach) and is_in_history(top, reach, commit))
