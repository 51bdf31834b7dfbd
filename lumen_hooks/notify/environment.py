"""What ties a process to one worktree, or to one git command, through its environment.

A hook's GIT_DIR and GIT_INDEX_FILE send any git started from it to the
hook's worktree, whatever directory it runs in; trace settings write what it
does into the file meant for the user's own command. Kept apart from git/command
because the hook tier needs the list and may not pay for subprocess.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing costs more to import than all of the hook tier
if TYPE_CHECKING:
    from collections.abc import Mapping

LOCAL_VARIABLES = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_CEILING_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_NAMESPACE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_REFLOG_ACTION",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
)
"""What `git rev-parse --local-env-vars` lists, and what hooks add to it."""

_PREFIXES = (
    "GIT_CONFIG_KEY_",
    "GIT_CONFIG_VALUE_",
    "GIT_TRACE",  # GIT_TRACE2 and all others: what is ours does not belong in the user's trace
    "GIT_CURL_VERBOSE",
    "GIT_REDACT_COOKIES",
)


def without_local_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """A copy of an environment that ties git neither to a worktree nor to the user's traces."""
    return {
        name: value
        for name, value in environ.items()
        if name not in LOCAL_VARIABLES and not name.startswith(_PREFIXES)
    }
