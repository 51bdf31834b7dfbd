"""Which operating systems this can work on at all.

Locks (fcntl), detached workers (setsid) and hooks are POSIX's here. Asked before anything is
imported that Windows lacks, so it imports nothing of that kind.
"""

from __future__ import annotations

import sys

from lumen_hooks.errors import UnsupportedError


def insist_on_supported_system() -> None:
    """Refuse Windows, where no part of this works.

    Raises:
        UnsupportedError: this interpreter is one of Windows itself.
    """
    # By comparison with a name, sys.platform would be settled for type checkers.
    if sys.platform.startswith("win"):
        raise UnsupportedError(
            "lumen-hooks needs Linux or macOS: on Windows, install and run it inside WSL"
            " (the Windows Subsystem for Linux), with the repository there"
        )
