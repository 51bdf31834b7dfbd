"""Which versions of other people's packages are installed, without importing any.

Every search compares fingerprints, so this reads the names in the folders of
`sys.path` and nothing else (importlib.metadata would open a file for each).
"""

from __future__ import annotations

import functools
import os
import sys

_ENDING = ".dist-info"


def versions(beginning: str) -> str:
    """`name-version` of the installed packages whose names begin so, in one line.

    Names are as in `*.dist-info` (binary distribution format): lower case, with underscores.
    """
    return " ".join(
        f"{name}-{version}"
        for name, version in sorted(_installed(tuple(sys.path)).items())
        if name.startswith(beginning)
    )


@functools.cache
def _installed(folders: tuple[str, ...]) -> dict[str, str]:
    """Versions by name; of what is installed twice the one that is imported, the first."""
    found: dict[str, str] = {}
    for folder in folders:
        try:
            names = os.listdir(folder or os.curdir)
        except OSError:
            continue  # an archive, or a folder that is not there
        for entry in sorted(names):
            if entry.endswith(_ENDING):
                name, _, version = entry[: -len(_ENDING)].partition("-")
                found.setdefault(name.lower().replace(".", "_"), version)
    return found
