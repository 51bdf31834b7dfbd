"""Errors that no single command line causes, and what does; where a test does it, its name.

Data alone, for `error_table`: a module, or a module with the beginning of a message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_DAMAGED = "a damaged index: it is made anew, so that only a reader that may not is told"
_STORE = "a damaged or newer embedding store: it is a cache, so that work goes on without it"
_FULL = "a full or unwritable disk (tests/surroundings/test_disk.py)"
_MODEL = "files of a model that do not fit each other (tests/embedding)"
_RACE = "a file that another process takes away at that moment (tests/crash, tests/surroundings)"
_AGENT = "an agent's call over MCP (tests/mcp)"
_FIRST = "a first question, which is answered before there is an index (tests/mcp)"
_INSTALLED = "an installation that lacks a part"

ELSEWHERE: Mapping[str, str] = {
    "agents/": "a file of another program's that cannot be changed (tests/agents)",
    "api.py": "a program that uses lumen_hooks.api (tests/test_api.py)",
    "cli/agent_setup.py": "an interpreter that will vanish, or no agent's program (tests/agents)",
    "cli/answers.py": "a budget that is less than JSON takes beside its results",
    "cli/completion.py": "a shell that click no longer knows",
    "cli/install.py: {}": "hooks that do not fire everywhere (tests/setup/test_reach.py)",
    "cli/install_global.py": "repositories that cannot have the hooks (tests/setup)",
    "cli/mcp.py": _INSTALLED,
    "embedding/fastembed_engine.py": _MODEL,
    "embedding/files.py: cannot read": _MODEL,
    "embedding/packaged.py": "a packaged model whose extra is not installed (tests/embedding)",
    "embedding/registry.py: the built-in model": _INSTALLED,
    "embedding/static.py": _MODEL,
    "embedding/term_weighting.py": _MODEL,
    "files/told.py": "a pattern of lumen.language that holds nothing",
    "git/backend.py": "libgit2 that cannot be loaded: git's own commands answer instead",
    "git/command.py: {} is not a directory": "the folder became a file at that moment",
    "git/command.py: {} does not exist": "the folder was removed at that moment",
    "git/command.py: git has no room": "no folder for temporary files can be written",
    "git/command_line.py": "a commit that is gone: the next donor is asked",
    "git/libgit2.py": "a repository that libgit2 cannot read: git's own commands answer instead",
    "git/worktree.py: the worktree {} was removed": _RACE,
    "indexing/donors.py": "a sibling that became unfit: the next donor is asked",
    "indexing/remote_seed.py": "a pushed index that is not what it is called: the next is tried",
    "indexing/throttle.py": "slots that are taken for very long, or a runtime folder of another's"
    " (tests/notify/test_own_files.py)",
    "indexing/under_way.py": _RACE,
    "indexing/update.py": "neither git dir nor cache folder can be written"
    " (tests/surroundings/test_read_only.py)",
    "files/picture.py": "caught where it is raised: the next look asks git",
    "indexing/write.py": _RACE,
    "mcp/": _AGENT,
    "remote/": "a store that is down, slow or damaged (tests/remote)",
    "search/filters.py: nothing here is at": _FIRST,
    "search/filters.py: nothing is left to search: the filters": _FIRST,
    "search/globs.py: {} patterns": "very many patterns at once, which an agent may give",
    "search/lexical.py": _DAMAGED,
    "search/query.py: {} is made anew": _RACE,
    "storage/adoption.py": "a pushed index that is not what it must be (tests/remote)",
    "search/vocabulary.py: no content": _AGENT,
    "service/": _RACE,
    "service/shelf.py": _FULL,
    "setup/": "files of git's that cannot be written, or an interpreter that will vanish"
    " (tests/setup)",
    "storage/embedding_": _STORE,
    "storage/opening.py: SQLite": _INSTALLED,
    "storage/opening.py: sqlite-vec": _INSTALLED,
    "storage/opening.py: {} is too long": "a path of more than 500 bytes (tests/surroundings)",
    "storage/opening.py: cannot make": _FULL,
    "storage/publish.py": _FULL,
    "storage/reader.py: {} vanished": _RACE,
    "storage/reader.py: the index finds": _DAMAGED,
    "storage/removal.py": "an index in use for ten seconds while it is purged",
    "storage/schema.py": _DAMAGED,
    "storage/snapshot.py": _RACE,
    "storage/sqlite.py": _FULL,
    "storage/sqlite.py: {} is damaged": _DAMAGED,
    "storage/sums.py": _DAMAGED,
    "storage/values.py": _DAMAGED,
    "storage/vec0.py": _DAMAGED,
    "system/supported.py": "Windows",
    "wording/outline.py": _RACE,
    "wording/sizing.py": _AGENT,
}
