"""A small file system of its own, to be filled or made read-only."""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

_BALLAST = "ballast"


class Disk:
    """A tmpfs, mounted for one test. Skips the test where that is not permitted.

    Args:
        place: an existing folder.
        size_bytes: room on it.
        inodes: files on it at most.
    """

    def __init__(self, place: Path, *, size_bytes: int = 16 << 20, inodes: int = 2000) -> None:
        self._place = place
        options = f"size={size_bytes},nr_inodes={inodes},mode=755"
        done = _run("mount", "-t", "tmpfs", "-o", options, "lumen-test", str(place))
        if done.returncode != 0:
            pytest.skip(f"cannot mount a file system here: {done.stderr.strip()}")

    def leave(self, room_bytes: int) -> None:
        """Fill it up but for so many bytes (whole pages)."""
        self.free()
        found = os.statvfs(self._place)
        wanted = found.f_bavail * found.f_frsize - room_bytes
        with open(self._place / _BALLAST, "wb") as file:
            if wanted > 0:
                os.posix_fallocate(file.fileno(), 0, wanted)

    def leave_inodes(self, number: int) -> None:
        """Let so many more files be made."""
        self.free()
        for extra in range(os.statvfs(self._place).f_favail - number):
            (self._place / f"{_BALLAST}-{extra}").touch()

    def free(self) -> None:
        """Remove what filled it."""
        for path in self._place.glob(_BALLAST + "*"):
            path.unlink()

    def read_only(self, on: bool = True) -> None:
        """Let nobody write to it, root included (or let them again)."""
        done = _run("mount", "-o", f"remount,{'ro' if on else 'rw'}", str(self._place))
        assert done.returncode == 0, done.stderr

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if _run("umount", str(self._place)).returncode != 0:
            _run("umount", "-l", str(self._place))


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    with suppress(FileNotFoundError):
        return subprocess.run(command, check=False, capture_output=True, text=True)
    return subprocess.CompletedProcess(command, 127, "", f"{command[0]} is not installed")
