"""Envelopes and signatures, with the real ssh-keygen and agent: what is opened, and what is not."""

from __future__ import annotations

import os
import random
import shutil
import stat
import subprocess
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.errors import RemoteError, UntrustedError
from lumen_hooks.remote import signing
from lumen_hooks.remote.envelope import NAME_BYTES, PAYLOAD_BYTES, Opened, opened, seal

from .keys import make_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from .keys import Keys

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs OpenSSH")

NAME, PAYLOAD = "index of a commit", b"what it says\n" * 9


@pytest.fixture(scope="module")
def signed(keys: Keys) -> bytes:
    return seal(PAYLOAD, keys.alice, name=NAME)


def test_what_was_sealed_is_opened(keys: Keys, signed: bytes) -> None:
    plain, nothing = seal(PAYLOAD, "", name=NAME), seal(b"", "", name="ü")
    assert opened(plain, "", name=NAME) == Opened(PAYLOAD, None)
    assert opened(nothing, "", name="ü") == Opened(b"", None)
    alice = "alice@example.com"
    assert opened(signed, keys.signers, name=NAME) == Opened(PAYLOAD, alice)
    # Whoever has no file of signers takes what is there.
    assert opened(signed, "", name=NAME) == Opened(PAYLOAD, None)


def test_what_is_too_long_is_not_sealed() -> None:
    for payload, name in ((b"", "n" * (NAME_BYTES + 1)), (bytes(PAYLOAD_BYTES + 1), "n")):
        with pytest.raises(ValueError, match="too long"):
            seal(payload, "", name=name)


CHANGED: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda data: b"", "no envelope"),
    "something else": (lambda data: b"<html>404</html>" * 9, "no envelope"),
    "cut in its head": (lambda data: data[:12], "no envelope"),
    "cut in its name": (lambda data: data[:20], "part of an envelope"),
    "cut in its payload": (lambda data: data[:60], "part of an envelope"),
    "another version": (lambda data: data[:8] + b"\2" + data[9:], "version 2"),
    "a name without end": (lambda data: data[:9] + b"\xff\xff" + data[11:], "lengths are wrong"),
    "a payload of 4 GB": (lambda data: data[:11] + b"\xff" * 4 + data[15:], "lengths are wrong"),
    "much behind it": (lambda data: data + b"x" * 20_000, "something else behind"),
    "another name": (lambda data: data.replace(b"a commit", b"b commit"), "another object"),
    "a name that steers": (
        lambda data: data.replace(b"a commit", b"\x1b[31m..."),
        "another object",
    ),
    "a name that is no text": (lambda data: data.replace(b"a commit", b"\xff" * 8), "in the place"),
    "no signature": (lambda data: data[: data.index(b"-----BEGIN")], "not signed"),
    "another payload": (lambda data: data.replace(b"says", b"lies"), "not of these bytes"),
    "a shorter payload": (lambda data: data[:14] + b"\x01" + data[15:], "something else behind"),
    "a signature cut off": (lambda data: data[:-40], "something else behind"),
    "a signature of nothing": (
        lambda data: data[: data.index(b"\nU1NIU0lH")] + b"\n-----END SSH SIGNATURE-----\n",
        "not of these bytes",
    ),
    "bytes in the signature": (
        lambda data: data[:-80] + b"\0\xff\x1b" + data[-77:],
        "not of these bytes",
    ),
    "a signature twice": (
        lambda data: data + data[data.index(b"-----BEGIN") :],
        "something else behind",
    ),
}


@pytest.mark.parametrize("kind", CHANGED)
def test_an_envelope_that_somebody_changed_is_not_opened(
    kind: str, keys: Keys, signed: bytes
) -> None:
    change, why = CHANGED[kind]
    changed = change(signed)
    assert changed != signed
    with pytest.raises(UntrustedError, match=why):
        opened(changed, keys.signers, name=NAME)


def test_no_flipped_bit_says_something_else(keys: Keys, signed: bytes) -> None:
    chosen = random.Random(7)
    refused = 0
    for at in chosen.sample(range(len(signed)), 40):
        changed = signed[:at] + bytes([signed[at] ^ 1 << chosen.randrange(8)]) + signed[at + 1 :]
        try:
            assert opened(changed, keys.signers, name=NAME).payload == PAYLOAD
        except UntrustedError:
            refused += 1
    assert refused > 30


OTHERS: dict[str, tuple[str, str]] = {
    "nobody": ("", "the key SHA256"),
    "a key for git alone": ('alice namespaces="git" {alice}', "alice, with the key SHA256"),
    "a key that was": ('alice valid-before="20200101" {alice}', "the key SHA256"),
    "a key that will be": ('alice valid-after="22000101" {alice}', "the key SHA256"),
    "a file of nonsense": ("\0\xff -----BEGIN {{", "the key SHA256"),
    "a stranger": ("mallory {stranger}", "the key SHA256"),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_what_others_signed_is_not_opened(
    kind: str, keys: Keys, signed: bytes, tmp_path: Path
) -> None:
    line, why = OTHERS[kind]
    texts = {}
    for name in ("alice", "stranger"):
        with open(f"{getattr(keys, name)}.pub", encoding="ascii") as file:
            texts[name] = file.read()
    signers = tmp_path / "signers"
    signers.write_text(line.format(**texts))
    with pytest.raises(UntrustedError, match=f"{why}.*does not allow") as caught:
        opened(signed, str(signers), name=NAME)
    assert "ALLOWED SIGNERS" in caught.value.hint


def test_a_signature_for_another_purpose_is_none(keys: Keys, tmp_path: Path) -> None:
    plain = seal(PAYLOAD, "", name=NAME)
    data = tmp_path / "data"
    data.write_bytes(plain)
    command = ["ssh-keygen", "-q", "-Y", "sign", "-n", "git", "-f", keys.alice, str(data)]
    subprocess.run(command, check=True, capture_output=True)
    with pytest.raises(UntrustedError, match="not of these bytes"):
        opened(plain + (tmp_path / "data.sig").read_bytes(), keys.signers, name=NAME)


@pytest.mark.parametrize("kind", ["missing", "a folder", "a pipe"])
def test_files_that_cannot_be_used_are_named(
    kind: str, keys: Keys, signed: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    if kind == "a folder":
        path.mkdir()
    if kind == "a pipe":
        os.mkfifo(path)
    with pytest.raises(RemoteError, match=f"allowed signers .*{path}") as caught:
        opened(signed, str(path), name=NAME)
    assert "git config lumen.remoteSigners" in caught.value.hint
    with pytest.raises(RemoteError, match=f"signing key .*{path}") as caught:
        seal(PAYLOAD, str(path), name=NAME)
    assert "git config lumen.remoteSigningKey" in caught.value.hint


@pytest.fixture
def locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A key with a passphrase, and a program that would be asked for it."""
    ask = tmp_path / "ask"
    ask.write_text(f"#!/bin/sh\ntouch {tmp_path}/asked\necho secret\n")
    ask.chmod(0o755)
    monkeypatch.setenv("SSH_ASKPASS", str(ask))
    monkeypatch.setenv("SSH_ASKPASS_REQUIRE", "force")
    monkeypatch.setenv("DISPLAY", ":0")
    make_key(tmp_path / "key", "secret")
    return tmp_path / "key"


@pytest.fixture
def agent(locked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An agent that holds that key."""
    socket = os.path.relpath(tmp_path / "agent")  # a socket's path must be short
    monkeypatch.setenv("SSH_AUTH_SOCK", socket)
    with subprocess.Popen(["ssh-agent", "-D", "-a", socket], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        subprocess.run(["ssh-add", "-q", locked], check=True, stdin=subprocess.DEVNULL)
        yield
        process.terminate()


def test_nobody_is_asked_for_a_passphrase(locked: Path, tmp_path: Path) -> None:
    # Neither by a window, nor at a terminal, nor of what is signed.
    with pytest.raises(RemoteError, match="incorrect passphrase") as caught:
        seal(b"secret\n", str(locked), name=NAME)
    assert "ssh-add" in caught.value.hint
    assert not (tmp_path / "asked").exists()


def test_an_agents_key_signs(
    agent: None, locked: Path, keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked.unlink()
    signers = tmp_path / "signers"
    signers.write_text(f"bob {locked.with_suffix('.pub').read_text()}")
    sealed = seal(PAYLOAD, f"{locked}.pub", name=NAME)
    assert opened(sealed, str(signers), name=NAME).signer == "bob"
    monkeypatch.delenv("SSH_AUTH_SOCK")
    with pytest.raises(RemoteError, match="No private key"):
        seal(PAYLOAD, f"{locked}.pub", name=NAME)


PROGRAMS: dict[str, tuple[str, str]] = {
    "missing": ("", "cannot be started: No such file"),
    "from before signatures": ("echo 'unknown option -- Y' >&2; exit 1", "too old"),
    "from before signers": ("echo 'Unsupported operation for -Y: \"x\"' >&2; exit 1", "too old"),
    "hangs with its child": ("sleep 300 & sleep 300", "no answer"),
}


@pytest.mark.parametrize("kind", PROGRAMS)
def test_an_ssh_keygen_that_is_of_no_use(
    kind: str, keys: Keys, signed: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script, why = PROGRAMS[kind]
    program = tmp_path / "ssh-keygen"
    if script:
        program.write_text(f"#!/bin/sh\nPATH={os.environ['PATH']}\n{script}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(signing, "_VERIFY_SECONDS", 0.3)
    monkeypatch.setattr(signing, "_SIGN_SECONDS", 0.3)
    for call in (
        lambda: opened(signed, keys.signers, name=NAME),
        lambda: seal(PAYLOAD, keys.alice, name=NAME),
    ):
        with pytest.raises(RemoteError, match=why) as caught:
            call()
        assert caught.value.hint


def test_a_full_disk_is_said(
    keys: Keys, signed: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing, "temporary_folder", lambda environ: str(tmp_path / "none"))
    with pytest.raises(RemoteError, match="cannot be given a file") as caught:
        opened(signed, keys.signers, name=NAME)
    assert "TMPDIR" in caught.value.hint
