"""SSH keys, made by the real ssh-keygen, and a file that allows one of them to sign."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path


class Keys(NamedTuple):
    """Paths: of Alice's key and a stranger's, and of the file that allows Alice."""

    alice: str
    stranger: str
    signers: str


def make_keys(folder: Path) -> Keys:
    """Keys in a folder."""
    for name in ("alice", "stranger"):
        make_key(folder / name)
    signers = folder / "signers"
    signers.write_text(f"alice@example.com {(folder / 'alice.pub').read_text()}")
    return Keys(str(folder / "alice"), str(folder / "stranger"), str(signers))


def make_key(path: Path, passphrase: str = "") -> None:
    """A key at a path, and its public half beside it."""
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", "", "-f", str(path)]
    subprocess.run(command, check=True)
