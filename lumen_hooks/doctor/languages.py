"""Which languages the indexed files are in, and what would cut some of them better."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lumen_hooks.chunking.means import means_of
from lumen_hooks.files.manifest import scan
from lumen_hooks.service.status import counted
from lumen_hooks.storage.reader import open_reader

from .check import Check

if TYPE_CHECKING:
    from lumen_hooks.git.worktree import Worktree
    from lumen_hooks.settings import Settings

EXTRA = "pip install 'lumen-hooks[languages]'"


def check_languages(worktree: Worktree, settings: Settings) -> Check:
    """How many files are in which language, and which of these have no parser here.

    Names in attributes that mean nothing here are told as well.

    Raises:
        LumenError: the index or the worktree cannot be read, or a setting is wrong.
    """
    unknown = scan(worktree, settings).told.unknown
    index = open_reader(worktree.index_path)
    if index is None:
        languages: dict[str, int] = {}
    else:
        with index:
            languages = index.languages()
    means = {name: means_of(name) for name in languages}
    lines = {name: count for name, count in languages.items() if means[name] == "lines"}
    missing = {name: count for name, count in languages.items() if means[name] == "not installed"}
    words = [counted(languages) or "none yet"]
    if lines:
        words.append(f"no parser for {counted(lines)}")
    if missing:
        words.append(f"{EXTRA} brings one for {counted(missing)}")
    words += [f"linguist-language={name} ({path}) is unknown" for name, path in unknown.items()]
    return Check("languages", True, "; ".join(words))
