"""Whether an interpreter that hooks start has this tool, and makes the indexes that this one makes.

Two installs of other versions, or with other grammars, take turns in making
the same index anew, and refuse each other's as a donor.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import NamedTuple

from lumen_hooks import __version__
from lumen_hooks.embedding.registry import identify
from lumen_hooks.settings import Settings
from lumen_hooks.storage.fingerprint import fingerprint

from .check import Check

NAME = "interpreter"

_SECONDS = 20
_IMPORT = "import lumen_hooks, lumen_hooks.hook\n"
_SAY_WHAT = f"""{_IMPORT}\
print(lumen_hooks.__version__, flush=True)
from lumen_hooks.embedding.registry import identify
from lumen_hooks.settings import Settings
from lumen_hooks.storage.fingerprint import fingerprint
print(fingerprint(identify(Settings())))
"""


class Remedies(NamedTuple):
    """What to do about an interpreter: one that does not work, or makes other indexes."""

    broken: str
    differs: str


def fault_of(python: str, remedies: Remedies) -> Check | None:
    """What is wrong with an interpreter, or None.

    Args:
        python: its absolute path.
        remedies: the hints.
    """
    ours = python == sys.executable or os.path.dirname(python) == os.path.join(sys.prefix, "bin")
    try:
        done = subprocess.run(
            [python, "-I", "-c", _IMPORT if ours else _SAY_WHAT],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Check(NAME, False, f"{python} does not run: {error}", remedies.broken)
    said = done.stdout.split()
    if done.returncode and not said:
        detail = f"{python} has no lumen_hooks: hooks do nothing"
        return Check(NAME, False, detail, remedies.broken)
    if ours or not said:
        return None
    if said[0] != __version__:
        what = f"has version {said[0]}, this command is {__version__}"
    elif said[1:] != [fingerprint(identify(Settings()))]:
        what = "has other grammars or extras than this command"
    else:
        return None
    detail = f"{python} {what}: each makes the other's indexes anew"
    return Check(NAME, False, detail, remedies.differs)
