"""Interpreters that will be gone before the hooks that start them.

A hook whose interpreter is missing does nothing, silently: whoever installs
from an environment that its tool deletes again must hear so at once. Known by
where the environment lies; where it came from cannot be seen.
"""

from __future__ import annotations

import os
import re

from lumen_hooks.system.temporary import USUAL, temporary_folder

_UV = re.compile(r"/(archive|builds|environments)-v\d+/")
"""uv's cache, wherever it is: uvx, `uv run --with`, scripts; in a temporary folder without a cache
(uv-cache, bucket names in crates/uv-cache/src/lib.rs)."""

_PIPX = re.compile(r"/(\.cache/pipx|Caches/pipx|pipx/\.cache)/")
"""`pipx run` deletes what is two weeks old."""

_BUILD = re.compile(r"/(pip-build-env-|build-env-|pip-ephem-)[^/]+/")
"""What pip and build make for the length of one build."""

_PRE_COMMIT = re.compile(r"/pre-commit/repo[^/]+/")
"""Deleted by `pre-commit gc`, after an update of the hook repository's revision."""

_TAG = "CACHEDIR.TAG"
_SIGNATURE = b"Signature: 8a477f597d28d172789f06886806bc55"
"""Marks a folder as a cache that may be emptied at any time (bford.info/cachedir)."""

TEMPORARY = " (in a temporary folder: hooks stop when that is emptied)"
"""What to say of an interpreter that may stay, but need not."""

FOR_GOOD = (
    "install lumen-hooks for good, from a checkout (uv tool install FOLDER, pipx install FOLDER, or"
    " pip in an environment that stays)"
)
REMEDY = f"{FOR_GOOD}, and run lumen-hooks install from there"


def why_it_vanishes(python: str, *, pre_commit: bool = False) -> str:
    """Why an interpreter will not stay where it is, or nothing.

    Args:
        python: its absolute path; a link to another interpreter, as in a virtual environment.
        pre_commit: the hooks are pre-commit's, whose own environments last as long as they do.
    """
    folder = os.path.dirname(python)
    for path in dict.fromkeys((folder, os.path.realpath(folder))):
        inside = os.path.join(path, "")
        if _UV.search(inside):
            return "it is in uv's cache (uvx, uv run), which forgets it"
        if _PIPX.search(inside):
            return "it is in the cache of pipx run, which forgets it"
        if _BUILD.search(inside):
            return "it was made for one build"
        if _PRE_COMMIT.search(inside):
            return "" if pre_commit else "it is in pre-commit's cache, which forgets it"
        cache = _cache_around(path)
        if cache:
            return f"{cache} is a cache, which may be emptied at any time"
    return ""


def is_temporary(python: str) -> bool:
    """Whether an interpreter lies where a restart of the machine may empty the folder."""
    lies_in = os.path.realpath(os.path.dirname(python))
    folders = (os.path.realpath(folder) for folder in (temporary_folder(os.environ), USUAL[0]))
    return any(lies_in.startswith(os.path.join(folder, "")) for folder in folders)


def _cache_around(folder: str) -> str:
    """The folder above an environment that says of itself that it is a cache, or nothing.

    Not the environment's own folder: uv marks every environment that it makes, so that it is left
    out of backups.
    """
    environment = os.path.dirname(folder)
    above = os.path.dirname(environment)
    while above != os.path.dirname(above):
        try:
            with open(os.path.join(above, _TAG), "rb") as file:
                if file.read(len(_SIGNATURE)) == _SIGNATURE:
                    return above
        except OSError:
            pass
        above = os.path.dirname(above)
    return ""
