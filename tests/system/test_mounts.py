"""Of a file system that may show a folder's old times nothing is believed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.system import mounts
from lumen_hooks.system.mounts import device_that_tells

if TYPE_CHECKING:
    from pathlib import Path

MOUNTS = r"""27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 27 0:40 / /home rw - nfs4 server:/home rw
31 27 0:41 / /home/me/fast\040disk rw - xfs /dev/vdb rw
32 27 0:42 / /mnt rw - btrfs /dev/vdc rw
33 32 0:43 / /mnt rw - fuse.sshfs far: rw
34 27 0:44 / /homely rw - 9p drive rw
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/", "ext4"),
        ("/srv/x", "ext4"),
        ("/home", "nfs4"),
        ("/home/me", "nfs4"),
        ("/home/me/fast disk/repo", "xfs"),
        ("/home/me/fast disk2", "nfs4"),
        ("/mnt/repo", "fuse.sshfs"),
        ("/homely", "9p"),
        ("/homelier", "ext4"),
    ],
)
def test_the_nearest_and_last_mount_counts(folder: str, kind: str) -> None:
    assert mounts._kind_at(os.fsencode(folder), MOUNTS.encode()) == kind


def test_only_what_is_known_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = tmp_path / "mounts"
    monkeypatch.setattr(mounts, "_MOUNTS", str(listed))
    assert device_that_tells(str(tmp_path)) is None
    listed.write_text(MOUNTS)
    assert device_that_tells("/") == os.stat("/").st_dev
    listed.write_text("")
    assert device_that_tells("/") is None
